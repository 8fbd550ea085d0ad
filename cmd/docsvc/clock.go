package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"
)

// clock compares this machine's clock with that of another part.
type clock struct {
	part string
	// skew is how far ours is ahead of it.
	skew func(ctx context.Context) (time.Duration, error)
}

// clockEvery is how often serve compares clocks.
const clockEvery = time.Minute

// skews are the last comparisons, by part.
type skews struct {
	mu     sync.Mutex
	byPart map[string]time.Duration
	errs   map[string]error
}

func (s *skews) set(part string, skew time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byPart == nil {
		s.byPart, s.errs = map[string]time.Duration{}, map[string]error{}
	}
	if s.errs[part] = err; err == nil {
		s.byPart[part] = skew
	}
}

// err says why the clock of a part could not be read at last.
func (s *skews) err(part string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.errs[part]
}

// all returns a copy.
func (s *skews) all() map[string]time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.byPart)
}

// watchClocks goes on comparing clocks, for the metrics.
func (a *app) watchClocks(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(clockEvery):
		}
		if err := a.checkClocks(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "clocks", slog.Any("error", err))
		}
	}
}

// maxSkew is how far two clocks may be apart before serve refuses to start:
// what an act says of its time, and whether a token is still good, would depend
// on whom one asks.
const maxSkew = 5 * time.Second

// checkClocks refuses a machine whose clock is wrong. A clock that cannot be
// read is no reason: the public pages go on without a time-stamping authority.
func (a *app) checkClocks(ctx context.Context) error {
	var faults []error
	for _, c := range a.clocks {
		skew, err := c.skew(ctx)
		a.skews.set(c.part, skew, err)
		if err != nil {
			a.log.WarnContext(ctx, "clock not compared", slog.String("part", c.part), slog.Any("error", err))
		} else if skew.Abs() > maxSkew {
			faults = append(faults, fmt.Errorf("this machine's clock and that of %s are %v apart, at most %v are allowed: set both by NTP (chronyc tracking) and start again",
				c.part, skew.Abs().Round(time.Second), maxSkew))
		}
	}
	return errors.Join(faults...)
}
