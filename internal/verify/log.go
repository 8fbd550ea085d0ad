package verify

import (
	"context"
	"errors"
	"fmt"

	"docsvc/internal/document"
	"docsvc/internal/ledger"
)

// ErrNoTile says that the published log has no such tile, or no checkpoint yet.
var ErrNoTile = errors.New("not in the published log")

// Checkpoint returns the newest published checkpoint, a signed note.
func (v *Verifier) Checkpoint(ctx context.Context) ([]byte, error) {
	head, err := v.head(ctx)
	if err != nil {
		return nil, err
	}
	if len(head.Checkpoint) == 0 {
		return nil, ErrNoTile
	}
	return head.Checkpoint, nil
}

// Tile returns the tile, or bundle of entries, at a path of C2SP tlog-tiles
// below the log's prefix. Only what a published checkpoint covers is served, so
// a tile never changes.
func (v *Verifier) Tile(ctx context.Context, path string) ([]byte, error) {
	t, err := ledger.ParseTilePath(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoTile, err)
	}
	head, err := v.head(ctx)
	if err != nil {
		return nil, err
	}
	if !ledger.HasTile(t, head.Published) {
		return nil, ErrNoTile
	}
	if !ledger.IsEntries(t) {
		data, err := ledger.ReadTile(t, head.Published, &hashReader{ctx: ctx, store: v.Store})
		if err != nil {
			return nil, unavailable("error.register.unavailable", err)
		}
		return data, nil
	}
	var leaves [][]byte
	first := ledger.First(t)
	err = v.Store.View(ctx, func(tx document.Tx) error {
		entries, err := tx.LedgerEntries(ctx, first, first+int64(t.W))
		leaves = leaves[:0]
		for _, e := range entries {
			leaves = append(leaves, e.Leaf)
		}
		return err
	})
	if err == nil && len(leaves) != t.W {
		err = fmt.Errorf("%d entries from %d on, want %d", len(leaves), first, t.W)
	}
	if err != nil {
		return nil, unavailable("error.register.unavailable", err)
	}
	return ledger.EncodeEntries(leaves)
}

func (v *Verifier) head(ctx context.Context) (document.LedgerHead, error) {
	var head document.LedgerHead
	err := v.Store.View(ctx, func(tx document.Tx) (err error) {
		head, err = tx.LedgerHead(ctx)
		return err
	})
	if err != nil {
		return head, unavailable("error.register.unavailable", err)
	}
	return head, nil
}
