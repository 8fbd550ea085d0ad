package document_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docsvc/internal/archive/archivetest"
	"docsvc/internal/document"
)

func workerOf(s *document.Service) *document.Worker { return &document.Worker{Service: s, Parallel: 2} }

// TestLease: nobody touches an act that another process holds; when its lease
// is over, anybody may.
func TestLease(t *testing.T) {
	w := newWorld(t)
	first, second := w.process(), w.process()
	w.staff(first)
	c := w.mustRegister(first, 1)
	a, _, err := first.Issue(t.Context(), actor("nigar"), draftOf(c.Number, "x"))
	if err != nil {
		t.Fatal(err)
	}
	w.advance(lease - time.Second)
	if workerOf(second).Once(t.Context()) || w.act(second, a.Number).State != document.Issued {
		t.Fatal("a worker took an act that another process holds")
	}
	w.advance(time.Second)
	if !workerOf(second).Once(t.Context()) || w.act(second, a.Number).State != document.Prepared {
		t.Fatal("nobody took the act when its lease was over")
	}
	if workerOf(second).Once(t.Context()) {
		t.Error("there is still something to do")
	}
}

// TestResumeWaits: who asks for an act that another process holds waits until
// that one has gone on with it, and does not do it again.
func TestResumeWaits(t *testing.T) {
	w := newWorld(t)
	first, second := w.process(), w.process()
	w.staff(first)
	c := w.mustRegister(first, 1)
	a, _, err := first.Issue(t.Context(), actor("nigar"), draftOf(c.Number, "x"))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		got, err := second.Resume(t.Context(), a)
		if err == nil && (got.ID != a.ID || got.State != document.Prepared) {
			err = fmt.Errorf("act %q is %s", got.Number, got.State)
		}
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if _, err := first.Run(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	// A caller who goes away is told that the act is busy.
	b, _, err := first.Issue(t.Context(), actor("nigar"), draftOf(c.Number, "y"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := second.Resume(ctx, b); err == nil || w.act(first, b.Number).State != document.Issued {
		t.Errorf("a cancelled Resume gave %v", err)
	}
}

// TestZombiePreparing: a process that was slow finds that another one has done
// its step, and changes nothing.
func TestZombiePreparing(t *testing.T) {
	w := newWorld(t)
	zombie, second := w.process(), w.process()
	w.staff(zombie)
	c := w.mustRegister(zombie, 1)
	a, _, err := zombie.Issue(t.Context(), actor("nigar"), draftOf(c.Number, "x"))
	if err != nil {
		t.Fatal(err)
	}
	w.advance(lease)
	workerOf(second).Once(t.Context())
	var staged document.Staged
	read := func() (st document.Staged) {
		w.view(func(tx document.Tx) (err error) {
			st, err = tx.Staged(t.Context(), a.ID)
			return err
		})
		return st
	}
	staged = read()
	before := w.dump()
	if _, err := zombie.Run(t.Context(), a); !errors.Is(err, document.ErrStale) {
		t.Errorf("the zombie's step: %v", err)
	}
	if w.dump() != before || string(read().Digest) != string(staged.Digest) {
		t.Error("the zombie has changed the register")
	}
	w.mustSign(second, w.act(second, a.Number))
	w.nothingWaits(second)
}

// TestZombieSigning: the key answers after the lease is over and the act was
// given back to its signer. The late signature is worth nothing.
func TestZombieSigning(t *testing.T) {
	w := newWorld(t)
	zombie, second := w.process(), w.process()
	w.staff(zombie)
	c := w.mustRegister(zombie, 1)
	a := w.mustIssue(zombie, c.Number, "x")
	o := w.officers["nigar"]
	o.after = func() error {
		w.advance(lease)
		workerOf(second).Once(t.Context())
		return nil
	}
	if got, err := zombie.Sign(t.Context(), actor("nigar"), a, o); !errors.Is(err, document.ErrStale) {
		t.Fatalf("the late signature: act is %s, %v", got.State, err)
	}
	o.after = nil
	a = w.mustSign(second, w.act(second, a.Number))
	w.nothingWaits(second)
	w.checkKeys(t.Context(), a)
	w.view(func(tx document.Tx) error {
		intents, err := tx.Intents(t.Context(), a.ID)
		if len(intents) != 2 || intents[0].Outcome != document.OutcomeUnknown || intents[0].Signature != nil {
			t.Errorf("intents %+v", intents)
		}
		return err
	})
}

// TestZombieArchiving: two processes archive the same act; there is one record
// and one leaf.
func TestZombieArchiving(t *testing.T) {
	w := newWorld(t)
	zombie, second := w.process(), w.process()
	w.staff(zombie)
	c := w.mustRegister(zombie, 1)
	a := w.mustIssue(zombie, c.Number, "x")
	var overtaken atomic.Bool
	w.archive.Fail = func(op archivetest.Op) error {
		if op.Name == "put" && strings.HasSuffix(op.Key, "manifest.json") && overtaken.CompareAndSwap(false, true) {
			w.advance(lease)
			workerOf(second).Once(t.Context())
		}
		return nil
	}
	if _, err := zombie.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"]); !errors.Is(err, document.ErrStale) {
		t.Errorf("the zombie archived: %v", err)
	}
	w.archive.Fail = nil
	w.nothingWaits(second)
	w.checkDone(second, w.act(second, a.Number))
}

// countingDrafter counts how often each act is typeset for good.
type countingDrafter struct {
	*drafter
	mu       sync.Mutex
	rendered map[string]int
}

func (d *countingDrafter) Render(ctx context.Context, a document.Act) ([]byte, error) {
	d.mu.Lock()
	d.rendered[a.Number]++
	d.mu.Unlock()
	return d.drafter.Render(ctx, a)
}

// TestWorkersAtOnce: several workers share the acts out; no act is done twice.
func TestWorkersAtOnce(t *testing.T) {
	const acts = 40
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	c := w.mustRegister(s, 1)
	for n := range acts {
		if _, _, err := s.Issue(t.Context(), actor("nigar"), draftOf(c.Number, fmt.Sprint(n))); err != nil {
			t.Fatal(err)
		}
	}
	w.advance(lease)
	counting := &countingDrafter{drafter: w.drafter, rendered: map[string]int{}}
	var all sync.WaitGroup
	for range 4 {
		p := w.process()
		p.Drafter = counting
		all.Go(func() {
			for workerOf(p).Once(t.Context()) {
			}
		})
	}
	all.Wait()
	if len(counting.rendered) != acts {
		t.Errorf("%d acts were prepared", len(counting.rendered))
	}
	for number, n := range counting.rendered {
		if n != 1 {
			t.Errorf("%s was typeset %d times", number, n)
		}
		if a := w.act(s, number); a.State != document.Prepared {
			t.Errorf("%s is %s", number, a.State)
		}
	}
}

// TestBackoff: a step that fails is tried again after pauses that double up to
// five minutes, and the job tells why it waits.
func TestBackoff(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	a := w.mustIssue(s, w.mustRegister(s, 1).Number, "x")
	w.tsa.down.Store(true)
	if _, err := s.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"]); err == nil {
		t.Fatal("signed without a time-stamp")
	}
	for n := 1; n <= 12; n++ {
		var job document.Job
		w.view(func(tx document.Tx) (err error) {
			job, err = tx.JobByAct(t.Context(), a.ID)
			return err
		})
		pause := min(time.Second<<(n-1), 5*time.Minute)
		if job.Attempts != n || job.Owner != "" || !job.RunAfter.Equal(w.now().Add(pause)) || !strings.Contains(job.LastError, "is down") {
			t.Fatalf("after failure %d: %+v at %s", n, job, w.now())
		}
		w.advance(pause - time.Second)
		if workerOf(s).Once(t.Context()) {
			t.Fatalf("failure %d: tried again too early", n)
		}
		w.advance(time.Second)
		workerOf(s).Once(t.Context())
	}
	w.tsa.down.Store(false)
	w.advance(5 * time.Minute)
	workerOf(s).Once(t.Context())
	if got := w.act(s, a.Number); got.State != document.Archived || w.officers["nigar"].calls.Load() != 1 {
		t.Errorf("act is %s after %d calls of the key", got.State, w.officers["nigar"].calls.Load())
	}
}
