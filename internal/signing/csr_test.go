package signing_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

func officerName() pkix.Name {
	return pkix.Name{Country: []string{"AZ"}, Organization: []string{"Nümunə Rayon İcra Şöbəsi"}, CommonName: "Əliyev Vüqar Səməd oğlu", SerialNumber: "PNOAZ-5NMN1A1"}
}

func TestCSR(t *testing.T) {
	for name, key := range map[string]crypto.Signer{
		"P-256": signingtest.P256(t), "P-384": signingtest.P384(t), "RSA-3072": signingtest.RSA3072(t),
	} {
		t.Run(name, func(t *testing.T) {
			csr, err := signing.PrepareCSR(officerName(), key.Public())
			if err != nil {
				t.Fatal(err)
			}
			again, err := signing.PrepareCSR(officerName(), key.Public())
			if err != nil || !bytes.Equal(again.Digest, csr.Digest) {
				t.Fatalf("another process gets another digest: %v", err)
			}
			if len(csr.Digest) != csr.SignerOpts().HashFunc().Size() {
				t.Fatalf("digest of %d bytes", len(csr.Digest))
			}
			signature, err := key.Sign(rand.Reader, csr.Digest, csr.SignerOpts())
			if err != nil {
				t.Fatal(err)
			}
			der, err := again.Complete(signature)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := x509.ParseCertificateRequest(der)
			if err != nil {
				t.Fatal(err)
			}
			if err := parsed.CheckSignature(); err != nil {
				t.Error(err)
			}
			if parsed.Subject.CommonName != officerName().CommonName || parsed.Subject.SerialNumber != officerName().SerialNumber {
				t.Errorf("subject %v", parsed.Subject)
			}
			usage := parsed.Extensions[0]
			if len(parsed.Extensions) != 1 || !usage.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 15}) || !usage.Critical {
				t.Errorf("extensions %v", parsed.Extensions)
			}
			if _, err := csr.Complete(append([]byte{1}, signature...)); err == nil {
				t.Error("a damaged signature was taken")
			}
		})
	}
}

func TestCSRRefuses(t *testing.T) {
	key, other := signingtest.P256(t), signingtest.P256(t)
	if _, err := signing.PrepareCSR(pkix.Name{}, key.Public()); err == nil {
		t.Error("no name")
	}
	if _, err := signing.PrepareCSR(officerName(), "key"); err == nil {
		t.Error("no key")
	}
	csr, err := signing.PrepareCSR(officerName(), key.Public())
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := other.Sign(rand.Reader, csr.Digest, csr.SignerOpts())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := csr.Complete(stranger); err == nil {
		t.Error("signed by another key")
	}
	elsewhere, err := key.Sign(rand.Reader, make([]byte, 32), csr.SignerOpts())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := csr.Complete(elsewhere); err == nil {
		t.Error("signature over another digest")
	}
}

func TestCheckIssued(t *testing.T) {
	now := time.Now()
	pki := signingtest.New(t, nil)
	key := signingtest.P256(t)
	chain := func(change func(*x509.Certificate), signer crypto.Signer) [][]byte {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(77), Subject: officerName(), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
			KeyUsage: x509.KeyUsageContentCommitment, BasicConstraintsValid: true,
		}
		if change != nil {
			change(template)
		}
		der, err := x509.CreateCertificate(rand.Reader, template, pki.Issuing.Cert, signer.Public(), pki.Issuing.Key)
		if err != nil {
			t.Fatal(err)
		}
		return [][]byte{der, pki.Issuing.Cert.Raw}
	}
	good := chain(nil, key)
	path, err := signing.CheckIssued(good, key.Public(), pki.Roots(), now)
	if err != nil || len(path) != 2 || !bytes.Equal(path[0].Raw, good[0]) {
		t.Fatalf("%d certificates, %v", len(path), err)
	}
	if path, err := signing.CheckIssued(append(good, pki.Root.Cert.Raw), key.Public(), pki.Roots(), now); err != nil || len(path) != 2 {
		t.Errorf("with the root in the chain: %d, %v", len(path), err)
	}
	for name, c := range map[string]struct {
		chain [][]byte
		roots *x509.CertPool
		at    time.Time
		want  string
	}{
		"empty":           {nil, pki.Roots(), now, "chain of 0"},
		"too long":        {make([][]byte, 9), pki.Roots(), now, "chain of 9"},
		"not DER":         {[][]byte{[]byte("x")}, pki.Roots(), now, "certificate 1"},
		"another key":     {chain(nil, signingtest.P256(t)), pki.Roots(), now, "another key"},
		"no intermediate": {good[:1], pki.Roots(), now, "unknown authority"},
		"another root":    {good, signingtest.New(t, nil).Roots(), now, "unknown authority"},
		"expired":         {good, pki.Roots(), now.Add(2 * time.Hour), "expired"},
		"not yet valid":   {good, pki.Roots(), now.Add(-2 * time.Hour), "not yet valid"},
		"a CA": {chain(func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign }, key),
			pki.Roots(), now, "CA certificate"},
		"for encryption": {chain(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }, key),
			pki.Roots(), now, "key usage"},
		"for web servers": {chain(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, key),
			pki.Roots(), now, "extended key usage"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := signing.CheckIssued(c.chain, key.Public(), c.roots, c.at)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
