package sqldbtest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"docsvc/internal/document"
)

const lease = time.Minute

func testJob(t *testing.T, s document.Store) {
	ctx := t.Context()
	c := newCase(1)
	acts := []document.Act{newAct(c, 1), newAct(c, 2)}
	job := document.Job{
		ActID: acts[0].ID, RunAfter: stored(noon), Owner: "p1", LeaseEnds: stored(noon.Add(lease)),
		Attempts: 2, LastError: "disk full",
	}
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertCase(ctx, c); err != nil {
			return err
		}
		for _, a := range acts {
			if err := tx.InsertAct(ctx, a); err != nil {
				return err
			}
		}
		return tx.InsertJob(ctx, job)
	})
	want := func(want document.Job) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.JobByAct(ctx, want.ActID)
			same(t, "job", got, want)
			return err
		})
	}
	want(job)
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertJob(ctx, job) })
	atOnce := document.Job{ActID: acts[1].ID}
	update(t, s, func(tx document.Tx) error { return tx.InsertJob(ctx, atOnce) })
	want(atOnce)

	claim := func(actID, owner string, now time.Time) func(document.Tx) error {
		return func(tx document.Tx) error {
			a, err := tx.ClaimJob(ctx, actID, owner, now, now.Add(lease))
			if err == nil && a.ID != actID {
				t.Errorf("claimed %q, want %q", a.ID, actID)
			}
			return err
		}
	}
	release := func(owner string) func(document.Tx) error {
		return func(tx document.Tx) error {
			return tx.ReleaseJob(ctx, document.Job{
				ActID: job.ActID, Owner: owner, RunAfter: noon.Add(time.Hour), Attempts: 3, LastError: "later",
				Reason: document.WaitsForArchive, Since: noon,
			})
		}
	}
	refuse(t, s, document.ErrNotFound, claim("none", "p2", noon))
	refuse(t, s, document.ErrStale, claim(job.ActID, "p2", noon))
	refuse(t, s, document.ErrStale, release("p2"))
	update(t, s, claim(job.ActID, "p1", noon))            // its own lease
	update(t, s, claim(job.ActID, "p2", noon.Add(lease))) // a lease that is over
	if got := actByID(t, s, job.ActID).Epoch; got != 2 {
		t.Errorf("epoch %d after two claims", got)
	}
	refuse(t, s, document.ErrStale, release("p1"))
	update(t, s, release("p2"))
	want(document.Job{
		ActID: job.ActID, RunAfter: stored(noon.Add(time.Hour)), Attempts: 3, LastError: "later",
		Reason: document.WaitsForArchive, Since: stored(noon),
	})
	refuse(t, s, document.ErrStale, release("p2"))
	refuse(t, s, document.ErrStale, release(""))

	view(t, s, func(tx document.Tx) error {
		due, failing, err := tx.CountJobs(ctx)
		if failing != 1 || due < 1 {
			t.Errorf("%d due, %d failing", due, failing)
		}
		if err != nil {
			return err
		}
		oldest, err := tx.OldestJob(ctx)
		if !oldest.Equal(stored(noon.Add(time.Hour))) {
			t.Errorf("the oldest job is due since %v", oldest)
		}
		return err
	})
	for range 2 {
		update(t, s, func(tx document.Tx) error { return tx.DeleteJob(ctx, job.ActID) })
	}
	refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
		_, err := tx.JobByAct(ctx, job.ActID)
		return err
	})
}

func testClaimJobs(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := issue(t, s, 10) // due at noon, noon+1µs, …
	claim := func(owner string, now time.Time, limit int) (got []string) {
		t.Helper()
		update(t, s, func(tx document.Tx) error {
			claimed, err := tx.ClaimJobs(ctx, owner, now, now.Add(lease), limit)
			got = nil
			for _, a := range claimed {
				got = append(got, fmt.Sprint(a.Index, "@", a.Epoch))
			}
			return err
		})
		return got
	}
	same(t, "claims before the time", claim("p1", noon.Add(-time.Second), 10), nil)
	same(t, "first claims", claim("p1", noon.Add(5*time.Microsecond), 4), []string{"1@1", "2@1", "3@1", "4@1"})
	same(t, "rest that is due", claim("p2", noon.Add(5*time.Microsecond), 4), []string{"5@1", "6@1"})
	same(t, "nothing", claim("p2", noon.Add(5*time.Microsecond), 4), nil)
	update(t, s, func(tx document.Tx) error {
		return tx.ReleaseJob(ctx, document.Job{ActID: acts[0].ID, Owner: "p1", RunAfter: noon.Add(time.Second), Attempts: 1, LastError: "x"})
	})
	same(t, "all that is due", claim("p3", noon.Add(time.Second), 100),
		[]string{"7@1", "8@1", "9@1", "10@1", "1@2"})
	same(t, "leases that are over", claim("p4", noon.Add(lease+5*time.Microsecond), 2), []string{"2@2", "3@2"})
	view(t, s, func(tx document.Tx) error {
		j, err := tx.JobByAct(ctx, acts[1].ID)
		same(t, "job", j, document.Job{
			ActID: acts[1].ID, RunAfter: stored(noon.Add(time.Microsecond)), Owner: "p4",
			LeaseEnds: stored(noon.Add(2*lease + 5*time.Microsecond)),
		})
		return err
	})
}

// testClaimConcurrently is the test of the guard in the outer WHERE: without
// it, more than half of the jobs were claimed twice in PostgreSQL, and none in
// SQLite.
func testClaimConcurrently(t *testing.T, s document.Store) {
	const jobs, owners = 200, 8
	ctx := t.Context()
	issue(t, s, jobs)
	var (
		mu      sync.Mutex
		claimed = map[string]int{}
		group   sync.WaitGroup
	)
	for n := range owners {
		group.Go(func() {
			for {
				var acts []document.Act
				err := s.Update(ctx, func(tx document.Tx) (err error) {
					acts, err = tx.ClaimJobs(ctx, fmt.Sprint("p", n), noon.Add(time.Hour), noon.Add(2*time.Hour), 7)
					return err
				})
				if err != nil {
					t.Errorf("owner %d: %v", n, err)
					return
				}
				mu.Lock()
				for _, a := range acts {
					claimed[a.ID]++
				}
				done := len(claimed) == jobs
				mu.Unlock()
				if done {
					return
				}
			}
		})
	}
	group.Wait()
	for id, n := range claimed {
		if n > 1 {
			t.Errorf("act %s was claimed %d times", id, n)
		}
	}
}

// testEpochFences shows that a process that lost its lease cannot write.
func testEpochFences(t *testing.T, s document.Store) {
	ctx := t.Context()
	issue(t, s, 1)
	claim := func(owner string, now time.Time) (a document.Act) {
		update(t, s, func(tx document.Tx) error {
			acts, err := tx.ClaimJobs(ctx, owner, now, now.Add(lease), 1)
			if len(acts) != 1 {
				t.Fatalf("%s claims %d acts, want 1", owner, len(acts))
			}
			a = acts[0]
			return err
		})
		return a
	}
	slow := claim("slow", noon)
	quick := claim("quick", noon.Add(lease))
	slow.State, quick.State = document.Prepared, document.Prepared
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.Advance(ctx, slow, document.Issued) })
	update(t, s, func(tx document.Tx) error { return tx.Advance(ctx, quick, document.Issued) })
	refuse(t, s, document.ErrStale, func(tx document.Tx) error {
		return tx.ReleaseJob(ctx, document.Job{ActID: slow.ID, Owner: "slow", RunAfter: noon, Attempts: 1})
	})
}

func testCounterConcurrently(t *testing.T, s document.Store) {
	const callers, each = 16, 50 // 800 numbers
	ctx := t.Context()
	update(t, s, func(tx document.Tx) error { return tx.RaiseHigh(ctx, "s", 0, callers*each) })
	var (
		mu    sync.Mutex
		given = map[int64]bool{}
		group sync.WaitGroup
	)
	for caller := range callers {
		group.Go(func() {
			for i := range each {
				var n int64
				for _, giveUp := range []bool{i%5 == 0, false} { // a number given up is given again
					if err := s.Update(ctx, func(tx document.Tx) (err error) {
						if n, err = tx.NextNumber(ctx, "s"); err == nil && giveUp {
							err = errMine
						}
						return err
					}); (err != nil) != giveUp {
						t.Errorf("caller %d: %v", caller, err)
					}
					if !giveUp {
						break
					}
				}
				mu.Lock()
				if given[n] {
					t.Errorf("number %d was given twice", n)
				}
				given[n] = true
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for n := range int64(callers * each) {
		if !given[n+1] {
			t.Errorf("number %d was not given", n+1)
		}
	}
}
