package sqldb

import (
	"context"
	"math/rand/v2"
	"time"
)

// attempts bounds how often a transaction is run.
const attempts = 10

// retry runs a transaction until it gets through, or fails for another reason
// than that others were in its way. The pauses grow to half a second; chance in
// them keeps those who collided from colliding again.
func retry(ctx context.Context, transaction func() error) error {
	for n := 1; ; n++ {
		err := transaction()
		if err == nil || n == attempts || !retryable(err) {
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
