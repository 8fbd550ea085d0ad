package document

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"docsvc/internal/audit"
)

// Token lets a program ask in the name of an account, within scopes, until it
// expires. Its secret is shown once; the register holds a hash.
type Token struct {
	ID        string
	Hash      [sha256.Size]byte
	Prefix    string // the beginning of the secret, to know it again
	Login     string
	Name      string // what it is for
	Scopes    []Scope
	CreatedAt time.Time
	CreatedBy string
	ExpiresAt time.Time
	LastUsed  time.Time // to about a minute
	RevokedAt time.Time
	RevokedBy string
}

// Usable says whether the token opens anything at a time.
func (t Token) Usable(at time.Time) bool { return t.RevokedAt.IsZero() && at.Before(t.ExpiresAt) }

// TokenTx reads and writes tokens.
type TokenTx interface {
	InsertToken(ctx context.Context, t Token) error
	TokenByHash(ctx context.Context, hash [sha256.Size]byte) (Token, error)
	TokenByID(ctx context.Context, id string) (Token, error)
	// Tokens lists all, the oldest first.
	Tokens(ctx context.Context) ([]Token, error)
	// RevokeToken writes RevokedAt and RevokedBy; ErrStale when it is revoked.
	RevokeToken(ctx context.Context, t Token) error
	// TouchToken writes LastUsed.
	TouchToken(ctx context.Context, t Token) error
}

const (
	tokenMark   = "docsvc_" // scanners for leaked secrets know tokens by it
	tokenBytes  = 32
	tokenPrefix = len(tokenMark) + 8
	// MaxTokenDays is the longest life of a token.
	MaxTokenDays = 366
	maxTokens    = 50 // of an account, usable ones
	maxTokenName = 100
	touchAfter   = time.Minute
)

// CreateToken makes a token for another account, and returns its secret, which
// nobody can read again.
func (s *Service) CreateToken(ctx context.Context, actor Actor, login, name string, scopes []Scope, days int) (string, Token, error) {
	account, err := s.Account(ctx, login)
	if err != nil {
		return "", Token{}, err
	}
	if err := actor.May(ActOperate, account.Office); err != nil {
		return "", Token{}, err
	}
	if err := s.notOneself(ctx, actor, login, account.Office); err != nil {
		return "", Token{}, err
	}
	if name = strings.TrimSpace(name); !plainName(name, maxTokenName) {
		return "", Token{}, newError(Invalid, "error.token.name", nil, "max", fmt.Sprint(maxTokenName))
	}
	if days < 1 || days > MaxTokenDays {
		return "", Token{}, newError(Invalid, "error.token.days", nil, "max", fmt.Sprint(MaxTokenDays))
	}
	if len(scopes) == 0 {
		return "", Token{}, newError(Invalid, "error.token.no_scope", nil)
	}
	random := make([]byte, tokenBytes)
	if _, err := io.ReadFull(s.Rand, random); err != nil {
		return "", Token{}, fmt.Errorf("token: %w", err)
	}
	secret := tokenMark + base64.RawURLEncoding.EncodeToString(random)
	now := s.Now().UTC().Truncate(time.Microsecond)
	t := Token{
		ID: s.NewID(), Hash: sha256.Sum256([]byte(secret)), Prefix: secret[:tokenPrefix], Login: login, Name: name,
		Scopes: scopes, CreatedAt: now, CreatedBy: actor.Login, ExpiresAt: now.AddDate(0, 0, days),
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		others, err := tx.Tokens(ctx)
		if err != nil {
			return err
		}
		usable := slices.DeleteFunc(others, func(o Token) bool { return o.Login != login || !o.Usable(now) })
		if len(usable) >= maxTokens {
			return newError(Conflict, "error.token.many", nil, "max", fmt.Sprint(maxTokens))
		}
		if err := tx.InsertToken(ctx, t); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.TokenCreated, login, map[string]string{
			"key": t.Prefix, "role": joinScopes(scopes), "until": t.ExpiresAt.Format(time.RFC3339),
		})
	})
	if err != nil {
		return "", Token{}, fmt.Errorf("token for %s: %w", login, err)
	}
	return secret, t, nil
}

// RevokeToken ends a token at once and for good.
func (s *Service) RevokeToken(ctx context.Context, actor Actor, id string) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		t, err := tx.TokenByID(ctx, id)
		if err != nil {
			return lookupError(err, "error.token.unknown")
		}
		account, err := tx.AccountByLogin(ctx, t.Login)
		if err != nil {
			return err
		}
		if err := actor.May(ActOperate, account.Office); err != nil {
			return err
		}
		t.RevokedAt, t.RevokedBy = s.Now(), actor.Login
		if err := tx.RevokeToken(ctx, t); errors.Is(err, ErrStale) {
			return newError(Conflict, "error.token.revoked", err, "key", t.Prefix)
		} else if err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.TokenRevoked, t.Login, map[string]string{"key": t.Prefix})
	})
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return nil
}

// Tokens lists the tokens for the accounts of the offices that actor runs, the
// newest first.
func (s *Service) Tokens(ctx context.Context, actor Actor) ([]Token, error) {
	if err := actor.mayAnywhere(ActOperate); err != nil {
		return nil, err
	}
	var list []Token
	err := s.Store.View(ctx, func(tx Tx) error {
		accounts, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		runs := map[string]bool{}
		for _, a := range accounts {
			runs[a.Login] = actor.May(ActOperate, a.Office) == nil
		}
		list, err = tx.Tokens(ctx)
		list = slices.DeleteFunc(list, func(t Token) bool { return !runs[t.Login] })
		return err
	})
	slices.Reverse(list)
	return list, err
}

// Bearer returns the token of a secret and the account it is for. Whatever is
// wrong with the secret has one answer: it does not open anything.
func (s *Service) Bearer(ctx context.Context, secret string) (Token, Account, error) {
	refused := newError(Forbidden, "error.token.invalid", nil)
	if len(secret) != len(tokenMark)+base64.RawURLEncoding.EncodedLen(tokenBytes) || !strings.HasPrefix(secret, tokenMark) {
		return Token{}, Account{}, refused
	}
	hash := sha256.Sum256([]byte(secret))
	var t Token
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		t, err = tx.TokenByHash(ctx, hash)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return Token{}, Account{}, refused
	}
	if err != nil {
		return Token{}, Account{}, fmt.Errorf("token: %w", err)
	}
	now := s.Now()
	if subtle.ConstantTimeCompare(t.Hash[:], hash[:]) != 1 || !t.Usable(now) {
		return Token{}, Account{}, refused
	}
	account, err := s.Account(ctx, t.Login)
	if KindOf(err) == Forbidden || KindOf(err) == NotFound {
		return Token{}, Account{}, refused
	}
	if err != nil {
		return Token{}, Account{}, err
	}
	if now.Sub(t.LastUsed) >= touchAfter {
		t.LastUsed = now.UTC().Truncate(time.Microsecond)
		err = s.Store.Update(ctx, func(tx Tx) error { return tx.TouchToken(ctx, t) })
	}
	return t, account, err
}

// Program returns the account as a program that has a token of it. The trail
// tells programs from persons by the request's id.
func (a Account) Program(t Token, requestID string) Actor {
	actor := a.Actor(requestID + "/" + t.Prefix)
	actor.Token, actor.Scopes = t.Prefix, t.Scopes
	return actor
}

func joinScopes(scopes []Scope) string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return strings.Join(names, " ")
}

// plainName says that a text is a name of some bytes for people to read.
func plainName(text string, limit int) bool {
	return text != "" && len(text) <= limit && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
