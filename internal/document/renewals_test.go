package document_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/signing"
)

const year = 365 * 24 * time.Hour

// archive12 is a world with twelve archived acts, the authority's certificate
// of which ends in ten years.
func archive12(t *testing.T, level signing.Level) (*world, *document.Service, []document.Act) {
	t.Helper()
	w := newWorld(t)
	w.level = level
	w.rules = func(r *document.Rules) { r.Retention = map[string]int{"": 75} }
	s := w.process()
	w.staff(s)
	kase := w.mustRegister(s, 1).Number
	var acts []document.Act
	for i := range 12 {
		acts = append(acts, w.mustArchive(s, kase, fmt.Sprint(i)))
	}
	return w, s, acts
}

// TestDueForRenewal: no act is due before its time, all are before it is too
// late, and they do not fall due on one day.
func TestDueForRenewal(t *testing.T) {
	w, s, acts := archive12(t, signing.LevelBLTA)
	due := func() int {
		t.Helper()
		list, err := s.DueForRenewal(t.Context(), time.Time{}, 100)
		if err != nil {
			t.Fatal(err)
		}
		n, err := s.CountDueForRenewal(t.Context(), 100)
		if err != nil || n != len(list) {
			t.Errorf("%d acts are due and %d counted: %v", len(list), n, err)
		}
		return len(list)
	}
	until := acts[0].RenewBy
	if got := until.Sub(w.now()); got < 9*year || got > 11*year {
		t.Fatalf("the time-stamp is good for %s", got)
	}
	steps := map[int]bool{}
	w.advance(until.Sub(w.now()) - year - 120*24*time.Hour)
	if n := due(); n != 0 {
		t.Errorf("%d acts are due too early", n)
	}
	for range 12 {
		w.advance(10 * 24 * time.Hour)
		steps[due()] = true
	}
	if n := due(); n != len(acts) {
		t.Errorf("%d of %d acts are due a year before it is too late", n, len(acts))
	}
	if len(steps) < 5 {
		t.Errorf("they fall due in %d steps", len(steps))
	}
	list, err := s.DueForRenewal(t.Context(), w.now().Add(-130*24*time.Hour), 100)
	if err != nil || len(list) != 0 {
		t.Errorf("%d acts were due 130 days ago, %v", len(list), err)
	}
}

// TestRenewDue: one pass renews what is due; a damaged act does not hold up the
// others, and a second pass finds nothing more to do.
func TestRenewDue(t *testing.T) {
	w, s, acts := archive12(t, signing.LevelBLTA)
	var outcomes = map[document.RenewalOutcome]int{}
	s.ObserveRenewal = func(o document.RenewalOutcome) { outcomes[o]++ }
	w.years(9)
	w.advance(30 * 24 * time.Hour)
	w.archive.Corrupt(acts[3].Path, flip)
	count, err := s.RenewDue(t.Context(), 0)
	if err != nil || count != (document.RenewalCount{Renewed: 11, Failed: 1}) {
		t.Fatalf("%+v, %v", count, err)
	}
	for i, a := range acts {
		if i != 3 {
			a = w.act(s, a.Number)
			if a.Rendition != 2 || a.RenewBy.Sub(w.now()) < 9*year {
				t.Errorf("act %d: rendition %d, until %s", i, a.Rendition, a.RenewBy)
			}
		}
	}
	count, err = s.RenewDue(t.Context(), 0)
	if err != nil || count != (document.RenewalCount{Failed: 1}) {
		t.Errorf("the second pass: %+v, %v", count, err)
	}
	if outcomes[document.RenewalDone] != 11 || outcomes[document.RenewalFailed] != 2 {
		t.Errorf("outcomes %v", outcomes)
	}
}

// TestRenewDueStops: while the authority is down, or has its old certificate
// still, a pass ends at the first act.
func TestRenewDueStops(t *testing.T) {
	w, s, _ := archive12(t, signing.LevelBLTA)
	w.years(9)
	w.advance(30 * 24 * time.Hour)
	w.tsa.down.Store(true)
	count, err := s.RenewDue(t.Context(), 0)
	if document.KindOf(err) != document.Unavailable || count != (document.RenewalCount{}) {
		t.Errorf("authority down: %+v, %v", count, err)
	}
	w, s, _ = archive12(t, signing.LevelBLTA)
	w.advance(9 * year)
	gave := w.tsa.gave.Load()
	count, err = s.RenewDue(t.Context(), 0)
	if document.KindOf(err) != document.Unavailable || !strings.Contains(err.Error(), "not_longer") || count != (document.RenewalCount{}) {
		t.Errorf("old certificate: %+v, %v", count, err)
	}
	if n := w.tsa.gave.Load() - gave; n > 2 {
		t.Errorf("%d time-stamps were bought in vain", n)
	}
}

// TestRenewDelayed: an act whose own authority does not answer does not hold up
// the others; when none answers, the pass ends.
func TestRenewDelayed(t *testing.T) {
	w, s, acts := archive12(t, signing.LevelBLTA)
	w.years(9)
	w.advance(30 * 24 * time.Hour)
	w.pki.Forget()
	collector := &halting{Collector: w.pki, from: 4, to: 5}
	s.Augmenter.Collector = collector
	count, err := s.RenewDue(t.Context(), 0)
	if err != nil || count.Renewed+count.Delayed != len(acts) || count.Delayed == 0 || count.Delayed > 2 {
		t.Errorf("one authority down: %+v, %v", count, err)
	}
	w, s, _ = archive12(t, signing.LevelBLTA)
	w.years(9)
	w.advance(30 * 24 * time.Hour)
	w.pki.SetUnavailable(true)
	count, err = s.RenewDue(t.Context(), 0)
	if !errors.Is(err, signing.ErrValidationData) || count != (document.RenewalCount{Delayed: 5}) {
		t.Errorf("all down: %+v, %v", count, err)
	}
}

// halting gives no answer to some of the questions, counted from 1.
type halting struct {
	signing.Collector
	from, to, asked int
}

func (h *halting) Collect(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) (signing.Proof, error) {
	if h.asked++; h.asked >= h.from && h.asked <= h.to {
		return signing.Proof{}, signing.ErrValidationData
	}
	return h.Collector.Collect(ctx, cert, issuer, at)
}

// TestRenewLookedAt: acts of which it is not known until when they can be
// proved, as after a rebuild, are looked at, and renewed if that is near.
func TestRenewLookedAt(t *testing.T) {
	w, s, acts := archive12(t, signing.LevelBLTA)
	if err := s.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	rebuilt := func() *document.Service {
		t.Helper()
		s := (&office{world: w}).lose()
		if _, err := s.Rebuild(t.Context(), operator); err != nil {
			t.Fatal(err)
		}
		if a := w.act(s, acts[0].Number); !a.RenewBy.IsZero() {
			t.Fatalf("known without a look: %s", a.RenewBy)
		}
		return s
	}
	s = rebuilt()
	gave := w.tsa.gave.Load()
	count, err := s.RenewDue(t.Context(), 0)
	if err != nil || count != (document.RenewalCount{NotDue: 12}) || w.tsa.gave.Load() != gave {
		t.Errorf("%+v, %v, %d time-stamps", count, err, w.tsa.gave.Load()-gave)
	}
	if a := w.act(s, acts[0].Number); !a.RenewBy.Equal(acts[0].RenewBy) {
		t.Errorf("until %s, want %s", a.RenewBy, acts[0].RenewBy)
	}
	if count, err = s.RenewDue(t.Context(), 0); err != nil || count != (document.RenewalCount{}) {
		t.Errorf("again: %+v, %v", count, err)
	}
	s = rebuilt()
	w.years(9)
	w.advance(30 * 24 * time.Hour)
	if count, err = s.RenewDue(t.Context(), 0); err != nil || count != (document.RenewalCount{Renewed: 12}) {
		t.Errorf("nine years on: %+v, %v", count, err)
	}
}

// TestRenewBT: acts at level B-T are raised before their signers' certificates
// end: whoever certified them need not answer for longer.
func TestRenewBT(t *testing.T) {
	w, s, acts := archive12(t, signing.LevelBT)
	if end := w.officers["nigar"].entity.Cert.NotAfter; !acts[0].RenewBy.Equal(end) {
		t.Errorf("to be renewed by %s, the certificate ends at %s", acts[0].RenewBy, end)
	}
	w.advance(year + 30*24*time.Hour)
	count, err := s.RenewDue(t.Context(), 0)
	if err != nil || count.Renewed != 12 {
		t.Errorf("%+v, %v", count, err)
	}
	w.advance(2 * year)
	for _, a := range acts {
		report, err := s.Verifier.Verify(t.Context(), w.file(w.act(s, a.Number).Path), w.now())
		if err != nil || report.Indication != signing.TotalPassed {
			t.Errorf("%s three years on: %+v, %v", a.Number, report, err)
		}
	}
}

// TestWorkerRenews: the worker renews by itself, and ends when it is told to.
func TestWorkerRenews(t *testing.T) {
	w, s, acts := archive12(t, signing.LevelBLTA)
	w.years(9)
	w.advance(30 * 24 * time.Hour)
	worker := &document.Worker{Service: s, Parallel: 1, Interval: time.Millisecond, LedgerEvery: time.Hour, RenewEvery: time.Hour}
	done := make(chan struct{})
	var renewed int
	s.ObserveRenewal = func(document.RenewalOutcome) {
		if renewed++; renewed == 2 {
			close(done)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	<-done
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, a := range acts {
		n += w.act(s, a.Number).Rendition - 1
	}
	if n < 2 || n == len(acts) {
		t.Errorf("%d acts were renewed until it was told to stop", n)
	}
}
