package signing

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/pdf"
)

// Revocation supplies CRLs and OCSP responses that are at hand. It must not use
// the network; the answer need not be checked, the verifier does that. No data
// is no error. It is safe for concurrent use.
type Revocation interface {
	Evidence(ctx context.Context, cert, issuer *x509.Certificate) (crls, ocsps [][]byte, err error)
}

// evidence is what a file's DSS holds (EN 319 142-1 § 5.4.2).
type evidence struct {
	certificates []*x509.Certificate
	crls, ocsps  [][]byte
}

const maxEvidence = 256 // streams of one kind

func readStore(d *pdf.Document) (evidence, error) {
	catalog, err := d.Catalog()
	if err != nil || catalog.Get("DSS") == nil {
		return evidence{}, err
	}
	store, err := d.Dict(catalog.Get("DSS"))
	if err != nil {
		return evidence{}, fmt.Errorf("reading the DSS: %w", err)
	}
	var e evidence
	var certs [][]byte
	for _, k := range []struct {
		key  pdf.Name
		list *[][]byte
	}{{"Certs", &certs}, {"CRLs", &e.crls}, {"OCSPs", &e.ocsps}} {
		if *k.list, err = readStreams(d, store.Get(k.key)); err != nil {
			return evidence{}, fmt.Errorf("reading the DSS, %s: %w", k.key, err)
		}
	}
	for _, der := range certs {
		if c, err := x509.ParseCertificate(der); err == nil { // an unreadable one can only be missed
			e.certificates = append(e.certificates, c)
		}
	}
	return e, nil
}

func readStreams(d *pdf.Document, o pdf.Object) ([][]byte, error) {
	list, err := d.Array(o)
	if err != nil {
		return nil, err
	}
	if len(list) > maxEvidence {
		return nil, fmt.Errorf("%w: %d streams", pdf.ErrLimit, len(list))
	}
	var out [][]byte
	for _, r := range list {
		v, err := d.Resolve(r)
		if err != nil {
			return nil, err
		}
		s, ok := v.(*pdf.Stream)
		if !ok {
			return nil, fmt.Errorf("%w: not a stream", pdf.ErrSyntax)
		}
		data, err := d.Decode(s)
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

// status is what the evidence says about one certificate.
type status struct {
	known     bool
	revokedAt time.Time // zero: not revoked
}

// status looks for revocation in all evidence first; good is believed only when
// nothing says revoked. best is when the signature is known to have existed.
func (v *validation) status(c, issuer *x509.Certificate, best time.Time) (status, error) {
	crls, ocsps := v.embedded.crls, v.embedded.ocsps
	var result status
	if source, ok := v.Revocation.(ListSource); ok {
		lists, err := source.Lists(v.ctx, c, issuer)
		if err != nil {
			return status{}, err
		}
		for _, l := range lists {
			if l.Of(issuer) {
				result.merge(v.listStatus(l, c, best))
			}
		}
	} else if v.Revocation != nil {
		moreCRLs, moreOCSPs, err := v.Revocation.Evidence(v.ctx, c, issuer)
		if err != nil {
			return status{}, err
		}
		crls, ocsps = slices.Concat(moreCRLs, crls), slices.Concat(moreOCSPs, ocsps)
	}
	for _, der := range crls {
		if l := v.list(der, issuer); l != nil {
			result.merge(v.listStatus(l, c, best))
		}
	}
	for _, der := range ocsps {
		result.merge(v.ocspStatus(der, c, issuer, best))
	}
	return result, nil
}

// merge keeps the earliest revocation.
func (s *status) merge(o status) {
	s.known = s.known || o.known
	if !o.revokedAt.IsZero() && (s.revokedAt.IsZero() || o.revokedAt.Before(s.revokedAt)) {
		s.revokedAt = o.revokedAt
	}
}

// fresh says whether data issued at thisUpdate tells about the signature: it
// was made after the signature existed, or is valid at the time of validation
// (EN 319 102-1 § 5.2.5). Data from our future is not believed.
func (v *validation) fresh(thisUpdate, nextUpdate, best time.Time) bool {
	latest := v.at
	if now := v.Now(); now.After(latest) {
		latest = now
	}
	if thisUpdate.After(latest.Add(clockSkew)) {
		return false
	}
	return !thisUpdate.Before(best) || !nextUpdate.IsZero() && !v.at.After(nextUpdate)
}

func (v *validation) listStatus(l *List, c *x509.Certificate, best time.Time) status {
	if r, ok := l.Revoked(c); ok {
		return status{known: true, revokedAt: r.At} // revocation is believed from old lists too
	}
	return status{known: l.Covers(c) && v.fresh(l.ThisUpdate, l.NextUpdate, best)}
}

// list parses a revocation list and checks its signature, once in a run; nil
// when it is not the issuer's or not one that tells about all certificates.
func (v *validation) list(der []byte, issuer *x509.Certificate) *List {
	key := string(issuer.RawSubjectPublicKeyInfo) + string(der)
	if l, ok := v.lists[key]; ok {
		return l
	}
	l, err := ParseList(der, issuer)
	if err != nil {
		l = nil
	}
	v.lists[key] = l
	return l
}

func (v *validation) ocspStatus(der []byte, c, issuer *x509.Certificate, best time.Time) status {
	r, err := ocsp.ParseResponseForCert(der, c, issuer)
	if err != nil || !authorised(r.Certificate, issuer, r.ProducedAt) {
		return status{}
	}
	if r.Status == ocsp.Revoked {
		return status{known: true, revokedAt: r.RevokedAt}
	}
	if r.Status != ocsp.Good || !v.fresh(r.ThisUpdate, r.NextUpdate, best) || r.ThisUpdate.After(c.NotAfter) {
		return status{}
	}
	return status{known: true}
}

// authorised checks a delegated responder (RFC 6960 § 4.2.2.2): issued by the
// CA itself for OCSP signing. ParseResponseForCert checks the CA's signature on
// its certificate, not its purpose and time.
func authorised(responder, issuer *x509.Certificate, at time.Time) bool {
	if responder == nil || responder.Equal(issuer) {
		return true
	}
	return slices.Contains(responder.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) && !outside(responder, at)
}
