package sqldb

import (
	"context"
	"fmt"

	"docsvc/internal/document"
)

const formColumns = `id, login, case_number, template, office, officer, version, created_at, updated_at`

func (t *tx) InsertForm(ctx context.Context, f document.SavedForm) error {
	err := t.insert(ctx, `INSERT INTO saved_form (`+formColumns+`, input)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		f.ID, f.Login, f.Case, f.Template, f.Office, f.Officer, f.Version, Time(f.CreatedAt), Time(f.UpdatedAt), filled(f.Input))
	if err != nil {
		return fmt.Errorf("inserting form %s: %w", f.ID, err)
	}
	return nil
}

func (t *tx) FormByID(ctx context.Context, id string) (document.SavedForm, error) {
	var f document.SavedForm
	err := t.one(ctx, append(formFields(&f), &f.Input), `SELECT `+formColumns+`, input FROM saved_form WHERE id = $1`, id)
	if err != nil {
		return document.SavedForm{}, fmt.Errorf("form %s: %w", id, err)
	}
	return f, nil
}

func (t *tx) FormsOf(ctx context.Context, login string, limit int) ([]document.SavedForm, error) {
	var list []document.SavedForm
	err := t.each(ctx, func(s scan) error {
		var f document.SavedForm
		err := s(formFields(&f)...)
		list = append(list, f)
		return err
	}, `SELECT `+formColumns+` FROM saved_form WHERE login = $1 ORDER BY updated_at DESC, id DESC LIMIT $2`, login, limit)
	if err != nil {
		return nil, fmt.Errorf("forms of %s: %w", login, err)
	}
	return list, nil
}

func formFields(f *document.SavedForm) []any {
	return []any{
		&f.ID, &f.Login, &f.Case, &f.Template, &f.Office, &f.Officer, &f.Version, (*Time)(&f.CreatedAt), (*Time)(&f.UpdatedAt),
	}
}

func (t *tx) UpdateForm(ctx context.Context, f document.SavedForm) error {
	err := t.swap(ctx, `UPDATE saved_form SET office = $1, officer = $2, input = $3, updated_at = $4, version = version + 1
		WHERE id = $5 AND version = $6`, f.Office, f.Officer, filled(f.Input), Time(f.UpdatedAt), f.ID, f.Version)
	if err != nil {
		return fmt.Errorf("saving form %s: %w", f.ID, err)
	}
	return nil
}

func (t *tx) DeleteForm(ctx context.Context, id string) error {
	if _, err := t.exec(ctx, `DELETE FROM saved_form WHERE id = $1`, id); err != nil {
		return fmt.Errorf("deleting form %s: %w", id, err)
	}
	return nil
}

func (t *tx) InsertInput(ctx context.Context, actID string, input []byte) error {
	err := t.insert(ctx, `INSERT INTO act_input (act_id, input) VALUES ($1, $2) ON CONFLICT DO NOTHING`, actID, filled(input))
	if err != nil {
		return fmt.Errorf("inserting the form of act %s: %w", actID, err)
	}
	return nil
}

func (t *tx) Input(ctx context.Context, actID string) ([]byte, error) {
	var input []byte
	if err := t.one(ctx, []any{&input}, `SELECT input FROM act_input WHERE act_id = $1`, actID); err != nil {
		return nil, fmt.Errorf("form of act %s: %w", actID, err)
	}
	return input, nil
}
