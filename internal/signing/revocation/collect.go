package revocation

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing"
)

// Collect implements signing.Collector: an OCSP response, or a list where no
// responder answers. A list that is missing is asked for; one that is larger
// than OCSPConfig.MaxListSize does not go into files.
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
	s.learn(cert, issuer)
	list, listErr := s.listFor(cert, issuer, at)
	if list == nil && s.fetchFor(ctx, []*x509.Certificate{cert, issuer}) {
		list, listErr = s.listFor(cert, issuer, at)
	}
	if list != nil {
		return signing.Proof{CRL: list.Raw}, nil
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

// Responses implements signing.OCSPSource: what is held, be it old.
func (s *Source) Responses(_ context.Context, cert, _ *x509.Certificate) ([][]byte, error) {
	if r := s.heldResponse(cert); r != nil {
		return [][]byte{r.Raw}, nil
	}
	return nil, nil
}

func (s *Source) heldResponse(cert *x509.Certificate) *signing.OCSPResponse {
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	if h := s.answers.held[string(cert.Raw)]; h != nil {
		return h.response
	}
	return nil
}

// saysGood says whether a response that is held, or can be had now, says that a
// certificate is good.
func (s *Source) saysGood(cert *x509.Certificate, at time.Time) bool {
	r := s.heldResponse(cert)
	return r != nil && r.Status == ocsp.Good && !at.After(r.NextUpdate)
}
