// Package signingtest helps to test what signs: a throw-away PKI with a
// time-stamping authority, a sample PDF with reserved fields, and a suite that
// every implementation of signing.Key has to pass.
package signingtest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"sync"
	"testing"
	"time"
)

// Entity is a certificate with its private key.
type Entity struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// PKI is a throw-away root with an issuing CA, a time-stamping unit, and a
// delegated OCSP responder for each CA. It is a signing.Timestamper, a
// signing.Revocation and a signing.Collector.
type PKI struct {
	Root, Issuing, TSA *Entity
	// Now is the clock of certificates, lists, responses and time-stamps.
	Now func() time.Time

	tsaCA    *Entity   // who certifies the time-stamping unit
	tsaRoots []*Entity // own roots of time-stamping units, if there are any

	mu         sync.Mutex
	cas        []*Entity
	responders map[*Entity]*Entity // by CA
	revoked    map[string]time.Time
	collector
}

// New makes a PKI whose certificates are valid from an hour before now. now nil
// means time.Now.
func New(tb testing.TB, now func() time.Time) *PKI {
	tb.Helper()
	if now == nil {
		now = time.Now
	}
	p := &PKI{Now: now, revoked: map[string]time.Time{}, responders: map[*Entity]*Entity{}}
	p.Root = p.CA(tb, nil, P256(tb), "Test Root", 1)
	p.Issuing = p.CA(tb, p.Root, P256(tb), "Test Issuing CA", 0)
	p.tsaCA = p.Issuing
	p.NewTSA(tb, P256(tb), now().AddDate(10, 0, 0))
	return p
}

// CA makes a CA, valid for twenty years, with a responder for its OCSP; parent
// nil means a root. below is how many CAs may stand under it.
func (p *PKI) CA(tb testing.TB, parent *Entity, key crypto.Signer, cn string, below int) *Entity {
	tb.Helper()
	ca := p.Issue(tb, parent, key, &x509.Certificate{
		Subject: pkix.Name{CommonName: cn}, NotAfter: p.Now().AddDate(20, 0, 0), IsCA: true, BasicConstraintsValid: true,
		MaxPathLen: below, MaxPathLenZero: below == 0, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	})
	p.mu.Lock()
	p.cas = append(p.cas, ca)
	p.mu.Unlock()
	p.NewResponder(tb, ca, true)
	return ca
}

// issuer finds the CA that signed a certificate; nil when it is none of ours.
func (p *PKI) issuer(c *x509.Certificate) *Entity {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, ca := range p.cas {
		if bytes.Equal(ca.Cert.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(ca.Cert) == nil {
			return ca
		}
	}
	return nil
}

// Issue certifies a key by a CA of this PKI; ca nil means self-signed.
func (p *PKI) Issue(tb testing.TB, ca *Entity, key crypto.Signer, template *x509.Certificate) *Entity {
	tb.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		tb.Fatal(err)
	}
	template.SerialNumber = serial
	if template.NotBefore.IsZero() {
		template.NotBefore = p.Now().Add(-time.Hour)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = p.Now().AddDate(2, 0, 0)
	}
	parent, signer := template, key
	if ca != nil {
		parent, signer = ca.Cert, ca.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return &Entity{cert, key}
}

// Officer makes a signer under the issuing CA.
func (p *PKI) Officer(tb testing.TB, key crypto.Signer) *Entity {
	tb.Helper()
	return p.Issue(tb, p.Issuing, key, OfficerTemplate("Məmurzadə Nigar Sınaq qızı"))
}

// OfficerTemplate is a certificate for signing documents.
func OfficerTemplate(cn string) *x509.Certificate {
	return &x509.Certificate{
		Subject:            pkix.Name{Country: []string{"AZ"}, Organization: []string{"Nümunə Rayon İcra Şöbəsi"}, CommonName: cn},
		KeyUsage:           x509.KeyUsageContentCommitment | x509.KeyUsageDigitalSignature,
		UnknownExtKeyUsage: []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 36}},
	}
}

// Roots is the trust anchor of signers.
func (p *PKI) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.Root.Cert)
	return pool
}

// Chain is what goes into a signature beside the signer's certificate.
func (p *PKI) Chain() []*x509.Certificate { return []*x509.Certificate{p.Issuing.Cert} }

// Revoke puts a certificate on the list of its CA; the Collector forgets what
// it kept.
func (p *PKI) Revoke(c *x509.Certificate, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revoked[c.SerialNumber.String()] = at
	p.kept = nil
}

// Evidence implements signing.Revocation.
func (p *PKI) Evidence(_ context.Context, _, issuer *x509.Certificate) (crls, ocsps [][]byte, err error) {
	p.mu.Lock()
	i := slices.IndexFunc(p.cas, func(ca *Entity) bool { return ca.Cert.Equal(issuer) })
	p.mu.Unlock()
	if i < 0 {
		return nil, nil, nil
	}
	crl, err := p.CRL(p.cas[i], p.Now(), p.Now().Add(validity))
	return [][]byte{crl}, nil, err
}

// CRL makes a revocation list of a CA.
func (p *PKI) CRL(ca *Entity, thisUpdate, nextUpdate time.Time) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := &x509.RevocationList{Number: big.NewInt(thisUpdate.UnixMilli()), ThisUpdate: thisUpdate, NextUpdate: nextUpdate}
	for serial, at := range p.revoked {
		n, _ := new(big.Int).SetString(serial, 10)
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: n, RevocationTime: at})
	}
	return x509.CreateRevocationList(rand.Reader, list, ca.Cert, ca.Key)
}

// SameOutside reports whether two files are equal but for the bytes of the hole.
func SameOutside(a, b []byte, start, end int) bool {
	return len(a) == len(b) && bytes.Equal(a[:start], b[:start]) && bytes.Equal(a[end:], b[end:])
}
