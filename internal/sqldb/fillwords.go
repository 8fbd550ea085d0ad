package sqldb

import (
	"context"
	"errors"
	"fmt"

	"docsvc/internal/document"
)

// fillStep is how many rows get their words in one transaction.
const fillStep = 500

// fillWords writes the words of acts and cases that have none, and the subjects
// of the audit trail: those that an older docsvc wrote. It can be broken off and goes on where it was.
func fillWords(ctx context.Context, o Options) (err error) {
	o.AllowOwner = true // who migrates owns the register
	r, err := Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		n := 0
		if err := r.engine.update(ctx, func(q querier) (err error) {
			n, err = fillSome(ctx, &tx{q: q, writable: true, now: r.now})
			return err
		}); err != nil {
			return fmt.Errorf("words of older acts and cases: %w", err)
		}
		if n == 0 {
			break
		}
	}
	if err := r.engine.update(ctx, func(q querier) error {
		return fillSubjects(ctx, &tx{q: q, writable: true, now: r.now})
	}); err != nil {
		return fmt.Errorf("subjects of older audit events: %w", err)
	}
	return nil
}

// fillSubjects tells of all events what they are about, or of none.
func fillSubjects(ctx context.Context, t *tx) error {
	var filled string
	err := t.one(ctx, []any{&filled}, `SELECT id FROM audit_subject LIMIT 1`)
	if !errors.Is(err, document.ErrNotFound) {
		return err
	}
	for last := ""; ; {
		var args []any
		n := 0
		err := t.each(ctx, func(s scan) error {
			var r document.AuditRow
			err := s(&r.ID, &r.Data)
			args, last, n = appendSubject(args, r), r.ID, n+1
			return err
		}, `SELECT id, data FROM audit_event WHERE id > $1 ORDER BY id LIMIT $2`, last, fillStep)
		if err != nil || n == 0 {
			return err
		}
		if err := t.bulk(ctx, insertSubjects, 3, args); err != nil {
			return err
		}
	}
}

// without selects rows of a list that have no words.
func without(l list, columns, date string) string {
	return `SELECT ` + of(l.table, columns) + ` FROM ` + l.table + `
		WHERE NOT EXISTS (SELECT 1 FROM ` + l.words + ` AS w WHERE w.word = $1 AND w.` + l.id + ` = ` + l.table + `.id` + date + `)
		LIMIT $2`
}

func fillSome(ctx context.Context, t *tx) (int, error) {
	mark := []byte(document.MarkAll)
	acts, err := t.acts(ctx, without(actList, actColumns, " AND w.date = act.date"), mark, fillStep)
	if err != nil {
		return 0, err
	}
	for _, a := range acts {
		if err := t.insertWords(ctx, actList, string(a.Date), a.ID, a.Words()); err != nil {
			return 0, err
		}
	}
	var cases []document.Case
	err = t.each(ctx, func(s scan) error {
		c, err := scanCase(s)
		cases = append(cases, c)
		return err
	}, without(caseList, caseColumns, ""), mark, fillStep)
	if err != nil {
		return 0, err
	}
	for _, c := range cases {
		if err := t.insertWords(ctx, caseList, caseDate(c), c.ID, c.Words()); err != nil {
			return 0, err
		}
	}
	return len(acts) + len(cases), nil
}
