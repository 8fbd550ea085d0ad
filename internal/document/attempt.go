package document

import (
	"context"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/audit"
)

// ErrCredential is wrapped by a credential check that found it wrong.
var ErrCredential = errors.New("wrong credential")

// Attempt runs check, which tests the passphrase of login's key, and slows
// guessing down as Slowed does. A wrong one is put into the trail.
func (s *Service) Attempt(ctx context.Context, actor Actor, login string, check func() error) error {
	err := s.Slowed(ctx, login, "", check)
	if !errors.Is(err, ErrCredential) {
		return err
	}
	ctx = context.WithoutCancel(ctx) // going away does not keep a failure out of the trail
	wrong := newError(Forbidden, "error.credential.wrong", err, "login", login)
	return errors.Join(wrong, s.Store.Update(ctx, func(tx Tx) error {
		return s.record(ctx, tx, actor, audit.CredentialRefused, login, nil)
	}))
}

// Slowed runs check, which tests a credential of login, and slows guessing down:
// from the second failure on the next attempt has to wait twice as long each
// time, up to a quarter of an hour, whichever process it reaches. The failure is
// counted before check runs, so attempts made at once do not slip through. Each
// kind of credential is counted by itself: who knows one must not set back the
// count of another. A wrong one is ErrCredential, for the caller to put into the
// trail.
func (s *Service) Slowed(ctx context.Context, login, credential string, check func() error) error {
	now, counted := s.Now(), login
	if credential != "" {
		counted += " " + credential // no login has a space
	}
	err := s.Store.Update(ctx, func(tx Tx) error {
		n, last, err := tx.Failures(ctx, counted)
		if err != nil {
			return err
		}
		if wait := last.Add(attemptDelay(n)).Sub(now); n > 0 && wait > 0 {
			return newError(Forbidden, "error.credential.wait", nil,
				"login", login, "seconds", fmt.Sprint(int(wait.Seconds())+1))
		}
		return tx.SetFailures(ctx, counted, n+1, now)
	})
	if err != nil {
		return err
	}
	if err := check(); errors.Is(err, ErrCredential) {
		return err
	} else if err != nil {
		return errors.Join(err, s.forgive(context.WithoutCancel(ctx), counted))
	}
	return s.forgive(context.WithoutCancel(ctx), counted)
}

// forgive sets the count of failures back.
func (s *Service) forgive(ctx context.Context, counted string) error {
	return s.Store.Update(ctx, func(tx Tx) error { return tx.SetFailures(ctx, counted, 0, time.Time{}) })
}

// attemptDelay is the pause after the n-th failure in a row.
func attemptDelay(n int) time.Duration {
	if n < 2 {
		return 0
	}
	return min(time.Second<<min(n-2, 16), 15*time.Minute)
}
