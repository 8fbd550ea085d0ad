package sqldbtest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"docsvc/internal/document"
)

func testFollower(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := issue(t, s, 2)
	update(t, s, func(tx document.Tx) error {
		return errors.Join(tx.MoveFollowed(ctx, 0, 5), tx.PutAccount(ctx, document.Account{Login: "a", Office: "012", CreatedAt: noon}))
	})
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.MoveFollowed(ctx, 0, 6) })
	view(t, s, func(tx document.Tx) error {
		seq, err := tx.Followed(ctx)
		same(t, "followed", seq, 5)
		names := []string{acts[0].Number, acts[1].Number, acts[0].Number, acts[0].Case, "a", "none"}
		facts, err2 := tx.ActFacts(ctx, names)
		same(t, "facts", facts, map[string]document.ActFact{acts[0].Number: fact(acts[0]), acts[1].Number: fact(acts[1])})
		cases, err3 := tx.CaseOffices(ctx, names)
		same(t, "cases", cases, map[string]string{acts[0].Case: "011"})
		accounts, err4 := tx.AccountOffices(ctx, names)
		same(t, "accounts", accounts, map[string]string{"a": "012"})
		return errors.Join(err, err2, err3, err4)
	})
}

func fact(a document.Act) document.ActFact {
	return document.ActFact{Number: a.Number, Case: a.Case, Office: a.Office, Template: a.Template, IssuedAt: a.IssuedAt, ArchivedAt: a.ArchivedAt}
}

// testTrail looks for indexed events in each way, page by page. Two of them
// happened at once.
func testTrail(t *testing.T, s document.Store) {
	ctx := t.Context()
	at := []int{0, 10, 10, 20, 30, 40}
	update(t, s, func(tx document.Tx) error {
		var errs []error
		var index []document.IndexedEvent
		for i, seconds := range at {
			id := fmt.Sprintf("e-%d", i)
			errs = append(errs, tx.InsertAudit(ctx, document.AuditRow{ID: id, Data: []byte{byte(i)}}),
				tx.InsertAuditLinks(ctx, []document.AuditLink{{Seq: int64(i + 1), ID: id, Hash: []byte{1}}}))
			event := document.IndexedEvent{
				Seq: int64(i + 1), At: noon.Add(time.Duration(seconds) * time.Second), Actor: fmt.Sprint("actor", i%3),
				Kind: "act.issued", Subject: fmt.Sprint("subject", i/2), Office: fmt.Sprint("01", i%3),
			}
			if i%2 == 1 {
				event.Kind = "act.archived"
			}
			index = append(index, event)
		}
		return errors.Join(append(errs, tx.IndexAudit(ctx, index))...)
	})
	second := func(n int) time.Time { return stored(noon.Add(time.Duration(n) * time.Second)) }
	for name, tc := range map[string]struct {
		q    document.TrailQuery
		want string
	}{
		"all":            {document.TrailQuery{Everywhere: true}, "[[6 5] [4 3] [2 1]]"},
		"actor":          {document.TrailQuery{Everywhere: true, Actor: "actor1"}, "[[5 2]]"},
		"kind":           {document.TrailQuery{Everywhere: true, Kind: "act.issued"}, "[[5 3] [1]]"},
		"subject":        {document.TrailQuery{Everywhere: true, Subject: "subject1"}, "[[4 3]]"},
		"kind and actor": {document.TrailQuery{Everywhere: true, Kind: "act.issued", Actor: "actor2"}, "[[3]]"},
		"times":          {document.TrailQuery{Everywhere: true, From: second(10), To: second(30)}, "[[4 3] [2]]"},
		"office":         {document.TrailQuery{Offices: []string{"010"}}, "[[4 1]]"},
		"offices":        {document.TrailQuery{Offices: []string{"010", "012", "x"}}, "[[6 4] [3 1]]"},
		"no office":      {document.TrailQuery{}, "[]"},
	} {
		pages := []string{}
		tc.q.Limit = 2
		for {
			var list []document.TrailEntry
			view(t, s, func(tx document.Tx) (err error) {
				list, err = tx.Trail(ctx, tc.q)
				return err
			})
			if len(list) == 0 {
				break
			}
			var seqs []int64
			for _, e := range list {
				if e.Data[0] != byte(e.Seq-1) || !e.At.Equal(second(at[e.Seq-1])) {
					t.Errorf("%+v", e)
				}
				seqs = append(seqs, e.Seq)
			}
			pages, tc.q.Before = append(pages, fmt.Sprint(seqs)), list[len(list)-1].Cursor()
		}
		same(t, name, fmt.Sprint(pages), tc.want)
	}
}

func testDays(t *testing.T, s document.Store) {
	ctx := t.Context()
	update(t, s, func(tx document.Tx) error {
		return errors.Join(
			tx.AddDayCount(ctx, document.DayCount{Day: "2026-03-14", Office: "011", Template: "query", N: 2}),
			tx.AddDayCount(ctx, document.DayCount{Day: "2026-03-14", Office: "011", Template: "query", N: 3}),
			tx.AddDayCount(ctx, document.DayCount{Day: "2026-03-15", Office: "012", Template: "query", N: 1}),
			tx.AddDayCount(ctx, document.DayCount{Day: "2026-03-16", Office: "011", Template: "query", N: 1}),
			tx.AddDayTime(ctx, document.DayTime{Day: "2026-03-14", Step: 7, Office: "011", N: 2}),
			tx.AddDayTime(ctx, document.DayTime{Day: "2026-03-14", Step: 7, Office: "012", N: 1}),
			tx.AddDayTime(ctx, document.DayTime{Day: "2026-03-14", Step: 7, Office: "011", N: 1}),
			tx.AddDayTime(ctx, document.DayTime{Day: "2026-03-15", Step: 2, Office: "012", N: 1}),
			tx.AddDayTime(ctx, document.DayTime{Day: "2026-03-17", Step: 2, Office: "012", N: 1}),
		)
	})
	view(t, s, func(tx document.Tx) error {
		counts, err := tx.DayCounts(ctx, "2026-03-14", "2026-03-15", "")
		same(t, "counts", counts, []document.DayCount{
			{Day: "2026-03-14", Office: "011", Template: "query", N: 5}, {Day: "2026-03-15", Office: "012", Template: "query", N: 1},
		})
		own, err2 := tx.DayCounts(ctx, "2026-03-14", "2026-03-15", "012")
		same(t, "counts of an office", own, []document.DayCount{{Day: "2026-03-15", Office: "012", Template: "query", N: 1}})
		times, err3 := tx.DayTimes(ctx, "2026-03-14", "2026-03-16", "")
		same(t, "times", times, []document.DayTime{{Day: "2026-03-14", Step: 7, N: 4}, {Day: "2026-03-15", Step: 2, N: 1}})
		ownTimes, err4 := tx.DayTimes(ctx, "2026-03-14", "2026-03-16", "011")
		same(t, "times of an office", ownTimes, []document.DayTime{{Day: "2026-03-14", Step: 7, Office: "011", N: 3}})
		return errors.Join(err, err2, err3, err4)
	})
}
