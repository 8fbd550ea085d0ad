package sqldb

import (
	"context"
	"fmt"
	"strings"

	"docsvc/internal/document"
)

// CountStates looks at no more entries than it counts: the states are counted in
// an index of the acts that are not archived, all in one statement, and these
// are all less those.
func (t *tx) CountStates(ctx context.Context, q document.Find) (map[document.State]int, error) {
	s := &search{tx: t, list: actList, q: q}
	whose, marks := "", []string{document.MarkAll}
	switch {
	case q.Officer != "":
		whose, marks = " AND officer = "+s.arg(q.Officer), []string{document.MarkOfficer(q.Officer)}
	case !q.Everywhere:
		whose, marks = " AND office IN ("+s.argList(q.Offices, false)+")", nil
		for _, office := range q.Offices {
			marks = append(marks, document.MarkOffice(office))
		}
	}
	limit := s.arg(document.MaxCount + 1)
	states := []document.State{document.Issued, document.Prepared, document.Signing, document.Signed, document.Voided}
	arms := make([]string, len(states))
	for i, state := range states {
		arms[i] = fmt.Sprintf("SELECT %d, count(*) FROM (SELECT 1 FROM act WHERE state <> 'archived' AND state = %s%s LIMIT %s) AS few",
			i, s.arg(string(state)), whose, limit)
	}
	counts, others := map[document.State]int{}, 0
	err := t.each(ctx, func(sc scan) error {
		var i, n int
		err := sc(&i, &n)
		if err == nil {
			counts[states[i]], others = n, others+n
		}
		return err
	}, strings.Join(arms, " UNION ALL "), s.args...)
	if err != nil {
		return nil, fmt.Errorf("counting acts by state: %w", err)
	}
	s.args = nil
	all, err := s.upTo(ctx, "act_word WHERE word IN ("+s.argList(marks, true)+")", others+document.MaxCount+1)
	if err != nil {
		return nil, fmt.Errorf("counting acts: %w", err)
	}
	counts[document.Archived] = all - others
	return counts, nil
}

// upTo counts the rows of a table and a condition up to a limit.
func (s *search) upTo(ctx context.Context, from string, limit int) (n int, err error) {
	query := "SELECT count(*) FROM (SELECT 1 FROM " + from + " LIMIT " + s.arg(limit) + ") AS few"
	args := s.args
	s.args = nil
	return n, s.one(ctx, []any{&n}, query, args...)
}
