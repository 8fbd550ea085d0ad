package revocation

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Refresh asks all addresses now, and returns what went wrong.
func (s *Source) Refresh(ctx context.Context) error {
	return s.askAll(ctx, func(*feed) bool { return true })
}

// Run keeps the lists fresh until ctx ends, and asks OCSP responders what they
// could not answer before.
func (s *Source) Run(ctx context.Context) error {
	s.running.Add(1)
	defer s.running.Add(-1)
	for {
		_ = s.askAll(ctx, s.isDue) // logged one by one
		s.askOpen(ctx)
		timer := time.NewTimer(s.untilDue())
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		case <-s.wake:
			timer.Stop()
		}
	}
}

// isDue is called with mu held. A time too far ahead was set before our clock
// was put back.
func (s *Source) isDue(f *feed) bool {
	wait := f.due.Sub(s.c.Now())
	return wait <= 0 || wait > max(s.c.Refresh, maxPause)
}

// untilDue is at most a minute, so that a clock set forward is noticed.
func (s *Source) untilDue() time.Duration {
	wait := s.untilOpen()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, f := range s.feeds {
		wait = min(wait, f.due.Sub(s.c.Now()))
	}
	return max(wait, 100*time.Millisecond)
}

// askAll asks the addresses that pick chooses, a few at a time.
func (s *Source) askAll(ctx context.Context, pick func(*feed) bool) error {
	s.mu.RLock()
	var chosen []*feed
	for _, f := range s.feeds {
		if pick(f) {
			chosen = append(chosen, f)
		}
	}
	s.mu.RUnlock()
	errs := make([]error, len(chosen))
	places := make(chan struct{}, atOnce)
	var wait sync.WaitGroup
	for i, f := range chosen {
		wait.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			ctx, cancel := context.WithTimeout(ctx, s.c.Timeout)
			defer cancel()
			errs[i] = s.ask(ctx, f)
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}
