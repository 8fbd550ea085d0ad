package sqldb

import (
	"context"
	"fmt"
	"time"

	"docsvc/internal/document"
)

func (t *tx) InsertRendition(ctx context.Context, r document.Rendition) error {
	err := t.insert(ctx, `INSERT INTO rendition (act_id, sequence, sha256, size, path, level, created_at, renew_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		r.ActID, r.Sequence, nullable(r.SHA256), r.Size, r.Path, r.Level, toColumn(r.CreatedAt), Time(r.RenewBy))
	if err != nil {
		return fmt.Errorf("inserting rendition %d of act %s: %w", r.Sequence, r.ActID, err)
	}
	return nil
}

func (t *tx) Renditions(ctx context.Context, actID string) ([]document.Rendition, error) {
	var list []document.Rendition
	err := t.each(ctx, func(s scan) error {
		var (
			r       document.Rendition
			created Time
		)
		err := s(&r.ActID, &r.Sequence, &r.SHA256, &r.Size, &r.Path, &r.Level, &created, (*Time)(&r.RenewBy))
		r.CreatedAt = fromColumn(created)
		list = append(list, r)
		return err
	}, `SELECT act_id, sequence, sha256, size, path, level, created_at, renew_by
		FROM rendition WHERE act_id = $1 ORDER BY sequence`, actID)
	if err != nil {
		return nil, fmt.Errorf("renditions of act %s: %w", actID, err)
	}
	return list, nil
}

func (t *tx) PointTo(ctx context.Context, a document.Act, from int) error {
	err := t.swap(ctx, `UPDATE act SET sha256 = $1, path = $2, rendition = $3, renew_by = $4, renew_spread = $5
		WHERE id = $6 AND state = 'archived' AND rendition = $7`,
		nullable(a.SHA256), a.Path, a.Rendition, Time(a.RenewBy), renewSpread(a), a.ID, from)
	if err != nil {
		return fmt.Errorf("pointing act %s to rendition %d: %w", a.Number, a.Rendition, err)
	}
	return nil
}

// ActsToRenew leaves out what need not be kept any longer.
func (t *tx) ActsToRenew(ctx context.Context, before time.Time, after document.RenewalCursor, limit int) ([]document.Act, error) {
	acts, err := t.acts(ctx, `SELECT `+actColumns+` FROM act
		WHERE renew_spread IS NOT NULL AND renew_spread < $1 AND (renew_spread, id) > ($2, $3)
			AND retain_until > $4
		ORDER BY renew_spread, id LIMIT $5`, Time(before), toColumn(after.At), after.ActID, Time(t.now()), limit)
	if err != nil {
		return nil, fmt.Errorf("acts to renew: %w", err)
	}
	return acts, nil
}

// countToRenew reads no more rows than the limit says.
const countToRenew = `SELECT count(*) FROM (SELECT 1 FROM act
	WHERE renew_spread IS NOT NULL AND renew_spread < $1 AND retain_until > $2 LIMIT $3) AS due`

func (t *tx) CountToRenew(ctx context.Context, before time.Time, limit int) (int, error) {
	var n int
	err := t.one(ctx, []any{&n}, countToRenew, Time(before), Time(t.now()), limit)
	if err != nil {
		return 0, fmt.Errorf("counting acts to renew: %w", err)
	}
	return n, nil
}
