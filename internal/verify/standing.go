package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
)

// The row's word on what became of an act after its issue is not believed
// alone: whoever can write rows could bring an annulled act back into force.
// The archive has one event for each change, under the act's own id, and the
// ledger has its leaf.

// maxOutbox is how many undelivered events are looked through for one that the
// archive does not have yet.
const maxOutbox = 1000

// settle returns the row, and the renewals of the act, once they agree with the
// archived events. A change made while it looks is not an alarm: the row is
// read again.
func (v *Verifier) settle(ctx context.Context, a document.Act) (document.Act, []document.Rendition, error) {
	renewals, fault := v.checkChanges(ctx, a)
	if fault == nil {
		return a, renewals, nil
	}
	now, err := v.act(ctx, func(tx document.Tx) (document.Act, error) { return tx.ActByNumber(ctx, a.Number) })
	if err != nil || now.State == a.State && now.Standing == a.Standing && now.Rendition == a.Rendition {
		return a, nil, fault
	}
	renewals, fault = v.checkChanges(ctx, now)
	return now, renewals, fault
}

// checkChanges compares state, standing and renditions of a row with the
// archived events, each of which has its leaf.
func (v *Verifier) checkChanges(ctx context.Context, a document.Act) ([]document.Rendition, error) {
	h, err := v.historyOf(ctx, a)
	if err != nil {
		return nil, err
	}
	renewals, err := v.checkRenewals(ctx, a, h)
	if err != nil {
		return nil, err
	}
	return renewals, v.checkStanding(ctx, a, h)
}

// checkStanding compares state and standing of a row with the archived event.
func (v *Verifier) checkStanding(ctx context.Context, a document.Act, h *history) error {
	kind := archive.KindStatus
	if a.State == document.Voided {
		kind = archive.KindVoid
	}
	event, err := v.event(ctx, h, kind, a.ID)
	if err != nil {
		return err
	}
	if event == nil {
		if a.State == document.Voided || a.Standing != document.InForce {
			return &alarm{FaultRegister, errors.New("the archive knows nothing of the change that the row tells of")}
		}
		return v.unaccounted(ctx, a, h)
	}
	taken, err := h.take(*event)
	if err != nil {
		return err
	}
	if !taken || len(h.leaves) > 0 {
		return &alarm{FaultLedger, errors.New("the archived change of the act is not the one in the ledger")}
	}
	if err := sameChange(a, *event); err != nil {
		return &alarm{FaultRegister, err}
	}
	return nil
}

// unaccounted raises the alarm if the ledger has leaves of the act that nothing
// explains: either the row does not tell of a renewal, or the archive has lost
// an event.
func (v *Verifier) unaccounted(ctx context.Context, a document.Act, h *history) error {
	if len(h.leaves) == 0 {
		return nil
	}
	next, err := v.event(ctx, h, archive.KindRenewal, document.RenewalID(a.ID, a.Rendition+1))
	if err != nil {
		return err
	}
	if next != nil {
		return &alarm{FaultRegister, errors.New("the row does not tell of a renewal that was archived")}
	}
	return &alarm{FaultMissing, errors.New("the ledger knows a change of the act that the archive lacks")}
}

// history is what ledger and outbox know of an act's events.
type history struct {
	leaves  [][]byte // of events that are not accounted for yet
	waiting []archive.Event
}

func (v *Verifier) historyOf(ctx context.Context, a document.Act) (*history, error) {
	var h history
	err := v.Store.View(ctx, func(tx document.Tx) error {
		h = history{}
		entries, err := tx.EntriesOfAct(ctx, a.ID)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if l, err := ledger.ParseLeaf(e.Leaf); err != nil || l.Kind != ledger.KindRecord {
				h.leaves = append(h.leaves, e.Leaf)
			}
		}
		if len(h.leaves) == 0 {
			return nil
		}
		items, err := tx.Outbox(ctx, maxOutbox)
		for _, i := range items {
			if e, err := archive.DecodeEvent(i.Data); err == nil && strings.HasPrefix(e.ID, a.ID) {
				h.waiting = append(h.waiting, e)
			}
		}
		return err
	})
	if err != nil {
		return nil, unavailable("error.register.unavailable", err)
	}
	return &h, nil
}

// take takes the leaf of an event out of the history, and says whether it was
// there.
func (h *history) take(e archive.Event) (bool, error) {
	encoded, err := archive.EncodeEvent(e)
	if err != nil {
		return false, fmt.Errorf("event %s: %w", e.ID, err)
	}
	leaf := ledger.Leaf{Kind: ledger.KindEvent, Hash: sha256.Sum256(encoded)}.Encode()
	i := slices.IndexFunc(h.leaves, func(l []byte) bool { return bytes.Equal(l, leaf) })
	if i < 0 {
		return false, nil
	}
	h.leaves = slices.Delete(h.leaves, i, i+1)
	return true, nil
}

// event returns an event from the archive or, while it waits to be delivered,
// from the outbox; nil if there is none.
func (v *Verifier) event(ctx context.Context, h *history, kind archive.Kind, id string) (*archive.Event, error) {
	event, err := archive.ReadEvent(ctx, v.Archive, kind, id)
	switch {
	case err == nil:
		return &event, nil
	case !errors.Is(err, archive.ErrNotFound):
		return nil, archiveError(err)
	}
	for _, e := range h.waiting {
		if e.Kind == kind && e.ID == id {
			return &e, nil
		}
	}
	return nil, nil
}

// sameChange compares a row with the event of its change.
func sameChange(a document.Act, e archive.Event) error {
	var number, by string
	var at time.Time
	code, standing := a.Code, a.Standing
	if e.Kind == archive.KindVoid {
		var b document.ActVoided
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return fmt.Errorf("event %s: %w", e.ID, err)
		}
		number, code, at, by = b.Act.Number, b.Act.Code, b.At, a.ChangedBy
	} else {
		var b document.StandingChanged
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return fmt.Errorf("event %s: %w", e.ID, err)
		}
		number, at, by, standing = b.Act, b.At, b.By, b.Standing
	}
	if number != a.Number || code != a.Code || standing != a.Standing || by != a.ChangedBy || !at.Equal(a.ChangedAt) {
		return errors.New("the row does not tell of the change that was archived")
	}
	return nil
}
