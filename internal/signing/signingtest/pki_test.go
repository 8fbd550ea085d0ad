package signingtest_test

import (
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

var start = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// TestOCSP has the responses read by golang.org/x/crypto/ocsp.
func TestOCSP(t *testing.T) {
	clock := signingtest.NewClock(start)
	p := signingtest.New(t, clock.Now)
	e := p.Officer(t, signingtest.P256(t))
	plain := p.NewResponder(t, p.Issuing, false)
	for _, c := range []struct {
		name      string
		answer    signingtest.OCSPAnswer
		responder *x509.Certificate
	}{
		{"good", signingtest.OCSPAnswer{}, plain.Cert},
		{"unknown", signingtest.OCSPAnswer{Status: ocsp.Unknown}, plain.Cert},
		{"revoked", signingtest.OCSPAnswer{Status: ocsp.Revoked, RevokedAt: start.Add(-time.Minute)}, plain.Cert},
		{"by the CA", signingtest.OCSPAnswer{Responder: p.Issuing}, nil},
		{"dated", signingtest.OCSPAnswer{ThisUpdate: start.AddDate(3, 0, 0), NextUpdate: start.AddDate(4, 0, 0)}, plain.Cert},
	} {
		t.Run(c.name, func(t *testing.T) {
			der, err := p.OCSP(e.Cert, c.answer)
			if err != nil {
				t.Fatal(err)
			}
			r, err := ocsp.ParseResponseForCert(der, e.Cert, p.Issuing.Cert)
			if err != nil {
				t.Fatal(err)
			}
			want := c.answer
			if want.ThisUpdate.IsZero() {
				want.ThisUpdate, want.NextUpdate = start, start.Add(24*time.Hour)
			}
			if r.Status != want.Status || !r.ThisUpdate.Equal(want.ThisUpdate) || !r.NextUpdate.Equal(want.NextUpdate) ||
				!r.ProducedAt.Equal(want.ThisUpdate) || !r.RevokedAt.Equal(want.RevokedAt) {
				t.Errorf("%+v", r)
			}
			if (r.Certificate == nil) != (c.responder == nil) || r.Certificate != nil && !r.Certificate.Equal(c.responder) {
				t.Errorf("responder %v", r.Certificate)
			}
		})
	}
	if _, err := p.OCSP(signingtest.New(t, nil).TSA.Cert, signingtest.OCSPAnswer{}); err == nil {
		t.Error("answered for another authority's certificate")
	}
}

func TestCollect(t *testing.T) {
	clock := signingtest.NewClock(start)
	p := signingtest.New(t, clock.Now)
	p.NewTSARoot(t, signingtest.P256(t))
	collect := func(c, issuer *x509.Certificate) signing.Proof {
		t.Helper()
		proof, err := p.Collect(t.Context(), c, issuer, clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return proof
	}
	a := collect(p.Issuing.Cert, p.Root.Cert)
	clock.Advance(23 * time.Hour)
	if b := collect(p.Issuing.Cert, p.Root.Cert); string(a.OCSP) != string(b.OCSP) || a.CRL != nil {
		t.Error("not kept while valid")
	}
	clock.Advance(2 * time.Hour)
	if b := collect(p.Issuing.Cert, p.Root.Cert); string(a.OCSP) == string(b.OCSP) {
		t.Error("kept for too long")
	}
	p.UseLists(true)
	if b := collect(p.Issuing.Cert, p.Root.Cert); b.OCSP != nil || b.CRL == nil {
		t.Error("no list")
	}
	if p.Asked() != 4 {
		t.Errorf("asked %d times", p.Asked())
	}
	for _, stranger := range []*x509.Certificate{p.Root.Cert, signingtest.New(t, nil).Issuing.Cert} {
		if _, err := p.Collect(t.Context(), p.TSA.Cert, stranger, clock.Now()); !errors.Is(err, signing.ErrValidationData) {
			t.Errorf("another issuer: %v", err)
		}
	}
	p.SetUnavailable(true)
	if _, err := p.Collect(t.Context(), p.Issuing.Cert, p.Root.Cert, clock.Now()); !errors.Is(err, signing.ErrValidationData) {
		t.Errorf("unavailable: %v", err)
	}
}
