package revocation

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/signing"
)

// Collect implements signing.Collector: an OCSP response, or a list where no
// responder answers. A list that is missing is asked for; one that is larger
// than OCSPConfig.MaxListSize does not go into files. No list is taken where the
// responder does not know the certificate: it cannot name what the CA never
// issued.
func (s *Source) Collect(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) (signing.Proof, error) {
	if len(s.paths(cert, []*x509.Certificate{issuer})) == 0 {
		return signing.Proof{}, fmt.Errorf("%w: %s leads to no trusted root", signing.ErrValidationData, cert.Subject)
	}
	r, ocspErr := s.ocspResponse(ctx, cert, issuer, at)
	if ocspErr == nil {
		return signing.Proof{OCSP: r.Raw}, nil
	}
	if err := ctx.Err(); err != nil {
		return signing.Proof{}, err
	}
	if errors.Is(ocspErr, errUnknown) {
		return signing.Proof{}, fmt.Errorf("%w: of %s: %w", signing.ErrValidationData, cert.Subject, ocspErr)
	}
	s.learn(cert, issuer)
	list, listErr := s.listFor(cert, issuer, at)
	if list == nil && s.fetchFor(ctx, []*x509.Certificate{cert, issuer}) {
		list, listErr = s.listFor(cert, issuer, at)
	}
	if list != nil {
		return signing.Proof{CRL: list.Raw}, nil
	}
	s.pose(cert, issuer, true)
	if errors.Is(ocspErr, errNoResponder) && len(s.points(cert)) == 0 && len(s.c.CRLs) == 0 {
		return signing.Proof{}, fmt.Errorf("%w: the certificate of %s names neither an OCSP responder nor a list, and none is configured",
			signing.ErrValidationData, cert.Subject)
	}
	faults := append([]error{ocspErr, listErr}, s.troubles()...)
	return signing.Proof{}, fmt.Errorf("%w: of %s: %w", signing.ErrValidationData, cert.Subject, errors.Join(faults...))
}

// listFor picks the newest list that tells about a certificate.
func (s *Source) listFor(cert, issuer *x509.Certificate, at time.Time) (*signing.List, error) {
	var best *signing.List
	for _, h := range s.heldOf(issuer) {
		_, revoked := h.Revoked(cert)
		if !revoked && !h.Covers(cert) || !s.counts(h, at) || best != nil && !h.ThisUpdate.After(best.ThisUpdate) {
			continue
		}
		best = h.List
	}
	switch {
	case best == nil:
		return nil, fmt.Errorf("no fresh revocation list of %s", issuer.Subject)
	case len(best.Raw) > s.c.OCSP.MaxListSize:
		return nil, fmt.Errorf("the revocation list of %s has %d bytes, at most %d go into a file (max_list_size)",
			issuer.Subject, len(best.Raw), s.c.OCSP.MaxListSize)
	}
	return best, nil
}

// Responses implements signing.OCSPSource: what is held, be it old. What nothing
// tells about is asked for by Run, later.
func (s *Source) Responses(_ context.Context, cert, issuer *x509.Certificate) ([][]byte, error) {
	if r := s.heldResponse(cert, issuer); r != nil {
		return [][]byte{r.Raw}, nil
	}
	if !s.tells(s.heldOf(issuer), cert, s.c.Now()) {
		s.pose(cert, issuer, false)
	}
	return nil, nil
}

// question is a certificate that no responder answered for.
type question struct {
	cert, issuer *x509.Certificate
	since        time.Time
	waiting      bool // somebody could not sign for it: the probe speaks of it
}

const (
	maxOpen = 256
	// openFor is how long a question stays that nobody repeats.
	openFor = time.Hour
)

// pose leaves a question to Run.
func (s *Source) pose(cert, issuer *x509.Certificate, waiting bool) {
	if len(s.responders(cert)) == 0 {
		return
	}
	a, key := &s.answers, keyOf(cert, issuer)
	a.mu.Lock()
	old, known := a.open[key]
	if known || len(a.open) < maxOpen {
		a.open[key] = question{cert, issuer, s.c.Now(), waiting || old.waiting}
	}
	a.mu.Unlock()
	if !known {
		s.nudge()
	}
}

// askOpen asks the open questions again, so that what was down is known to be
// up, without anybody waiting. Strangers' certificates make us ask nobody.
func (s *Source) askOpen(ctx context.Context) {
	a, now := &s.answers, s.c.Now()
	var list []question
	a.mu.Lock()
	for key, q := range a.open {
		if age := now.Sub(q.since); age < 0 || age > openFor {
			delete(a.open, key)
			continue
		}
		list = append(list, q)
	}
	a.mu.Unlock()
	for _, q := range list {
		if ctx.Err() != nil {
			return
		}
		known := len(s.paths(q.cert, []*x509.Certificate{q.issuer})) > 0
		var err error
		if known {
			_, err = s.ocspResponse(ctx, q.cert, q.issuer, now)
		}
		if !known || err == nil || errors.Is(err, errUnknown) {
			a.mu.Lock()
			delete(a.open, keyOf(q.cert, q.issuer))
			a.mu.Unlock()
		}
	}
}

// untilOpen is when to ask the open questions again: when a responder that rests
// may be asked, a minute at most.
func (s *Source) untilOpen() time.Duration {
	a, now := &s.answers, s.c.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	wait := time.Minute
	if len(a.open) == 0 {
		return wait
	}
	wait = longestRest
	for _, r := range a.responders {
		if r.err != nil {
			wait = min(wait, max(r.due.Sub(now), firstRest))
		}
	}
	return wait
}
