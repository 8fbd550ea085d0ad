package sqldb

import (
	"context"
	"math/rand/v2"
	"time"
)

// attempts bounds how often a transaction is run, and enough for how long: who
// has waited for a lock again and again should hear of it.
const (
	attempts = 10
	enough   = 20 * time.Second
)

// retry runs a transaction until it gets through, or fails for another reason
// than that others were in its way or that its connection broke before the
// commit. It is the only place that runs one again. The pauses grow to half a
// second; chance in them keeps those who collided from colliding again.
func retry(ctx context.Context, transaction func() error) error {
	start := time.Now()
	for n := 1; ; n++ {
		err := transaction()
		if err == nil || n == attempts || !retryable(err) || time.Since(start) > enough {
			return err
		}
		pause := time.NewTimer(rand.N(time.Millisecond << n))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}
