package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

var _ auth.Store = (*Register)(nil)

const sessionColumns = `id_hash, login, subject, provider_session, acr, auth_time, begun, last_seen, expires, user_agent`

// PutSession implements [auth.Store].
func (r *Register) PutSession(ctx context.Context, s auth.Session) error {
	err := r.change(ctx, func(t *tx) error {
		return t.insert(ctx, `INSERT INTO session (`+sessionColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
			s.IDHash[:], s.Login, s.Subject, s.ProviderSession, s.ACR, Time(s.AuthTime),
			Time(s.Begun), Time(s.LastSeen), Time(s.Expires), s.UserAgent)
	})
	if err != nil {
		return fmt.Errorf("storing a session of %s: %w", s.Login, err)
	}
	return nil
}

// SessionByID implements [auth.Store]. Every request of a person who is logged
// in asks it, hence the single statement.
func (r *Register) SessionByID(ctx context.Context, id auth.Hash) (auth.Session, error) {
	found, err := r.sessions(ctx, "id_hash = $1", id[:])
	if err == nil && len(found) == 0 {
		err = document.ErrNotFound
	}
	if err != nil {
		return auth.Session{}, fmt.Errorf("session: %w", err)
	}
	return found[0], nil
}

// SessionsOf implements [auth.Store].
func (r *Register) SessionsOf(ctx context.Context, login string) ([]auth.Session, error) {
	found, err := r.sessions(ctx, "login = $1 ORDER BY begun DESC, id_hash", login)
	if err != nil {
		return nil, fmt.Errorf("sessions of %s: %w", login, err)
	}
	return found, nil
}

func (r *Register) sessions(ctx context.Context, where string, arg any) ([]auth.Session, error) {
	var found []auth.Session
	err := r.observed("session", func() error {
		return r.engine.single(ctx, false, func(q querier) error {
			found = nil
			return (&tx{q: q}).each(ctx, func(scan scan) error {
				var s auth.Session
				err := scan((*hash)(&s.IDHash), &s.Login, &s.Subject, &s.ProviderSession, &s.ACR, (*Time)(&s.AuthTime),
					(*Time)(&s.Begun), (*Time)(&s.LastSeen), (*Time)(&s.Expires), &s.UserAgent)
				found = append(found, s)
				return err
			}, `SELECT `+sessionColumns+` FROM session WHERE `+where, arg)
		})
	})
	return found, err
}

// TouchSession implements [auth.Store].
func (r *Register) TouchSession(ctx context.Context, id auth.Hash, seen time.Time) error {
	err := r.change(ctx, func(t *tx) error {
		return t.swap(ctx, `UPDATE session SET last_seen = CASE WHEN last_seen < $1 THEN $1 ELSE last_seen END
			WHERE id_hash = $2`, Time(seen), id[:])
	})
	if errors.Is(err, document.ErrStale) {
		err = document.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("touching a session: %w", err)
	}
	return nil
}

// EndSessions implements [auth.Store].
func (r *Register) EndSessions(ctx context.Context, ids ...auth.Hash) error {
	keys := make([][]byte, len(ids))
	for i, id := range ids {
		keys[i] = id[:]
	}
	err := r.change(ctx, func(t *tx) error {
		return in(keys, func(list string, args []any) error {
			_, err := t.exec(ctx, `DELETE FROM session WHERE id_hash IN `+list, args...)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("ending %d sessions: %w", len(ids), err)
	}
	return nil
}

// PutAttempt implements [auth.Store].
func (r *Register) PutAttempt(ctx context.Context, a auth.Attempt) error {
	var binding []byte
	if a.BrowserBinding != (auth.Hash{}) {
		binding = a.BrowserBinding[:]
	}
	err := r.change(ctx, func(t *tx) error {
		return t.insert(ctx, `INSERT INTO login_attempt (`+attemptColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
			a.StateHash[:], a.Verifier, a.Nonce, string(a.Purpose), a.Fresh, a.Authorisation, a.Login,
			a.ReturnTo, nullable(binding), Time(a.Begun), Time(a.Expires))
	})
	if err != nil {
		return fmt.Errorf("storing a login attempt: %w", err)
	}
	return nil
}

const attemptColumns = `state_hash, verifier, nonce, purpose, fresh, authorisation, login,
	return_to, browser_binding, begun, expires`

// TakeAttempt implements [auth.Store].
func (r *Register) TakeAttempt(ctx context.Context, state auth.Hash) (auth.Attempt, error) {
	var a auth.Attempt
	err := r.change(ctx, func(t *tx) error {
		found := false
		err := t.claim(ctx, func(s scan) error {
			found, a = true, auth.Attempt{}
			return s((*hash)(&a.StateHash), &a.Verifier, &a.Nonce, &a.Purpose, &a.Fresh, &a.Authorisation, &a.Login,
				&a.ReturnTo, (*hash)(&a.BrowserBinding), (*Time)(&a.Begun), (*Time)(&a.Expires))
		}, `DELETE FROM login_attempt WHERE state_hash = $1 RETURNING `+attemptColumns, state[:])
		if err == nil && !found {
			err = document.ErrNotFound
		}
		return err
	})
	if err != nil {
		return auth.Attempt{}, fmt.Errorf("taking a login attempt: %w", err)
	}
	return a, nil
}

// keepSignIns is how long people are shown their logins, and keepFailures how
// long failed attempts are remembered without another: much longer than the
// longest delay.
const (
	keepSignIns  = 90 * 24 * time.Hour
	keepFailures = 24 * time.Hour
)

// Purge implements [auth.Store]. What is left when there is very much to remove
// is for the next time. What people are shown of their logins, and failed
// attempts of long ago, go in passing.
func (r *Register) Purge(ctx context.Context, now, idle time.Time) (int, error) {
	total := 0
	for _, p := range []struct {
		query  string
		before time.Time
	}{
		{`DELETE FROM login_attempt WHERE state_hash IN
			(SELECT state_hash FROM login_attempt WHERE expires <= $1 ORDER BY expires LIMIT $2)`, now},
		{`DELETE FROM session WHERE id_hash IN
			(SELECT id_hash FROM session WHERE expires <= $1 ORDER BY expires LIMIT $2)`, now},
		{`DELETE FROM session WHERE id_hash IN
			(SELECT id_hash FROM session WHERE last_seen <= $1 ORDER BY last_seen LIMIT $2) AND last_seen <= $1`, idle},
		{`DELETE FROM sign_in WHERE id IN (SELECT id FROM sign_in WHERE at <= $1 ORDER BY at LIMIT $2)`, now.Add(-keepSignIns)},
		{`DELETE FROM auth_failure WHERE login IN
			(SELECT login FROM auth_failure WHERE last_at <= $1 ORDER BY last_at LIMIT $2) AND last_at <= $1`, now.Add(-keepFailures)},
	} {
		n, err := r.remove(ctx, p.query, p.before)
		total += n
		if err != nil {
			return total, fmt.Errorf("removing old sessions: %w", err)
		}
	}
	return total, nil
}

// change runs a transaction of this package's own.
func (r *Register) change(ctx context.Context, fn func(t *tx) error) error {
	return r.observed("session", func() error {
		return r.engine.update(ctx, func(q querier) error {
			return fn(&tx{q: q, now: r.now, writable: true})
		})
	})
}

// hash scans an [auth.Hash]; NULL is the zero one.
type hash auth.Hash

// Scan implements [database/sql.Scanner].
func (h *hash) Scan(src any) error {
	*h = hash{}
	b, ok := src.([]byte)
	if src == nil || ok && copy(h[:], b) == len(h) && len(b) == len(h) {
		return nil
	}
	return fmt.Errorf("hash: cannot scan %T of %d bytes", src, len(b))
}
