package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"docsvc/internal/document"
)

// attemptLife is how long a person may take at the provider.
const attemptLife = 10 * time.Minute

// Start says what login is wanted.
type Start struct {
	Purpose Purpose
	Fresh   bool // implied by PurposeAuthorise
	// For PurposeAuthorise: the batch, whose nonce the token has to carry, and
	// who has to authorise it.
	Authorisation, Login, Nonce string
	// ReturnTo comes from the request; what is not a path on this site becomes "/".
	ReturnTo string
	// Browser is the cookie that Begin gave to this browser before, if it did:
	// attempts in several tabs share it.
	Browser string
	// Life is how long the person may take, ten minutes by default: never
	// longer than an authorisation is open.
	Life time.Duration
}

// Attempts begins logins of browsers and takes them up when they come back.
type Attempts struct {
	Store  AttemptStore
	Now    func() time.Time
	Random io.Reader // crypto/rand if nil
}

// Begin records an attempt. browser is the value of a cookie for Take: HttpOnly,
// Secure, SameSite=Lax (the provider sends the browser back from another site),
// of a host-only name such as __Host-login, for as long as the attempt lives.
func (s *Attempts) Begin(ctx context.Context, start Start) (a Attempt, browser string, err error) {
	browser = start.Browser
	if !isSecret(browser) {
		if browser, err = newSecret(s.Random); err != nil {
			return Attempt{}, "", err
		}
	}
	if a, err = newAttempt(start, s.Now(), s.Random); err != nil {
		return Attempt{}, "", err
	}
	a.BrowserBinding = HashOf(browser)
	if err := s.Store.PutAttempt(ctx, a); err != nil {
		return Attempt{}, "", fmt.Errorf("record the login: %w", err)
	}
	return a, browser, nil
}

// Take uses up the attempt of a state: a second callback with it finds nothing,
// in whatever process. It is used up even when the browser is not the one that
// began, or the time is over.
func (s *Attempts) Take(ctx context.Context, state, browser string) (Attempt, error) {
	gone := func(err error) (Attempt, error) {
		return Attempt{}, newError(document.Conflict, "error.login.state", err)
	}
	if !isSecret(state) {
		return gone(errors.New("state is not of 256 bits"))
	}
	a, err := s.Store.TakeAttempt(ctx, HashOf(state))
	switch {
	case errors.Is(err, document.ErrNotFound):
		return gone(err)
	case err != nil:
		return Attempt{}, fmt.Errorf("take up the login: %w", err)
	case !isSecret(browser) || HashOf(browser) != a.BrowserBinding:
		return gone(errors.New("begun in another browser"))
	case !a.Expires.After(s.Now()):
		return gone(errors.New("it took too long"))
	}
	return a, nil
}

// Again takes up an attempt that was used and failed, under another state: it
// ends when it would have ended.
func (s *Attempts) Again(ctx context.Context, a Attempt) (Attempt, error) {
	var err error
	if a.state, err = newSecret(s.Random); err != nil {
		return Attempt{}, err
	}
	a.StateHash = HashOf(a.state)
	if err := s.Store.PutAttempt(ctx, a); err != nil {
		return Attempt{}, fmt.Errorf("record the login again: %w", err)
	}
	return a, nil
}

// newAttempt draws the secrets of an attempt.
func newAttempt(start Start, now time.Time, random io.Reader) (Attempt, error) {
	life := start.Life
	if life <= 0 || life > attemptLife {
		life = attemptLife
	}
	a := Attempt{
		Purpose: start.Purpose, Fresh: start.Fresh || start.Purpose == PurposeAuthorise,
		Authorisation: start.Authorisation, Login: start.Login, Nonce: start.Nonce, ReturnTo: start.ReturnTo,
		Begun: utc(now), Expires: utc(now.Add(life)),
	}
	if !isLocalPath(a.ReturnTo) {
		a.ReturnTo = "/"
	}
	wanted := []*string{&a.state, &a.Verifier}
	if a.Purpose != PurposeAuthorise {
		if a.Nonce != "" {
			return Attempt{}, errors.New("begin a login: only an authorisation brings its nonce")
		}
		wanted = append(wanted, &a.Nonce)
	}
	for _, secret := range wanted {
		var err error
		if *secret, err = newSecret(random); err != nil {
			return Attempt{}, err
		}
	}
	a.StateHash = HashOf(a.state)
	return a, a.Check()
}
