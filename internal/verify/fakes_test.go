package verify_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"slices"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/ledger"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/verify"
	"docsvc/internal/verify/verifytest"
)

// edited is a register that somebody has tampered with.
type edited struct {
	document.Store
	act                      func(*document.Act)
	noLeaf, badHash, badNote bool
	noEvents                 bool   // leaves of events are hidden
	twoLeaves                bool   // another manifest's leaf waits for its position
	leaf                     []byte // the only one that is left, waiting for its position
}

func (e *edited) View(ctx context.Context, fn func(document.Tx) error) error {
	return e.Store.View(ctx, func(tx document.Tx) error { return fn(editedTx{tx, e}) })
}

type editedTx struct {
	document.Tx
	e *edited
}

func (t editedTx) ActByCode(ctx context.Context, code string) (document.Act, error) {
	return t.change(t.Tx.ActByCode(ctx, code))
}

func (t editedTx) ActByNumber(ctx context.Context, number string) (document.Act, error) {
	return t.change(t.Tx.ActByNumber(ctx, number))
}

func (t editedTx) change(a document.Act, err error) (document.Act, error) {
	if err == nil && t.e.act != nil {
		t.e.act(&a)
	}
	return a, err
}

func (t editedTx) EntriesOfAct(ctx context.Context, id string) ([]document.LedgerEntry, error) {
	entries, err := t.Tx.EntriesOfAct(ctx, id)
	if t.e.noLeaf {
		entries = nil
	}
	if t.e.leaf != nil {
		entries = []document.LedgerEntry{{ID: "z", ActID: id, Leaf: t.e.leaf, Position: -1}}
	}
	if t.e.twoLeaves {
		leaf := ledger.Leaf{Kind: ledger.KindRecord, Hash: [32]byte{1}}
		entries = append(entries, document.LedgerEntry{ID: "z", ActID: id, Leaf: leaf.Encode(), Position: -1})
	}
	if t.e.noEvents {
		entries = slices.DeleteFunc(entries, func(e document.LedgerEntry) bool { return bytes.Contains(e.Leaf, []byte(" event ")) })
	}
	return entries, err
}

func (t editedTx) LedgerHashes(ctx context.Context, indexes []int64) ([][]byte, error) {
	rows, err := t.Tx.LedgerHashes(ctx, indexes)
	for i := range rows {
		if t.e.badHash {
			rows[i] = flip(rows[i])
		}
	}
	return rows, err
}

func (t editedTx) LedgerHead(ctx context.Context) (document.LedgerHead, error) {
	head, err := t.Tx.LedgerHead(ctx)
	if t.e.badNote {
		head.Checkpoint = bytes.Replace(head.Checkpoint, []byte("\n"), []byte("\n1"), 1)
	}
	return head, err
}

func replaceRow(change func(*document.Act)) func(*verifytest.World, *verify.Verifier, document.Act) {
	return func(w *verifytest.World, v *verify.Verifier, _ document.Act) {
		v.Store = &edited{Store: w.Register, act: change}
	}
}

func otherRoots(tb testing.TB) *x509.CertPool { return signingtest.New(tb, nil).Roots() }
