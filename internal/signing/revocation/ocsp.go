package revocation

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing"
)

// answers keeps OCSP responses while they are valid.
type answers struct {
	mu     sync.Mutex
	held   map[string]*heldAnswer      // by certificate
	status map[string]*responderStatus // by address
}

// heldAnswer is the newest response about a certificate, or an exchange that is
// to bring it.
type heldAnswer struct {
	response *signing.OCSPResponse // nil: none so far
	asked    time.Time             // when it was obtained
	flight   *flight
}

type responderStatus struct {
	answered time.Time
	err      error
}

const (
	maxAnswers  = 20_000
	maxResponse = 64 << 10
	// revokedAge is how long a response that says revoked is used again.
	revokedAge = time.Minute
)

// ocspResponse returns a response about a certificate: the one that is held
// while it may be used again, else a new one. Callers that ask at once wait for
// one exchange.
func (s *Source) ocspResponse(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) (*signing.OCSPResponse, error) {
	urls := s.responders(cert)
	if len(urls) == 0 {
		return nil, errNoResponder
	}
	key := string(cert.Raw)
	s.answers.mu.Lock()
	h := s.answers.held[key]
	if h == nil {
		if len(s.answers.held) >= maxAnswers {
			s.answers.forget(s.c.Now())
		}
		h = &heldAnswer{}
		s.answers.held[key] = h
	}
	if h.response != nil && s.reusable(h, at) {
		s.answers.mu.Unlock()
		return h.response, nil
	}
	own := h.flight == nil
	if own {
		h.flight = &flight{done: make(chan struct{})}
		go s.fly(h, urls, cert, issuer) // others may wait too: it is not given up with this caller
	}
	under := h.flight
	s.answers.mu.Unlock()
	select {
	case <-under.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if under.err != nil {
		return nil, under.err
	}
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	return h.response, nil
}

var errNoResponder = errors.New("the certificate names no OCSP responder")

// fly makes the exchange that callers wait for.
func (s *Source) fly(h *heldAnswer, urls []string, cert, issuer *x509.Certificate) {
	ctx, cancel := context.WithTimeout(context.Background(), min(waitFor, s.c.Timeout))
	defer cancel()
	r, err := s.askResponders(ctx, urls, cert, issuer)
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	if err == nil && (h.response == nil || !r.ThisUpdate.Before(h.response.ThisUpdate)) {
		h.response, h.asked = r, s.c.Now()
	}
	h.flight.err = err
	close(h.flight.done)
	h.flight = nil
}

// reusable says whether the response that is held may be given again at a time.
func (s *Source) reusable(h *heldAnswer, at time.Time) bool {
	r, age := h.response, s.c.Now().Sub(h.asked)
	limit := time.Duration(s.c.OCSP.MaxAgeSeconds) * time.Second
	switch {
	case age < 0, r.NextUpdate.IsZero(), at.After(r.NextUpdate):
		return false
	case r.Status == ocsp.Revoked:
		return age < revokedAge
	}
	return limit == 0 || age < limit
}

// forget makes room: first what has run out, then everything.
func (a *answers) forget(now time.Time) {
	for key, h := range a.held {
		if h.flight == nil && (h.response == nil || now.After(h.response.NextUpdate)) {
			delete(a.held, key)
		}
	}
	if len(a.held) < maxAnswers {
		return
	}
	for key, h := range a.held {
		if h.flight == nil {
			delete(a.held, key)
		}
	}
}

// responders are the addresses to ask about a certificate.
func (s *Source) responders(cert *x509.Certificate) []string {
	if s.c.OCSP.Off {
		return nil
	}
	if len(s.c.OCSP.Responders) > 0 {
		return s.c.OCSP.Responders
	}
	var urls []string
	for _, u := range cert.OCSPServer {
		if len(urls) < maxResponders && len(u) <= 1024 && signing.CheckURL(u) == nil {
			urls = append(urls, u)
		}
	}
	return urls
}

// askResponders asks one address after the other.
func (s *Source) askResponders(ctx context.Context, urls []string, cert, issuer *x509.Certificate) (*signing.OCSPResponse, error) {
	var faults []error
	for _, url := range urls {
		start := time.Now()
		r, err := s.askResponder(ctx, url, cert, issuer)
		outcome := Updated
		if err != nil {
			err = fmt.Errorf("OCSP responder %s: %w", url, err)
			outcome = Failed
			s.c.Log.LogAttrs(ctx, slog.LevelWarn, "no OCSP response", slog.String("url", url), slog.Any("error", err))
		}
		s.noteResponder(url, err)
		if s.c.Observe != nil {
			s.c.Observe(Exchange{URL: url, OCSP: true, Outcome: outcome, Took: time.Since(start), Err: err})
		}
		if err == nil {
			return r, nil
		}
		faults = append(faults, err)
	}
	return nil, errors.Join(faults...)
}

func (s *Source) noteResponder(url string, err error) {
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	st := s.answers.status[url]
	if st == nil {
		if len(s.answers.status) >= maxFeeds {
			return
		}
		st = &responderStatus{}
		s.answers.status[url] = st
	}
	if st.err = err; err == nil {
		st.answered = s.c.Now()
	}
}

// askResponder makes one exchange and judges the answer as of now.
func (s *Source) askResponder(ctx context.Context, url string, cert, issuer *x509.Certificate) (*signing.OCSPResponse, error) {
	// SHA-1 names the certificate and proves nothing (RFC 5019 § 2.1.1).
	query, err := ocsp.CreateRequest(cert, issuer, &ocsp.RequestOptions{Hash: crypto.SHA1})
	if err != nil {
		return nil, err
	}
	der, err := s.postOCSP(ctx, url, query)
	if err != nil {
		return nil, err
	}
	r, err := signing.ParseOCSP(der, cert, issuer)
	if err != nil {
		return nil, err
	}
	now := s.c.Now()
	switch {
	case r.ThisUpdate.After(now.Add(aheadOfUs)):
		return nil, fmt.Errorf("response of %s, later than our clock", r.ThisUpdate.Format(time.RFC3339))
	case !r.NextUpdate.IsZero() && now.After(r.NextUpdate.Add(aheadOfUs)):
		return nil, fmt.Errorf("response has run out on %s", r.NextUpdate.Format(time.RFC3339))
	case r.NextUpdate.IsZero() && now.Sub(r.ThisUpdate) > time.Hour:
		return nil, fmt.Errorf("response of %s without nextUpdate", r.ThisUpdate.Format(time.RFC3339))
	case r.Status == ocsp.Unknown:
		return nil, errors.New("the responder does not know the certificate")
	}
	return r, nil
}

func (s *Source) postOCSP(ctx context.Context, url string, query []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/ocsp-request")
	req.Header.Set("Accept", "application/ocsp-response")
	resp, err := s.c.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // nothing is lost with a failed close of a read body
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP status %d", resp.StatusCode)
	}
	der, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the answer: %w", err)
	case len(der) > maxResponse:
		return nil, fmt.Errorf("answer has more than %d bytes", maxResponse)
	}
	return der, nil
}
