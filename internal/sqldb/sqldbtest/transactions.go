package sqldbtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"docsvc/internal/document"
)

var errMine = errors.New("fn gave up")

func testAtomic(t *testing.T, s document.Store) {
	ctx := t.Context()
	everything := func(tx document.Tx) error {
		c := newCase(1)
		a := newAct(c, 1)
		return errors.Join(
			tx.InsertCase(ctx, c),
			tx.InsertAct(ctx, a),
			tx.InsertJob(ctx, document.Job{ActID: a.ID}),
			tx.PutStaged(ctx, document.Staged{ActID: a.ID, PDF: []byte("%PDF")}),
			tx.InsertIntent(ctx, document.SignIntent{ID: "i", ActID: a.ID, Outcome: document.OutcomeOpen}),
			tx.PutAccount(ctx, document.Account{Login: "x"}),
			tx.SetFailures(ctx, "x", 1, noon),
			tx.RaiseHigh(ctx, "s", 0, 10),
			tx.InsertOutbox(ctx, document.OutboxItem{ID: "o"}),
			tx.InsertAudit(ctx, document.AuditRow{ID: "e"}),
			tx.InsertAuditLinks(ctx, []document.AuditLink{{Seq: 1, ID: "e"}}),
			tx.InsertLedgerEntry(ctx, document.LedgerEntry{ID: "l"}),
			tx.SetPositions(ctx, []document.LedgerEntry{{ID: "l"}}),
			tx.InsertLedgerHashes(ctx, 0, [][]byte{{1}}),
			tx.SwapLedgerHead(ctx, document.LedgerHead{}, document.LedgerHead{Size: 1}),
		)
	}
	refuse(t, s, errMine, func(tx document.Tx) error {
		if err := everything(tx); err != nil {
			t.Errorf("first run: %v", err)
		}
		return errMine
	})
	view(t, s, func(tx document.Tx) error {
		if counts, err := tx.CountActs(ctx); err != nil || len(counts) != 0 {
			t.Errorf("acts after the rollback: %v, %v", counts, err)
		}
		return nil
	})
	// Every unique key must be free again, and the head at its start.
	update(t, s, everything)
}

func testPanic(t *testing.T, s document.Store) {
	ctx := t.Context()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Update(ctx, func(tx document.Tx) error {
			if err := tx.InsertCase(ctx, newCase(1)); err != nil {
				t.Error(err)
			}
			panic("fault in fn")
		})
	}()
	update(t, s, func(tx document.Tx) error { return tx.InsertCase(ctx, newCase(1)) })
}

func testContext(t *testing.T, s document.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(tx document.Tx) error {
		if err := tx.InsertCase(ctx, newCase(1)); err != nil {
			t.Error(err)
		}
		cancel()
		return tx.InsertCase(ctx, newCase(2))
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update ended with %v, want %v", err, context.Canceled)
	}
	never := func(document.Tx) error {
		t.Error("fn ran under a context that had ended")
		return nil
	}
	if err := s.Update(ctx, never); !errors.Is(err, context.Canceled) {
		t.Errorf("Update: %v, want %v", err, context.Canceled)
	}
	if err := s.View(ctx, never); !errors.Is(err, context.Canceled) {
		t.Errorf("View: %v, want %v", err, context.Canceled)
	}
	update(t, s, func(tx document.Tx) error { return tx.InsertCase(t.Context(), newCase(1)) })
}

// testPoisoned shows that what PostgreSQL does by nature holds everywhere: an
// error of the engine cannot be swallowed.
func testPoisoned(t *testing.T, s document.Store) {
	ctx := t.Context()
	err := s.Update(ctx, func(tx document.Tx) error {
		if err := tx.InsertCase(ctx, newCase(1)); err != nil {
			t.Error(err)
		}
		if err := tx.InsertAct(ctx, document.Act{ID: "x", State: "no such state"}); err == nil {
			t.Error("an act without a number in no state was stored")
		}
		if _, err := tx.Accounts(ctx); err == nil {
			t.Error("the transaction goes on after an error")
		}
		return nil
	})
	if err == nil {
		t.Error("Update hides an error of the engine")
	}
	refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
		_, err := tx.CaseByID(ctx, newCase(1).ID)
		return err
	})
	// An answer is not an error of the engine.
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertCase(ctx, newCase(1)); err != nil {
			return err
		}
		if err := tx.InsertCase(ctx, newCase(1)); !errors.Is(err, document.ErrExists) {
			t.Errorf("same case again: %v", err)
		}
		if _, err := tx.ActByID(ctx, "none"); !errors.Is(err, document.ErrNotFound) {
			t.Errorf("unknown act: %v", err)
		}
		if _, err := tx.NextNumber(ctx, "none"); !errors.Is(err, document.ErrStale) {
			t.Errorf("unknown series: %v", err)
		}
		return tx.InsertCase(ctx, newCase(2))
	})
}

func testView(t *testing.T, s document.Store) {
	ctx := t.Context()
	if err := s.View(ctx, func(tx document.Tx) error { return tx.InsertCase(ctx, newCase(1)) }); err == nil {
		t.Error("View wrote")
	}
	if err := s.View(ctx, func(tx document.Tx) error {
		_, err := tx.NextNumber(ctx, "s")
		return err
	}); err == nil || errors.Is(err, document.ErrStale) {
		t.Errorf("View gave a number: %v", err)
	}
	if err := s.View(ctx, func(document.Tx) error { return errMine }); !errors.Is(err, errMine) {
		t.Errorf("View answers %v, want fn's error", err)
	}
	view(t, s, func(tx document.Tx) error {
		before, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		done := make(chan error)
		go func() {
			done <- s.Update(ctx, func(tx document.Tx) error {
				return tx.PutAccount(ctx, document.Account{Login: "new"})
			})
		}()
		if err := <-done; err != nil {
			return fmt.Errorf("an Update beside a View: %w", err)
		}
		after, err := tx.Accounts(ctx)
		same(t, "accounts within one View", after, before)
		return err
	})
	view(t, s, func(tx document.Tx) error {
		_, err := tx.AccountByLogin(ctx, "new")
		return err
	})
}

// testConcurrentUpdates mixes callers that succeed with callers that give up:
// neither may take the other along.
func testConcurrentUpdates(t *testing.T, s document.Store) {
	const callers, each = 16, 20
	ctx := t.Context()
	login := func(caller, i int) string { return fmt.Sprintf("%02d-%02d", caller, i) }
	fails := func(caller, i int) bool { return (caller+i)%3 == 0 }
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for i := range each {
				err := s.Update(ctx, func(tx document.Tx) error {
					if err := tx.PutAccount(ctx, document.Account{Login: login(caller, i)}); err != nil {
						return err
					}
					if fails(caller, i) {
						return errMine
					}
					return nil
				})
				if want := fails(caller, i); errors.Is(err, errMine) != want || (err != nil) != want {
					t.Errorf("caller %d: %v", caller, err)
				}
				err = s.View(ctx, func(tx document.Tx) error {
					_, err := tx.AccountByLogin(ctx, login(caller, i))
					return err
				})
				if errors.Is(err, document.ErrNotFound) != fails(caller, i) {
					t.Errorf("caller %d reads %v", caller, err)
				}
			}
		})
	}
	group.Wait()
}

func testTimes(t *testing.T, s document.Store) {
	ctx := t.Context()
	for _, at := range []time.Time{
		noon,
		{},
		time.Date(1995, 3, 26, 1, 30, 0, 0, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC),
		time.Date(2101, 1, 1, 0, 0, 0, 1000, time.UTC),
		time.Now(), // carries a monotonic reading
		time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	} {
		var got time.Time
		update(t, s, func(tx document.Tx) error {
			return tx.PutAccount(ctx, document.Account{Login: "x", CreatedAt: at})
		})
		view(t, s, func(tx document.Tx) error {
			a, err := tx.AccountByLogin(ctx, "x")
			got = a.CreatedAt
			return err
		})
		if got != stored(at) { // the zone must be UTC, too
			t.Errorf("%v came back as %v", at, got)
		}
	}
}
