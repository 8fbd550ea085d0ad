package sqldb

import (
	"context"
	"fmt"
	"time"

	"docsvc/internal/document"
)

const webhookColumns = `id, url, office, events, kid, since, created_at, created_by, disabled`

func (t *tx) InsertWebhook(ctx context.Context, w document.Webhook) error {
	err := t.insert(ctx, `INSERT INTO webhook (`+webhookColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		w.ID, w.URL, w.Office, joined(w.Events), w.KID, w.Since, Time(w.CreatedAt), w.CreatedBy, w.Disabled)
	if err != nil {
		return fmt.Errorf("inserting webhook %s: %w", w.ID, err)
	}
	return nil
}

func (t *tx) Webhooks(ctx context.Context) ([]document.Webhook, error) {
	return t.webhooks(ctx, `SELECT `+webhookColumns+` FROM webhook ORDER BY created_at, id`)
}

func (t *tx) WebhookByID(ctx context.Context, id string) (document.Webhook, error) {
	found, err := t.webhooks(ctx, `SELECT `+webhookColumns+` FROM webhook WHERE id = $1`, id)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("webhook: %w", document.ErrNotFound)
	}
	if err != nil {
		return document.Webhook{}, err
	}
	return found[0], nil
}

func (t *tx) webhooks(ctx context.Context, query string, args ...any) ([]document.Webhook, error) {
	var list []document.Webhook
	err := t.each(ctx, func(s scan) error {
		var (
			w      document.Webhook
			events string
		)
		err := s(&w.ID, &w.URL, &w.Office, &events, &w.KID, &w.Since, (*Time)(&w.CreatedAt), &w.CreatedBy, &w.Disabled)
		w.Events = split[document.EventType](events)
		list = append(list, w)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	return list, nil
}

// DisableWebhook gives up what is on its way, too.
func (t *tx) DisableWebhook(ctx context.Context, id string) error {
	err := t.swap(ctx, `UPDATE webhook SET disabled = $1 WHERE id = $2 AND disabled = $3`, true, id, false)
	if err == nil {
		_, err = t.exec(ctx, `UPDATE webhook_delivery SET state = 'failed', done_at = next_at
			WHERE webhook_id = $1 AND state = 'waiting'`, id)
	}
	if err != nil {
		return fmt.Errorf("disabling webhook %s: %w", id, err)
	}
	return nil
}

const messageColumns = `id, webhook_id, kind, subject, body, created_at, state, attempts, next_at, status, error, done_at`

func (t *tx) InsertMessages(ctx context.Context, list []document.Message) error {
	const width = 12
	args := make([]any, 0, width*len(list))
	for _, d := range list {
		args = append(args, d.ID, d.WebhookID, string(d.Type), d.Subject, filled(d.Body), Time(d.CreatedAt), string(d.State),
			d.Attempts, Time(d.NextAt), d.Status, d.Error, Time(d.DoneAt))
	}
	if err := t.bulk(ctx, `INSERT INTO webhook_delivery (`+messageColumns+`) VALUES `, width, args); err != nil {
		return fmt.Errorf("inserting %d deliveries: %w", len(list), err)
	}
	return nil
}

func scanMessage(list *[]document.Message) func(scan) error {
	return func(s scan) error {
		var d document.Message
		err := s(&d.ID, &d.WebhookID, &d.Type, &d.Subject, &d.Body, (*Time)(&d.CreatedAt), &d.State,
			&d.Attempts, (*Time)(&d.NextAt), &d.Status, &d.Error, (*Time)(&d.DoneAt))
		*list = append(*list, d)
		return err
	}
}

func (t *tx) MessageByID(ctx context.Context, id string) (document.Message, error) {
	var list []document.Message
	err := t.each(ctx, scanMessage(&list), `SELECT `+messageColumns+` FROM webhook_delivery WHERE id = $1`, id)
	if err == nil && len(list) == 0 {
		err = document.ErrNotFound
	}
	if err != nil {
		return document.Message{}, fmt.Errorf("delivery: %w", err)
	}
	return list[0], nil
}

func (t *tx) Messages(ctx context.Context, webhookID, before string, limit int) ([]document.Message, error) {
	if before == "" {
		before = "z" // behind every id, in any collation
	}
	var list []document.Message
	err := t.each(ctx, scanMessage(&list), `SELECT `+messageColumns+` FROM webhook_delivery
		WHERE webhook_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`, webhookID, before, limit)
	if err != nil {
		return nil, fmt.Errorf("deliveries of %s: %w", webhookID, err)
	}
	return list, nil
}

func (t *tx) ClaimMessages(ctx context.Context, now, again time.Time, limit int) ([]document.Message, error) {
	var list []document.Message
	err := t.claim(ctx, scanMessage(&list), `UPDATE webhook_delivery SET next_at = $1, attempts = attempts + 1
		WHERE id IN (SELECT id FROM webhook_delivery WHERE state = 'waiting' AND next_at <= $2 ORDER BY next_at, id LIMIT $3)
			AND state = 'waiting' AND next_at <= $2
		RETURNING `+messageColumns, Time(again), Time(now), limit)
	if err != nil {
		return nil, fmt.Errorf("claiming deliveries: %w", err)
	}
	return list, nil
}

func (t *tx) SettleMessage(ctx context.Context, d document.Message) error {
	err := t.swap(ctx, `UPDATE webhook_delivery SET state = $1, next_at = $2, status = $3, error = $4, done_at = $5
		WHERE id = $6 AND attempts = $7 AND state = 'waiting'`,
		string(d.State), Time(d.NextAt), d.Status, d.Error, Time(d.DoneAt), d.ID, d.Attempts)
	if err != nil {
		return fmt.Errorf("settling delivery %s: %w", d.ID, err)
	}
	return nil
}

func (t *tx) RetryMessage(ctx context.Context, id string, at time.Time) error {
	err := t.swap(ctx, `UPDATE webhook_delivery SET state = 'waiting', attempts = 0, next_at = $1, done_at = NULL
		WHERE id = $2 AND state = 'failed'`, Time(at), id)
	if err != nil {
		return fmt.Errorf("retrying delivery %s: %w", id, err)
	}
	return nil
}

func (t *tx) PurgeMessages(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := t.exec(ctx, `DELETE FROM webhook_delivery WHERE id IN
			(SELECT id FROM webhook_delivery WHERE done_at IS NOT NULL AND done_at < $1 ORDER BY done_at LIMIT $2)
		AND done_at < $1`, Time(before), limit)
	return int(n), err
}
