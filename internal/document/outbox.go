package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gowebpki/jcs"

	"docsvc/internal/archive"
)

// canonicalJSON returns v in the form of RFC 8785, the form in which docsvc
// stores and hashes JSON.
func canonicalJSON(v any) (json.RawMessage, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	data, err := jcs.Transform(plain)
	if err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return data, nil
}

// event builds an archive event about subject.
func (s *Service) event(kind archive.Kind, subject string, body any) (OutboxItem, error) {
	return s.eventAs(s.NewID(), kind, subject, body)
}

// eventAs is event with a chosen id. Voids and changes of standing, of which an
// act has at most one, are named by the act's id: the archive then refuses a
// second one, and a look-up finds the one there is without the register's help.
func (s *Service) eventAs(id string, kind archive.Kind, subject string, body any) (OutboxItem, error) {
	raw, err := canonicalJSON(body)
	if err != nil {
		return OutboxItem{}, fmt.Errorf("event %s of %s: %w", kind, subject, err)
	}
	data, err := archive.EncodeEvent(archive.Event{Kind: kind, ID: id, At: s.Now(), Subject: subject, Body: raw})
	if err != nil {
		return OutboxItem{}, fmt.Errorf("event %s of %s: %w", kind, subject, err)
	}
	return OutboxItem{ID: id, Data: data}, nil
}

// publish puts an event into the archive. Doing it again is harmless.
func (s *Service) publish(ctx context.Context, item OutboxItem) error {
	e, err := archive.DecodeEvent(item.Data)
	if err != nil {
		return fmt.Errorf("event %s: %w", item.ID, err)
	}
	_, err = archive.WriteEvent(ctx, s.Archive, e, e.At.AddDate(s.Rules.Retention[""], 0, 0))
	return unavailable(err)
}

// deliver publishes an event that is in the outbox and takes it out. If the
// archive cannot be reached the worker goes on with it later.
func (s *Service) deliver(ctx context.Context, item OutboxItem) error {
	if err := s.publish(ctx, item); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx Tx) error { return tx.DeleteOutbox(ctx, item.ID) })
}

// outboxBatch is how many events Flush takes at once.
const outboxBatch = 100

// Flush delivers what waits in the outbox, oldest first. It stops when the
// archive cannot be reached; one event that the archive refuses does not keep
// the others back.
func (s *Service) Flush(ctx context.Context) error {
	for {
		var items []OutboxItem
		err := s.Store.View(ctx, func(tx Tx) (err error) {
			items, err = tx.Outbox(ctx, outboxBatch)
			return err
		})
		if err != nil {
			return err
		}
		var refused []error
		for _, item := range items {
			err := s.deliver(ctx, item)
			if KindOf(err) == Unavailable || ctx.Err() != nil {
				return err
			}
			if err != nil {
				refused = append(refused, err)
			}
		}
		if len(items) < outboxBatch || len(refused) > 0 {
			return errors.Join(refused...)
		}
	}
}
