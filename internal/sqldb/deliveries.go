package sqldb

import (
	"context"
	"fmt"

	"docsvc/internal/document"
)

const deliveryColumns = `id, act_id, party, recipient, way, on_date, proof, file_name, file_type, file_size, file_sha256,
	corrects, recorded_by, recorded_at`

func (t *tx) InsertDelivery(ctx context.Context, d document.Delivery) error {
	var f document.ProofFile
	if d.File != nil {
		f = *d.File
	}
	err := t.insert(ctx, `INSERT INTO delivery (`+deliveryColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`,
		d.ID, d.ActID, d.Party, d.Recipient, d.Way, string(d.On), d.Proof, f.Name, f.Type, f.Size, nullable(f.SHA256),
		d.Corrects, d.RecordedBy, Time(d.RecordedAt))
	if err != nil {
		return fmt.Errorf("inserting delivery of act %s: %w", d.Act, err)
	}
	return nil
}

func (t *tx) Deliveries(ctx context.Context, actID string) ([]document.Delivery, error) {
	var list []document.Delivery
	err := t.each(ctx, func(s scan) error {
		var (
			d document.Delivery
			f document.ProofFile
		)
		err := s(&d.ID, &d.ActID, &d.Party, &d.Recipient, &d.Way, &d.On, &d.Proof, &f.Name, &f.Type, &f.Size, &f.SHA256,
			&d.Corrects, &d.RecordedBy, (*Time)(&d.RecordedAt))
		if f.Size > 0 {
			d.File = &f
		}
		list = append(list, d)
		return err
	}, `SELECT `+deliveryColumns+` FROM delivery WHERE act_id = $1 ORDER BY id`, actID)
	if err != nil {
		return nil, fmt.Errorf("deliveries of act %s: %w", actID, err)
	}
	return list, nil
}
