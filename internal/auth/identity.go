package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/document"
)

// Identity is who logged in, as the provider says in a token that was verified.
type Identity struct {
	Subject   string    // Account.Subject: the value of Config.LoginClaim
	Name      string    // for people to read; may be empty
	TokenID   string    // jti, or "sha256:" and the digest of the token
	Nonce     string    // as the token has it: what this login was for
	AuthTime  time.Time // when the person was authenticated; zero if not said
	ACR       string
	AMR       []string
	SessionID string    // of the provider's own session (claim sid), if said
	Expires   time.Time // of the token
	// RawIDToken is the proof. Until it expires it opens the officer's key at
	// Vault, so it goes there, and encrypted into the evidence, and nowhere else.
	RawIDToken Secret
}

// Accounts finds the account of a subject; document.ErrNotFound if there is none.
type Accounts interface {
	AccountBySubject(ctx context.Context, subject string) (document.Account, error)
}

// Admit returns the account of who logged in, if there is one that may work.
func Admit(ctx context.Context, accounts Accounts, i Identity) (document.Account, error) {
	if !subjectShape.MatchString(i.Subject) {
		return document.Account{}, errors.New("admit: nobody was identified")
	}
	a, err := accounts.AccountBySubject(ctx, i.Subject)
	switch {
	case errors.Is(err, document.ErrNotFound):
		return document.Account{}, newError(document.Forbidden, "error.login.unknown", err)
	case err != nil:
		return document.Account{}, fmt.Errorf("look up who logged in: %w", err)
	case a.Disabled:
		return document.Account{}, newError(document.Forbidden, "error.login.disabled", nil, "login", a.Login)
	}
	return a, nil
}
