package document

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"docsvc/internal/audit"
)

// sameLook is for how long another look of the same person, or another copy for
// them, is the one before: who reloads a page has not looked twice.
const sameLook = 10 * time.Minute

// lookBack is how many of an act's newest events are searched for that look.
const lookBack = 50

// Looked puts into the trail that actor reads an act, unless they wrote it or
// are one of its signers. Without it the act must not be shown.
func (s *Service) Looked(ctx context.Context, actor Actor, a Act) error {
	if a.Officer == actor.Login || slices.ContainsFunc(a.Signers, func(g Signer) bool { return g.Login == actor.Login }) {
		return nil
	}
	var seen audit.Event
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		seen, err = s.lately(ctx, tx, actor, audit.ActRead, a)
		return err
	})
	if err == nil && seen.ID == "" {
		err = s.Store.Update(ctx, func(tx Tx) error {
			return s.record(ctx, tx, actor, audit.ActRead, a.Number, map[string]string{"office": a.Office})
		})
	}
	if err != nil {
		return fmt.Errorf("look at act %s: %w", a.Number, err)
	}
	return nil
}

// Copied numbers a copy of an archived act that actor takes out of docsvc, on
// paper or as a file, and puts it into the trail.
func (s *Service) Copied(ctx context.Context, actor Actor, a Act) (n int64, err error) {
	for range 10 { // another may take the same number at the same time
		err = s.Store.Update(ctx, func(tx Tx) error {
			seen, err := s.lately(ctx, tx, actor, audit.ActCopied, a)
			if err != nil {
				return err
			}
			if seen.ID != "" {
				n, err = strconv.ParseInt(seen.Field("copy"), 10, 64)
				return err
			}
			last, err := tx.LastCopy(ctx, a.Number)
			if err != nil {
				return err
			}
			n = last + 1
			return s.record(ctx, tx, actor, audit.ActCopied, a.Number, map[string]string{
				"copy": strconv.FormatInt(n, 10), "sha256": fmt.Sprintf("%x", a.SHA256),
			})
		})
		if !errors.Is(err, ErrExists) {
			break
		}
	}
	if err != nil {
		return 0, fmt.Errorf("copy of act %s: %w", a.Number, err)
	}
	return n, nil
}

// lately finds an event of a kind that the actor has just caused; the zero one
// if there is none.
func (s *Service) lately(ctx context.Context, tx Tx, actor Actor, kind audit.Kind, a Act) (audit.Event, error) {
	rows, err := tx.AuditOf(ctx, a.Number, lookBack)
	if err != nil {
		return audit.Event{}, err
	}
	for _, r := range rows {
		e, err := audit.Decode(r.Data)
		if err != nil {
			continue // that the trail is damaged is told elsewhere
		}
		// A later file is another copy.
		same := kind != audit.ActCopied || e.Field("sha256") == fmt.Sprintf("%x", a.SHA256)
		if e.Kind == kind && e.Actor == actor.Login && same && s.Now().Sub(e.At) < sameLook {
			return e, nil
		}
	}
	return audit.Event{}, nil
}

// LastCopyOf is the newest copy of an act that actor took out of docsvc; a
// NotFound error if there is none.
func (s *Service) LastCopyOf(ctx context.Context, actor Actor, a Act) (audit.Event, error) {
	if err := actor.May(ActRead, a.Office); err != nil {
		return audit.Event{}, err
	}
	var rows []AuditRow
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		rows, err = tx.AuditOf(ctx, a.Number, maxTrailOf)
		return err
	})
	if err != nil {
		return audit.Event{}, fmt.Errorf("copies of act %s: %w", a.Number, err)
	}
	for _, r := range rows {
		if e, err := audit.Decode(r.Data); err == nil && e.Kind == audit.ActCopied && e.Actor == actor.Login {
			return e, nil
		}
	}
	return audit.Event{}, newError(NotFound, "error.copy.none", nil, "number", a.Number)
}

// maxTrailOf is how many events of an act are shown at once.
const maxTrailOf = 500

// TrailOf lists what the audit trail says of an act, the newest first; more says
// that there are older ones beyond the longest list. Of a damaged event only the id is
// there.
func (s *Service) TrailOf(ctx context.Context, actor Actor, a Act) (events []audit.Event, more bool, err error) {
	if err := actor.May(ActTrail, a.Office); err != nil {
		return nil, false, err
	}
	var rows []AuditRow
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		rows, err = tx.AuditOf(ctx, a.Number, maxTrailOf+1)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("trail of act %s: %w", a.Number, err)
	}
	for _, r := range rows[:min(len(rows), maxTrailOf)] {
		e, err := audit.Decode(r.Data)
		if err != nil {
			e = audit.Event{ID: r.ID}
		}
		events = append(events, e)
	}
	return events, len(rows) > maxTrailOf, nil
}
