package document

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/ledger"
)

// How much one run of the sequencer takes; both fit into one archive event.
const (
	leafBatch  = 500
	auditBatch = 1000
)

// segment is the body of the archive event of a checkpoint: everything that
// was sequenced since the one before it. From these events a rebuild restores
// the log leaf by leaf and the audit trail event by event.
type segment struct {
	Start      string            `json:"start"` // position of the first entry
	Entries    []segmentEntry    `json:"entries"`
	AuditStart string            `json:"audit_start"` // sequence of the first audit event
	Audit      []json.RawMessage `json:"audit"`
	Checkpoint string            `json:"checkpoint"` // signed note
}

type segmentEntry struct {
	ID    string `json:"id"`
	ActID string `json:"act_id,omitempty"`
	Leaf  string `json:"leaf"`
}

// Sequence gives a place to everything that waits for one: audit events in
// their chain, then leaves, among them the chain's head, in the log. It signs a
// checkpoint over each batch and archives it with the batch before the next
// begins. One process does this at a time; the others return at once. What
// waits in the outbox goes first, so that the archive has what a leaf is over.
func (s *Service) Sequence(ctx context.Context) error {
	return errors.Join(s.Flush(ctx), s.sequence(ctx))
}

func (s *Service) sequence(ctx context.Context) error {
	for {
		more, err := s.sequenceBatch(ctx)
		if errors.Is(err, ErrStale) {
			return nil // another process is at it
		}
		if err != nil {
			return fmt.Errorf("sequence the ledger: %w", err)
		}
		if err := s.checkpoint(ctx); err != nil {
			return fmt.Errorf("checkpoint of the ledger: %w", err)
		}
		if !more {
			return nil
		}
	}
}

// sequenceBatch assigns positions to the next batch, unless an earlier one has
// no archived checkpoint yet. It reports whether there may be more.
func (s *Service) sequenceBatch(ctx context.Context) (more bool, err error) {
	waiting := false
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		waiting, err = ledgerWaits(ctx, tx)
		return err
	})
	if err != nil || !waiting {
		return false, err // an idle service writes nothing
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		head, err := tx.LedgerHead(ctx)
		if err != nil {
			return err
		}
		// Again, lest a lease be taken for nothing: another process may have
		// done it meanwhile.
		if waiting, err := ledgerWaits(ctx, tx); err != nil || !waiting {
			return err
		}
		now := s.Now()
		if head.Owner != "" && head.Owner != s.Owner && now.Before(head.LeaseEnds) {
			return ErrStale
		}
		grown := head
		grown.Owner, grown.LeaseEnds = s.Owner, now.Add(s.Rules.Lease)
		if head.Published == head.Size {
			if more, err = s.extend(ctx, tx, &grown); err != nil {
				return err
			}
		} else {
			more = true
		}
		return tx.SwapLedgerHead(ctx, head, grown)
	})
	return more, err
}

// ledgerWaits says whether there is anything to sequence or to archive.
func ledgerWaits(ctx context.Context, tx Tx) (bool, error) {
	head, err := tx.LedgerHead(ctx)
	if err != nil {
		return false, err
	}
	entries, err := tx.UnsequencedEntries(ctx, 1)
	if err != nil {
		return false, err
	}
	rows, err := tx.UnchainedAudit(ctx, 1)
	return head.Published < head.Size || len(entries)+len(rows) > 0, err
}

// extend chains the waiting audit events and appends the waiting leaves.
func (s *Service) extend(ctx context.Context, tx Tx, head *LedgerHead) (more bool, err error) {
	rows, err := tx.UnchainedAudit(ctx, auditBatch)
	if err != nil {
		return false, err
	}
	if len(rows) > 0 {
		if err := s.chainAudit(ctx, tx, head, rows); err != nil {
			return false, err
		}
	}
	entries, err := tx.UnsequencedEntries(ctx, leafBatch)
	if err != nil {
		return false, err
	}
	leaves := make([][]byte, len(entries))
	for i := range entries {
		entries[i].Position = head.Size + int64(i)
		leaves[i] = entries[i].Leaf
	}
	old := head.tree()
	tree, hashes, err := ledger.Extend(old, hashReader{ctx, tx}, leaves)
	if err != nil {
		return false, err
	}
	if err := tx.SetPositions(ctx, entries); err != nil {
		return false, err
	}
	if err := insertHashes(ctx, tx, ledger.FirstHash(old), hashes); err != nil {
		return false, err
	}
	head.Size, head.Root = tree.Size, tree.Root[:]
	return len(entries) == leafBatch || len(rows) == auditBatch, nil
}

// chainAudit links the events and adds the chain's new head as a leaf.
func (s *Service) chainAudit(ctx context.Context, tx Tx, head *LedgerHead, rows []AuditRow) error {
	last, err := tx.LastAuditLink(ctx)
	if err != nil {
		return err
	}
	links := linkAudit(last, rows)
	if err := tx.InsertAuditLinks(ctx, links); err != nil {
		return err
	}
	last = links[len(links)-1]
	head.AuditSeq = last.Seq
	return tx.InsertLedgerEntry(ctx, LedgerEntry{ID: s.NewID(), Leaf: auditLeaf(last)})
}

// linkAudit continues the chain after last.
func linkAudit(last AuditLink, rows []AuditRow) []AuditLink {
	links := make([]AuditLink, len(rows))
	prev := audit.Hash{}
	copy(prev[:], last.Hash)
	for i, r := range rows {
		prev = audit.ChainHash(prev, r.Data)
		hash := prev
		links[i] = AuditLink{Seq: last.Seq + int64(i) + 1, ID: r.ID, Hash: hash[:]}
	}
	return links
}

// hashReader reads the log's stored hashes within a transaction.
type hashReader struct {
	ctx context.Context
	tx  Tx
}

// ReadHashes implements tlog.HashReader.
func (r hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	rows, err := r.tx.LedgerHashes(r.ctx, indexes)
	if err != nil {
		return nil, err
	}
	return TreeHashes(indexes, rows)
}

// TreeHashes makes hashes of the rows that LedgerTx.LedgerHashes gives for
// indexes. A row of another length is ledger.ErrInconsistent.
func TreeHashes(indexes []int64, rows [][]byte) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(rows))
	for i, row := range rows {
		if len(row) != tlog.HashSize {
			return nil, fmt.Errorf("%w: stored hash %d has %d bytes", ledger.ErrInconsistent, indexes[i], len(row))
		}
		hashes[i] = tlog.Hash(row)
	}
	return hashes, nil
}

// Hashes reads the log's stored hashes, each call in a transaction of its own:
// they never change.
func (s *Service) Hashes(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) (hashes []tlog.Hash, err error) {
		err = s.Store.View(ctx, func(tx Tx) error {
			hashes, err = hashReader{ctx, tx}.ReadHashes(indexes)
			return err
		})
		return hashes, err
	})
}

func insertHashes(ctx context.Context, tx Tx, first int64, hashes []tlog.Hash) error {
	rows := make([][]byte, len(hashes))
	for i := range hashes {
		rows[i] = hashes[i][:]
	}
	return tx.InsertLedgerHashes(ctx, first, rows)
}

// recordLeaf is the leaf of an archived record.
func recordLeaf(manifest archive.Digest) []byte {
	return ledger.Leaf{Kind: ledger.KindRecord, Hash: manifest}.Encode()
}

// auditLeaf is the leaf of the audit chain up to a link.
func auditLeaf(l AuditLink) []byte {
	return ledger.Leaf{Kind: ledger.KindAudit, Hash: [32]byte(l.Hash)}.Encode()
}

// eventLeaf is the leaf of an archive event.
func eventLeaf(item OutboxItem) []byte {
	return ledger.Leaf{Kind: ledger.KindEvent, Hash: sha256.Sum256(item.Data)}.Encode()
}
