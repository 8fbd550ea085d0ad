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
	TokenID   string // of the provider's proof
	Level     string // of the authentication, as the provider calls it
	RequestID string
	// Refused is why the person was not let in; nil when they were.
	Refused error
}

// unknownPerson stands for somebody who has no account.
const unknownPerson = "unknown"

// RecordLogin puts into the trail that somebody, whom the identity provider
// vouched for, was let in or refused. Who cannot be recorded is not let in.
func (s *Service) RecordLogin(ctx context.Context, l Login) error {
	actor := Actor{Login: l.Account, RequestID: l.RequestID}
	if l.Account == "" {
		actor.Login = unknownPerson
	}
	detail := map[string]string{"token_id": l.TokenID}
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
	err := s.Store.Update(ctx, func(tx Tx) error { return s.record(ctx, tx, actor, kind, actor.Login, detail) })
	if err != nil {
		return fmt.Errorf("record login of %s: %w", actor.Login, err)
	}
	return nil
}
