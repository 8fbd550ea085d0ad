package sqldb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"docsvc/internal/document"
)

func (t *tx) Followed(ctx context.Context) (seq int64, err error) {
	if err := t.one(ctx, []any{&seq}, `SELECT seq FROM follower WHERE one = 1`); err != nil {
		return 0, fmt.Errorf("follower of the audit trail: %w", err)
	}
	return seq, nil
}

func (t *tx) MoveFollowed(ctx context.Context, from, to int64) error {
	if err := t.swap(ctx, `UPDATE follower SET seq = $1 WHERE one = 1 AND seq = $2`, to, from); err != nil {
		return fmt.Errorf("follower of the audit trail: %w", err)
	}
	return nil
}

func (t *tx) ActFacts(ctx context.Context, numbers []string) (map[string]document.ActFact, error) {
	facts := map[string]document.ActFact{}
	err := in(numbers, func(list string, args []any) error {
		return t.each(ctx, func(s scan) error {
			var f document.ActFact
			err := s(&f.Number, &f.Case, &f.Office, &f.Template, (*Time)(&f.IssuedAt), (*Time)(&f.ArchivedAt))
			facts[f.Number] = f
			return err
		}, `SELECT number, case_number, office, template, issued_at, archived_at FROM act WHERE number IN `+list, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("facts of %d acts: %w", len(numbers), err)
	}
	return facts, nil
}

func (t *tx) CaseOffices(ctx context.Context, numbers []string) (map[string]string, error) {
	return t.offices(ctx, `SELECT number, office FROM enforcement_case WHERE number IN `, numbers)
}

func (t *tx) AccountOffices(ctx context.Context, logins []string) (map[string]string, error) {
	return t.offices(ctx, `SELECT login, office FROM account WHERE login IN `, logins)
}

func (t *tx) offices(ctx context.Context, query string, names []string) (map[string]string, error) {
	found := map[string]string{}
	err := in(names, func(list string, args []any) error {
		return t.each(ctx, func(s scan) error {
			var name, office string
			err := s(&name, &office)
			found[name] = office
			return err
		}, query+list, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("offices of %d names: %w", len(names), err)
	}
	return found, nil
}

func (t *tx) IndexAudit(ctx context.Context, events []document.IndexedEvent) error {
	const width = 6
	args := make([]any, 0, width*len(events))
	for _, e := range events {
		args = append(args, e.Seq, Time(e.At), e.Actor, string(e.Kind), e.Subject, e.Office)
	}
	if err := t.bulk(ctx, `INSERT INTO audit_index (seq, at, actor, kind, subject, office) VALUES `, width, args); err != nil {
		return fmt.Errorf("indexing %d audit events: %w", len(events), err)
	}
	return nil
}

// Trail walks an index that begins with what is asked for, back in time.
func (t *tx) Trail(ctx context.Context, q document.TrailQuery) ([]document.TrailEntry, error) {
	query, args := trailQuery(q)
	var list []document.TrailEntry
	err := t.each(ctx, func(s scan) error {
		var e document.TrailEntry
		err := s(&e.Seq, (*Time)(&e.At), &e.Office, &e.Data)
		list = append(list, e)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("audit trail: %w", err)
	}
	return list, nil
}

// dawn is before every event.
var dawn = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

func trailQuery(q document.TrailQuery) (query string, args []any) {
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	from := q.From
	if from.IsZero() {
		from = dawn
	}
	where := []string{"i.at >= " + arg(Time(from))}
	for _, f := range []struct{ column, value string }{{"actor", q.Actor}, {"kind", string(q.Kind)}, {"subject", q.Subject}} {
		if f.value != "" {
			where = append(where, "i."+f.column+" = "+arg(f.value))
		}
	}
	if !q.To.IsZero() {
		where = append(where, "i.at < "+arg(Time(q.To)))
	}
	if q.Before.Seq != 0 {
		where = append(where, "(i.at, i.seq) < ("+arg(Time(q.Before.At))+", "+arg(q.Before.Seq)+")")
	}
	if !q.Everywhere {
		offices := make([]string, len(q.Offices))
		for n, office := range q.Offices {
			offices[n] = "i.office = " + arg(office)
		}
		where = append(where, "("+strings.Join(append(offices, "1 = 0"), " OR ")+")")
	}
	return `SELECT i.seq, i.at, i.office, e.data
		FROM audit_index i JOIN audit_link l ON l.seq = i.seq JOIN audit_event e ON e.id = l.id
		WHERE ` + strings.Join(where, " AND ") + `
		ORDER BY i.at DESC, i.seq DESC LIMIT ` + arg(q.Limit), args
}

func (t *tx) AddDayCount(ctx context.Context, c document.DayCount) error {
	_, err := t.exec(ctx, `INSERT INTO act_day (day, office, template, n) VALUES ($1, $2, $3, $4)
		ON CONFLICT (day, office, template) DO UPDATE SET n = act_day.n + excluded.n`,
		string(c.Day), c.Office, c.Template, c.N)
	return err
}

func (t *tx) AddDayTime(ctx context.Context, c document.DayTime) error {
	_, err := t.exec(ctx, `INSERT INTO act_day_time (day, step, office, n) VALUES ($1, $2, $3, $4)
		ON CONFLICT (day, step, office) DO UPDATE SET n = act_day_time.n + excluded.n`,
		string(c.Day), c.Step, c.Office, c.N)
	return err
}

func (t *tx) DayCounts(ctx context.Context, first, last document.Date, office string) ([]document.DayCount, error) {
	var list []document.DayCount
	err := t.each(ctx, func(s scan) error {
		var c document.DayCount
		err := s(&c.Day, &c.Office, &c.Template, &c.N)
		list = append(list, c)
		return err
	}, `SELECT day, office, template, n FROM act_day
		WHERE day >= $1 AND day <= $2 AND (office = $3 OR $3 = '') ORDER BY day, office, template`,
		string(first), string(last), office)
	if err != nil {
		return nil, fmt.Errorf("acts by day: %w", err)
	}
	return list, nil
}

func (t *tx) DayTimes(ctx context.Context, first, last document.Date, office string) ([]document.DayTime, error) {
	var list []document.DayTime
	err := t.each(ctx, func(s scan) error {
		c := document.DayTime{Office: office}
		err := s(&c.Day, &c.Step, &c.N)
		list = append(list, c)
		return err
	}, `SELECT day, step, sum(n) FROM act_day_time
		WHERE day >= $1 AND day <= $2 AND (office = $3 OR $3 = '') GROUP BY day, step ORDER BY day, step`,
		string(first), string(last), office)
	if err != nil {
		return nil, fmt.Errorf("durations by day: %w", err)
	}
	return list, nil
}
