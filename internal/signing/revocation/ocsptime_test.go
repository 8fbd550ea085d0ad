package revocation_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing/revocation"
	"docsvc/internal/signing/signingtest"
)

// TestRevokedStays: what was revoked stays so when the responder is down, when it
// changes its mind, and whatever a list says; what was on hold does not.
func TestRevokedStays(t *testing.T) {
	for _, x := range []struct {
		name   string
		reason int
		down   revocation.State // a day and a half later, the responder down
		lifted revocation.State // it says good
	}{
		{"revoked", 1, revocation.Revoked, revocation.Revoked},
		{"on hold", 6, unavailable, good},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(t)
			c := w.named(t)
			s := w.onlyOCSP(t, nil)
			w.put(responderPath, w.answering(t, c, func(a *signingtest.OCSPAnswer) {
				a.Status, a.RevokedAt, a.Reason = ocsp.Revoked, w.now().Add(-time.Minute), x.reason
			}))
			first := map[int]revocation.State{1: revocation.Revoked, 6: revocation.Suspended}[x.reason]
			w.expect(t, s, c, first)
			if err := s.Usable(t.Context(), c, w.now().Add(-time.Hour)); err != nil {
				t.Errorf("before the revocation: %v", err)
			}
			w.put(responderPath, nil)
			w.pass(2 * time.Minute)
			w.expect(t, s, c, first)
			w.pass(36 * time.Hour)
			w.put(rootList, page(w.list(t, w.Root, nil)))
			w.expect(t, s, c, x.down)
			w.pass(time.Minute)
			w.put(responderPath, w.answering(t, c, nil))
			w.expect(t, s, c, x.lifted)
			p, err := w.collect(t, s, c)
			if err != nil {
				t.Fatal(err)
			}
			r, err := ocsp.ParseResponse(p.OCSP, nil)
			if err != nil || (r.Status == ocsp.Good) != (x.lifted == good) {
				t.Errorf("%+v %v", r, err)
			}
		})
	}
}

// TestListGoesFirst: where a list tells, nobody is asked for signing; a held
// response that says revoked counts all the same, and "unknown" is not overruled.
func TestListGoesFirst(t *testing.T) {
	w := newWorld(t)
	c := w.named(t)
	s := w.open(t, nil)
	w.put(responderPath, w.answering(t, c, func(a *signingtest.OCSPAnswer) { a.Status = ocsp.Unknown }))
	w.expect(t, s, c, good)
	if w.count(responderPath) != 0 {
		t.Error("the responder was asked")
	}
	if _, err := w.collect(t, s, c); err == nil || !strings.Contains(err.Error(), "does not know") {
		t.Errorf("a list took the place of unknown: %v", err)
	}
	w.put(responderPath, nil)
	if p, err := w.collect(t, s, c); err != nil || p.CRL == nil {
		t.Errorf("no list while the responder is down: %v", err)
	}
	w.pass(time.Minute)
	w.put(responderPath, w.answering(t, c, func(a *signingtest.OCSPAnswer) { a.Status, a.RevokedAt = ocsp.Revoked, w.now() }))
	if p, err := w.collect(t, s, c); err != nil || p.OCSP == nil {
		t.Error(err)
	}
	w.expect(t, s, c, revocation.Revoked)
	big := w.open(t, func(cfg *revocation.Config) { cfg.OCSP.Off, cfg.OCSP.MaxListSize = true, 50 })
	if _, err := w.collect(t, big, c); err == nil || !strings.Contains(err.Error(), "max_list_size") {
		t.Errorf("a large list: %v", err)
	}
	bare := w.open(t, func(cfg *revocation.Config) { cfg.CRLs = nil })
	if _, err := w.collect(t, bare, w.Officer(t, signingtest.P256(t)).Cert); err == nil || !strings.Contains(err.Error(), "neither") {
		t.Errorf("neither responder nor list: %v", err)
	}
}

// TestReplay: an answer older than the one held is refused.
func TestReplay(t *testing.T) {
	w := newWorld(t)
	c := w.named(t)
	var outcomes []revocation.Outcome
	s := w.onlyOCSP(t, func(cfg *revocation.Config) {
		cfg.Observe = func(x revocation.Exchange) {
			if x.OCSP {
				outcomes = append(outcomes, x.Outcome)
			}
		}
	})
	old := w.now()
	w.pass(time.Minute)
	w.put(responderPath, w.answering(t, c, nil))
	w.expect(t, s, c, good)
	w.pass(2 * time.Hour)
	w.put(responderPath, w.answering(t, c, func(a *signingtest.OCSPAnswer) { a.Nonce, a.ThisUpdate = nil, old }))
	w.expect(t, s, c, unavailable)
	if len(outcomes) != 2 || outcomes[0] != revocation.Updated || outcomes[1] != revocation.Older {
		t.Errorf("outcomes %v", outcomes)
	}
}

// TestRevokedResponder: a list that is held names the responder.
func TestRevokedResponder(t *testing.T) {
	w := newWorld(t)
	c := w.named(t)
	thief := w.NewResponder(t, w.Issuing, true)
	w.put(issuingList, page(w.list(t, w.Issuing, nil, thief.Cert)))
	s := w.open(t, nil)
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.put(issuingList, nil)
	w.pass(25 * time.Hour) // the list does not tell about others any more
	w.put(rootList, page(w.list(t, w.Root, nil)))
	w.put(responderPath, w.answering(t, c, nil))
	if _, err := w.collect(t, s, c); err == nil || !strings.Contains(err.Error(), "was revoked") {
		t.Errorf("%v", err)
	}
	w.expect(t, s, c, unavailable)
}

// TestRest: a responder that fails is left alone for 2 seconds, then longer, 30
// at most; Run finds out that it is back, and the probe with it.
func TestRest(t *testing.T) {
	w := newWorld(t)
	c := w.named(t)
	s := w.onlyOCSP(t, nil)
	w.expect(t, s, c, unavailable)
	for i, rest := range []time.Duration{2, 4, 8, 16, 30, 30} {
		n := w.count(responderPath)
		w.pass(rest*time.Second - time.Second)
		w.expect(t, s, c, unavailable)
		if w.count(responderPath) != n {
			t.Errorf("rest %d: asked before %d seconds", i, rest)
		}
		w.pass(time.Second)
		w.expect(t, s, c, unavailable)
		if w.count(responderPath) != n+1 {
			t.Errorf("rest %d: not asked after %d seconds", i, rest)
		}
	}
	if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("the probe says %v", err)
	}
	w.pass(-30 * time.Minute) // our clock is put back: the rest does not last for so long
	n := w.count(responderPath)
	w.expect(t, s, c, unavailable)
	if w.count(responderPath) != n+1 {
		t.Error("rests for half an hour")
	}
	w.pass(31 * time.Minute)
	back := make(chan struct{})
	answer := w.answering(t, c, nil)
	w.put(responderPath, func(rw http.ResponseWriter, r *http.Request) {
		answer(rw, r)
		select {
		case <-back:
		default:
			close(back)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(ctx) }()
	select {
	case <-back:
	case <-time.After(time.Minute):
		t.Fatal("Run does not ask the open question")
	}
	for s.Check(t.Context()) != nil { // the answer is on its way
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-ended
	w.expect(t, s, c, good)
}

// TestVerifierAsks: what the verifier misses is asked for by Run, not by it.
func TestVerifierAsks(t *testing.T) {
	w, stranger := newWorld(t), newWorld(t)
	c := w.named(t)
	foreign := stranger.named(t)
	asked := make(chan struct{})
	answer := w.answering(t, c, nil)
	w.put(responderPath, func(rw http.ResponseWriter, r *http.Request) { answer(rw, r); close(asked) })
	s := w.onlyOCSP(t, nil)
	if ocsps, err := s.Responses(t.Context(), c, w.Issuing.Cert); err != nil || ocsps != nil || w.count(responderPath) != 0 {
		t.Errorf("%d responses, %v", len(ocsps), err)
	}
	if _, err := s.Responses(t.Context(), foreign, stranger.Issuing.Cert); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(ctx) }()
	select {
	case <-asked:
	case <-time.After(time.Minute):
		t.Fatal("Run does not ask")
	}
	cancel()
	<-ended
	if stranger.count(responderPath) != 0 {
		t.Error("a stranger's responder was asked")
	}
	if err := s.Check(t.Context()); err != nil && strings.Contains(err.Error(), "OCSP") {
		t.Errorf("the probe speaks of it: %v", err)
	}
}
