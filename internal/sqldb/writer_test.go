package sqldb

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docsvc/internal/document"
)

// TestGroupCommit holds the turn until fifteen others wait: all sixteen must
// share one commit, and none may be answered before it.
func TestGroupCommit(t *testing.T) {
	const callers = 16
	r, _ := newSQLite(t)
	w := &r.engine.(*sqliteEngine).writer
	ctx := t.Context()
	var (
		group    sync.WaitGroup
		ran      atomic.Int64
		batches  = make(chan *batch, callers)
		started  = make(chan struct{})
		mine     = errors.New("mine")
		update   = func(fn func(tx document.Tx) error) error { return r.Update(ctx, fn) }
		account  = func(i int) document.Account { return document.Account{Login: fmt.Sprint(i)} }
		answered = func(i int, err error) {
			if fails := i%4 == 3; errors.Is(err, mine) != fails || (err != nil) != fails {
				t.Errorf("caller %d: %v", i, err)
			}
			if n := ran.Load(); n != callers {
				t.Errorf("caller %d was answered after %d of %d", i, n, callers)
			}
		}
	)
	for i := range callers {
		if i == 1 {
			<-started
		}
		group.Go(func() {
			answered(i, update(func(tx document.Tx) error {
				if i == 0 {
					close(started)
					for w.waiting.Load() < callers-1 { // the others come while this one runs
						runtime.Gosched()
					}
				}
				batches <- w.batch
				ran.Add(1)
				if err := tx.PutAccount(ctx, account(i)); err != nil {
					return err
				}
				if i%4 == 3 {
					return mine
				}
				return nil
			}))
		})
	}
	group.Wait()
	close(batches)
	first := <-batches
	for b := range batches {
		if b != first {
			t.Error("the callers were committed apart")
		}
	}
	if w.batch != nil {
		t.Error("a transaction was left open")
	}
	for i := range callers {
		err := r.View(ctx, func(tx document.Tx) error {
			_, err := tx.AccountByLogin(ctx, account(i).Login)
			return err
		})
		if errors.Is(err, document.ErrNotFound) != (i%4 == 3) {
			t.Errorf("account %d: %v", i, err)
		}
	}
}

// TestInterrupt ends the context of one caller in the middle of a statement:
// SQLite would roll back the others of its batch with it.
func TestInterrupt(t *testing.T) {
	r, _ := newSQLite(t)
	w := &r.engine.(*sqliteEngine).writer
	started, done := make(chan struct{}), make(chan error)
	go func() {
		done <- r.Update(t.Context(), func(tx document.Tx) error {
			close(started)
			for w.waiting.Load() == 0 {
				runtime.Gosched()
			}
			return tx.PutAccount(t.Context(), document.Account{Login: "x"})
		})
	}()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	err := r.engine.update(ctx, func(q querier) error {
		time.AfterFunc(5*time.Millisecond, cancel)
		_, err := q.ExecContext(ctx, `INSERT INTO auth_failure (login, n) SELECT 'long', count(*)
			FROM (WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 500000) SELECT i FROM c)`)
		return errors.Join(err, ctx.Err())
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the long statement: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("the other caller: %v", err)
	}
}

// TestDiskFull lets the disk run full in the middle of a batch: nobody in it
// may be told that its change is kept.
func TestDiskFull(t *testing.T) {
	const callers = 8
	r, _ := newSQLite(t)
	w := &r.engine.(*sqliteEngine).writer
	ctx := t.Context()
	fill(t, r)
	limit := func(pages int) {
		t.Helper()
		if err := w.c.do(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	stage := func(size int) error {
		return r.Update(ctx, func(tx document.Tx) error {
			return tx.PutStaged(ctx, document.Staged{ActID: "a1", PDF: make([]byte, size)})
		})
	}
	limit(1) // SQLite takes the present size instead
	var group sync.WaitGroup
	var kept atomic.Int64
	for i := range callers {
		group.Go(func() {
			switch err := stage(1 << 20); {
			case err == nil:
				kept.Add(1)
			case document.KindOf(err) != document.Unavailable || !isTrouble(err, diskFull):
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	group.Wait()
	if kept.Load() != 0 {
		t.Errorf("%d megabytes were kept on a full disk", kept.Load())
	}
	limit(1 << 30)
	if err := stage(1 << 20); err != nil {
		t.Errorf("after space was freed: %v", err)
	}
}

func isTrouble(err error, want trouble) bool {
	e, ok := errors.AsType[*document.Error](err)
	return ok && e.Key == want.key && strings.Contains(e.Error(), want.advice)
}
