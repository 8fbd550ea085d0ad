package web

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"docsvc/internal/document"
)

// Limiter counts events by key. Allow counts one more and reports whether
// there were at most limit within the window, and if not, after how long to
// try again. It is safe for concurrent use. Its error means that it cannot
// count now.
type Limiter interface {
	Allow(ctx context.Context, key string, limit int, window time.Duration) (ok bool, retryAfter time.Duration, err error)
}

// limit is how often something may be done in a window of time.
type limit struct {
	name   string
	count  int
	window time.Duration
}

// limited lets a client address through to h as often as l says.
func (s *site) limited(l limit, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.allow(w, r, l, s.client(r)) {
			h(w, r)
		}
	}
}

// allow counts against a limit and answers the request itself when it is over.
func (s *site) allow(w http.ResponseWriter, r *http.Request, l limit, subject string) bool {
	ok, retryAfter, err := s.Limiter.Allow(r.Context(), l.name+" "+subject, l.count, l.window)
	if err != nil {
		s.fail(w, r, &document.Error{Kind: document.Unavailable, Key: "error.register.unavailable", Err: err})
		return false
	}
	if !ok {
		s.tooMany(w, r, retryAfter)
	}
	return ok
}

// ProcessLimiter is a Limiter in the memory of one process: with several
// processes behind one address each counts for itself. It counts in fixed
// windows and forgets everything when it holds too many keys, so that its
// memory is bounded.
type ProcessLimiter struct {
	Now func() time.Time // required

	mu      sync.Mutex
	windows map[string]counted
}

type counted struct {
	n    int
	ends time.Time
}

const maxCounted = 100_000

// Allow implements Limiter.
func (p *ProcessLimiter) Allow(_ context.Context, key string, limit int, window time.Duration) (bool, time.Duration, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Now()
	c, ok := p.windows[key]
	if !ok || !now.Before(c.ends) {
		p.makeRoom(now)
		c = counted{ends: now.Add(window)}
	}
	c.n++
	p.windows[key] = c
	if c.n > limit {
		return false, c.ends.Sub(now), nil
	}
	return true, 0, nil
}

func (p *ProcessLimiter) makeRoom(now time.Time) {
	if p.windows == nil {
		p.windows = map[string]counted{}
	}
	if len(p.windows) < maxCounted {
		return
	}
	for key, c := range p.windows {
		if !now.Before(c.ends) {
			delete(p.windows, key)
		}
	}
	if len(p.windows) >= maxCounted {
		clear(p.windows)
	}
}

func retrySeconds(d time.Duration) string {
	return strconv.Itoa(max(1, int((d+time.Second-1)/time.Second)))
}
