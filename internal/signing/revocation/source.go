package revocation

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"docsvc/internal/signing"
)

// Source keeps revocation lists and OCSP responses. It is safe for concurrent use.
type Source struct {
	c             Config
	roots, all    *x509.CertPool // of officers; of everybody
	intermediates *x509.CertPool

	keepers map[string]bool // CAs of which Anchors.KeepExpired holds

	running atomic.Int32  // calls of Run
	wake    chan struct{} // something is due that was not when Run looked

	mu      sync.RWMutex
	issuers []*x509.Certificate              // CAs that lead to a root
	feeds   map[string]*feed                 // by URL
	lists   map[string]held                  // by issuer and scope
	of      map[string][]held                // the same by issuer; slices are never changed
	total   int64                            // bytes of all lists
	ways    map[[32]byte][]*x509.Certificate // from officers' certificates to a root

	answers answers
}

// held is a list and when an address last confirmed that it is the newest.
type held struct {
	*signing.List
	confirmed time.Time
}

// Open makes a Source of what the cache directory holds. It does not use the
// network: Refresh or Run does.
func Open(c Config) (*Source, error) {
	if err := c.complete(); err != nil {
		return nil, fmt.Errorf("revocation lists: %w", err)
	}
	if c.CacheDir != "" {
		if err := os.MkdirAll(c.CacheDir, 0o700); err != nil {
			return nil, fmt.Errorf("revocation lists: %w", err)
		}
	}
	var roots, intermediates []*x509.Certificate
	keepers := map[string]bool{}
	for _, a := range append([]*Anchors{c.Anchors}, c.Others...) {
		roots, intermediates = append(roots, a.Roots...), append(intermediates, a.Intermediates...)
		for _, ca := range slices.Concat(a.Roots, a.Intermediates) {
			keepers[issuerKey(ca)] = a.KeepExpired
		}
	}
	s := &Source{
		c: c, roots: c.Anchors.Pool(), all: poolOf(roots), intermediates: poolOf(intermediates),
		keepers: keepers, ways: map[[32]byte][]*x509.Certificate{},
		wake: make(chan struct{}, 1), issuers: slices.Concat(roots, intermediates),
		answers: answers{
			held: map[answerKey]*heldAnswer{}, responders: map[responderKey]*responder{}, open: map[answerKey]question{},
		},
		feeds: map[string]*feed{}, lists: map[string]held{}, of: map[string][]held{},
	}
	for _, u := range c.CRLs {
		s.addFeed(u)
	}
	s.Watch(intermediates...)
	return s, nil
}

// issuerKey names a CA: its name and key, in whichever certificate they stand.
func issuerKey(c *x509.Certificate) string {
	return string(c.RawSubject) + string(c.RawSubjectPublicKeyInfo)
}

// Watch makes the lists for certificates known beforehand, such as those of
// officers and of the time-stamping authority, be fetched by the next Refresh
// or by Run. Those that lead to no root are ignored. A CA among them serves as a
// link between the others and a root.
func (s *Source) Watch(certs ...*x509.Certificate) {
	for _, c := range certs {
		for _, path := range s.paths(c, certs) {
			for i, c := range path[:len(path)-1] {
				s.learn(c, path[i+1])
			}
		}
	}
}

// paths builds the ways from a certificate to any root, as of its own time.
func (s *Source) paths(c *x509.Certificate, links []*x509.Certificate) [][]*x509.Certificate {
	s.mu.RLock()
	pool := s.intermediates.Clone()
	s.mu.RUnlock()
	for _, link := range links {
		if link.IsCA {
			pool.AddCert(link)
		}
	}
	paths, err := c.Verify(x509.VerifyOptions{
		Roots: s.all, Intermediates: pool, CurrentTime: within(c, s.c.Now()),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil // not ours
	}
	return paths
}

// within is the time in the certificate's life that is nearest to at.
func within(c *x509.Certificate, at time.Time) time.Time {
	switch {
	case at.Before(c.NotBefore):
		return c.NotBefore
	case at.After(c.NotAfter):
		return c.NotAfter
	}
	return at
}

// learn takes note of a CA and of where the list for a certificate is. The
// caller has seen that both lead to a root.
func (s *Source) learn(c, issuer *x509.Certificate) {
	s.mu.RLock()
	known := slices.ContainsFunc(s.issuers, issuer.Equal)
	s.mu.RUnlock()
	if !known {
		s.addIssuer(issuer)
	}
	for _, u := range s.points(c) {
		s.addFeed(u)
	}
}

// addIssuer makes lists by a CA count. Addresses that gave nothing so far may
// have given its list.
func (s *Source) addIssuer(issuer *x509.Certificate) {
	var again []*feed
	s.mu.Lock()
	if len(s.issuers) < maxIssuers && !slices.ContainsFunc(s.issuers, issuer.Equal) {
		s.issuers = append(s.issuers, issuer)
		s.intermediates.AddCert(issuer)
		for _, f := range s.feeds {
			if f.list == nil {
				f.due, again = time.Time{}, append(again, f)
			}
		}
	}
	s.mu.Unlock()
	for _, f := range again {
		s.load(f)
	}
	s.nudge()
}

// points are the addresses that a certificate names and that are not
// configured otherwise.
func (s *Source) points(c *x509.Certificate) []string {
	if len(s.c.CRLs) > 0 {
		return nil
	}
	var list []string
	for _, u := range c.CRLDistributionPoints {
		if len(list) < 4 && len(u) <= 1024 && signing.CheckURL(u) == nil { // others are ldap, mostly
			list = append(list, u)
		}
	}
	return list
}

// nudge wakes Run.
func (s *Source) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Lists implements signing.ListSource: what is at hand, be it old.
func (s *Source) Lists(_ context.Context, cert, issuer *x509.Certificate) ([]*signing.List, error) {
	found := s.heldOf(issuer)
	lists := make([]*signing.List, len(found))
	for i, h := range found {
		lists[i] = h.List
	}
	if !s.tells(found, cert, s.c.Now()) {
		s.want(cert, issuer)
	}
	return lists, nil
}

// Evidence implements signing.Revocation.
func (s *Source) Evidence(ctx context.Context, cert, issuer *x509.Certificate) (crls, ocsps [][]byte, err error) {
	lists, err := s.Lists(ctx, cert, issuer)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range lists {
		crls = append(crls, l.Raw)
	}
	ocsps, err = s.Responses(ctx, cert, issuer)
	return crls, ocsps, err
}

func (s *Source) heldOf(issuer *x509.Certificate) []held {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.of[issuerKey(issuer)]
}

// tells says whether one of the lists is fresh enough to say that a
// certificate is good at that time.
func (s *Source) tells(lists []held, c *x509.Certificate, at time.Time) bool {
	return slices.ContainsFunc(lists, func(h held) bool { return h.Covers(c) && s.counts(h, at) })
}

// counts says whether a list is fresh.
func (s *Source) counts(h held, at time.Time) bool {
	return !at.After(h.NextUpdate) && (s.c.MaxAge == 0 || s.c.Now().Sub(h.confirmed) <= s.c.MaxAge)
}

// want has a list fetched by Run, later. It is cheap when there is nothing new
// to learn.
func (s *Source) want(cert, issuer *x509.Certificate) {
	s.mu.RLock()
	news := !slices.ContainsFunc(s.issuers, issuer.Equal)
	for _, u := range s.points(cert) {
		news = news || s.feeds[u] == nil && len(s.feeds) < maxFeeds
	}
	s.mu.RUnlock()
	if news {
		s.Watch(cert, issuer)
	}
}
