package document

import (
	"context"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/audit"
)

// FactorKind is a kind of Factor.
type FactorKind string

// The kinds of factor. An account has at most one password and one secret of
// one-time codes.
const (
	FactorPassword FactorKind = "password"
	FactorTOTP     FactorKind = "totp"
	FactorRecovery FactorKind = "recovery" // a code that is used once
	FactorPasskey  FactorKind = "passkey"
)

// Factor is something by which a person with an account of docsvc's own proves
// who they are. It is secret: the archive never has it, and who rebuilds a
// register sets the passwords anew.
type Factor struct {
	Login   string
	Kind    FactorKind
	ID      string // of a passkey or a recovery code; else empty
	Name    string // that its owner gave a passkey
	Secret  []byte // a hash, what is sealed, or a public key
	Counter int64  // the last time step, or the passkey's own counter
	// CreatedAt and UsedAt are for its owner to see.
	CreatedAt time.Time
	UsedAt    time.Time
}

// SignIn is one login, or one that was refused, as its owner is shown it.
type SignIn struct {
	ID      string // UUIDv7
	Login   string
	At      time.Time
	Way     string // level of the authentication
	Refused string // key of the reason; empty for who was let in
}

// FactorTx keeps factors and what people are shown of their logins.
type FactorTx interface {
	// Factors lists those of an account, by kind and id.
	Factors(ctx context.Context, login string) ([]Factor, error)
	// PasskeyByID finds whose passkey it is.
	PasskeyByID(ctx context.Context, id string) (Factor, error)
	// PutFactor inserts f or replaces the one of its kind and id; ErrExists when
	// a passkey is another account's.
	PutFactor(ctx context.Context, f Factor) error
	// SwapFactor writes Secret, Counter and UsedAt of f where Secret and Counter
	// are still those of old; ErrStale when they are not.
	SwapFactor(ctx context.Context, old, f Factor) error
	// DeleteFactor answers ErrNotFound when there is none.
	DeleteFactor(ctx context.Context, login string, kind FactorKind, id string) error

	InsertSignIn(ctx context.Context, i SignIn) error
	// SignIns lists the newest of a login.
	SignIns(ctx context.Context, login string, limit int) ([]SignIn, error)
}

// Factors lists the factors of an account.
func (s *Service) Factors(ctx context.Context, login string) (list []Factor, err error) {
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		list, err = tx.Factors(ctx, login)
		return err
	})
	return list, err
}

// ChangeFactors replaces factors of an account: those of remove go, those of put
// come. One's own everybody may change, who has just proved to be it; those of
// others whoever runs their office. factor is what the trail says was changed.
func (s *Service) ChangeFactors(ctx context.Context, actor Actor, login string, factor FactorKind, remove, put []Factor) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		account, err := tx.AccountByLogin(ctx, login)
		if err != nil {
			return lookupError(err, "error.account.unknown", "login", login)
		}
		if actor.Login != login {
			if err := actor.May(ActOperate, account.Office); err != nil {
				return err
			}
		}
		for _, f := range remove {
			if err := tx.DeleteFactor(ctx, login, f.Kind, f.ID); err != nil {
				return changed(err)
			}
		}
		for _, f := range put {
			f.Login, f.CreatedAt = login, s.Now()
			if err := tx.PutFactor(ctx, f); err != nil {
				return changed(err)
			}
		}
		kind := audit.FactorSet
		if len(put) == 0 {
			kind = audit.FactorRemoved
		}
		return s.record(ctx, tx, actor, kind, login, map[string]string{"factor": string(factor)})
	})
	if err != nil {
		return fmt.Errorf("change the %s of %s: %w", factor, login, err)
	}
	return nil
}

// changed says that a factor is not as whoever changes it saw it.
func changed(err error) error {
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrExists) {
		return newError(Conflict, "error.factor.changed", err)
	}
	return err
}

// SwapFactor notes the use of a factor; ErrStale when another was quicker.
func (s *Service) SwapFactor(ctx context.Context, old, f Factor) error {
	f.UsedAt = s.Now()
	return s.Store.Update(ctx, func(tx Tx) error { return tx.SwapFactor(ctx, old, f) })
}

// SpendFactor uses up a factor that is used once; ErrNotFound when it was.
func (s *Service) SpendFactor(ctx context.Context, f Factor) error {
	return s.Store.Update(ctx, func(tx Tx) error { return tx.DeleteFactor(ctx, f.Login, f.Kind, f.ID) })
}

// PasskeyByID finds whose passkey it is.
func (s *Service) PasskeyByID(ctx context.Context, id string) (f Factor, err error) {
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		f, err = tx.PasskeyByID(ctx, id)
		return err
	})
	return f, err
}

// SignIns lists the newest logins of an account.
func (s *Service) SignIns(ctx context.Context, login string, limit int) (list []SignIn, err error) {
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		list, err = tx.SignIns(ctx, login, limit)
		return err
	})
	return list, err
}
