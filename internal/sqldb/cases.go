package sqldb

import (
	"context"
	"fmt"
	"time"

	"docsvc/internal/document"
)

const caseColumns = `id, number, office, officer,
	document_kind, document_number, document_date, document_issuer,
	registered_at, registered_by, search_key, data`

func (t *tx) InsertCase(ctx context.Context, c document.Case) error {
	err := t.insert(ctx, `INSERT INTO enforcement_case (`+caseColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
		c.ID, c.Number, c.Office, c.Officer,
		c.Document.Kind, c.Document.Number, string(c.Document.Date), c.Document.Issuer,
		Time(c.RegisteredAt), c.RegisteredBy, c.SearchKey, filled(c.Data))
	if err != nil {
		return fmt.Errorf("inserting case %s: %w", c.Number, err)
	}
	if err := t.insertWords(ctx, caseList, caseDate(c), c.ID, c.Words()); err != nil {
		return fmt.Errorf("words of case %s: %w", c.Number, err)
	}
	return nil
}

// caseDate is the day, in UTC, by which cases are listed.
func caseDate(c document.Case) string { return c.RegisteredAt.UTC().Format(time.DateOnly) }

func (t *tx) CaseByID(ctx context.Context, id string) (document.Case, error) {
	return t.oneCase(ctx, "id = $1", id)
}

func (t *tx) CaseByNumber(ctx context.Context, number string) (document.Case, error) {
	return t.oneCase(ctx, "number = $1", number)
}

func (t *tx) CaseByDocument(ctx context.Context, d document.EnforcementDocument) (document.Case, error) {
	return t.oneCase(ctx, "document_issuer = $1 AND document_number = $2 AND document_date = $3",
		d.Issuer, d.Number, string(d.Date))
}

func (t *tx) oneCase(ctx context.Context, where string, args ...any) (document.Case, error) {
	var c document.Case
	found := false
	err := t.each(ctx, func(s scan) (err error) {
		found = true
		c, err = scanCase(s)
		return err
	}, `SELECT `+caseColumns+` FROM enforcement_case WHERE `+where, args...)
	if err == nil && !found {
		err = document.ErrNotFound
	}
	if err != nil {
		return document.Case{}, fmt.Errorf("case %v: %w", args, err)
	}
	return c, nil
}

func scanCase(s scan) (c document.Case, err error) {
	err = s(&c.ID, &c.Number, &c.Office, &c.Officer,
		&c.Document.Kind, &c.Document.Number, &c.Document.Date, &c.Document.Issuer,
		(*Time)(&c.RegisteredAt), &c.RegisteredBy, &c.SearchKey, &c.Data)
	return c, err
}
