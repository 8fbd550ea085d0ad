package document

import (
	"context"
	"encoding/json"
	"errors"

	"docsvc/internal/archive"
)

// substitutions restores who acted in whose place. An event with an end is
// about one that was restored before: ids sort by time.
func (r *rebuild) substitutions(ctx context.Context) error {
	return r.each(ctx, archive.KindSubstitution, func(e archive.Event) error {
		var x Substitution
		if err := json.Unmarshal(e.Body, &x); err != nil {
			return err
		}
		if err := r.eventSeen(e, ""); err != nil {
			return err
		}
		return r.Store.Update(ctx, func(tx Tx) error {
			if x.EndedAt.IsZero() {
				return tx.InsertSubstitution(ctx, x)
			}
			err := tx.EndSubstitution(ctx, x)
			if errors.Is(err, ErrStale) { // the event of its beginning is lost
				err = tx.InsertSubstitution(ctx, x)
			}
			return err
		})
	})
}

// deliveries restores how acts were served. The files that prove it stay in
// their events.
func (r *rebuild) deliveries(ctx context.Context) error {
	return r.each(ctx, archive.KindDelivery, func(e archive.Event) error {
		var d Delivery
		if err := json.Unmarshal(e.Body, &d); err != nil {
			return err
		}
		a, err := r.Act(ctx, d.Act)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if seen := r.eventSeen(e, a.ID); seen != nil {
			return seen
		}
		if err != nil {
			r.problem("act %s was served, and the archive lacks it", d.Act)
			return nil
		}
		r.report.Delivered++
		return r.Store.Update(ctx, func(tx Tx) error { return tx.InsertDelivery(ctx, d) })
	})
}
