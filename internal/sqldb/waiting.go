package sqldb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"docsvc/internal/document"
)

// JobsWaiting walks one of the two indexes over the jobs that have failed and
// looks each act up: there are as many as wait, however many acts there are.
func (t *tx) JobsWaiting(ctx context.Context, q document.WaitingQuery) ([]document.WaitingAct, error) {
	query, args := waitingQuery(q)
	var list []document.WaitingAct
	err := t.each(ctx, func(s scan) error {
		var w document.WaitingAct
		job := scanJob(&w.Job)
		var err error
		w.Act, err = scanAct(func(dest ...any) error { return s(append(dest, job.dest()...)...) })
		job.done()
		list = append(list, w)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("acts that wait: %w", err)
	}
	return list, nil
}

func waitingQuery(q document.WaitingQuery) (query string, args []any) {
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where := []string{
		"job.attempts > 0",
		"(job.since, job.act_id) > (" + arg(toColumn(q.After.Since)) + ", " + arg(q.After.ActID) + ")",
	}
	if q.Reason != "" {
		where = append(where, "job.reason = "+arg(string(q.Reason)))
	}
	if !q.Everywhere {
		whose := "act.officer = " + arg(q.Officer)
		for _, office := range q.Offices {
			whose += " OR act.office = " + arg(office)
		}
		where = append(where, "("+whose+")")
	}
	return `SELECT ` + of("act", actColumns) + `, ` + of("job", jobColumns) + `
		FROM job JOIN act ON act.id = job.act_id
		WHERE ` + strings.Join(where, " AND ") + `
		ORDER BY job.since, job.act_id LIMIT ` + arg(q.Limit), args
}

// of puts the table in front of each column of a list.
func of(table, columns string) string {
	list := strings.Split(columns, ",")
	for i, c := range list {
		list[i] = table + "." + strings.TrimSpace(c)
	}
	return strings.Join(list, ", ")
}

func (t *tx) CountWaiting(ctx context.Context) ([]document.WaitingCount, error) {
	var counts []document.WaitingCount
	err := t.each(ctx, func(s scan) error {
		var (
			c     document.WaitingCount
			since Time
		)
		err := s(&c.Reason, &c.Acts, &since)
		c.Since = fromColumn(since)
		counts = append(counts, c)
		return err
	}, `SELECT reason, count(*), min(since) FROM job WHERE attempts > 0 GROUP BY reason ORDER BY reason`)
	if err != nil {
		return nil, fmt.Errorf("counting acts that wait: %w", err)
	}
	return counts, nil
}

func (t *tx) HastenJobs(ctx context.Context, actIDs []string, now time.Time) (int, error) {
	total := 0
	err := in(actIDs, func(list string, args []any) error {
		at := fmt.Sprintf("$%d", len(args)+1)
		n, err := t.exec(ctx, `UPDATE job SET run_after = `+at+`
			WHERE act_id IN `+list+` AND attempts > 0 AND lease_ends <= `+at, append(args, Time(now))...)
		total += int(n)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("trying jobs again: %w", err)
	}
	return total, nil
}
