package sqldb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/document"
)

const accountColumns = `login, name, post, office, profile, tax_id, grants, certificate,
	key_id, created_at, disabled, subject`

func (t *tx) PutAccount(ctx context.Context, a document.Account) error {
	grants, err := json.Marshal(a.Grants)
	if err != nil {
		return fmt.Errorf("storing account %s: %w", a.Login, err)
	}
	certificate, err := json.Marshal(a.Certificate)
	if err != nil {
		return fmt.Errorf("storing account %s: %w", a.Login, err)
	}
	_, err = t.exec(ctx, `INSERT INTO account (`+accountColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (login) DO UPDATE SET name = excluded.name, post = excluded.post,
			office = excluded.office, profile = excluded.profile, tax_id = excluded.tax_id,
			grants = excluded.grants, certificate = excluded.certificate,
			key_id = excluded.key_id, created_at = excluded.created_at, disabled = excluded.disabled,
			subject = excluded.subject`,
		a.Login, a.Name, a.Post, a.Office, string(a.Profile), a.TaxID, grants, certificate,
		a.KeyID, Time(a.CreatedAt), a.Disabled, a.Subject)
	if err != nil {
		return fmt.Errorf("storing account %s: %w", a.Login, err)
	}
	return nil
}

func (t *tx) AccountByLogin(ctx context.Context, login string) (document.Account, error) {
	return t.oneAccount(ctx, "login = $1", login)
}

func (t *tx) AccountBySubject(ctx context.Context, subject string) (document.Account, error) {
	return t.oneAccount(ctx, "subject = $1 AND subject <> ''", subject)
}

// oneAccount does not name whom it looked for: a subject may be a FİN.
func (t *tx) oneAccount(ctx context.Context, where, value string) (document.Account, error) {
	accounts, err := t.accounts(ctx, `SELECT `+accountColumns+` FROM account WHERE `+where, value)
	if err == nil && len(accounts) == 0 {
		err = document.ErrNotFound
	}
	if err != nil {
		return document.Account{}, fmt.Errorf("account where %s: %w", where, err)
	}
	return accounts[0], nil
}

func (t *tx) Accounts(ctx context.Context) ([]document.Account, error) {
	accounts, err := t.accounts(ctx, `SELECT `+accountColumns+` FROM account ORDER BY login`)
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	return accounts, nil
}

func (t *tx) accounts(ctx context.Context, query string, args ...any) ([]document.Account, error) {
	var accounts []document.Account
	err := t.each(ctx, func(s scan) error {
		var (
			a                   document.Account
			grants, certificate []byte
		)
		err := s(&a.Login, &a.Name, &a.Post, &a.Office, &a.Profile, &a.TaxID, &grants, &certificate,
			&a.KeyID, (*Time)(&a.CreatedAt), &a.Disabled, &a.Subject)
		if err != nil {
			return err
		}
		accounts = append(accounts, a)
		last := &accounts[len(accounts)-1]
		return errors.Join(json.Unmarshal(grants, &last.Grants), json.Unmarshal(certificate, &last.Certificate))
	}, query, args...)
	return accounts, err
}

func (t *tx) Failures(ctx context.Context, login string) (n int, last time.Time, err error) {
	err = t.one(ctx, []any{&n, (*Time)(&last)}, `SELECT n, last_at FROM auth_failure WHERE login = $1`, login)
	if errors.Is(err, document.ErrNotFound) {
		return 0, time.Time{}, nil
	}
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("failed attempts of %s: %w", login, err)
	}
	return n, last, nil
}

func (t *tx) SetFailures(ctx context.Context, login string, n int, last time.Time) error {
	var err error
	if n == 0 {
		_, err = t.exec(ctx, `DELETE FROM auth_failure WHERE login = $1`, login)
	} else {
		_, err = t.exec(ctx, `INSERT INTO auth_failure (login, n, last_at) VALUES ($1, $2, $3)
			ON CONFLICT (login) DO UPDATE SET n = excluded.n, last_at = excluded.last_at`,
			login, n, Time(last))
	}
	if err != nil {
		return fmt.Errorf("storing the failed attempts of %s: %w", login, err)
	}
	return nil
}
