package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
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

// settle returns the row once its state and standing agree with the archived
// events. A change made while it looks is not an alarm: the row is read again.
func (v *Verifier) settle(ctx context.Context, a document.Act) (document.Act, error) {
	fault := v.checkChange(ctx, a)
	if fault == nil {
		return a, nil
	}
	now, err := v.act(ctx, func(tx document.Tx) (document.Act, error) { return tx.ActByNumber(ctx, a.Number) })
	if err != nil || now.State == a.State && now.Standing == a.Standing {
		return a, fault
	}
	return now, v.checkChange(ctx, now)
}

// checkChange compares state and standing of a row with the archived events.
func (v *Verifier) checkChange(ctx context.Context, a document.Act) error {
	kind := archive.KindStatus
	if a.State == document.Voided {
		kind = archive.KindVoid
	}
	leaves, event, err := v.changeOf(ctx, a, kind)
	if err != nil {
		return err
	}
	if event == nil {
		if a.State == document.Voided || a.Standing != document.InForce {
			return &alarm{FaultRegister, errors.New("the archive knows nothing of the change that the row tells of")}
		}
		if len(leaves) > 0 {
			return &alarm{FaultMissing, errors.New("the ledger knows a change of the act that the archive lacks")}
		}
		return nil
	}
	encoded, err := archive.EncodeEvent(*event)
	if err != nil {
		return fmt.Errorf("event %s: %w", event.ID, err)
	}
	leaf := ledger.Leaf{Kind: ledger.KindEvent, Hash: sha256.Sum256(encoded)}.Encode()
	if len(leaves) != 1 || !bytes.Equal(leaves[0], leaf) {
		return &alarm{FaultLedger, errors.New("the archived change of the act is not the one in the ledger")}
	}
	if err := sameChange(a, *event); err != nil {
		return &alarm{FaultRegister, err}
	}
	return nil
}

// changeOf returns the act's leaves in the ledger that are of events, and the
// event of the given kind from the archive or, while it waits to be delivered,
// from the outbox; nil if there is none.
func (v *Verifier) changeOf(ctx context.Context, a document.Act, kind archive.Kind) ([][]byte, *archive.Event, error) {
	var leaves [][]byte
	var waiting *archive.Event
	err := v.Store.View(ctx, func(tx document.Tx) error {
		leaves, waiting = nil, nil
		entries, err := tx.EntriesOfAct(ctx, a.ID)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if l, err := ledger.ParseLeaf(e.Leaf); err != nil || l.Kind != ledger.KindRecord {
				leaves = append(leaves, e.Leaf)
			}
		}
		if len(leaves) == 0 {
			return nil
		}
		items, err := tx.Outbox(ctx, maxOutbox)
		for _, i := range items {
			if e, err := archive.DecodeEvent(i.Data); err == nil && e.ID == a.ID && e.Kind == kind {
				waiting = &e
			}
		}
		return err
	})
	if err != nil {
		return nil, nil, unavailable("error.register.unavailable", err)
	}
	event, err := archive.ReadEvent(ctx, v.Archive, kind, a.ID)
	switch {
	case err == nil:
		return leaves, &event, nil
	case errors.Is(err, archive.ErrNotFound):
		return leaves, waiting, nil
	}
	return nil, nil, archiveError(err)
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
