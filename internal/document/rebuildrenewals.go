package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"docsvc/internal/archive"
)

// renewals restores the further renditions of the records from their events,
// which come in the order of their numbers. The row names the newest that an
// event tells of, be its file damaged or not: whoever looks the act up is told.
func (r *rebuild) renewals(ctx context.Context) error {
	return r.each(ctx, archive.KindRenewal, func(e archive.Event) error {
		var b Renewed
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return err
		}
		a, err := r.Act(ctx, b.Act)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if seen := r.eventSeen(e, a.ID); seen != nil {
			return seen
		}
		if err != nil || a.State != Archived {
			r.problem("act %s has a rendition %d, and the archive lacks its record", b.Act, b.Sequence)
			return nil
		}
		if b.Sequence != a.Rendition+1 {
			r.problem("act %s: rendition %d comes after rendition %d: the event of one is missing", b.Act, b.Sequence, a.Rendition)
			if b.Sequence <= a.Rendition {
				return nil
			}
		}
		if err := r.checkRendition(ctx, b); err != nil {
			return err
		}
		r.report.Renewed++
		return r.restoreRendition(ctx, a, b)
	})
}

func (r *rebuild) restoreRendition(ctx context.Context, a Act, b Renewed) error {
	from, made := a.Rendition, b.Rendition(a.ID)
	a.SHA256, a.Path, a.Rendition, a.RenewBy = made.SHA256, made.Path, made.Sequence, made.RenewBy
	return r.Store.Update(ctx, func(tx Tx) error {
		if err := tx.InsertRendition(ctx, made); err != nil {
			return err
		}
		return tx.PointTo(ctx, a, from)
	})
}

// checkRendition looks whether the archive has the file that an event tells of.
func (r *rebuild) checkRendition(ctx context.Context, b Renewed) error {
	object, err := r.Archive.Stat(ctx, b.Path)
	switch {
	case errors.Is(err, archive.ErrUnavailable):
		return unavailable(err)
	case err != nil:
		r.problem("act %s: rendition %d: %v", b.Act, b.Sequence, err)
	case object.SHA256 != b.SHA256 || object.Size != b.Size:
		r.problem("act %s: rendition %d is not the file that its event tells of", b.Act, b.Sequence)
	}
	return nil
}

// restoreFirst restores the first rendition of a record.
func (r *rebuild) restoreFirst(ctx context.Context, a Act, size int64) error {
	err := r.Store.Update(ctx, func(tx Tx) error { return tx.InsertRendition(ctx, firstRendition(a, size)) })
	if err != nil {
		return fmt.Errorf("first rendition of act %s: %w", a.Number, err)
	}
	return nil
}
