package cms_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing/cms"
)

// ca is a CA with a key.
func ocspCA(t testing.TB, key crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOCSPMessages: golang.org/x/crypto/ocsp reads what is written here.
func TestOCSPMessages(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, key := range []crypto.Signer{p384, rsaKey} {
		issuer := ocspCA(t, key)
		for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			for _, status := range []cms.OCSPStatus{cms.OCSPGood, cms.OCSPRevoked, cms.OCSPUnknown} {
				der, err := cms.OCSPResponse{
					Issuer: issuer, Serial: big.NewInt(77), Hash: h, Status: status, RevokedAt: at.Add(-time.Hour), Reason: 4,
					ThisUpdate: at, NextUpdate: at.Add(time.Hour), ProducedAt: at.Add(time.Minute), Responder: issuer, Nonce: []byte{1, 2},
				}.Sign(rand.Reader, key)
				if err != nil {
					t.Fatal(err)
				}
				r, err := ocsp.ParseResponseForCert(der, &x509.Certificate{SerialNumber: big.NewInt(77)}, issuer)
				if err != nil || r.Status != int(status) || r.IssuerHash != h || !r.ThisUpdate.Equal(at) ||
					!r.NextUpdate.Equal(at.Add(time.Hour)) || !r.ProducedAt.Equal(at.Add(time.Minute)) ||
					status == cms.OCSPRevoked && (!r.RevokedAt.Equal(at.Add(-time.Hour)) || r.RevocationReason != 4) {
					t.Errorf("%v, status %d: %+v %v", h, status, r, err)
					continue
				}
				if nonce, err := cms.OCSPResponseNonce(r.TBSResponseData); err != nil || !bytes.Equal(nonce, []byte{1, 2}) {
					t.Errorf("nonce %x %v", nonce, err)
				}
			}
		}
		query, err := cms.OCSPRequest(big.NewInt(77), issuer, []byte{9})
		if err != nil {
			t.Fatal(err)
		}
		q, err := ocsp.ParseRequest(query)
		if err != nil || q.SerialNumber.Int64() != 77 || q.HashAlgorithm != crypto.SHA1 {
			t.Errorf("%+v %v", q, err)
		}
		same, err := ocsp.CreateRequest(&x509.Certificate{SerialNumber: big.NewInt(77)}, issuer, nil)
		if err != nil {
			t.Fatal(err)
		}
		if own, err := cms.OCSPRequest(big.NewInt(77), issuer, nil); err != nil || !bytes.Equal(own, same) {
			t.Errorf("%x, want %x: %v", own, same, err)
		}
	}
	if _, err := (cms.OCSPResponse{Issuer: ocspCA(t, p384), Serial: big.NewInt(1), Hash: crypto.MD5}).Sign(rand.Reader, p384); err == nil {
		t.Error("named with MD5")
	}
}

// FuzzOCSPNonce: a nonce that is found has an acceptable length.
func FuzzOCSPNonce(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	issuer := ocspCA(f, key)
	for _, n := range []int{0, 1, 128, 129} {
		query, err := cms.OCSPRequest(big.NewInt(5), issuer, make([]byte, n))
		if err != nil {
			f.Fatal(err)
		}
		got, err := cms.OCSPRequestNonce(query)
		if (err != nil) != (n > cms.MaxOCSPNonce) || err == nil && len(got) != n {
			f.Errorf("nonce of %d bytes: %d, %v", n, len(got), err)
		}
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		for _, find := range []func([]byte) ([]byte, error){cms.OCSPRequestNonce, cms.OCSPResponseNonce} {
			if nonce, err := find(der); err == nil && nonce != nil && (len(nonce) == 0 || len(nonce) > cms.MaxOCSPNonce) {
				t.Errorf("nonce of %d bytes", len(nonce))
			}
		}
	})
}
