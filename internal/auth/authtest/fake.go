package authtest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

// Stage is a moment of an operation at which a Fake can fail.
type Stage int

const (
	// Before: the operation was never done.
	Before Stage = iota
	// After: it was done, but its answer is lost.
	After
)

// Op is an operation about to be done, or just done, by a Fake.
type Op struct {
	Name  string // of the method
	Stage Stage
}

// Fake is a strict auth.Store in memory that fails when told to. Its zero
// value is ready for use.
type Fake struct {
	// Fail is asked before and after each operation; an error that it returns
	// is returned to the caller. It may be nil, is called without a lock held,
	// and must not be changed while in use.
	Fail func(Op) error

	mu       sync.Mutex
	attempts map[auth.Hash]auth.Attempt
	sessions map[auth.Hash]auth.Session
	calls    map[string]int
}

var _ auth.Store = (*Fake)(nil)

// Calls returns how often a method did its work.
func (f *Fake) Calls(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

// Attempts returns how many attempts are kept.
func (f *Fake) Attempts() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.attempts)
}

// do runs a method under the lock, with its failures.
func (f *Fake) do(ctx context.Context, name string, work func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.Fail != nil {
		if err := f.Fail(Op{name, Before}); err != nil {
			return err
		}
	}
	if err := f.locked(name, work); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if f.Fail != nil {
		return f.Fail(Op{name, After})
	}
	return nil
}

func (f *Fake) locked(name string, work func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.attempts == nil {
		f.attempts, f.sessions, f.calls = map[auth.Hash]auth.Attempt{}, map[auth.Hash]auth.Session{}, map[string]int{}
	}
	f.calls[name]++
	return work()
}

// PutAttempt implements auth.Store.
func (f *Fake) PutAttempt(ctx context.Context, a auth.Attempt) error {
	if err := a.Check(); err != nil {
		return err
	}
	return f.do(ctx, "PutAttempt", func() error {
		if _, ok := f.attempts[a.StateHash]; ok {
			return document.ErrExists
		}
		f.attempts[a.StateHash] = a.Stored()
		return nil
	})
}

// TakeAttempt implements auth.Store.
func (f *Fake) TakeAttempt(ctx context.Context, state auth.Hash) (a auth.Attempt, err error) {
	err = f.do(ctx, "TakeAttempt", func() error {
		found, ok := f.attempts[state]
		if !ok {
			return document.ErrNotFound
		}
		delete(f.attempts, state)
		a = found
		return nil
	})
	if err != nil {
		return auth.Attempt{}, err
	}
	return a, nil
}

// PutSession implements auth.Store.
func (f *Fake) PutSession(ctx context.Context, s auth.Session) error {
	if err := s.Check(); err != nil {
		return err
	}
	return f.do(ctx, "PutSession", func() error {
		if _, ok := f.sessions[s.IDHash]; ok {
			return document.ErrExists
		}
		f.sessions[s.IDHash] = s
		return nil
	})
}

// SessionByID implements auth.Store.
func (f *Fake) SessionByID(ctx context.Context, id auth.Hash) (s auth.Session, err error) {
	err = f.do(ctx, "SessionByID", func() error {
		found, ok := f.sessions[id]
		if !ok {
			return document.ErrNotFound
		}
		s = found
		return nil
	})
	if err != nil {
		return auth.Session{}, err
	}
	return s, nil
}

// TouchSession implements auth.Store.
func (f *Fake) TouchSession(ctx context.Context, id auth.Hash, seen time.Time) error {
	return f.do(ctx, "TouchSession", func() error {
		s, ok := f.sessions[id]
		if !ok {
			return document.ErrNotFound
		}
		if seen.After(s.LastSeen) {
			s.LastSeen = seen
			f.sessions[id] = s
		}
		return nil
	})
}

// SessionsOf implements auth.Store.
func (f *Fake) SessionsOf(ctx context.Context, login string) (list []auth.Session, err error) {
	err = f.do(ctx, "SessionsOf", func() error {
		for _, s := range f.sessions {
			if s.Login == login {
				list = append(list, s)
			}
		}
		slices.SortFunc(list, func(a, b auth.Session) int {
			if c := b.Begun.Compare(a.Begun); c != 0 {
				return c
			}
			return bytes.Compare(a.IDHash[:], b.IDHash[:])
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// EndSessions implements auth.Store.
func (f *Fake) EndSessions(ctx context.Context, ids ...auth.Hash) error {
	return f.do(ctx, "EndSessions", func() error {
		for _, id := range ids {
			delete(f.sessions, id)
		}
		return nil
	})
}

// Purge implements auth.Store.
func (f *Fake) Purge(ctx context.Context, now, idle time.Time) (n int, err error) {
	err = f.do(ctx, "Purge", func() error {
		before := len(f.attempts) + len(f.sessions)
		maps.DeleteFunc(f.attempts, func(_ auth.Hash, a auth.Attempt) bool { return !a.Expires.After(now) })
		maps.DeleteFunc(f.sessions, func(_ auth.Hash, s auth.Session) bool {
			return !s.Expires.After(now) || !s.LastSeen.After(idle)
		})
		n = before - len(f.attempts) - len(f.sessions)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
