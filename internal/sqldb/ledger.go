package sqldb

import (
	"context"
	"fmt"

	"docsvc/internal/document"
)

func (t *tx) InsertLedgerEntry(ctx context.Context, e document.LedgerEntry) error {
	err := t.insert(ctx, `INSERT INTO ledger_entry (id, act_id, leaf) VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`, e.ID, e.ActID, filled(e.Leaf))
	if err == nil {
		err = t.insert(ctx, `INSERT INTO ledger_unsequenced (id) VALUES ($1) ON CONFLICT DO NOTHING`, e.ID)
	}
	if err != nil {
		return fmt.Errorf("inserting ledger entry %s: %w", e.ID, err)
	}
	return nil
}

func (t *tx) UnsequencedEntries(ctx context.Context, limit int) ([]document.LedgerEntry, error) {
	entries, err := t.entries(ctx, `SELECT e.id, e.act_id, e.leaf, -1
		FROM ledger_unsequenced u JOIN ledger_entry e ON e.id = u.id ORDER BY u.id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger entries without a position: %w", err)
	}
	return entries, nil
}

func (t *tx) SetPositions(ctx context.Context, entries []document.LedgerEntry) error {
	args := make([]any, 0, 2*len(entries))
	ids := make([]string, 0, len(entries))
	for _, e := range entries {
		args = append(args, e.Position, e.ID)
		ids = append(ids, e.ID)
	}
	err := t.bulk(ctx, `INSERT INTO ledger_position (position, id) VALUES `, 2, args)
	if err == nil {
		err = in(ids, func(list string, args []any) error {
			_, err := t.exec(ctx, `DELETE FROM ledger_unsequenced WHERE id IN `+list, args...)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("setting %d ledger positions: %w", len(entries), err)
	}
	return nil
}

func (t *tx) LedgerEntries(ctx context.Context, from, to int64) ([]document.LedgerEntry, error) {
	entries, err := t.entries(ctx, `SELECT e.id, e.act_id, e.leaf, p.position
		FROM ledger_position p JOIN ledger_entry e ON e.id = p.id
		WHERE p.position >= $1 AND p.position < $2 ORDER BY p.position`, from, to)
	if err != nil {
		return nil, fmt.Errorf("ledger entries %d to %d: %w", from, to, err)
	}
	return entries, nil
}

func (t *tx) EntriesOfAct(ctx context.Context, actID string) ([]document.LedgerEntry, error) {
	entries, err := t.entries(ctx, `SELECT e.id, e.act_id, e.leaf, coalesce(p.position, -1)
		FROM ledger_entry e LEFT JOIN ledger_position p ON p.id = e.id
		WHERE e.act_id = $1 AND e.act_id <> '' ORDER BY e.id`, actID)
	if err != nil {
		return nil, fmt.Errorf("ledger entries of act %s: %w", actID, err)
	}
	return entries, nil
}

func (t *tx) entries(ctx context.Context, query string, args ...any) ([]document.LedgerEntry, error) {
	var entries []document.LedgerEntry
	err := t.each(ctx, func(s scan) error {
		var e document.LedgerEntry
		err := s(&e.ID, &e.ActID, &e.Leaf, &e.Position)
		entries = append(entries, e)
		return err
	}, query, args...)
	return entries, err
}

func (t *tx) LedgerHead(ctx context.Context) (document.LedgerHead, error) {
	var h document.LedgerHead
	err := t.one(ctx, []any{
		&h.Size, &h.Root, &h.AuditSeq, &h.Published, &h.PublishedAudit, &h.Checkpoint, &h.Owner, (*Time)(&h.LeaseEnds),
	}, `SELECT size, root, audit_seq, published, published_audit, checkpoint, owner, lease_ends FROM ledger_head`)
	if err != nil {
		return document.LedgerHead{}, fmt.Errorf("ledger head: %w", err)
	}
	return h, nil
}

func (t *tx) SwapLedgerHead(ctx context.Context, old, new document.LedgerHead) error {
	err := t.swap(ctx, `UPDATE ledger_head SET size = $1, root = $2, audit_seq = $3, published = $4,
			published_audit = $5, checkpoint = $6, owner = $7, lease_ends = $8
		WHERE size = $9 AND root IS NOT DISTINCT FROM $10 AND audit_seq = $11 AND published = $12
			AND published_audit = $13 AND checkpoint IS NOT DISTINCT FROM $14
			AND owner = $15 AND lease_ends IS NOT DISTINCT FROM $16`,
		new.Size, nullable(new.Root), new.AuditSeq, new.Published,
		new.PublishedAudit, nullable(new.Checkpoint), new.Owner, Time(new.LeaseEnds),
		old.Size, nullable(old.Root), old.AuditSeq, old.Published,
		old.PublishedAudit, nullable(old.Checkpoint), old.Owner, Time(old.LeaseEnds))
	if err != nil {
		return fmt.Errorf("swapping the ledger head of size %d: %w", old.Size, err)
	}
	return nil
}

func (t *tx) InsertLedgerHashes(ctx context.Context, first int64, hashes [][]byte) error {
	args := make([]any, 0, 2*len(hashes))
	for i, h := range hashes {
		args = append(args, first+int64(i), filled(h))
	}
	if err := t.bulk(ctx, `INSERT INTO ledger_hash (idx, hash) VALUES `, 2, args); err != nil {
		return fmt.Errorf("inserting %d ledger hashes from %d: %w", len(hashes), first, err)
	}
	return nil
}

func (t *tx) LedgerHashes(ctx context.Context, indexes []int64) ([][]byte, error) {
	found := make(map[int64][]byte, len(indexes))
	err := in(indexes, func(list string, args []any) error {
		return t.each(ctx, func(s scan) error {
			var (
				i int64
				h []byte
			)
			err := s(&i, &h)
			found[i] = h
			return err
		}, `SELECT idx, hash FROM ledger_hash WHERE idx IN `+list, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("ledger hashes: %w", err)
	}
	hashes := make([][]byte, len(indexes))
	for i, index := range indexes {
		h, ok := found[index]
		if !ok {
			return nil, fmt.Errorf("ledger hash %d: %w", index, document.ErrNotFound)
		}
		hashes[i] = h
	}
	return hashes, nil
}
