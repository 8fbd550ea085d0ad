package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"docsvc/internal/document"
	"docsvc/internal/ledger"
)

// prove finds the record's leaf among the act's entries and proves it against
// the newest published checkpoint.
func (v *Verifier) prove(ctx context.Context, a document.Act, leaf []byte) (*Proof, error) {
	var head document.LedgerHead
	var entries []document.LedgerEntry
	err := v.Store.View(ctx, func(tx document.Tx) (err error) {
		if head, err = tx.LedgerHead(ctx); err != nil {
			return err
		}
		entries, err = tx.EntriesOfAct(ctx, a.ID)
		return err
	})
	if err != nil {
		return nil, unavailable("error.register.unavailable", err)
	}
	// A record is written once, so an act has one leaf of this kind: a second
	// would be that of a manifest put in the place of the first.
	var records []document.LedgerEntry
	for _, e := range entries {
		if l, err := ledger.ParseLeaf(e.Leaf); err == nil && l.Kind == ledger.KindRecord {
			records = append(records, e)
		}
	}
	if len(records) != 1 || !bytes.Equal(records[0].Leaf, leaf) {
		return nil, &alarm{FaultLedger, fmt.Errorf("the record's manifest is not the one leaf of %d in the ledger", len(records))}
	}
	return v.proveEntry(ctx, head, records[0])
}

func (v *Verifier) proveEntry(ctx context.Context, head document.LedgerHead, e document.LedgerEntry) (*Proof, error) {
	if e.Position < 0 {
		return &Proof{Pending: true}, nil
	}
	if e.Position >= head.Published {
		return &Proof{Pending: true, Position: &e.Position}, nil
	}
	tree, err := v.Ledger.Open(head.Checkpoint)
	if err != nil {
		return nil, &alarm{FaultLedger, err}
	}
	reader := &hashReader{ctx: ctx, store: v.Store}
	p, err := ledger.Prove(tree, head.Checkpoint, e.Position, e.Leaf, reader)
	if reader.err != nil {
		return nil, unavailable("error.register.unavailable", reader.err)
	}
	if err != nil {
		return nil, &alarm{FaultLedger, err}
	}
	return &Proof{Position: &e.Position, Size: tree.Size, Proof: &p}, nil
}

// hashReader reads the log's stored hashes, which never change. It keeps the
// register's own error apart from what the ledger thinks of the hashes.
type hashReader struct {
	ctx   context.Context //nolint:containedctx // tlog's interface has none; lives for one call
	store document.Store
	err   error
}

// ReadHashes implements tlog.HashReader.
func (r *hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var rows [][]byte
	r.err = r.store.View(r.ctx, func(tx document.Tx) (err error) {
		rows, err = tx.LedgerHashes(r.ctx, indexes)
		return err
	})
	if errors.Is(r.err, document.ErrNotFound) {
		err := r.err
		r.err = nil // a hash that should be there and is not: the log is damaged
		return nil, fmt.Errorf("%w: %w", ledger.ErrInconsistent, err)
	}
	if r.err != nil {
		return nil, r.err
	}
	return document.TreeHashes(indexes, rows)
}
