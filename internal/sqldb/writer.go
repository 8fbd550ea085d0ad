package sqldb

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"docsvc/internal/document"
)

// maxBatch bounds how many Updates wait for one another.
const maxBatch = 64

// writer is the only connection of this process that writes to SQLite. It
// commits in groups: a caller that finds others waiting behind it leaves the
// transaction open for the next one, and the last of them commits for all. So
// one fsync serves many, and a lone caller waits for nobody.
//
// Each fn runs on its caller's goroutine in a savepoint of its own, so it fails
// alone. No caller is answered, with success or failure, before the commit:
// what it read may come from those before it.
type writer struct {
	c       *conn
	waiting atomic.Int64 // callers that want the turn
	turn    sync.Mutex
	batch   *batch // the open transaction, if any; whoever has the turn uses it
	commits atomic.Uint64
}

// batch is one transaction that callers share.
type batch struct {
	size   int
	broken error         // SQLite has given up the transaction
	done   chan struct{} // closed at the end
	err    error         // once done is closed: nil if everything is durable
}

func (w *writer) update(ctx context.Context, fn func(querier) error) error {
	b, err := w.take(ctx, fn)
	if b == nil {
		return err
	}
	<-b.done
	if b.err != nil {
		return b.err
	}
	return err
}

// take waits for the turn and runs fn in the open batch, or in a new one.
func (w *writer) take(ctx context.Context, fn func(querier) error) (*batch, error) {
	w.waiting.Add(1)
	w.turn.Lock()
	w.waiting.Add(-1)
	defer w.turn.Unlock()

	if w.batch == nil {
		if err := w.begin(ctx); err != nil {
			return nil, err
		}
	}
	b := w.batch
	defer w.finish(b) // also when fn panics, for the others' sake
	return b, w.savepoint(ctx, b, fn)
}

func (w *writer) begin(ctx context.Context) error {
	err := retry(ctx, func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.c.do("BEGIN IMMEDIATE")
	})
	if err != nil {
		return translate(ctx, err)
	}
	w.batch = &batch{done: make(chan struct{})}
	return nil
}

// savepoint runs fn so that its failure takes back its own changes only.
func (w *writer) savepoint(ctx context.Context, b *batch, fn func(querier) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.size++
	if err := w.c.do("SAVEPOINT one"); err != nil {
		b.broken = translate(ctx, err)
		return b.broken
	}
	keep := false
	defer func() {
		var end error
		if !keep {
			end = w.c.do("ROLLBACK TO one")
		}
		if end == nil {
			end = w.c.do("RELEASE one")
		}
		if end != nil { // SQLite has rolled back by itself: disk full, I/O error
			b.broken = translate(ctx, end)
			if cause, ok := errors.AsType[*document.Error](err); ok {
				b.broken = cause
			}
		}
	}()
	err = fn(w.c)
	keep = err == nil
	return err
}

// finish leaves the batch to the next caller if there is one, or else ends it.
func (w *writer) finish(b *batch) {
	if b.broken == nil && b.size < maxBatch && w.waiting.Load() > 0 {
		return
	}
	b.err = b.broken
	if b.err == nil {
		if err := w.c.do("COMMIT"); err != nil {
			b.err = translate(context.Background(), err)
		}
		w.commits.Add(1)
	}
	if b.err != nil {
		_ = w.c.do("ROLLBACK") // fails if SQLite has done it already
	}
	w.batch = nil
	close(b.done)
}
