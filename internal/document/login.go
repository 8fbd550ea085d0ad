package document

import (
	"context"
	"errors"
	"fmt"

	"docsvc/internal/audit"
)

// Login is a login as the audit trail keeps it.
type Login struct {
	Account   string // login; empty for somebody who has no account
	TokenID   string // of the provider's proof; empty without a provider
	Level     string // of the authentication: as the provider calls it, or its way
	RequestID string
	// Refused is why the person was not let in; nil when they were.
	Refused error
}

// unknownPerson stands for somebody who has no account.
const unknownPerson = "unknown"

// RecordLogin puts into the trail, and into what the person is shown, that
// somebody was let in or refused. Who cannot be recorded is not let in.
func (s *Service) RecordLogin(ctx context.Context, l Login) error {
	actor := Actor{Login: l.Account, RequestID: l.RequestID}
	if l.Account == "" {
		actor.Login = unknownPerson
	}
	detail := map[string]string{}
	if l.TokenID != "" {
		detail["token_id"] = l.TokenID
	}
	if l.Level != "" {
		detail["level"] = l.Level
	}
	kind := audit.LoginDone
	if l.Refused != nil {
		kind, detail["reason"] = audit.LoginRefused, string(KindOf(l.Refused))
		if e, ok := errors.AsType[*Error](l.Refused); ok {
			detail["reason"] = e.Key
		}
	}
	shown := SignIn{ID: s.NewID(), Login: l.Account, At: s.Now(), Way: l.Level, Refused: detail["reason"]}
	err := s.Store.Update(ctx, func(tx Tx) error {
		if l.Account != "" {
			if err := tx.InsertSignIn(ctx, shown); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, actor, kind, actor.Login, detail)
	})
	if err != nil {
		return fmt.Errorf("record login of %s: %w", actor.Login, err)
	}
	return nil
}
