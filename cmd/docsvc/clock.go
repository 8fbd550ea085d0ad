package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// clock compares this machine's clock with that of another part.
type clock struct {
	part string
	// skew is how far ours is ahead of it.
	skew func(ctx context.Context) (time.Duration, error)
}

// maxSkew is how far two clocks may be apart before serve refuses to start:
// what an act says of its time, and whether a token is still good, would depend
// on whom one asks.
const maxSkew = 5 * time.Second

// checkClocks refuses a machine whose clock is wrong.
func (a *app) checkClocks(ctx context.Context) error {
	var faults []error
	for _, c := range a.clocks {
		skew, err := c.skew(ctx)
		if err != nil {
			faults = append(faults, fmt.Errorf("clock of %s: %w", c.part, err))
		} else if skew.Abs() > maxSkew {
			faults = append(faults, fmt.Errorf("this machine's clock and that of %s are %v apart, at most %v are allowed: set both by NTP (chronyc tracking) and start again",
				c.part, skew.Abs().Round(time.Second), maxSkew))
		}
	}
	return errors.Join(faults...)
}
