package document_test

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docsvc/internal/document"
)

func wrong() error { return fmt.Errorf("%w: not it", document.ErrCredential) }
func right() error { return nil }

// TestAttemptDelays: the pause doubles from the second failure on, up to a
// quarter of an hour, and a credential is not even looked at before it is over.
func TestAttemptDelays(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	for n := 1; n <= 14; n++ {
		if err := s.Attempt(t.Context(), actor("nigar"), "nigar", wrong); !errors.Is(err, document.ErrCredential) {
			t.Fatalf("failure %d: %v", n, err)
		}
		want := time.Duration(0)
		if n >= 2 {
			want = min(time.Second<<(n-2), 15*time.Minute)
		}
		if want > 0 {
			w.advance(want - time.Second)
			err := s.Attempt(t.Context(), actor("nigar"), "nigar", func() error {
				t.Errorf("after failure %d the credential was tested %s too early", n, time.Second)
				return nil
			})
			var e *document.Error
			if !errors.As(err, &e) || e.Kind != document.Forbidden || e.Key != "error.credential.wait" {
				t.Fatalf("failure %d: %v", n, err)
			}
			if seconds, err := strconv.Atoi(e.Args["seconds"]); err != nil || seconds < 1 || seconds > 2 {
				t.Errorf("failure %d: the message says %s seconds", n, e.Args["seconds"])
			}
			w.advance(time.Second)
		}
	}
	if err := s.Attempt(t.Context(), actor("nigar"), "nigar", right); err != nil {
		t.Fatal(err)
	}
	// A success sets the count back: one failure again costs nothing.
	if err := s.Attempt(t.Context(), actor("nigar"), "nigar", wrong); !errors.Is(err, document.ErrCredential) {
		t.Error(err)
	}
	if err := s.Attempt(t.Context(), actor("nigar"), "nigar", right); err != nil {
		t.Error(err)
	}
	if n := w.audited(s, "credential.refused"); n != 15 {
		t.Errorf("%d refusals in the audit trail, want 15", n)
	}
}

// TestAttemptOfOthers: one login's failures are not another's, and trouble that
// says nothing about the credential does not count.
func TestAttemptOfOthers(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	for range 2 {
		if err := s.Attempt(t.Context(), actor("nigar"), "nigar", wrong); err == nil {
			t.Fatal("a wrong credential was taken")
		}
	}
	if err := s.Attempt(t.Context(), actor("vuqar"), "vuqar", right); err != nil {
		t.Error(err)
	}
	for range 5 {
		err := s.Attempt(t.Context(), actor("vuqar"), "vuqar", func() error { return errInjected })
		if !errors.Is(err, errInjected) || errors.Is(err, document.ErrCredential) {
			t.Error(err)
		}
	}
	if err := s.Attempt(t.Context(), actor("vuqar"), "vuqar", right); err != nil {
		t.Errorf("an unreadable key file counts as a wrong passphrase: %v", err)
	}
}

// TestAttemptsAtOnce: guesses made at the same time, by several processes, do
// not slip through the delay.
func TestAttemptsAtOnce(t *testing.T) {
	w := newWorld(t)
	processes := []*document.Service{w.process(), w.process(), w.process()}
	var tested atomic.Int64
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			err := processes[i%3].Attempt(t.Context(), actor("nigar"), "nigar", func() error {
				tested.Add(1)
				return wrong()
			})
			if document.KindOf(err) != document.Forbidden {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := tested.Load(); n != 2 {
		t.Errorf("%d of 30 guesses were tested, want the 2 that need not wait", n)
	}
}
