package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"docsvc/internal/document"
)

// The ways of a login with a second factor.
const (
	ByCode     = "password+code"
	ByRecovery = "password+recovery"
)

// recoveryCodes is how many there are, of 80 bits each: who has stolen the hashes
// cannot try them all.
const (
	recoveryCodes = 10
	recoveryBytes = 10
)

// CodeSecrets derives the secrets of one-time codes from a key of the service, so
// that the register holds nothing from which codes could be computed.
type CodeSecrets interface {
	// CodeSecret is that of an id under a key, under the one in use if kid is
	// empty; used is the key. It is the same each time.
	CodeSecret(ctx context.Context, kid, id string) (secret []byte, used string, err error)
}

// Second says whether a second step has to follow the password of an account, and
// whether one has to be set up before anything else.
func (l *Local) Second(ctx context.Context, login string) (has, missing bool, err error) {
	factors, err := l.core.Factors(ctx, login)
	_, has = find(factors, document.FactorTOTP)
	return has, !has && l.Required, err
}

// Setup is what a person takes over into their application during an attempt of
// [PurposeEnrol].
func (l *Local) Setup(ctx context.Context, a Attempt) (CodeSetup, error) {
	secret, _, err := l.codeSecret(ctx, a.Login, "", a.Verifier)
	return CodeSetup{secret}, err
}

// Enrol takes one-time codes into use that a first code shows to be taken over,
// in place of those of before, and returns the recovery codes, which nobody can
// see again.
func (l *Local) Enrol(ctx context.Context, actor document.Actor, a Attempt, typed string) (recovery []string, err error) {
	if a.Purpose != PurposeEnrol || a.Login != actor.Login {
		return nil, errors.New("enrol: an attempt for something else")
	}
	secret, kid, err := l.codeSecret(ctx, a.Login, "", a.Verifier)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	step, ok := stepOf(secret, plainCode(typed), l.now(), 0)
	if !ok {
		return nil, newError(document.Invalid, "error.code.setup", nil)
	}
	factors, err := l.core.Factors(ctx, a.Login)
	if err != nil {
		return nil, err
	}
	put := []document.Factor{{Kind: document.FactorTOTP, Secret: []byte(kid + " " + a.Verifier), Counter: step}}
	for range recoveryCodes {
		code := newRecoveryCode()
		recovery = append(recovery, grouped(code, "-"))
		put = append(put, document.Factor{Kind: document.FactorRecovery, ID: recoveryID(a.Login, code)})
	}
	return recovery, l.core.ChangeFactors(ctx, actor, a.Login, document.FactorTOTP, codesOf(factors), put)
}

// RemoveCodes takes one-time codes and their recovery codes out of use.
func (l *Local) RemoveCodes(ctx context.Context, actor document.Actor, login string) error {
	factors, err := l.core.Factors(ctx, login)
	if err != nil {
		return err
	}
	gone := codesOf(factors)
	if len(gone) == 0 {
		return nil
	}
	if l.Required && actor.Login == login {
		return newError(document.Conflict, "error.code.required", nil)
	}
	return l.core.ChangeFactors(ctx, actor, login, document.FactorTOTP, gone, nil)
}

// Code takes the one-time code, or a recovery code, that follows a password, and
// says which it was. Each counts once, whichever process it reaches.
func (l *Local) Code(ctx context.Context, login, typed string) (way string, err error) {
	err = l.core.Slowed(ctx, login, "code", func() (err error) {
		way, err = l.spend(ctx, login, plainCode(typed))
		return err
	})
	if errors.Is(err, document.ErrCredential) {
		err = newError(document.Forbidden, "error.code.wrong", err)
	}
	return way, err
}

func (l *Local) spend(ctx context.Context, login, typed string) (way string, err error) {
	if len(typed) != codeDigits {
		err := l.core.SpendFactor(ctx, document.Factor{Login: login, Kind: document.FactorRecovery, ID: recoveryID(login, typed)})
		if errors.Is(err, document.ErrNotFound) {
			err = document.ErrCredential
		}
		return ByRecovery, err
	}
	factors, err := l.core.Factors(ctx, login)
	if err != nil {
		return ByCode, err
	}
	kept, ok := find(factors, document.FactorTOTP)
	kid, id, cut := strings.Cut(string(kept.Secret), " ")
	if !ok || !cut {
		return ByCode, document.ErrCredential
	}
	secret, _, err := l.codeSecret(ctx, login, kid, id)
	if err != nil {
		return ByCode, err
	}
	defer clear(secret)
	used := kept
	if used.Counter, ok = stepOf(secret, typed, l.now(), kept.Counter); !ok {
		return ByCode, document.ErrCredential
	}
	if err = l.core.SwapFactor(ctx, kept, used); errors.Is(err, document.ErrStale) {
		err = document.ErrCredential // another was quicker with the same code
	}
	return ByCode, err
}

// codeSecret is the secret of an account's codes.
func (l *Local) codeSecret(ctx context.Context, login, kid, id string) (secret []byte, used string, err error) {
	secret, used, err = l.Secrets.CodeSecret(ctx, kid, login+"\n"+id)
	if err != nil {
		return nil, "", fmt.Errorf("secret of the codes of %s: %w", login, err)
	}
	return secret[:secretBytes], used, nil
}

// CodesOf says since when a person has one-time codes (the zero time: they have
// none), and how many recovery codes are left.
func (l *Local) CodesOf(ctx context.Context, login string) (since time.Time, recovery int, err error) {
	factors, err := l.core.Factors(ctx, login)
	for _, f := range factors {
		switch f.Kind {
		case document.FactorTOTP:
			since = f.CreatedAt
		case document.FactorRecovery:
			recovery++
		case document.FactorPassword, document.FactorPasskey:
		}
	}
	return since, recovery, err
}

// codesOf are the one-time codes and recovery codes among factors.
func codesOf(factors []document.Factor) (list []document.Factor) {
	for _, f := range factors {
		if f.Kind == document.FactorTOTP || f.Kind == document.FactorRecovery {
			list = append(list, f)
		}
	}
	return list
}

// plainCode is a code however it was typed: with spaces, hyphens, in small letters.
func plainCode(typed string) string {
	if len(typed) > 64 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '-', '–', '\u00a0':
			return -1
		}
		return r
	}, strings.ToUpper(typed))
}

func newRecoveryCode() string {
	b := make([]byte, recoveryBytes)
	_, _ = rand.Read(b) // never fails
	return base32Text.EncodeToString(b)
}

// recoveryID is the hash by which a recovery code is kept.
func recoveryID(login, code string) string {
	sum := sha256.Sum256([]byte("docsvc recovery code 1\n" + login + "\n" + code))
	return hex.EncodeToString(sum[:])
}
