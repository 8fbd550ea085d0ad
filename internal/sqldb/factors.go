package sqldb

import (
	"context"
	"errors"
	"fmt"

	"docsvc/internal/document"
)

const factorColumns = `login, kind, id, name, secret, counter, created_at, used_at`

func (t *tx) Factors(ctx context.Context, login string) ([]document.Factor, error) {
	list, err := t.factors(ctx, "login = $1 ORDER BY kind, id", login)
	if err != nil {
		return nil, fmt.Errorf("factors of %s: %w", login, err)
	}
	return list, nil
}

func (t *tx) PasskeyByID(ctx context.Context, id string) (document.Factor, error) {
	list, err := t.factors(ctx, "id = $1 AND kind = 'passkey'", id)
	if err == nil && len(list) == 0 {
		err = document.ErrNotFound
	}
	if err != nil {
		return document.Factor{}, fmt.Errorf("passkey: %w", err)
	}
	return list[0], nil
}

func (t *tx) factors(ctx context.Context, where, arg string) ([]document.Factor, error) {
	var list []document.Factor
	err := t.each(ctx, func(s scan) error {
		var f document.Factor
		err := s(&f.Login, &f.Kind, &f.ID, &f.Name, &f.Secret, &f.Counter, (*Time)(&f.CreatedAt), (*Time)(&f.UsedAt))
		list = append(list, f)
		return err
	}, `SELECT `+factorColumns+` FROM factor WHERE `+where, arg)
	return list, err
}

func (t *tx) PutFactor(ctx context.Context, f document.Factor) error {
	_, err := t.exec(ctx, `INSERT INTO factor (`+factorColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (login, kind, id) DO UPDATE SET name = excluded.name, secret = excluded.secret,
			counter = excluded.counter, created_at = excluded.created_at, used_at = excluded.used_at`,
		f.Login, string(f.Kind), f.ID, f.Name, filled(f.Secret), f.Counter, Time(f.CreatedAt), Time(f.UsedAt))
	if err != nil {
		return fmt.Errorf("storing the %s of %s: %w", f.Kind, f.Login, err)
	}
	return nil
}

func (t *tx) SwapFactor(ctx context.Context, old, f document.Factor) error {
	err := t.swap(ctx, `UPDATE factor SET secret = $1, counter = $2, used_at = $3
		WHERE login = $4 AND kind = $5 AND id = $6 AND counter = $7 AND secret = $8`,
		filled(f.Secret), f.Counter, Time(f.UsedAt), old.Login, string(old.Kind), old.ID, old.Counter, filled(old.Secret))
	if err != nil {
		return fmt.Errorf("using the %s of %s: %w", old.Kind, old.Login, err)
	}
	return nil
}

func (t *tx) DeleteFactor(ctx context.Context, login string, kind document.FactorKind, id string) error {
	err := t.swap(ctx, `DELETE FROM factor WHERE login = $1 AND kind = $2 AND id = $3`, login, string(kind), id)
	if errors.Is(err, document.ErrStale) {
		err = document.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("removing the %s of %s: %w", kind, login, err)
	}
	return nil
}

func (t *tx) InsertSignIn(ctx context.Context, i document.SignIn) error {
	err := t.insert(ctx, `INSERT INTO sign_in (id, login, at, way, refused) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		i.ID, i.Login, Time(i.At), i.Way, i.Refused)
	if err != nil {
		return fmt.Errorf("storing a login of %s: %w", i.Login, err)
	}
	return nil
}

func (t *tx) SignIns(ctx context.Context, login string, limit int) ([]document.SignIn, error) {
	var list []document.SignIn
	err := t.each(ctx, func(s scan) error {
		var i document.SignIn
		err := s(&i.ID, &i.Login, (*Time)(&i.At), &i.Way, &i.Refused)
		list = append(list, i)
		return err
	}, `SELECT id, login, at, way, refused FROM sign_in WHERE login = $1 ORDER BY at DESC, id DESC LIMIT $2`, login, limit)
	if err != nil {
		return nil, fmt.Errorf("logins of %s: %w", login, err)
	}
	return list, nil
}
