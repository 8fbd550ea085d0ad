package document

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/ledger"
)

// TrailQuery chooses among the events of the audit trail. What is empty does not
// matter.
type TrailQuery struct {
	Actor, Subject string
	Kind           audit.Kind
	From, To       time.Time // From ≤ time < To
	// Before continues a list behind its last entry.
	Before TrailCursor
	Limit  int
	// Offices limit the list unless Everywhere is set; see [Service.AuditTrail].
	Offices    []string
	Everywhere bool
}

// TrailCursor is the place of an entry in the list.
type TrailCursor struct {
	At  time.Time
	Seq int64
}

// TrailEntry is an event of the trail with its place in the chain.
type TrailEntry struct {
	Seq    int64
	At     time.Time
	Office string
	Data   []byte // as recorded
	Event  audit.Event
	// Damaged says that Data is not what was recorded; Event is empty then.
	Damaged bool
}

// Cursor is the entry's place in the list.
func (e TrailEntry) Cursor() TrailCursor { return TrailCursor{e.At, e.Seq} }

// maxTrailPage is the longest page of the trail.
const maxTrailPage = 1000

// AuditTrail lists events that are chained, the newest first: those of the offices
// for which the actor may read the trail, and with a right for all offices
// those that belong to none, too.
func (s *Service) AuditTrail(ctx context.Context, actor Actor, q TrailQuery) ([]TrailEntry, error) {
	if err := actor.mayAnywhere(ActAudit); err != nil {
		return nil, err
	}
	q.Offices, q.Everywhere = actor.officesFor(ActAudit)
	if q.Limit <= 0 || q.Limit > maxTrailPage {
		q.Limit = maxTrailPage
	}
	var list []TrailEntry
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		list, err = tx.Trail(ctx, q)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("audit trail: %w", err)
	}
	for i := range list {
		e, err := audit.Decode(list[i].Data)
		list[i].Event, list[i].Damaged = e, err != nil
	}
	return list, nil
}

// TrailExported puts into the trail that somebody took a part of it away.
func (s *Service) TrailExported(ctx context.Context, actor Actor, n int) error {
	if err := actor.mayAnywhere(ActAudit); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(tx Tx) error {
		return s.record(ctx, tx, actor, audit.TrailRead, "audit", map[string]string{"of": fmt.Sprint(n)})
	})
}

// TrailCheck is what a check of a part of the chain found.
type TrailCheck struct {
	From, To int64 // links that were checked; To < From: none
	Length   int64 // of the whole chain
	Broken   int64 // the first link that does not fit; 0: none
	Reason   string
	// Anchored is the last checked link that the signed log vouches for; 0: none.
	Anchored int64
}

// trailChunk is how many links one check reads.
const trailChunk = 100_000

// VerifyTrail checks the chain from a link on, at most so many links as are
// done in some seconds, and what the log holds of it.
func (s *Service) VerifyTrail(ctx context.Context, actor Actor, from int64) (TrailCheck, error) {
	if err := actor.mayAnywhere(ActAudit); err != nil {
		return TrailCheck{}, err
	}
	c := TrailCheck{From: max(1, from), To: max(1, from) - 1}
	head, last, err := s.trailHead(ctx, c.To)
	if err != nil {
		return c, err
	}
	c.Length = last.Seq
	links := map[audit.Hash]int64{}
	for c.To < min(c.Length, c.From-1+trailChunk) {
		var rows []AuditRow
		var chained []AuditLink
		err := s.Store.View(ctx, func(tx Tx) (err error) {
			rows, chained, err = tx.AuditChain(ctx, head.Seq+1, maxTrailPage)
			return err
		})
		if err != nil {
			return c, fmt.Errorf("check audit trail: %w", err)
		}
		if len(rows) == 0 {
			c.Broken, c.Reason = head.Seq+1, "it is missing"
			return c, nil
		}
		head, err = audit.VerifyChain(head, func(yield func(audit.Row, error) bool) {
			for i, l := range chained {
				row := audit.Row{Seq: l.Seq, Data: rows[i].Data}
				copy(row.Hash[:], l.Hash)
				links[row.Hash] = l.Seq
				if !yield(row, nil) {
					return
				}
			}
		})
		c.To = head.Seq
		if broken, ok := errors.AsType[*audit.BrokenError](err); ok {
			c.Broken, c.Reason = broken.Seq, broken.Reason
			return c, nil
		}
		if err != nil {
			return c, err
		}
	}
	c.Anchored, err = s.anchor(ctx, links, c.To)
	return c, err
}

// trailHead is the chain up to a link, and its last one.
func (s *Service) trailHead(ctx context.Context, seq int64) (head audit.Head, last AuditLink, err error) {
	head.Seq = seq
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		if last, err = tx.LastAuditLink(ctx); err != nil || seq == 0 {
			return err
		}
		_, links, err := tx.AuditChain(ctx, seq, 1)
		if err == nil && len(links) == 1 && links[0].Seq == seq {
			copy(head.Hash[:], links[0].Hash)
			return nil
		}
		return errors.Join(err, newError(Invalid, "error.trail.from", nil, "seq", fmt.Sprint(seq)))
	})
	return head, last, err
}

// anchorEntries is how many leaves are looked at for a link: each batch of the
// chain ends with one, and lies before the leaves of as many acts at most.
const anchorEntries = 2 * leafBatch

// anchor finds the last of some links whose leaf the newest signed checkpoint
// holds, proved as the public page proves an act.
func (s *Service) anchor(ctx context.Context, links map[audit.Hash]int64, upTo int64) (int64, error) {
	head, err := s.ledgerHead(ctx)
	if err != nil || head.Published == 0 {
		return 0, err
	}
	tree, err := s.publishedTree(head)
	if err != nil {
		return 0, err
	}
	var found LedgerEntry
	seq := int64(0)
	for end := tree.Size; end > 0 && seq == 0; end -= anchorEntries {
		var entries []LedgerEntry
		err := s.Store.View(ctx, func(tx Tx) (err error) {
			entries, err = tx.LedgerEntries(ctx, max(0, end-anchorEntries), end)
			return err
		})
		if err != nil {
			return 0, err
		}
		for _, e := range slices.Backward(entries) {
			if n, ok := anchored(e, links); ok && n <= upTo {
				found, seq = e, n
				break
			}
		}
	}
	if seq == 0 {
		return 0, nil
	}
	if _, err := ledger.Prove(tree, head.Checkpoint, found.Position, found.Leaf, s.Hashes(ctx)); err != nil {
		return 0, fmt.Errorf("anchor of the audit trail at %d: %w", seq, err)
	}
	return seq, nil
}

// anchored is the link that a leaf of the log vouches for.
func anchored(e LedgerEntry, links map[audit.Hash]int64) (seq int64, ok bool) {
	leaf, err := ledger.ParseLeaf(e.Leaf)
	if err != nil || leaf.Kind != ledger.KindAudit {
		return 0, false
	}
	seq, ok = links[leaf.Hash]
	return seq, ok
}
