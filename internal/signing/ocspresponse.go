package signing

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing/cms"
)

// believed is a response about a certificate, whose signatures are right.
type believed struct {
	*ocsp.Response
	responder *x509.Certificate // delegated; nil: the issuer itself
}

// at is when the responder must have been entitled. producedAt alone would do,
// but many responders date it by another clock, or cut it to the minute.
func (b *believed) at() time.Time {
	if b.ThisUpdate.After(b.ProducedAt) {
		return b.ThisUpdate
	}
	return b.ProducedAt
}

// remembers says whether the responder still knows about the certificate: it
// has not expired, or ended when the responder's memory had begun (RFC 6960 §
// 4.4.4). Without that, "good" about an expired one may only mean "forgotten".
func (b *believed) remembers(c *x509.Certificate) bool {
	if !b.ThisUpdate.After(c.NotAfter) {
		return true
	}
	for _, e := range b.Extensions {
		var cutoff time.Time
		if !e.Id.Equal(cms.OIDOCSPArchiveCutoff) {
			continue
		}
		rest, err := asn1.UnmarshalWithParams(e.Value, &cutoff, "generalized")
		return err == nil && len(rest) == 0 && !cutoff.After(c.NotAfter)
	}
	return false
}

// parseOCSP reads a response about a certificate of issuer and checks who signed
// it. Package ocsp does not check that for us: it refuses an issuer that is not a
// root and brings its own certificate (go.dev/issue/59641), and compares serial
// numbers only.
func parseOCSP(der []byte, c, issuer *x509.Certificate) (*believed, error) {
	r, err := ocsp.ParseResponseForCert(der, c, nil) // checks the signature by the certificate that it brings
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOCSP, err)
	}
	b := &believed{Response: r}
	switch responder := r.Certificate; {
	case responder == nil:
		if err := r.CheckSignatureFrom(issuer); err != nil {
			return nil, fmt.Errorf("%w: not by %s: %w", ErrOCSP, issuer.Subject, err)
		}
	case sameCA(responder, issuer):
	default:
		if err := delegated(responder, issuer); err != nil {
			return nil, fmt.Errorf("%w: by %s: %w", ErrOCSP, responder.Subject, err)
		}
		b.responder = responder
	}
	switch {
	case !cms.OCSPIdentifies(r.TBSResponseData, c, issuer):
		return nil, fmt.Errorf("%w: about a certificate of another issuer, or without a status", ErrOCSP)
	case r.Status == ocsp.Revoked && r.RevokedAt.IsZero():
		return nil, fmt.Errorf("%w: revoked at no time", ErrOCSP)
	case !r.NextUpdate.IsZero() && r.NextUpdate.Before(r.ThisUpdate):
		return nil, fmt.Errorf("%w: ends before it begins", ErrOCSP)
	case b.responder != nil && bytes.Equal(b.responder.RawSubjectPublicKeyInfo, c.RawSubjectPublicKeyInfo):
		return nil, fmt.Errorf("%w: the responder %s vouches for itself", ErrOCSP, c.Subject)
	}
	return b, nil
}

// sameCA says whether two certificates are of one authority: its name and key.
func sameCA(a, b *x509.Certificate) bool {
	return bytes.Equal(a.RawSubject, b.RawSubject) && bytes.Equal(a.RawSubjectPublicKeyInfo, b.RawSubjectPublicKeyInfo)
}

// delegated checks that the very CA certified a responder (RFC 6960 § 4.2.2.2).
// Whether its algorithms were good then is judged by the caller.
func delegated(responder, issuer *x509.Certificate) error {
	if !bytes.Equal(responder.RawIssuer, issuer.RawSubject) {
		return errors.New("who was not certified by " + issuer.Subject.String())
	}
	return issuer.CheckSignature(responder.SignatureAlgorithm, responder.RawTBSCertificate, responder.Signature)
}

// authorised checks a delegated responder: for OCSP signing, and valid at a time.
func authorised(responder *x509.Certificate, at time.Time) bool {
	return slices.Contains(responder.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) &&
		!outside(responder, at) && len(responder.UnhandledCriticalExtensions) == 0
}

// OCSPResponse is what a response says of one certificate. Its signature was
// checked, and that the signer may respond for the issuer; not whether a
// responder's own certificate is revoked.
type OCSPResponse struct {
	Raw                                []byte    // DER
	Status                             int       // ocsp.Good, ocsp.Revoked or ocsp.Unknown
	ThisUpdate, NextUpdate, ProducedAt time.Time // NextUpdate is zero when absent
	RevokedAt                          time.Time
	Reason                             int               // CRLReason
	Responder                          *x509.Certificate // nil: the issuer itself

	data []byte // ResponseData
}

// Nonce is the one that the response repeats of its request; nil when it has
// none.
func (r *OCSPResponse) Nonce() ([]byte, error) { return cms.OCSPResponseNonce(r.data) }

// ErrOCSP marks a response that cannot be believed.
var ErrOCSP = errors.New("signing: OCSP response")

// ParseOCSP reads a response about cert. A refusal of the responder (RFC 6960 §
// 2.3) is an ocsp.ResponseError.
func ParseOCSP(der []byte, cert, issuer *x509.Certificate) (*OCSPResponse, error) {
	r, err := parseOCSP(der, cert, issuer)
	switch {
	case err != nil:
		return nil, err
	case r.responder != nil && !authorised(r.responder, r.at()):
		return nil, fmt.Errorf("%w: %s may not respond for %s", ErrOCSP, r.responder.Subject, issuer.Subject)
	case outdated(r.SignatureAlgorithm):
		return nil, fmt.Errorf("%w: signed with %s", ErrOCSP, r.SignatureAlgorithm)
	}
	if r.responder != nil {
		if err := Weak(r.responder); err != nil {
			return nil, fmt.Errorf("%w: responder: %w", ErrOCSP, err)
		}
	}
	return &OCSPResponse{
		Raw: der, Status: r.Status, ThisUpdate: r.ThisUpdate, NextUpdate: r.NextUpdate, ProducedAt: r.ProducedAt,
		RevokedAt: r.RevokedAt, Reason: r.RevocationReason, Responder: r.responder, data: r.TBSResponseData,
	}, nil
}
