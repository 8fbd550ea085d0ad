package sqldbtest

import (
	"testing"
	"time"

	"docsvc/internal/document"
)

func rendition(a document.Act, n int) document.Rendition {
	return document.Rendition{
		ActID: a.ID, Sequence: n, SHA256: []byte{byte(n)}, Size: int64(1000 * n), Path: "acts/000" + string(rune('0'+n)),
		Level: "B-LTA", CreatedAt: stored(noon.AddDate(n, 0, 0)), RenewBy: stored(noon.AddDate(5*n, 0, 0)),
	}
}

func testRenditions(t *testing.T, s document.Store) {
	ctx := t.Context()
	a := archived(newCase(1), 1)
	a.Standing, a.ChangedBy, a.Reason, a.ChangedAt = document.InForce, "", "", time.Time{}
	a.Rendition = 1
	unknown := rendition(a, 1)
	unknown.Size, unknown.RenewBy = 0, time.Time{}
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertCase(ctx, newCase(1)); err != nil {
			return err
		}
		if err := tx.InsertAct(ctx, a); err != nil {
			return err
		}
		return tx.InsertRendition(ctx, unknown)
	})
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertRendition(ctx, rendition(a, 1)) })
	refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
		return tx.InsertRendition(ctx, rendition(document.Act{ID: "none"}, 1))
	})
	second := rendition(a, 2)
	next := a
	next.SHA256, next.Path, next.Rendition, next.RenewBy = second.SHA256, second.Path, 2, second.RenewBy
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertRendition(ctx, second); err != nil {
			return err
		}
		return tx.PointTo(ctx, next, 1)
	})
	same(t, "act", actByID(t, s, a.ID), next)
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.PointTo(ctx, next, 1) })
	view(t, s, func(tx document.Tx) error {
		list, err := tx.Renditions(ctx, a.ID)
		same(t, "renditions", list, []document.Rendition{unknown, second})
		return err
	})
	view(t, s, func(tx document.Tx) error {
		list, err := tx.Renditions(ctx, "none")
		same(t, "renditions of no act", list, nil)
		return err
	})
	issued := newAct(newCase(1), 2)
	update(t, s, func(tx document.Tx) error { return tx.InsertAct(ctx, issued) })
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.PointTo(ctx, issued, 0) })
}

// testActsToRenew: the earliest first, those first of which it is not known
// when; acts without a time-stamp, and those on their way, never.
func testActsToRenew(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := make([]document.Act, 6)
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertCase(ctx, newCase(1)); err != nil {
			return err
		}
		for i := range acts {
			a := archived(newCase(1), i+1)
			a.RenewBy = stored(noon.AddDate(10-i, 0, 0))
			switch i {
			case 3:
				a.RenewBy = time.Time{}
			case 4:
				a.Level = "B-B"
			case 5:
				a = newAct(newCase(1), i+1)
			}
			acts[i] = a
			if err := tx.InsertAct(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
	want := func(before time.Time, limit int, want ...document.Act) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.ActsToRenew(ctx, before, document.RenewalCursor{}, limit)
			if err != nil {
				return err
			}
			same(t, "acts to renew", got, want)
			n, err := tx.CountToRenew(ctx, before, limit)
			same(t, "their number", n, len(want))
			return err
		})
	}
	want(noon.AddDate(50, 0, 0), 10, acts[3], acts[2], acts[1], acts[0])
	want(noon.AddDate(50, 0, 0), 2, acts[3], acts[2])
	want(acts[1].RenewalTime(), 10, acts[3], acts[2])
	want(acts[1].RenewalTime().Add(time.Microsecond), 10, acts[3], acts[2], acts[1])
	want(noon, 10, acts[3])
	view(t, s, func(tx document.Tx) error {
		after := document.RenewalCursor{At: acts[2].RenewalTime(), ActID: acts[2].ID}
		got, err := tx.ActsToRenew(ctx, noon.AddDate(50, 0, 0), after, 10)
		same(t, "the rest", got, []document.Act{acts[1], acts[0]})
		return err
	})
}
