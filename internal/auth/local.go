package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/password"
)

// The ways of an authentication here, as a session's ACR and the trail have them.
const (
	ByPassword   = "password"
	ByPassphrase = "passphrase" // of the key, for a batch
)

// Local logs people in by accounts of docsvc's own, where there is no identity
// provider. What they prove themselves by is in the register (see
// [document.Factor]); guessing is slowed down by account, whether there is one or
// not, in all processes together.
type Local struct {
	Secrets  CodeSecrets // required for a second factor
	Required bool        // everybody needs a second factor

	core  *document.Service
	cost  password.Cost
	now   func() time.Time
	decoy string        // hash for whom there is no account
	slots chan struct{} // bounds how many hashes, which take much memory, are made at once
}

// hashesAtOnce bounds the memory that logins take to a quarter of a gigabyte.
const hashesAtOnce = 4

// NewLocal returns the logins over the accounts of core.
func NewLocal(core *document.Service, cost password.Cost, now func() time.Time) *Local {
	return &Local{
		core: core, cost: cost, now: now, decoy: cost.Hash([]byte("nobody's")), slots: make(chan struct{}, hashesAtOnce),
	}
}

// errWrong is the one answer to whoever did not prove to be who they say.
func errWrong(err error) error { return newError(document.Forbidden, "error.login.wrong", err) }

// Password finds the account of a login and password. An unknown login takes the
// same work, the same delay after failures and gets the same answer. With an
// error the account that was meant is returned, if there is one, for the trail.
// typed is not kept and not changed.
func (l *Local) Password(ctx context.Context, login string, typed []byte) (document.Account, error) {
	login = strings.ToLower(strings.TrimSpace(login)) // phones begin with a capital
	if !loginShape.MatchString(login) {
		return document.Account{}, errWrong(errors.New("this cannot be a login"))
	}
	account, err := l.account(ctx, login)
	if err != nil {
		return account, err
	}
	err = l.core.Slowed(ctx, login, ByPassword, func() error { return l.compare(ctx, login, typed) })
	if errors.Is(err, document.ErrCredential) {
		err = errWrong(err)
	}
	if err != nil {
		return account, err
	}
	if account.Disabled { // told to its owner alone
		return account, newError(document.Forbidden, "error.login.disabled", nil, "login", login)
	}
	return account, nil
}

// Confirm asks a person who is logged in for their password again.
func (l *Local) Confirm(ctx context.Context, login string, typed []byte) error {
	err := l.core.Slowed(ctx, login, ByPassword, func() error { return l.compare(ctx, login, typed) })
	if errors.Is(err, document.ErrCredential) {
		return newError(document.Forbidden, "error.password.wrong", err)
	}
	return err
}

// account is an account, disabled or not; an empty one if there is none.
func (l *Local) account(ctx context.Context, login string) (a document.Account, err error) {
	err = l.core.Store.View(ctx, func(tx document.Tx) (err error) {
		a, err = tx.AccountByLogin(ctx, login)
		return err
	})
	if errors.Is(err, document.ErrNotFound) {
		return document.Account{}, nil
	}
	if err != nil {
		return a, fmt.Errorf("look up who logs in: %w", err)
	}
	return a, nil
}

// compare tests the password of a login, and makes its hash anew when that cost
// less, or more, than today's.
func (l *Local) compare(ctx context.Context, login string, typed []byte) error {
	factors, err := l.core.Factors(ctx, login)
	if err != nil {
		return err
	}
	kept, known := find(factors, document.FactorPassword)
	if !known {
		kept.Secret = []byte(l.decoy)
	}
	prepared, bad := password.Prepare(typed)
	if bad != nil {
		prepared = []byte{0} // the work is done all the same; no password has this byte
	}
	defer clear(prepared)
	if err := l.wait(ctx); err != nil {
		return err
	}
	defer l.leave()
	ok, of, err := password.Verify(string(kept.Secret), prepared)
	if err != nil {
		return fmt.Errorf("password of %s: %w", login, err)
	}
	if !ok || !known || bad != nil {
		return document.ErrCredential
	}
	if of != l.cost {
		better := kept
		better.Secret = []byte(l.cost.Hash(prepared))
		if err := l.core.SwapFactor(ctx, kept, better); err != nil && !errors.Is(err, document.ErrStale) {
			return err
		}
	}
	return nil
}

// SetPassword gives an account a password in place of the one it has.
func (l *Local) SetPassword(ctx context.Context, actor document.Actor, login string, typed []byte) error {
	account, err := l.core.Account(ctx, login)
	if err != nil {
		return err
	}
	prepared, err := password.Prepare(typed)
	if err == nil {
		defer clear(prepared)
		err = password.Check(prepared, login, account.Name)
	}
	switch {
	case errors.Is(err, password.ErrShort):
		return newError(document.Invalid, "error.password.short", err, "min", fmt.Sprint(password.MinLength))
	case errors.Is(err, password.ErrCommon):
		return newError(document.Invalid, "error.password.common", err)
	case err != nil:
		return newError(document.Invalid, "error.password.unusable", err, "max", fmt.Sprint(password.MaxBytes))
	}
	if err := l.wait(ctx); err != nil {
		return err
	}
	hash := l.cost.Hash(prepared)
	l.leave()
	return l.core.ChangeFactors(ctx, actor, login, document.FactorPassword, nil,
		[]document.Factor{{Kind: document.FactorPassword, Secret: []byte(hash)}})
}

// wait waits for its turn to make a hash.
func (l *Local) wait(ctx context.Context) error {
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a password to be tested: %w", ctx.Err())
	}
}

func (l *Local) leave() { <-l.slots }

// find is the first factor of a kind.
func find(list []document.Factor, kind document.FactorKind) (document.Factor, bool) {
	for _, f := range list {
		if f.Kind == kind {
			return f, true
		}
	}
	return document.Factor{}, false
}
