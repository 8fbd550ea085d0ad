package sqldb

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"time"
)

// Allow counts one more event of key and reports whether there were at most
// limit within the window, whichever process counted them, and if not, after how
// long to try again. Windows are fixed: the first event begins one. Keys, which
// hold addresses of clients and codes of acts, are stored as hashes.
func (r *Register) Allow(ctx context.Context, key string, limit int, window time.Duration) (bool, time.Duration, error) {
	var (
		n     int64
		after time.Duration
	)
	err := r.observed("count", func() (err error) {
		n, after, err = r.count(ctx, key, window)
		return err
	})
	if err != nil {
		return false, 0, fmt.Errorf("counting against a limit: %w", err)
	}
	r.sweep(ctx)
	if n > int64(limit) {
		return false, after, nil
	}
	return true, 0, nil
}

// count is one statement, and so needs no more than one round trip. A window
// that ends much later than one could was begun by a clock that was wrong: it
// does not lock anybody out until then.
func (r *Register) count(ctx context.Context, key string, window time.Duration) (n int64, left time.Duration, err error) {
	var (
		hash = sha256.Sum256([]byte(key))
		now  = r.now()
		ends Time
	)
	err = r.engine.single(ctx, true, func(q querier) error {
		t := &tx{q: q, now: r.now, writable: true}
		return t.claim(ctx, func(s scan) error { return s(&n, &ends) },
			`INSERT INTO rate_window (key, n, ends) VALUES ($1, 1, $2)
			ON CONFLICT (key) DO UPDATE SET
				n = CASE WHEN rate_window.ends > $3 AND rate_window.ends <= $4 THEN rate_window.n + 1 ELSE 1 END,
				ends = CASE WHEN rate_window.ends > $3 AND rate_window.ends <= $4 THEN rate_window.ends ELSE excluded.ends END
			RETURNING n, ends`,
			hash[:16], Time(now.Add(window)), Time(now), Time(now.Add(2*window)))
	})
	return n, max(0, min(time.Time(ends).Sub(now), window)), err
}

const (
	sweepEvery = 10 * time.Second
	sweepRows  = 1000 // in one statement
	sweepTimes = 20   // statements in passing

	// The condition stands twice: a row may be counted anew in between.
	sweepQuery = `DELETE FROM rate_window
		WHERE key IN (SELECT key FROM rate_window WHERE ends <= $1 ORDER BY ends LIMIT $2) AND ends <= $1`
)

// sweep removes, once in a while and in passing, the windows that are over. The
// processes take turns, by counting like everybody else, so that no two of them
// wait for each other's rows.
func (r *Register) sweep(ctx context.Context) {
	now := r.now()
	last := r.swept.Load()
	if now.UnixNano()-last < int64(sweepEvery) || !r.swept.CompareAndSwap(last, now.UnixNano()) {
		return
	}
	n, _, err := r.count(ctx, "sweep", sweepEvery/2)
	if err == nil && n == 1 {
		_, err = r.remove(ctx, sweepQuery, now)
	}
	if err != nil { // the next one will
		r.log.WarnContext(ctx, "old counts were not removed", slog.Any("error", err))
	}
}

// remove runs a bounded DELETE whose placeholders are a time and the bound until
// nothing is left, or for long enough. Each run is a transaction of its own.
func (r *Register) remove(ctx context.Context, query string, before time.Time) (int, error) {
	total := 0
	for range sweepTimes {
		var n int64
		err := r.engine.update(ctx, func(q querier) (err error) {
			t := &tx{q: q, now: r.now, writable: true}
			n, err = t.exec(ctx, query, Time(before), sweepRows)
			return err
		})
		if err != nil {
			return total, err
		}
		total += int(n)
		if n < sweepRows {
			break
		}
	}
	return total, nil
}
