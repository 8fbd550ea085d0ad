package sqldb

import (
	"context"
	"errors"
	"fmt"

	"docsvc/internal/document"
)

func (t *tx) Counter(ctx context.Context, series string) (document.Counter, error) {
	var c document.Counter
	err := t.one(ctx, []any{&c.Series, &c.Value, &c.High},
		`SELECT series, value, high FROM counter WHERE series = $1`, series)
	if errors.Is(err, document.ErrNotFound) {
		return document.Counter{}, nil
	}
	if err != nil {
		return document.Counter{}, fmt.Errorf("counter %s: %w", series, err)
	}
	return c, nil
}

func (t *tx) Counters(ctx context.Context) ([]document.Counter, error) {
	var counters []document.Counter
	err := t.each(ctx, func(s scan) error {
		var c document.Counter
		err := s(&c.Series, &c.Value, &c.High)
		counters = append(counters, c)
		return err
	}, `SELECT series, value, high FROM counter ORDER BY series`)
	if err != nil {
		return nil, fmt.Errorf("counters: %w", err)
	}
	return counters, nil
}

// NextNumber holds the series' row until the transaction ends: that is what
// makes numbers gapless.
func (t *tx) NextNumber(ctx context.Context, series string) (int64, error) {
	var n int64
	err := t.claim(ctx, func(s scan) error { return s(&n) },
		`UPDATE counter SET value = value + 1 WHERE series = $1 AND value < high RETURNING value`, series)
	if err == nil && n == 0 {
		err = document.ErrStale
	}
	if err != nil {
		return 0, fmt.Errorf("next number of %s: %w", series, err)
	}
	return n, nil
}

func (t *tx) RaiseHigh(ctx context.Context, series string, value, high int64) error {
	_, err := t.exec(ctx, `INSERT INTO counter (series, value, high) VALUES ($1, $2, $3)
		ON CONFLICT (series) DO UPDATE SET high = excluded.high WHERE counter.high < excluded.high`,
		series, value, high)
	if err != nil {
		return fmt.Errorf("raising the block of %s to %d: %w", series, high, err)
	}
	return nil
}
