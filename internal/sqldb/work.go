package sqldb

import (
	"context"
	"fmt"
	"time"

	"docsvc/internal/document"
)

func (t *tx) CountOpen(ctx context.Context, office string) (map[string]map[document.State]int, error) {
	counts := map[string]map[document.State]int{}
	err := t.each(ctx, func(s scan) error {
		var (
			officer string
			state   document.State
		)
		if err := s(&officer, &state); err != nil {
			return err
		}
		if counts[officer] == nil {
			counts[officer] = map[document.State]int{}
		}
		counts[officer][state]++
		return nil
	}, `SELECT officer, state FROM act WHERE office = $1 AND state IN ('issued', 'prepared', 'signing', 'signed')
		AND state <> 'archived'`, office)
	if err != nil {
		return nil, fmt.Errorf("counting acts of office %s: %w", office, err)
	}
	return counts, nil
}

func (t *tx) CountDated(ctx context.Context, officer string, from document.Date) (n int, err error) {
	err = t.one(ctx, []any{&n}, `SELECT count(*) FROM act_word WHERE word = $1 AND date >= $2`,
		[]byte(document.MarkOfficer(officer)), string(from))
	if err != nil {
		return 0, fmt.Errorf("counting acts of %s: %w", officer, err)
	}
	return n, nil
}

func (t *tx) WaitingSince(ctx context.Context, login string) (map[string]time.Time, error) {
	since := map[string]time.Time{}
	err := t.each(ctx, func(s scan) error {
		var (
			id string
			at Time
		)
		err := s(&id, &at)
		if time.Time(at).After(since[id]) { // the last attempt counts
			since[id] = time.Time(at)
		}
		return err
	}, `SELECT i.act_id, i.at FROM act JOIN sign_intent i ON i.act_id = act.id AND i.round = act.round - 1
		WHERE act.waits_for = $1 AND act.state = 'prepared' AND i.outcome = 'signed'`, login)
	if err != nil {
		return nil, fmt.Errorf("since when acts wait for %s: %w", login, err)
	}
	return since, nil
}
