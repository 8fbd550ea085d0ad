package document

import (
	"context"
	"encoding/json"
	"fmt"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/ledger"
)

// ledger restores the log from its archived segments, whose ids sort as their
// positions do, and gives what no segment holds to the sequencer. A log that
// lacks a segment cannot go on: its next checkpoint would contradict a signed
// one.
func (r *rebuild) ledger(ctx context.Context) error {
	before := len(r.damaged)
	err := r.each(ctx, archive.KindCheckpoint, func(e archive.Event) error {
		var g segment
		if err := json.Unmarshal(e.Body, &g); err != nil {
			return err
		}
		for _, entry := range g.Entries {
			if err := r.sequencedEntry(entry); err != nil {
				return err
			}
		}
		return r.Store.Update(ctx, func(tx Tx) error { return r.replay(ctx, tx, g) })
	})
	if err != nil {
		return err
	}
	if len(r.damaged) > before {
		return fmt.Errorf("%w: restore this event from a copy of the archive: %w", ledger.ErrInconsistent, r.damaged[before])
	}
	r.checkAnchors()
	return r.Store.Update(ctx, func(tx Tx) error {
		for _, leaf := range sortedKeys(r.leaves) {
			if r.sequenced[leaf] {
				continue
			}
			e := LedgerEntry{ID: r.NewID(), ActID: r.leaves[leaf], Leaf: []byte(leaf)}
			if err := tx.InsertLedgerEntry(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// sequencedEntry notes that a leaf has its position, and whether the archive
// still has what it is over.
func (r *rebuild) sequencedEntry(e segmentEntry) error {
	leaf, err := ledger.ParseLeaf([]byte(e.Leaf))
	if err != nil {
		return err
	}
	if _, there := r.leaves[e.Leaf]; !there && leaf.Kind != ledger.KindAudit && !r.sequenced[e.Leaf] {
		r.problem("the ledger knows a %s that the archive lacks: %x", leaf.Kind, leaf.Hash)
	}
	r.sequenced[e.Leaf] = true
	return nil
}

// checkAnchors compares the restored audit trail with its heads in the ledger:
// no checkpoint is over the events themselves.
func (r *rebuild) checkAnchors() {
	for _, a := range r.anchors {
		if !r.sequenced[string(auditLeaf(a))] {
			r.problem("the ledger does not confirm the audit trail up to event %d", a.Seq)
			return // it is a chain: nothing after it agrees either
		}
	}
}

// replay appends one segment, which must begin where the log ends. The tree it
// gives must be the one its checkpoint signs.
func (r *rebuild) replay(ctx context.Context, tx Tx, g segment) error {
	head, err := tx.LedgerHead(ctx)
	if err != nil {
		return err
	}
	if fmt.Sprint(head.Size) != g.Start {
		return fmt.Errorf("%w: segment from position %s after %d entries", ledger.ErrInconsistent, g.Start, head.Size)
	}
	signed, err := r.LedgerKeys.Open([]byte(g.Checkpoint))
	if err != nil {
		return err
	}
	grown := head
	if err := r.replayAudit(ctx, tx, &grown, g); err != nil {
		return err
	}
	if err := r.replayLeaves(ctx, tx, &grown, g); err != nil {
		return err
	}
	if grown.tree() != signed {
		return fmt.Errorf("%w: the leaves up to %d do not give the tree of their checkpoint", ledger.ErrInconsistent, grown.Size)
	}
	grown.Published, grown.PublishedAudit, grown.Checkpoint = grown.Size, grown.AuditSeq, []byte(g.Checkpoint)
	if err := tx.SwapLedgerHead(ctx, head, grown); err != nil {
		return err
	}
	r.report.Leaves, r.report.Audit = grown.Size, grown.AuditSeq
	return nil
}

func (r *rebuild) replayAudit(ctx context.Context, tx Tx, head *LedgerHead, g segment) error {
	if len(g.Audit) == 0 {
		return nil
	}
	rows := make([]AuditRow, len(g.Audit))
	for i, data := range g.Audit {
		e, err := audit.Decode(data)
		if err != nil {
			return err
		}
		rows[i] = AuditRow{ID: e.ID, Data: data}
	}
	last, err := tx.LastAuditLink(ctx)
	if err != nil {
		return err
	}
	if err := tx.InsertAudit(ctx, rows...); err != nil {
		return err
	}
	links := linkAudit(last, rows)
	last = links[len(links)-1]
	head.AuditSeq = last.Seq
	r.anchors = append(r.anchors, last)
	return tx.InsertAuditLinks(ctx, links)
}

func (r *rebuild) replayLeaves(ctx context.Context, tx Tx, head *LedgerHead, g segment) error {
	entries := make([]LedgerEntry, len(g.Entries))
	leaves := make([][]byte, len(g.Entries))
	for i, e := range g.Entries {
		leaves[i] = []byte(e.Leaf)
		entries[i] = LedgerEntry{ID: e.ID, ActID: e.ActID, Leaf: leaves[i], Position: head.Size + int64(i)}
		if err := tx.InsertLedgerEntry(ctx, entries[i]); err != nil {
			return err
		}
	}
	old := head.tree()
	tree, hashes, err := ledger.Extend(old, hashReader{ctx, tx}, leaves)
	if err != nil {
		return err
	}
	if err := tx.SetPositions(ctx, entries); err != nil {
		return err
	}
	head.Size, head.Root = tree.Size, tree.Root[:]
	return insertHashes(ctx, tx, ledger.FirstHash(old), hashes)
}
