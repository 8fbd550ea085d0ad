// Package signingtest helps to test what signs: a throw-away PKI with a
// time-stamping authority, a sample PDF with reserved fields, and a suite that
// every implementation of signing.Key has to pass.
package signingtest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"docsvc/internal/signing/cms"
)

// Entity is a certificate with its private key.
type Entity struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// PKI is a throw-away root with an issuing CA and a time-stamping unit. It is a
// signing.Timestamper and a signing.Revocation.
type PKI struct {
	Root, Issuing, TSA *Entity
	// Now is the clock of certificates, lists and time-stamps.
	Now func() time.Time

	mu      sync.Mutex
	revoked map[string]time.Time
}

// New makes a PKI whose certificates are valid from an hour before now. now nil
// means time.Now.
func New(tb testing.TB, now func() time.Time) *PKI {
	tb.Helper()
	if now == nil {
		now = time.Now
	}
	p := &PKI{Now: now, revoked: map[string]time.Time{}}
	ca := func(cn string, path int) *x509.Certificate {
		return &x509.Certificate{
			Subject: pkix.Name{CommonName: cn}, NotAfter: now().AddDate(20, 0, 0), IsCA: true, BasicConstraintsValid: true,
			MaxPathLen: path, MaxPathLenZero: path == 0, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		}
	}
	p.Root = p.Issue(tb, nil, P256(tb), ca("Test Root", 1))
	p.Issuing = p.Issue(tb, p.Root, P256(tb), ca("Test Issuing CA", 0))
	p.TSA = p.Issue(tb, p.Issuing, P256(tb), TSATemplate(now().AddDate(10, 0, 0)))
	return p
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

// TSATemplate is a certificate for time-stamping.
func TSATemplate(until time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: "Test TSA"}, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{
			Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true,
			Value: []byte{0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08}, // id-kp-timeStamping
		}},
	}
}

// Roots is the trust anchor.
func (p *PKI) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.Root.Cert)
	return pool
}

// Chain is what goes into a signature beside the signer's certificate.
func (p *PKI) Chain() []*x509.Certificate { return []*x509.Certificate{p.Issuing.Cert} }

// Revoke puts a certificate on the list of its CA.
func (p *PKI) Revoke(c *x509.Certificate, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revoked[c.SerialNumber.String()] = at
}

// Evidence implements signing.Revocation.
func (p *PKI) Evidence(_ context.Context, _, issuer *x509.Certificate) (crls, ocsps [][]byte, err error) {
	for _, ca := range []*Entity{p.Root, p.Issuing} {
		if ca.Cert.Equal(issuer) {
			crl, err := p.CRL(ca, p.Now(), p.Now().Add(24*time.Hour))
			return [][]byte{crl}, nil, err
		}
	}
	return nil, nil, nil
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

// Timestamp implements signing.Timestamper.
func (p *PKI) Timestamp(_ context.Context, digest []byte, h crypto.Hash) ([]byte, error) {
	return Token(p.TSA, []*x509.Certificate{p.Issuing.Cert}, p.Now(), digest, h)
}

// Token makes a time-stamp token with any certificate and time.
func Token(tsa *Entity, chain []*x509.Certificate, at time.Time, digest []byte, h crypto.Hash) ([]byte, error) {
	t := timestamp.Timestamp{
		HashAlgorithm: h, HashedMessage: digest, Time: at.UTC().Truncate(time.Second),
		Policy: asn1.ObjectIdentifier{2, 999, 1}, AddTSACertificate: true, Certificates: chain,
	}
	reply, err := t.CreateResponseWithOpts(tsa.Cert, tsa.Key, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return cms.TimestampReply(reply)
}

// P256 makes a key.
func P256(tb testing.TB) crypto.Signer { return ecKey(tb, elliptic.P256()) }

// P384 makes a key.
func P384(tb testing.TB) crypto.Signer { return ecKey(tb, elliptic.P384()) }

func ecKey(tb testing.TB, c elliptic.Curve) crypto.Signer {
	tb.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 3072) })

// RSA3072 returns one key a process: making one takes long.
func RSA3072(tb testing.TB) crypto.Signer {
	tb.Helper()
	k, err := rsaKey()
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// SameOutside reports whether two files are equal but for the bytes of the hole.
func SameOutside(a, b []byte, start, end int) bool {
	return len(a) == len(b) && bytes.Equal(a[:start], b[:start]) && bytes.Equal(a[end:], b[end:])
}
