package revocation

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing"
	"docsvc/internal/signing/cms"
)

const (
	maxResponse = 64 << 10
	nonceSize   = 32 // RFC 9654 § 2.1: responders have to take it
	// withoutEnd is how old a response without nextUpdate may be on arrival: such
	// a responder claims to have news at any time (RFC 6960 § 4.2.2.1).
	withoutEnd = time.Hour
)

var (
	// errUnknown is the CA's own word that it knows no such certificate. It ends
	// the search: a list does not name what was never issued.
	errUnknown    = errors.New("the responder does not know the certificate")
	errOlderReply = errors.New("response is older than the one held")
	errUnrevoked  = errors.New("response says good of a certificate that was revoked for good")
)

// askResponder makes one exchange and judges the answer as of now. POST always:
// a nonce makes every question another one, and caches on the way would only
// hide news.
func (s *Source) askResponder(ctx context.Context, url string, cert, issuer *x509.Certificate) (*signing.OCSPResponse, error) {
	var nonce []byte
	if s.c.OCSP.Nonce != NonceOff {
		nonce = make([]byte, nonceSize)
		if _, err := rand.Read(nonce); err != nil {
			return nil, err
		}
	}
	query, err := cms.OCSPRequest(cert.SerialNumber, issuer, nonce)
	if err != nil {
		return nil, err
	}
	der, contentType, err := s.postOCSP(ctx, url, query)
	if err != nil {
		return nil, err
	}
	r, err := signing.ParseOCSP(der, cert, issuer)
	if err != nil {
		return nil, fmt.Errorf("%w (content type %q)", err, contentType)
	}
	if err := s.checkNonce(r, nonce); err != nil {
		return nil, err
	}
	if err := s.checkResponder(r.Responder, issuer); err != nil {
		return nil, err
	}
	if err := checkDates(r, s.c.Now()); err != nil {
		return nil, err
	}
	if r.Status == ocsp.Unknown {
		return nil, errUnknown
	}
	return r, nil
}

// checkNonce refuses the answer to another question. Responders that prepare
// their answers repeat no nonce (RFC 5019 § 2.2.1).
func (s *Source) checkNonce(r *signing.OCSPResponse, nonce []byte) error {
	got, err := r.Nonce()
	switch {
	case err != nil:
		return err
	case got == nil && s.c.OCSP.Nonce == NonceRequire:
		return errors.New("response has no nonce, which the configuration requires")
	case got != nil && nonce != nil && !bytes.Equal(got, nonce):
		return errors.New("response has the nonce of another question")
	}
	return nil
}

// checkResponder refuses a delegated responder of which it is known that it was
// revoked, be it marked as one that need not be asked about.
func (s *Source) checkResponder(responder, issuer *x509.Certificate) error {
	if responder == nil {
		return nil
	}
	for _, h := range s.heldOf(issuer) {
		if _, revoked := h.Revoked(responder); revoked {
			return fmt.Errorf("the responder %s was revoked", responder.Subject)
		}
	}
	if r := s.heldResponse(responder, issuer); r != nil && r.Status == ocsp.Revoked {
		return fmt.Errorf("the responder %s was revoked", responder.Subject)
	}
	return nil
}

// checkDates compares a response with our clock (RFC 6960 § 3.2, items 5 and 6).
func checkDates(r *signing.OCSPResponse, now time.Time) error {
	switch {
	case r.ThisUpdate.After(now.Add(aheadOfUs)):
		return fmt.Errorf("response of %s, later than our clock", r.ThisUpdate.Format(time.RFC3339))
	case !r.NextUpdate.IsZero() && now.After(r.NextUpdate):
		return fmt.Errorf("response has run out on %s", r.NextUpdate.Format(time.RFC3339))
	case r.NextUpdate.IsZero() && now.Sub(r.ThisUpdate) > withoutEnd:
		return fmt.Errorf("response of %s without nextUpdate", r.ThisUpdate.Format(time.RFC3339))
	case r.Responder != nil && now.After(r.Responder.NotAfter):
		return fmt.Errorf("the responder's certificate has expired on %s", r.Responder.NotAfter.Format(time.RFC3339))
	case r.Status == ocsp.Revoked && r.RevokedAt.After(r.ThisUpdate.Add(aheadOfUs)):
		return fmt.Errorf("response of %s says revoked from %s on", r.ThisUpdate.Format(time.RFC3339), r.RevokedAt.Format(time.RFC3339))
	}
	return nil
}

// postOCSP sends a request (RFC 6960 § A.1). The answer is bounded, and refused
// when it is compressed.
func (s *Source) postOCSP(ctx context.Context, url string, query []byte) (der []byte, contentType string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(query))
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Content-Type", "application/ocsp-request")
	req.Header.Set("Accept", "application/ocsp-response")
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := s.c.Client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }() // nothing is lost with a failed close of a read body
	contentType = short(resp.Header.Get("Content-Type"))
	switch coding := resp.Header.Get("Content-Encoding"); {
	case resp.StatusCode != http.StatusOK:
		return nil, "", fmt.Errorf("HTTP status %d", resp.StatusCode)
	case coding != "" && coding != "identity":
		return nil, "", fmt.Errorf("answer is compressed (%q)", short(coding))
	case resp.ContentLength > maxResponse:
		return nil, "", fmt.Errorf("answer has %d bytes, at most %d are read", resp.ContentLength, maxResponse)
	}
	der, err = io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	switch {
	case err != nil:
		return nil, "", fmt.Errorf("reading the answer: %w", err)
	case len(der) > maxResponse:
		return nil, "", fmt.Errorf("answer has more than %d bytes", maxResponse)
	}
	return der, contentType, nil
}
