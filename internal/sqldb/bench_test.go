package sqldb

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"docsvc/internal/document"
)

// BenchmarkUpdate measures small durable transactions (a number, an audit
// event, an outbox item) from one caller and from sixteen.
func BenchmarkUpdate(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			r, _ := newSQLite(b)
			ctx := b.Context()
			if err := r.Update(ctx, func(tx document.Tx) error {
				return tx.RaiseHigh(ctx, "s", 0, 1<<40)
			}); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			inParallel(b, callers, func(int64) error {
				return r.Update(ctx, func(tx document.Tx) error {
					n, err := tx.NextNumber(ctx, "s")
					if err != nil {
						return err
					}
					id := fmt.Sprintf("%020d", n)
					if err := tx.InsertAudit(ctx, document.AuditRow{ID: id, Data: make([]byte, 300)}); err != nil {
						return err
					}
					return tx.InsertOutbox(ctx, document.OutboxItem{ID: id, Data: make([]byte, 500)})
				})
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
		})
	}
}

// inParallel shares b.N calls of fn among callers.
func inParallel(b *testing.B, callers int, fn func(n int64) error) {
	b.Helper()
	var next atomic.Int64
	done := make(chan error, callers)
	for range callers {
		go func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					done <- nil
					return
				}
				if err := fn(n); err != nil {
					done <- err
					return
				}
			}
		}()
	}
	for range callers {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLine measures the transactions of one act from issue to archive,
// with 60-KB files staged, from sixteen callers.
func BenchmarkLine(b *testing.B) {
	r, _ := newSQLite(b)
	ctx := b.Context()
	c := document.Case{ID: "c", Number: "EI"}
	if err := r.Update(ctx, func(tx document.Tx) error { return tx.InsertCase(ctx, c) }); err != nil {
		b.Fatal(err)
	}
	update := func(fn func(tx document.Tx) error) error { return r.Update(ctx, fn) }
	b.ResetTimer()
	inParallel(b, 16, func(n int64) error { return lineOf(b, update, c, int(n)) })
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acts/s")
}

func lineOf(b *testing.B, update func(func(document.Tx) error) error, c document.Case, n int) error {
	ctx := b.Context()
	id := fmt.Sprintf("%012d", n)
	audit := 0
	record := func(tx document.Tx) error {
		audit++
		return tx.InsertAudit(ctx, document.AuditRow{ID: fmt.Sprint(id, "-", audit), Data: make([]byte, 400)})
	}
	a := document.Act{
		ID: id, CaseID: c.ID, Number: id, Index: n, Code: id, State: document.Issued,
		Data: make([]byte, 3000), Summary: make([]byte, 600), Signers: []document.Signer{{Login: "o"}},
	}
	if err := update(func(tx document.Tx) error {
		if err := tx.InsertAct(ctx, a); err != nil {
			return err
		}
		if err := tx.InsertJob(ctx, document.Job{ActID: id, Owner: "p", RunAfter: time.Now(), LeaseEnds: time.Now()}); err != nil {
			return err
		}
		return record(tx)
	}); err != nil {
		return err
	}
	for _, to := range []document.State{document.Prepared, document.Signing, document.Signed, document.Archived} {
		from := a.State
		a.State = to
		if err := update(func(tx document.Tx) error {
			if err := tx.Advance(ctx, a, from); err != nil {
				return err
			}
			if err := record(tx); err != nil {
				return err
			}
			switch to {
			case document.Archived:
				if err := tx.DeleteStaged(ctx, id); err != nil {
					return err
				}
				return tx.DeleteJob(ctx, id)
			case document.Signing:
				return tx.InsertIntent(ctx, document.SignIntent{ID: id, ActID: id, Outcome: document.OutcomeOpen})
			default:
				return tx.PutStaged(ctx, document.Staged{ActID: id, PDF: make([]byte, 60_000)})
			}
		}); err != nil {
			return err
		}
		a.Epoch++
	}
	return nil
}

// BenchmarkClaimJobs claims 16 jobs of very many that wait.
func BenchmarkClaimJobs(b *testing.B) {
	for _, jobs := range []int{100, 20_000} {
		b.Run(fmt.Sprint("jobs=", jobs), func(b *testing.B) {
			r, _ := newSQLite(b)
			fillJobs(b, r, jobs)
			ctx := b.Context()
			now := time.Now()
			b.ResetTimer()
			for range b.N {
				err := r.Update(ctx, func(tx document.Tx) error {
					now = now.Add(time.Hour)
					acts, err := tx.ClaimJobs(ctx, "p", now, now.Add(time.Minute), 16)
					if len(acts) != 16 {
						return fmt.Errorf("claimed %d acts: %w", len(acts), err)
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func fillJobs(b *testing.B, r *Register, jobs int) {
	b.Helper()
	ctx := b.Context()
	err := r.Update(ctx, func(tx document.Tx) error {
		if err := tx.InsertCase(ctx, document.Case{ID: "c", Number: "EI"}); err != nil {
			return err
		}
		for n := range jobs {
			id := fmt.Sprintf("%012d", n)
			a := document.Act{ID: id, CaseID: "c", Number: id, Index: n + 1, Code: id, State: document.Issued, Data: make([]byte, 2000)}
			if err := tx.InsertAct(ctx, a); err != nil {
				return err
			}
			if err := tx.InsertJob(ctx, document.Job{ActID: id, RunAfter: time.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
