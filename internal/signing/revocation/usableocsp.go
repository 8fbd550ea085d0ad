package revocation

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/document"
	"docsvc/internal/signing"
)

// judgeAnswer says what the response that is held tells about a certificate. One
// that says revoked always counts, whatever its age and whatever the lists say; a
// hold only while it is in force.
func (s *Source) judgeAnswer(c, issuer *x509.Certificate, at time.Time) (told bool, err error) {
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	h := s.answers.held[keyOf(c, issuer)]
	if h == nil || h.response == nil {
		return false, nil
	}
	r := h.response
	if r.Status == ocsp.Good {
		return s.current(h, at), nil
	}
	inForce := revokedForGood(r) || !r.NextUpdate.IsZero() && !s.c.Now().After(r.NextUpdate) || s.current(h, at)
	if inForce && !at.Before(r.RevokedAt) {
		return true, notUsable(revokedState(signing.Revoked{At: r.RevokedAt, Reason: r.Reason}), c, r.RevokedAt, nil)
	}
	return inForce && s.current(h, at), nil // as of that time it was good
}

// askAgain asks about what was on hold a while ago. Whatever goes wrong leaves
// the hold in force.
func (s *Source) askAgain(ctx context.Context, path []*x509.Certificate, at time.Time) {
	for i, c := range path[:len(path)-1] {
		s.answers.mu.Lock()
		h := s.answers.held[keyOf(c, path[i+1])]
		onHold := h != nil && h.response != nil && h.response.Status == ocsp.Revoked && !revokedForGood(h.response) && !s.current(h, at)
		s.answers.mu.Unlock()
		if onHold {
			_, _ = s.ocspResponse(ctx, c, path[i+1], at) // logged
		}
	}
}

// askFor asks the responders about what no list tells of, and judges again.
// missing is what is wrong otherwise.
func (s *Source) askFor(ctx context.Context, path []*x509.Certificate, at time.Time, missing error) error {
	var faults []error
	for i, c := range path[:len(path)-1] {
		issuer := path[i+1]
		if s.tells(s.heldOf(issuer), c, at) || len(s.responders(c)) == 0 {
			continue
		}
		_, err := s.ocspResponse(ctx, c, issuer, at)
		switch {
		case errors.Is(err, errUnknown):
			return notUsable(Unknown, c, time.Time{}, err)
		case err != nil:
			s.pose(c, issuer, true)
			faults = append(faults, fmt.Errorf("%s: %w", c.Subject, err))
		}
	}
	if err := s.judge(path, at); err == nil || document.KindOf(err) != document.Unavailable {
		return err
	}
	if len(faults) == 0 {
		return missing
	}
	return &document.Error{
		Kind: document.Unavailable, Key: "error.revocation.unavailable",
		Err: errors.Join(append([]error{missing}, faults...)...),
	}
}
