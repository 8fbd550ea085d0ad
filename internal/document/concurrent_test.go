package document_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"docsvc/internal/archive"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
)

// TestSequenceAtOnce: of several sequencers one wins each time; no position is
// given twice, every checkpoint contains the ones before.
func TestSequenceAtOnce(t *testing.T) {
	const processes, rounds = 6, 15
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	ctx := t.Context()
	var all sync.WaitGroup
	var serial atomic.Int64
	for range processes {
		p := w.process()
		all.Go(func() {
			for range rounds {
				leaf := ledger.Leaf{Kind: ledger.KindEvent, Hash: [32]byte{byte(serial.Add(1))}}.Encode()
				err := p.Store.Update(ctx, func(tx document.Tx) error {
					return tx.InsertLedgerEntry(ctx, document.LedgerEntry{ID: p.NewID(), Leaf: leaf})
				})
				if err == nil {
					err = p.Sequence(ctx)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	w.nothingWaits(s)
	var head document.LedgerHead
	var entries []document.LedgerEntry
	w.view(func(tx document.Tx) (err error) {
		if head, err = tx.LedgerHead(ctx); err != nil {
			return err
		}
		entries, err = tx.LedgerEntries(ctx, 0, head.Size)
		return err
	})
	seen := map[string]bool{}
	own := 0
	for i, e := range entries {
		if e.Position != int64(i) || seen[e.ID] {
			t.Errorf("entry %s has position %d, the %dth", e.ID, e.Position, i)
		}
		seen[e.ID] = true
		if strings.Contains(string(e.Leaf), "event") {
			own++
		}
	}
	if int64(len(entries)) != head.Size || own < processes*rounds {
		t.Errorf("%d entries, %d of them ours, in a log of %d", len(entries), own, head.Size)
	}
	w.checkpointsAgree(s)
}

// checkpointsAgree: every archived checkpoint is a beginning of the log.
func (w *world) checkpointsAgree(s *document.Service) {
	w.t.Helper()
	ctx := w.t.Context()
	var head document.LedgerHead
	w.view(func(tx document.Tx) (err error) {
		head, err = tx.LedgerHead(ctx)
		return err
	})
	now, err := w.log.verifier.Open(head.Checkpoint)
	if err != nil || now.Size != head.Size {
		w.t.Fatalf("the newest checkpoint is over %d of %d leaves, %v", now.Size, head.Size, err)
	}
	for _, note := range w.checkpoints() {
		old, err := w.log.verifier.Open(note)
		if err == nil {
			err = ledger.CheckPrefix(old, now, s.Hashes(ctx))
		}
		if err != nil {
			w.t.Error(err)
		}
	}
}

// checkpoints reads the notes in the archive, oldest first.
func (w *world) checkpoints() [][]byte {
	w.t.Helper()
	var notes [][]byte
	for e, err := range archive.Events(w.t.Context(), w.archive, archive.KindCheckpoint) {
		if err != nil {
			w.t.Fatal(err)
		}
		notes = append(notes, []byte(fieldOf(w.t, e.Body, "checkpoint")))
	}
	return notes
}

// TestRegisterAtOnce: the same document is registered once, different ones are
// numbered without a gap, across blocks.
func TestRegisterAtOnce(t *testing.T) {
	w := newWorld(t)
	w.staff(w.process())
	same := make([]document.Case, 8)
	errs := make([]error, len(same))
	var all sync.WaitGroup
	for i := range same {
		s := w.process()
		all.Go(func() {
			same[i], _, errs[i] = s.RegisterCase(t.Context(), actor("nigar"), "110", "nigar", writNumber(1))
		})
	}
	all.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, document.ErrExists) || document.KindOf(err) != document.Conflict {
			t.Error(err)
		}
		if same[i].Number != same[0].Number || same[i].Number == "" {
			t.Errorf("two numbers for one document: %q, %q", same[i].Number, same[0].Number)
		}
	}
	if won != 1 {
		t.Errorf("%d registrations of one document", won)
	}

	var mu sync.Mutex
	serials := []int64{1}
	for i := range 120 {
		s := w.process()
		all.Go(func() {
			c, _, err := s.RegisterCase(t.Context(), actor("nigar"), "110", "nigar", writNumber(i+2))
			if err != nil {
				t.Error(err)
				return
			}
			n, err := s.Rules.Scheme.Parse(c.Number)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			serials = append(serials, n.Serial)
			mu.Unlock()
		})
	}
	all.Wait()
	checkGapless(t, serials)
}

func checkGapless(t *testing.T, numbers []int64) {
	t.Helper()
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != int64(i)+1 {
			t.Fatalf("numbers are not gapless: %v", numbers)
		}
	}
}

// TestIssueAtOnce: one request key gives one act, different ones give indexes
// without a gap, across blocks.
func TestIssueAtOnce(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	c := w.mustRegister(s, 1)
	numbers := make([]string, 8)
	var all sync.WaitGroup
	for i := range numbers {
		p := w.process()
		all.Go(func() {
			a, _, err := p.Issue(t.Context(), actor("nigar"), draftOf(c.Number, "same"))
			if err != nil {
				t.Error(err)
			}
			numbers[i] = a.Number
		})
	}
	all.Wait()
	for _, n := range numbers {
		if n != c.Number+"-001" {
			t.Errorf("one request has the acts %v", numbers)
		}
	}
	var mu sync.Mutex
	indexes := []int64{1}
	for i := range 34 {
		p := w.process()
		all.Go(func() {
			a, _, err := p.Issue(t.Context(), actor("nigar"), draftOf(c.Number, fmt.Sprint(i)))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			indexes = append(indexes, int64(a.Index))
			mu.Unlock()
		})
	}
	all.Wait()
	checkGapless(t, indexes)
}
