package revocation_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"docsvc/internal/signing/revocation"
	"docsvc/internal/signing/signingtest"
)

func encode(certs ...*x509.Certificate) string {
	var b bytes.Buffer
	for _, c := range certs {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	return b.String()
}

func caTemplate(cn string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: cn}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func TestParseRoots(t *testing.T) {
	p, other := signingtest.New(t, nil), signingtest.New(t, nil)
	issue := func(ca *signingtest.Entity, key crypto.Signer, edit func(*x509.Certificate)) *x509.Certificate {
		c := caTemplate("X")
		edit(c)
		return p.Issue(t, ca, key, c).Cert
	}
	officer := p.Officer(t, signingtest.P256(t)).Cert
	deep := p.Issue(t, p.Issue(t, p.Root, signingtest.P256(t), caTemplate("A")), signingtest.P256(t), caTemplate("B"))
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	root, both := encode(p.Root.Cert), encode(p.Root.Cert, p.Issuing.Cert)
	many := func() string {
		var list []*x509.Certificate
		for range 257 {
			list = append(list, p.Root.Cert)
		}
		return encode(list...)
	}
	for _, c := range []struct {
		name, bundle string
		roots, below int // both zero: refused
		reason       string
	}{
		{"a root", root, 1, 0, ""},
		{"a root and what is below", both, 1, 1, ""},
		{"in the other order, with remarks and carriage returns",
			strings.ReplaceAll("# MSXM\n"+encode(p.Issuing.Cert)+"\n# root\n"+root, "\n", "\r\n"), 1, 1, ""},
		{"twice the same", both + both, 1, 1, ""},
		{"two roots", both + encode(other.Root.Cert, other.Issuing.Cert), 2, 2, ""},
		{"expired", encode(issue(nil, signingtest.P256(t), func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = p.Now().AddDate(-9, 0, 0), p.Now().AddDate(-1, 0, 0)
		})), 1, 0, ""},
		{"empty", "", 0, 0, "no root"},
		{"no PEM", "MIIB", 0, 0, "no root"},
		{"DER", string(p.Root.Cert.Raw), 0, 0, "no root"},
		{"HTML", "<!DOCTYPE html>", 0, 0, "no root"},
		{"only what is below", encode(p.Issuing.Cert), 0, 0, "no root"},
		{"below another root of the same name", encode(other.Root.Cert, p.Issuing.Cert), 0, 0, "none of the roots"},
		{"a link is missing", root + encode(deep.Cert), 0, 0, "none of the roots"},
		{"an officer's certificate", both + encode(officer), 0, 0, "not the certificate of a CA"},
		{"CA that may not certify", root + encode(issue(p.Root, signingtest.P256(t), func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign })), 0, 0, "may not sign"},
		{"critical extension", root + encode(issue(p.Root, signingtest.P256(t), func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 999}, Critical: true, Value: []byte{5, 0}}}
		})), 0, 0, "not understood"},
		{"weak key below", root + encode(issue(p.Root, short, func(*x509.Certificate) {})), 0, 0, "1024 bits"},
		{"private key", root + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0, 0, "only certificates"},
		{"damaged between", root + "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n" + encode(p.Issuing.Cert), 0, 0, "damaged"},
		{"cut off at the end", both[:len(both)-20], 0, 0, "damaged"},
		{"cut off in the middle", root[:len(root)-20] + encode(p.Issuing.Cert), 0, 0, "damaged"},
		{"no certificate in it", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0, 0, "certificate 1"},
		{"too many", many(), 0, 0, "more than 256"},
		{"too long", root + strings.Repeat("#", 1<<20), 0, 0, "longer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := revocation.ParseRoots([]byte(c.bundle))
			switch {
			case c.roots > 0 && (err != nil || len(a.Roots) != c.roots || len(a.Intermediates) != c.below):
				t.Errorf("%+v %v", a, err)
			case c.roots == 0 && (err == nil || !strings.Contains(err.Error(), c.reason)):
				t.Errorf("%v, want %q", err, c.reason)
			}
		})
	}
}

func TestLoadRoots(t *testing.T) {
	p := signingtest.New(t, nil)
	path := filepath.Join(t.TempDir(), "roots.pem")
	if _, err := revocation.LoadRoots(path); err == nil {
		t.Error("loaded what is not there")
	}
	if err := os.WriteFile(path, []byte(encode(p.Root.Cert)), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := revocation.LoadRoots(path)
	if err != nil || !a.Roots[0].Equal(p.Root.Cert) || !a.Pool().Equal(p.Roots()) {
		t.Error(err)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte("#"), 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := revocation.LoadRoots(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v, want the file's name", err)
	}
}

func FuzzParseRoots(f *testing.F) {
	p := signingtest.New(f, nil)
	f.Add([]byte(encode(p.Root.Cert, p.Issuing.Cert)))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		a, err := revocation.ParseRoots(in)
		if err != nil {
			return
		}
		again, err := revocation.ParseRoots([]byte(encode(slices.Concat(a.Roots, a.Intermediates)...)))
		if err != nil || len(again.Roots) != len(a.Roots) || len(again.Intermediates) != len(a.Intermediates) {
			t.Errorf("%+v is not read again: %v", a, err)
		}
	})
}
