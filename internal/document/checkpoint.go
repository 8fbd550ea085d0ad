package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"docsvc/internal/archive"
	"docsvc/internal/ledger"
)

// checkpoint signs the tree as it stands and archives it with what was added
// since the last archived checkpoint, whose tree it must contain. Only the
// process that holds the sequencer's lease does.
func (s *Service) checkpoint(ctx context.Context) error {
	var head LedgerHead
	var entries []LedgerEntry
	var rows []AuditRow
	done := func() bool { return head.Published == head.Size || head.Owner != s.Owner }
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		if head, err = tx.LedgerHead(ctx); err != nil || done() {
			return err
		}
		if entries, err = tx.LedgerEntries(ctx, head.Published, head.Size); err != nil {
			return err
		}
		rows, _, err = tx.AuditChain(ctx, head.PublishedAudit+1, int(head.AuditSeq-head.PublishedAudit))
		return err
	})
	if err != nil || done() {
		return err
	}
	note, err := s.checkArchived(ctx, head)
	if err != nil {
		return err
	}
	if note == nil {
		if note, err = s.signAndArchive(ctx, head, entries, rows); err != nil {
			return err
		}
	}
	published := head
	published.Published, published.PublishedAudit = head.Size, head.AuditSeq
	published.Checkpoint, published.Owner = note, ""
	err = s.Store.Update(ctx, func(tx Tx) error { return tx.SwapLedgerHead(ctx, head, published) })
	if errors.Is(err, ErrStale) {
		return nil // another process published it
	}
	return err
}

// signAndArchive signs the tree of head and puts the segment that led to it
// into the archive. The event is named by the segment's first position, so
// that two histories cannot both go on from there.
func (s *Service) signAndArchive(ctx context.Context, head LedgerHead, entries []LedgerEntry, rows []AuditRow) ([]byte, error) {
	last, err := s.publishedTree(head)
	if err != nil {
		return nil, err
	}
	note, err := s.Checkpoints.Sign(last, head.tree(), s.Hashes(ctx))
	if err != nil {
		return nil, err
	}
	item, err := s.eventAs(segmentID(head.Published), archive.KindCheckpoint, "ledger", newSegment(head, entries, rows, note))
	if err != nil {
		return nil, err
	}
	return note, s.publish(ctx, item)
}

// segmentID names the event of the segment that begins at a position; ids sort
// as positions do.
func segmentID(start int64) string { return fmt.Sprintf("%016d", start) }

// checkArchived looks for a checkpoint that was archived after the last one
// that the register knows. There is none as a rule: nil. One of the very tree
// that the register has is a publication whose answer was lost. Any other says
// that the register is older than the archive, as after restoring a backup:
// nothing may be signed, the register has to be rebuilt.
func (s *Service) checkArchived(ctx context.Context, head LedgerHead) ([]byte, error) {
	e, err := archive.ReadEvent(ctx, s.Archive, archive.KindCheckpoint, segmentID(head.Published))
	if errors.Is(err, archive.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable(err)
	}
	var g segment
	if err := json.Unmarshal(e.Body, &g); err != nil {
		return nil, err
	}
	tree, err := s.LedgerKeys.Open([]byte(g.Checkpoint))
	if err != nil {
		return nil, err
	}
	if tree != head.tree() {
		return nil, newError(Conflict, "error.ledger.older", ledger.ErrInconsistent,
			"register", fmt.Sprint(head.Published), "archive", fmt.Sprint(tree.Size))
	}
	return []byte(g.Checkpoint), nil
}

// CheckRegister refuses a register that is older than the archive.
func (s *Service) CheckRegister(ctx context.Context) error {
	head, err := s.ledgerHead(ctx)
	for err == nil {
		_, err = s.checkArchived(ctx, head)
		switch KindOf(err) {
		case Unavailable:
			return nil // nothing is signed without the archive
		case Conflict: // or another process has archived it since the head was read
			now, readErr := s.ledgerHead(ctx)
			if readErr != nil || now.Size == head.Size {
				return errors.Join(err, readErr)
			}
			head, err = now, nil
		default:
			return err
		}
	}
	return err
}

func (s *Service) ledgerHead(ctx context.Context) (head LedgerHead, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		head, err = tx.LedgerHead(ctx)
		return err
	})
	return head, err
}

// tree is the state of the log that the head describes.
func (h LedgerHead) tree() ledger.Tree {
	if h.Size == 0 {
		return ledger.Empty()
	}
	return ledger.Tree{Size: h.Size, Root: tlog.Hash(h.Root)}
}

// publishedTree is the state of the log at the last archived checkpoint.
func (s *Service) publishedTree(head LedgerHead) (ledger.Tree, error) {
	if head.Published == 0 {
		return ledger.Empty(), nil
	}
	return s.LedgerKeys.Open(head.Checkpoint)
}

// newSegment is the body of a checkpoint's event.
func newSegment(head LedgerHead, entries []LedgerEntry, rows []AuditRow, note []byte) segment {
	g := segment{
		Start: fmt.Sprint(head.Published), Entries: make([]segmentEntry, len(entries)),
		AuditStart: fmt.Sprint(head.PublishedAudit + 1), Audit: make([]json.RawMessage, len(rows)),
		Checkpoint: string(note),
	}
	for i, e := range entries {
		g.Entries[i] = segmentEntry{ID: e.ID, ActID: e.ActID, Leaf: string(e.Leaf)}
	}
	for i, r := range rows {
		g.Audit[i] = r.Data
	}
	return g
}
