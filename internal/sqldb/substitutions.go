package sqldb

import (
	"context"
	"fmt"

	"docsvc/internal/document"
)

const substitutionColumns = `id, absent, deputy, role, office, from_date, until_date, reason,
	appointed_by, appointed_at, ended_by, ended_at`

func (t *tx) InsertSubstitution(ctx context.Context, x document.Substitution) error {
	err := t.insert(ctx, `INSERT INTO substitution (`+substitutionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
		x.ID, x.Absent, x.Deputy, string(x.Role), x.Office, string(x.From), string(x.Until), x.Reason,
		x.AppointedBy, Time(x.AppointedAt), x.EndedBy, Time(x.EndedAt))
	if err != nil {
		return fmt.Errorf("inserting substitution of %s: %w", x.Absent, err)
	}
	return nil
}

func (t *tx) EndSubstitution(ctx context.Context, x document.Substitution) error {
	err := t.swap(ctx, `UPDATE substitution SET ended_by = $1, ended_at = $2 WHERE id = $3 AND ended_at IS NULL`,
		x.EndedBy, Time(x.EndedAt), x.ID)
	if err != nil {
		return fmt.Errorf("ending substitution %s: %w", x.ID, err)
	}
	return nil
}

func (t *tx) Substitutions(ctx context.Context, from document.Date) ([]document.Substitution, error) {
	var list []document.Substitution
	err := t.each(ctx, func(s scan) error {
		var x document.Substitution
		err := s(&x.ID, &x.Absent, &x.Deputy, &x.Role, &x.Office, &x.From, &x.Until, &x.Reason,
			&x.AppointedBy, (*Time)(&x.AppointedAt), &x.EndedBy, (*Time)(&x.EndedAt))
		list = append(list, x)
		return err
	}, `SELECT `+substitutionColumns+` FROM substitution WHERE until_date >= $1 ORDER BY until_date, id`, string(from))
	if err != nil {
		return nil, fmt.Errorf("substitutions: %w", err)
	}
	return list, nil
}
