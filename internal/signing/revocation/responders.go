package revocation

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"docsvc/internal/signing"
)

// responderKey is an address and the CA that it answers for: one that knows
// nothing of another CA is not down for its own.
type responderKey struct{ url, issuer string }

// responder is how an address stands.
type responder struct {
	issuer   string // subject
	answered time.Time
	failures int // in a row
	due      time.Time
	err      error // of the last attempt
}

const (
	firstRest   = 2 * time.Second
	longestRest = 30 * time.Second
)

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

// askResponders asks one address after the other until one gives an answer that
// can be taken, or says that it does not know the certificate.
func (s *Source) askResponders(ctx context.Context, urls []string, cert, issuer *x509.Certificate, take func(*signing.OCSPResponse) error) error {
	var faults []error
	for _, url := range urls {
		if err := s.resting(url, issuer); err != nil {
			faults = append(faults, err)
			continue
		}
		start := time.Now()
		r, err := s.askResponder(ctx, url, cert, issuer)
		if err == nil {
			err = take(r)
		}
		outcome := Updated
		switch {
		case errors.Is(err, errOlderReply):
			outcome = Older
		case err != nil && !errors.Is(err, errUnknown):
			outcome = Failed
		}
		due := s.noteResponder(url, issuer, outcome, err)
		if err != nil {
			err = fmt.Errorf("OCSP responder %s: %w", url, err)
			s.c.Log.LogAttrs(ctx, slog.LevelWarn, "no OCSP response", slog.String("url", url), slog.Any("error", err), slog.Time("again", due))
		}
		if s.c.Observe != nil {
			s.c.Observe(Exchange{URL: url, OCSP: true, Outcome: outcome, Took: time.Since(start), Err: err})
		}
		if err == nil || errors.Is(err, errUnknown) {
			return err
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// resting is the error of an address that is left alone since it failed. A time
// too far ahead was set before our clock was put back.
func (s *Source) resting(url string, issuer *x509.Certificate) error {
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	r := s.answers.responders[responderKey{url, issuerKey(issuer)}]
	if r == nil || r.err == nil {
		return nil
	}
	if wait := r.due.Sub(s.c.Now()); wait <= 0 || wait > longestRest {
		return nil
	}
	return fmt.Errorf("OCSP responder %s is not asked again before %s: %w", url, r.due.UTC().Format(time.RFC3339), r.err)
}

// noteResponder notes what came of an exchange, and returns when to ask again.
func (s *Source) noteResponder(url string, issuer *x509.Certificate, outcome Outcome, err error) time.Time {
	now, key := s.c.Now(), responderKey{url, issuerKey(issuer)}
	a := &s.answers
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.responders[key]
	if r == nil {
		if len(a.responders) >= maxFeeds {
			return now
		}
		r = &responder{issuer: issuer.Subject.String()}
		a.responders[key] = r
	}
	if outcome == Updated { // an answer, be it that the certificate is unknown
		r.answered, r.failures, r.err, r.due = now, 0, nil, now
		return now
	}
	r.err, r.due = err, now.Add(min(firstRest<<min(r.failures, 10), longestRest))
	r.failures++
	return r.due
}
