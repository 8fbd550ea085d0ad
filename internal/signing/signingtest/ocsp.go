package signingtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha1" // RFC 6960 § 4.1.1: the identifier of a certificate, nothing rests on it
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
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
}

var (
	oidNoCheck         = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}
	oidBasicOCSP       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidSHA1            = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	oidECDSAWithSHA256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
)

// The structures of RFC 6960 § 4.2.1. golang.org/x/crypto/ocsp dates its
// responses by the computer's clock; those of tests are dated by the test's.
type (
	certID struct {
		Hash              pkix.AlgorithmIdentifier
		NameHash, KeyHash []byte
		Serial            *big.Int
	}
	revokedInfo struct {
		At time.Time `asn1:"generalized"`
	}
	singleResponse struct {
		ID         certID
		Good       asn1.Flag   `asn1:"tag:0,optional"`
		Revoked    revokedInfo `asn1:"tag:1,optional"`
		Unknown    asn1.Flag   `asn1:"tag:2,optional"`
		ThisUpdate time.Time   `asn1:"generalized"`
		NextUpdate time.Time   `asn1:"generalized,explicit,tag:0,optional"`
	}
	responseData struct {
		Responder  asn1.RawValue
		ProducedAt time.Time `asn1:"generalized"`
		Responses  []singleResponse
	}
	basicResponse struct {
		Data         asn1.RawValue
		Algorithm    pkix.AlgorithmIdentifier
		Signature    asn1.BitString
		Certificates []asn1.RawValue `asn1:"explicit,tag:0,optional"`
	}
	responseBytes struct {
		Type asn1.ObjectIdentifier
		Body []byte
	}
	response struct {
		Status asn1.Enumerated
		Bytes  responseBytes `asn1:"explicit,tag:0"`
	}
)

// OCSP makes a response about a certificate that this PKI issued.
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
	single, err := a.about(cert, ca.Cert)
	if err != nil {
		return nil, err
	}
	return a.sign(responseData{
		Responder:  asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 1, IsCompound: true, Bytes: a.Responder.Cert.RawSubject},
		ProducedAt: a.ProducedAt.UTC().Truncate(time.Second),
		Responses:  []singleResponse{single},
	}, ca)
}

func (a OCSPAnswer) about(cert, issuer *x509.Certificate) (singleResponse, error) {
	var key struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(issuer.RawSubjectPublicKeyInfo, &key); err != nil {
		return singleResponse{}, err
	}
	name, keyHash := sha1.Sum(issuer.RawSubject), sha1.Sum(key.Key.RightAlign())
	s := singleResponse{
		ID: certID{
			Hash:     pkix.AlgorithmIdentifier{Algorithm: oidSHA1, Parameters: asn1.NullRawValue},
			NameHash: name[:], KeyHash: keyHash[:], Serial: cert.SerialNumber,
		},
		ThisUpdate: a.ThisUpdate.UTC().Truncate(time.Second), NextUpdate: a.NextUpdate.UTC().Truncate(time.Second),
	}
	switch a.Status {
	case ocsp.Good:
		s.Good = true
	case ocsp.Unknown:
		s.Unknown = true
	case ocsp.Revoked:
		s.Revoked.At = a.RevokedAt.UTC().Truncate(time.Second)
	}
	return s, nil
}

func (a OCSPAnswer) sign(data responseData, ca *Entity) ([]byte, error) {
	if k, ok := a.Responder.Key.Public().(*ecdsa.PublicKey); !ok || k.Params().BitSize != 256 {
		return nil, errors.New("responders of tests have P-256 keys")
	}
	tbs, err := asn1.Marshal(data)
	if err != nil {
		return nil, err
	}
	h := crypto.SHA256.New()
	h.Write(tbs)
	value, err := a.Responder.Key.Sign(rand.Reader, h.Sum(nil), crypto.SHA256)
	if err != nil {
		return nil, err
	}
	basic := basicResponse{
		Data:      asn1.RawValue{FullBytes: tbs},
		Algorithm: pkix.AlgorithmIdentifier{Algorithm: oidECDSAWithSHA256},
		Signature: asn1.BitString{Bytes: value, BitLength: 8 * len(value)},
	}
	if a.Responder != ca {
		basic.Certificates = []asn1.RawValue{{FullBytes: a.Responder.Cert.Raw}}
	}
	body, err := asn1.Marshal(basic)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(response{Bytes: responseBytes{oidBasicOCSP, body}})
}
