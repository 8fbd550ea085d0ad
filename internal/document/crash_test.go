package document_test

import (
	"fmt"
	"testing"
	"time"

	"docsvc/internal/archive/archivetest"
	"docsvc/internal/document"
	"docsvc/internal/signing"
)

// TestEveryCrash stops the line at each of its writes to the register and to
// the archive, once before the write and once after it (the answer is lost),
// and lets another process go on.
func TestEveryCrash(t *testing.T) {
	for _, kind := range []actKind{
		{[]string{"nigar"}, signing.LevelBT}, {[]string{"nigar", "vuqar"}, signing.LevelBLTA},
	} {
		for _, part := range []string{"register", "archive"} {
			for _, after := range []bool{false, true} {
				name := fmt.Sprintf("%d signers/%s/%s/after=%v", len(kind.signers), kind.level, part, after)
				t.Run(name, func(t *testing.T) {
					for n := 1; crashAt(t, kind, part, after, n); n++ {
						if n > 200 {
							t.Fatal("the line never ends")
						}
					}
				})
			}
		}
	}
}

// actKind is who signs an act, and how.
type actKind struct {
	signers []string
	level   signing.Level
}

// crashAt runs one world with a fault at the n-th write and reports whether the
// line was long enough to reach it.
func crashAt(t *testing.T, kind actKind, part string, after bool, n int) bool {
	w := newWorld(t)
	w.drafter.signers, w.level = kind.signers, kind.level
	first := w.process()
	w.staff(first)
	puts, hit := 0, false
	if part == "register" {
		w.store.arm(n, after)
	} else {
		w.archive.Fail = func(op archivetest.Op) error {
			if op.Name != "put" || (op.Stage == archivetest.After) != after {
				return nil
			}
			if puts++; puts == n {
				hit = true
				return errInjected
			}
			return nil
		}
	}
	_, err := line(t.Context(), w, first)
	if part == "register" {
		hit = w.store.hit()
		w.store.arm(0, false)
	}
	if !hit {
		if err != nil {
			t.Fatalf("write %d is not reached and the line fails: %v", n, err)
		}
		return false
	}
	w.recover(n)
	return true
}

// recover lets a worker of another process and then the officer go on.
func (w *world) recover(n int) {
	w.t.Helper()
	ctx := w.t.Context()
	w.advance(10 * lease)
	second := w.process()
	worker := &document.Worker{Service: second, Parallel: 2, Interval: time.Millisecond, LedgerEvery: time.Millisecond}
	for worker.Once(ctx) {
	}
	a, err := line(ctx, w, second)
	if err != nil {
		w.t.Fatalf("after a crash at write %d: %v", n, err)
	}
	w.checkDone(second, a)
}
