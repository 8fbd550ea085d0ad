package signing

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/pdf"
	"docsvc/internal/signing/cms"
)

const (
	// maxResponders bounds a row of OCSP responders each of which needs the
	// next one's word.
	maxResponders = 4
	// maxCollected bounds what one file can make an augmenter ask for.
	maxCollected = 256
)

// collection gathers the validation data that a file lacks.
type collection struct {
	*Augmenter
	ctx   context.Context // of the one call
	now   time.Time
	store *store
	pool  []*x509.Certificate // of the DSS
	asked map[string]bool     // by certificate: the answer is in the store
	open  map[string]bool     // whose status is being found out
	lists map[string]*List
}

// collect proves the path of every signature and time-stamp in the order in
// which the verifier will judge them. skipLast leaves the last document
// time-stamp out: it proves itself by data of today.
func (a *Augmenter) collect(ctx context.Context, doc *pdf.Document, all []signed, skipLast bool) (*collection, error) {
	s, err := openStore(doc)
	if err != nil {
		return nil, err
	}
	c := &collection{
		Augmenter: a, ctx: ctx, now: a.Now(), store: s,
		asked: map[string]bool{}, open: map[string]bool{}, lists: map[string]*List{},
	}
	for _, der := range s.held[storedCerts] {
		if cert, err := x509.ParseCertificate(der); err == nil { // an unreadable one can only be missed
			c.pool = append(c.pool, cert)
		}
	}
	c.pool = append(c.pool, a.Intermediates...)
	if skipLast {
		all = slices.Clone(all)
		all[len(all)-1].message = nil
	}
	for i, s := range all {
		if s.message == nil {
			continue
		}
		if err := c.one(s, existed(all, i, c.now)); err != nil {
			return nil, fmt.Errorf("validation data of %q: %w", s.field, err)
		}
	}
	return c, nil
}

// one proves a signature as of its time-stamp, and the time-stamp as of proof,
// when a document time-stamp shows that it existed (EN 319 102-1 § 5.6).
func (c *collection) one(s signed, proof time.Time) error {
	if !s.document {
		best := proof
		switch {
		case s.stamp != nil:
			best = s.stamp.Time
		case proof.Equal(c.now):
			return fmt.Errorf("%w: the signature has no time-stamp", ErrLevel)
		}
		if err := c.prove(s.message, c.Roots, best, c.now); err != nil {
			return err
		}
	}
	if s.stamp == nil {
		return nil
	}
	roots := c.TSARoots
	if roots == nil {
		roots = c.Roots
	}
	if err := c.prove(s.stamp.SignedData, roots, proof, s.stamp.Time); err != nil {
		return fmt.Errorf("time-stamp: %w", err)
	}
	return nil
}

// prove adds the path of a message's signer and the status of each certificate
// below its root. EN 319 142-1 § 6.3 r) wants all certificates that were used,
// the trust anchor too, "which are not already present", and s) none twice:
// those that the message itself brings are left out.
func (c *collection) prove(m *cms.SignedData, roots *x509.CertPool, best, otherwise time.Time) error {
	path, err := c.path(m, roots, best)
	if err != nil && !otherwise.Equal(best) {
		path, err = c.path(m, roots, otherwise)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoPath, err)
	}
	for i, cert := range path {
		if !slices.ContainsFunc(m.Certificates, cert.Equal) {
			if err := c.store.add(storedCerts, cert.Raw); err != nil {
				return err
			}
		}
		if i+1 == len(path) {
			break
		}
		if err := c.status(cert, path[i+1], best, 0); err != nil {
			return err
		}
	}
	return nil
}

// path is built as the verifier does it.
func (c *collection) path(m *cms.SignedData, roots *x509.CertPool, at time.Time) ([]*x509.Certificate, error) {
	pool := x509.NewCertPool()
	for _, list := range [][]*x509.Certificate{m.Certificates, c.pool} {
		for _, cert := range list {
			pool.AddCert(cert)
		}
	}
	paths, err := m.Signer.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, err
	}
	return paths[0], nil
}

// status sees to it that the store tells how cert stood at best.
func (c *collection) status(cert, issuer *x509.Certificate, best time.Time, depth int) error {
	key := string(cert.Raw)
	if c.asked[key] || c.open[key] || unchecked(cert) {
		return nil
	}
	if depth > maxResponders {
		return fmt.Errorf("%w: more than %d OCSP responders in a row, last %s", ErrValidationData, maxResponders, cert.Subject)
	}
	c.open[key] = true
	defer delete(c.open, key)
	if responder, ok := c.told(cert, issuer, best); ok {
		return c.responder(responder, issuer, best, depth)
	}
	if len(c.asked) == maxCollected {
		return fmt.Errorf("%w: the paths have more than %d certificates", pdf.ErrLimit, maxCollected)
	}
	proof, err := c.Collector.Collect(c.ctx, cert, issuer, c.now)
	if err != nil {
		if errors.Is(err, ErrValidationData) {
			return err
		}
		return fmt.Errorf("%w: %w", ErrValidationData, err)
	}
	c.asked[key] = true
	if proof.CRL != nil {
		return c.store.add(storedCRLs, proof.CRL)
	}
	r, err := ocsp.ParseResponseForCert(proof.OCSP, cert, issuer)
	if err != nil {
		return fmt.Errorf("%w: OCSP response about %s: %w", ErrValidationData, cert.Subject, err)
	}
	if cert.Equal(r.Certificate) {
		return fmt.Errorf("%w: the OCSP responder %s vouches for itself", ErrValidationData, cert.Subject)
	}
	if err := c.store.add(storedOCSPs, proof.OCSP); err != nil {
		return err
	}
	return c.responder(r.Certificate, issuer, best, depth)
}

// responder proves a delegated OCSP responder; nil is the issuer itself. Its
// certificate is in the response, and its issuer in the path already.
func (c *collection) responder(cert, issuer *x509.Certificate, best time.Time, depth int) error {
	if cert == nil || cert.Equal(issuer) {
		return nil
	}
	return c.status(cert, issuer, best, depth+1)
}

// told looks for data in the store that the verifier accepts: made after best,
// or valid then. It returns the responder's certificate, nil for a list.
func (c *collection) told(cert, issuer *x509.Certificate, best time.Time) (*x509.Certificate, bool) {
	for _, der := range c.store.all(storedOCSPs) {
		r, err := ocsp.ParseResponseForCert(der, cert, issuer)
		if err == nil && r.Status != ocsp.Unknown && !cert.Equal(r.Certificate) && tells(r.ThisUpdate, r.NextUpdate, best) &&
			!r.ThisUpdate.After(cert.NotAfter) && authorised(r.Certificate, issuer, r.ProducedAt) {
			return r.Certificate, true
		}
	}
	for _, der := range c.store.all(storedCRLs) {
		if l := c.list(der, issuer); l != nil && l.Covers(cert) && tells(l.ThisUpdate, l.NextUpdate, best) {
			return nil, true
		}
	}
	return nil, false
}

func tells(thisUpdate, nextUpdate, best time.Time) bool {
	return !thisUpdate.Before(best) || !nextUpdate.IsZero() && !best.After(nextUpdate)
}

// list reads a revocation list once; nil when it is not the issuer's.
func (c *collection) list(der []byte, issuer *x509.Certificate) *List {
	key := string(issuer.RawSubjectPublicKeyInfo) + string(der)
	l, ok := c.lists[key]
	if !ok {
		var err error
		if l, err = ParseList(der, issuer); err != nil {
			l = nil
		}
		c.lists[key] = l
	}
	return l
}

// idNoCheck is id-pkix-ocsp-nocheck.
var idNoCheck = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}

// unchecked says that a responder's certificate is to be trusted for as long as
// it lives, by the word of its CA (RFC 6960 § 4.2.2.2.1).
func unchecked(cert *x509.Certificate) bool {
	return slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) &&
		slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(idNoCheck) })
}
