package sqldb

import (
	"context"
	"fmt"
	"time"
)

// Clock returns the time of the register's server, for the comparison of clocks
// at the start of a process; nothing else goes by it. SQLite has ours.
func (r *Register) Clock(ctx context.Context) (time.Time, error) {
	if _, ok := r.engine.(*postgresEngine); !ok {
		return r.now().UTC(), nil
	}
	var now time.Time
	err := r.engine.single(ctx, false, func(q querier) error {
		return (&tx{q: q}).one(ctx, []any{(*Time)(&now)}, `SELECT clock_timestamp()`)
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("clock of the register's server: %w", err)
	}
	return now, nil
}
