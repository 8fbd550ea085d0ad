package revocation

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing"
)

// answers keeps OCSP responses while they are of use.
type answers struct {
	mu         sync.Mutex
	held       map[answerKey]*heldAnswer
	bytes      int64 // of all that is held
	responders map[responderKey]*responder
	open       map[answerKey]question
}

// answerKey names a certificate by its issuer's name and key and its number.
type answerKey [sha256.Size]byte

func keyOf(cert, issuer *x509.Certificate) answerKey {
	return sha256.Sum256([]byte(issuerKey(issuer) + "\x00" + cert.SerialNumber.Text(16)))
}

// heldAnswer is the newest response about a certificate, or an exchange that is
// to bring it.
type heldAnswer struct {
	response *signing.OCSPResponse // nil: none so far
	asked    time.Time             // when it was obtained
	flight   *flight
}

const (
	maxAnswers     = 20_000
	maxAnswerBytes = 64 << 20
	// briefly is how long a response is used again that says revoked, and, for
	// Usable, one without nextUpdate.
	briefly = time.Minute
	// certificateHold is the CRLReason of what may end (RFC 5280 § 5.3.1).
	certificateHold = 6
)

var errNoResponder = errors.New("the certificate names no OCSP responder")

// ocspResponse returns a response about a certificate: the one that is held
// while it may be used again, else a new one. Callers that ask at once wait for
// one exchange.
func (s *Source) ocspResponse(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) (*signing.OCSPResponse, error) {
	urls := s.responders(cert)
	if len(urls) == 0 {
		return nil, errNoResponder
	}
	key := keyOf(cert, issuer)
	s.answers.mu.Lock()
	h := s.answers.held[key]
	if h == nil {
		h = &heldAnswer{}
		s.answers.makeRoom(1, 0)
		s.answers.held[key] = h
	}
	if h.response != nil && s.reusable(h, at) {
		defer s.answers.mu.Unlock()
		return h.response, nil
	}
	if h.flight == nil {
		h.flight = &flight{done: make(chan struct{})}
		go s.fly(key, h, urls, cert, issuer) // others may wait too: it is not given up with this caller
	}
	under := h.flight
	s.answers.mu.Unlock()
	select {
	case <-under.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	if under.err != nil && (h.response == nil || !revokedForGood(h.response)) {
		return nil, under.err
	}
	return h.response, nil // a revocation stays true when it cannot be confirmed
}

// fly makes the exchange that callers wait for.
func (s *Source) fly(key answerKey, h *heldAnswer, urls []string, cert, issuer *x509.Certificate) {
	ctx, cancel := context.WithTimeout(context.Background(), min(waitFor, s.c.Timeout))
	defer cancel()
	err := s.askResponders(ctx, urls, cert, issuer, func(r *signing.OCSPResponse) error { return s.answers.take(h, r, s.c.Now()) })
	a := &s.answers
	a.mu.Lock()
	defer a.mu.Unlock()
	if h.response == nil {
		delete(a.held, key) // a negative answer is not kept
	}
	if err == nil {
		delete(a.open, key)
	}
	h.flight.err = err
	close(h.flight.done)
	h.flight = nil
}

// take keeps a response, unless it says less than the one held.
func (a *answers) take(h *heldAnswer, r *signing.OCSPResponse, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var old int64
	if h.response != nil {
		old = int64(len(h.response.Raw))
		switch {
		case r.ThisUpdate.Before(h.response.ThisUpdate):
			return errOlderReply
		case revokedForGood(h.response) && r.Status != ocsp.Revoked:
			return errUnrevoked
		}
	}
	a.makeRoom(0, int64(len(r.Raw)))
	h.response, h.asked = r, now
	a.bytes += int64(len(r.Raw)) - old
	return nil
}

func revokedForGood(r *signing.OCSPResponse) bool {
	return r.Status == ocsp.Revoked && r.Reason != certificateHold
}

// makeRoom forgets a quarter when another answer would not fit: what says good
// before what says revoked, what was asked long ago before the rest. Those under
// way stay, so that their bytes are counted once. The caller holds mu.
func (a *answers) makeRoom(entries int, size int64) {
	if len(a.held)+entries <= maxAnswers && a.bytes+size <= maxAnswerBytes {
		return
	}
	var idle []answerKey
	for key, h := range a.held {
		if h.flight == nil {
			idle = append(idle, key)
		}
	}
	slices.SortFunc(idle, func(x, y answerKey) int {
		p, q := a.held[x], a.held[y]
		return cmp.Or(cmp.Compare(rank(p), rank(q)), p.asked.Compare(q.asked))
	})
	for _, key := range idle {
		if len(a.held) <= maxAnswers*3/4 && a.bytes+size <= maxAnswerBytes*3/4 {
			return
		}
		a.bytes -= int64(len(a.held[key].response.Raw))
		delete(a.held, key)
	}
}

func rank(h *heldAnswer) int {
	if revokedForGood(h.response) {
		return 1
	}
	return 0
}

// reusable says whether the response that is held may go into a file again.
func (s *Source) reusable(h *heldAnswer, at time.Time) bool {
	return !h.response.NextUpdate.IsZero() && s.current(h, at)
}

// current says whether a response still tells how things stand.
func (s *Source) current(h *heldAnswer, at time.Time) bool {
	r, now := h.response, s.c.Now()
	age, limit := now.Sub(h.asked), time.Duration(s.c.OCSP.MaxAgeSeconds)*time.Second
	if r.Status == ocsp.Revoked || r.NextUpdate.IsZero() {
		limit = min(limit, briefly)
	}
	switch {
	case age < 0, r.ThisUpdate.After(now.Add(aheadOfUs)): // our clock was put back
		return false
	case !r.NextUpdate.IsZero() && (at.After(r.NextUpdate) || now.After(r.NextUpdate)):
		return false
	}
	return age < limit
}

func (s *Source) heldResponse(cert, issuer *x509.Certificate) *signing.OCSPResponse {
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	if h := s.answers.held[keyOf(cert, issuer)]; h != nil {
		return h.response
	}
	return nil
}
