package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"docsvc/internal/document"
)

// The limits of a session where the configuration names none, and how exactly
// the register knows when somebody was last seen.
const (
	DefaultLife = 12 * time.Hour
	DefaultIdle = 15 * time.Minute // an unattended workplace gets locked (002 § 7.3.6)
	touchAfter  = time.Minute
)

// Errors that tell apart why there is no session; both come inside a
// document.Error whose sentence asks to log in again.
var (
	ErrNoSession = errors.New("no such session")
	ErrIdle      = errors.New("session was idle for too long")
)

// Sessions keeps people logged in.
type Sessions struct {
	Store  Store
	Life   time.Duration // from the login on, whatever is done; DefaultLife if zero
	Idle   time.Duration // without a request; DefaultIdle if zero
	Now    func() time.Time
	Random io.Reader // crypto/rand if nil
}

// Begin records a session for the account that [Admit] found. id is the value
// of a cookie, drawn anew at every login (session fixation): HttpOnly, Secure,
// SameSite=Lax or stricter, of a host-only name such as __Host-session.
func (s *Sessions) Begin(ctx context.Context, a document.Account, i Identity, userAgent string) (id string, _ Session, err error) {
	if id, err = newSecret(s.Random); err != nil {
		return "", Session{}, err
	}
	now := utc(s.Now())
	x := Session{
		IDHash: HashOf(id), Login: a.Login, Subject: i.Subject, ProviderSession: i.SessionID, ACR: i.ACR, AuthTime: utc(i.AuthTime),
		Begun: now, LastSeen: now, Expires: now.Add(s.life()), UserAgent: trim(userAgent, MaxUserAgent),
	}
	if err := x.Check(); err != nil {
		return "", Session{}, err
	}
	if err := s.Store.PutSession(ctx, x); err != nil {
		return "", Session{}, fmt.Errorf("record the session of %s: %w", a.Login, err)
	}
	return id, x, nil
}

// Get returns the session of a cookie and notes that it was seen, to the
// minute. Whether the account may still work is asked of the account, at every
// request: a session does not know that it was disabled.
func (s *Sessions) Get(ctx context.Context, id string) (Session, error) {
	if !isSecret(id) {
		return Session{}, ended(ErrNoSession)
	}
	hash := HashOf(id)
	x, err := s.Store.SessionByID(ctx, hash)
	if err != nil {
		return Session{}, s.lookupError(err)
	}
	now := utc(s.Now())
	switch {
	case !x.Expires.After(now):
		return Session{}, errors.Join(ended(ErrNoSession), s.Store.EndSessions(ctx, hash))
	case now.Sub(x.LastSeen) >= s.idle():
		idle := newError(document.Forbidden, "error.login.idle", ErrIdle)
		return Session{}, errors.Join(idle, s.Store.EndSessions(ctx, hash))
	case now.Sub(x.LastSeen) >= min(touchAfter, s.idle()/4):
		if err := s.Store.TouchSession(ctx, hash, now); err != nil { // ended meanwhile, it may be
			return Session{}, s.lookupError(err)
		}
		x.LastSeen = now
	}
	return x, nil
}

// End ends the session of a cookie, if there is one.
func (s *Sessions) End(ctx context.Context, id string) error {
	if !isSecret(id) {
		return nil
	}
	if err := s.Store.EndSessions(ctx, HashOf(id)); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// endRounds bounds how often EndWhere looks for sessions that were begun while it
// ended others.
const endRounds = 10

// EndAll ends every session of a login and returns how many there were.
func (s *Sessions) EndAll(ctx context.Context, login string) (int, error) {
	return s.EndWhere(ctx, login, func(Session) bool { return true })
}

// EndWhere ends the sessions of a login that over picks and returns how many
// there were.
func (s *Sessions) EndWhere(ctx context.Context, login string, over func(Session) bool) (int, error) {
	n := 0
	for range endRounds {
		list, err := s.Store.SessionsOf(ctx, login)
		if err != nil {
			return n, fmt.Errorf("end sessions of %s: %w", login, err)
		}
		var ids []Hash
		for _, x := range list {
			if over(x) {
				ids = append(ids, x.IDHash)
			}
		}
		if len(ids) == 0 {
			return n, nil
		}
		if err := s.Store.EndSessions(ctx, ids...); err != nil {
			return n, fmt.Errorf("end sessions of %s: %w", login, err)
		}
		n += len(ids)
	}
	return n, fmt.Errorf("end sessions of %s: new ones are begun as fast as they are ended", login)
}

// List returns the sessions of a login that are not over, the newest first.
func (s *Sessions) List(ctx context.Context, login string) ([]Session, error) {
	all, err := s.Store.SessionsOf(ctx, login)
	if err != nil {
		return nil, fmt.Errorf("list the sessions of %s: %w", login, err)
	}
	now := s.Now()
	var list []Session
	for _, x := range all {
		if x.Expires.After(now) && now.Sub(x.LastSeen) < s.idle() {
			list = append(list, x)
		}
	}
	return list, nil
}

// Purge removes what is over, attempts too; serve does so now and then.
func (s *Sessions) Purge(ctx context.Context) (int, error) {
	now := utc(s.Now())
	n, err := s.Store.Purge(ctx, now, now.Add(-s.idle()))
	if err != nil {
		return 0, fmt.Errorf("remove old sessions: %w", err)
	}
	return n, nil
}

func (s *Sessions) lookupError(err error) error {
	if errors.Is(err, document.ErrNotFound) {
		return ended(ErrNoSession)
	}
	return fmt.Errorf("look up a session: %w", err)
}

func ended(err error) error { return newError(document.Forbidden, "error.login.session", err) }

func (s *Sessions) life() time.Duration { return orDefault(s.Life, DefaultLife) }
func (s *Sessions) idle() time.Duration { return orDefault(s.Idle, DefaultIdle) }

func orDefault(d, standard time.Duration) time.Duration {
	if d <= 0 {
		return standard
	}
	return d
}
