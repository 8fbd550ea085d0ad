package sqldbtest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"docsvc/internal/document"
)

func testAudit(t *testing.T, s document.Store) {
	const n = 150 // more than one statement takes
	ctx := t.Context()
	rows := make([]document.AuditRow, n)
	links := make([]document.AuditLink, n)
	for i := range rows {
		rows[i] = document.AuditRow{ID: fmt.Sprintf("e-%04d", i), Data: []byte{byte(i), 0xff}}
		links[i] = document.AuditLink{Seq: int64(i + 1), ID: rows[i].ID, Hash: []byte{byte(i), 1}}
	}
	unchained := func(limit int, want []document.AuditRow) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.UnchainedAudit(ctx, limit)
			same(t, "events without a link", got, want)
			return err
		})
	}
	last := func(want document.AuditLink) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.LastAuditLink(ctx)
			same(t, "last link", got, want)
			return err
		})
	}
	unchained(10, nil)
	last(document.AuditLink{})
	update(t, s, func(tx document.Tx) error {
		return errors.Join(tx.InsertAudit(ctx), tx.InsertAudit(ctx, rows[100:]...), tx.InsertAudit(ctx, rows[:100]...))
	})
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertAudit(ctx, rows[3]) })
	unchained(1000, rows)
	unchained(2, rows[:2])

	update(t, s, func(tx document.Tx) error { return tx.InsertAuditLinks(ctx, links[:130]) })
	unchained(1000, rows[130:])
	last(links[129])
	for name, bad := range map[string]document.AuditLink{
		"place":      {Seq: 130, ID: rows[140].ID},
		"event":      {Seq: 131, ID: rows[0].ID},
		"no event":   {Seq: 131, ID: "none"},
		"place zero": {Seq: 0, ID: rows[140].ID},
	} {
		if err := s.Update(ctx, func(tx document.Tx) error {
			return tx.InsertAuditLinks(ctx, []document.AuditLink{bad})
		}); err == nil {
			t.Errorf("%s: the link was taken", name)
		}
	}
	view(t, s, func(tx document.Tx) error {
		gotRows, gotLinks, err := tx.AuditChain(ctx, 10, 100)
		same(t, "events of the chain", gotRows, rows[9:109])
		same(t, "links of the chain", gotLinks, links[9:109])
		return err
	})
	view(t, s, func(tx document.Tx) error {
		_, got, err := tx.AuditChain(ctx, 121, 100)
		same(t, "end of the chain", got, links[120:130])
		return err
	})
}

func testLedgerEntries(t *testing.T, s document.Store) {
	const n = 100
	ctx := t.Context()
	entries := make([]document.LedgerEntry, n)
	for i := range entries {
		entries[i] = document.LedgerEntry{ID: fmt.Sprintf("l-%04d", i), Leaf: []byte{byte(i), 2}, Position: -1}
		if i%2 == 0 {
			entries[i].ActID = "act-1"
		}
	}
	update(t, s, func(tx document.Tx) error {
		for _, e := range entries {
			e.Position = 7 // ignored
			if err := tx.InsertLedgerEntry(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertLedgerEntry(ctx, entries[0]) })
	list := func(what string, want []document.LedgerEntry, fn func(document.Tx) ([]document.LedgerEntry, error)) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := fn(tx)
			same(t, what, got, want)
			return err
		})
	}
	waiting := func(limit int) func(document.Tx) ([]document.LedgerEntry, error) {
		return func(tx document.Tx) ([]document.LedgerEntry, error) { return tx.UnsequencedEntries(ctx, limit) }
	}
	placed := func(from, to int64) func(document.Tx) ([]document.LedgerEntry, error) {
		return func(tx document.Tx) ([]document.LedgerEntry, error) { return tx.LedgerEntries(ctx, from, to) }
	}
	list("waiting", entries, waiting(1000))
	list("first waiting", entries[:3], waiting(3))
	list("placed", nil, placed(0, 1000))

	for i := range entries[:90] {
		entries[i].Position = int64(i)
	}
	update(t, s, func(tx document.Tx) error { return tx.SetPositions(ctx, entries[:90]) })
	refuse(t, s, document.ErrExists, func(tx document.Tx) error {
		return tx.SetPositions(ctx, []document.LedgerEntry{{ID: entries[95].ID, Position: 3}})
	})
	refuse(t, s, document.ErrExists, func(tx document.Tx) error {
		return tx.SetPositions(ctx, []document.LedgerEntry{{ID: entries[3].ID, Position: 95}})
	})
	list("still waiting", entries[90:], waiting(1000))
	list("placed", entries[10:20], placed(10, 20))
	var ofAct []document.LedgerEntry
	for _, e := range entries {
		if e.ActID != "" {
			ofAct = append(ofAct, e)
		}
	}
	list("of the act", ofAct, func(tx document.Tx) ([]document.LedgerEntry, error) { return tx.EntriesOfAct(ctx, "act-1") })
	list("of no act", nil, func(tx document.Tx) ([]document.LedgerEntry, error) { return tx.EntriesOfAct(ctx, "") })
}

func testLedgerHead(t *testing.T, s document.Store) {
	ctx := t.Context()
	want := func(want document.LedgerHead) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.LedgerHead(ctx)
			same(t, "head", got, want)
			return err
		})
	}
	swap := func(old, new document.LedgerHead) func(document.Tx) error {
		return func(tx document.Tx) error { return tx.SwapLedgerHead(ctx, old, new) }
	}
	want(document.LedgerHead{})
	head := document.LedgerHead{
		Size: 9, Root: []byte{1}, AuditSeq: 8, Published: 7, PublishedAudit: 6,
		Checkpoint: []byte("note"), Owner: "p1", LeaseEnds: noon,
	}
	update(t, s, swap(document.LedgerHead{}, head))
	refuse(t, s, document.ErrStale, swap(document.LedgerHead{}, head))
	for name, change := range map[string]func(*document.LedgerHead){
		"size":            func(h *document.LedgerHead) { h.Size++ },
		"root":            func(h *document.LedgerHead) { h.Root = []byte{2} },
		"no root":         func(h *document.LedgerHead) { h.Root = nil },
		"audit":           func(h *document.LedgerHead) { h.AuditSeq++ },
		"published":       func(h *document.LedgerHead) { h.Published++ },
		"published audit": func(h *document.LedgerHead) { h.PublishedAudit++ },
		"checkpoint":      func(h *document.LedgerHead) { h.Checkpoint = nil },
		"owner":           func(h *document.LedgerHead) { h.Owner = "p2" },
		"lease":           func(h *document.LedgerHead) { h.LeaseEnds = noon.Add(lease) },
	} {
		old := head
		change(&old)
		t.Run("other "+name, func(t *testing.T) { refuse(t, s, document.ErrStale, swap(old, head)) })
	}
	// The same value as it was written is as good as the one read back.
	grown := head
	grown.Size, grown.Owner = 10, ""
	update(t, s, swap(head, grown))
	grown.LeaseEnds = stored(noon)
	want(grown)
	if err := s.Update(ctx, swap(grown, document.LedgerHead{})); err == nil {
		t.Error("the log was cut")
	}
}

func testLedgerHeadConcurrently(t *testing.T, s document.Store) {
	const sequencers, each = 8, 10
	ctx := t.Context()
	var group sync.WaitGroup
	for n := range sequencers {
		group.Go(func() {
			for done := 0; done < each; {
				err := s.Update(ctx, func(tx document.Tx) error {
					head, err := tx.LedgerHead(ctx)
					if err != nil {
						return err
					}
					grown := head
					grown.Size, grown.Owner = head.Size+1, fmt.Sprint("p", n)
					return tx.SwapLedgerHead(ctx, head, grown)
				})
				switch {
				case err == nil:
					done++
				case !errors.Is(err, document.ErrStale):
					t.Errorf("sequencer %d: %v", n, err)
					return
				}
			}
		})
	}
	group.Wait()
	view(t, s, func(tx document.Tx) error {
		head, err := tx.LedgerHead(ctx)
		if head.Size != sequencers*each {
			t.Errorf("size %d after %d swaps", head.Size, sequencers*each)
		}
		return err
	})
}

func testLedgerHashes(t *testing.T, s document.Store) {
	const n = 333
	ctx := t.Context()
	hashes := make([][]byte, n)
	for i := range hashes {
		hashes[i] = []byte{byte(i), byte(i >> 8), 3}
	}
	update(t, s, func(tx document.Tx) error {
		return errors.Join(
			tx.InsertLedgerHashes(ctx, 0, nil),
			tx.InsertLedgerHashes(ctx, 0, hashes[:200]),
			tx.InsertLedgerHashes(ctx, 200, hashes[200:]))
	})
	refuse(t, s, document.ErrExists, func(tx document.Tx) error {
		return tx.InsertLedgerHashes(ctx, n-1, [][]byte{{1}, {2}})
	})
	for _, indexes := range [][]int64{nil, {0}, {332, 0, 5}, {7, 7, 7}} {
		want := make([][]byte, len(indexes))
		for i, index := range indexes {
			want[i] = hashes[index]
		}
		view(t, s, func(tx document.Tx) error {
			got, err := tx.LedgerHashes(ctx, indexes)
			same(t, fmt.Sprint("hashes ", indexes), got, want)
			return err
		})
	}
	all := make([]int64, n)
	for i := range all {
		all[i] = int64(n - 1 - i)
	}
	view(t, s, func(tx document.Tx) error {
		got, err := tx.LedgerHashes(ctx, all)
		for i, h := range got {
			same(t, fmt.Sprint("hash ", all[i]), h, hashes[all[i]])
		}
		return err
	})
	refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
		_, err := tx.LedgerHashes(ctx, []int64{1, n})
		return err
	})
}
