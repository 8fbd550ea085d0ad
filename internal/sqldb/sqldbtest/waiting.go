package sqldbtest

import (
	"fmt"
	"testing"
	"time"

	"docsvc/internal/document"
)

// failing issues n acts, the job of each of which has failed; the i-th waits
// since noon and i seconds, for the archive if i is even, for a time-stamp else.
// Every third act is another officer's, in another office.
func failing(t *testing.T, s document.Store, n int) []document.Act {
	t.Helper()
	ctx := t.Context()
	acts := make([]document.Act, n)
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertCase(ctx, newCase(1)); err != nil {
			return err
		}
		for i := range acts {
			acts[i] = newAct(newCase(1), i+1)
			if i%3 == 2 {
				acts[i].Officer, acts[i].Office = "another", "012"
			}
			if err := tx.InsertAct(ctx, acts[i]); err != nil {
				return err
			}
			if err := tx.InsertJob(ctx, failed(acts[i], i)); err != nil {
				return err
			}
		}
		a := newAct(newCase(1), n+1) // waits for nothing
		if err := tx.InsertAct(ctx, a); err != nil {
			return err
		}
		return tx.InsertJob(ctx, document.Job{ActID: a.ID, RunAfter: noon})
	})
	return acts
}

func failed(a document.Act, i int) document.Job {
	return document.Job{
		ActID: a.ID, RunAfter: stored(noon.Add(time.Hour)), Attempts: i + 1, LastError: "down",
		Reason: []document.Reason{document.WaitsForArchive, document.WaitsForTimestamp}[i%2],
		Since:  stored(noon.Add(time.Duration(i) * time.Second)),
	}
}

func testJobsWaiting(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := failing(t, s, 7)
	list := func(q document.WaitingQuery) (got []int, last document.WaitingCursor) {
		t.Helper()
		if q.Limit == 0 {
			q.Limit = 100
		}
		view(t, s, func(tx document.Tx) error {
			found, err := tx.JobsWaiting(ctx, q)
			got = nil
			for _, w := range found {
				i := w.Act.Index - 1
				same(t, "act", w.Act, acts[i])
				same(t, "job", w.Job, failed(acts[i], i))
				got, last = append(got, i), w.Cursor()
			}
			return err
		})
		return got, last
	}
	for name, tc := range map[string]struct {
		q    document.WaitingQuery
		want []int
	}{
		"everywhere":           {document.WaitingQuery{Everywhere: true}, []int{0, 1, 2, 3, 4, 5, 6}},
		"for the archive":      {document.WaitingQuery{Everywhere: true, Reason: document.WaitsForArchive}, []int{0, 2, 4, 6}},
		"own":                  {document.WaitingQuery{Officer: "another"}, []int{2, 5}},
		"own or of an office":  {document.WaitingQuery{Officer: "another", Offices: []string{"011"}}, []int{0, 1, 2, 3, 4, 5, 6}},
		"of offices":           {document.WaitingQuery{Officer: "nobody", Offices: []string{"099", "012"}}, []int{2, 5}},
		"own, for a timestamp": {document.WaitingQuery{Officer: "another", Reason: document.WaitsForTimestamp}, []int{5}},
		"nobody's":             {document.WaitingQuery{Officer: "nobody"}, nil},
	} {
		got, _ := list(tc.q)
		same(t, name, got, tc.want)
	}
	q := document.WaitingQuery{Everywhere: true, Limit: 3}
	var pages []string
	for {
		page, last := list(q)
		if page == nil {
			break
		}
		pages, q.After = append(pages, fmt.Sprint(page)), last
	}
	same(t, "pages", pages, []string{"[0 1 2]", "[3 4 5]", "[6]"})
	view(t, s, func(tx document.Tx) error {
		counts, err := tx.CountWaiting(ctx)
		same(t, "counts", counts, []document.WaitingCount{
			{Reason: document.WaitsForArchive, Acts: 4, Since: stored(noon)},
			{Reason: document.WaitsForTimestamp, Acts: 3, Since: stored(noon.Add(time.Second))},
		})
		return err
	})
}

func testHastenJobs(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := failing(t, s, 3)
	now := stored(noon.Add(time.Minute))
	claim := func(owner, actID string) {
		update(t, s, func(tx document.Tx) error {
			_, err := tx.ClaimJob(ctx, actID, owner, now, now.Add(lease))
			return err
		})
	}
	claim("p", acts[0].ID)
	ids := []string{acts[0].ID, acts[1].ID, newAct(newCase(1), 4).ID, "none"}
	update(t, s, func(tx document.Tx) error {
		n, err := tx.HastenJobs(ctx, ids, now)
		if n != 1 {
			t.Errorf("%d jobs are tried again, want the one that waits and is in nobody's hand", n)
		}
		return err
	})
	update(t, s, func(tx document.Tx) error {
		claimed, err := tx.ClaimJobs(ctx, "q", now, now.Add(lease), 10)
		got := map[string]bool{}
		for _, a := range claimed {
			got[a.ID] = true
		}
		same(t, "due", got, map[string]bool{acts[1].ID: true, newAct(newCase(1), 4).ID: true})
		return err
	})
}
