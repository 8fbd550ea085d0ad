package sqldb

import (
	"context"
	"fmt"

	"docsvc/internal/document"
)

func (t *tx) InsertOutbox(ctx context.Context, i document.OutboxItem) error {
	err := t.insert(ctx, `INSERT INTO outbox (id, data) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
		i.ID, filled(i.Data))
	if err != nil {
		return fmt.Errorf("inserting archive event %s: %w", i.ID, err)
	}
	return nil
}

func (t *tx) Outbox(ctx context.Context, limit int) ([]document.OutboxItem, error) {
	var items []document.OutboxItem
	err := t.each(ctx, func(s scan) error {
		var i document.OutboxItem
		err := s(&i.ID, &i.Data)
		items = append(items, i)
		return err
	}, `SELECT id, data FROM outbox ORDER BY id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("waiting archive events: %w", err)
	}
	return items, nil
}

func (t *tx) DeleteOutbox(ctx context.Context, id string) error {
	if _, err := t.exec(ctx, `DELETE FROM outbox WHERE id = $1`, id); err != nil {
		return fmt.Errorf("deleting archive event %s: %w", id, err)
	}
	return nil
}
