package signingtest

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"testing"
	"time"

	"docsvc/internal/signing/cms"
)

// validity is that of lists and responses when nothing else is asked for.
const validity = 24 * time.Hour

// NewResponder gives a CA another delegated responder (RFC 6960 § 4.2.2.2),
// with id-pkix-ocsp-nocheck or without: then its own status has to be asked. It
// is valid for as long as the CA.
func (p *PKI) NewResponder(tb testing.TB, ca *Entity, noCheck bool) *Entity {
	tb.Helper()
	template := ResponderTemplate(ca.Cert.Subject.CommonName+" OCSP", noCheck)
	template.NotAfter = ca.Cert.NotAfter
	r := p.Issue(tb, ca, P256(tb), template)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.responders[ca] = r
	p.kept = nil
	return r
}

// ResponderTemplate is a certificate for signing OCSP responses.
func ResponderTemplate(cn string, noCheck bool) *x509.Certificate {
	t := &x509.Certificate{
		Subject: pkix.Name{CommonName: cn}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
	}
	if noCheck {
		t.ExtraExtensions = []pkix.Extension{{Id: oidNoCheck, Value: []byte{5, 0}}}
	}
	return t
}

// OCSPAnswer says what a response shall tell.
type OCSPAnswer struct {
	Status                 int       // ocsp.Good, ocsp.Revoked or ocsp.Unknown
	RevokedAt              time.Time // of ocsp.Revoked
	ThisUpdate, NextUpdate time.Time // zero: now, and a day after ThisUpdate
	ProducedAt             time.Time // zero: ThisUpdate
	// Responder signs; nil: the delegated one of the certificate's CA. The CA
	// itself signs without adding a certificate.
	Responder *Entity
	// Embed adds the certificate of the CA itself too.
	Embed         bool
	Reason        int       // CRLReason of a revocation
	ArchiveCutoff time.Time // zero: none
	Nonce         []byte    // empty: none
	NoNextUpdate  bool
}

// oidNoCheck is id-pkix-ocsp-nocheck.
var oidNoCheck = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}

// OCSP makes a response about a certificate that this PKI issued, dated by the
// clock of the PKI.
func (p *PKI) OCSP(cert *x509.Certificate, a OCSPAnswer) ([]byte, error) {
	ca := p.issuer(cert)
	if ca == nil {
		return nil, fmt.Errorf("%s is by another authority", cert.Subject)
	}
	if a.Responder == nil {
		p.mu.Lock()
		a.Responder = p.responders[ca]
		p.mu.Unlock()
	}
	if a.ThisUpdate.IsZero() {
		a.ThisUpdate = p.Now()
	}
	if a.NextUpdate.IsZero() {
		a.NextUpdate = a.ThisUpdate.Add(validity)
	}
	if a.ProducedAt.IsZero() {
		a.ProducedAt = a.ThisUpdate
	}
	r := cms.OCSPResponse{
		Issuer: ca.Cert, Serial: cert.SerialNumber, Status: cms.OCSPStatus(a.Status), RevokedAt: a.RevokedAt, Reason: a.Reason,
		ThisUpdate: a.ThisUpdate, NextUpdate: a.NextUpdate, ProducedAt: a.ProducedAt, ArchiveCutoff: a.ArchiveCutoff, Nonce: a.Nonce,
		Responder: a.Responder.Cert, Embed: a.Responder != ca || a.Embed,
	}
	if a.NoNextUpdate {
		r.NextUpdate = time.Time{}
	}
	return r.Sign(rand.Reader, a.Responder.Key)
}
