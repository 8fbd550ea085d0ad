package sqldb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"docsvc/internal/document"
)

// lineTask makes a child a small line over the register: it issues acts, does
// their jobs, each with a pause between the claim and the work's result, and
// sequences what is done. It tells on standard output what is durable, and ends
// when its input has ended and nothing is left to do.
type lineTask struct {
	Owner       string
	Lease, Work time.Duration
	Issue       bool
}

// lineChild is such a process at work.
type lineChild struct {
	*Register
	lineTask
	stop     atomic.Bool // issue nothing more
	draining atomic.Bool // nothing more is issued
	mu       sync.Mutex
}

func runLine(ctx context.Context, r *Register, task lineTask) error {
	l := &lineChild{Register: r, lineTask: task}
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadBytes(0) // until its end
		l.stop.Store(true)
	}()
	var (
		errs  [3]error
		group sync.WaitGroup
	)
	for i, step := range []func(context.Context) (idle bool, err error){l.issue, l.work, l.sequence} {
		group.Go(func() {
			for {
				idle, err := step(ctx)
				if err != nil {
					errs[i] = err
					return
				}
				if idle && l.draining.Load() {
					return
				}
				if idle {
					time.Sleep(5 * time.Millisecond)
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs[:]...)
}

func (l *lineChild) say(words ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = io.WriteString(os.Stdout, fmt.Sprintln(words...)) // the parent may have gone
}

func (l *lineChild) issue(ctx context.Context) (idle bool, err error) {
	if l.stop.Load() {
		l.draining.Store(true)
	}
	if !l.Issue || l.draining.Load() {
		return true, nil
	}
	var n int64
	err = l.Update(ctx, func(tx document.Tx) (err error) {
		if n, err = tx.NextNumber(ctx, "s"); err != nil {
			return err
		}
		id := eventID(n)
		a := document.Act{ID: id, CaseID: "c", Case: "EI", Number: id, Index: int(n), Code: id, State: document.Issued}
		return errors.Join(
			tx.InsertAct(ctx, a),
			tx.InsertJob(ctx, document.Job{ActID: id, RunAfter: time.Now()}),
			tx.InsertAudit(ctx, document.AuditRow{ID: "issued-" + id}),
		)
	})
	if err == nil {
		l.say("issued", eventID(n))
		time.Sleep(40 * time.Millisecond) // others do the jobs about as fast
	}
	return false, err
}

// work claims jobs and, after a while, stores what came of them, unless somebody
// else has them by then.
func (l *lineChild) work(ctx context.Context) (idle bool, err error) {
	var acts []document.Act
	err = l.Update(ctx, func(tx document.Tx) (err error) {
		now := time.Now()
		acts, err = tx.ClaimJobs(ctx, l.Owner, now, now.Add(l.Lease), 5)
		return err
	})
	if err != nil {
		return false, err
	}
	for _, a := range acts {
		l.say("claimed", a.ID)
		time.Sleep(l.Work)
		err := l.Update(ctx, func(tx document.Tx) error { return finish(ctx, tx, a) })
		switch {
		case errors.Is(err, document.ErrStale):
			l.say("stale", a.ID)
		case err != nil: // ErrExists among them: the job was done twice
			return false, fmt.Errorf("job of %s: %w", a.ID, err)
		default:
			l.say("done", a.ID)
		}
	}
	return len(acts) == 0 && l.nothingLeft(ctx, "job"), nil
}

func finish(ctx context.Context, tx document.Tx, a document.Act) error {
	a.State = document.Archived
	if err := tx.Advance(ctx, a, document.Issued); err != nil {
		return err
	}
	return errors.Join(
		tx.InsertAudit(ctx, document.AuditRow{ID: "done-" + a.ID}),
		tx.InsertLedgerEntry(ctx, document.LedgerEntry{ID: a.ID, ActID: a.ID, Leaf: []byte(a.ID)}),
		tx.DeleteJob(ctx, a.ID),
	)
}

// sequence takes the sequencer's lease and, after a while, gives positions.
func (l *lineChild) sequence(ctx context.Context) (idle bool, err error) {
	var leading document.LedgerHead
	err = l.Update(ctx, func(tx document.Tx) error {
		head, err := tx.LedgerHead(ctx)
		if err != nil {
			return err
		}
		now := time.Now().UTC().Truncate(time.Microsecond)
		if head.Owner != "" && head.Owner != l.Owner && now.Before(head.LeaseEnds) {
			return document.ErrStale
		}
		leading = head
		leading.Owner, leading.LeaseEnds = l.Owner, now.Add(l.Lease)
		return tx.SwapLedgerHead(ctx, head, leading)
	})
	if errors.Is(err, document.ErrStale) {
		return l.nothingLeft(ctx, "ledger_unsequenced"), nil
	}
	if err != nil {
		return false, err
	}
	l.say("leads", leading.Size)
	time.Sleep(l.Work)
	grown := leading
	err = l.Update(ctx, func(tx document.Tx) error {
		entries, err := tx.UnsequencedEntries(ctx, 20)
		if err != nil {
			return err
		}
		grown = leading
		for i := range entries {
			entries[i].Position = grown.Size
			grown.Size++
		}
		grown.Owner, grown.LeaseEnds = "", time.Time{}
		if err := tx.SwapLedgerHead(ctx, leading, grown); err != nil {
			return err
		}
		return tx.SetPositions(ctx, entries)
	})
	switch {
	case errors.Is(err, document.ErrStale):
		l.say("deposed", leading.Size)
	case err != nil:
		return false, fmt.Errorf("sequencing from %d: %w", leading.Size, err)
	}
	return grown.Size == leading.Size && l.nothingLeft(ctx, "job"), nil
}

// nothingLeft tells whether a table is empty, and pauses.
func (l *lineChild) nothingLeft(ctx context.Context, table string) bool {
	n := 1
	err := l.engine.view(ctx, func(q querier) error {
		return (&tx{q: q}).one(ctx, []any{&n}, `SELECT count(*) FROM `+table)
	})
	return err == nil && n == 0
}
