package signing

import (
	"cmp"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing/cms"
)

// maxCollected bounds what one file can make an augmenter ask for.
const maxCollected = 256

// collection gathers the validation data that a file lacks.
type collection struct {
	*Augmenter
	ctx   context.Context // of the one call
	now   time.Time
	fresh bool // a time-stamp is about to seal the data
	store *store
	asked map[string]bool // by certificate: the answer is in the store
	paths map[pathKey][]*x509.Certificate
	// judge is the verifier as it will see the store.
	judge *validation
}

// collect proves every signature and time-stamp. skipLast leaves the last
// document time-stamp out: it proves itself by data of today. fresh wants data
// about now for those that no document time-stamp covers yet.
func (a *Augmenter) collect(ctx context.Context, doc *pdf.Document, all []signed, skipLast, fresh bool) (*collection, error) {
	s, err := openStore(doc)
	if err != nil {
		return nil, err
	}
	c := &collection{Augmenter: a, ctx: ctx, now: a.Now(), fresh: fresh, store: s, asked: map[string]bool{}, paths: map[pathKey][]*x509.Certificate{}}
	c.judge = &validation{
		Verifier: &Verifier{Now: a.Now, Intermediates: a.Intermediates, StatusAge: a.StatusAge},
		ctx:      ctx, at: c.now, lists: map[listKey]*List{}, suitability: a.Suitability.orDefault(),
		embedded: newEvidence(s.held),
	}
	for i, s := range all {
		if skipLast && i == len(all)-1 {
			break
		}
		existed, proven := existed(all, i, c.now)
		if err := c.one(s, existed, proven); err != nil {
			return nil, fmt.Errorf("validation data of %q: %w", s.field, err)
		}
	}
	return c, nil
}

// one proves a signature as of its time-stamp, and the time-stamp as of when it
// is proven to have existed, or now. The questions are the verifier's, but for
// one: of a time-stamp that is about to be sealed it is asked how its
// certificates stand now, not only when it was made.
func (c *collection) one(s signed, existed time.Time, proven bool) error {
	if !s.document {
		best := existed
		switch {
		case s.stamp != nil:
			best = s.stamp.Time
		case !proven:
			return fmt.Errorf("%w: the signature has no time-stamp", ErrLevel)
		}
		if err := c.prove(question{message: s.message, roots: c.Roots, best: best, as: best}); err != nil {
			return err
		}
	}
	if s.stamp == nil {
		return nil
	}
	q := question{message: s.stamp.SignedData, roots: cmp.Or(c.TSARoots, c.Roots), best: s.stamp.Time, as: existed}
	if c.fresh && !proven {
		q.best = existed
	}
	if err := c.prove(q); err != nil {
		return fmt.Errorf("time-stamp: %w", err)
	}
	return nil
}

// prove adds the path of a message's signer and the status of each certificate
// below its root. EN 319 142-1 § 6.3 r) wants all certificates that were used,
// the trust anchor too, "which are not already present", and s) none twice:
// those that the message itself brings are left out.
func (c *collection) prove(q question) error {
	path, err := c.path(q)
	if err != nil {
		return err
	}
	for i, cert := range path {
		if !slices.ContainsFunc(q.message.Certificates, cert.Equal) {
			if err := c.store.add(storedCerts, cert.Raw); err != nil {
				return err
			}
		}
		if i+1 == len(path) {
			break
		}
		if err := c.status(cert, path[i+1], q.best, q.as, 0); err != nil {
			return err
		}
	}
	return nil
}

// path builds the path of a message's signer as the verifier will, once for a
// certificate while all of the path is valid.
func (c *collection) path(q question) ([]*x509.Certificate, error) {
	key := pathKey{string(q.message.Signer.Raw), q.roots}
	if known, ok := c.paths[key]; ok && !slices.ContainsFunc(known, func(cert *x509.Certificate) bool { return outside(cert, q.as) }) {
		return known, nil
	}
	paths, fail := c.judge.paths(q)
	if fail != nil {
		return nil, fmt.Errorf("%w: %s", ErrNoPath, fail.reason)
	}
	c.paths[key] = paths[0]
	return paths[0], nil
}

type pathKey struct {
	leaf  string
	roots *x509.CertPool
}

// status sees to it that the store tells how cert stood at best. depth counts
// the responders whose own status is asked for.
func (c *collection) status(cert, issuer *x509.Certificate, best, used time.Time, depth int) error {
	if c.asked[string(cert.Raw)] {
		return nil
	}
	st, err := c.judge.status(cert, issuer, best, used, depth)
	if err != nil || st.known {
		return err
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
	c.asked[string(cert.Raw)] = true
	if err := c.take(proof, cert, issuer, used, depth); err != nil {
		return err
	}
	if st, err = c.judge.status(cert, issuer, best, used, depth); err == nil && !st.known {
		err = fmt.Errorf("%w: what its authority says of %s is not about %s, or by a responder that may not say it",
			ErrValidationData, cert.Subject, best.UTC().Format(time.RFC3339))
	}
	return err
}

// take puts what a collector gave into the store.
func (c *collection) take(proof Proof, cert, issuer *x509.Certificate, used time.Time, depth int) error {
	if proof.CRL != nil {
		c.judge.embedded.crls = append(c.judge.embedded.crls, item{der: proof.CRL})
		return c.store.add(storedCRLs, proof.CRL)
	}
	signer, err := cms.ReadOCSPSigner(proof.OCSP)
	if err != nil {
		return fmt.Errorf("%w: OCSP response about %s: %w", ErrValidationData, cert.Subject, err)
	}
	c.judge.embedded.ocsps = append(c.judge.embedded.ocsps, item{der: proof.OCSP})
	if err := c.store.add(storedOCSPs, proof.OCSP); err != nil {
		return err
	}
	return c.responder(signer, cert, issuer, used, depth)
}

// responder proves a delegated OCSP responder as of its response. Its
// certificate is in the response, and its issuer in the path already.
func (c *collection) responder(s cms.OCSPSigner, cert, issuer *x509.Certificate, used time.Time, depth int) error {
	switch {
	case s.Certificate == nil || s.Certificate.Equal(issuer) || unchecked(s.Certificate):
		return nil
	case s.Certificate.Equal(cert):
		return fmt.Errorf("%w: the OCSP responder %s vouches for itself", ErrValidationData, cert.Subject)
	case depth >= maxResponderDepth:
		return fmt.Errorf("%w: the OCSP responder %s needs the word of one that needs another's", ErrValidationData, cert.Subject)
	}
	return c.status(s.Certificate, issuer, s.ProducedAt, used, depth+1)
}

// idNoCheck is id-pkix-ocsp-nocheck.
var idNoCheck = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}

// unchecked says that a responder's certificate is to be trusted for as long as
// it lives, by the word of its CA (RFC 6960 § 4.2.2.2.1).
func unchecked(cert *x509.Certificate) bool {
	return slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) &&
		slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(idNoCheck) })
}
