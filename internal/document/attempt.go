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

// Attempt runs check, which tests a credential of login (the passphrase of a
// key, a password), and slows guessing down: from the second failure on the
// next attempt has to wait twice as long each time, up to a quarter of an hour,
// whichever process it reaches. The failure is counted before check runs, so attempts
// made at once do not slip through.
func (s *Service) Attempt(ctx context.Context, actor Actor, login string, check func() error) error {
	now := s.Now()
	err := s.Store.Update(ctx, func(tx Tx) error {
		n, last, err := tx.Failures(ctx, login)
		if err != nil {
			return err
		}
		if wait := last.Add(attemptDelay(n)).Sub(now); n > 0 && wait > 0 {
			return newError(Forbidden, "error.credential.wait", nil,
				"login", login, "seconds", fmt.Sprint(int(wait.Seconds())+1))
		}
		return tx.SetFailures(ctx, login, n+1, now)
	})
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // going away does not keep a failure out of the trail
	if err := check(); err != nil {
		if !errors.Is(err, ErrCredential) {
			return errors.Join(err, s.forgive(ctx, login))
		}
		wrong := newError(Forbidden, "error.credential.wrong", err, "login", login)
		return errors.Join(wrong, s.Store.Update(ctx, func(tx Tx) error {
			return s.record(ctx, tx, actor, audit.CredentialRefused, login, nil)
		}))
	}
	return s.forgive(ctx, login)
}

// forgive sets the count of failures back.
func (s *Service) forgive(ctx context.Context, login string) error {
	return s.Store.Update(ctx, func(tx Tx) error { return tx.SetFailures(ctx, login, 0, time.Time{}) })
}

// attemptDelay is the pause after the n-th failure in a row.
func attemptDelay(n int) time.Duration {
	if n < 2 {
		return 0
	}
	return min(time.Second<<min(n-2, 16), 15*time.Minute)
}
