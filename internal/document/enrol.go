package document

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
)

var (
	loginShape = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,62}$`)
	// A subject is part of the name of a key and of an address.
	subjectShape = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$`)
)

// MayUseKey refuses an account whose certificate is expired or revoked, or that
// has none.
func (s *Service) MayUseKey(ctx context.Context, a Account) error {
	_, err := s.usableCertificate(ctx, a)
	return err
}

// RecordEnrolment puts into the trail how the key of an account came to be, or
// was used to ask for its certificate.
func (s *Service) RecordEnrolment(ctx context.Context, actor Actor, a Account, step audit.Kind, detail map[string]string) error {
	if err := actor.May(ActOperate, a.Office); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx Tx) error { return s.record(ctx, tx, actor, step, a.Login, detail) })
}

// CertificateRevoked puts into the trail that the certificate of an account was
// revoked; reason is the CRLReason of RFC 5280.
func (s *Service) CertificateRevoked(ctx context.Context, actor Actor, a Account, reason int) error {
	if err := actor.May(ActOperate, a.Office); err != nil {
		return err
	}
	detail := map[string]string{"office": a.Office, "reason": fmt.Sprint(reason)}
	if len(a.Certificate) > 0 {
		detail["certificate_sha256"] = fmt.Sprintf("%x", sha256.Sum256(a.Certificate[0]))
	}
	return s.Store.Update(ctx, func(tx Tx) error {
		return s.record(ctx, tx, actor, audit.CertificateRevoked, a.Login, detail)
	})
}

// SaveAccount creates an account or replaces it, in the archive too: a rebuild
// must know who signed and who may go on working. The actor needs the right in
// the office that the account has, in the one that it had, and in each office
// that a grant is for: nobody hands out what they do not hold, and nobody grants
// anything to themselves.
func (s *Service) SaveAccount(ctx context.Context, actor Actor, a Account) error {
	if err := actor.May(ActOperate, a.Office); err != nil {
		return err
	}
	for _, g := range a.Grants {
		if err := actor.May(ActOperate, g.Office); err != nil {
			return err
		}
	}
	if !loginShape.MatchString(a.Login) {
		return newError(Invalid, "error.account.login", nil, "login", a.Login)
	}
	if a.Subject != "" && !subjectShape.MatchString(a.Subject) {
		return newError(Invalid, "error.account.subject", nil, "subject", a.Subject)
	}
	item, err := s.event(archive.KindAccount, a.Login, a)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(a.Grants, func(g Grant) bool { return !slices.Contains(actor.Grants, g) }) {
		if err := s.notOneself(ctx, actor, a.Login, a.Office); err != nil {
			return err
		}
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		kind := audit.AccountChanged
		old, err := tx.AccountByLogin(ctx, a.Login)
		if errors.Is(err, ErrNotFound) {
			kind = audit.AccountCreated
		} else if err != nil {
			return err
		} else if err := actor.May(ActOperate, old.Office); err != nil {
			return err
		}
		if err := tx.PutAccount(ctx, a); errors.Is(err, ErrExists) {
			return newError(Conflict, "error.account.subject_taken", err, "subject", a.Subject)
		} else if err != nil {
			return err
		}
		if err := tx.InsertOutbox(ctx, item); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, kind, a.Login, describeAccount(a))
	})
	if err != nil {
		return fmt.Errorf("save account %s: %w", a.Login, err)
	}
	return s.deliver(ctx, item)
}

// describeAccount is what the trail says of an account.
func describeAccount(a Account) map[string]string {
	grants := make([]string, len(a.Grants))
	for i, g := range a.Grants {
		grants[i] = string(g.Role) + "@" + g.Office
	}
	detail := map[string]string{"office": a.Office, "post": a.Post, "role": clipDetail(strings.Join(grants, " "))}
	if a.Disabled {
		detail["outcome"] = "disabled"
	}
	return detail
}

// maxDetail is how much of a list the trail keeps, in bytes.
const maxDetail = 1000

func clipDetail(text string) string {
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "") + "…"
	}
	return text
}

// notOneself refuses to give an actor more than they have at their own word, and
// puts that they asked into the trail.
func (s *Service) notOneself(ctx context.Context, actor Actor, login, office string) error {
	if actor.Login != login {
		return nil
	}
	err := s.Store.Update(ctx, func(tx Tx) error {
		return s.record(ctx, tx, actor, audit.GrantRefused, login, map[string]string{"office": office})
	})
	if err != nil {
		return fmt.Errorf("account %s: %w", login, err)
	}
	return newError(Forbidden, "error.account.oneself", nil, "login", login)
}
