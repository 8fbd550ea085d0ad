package signing

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/asn1"
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
	if v.Revocation != nil {
		moreCRLs, moreOCSPs, err := v.Revocation.Evidence(v.ctx, c, issuer)
		if err != nil {
			return status{}, err
		}
		crls, ocsps = slices.Concat(moreCRLs, crls), slices.Concat(moreOCSPs, ocsps)
	}
	var result status
	for _, der := range crls {
		result.merge(v.crlStatus(der, c, issuer, best))
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

func (v *validation) crlStatus(der []byte, c, issuer *x509.Certificate, best time.Time) status {
	list := v.list(der, issuer)
	if list == nil {
		return status{}
	}
	keepsExpired := false
	for _, e := range list.Extensions {
		if e.Critical { // issuingDistributionPoint, delta CRL: not a full list
			return status{}
		}
		keepsExpired = keepsExpired || e.Id.Equal(oidExpiredCertsOnCRL)
	}
	for _, e := range list.RevokedCertificateEntries {
		if e.SerialNumber.Cmp(c.SerialNumber) == 0 {
			return status{known: true, revokedAt: e.RevocationTime} // revocation is believed from old lists too
		}
	}
	if !v.fresh(list.ThisUpdate, list.NextUpdate, best) || list.ThisUpdate.After(c.NotAfter) && !keepsExpired {
		return status{}
	}
	return status{known: true}
}

// list parses a revocation list and checks its signature, once in a run; nil
// when it is not the issuer's.
func (v *validation) list(der []byte, issuer *x509.Certificate) *x509.RevocationList {
	key := string(issuer.RawSubjectPublicKeyInfo) + string(der)
	if list, ok := v.lists[key]; ok {
		return list
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil || !bytes.Equal(list.RawIssuer, issuer.RawSubject) || list.CheckSignatureFrom(issuer) != nil {
		list = nil
	}
	v.lists[key] = list
	return list
}

// oidExpiredCertsOnCRL says that revoked certificates stay on the list after
// they expire (ITU-T X.509 § 9.5.2.8).
var oidExpiredCertsOnCRL = asn1.ObjectIdentifier{2, 5, 29, 60}

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
