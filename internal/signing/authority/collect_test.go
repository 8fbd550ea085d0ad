package authority

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// raise signs a file and raises it to B-LTA with the authority alone.
func raise(t *testing.T, a *Authority, c *clock, e *signingtest.Entity) []byte {
	t.Helper()
	signed, err := signing.Sign(t.Context(), signing.Request{
		PDF: signingtest.PDF(100, "imza1"), Field: "imza1", Certificate: e.Cert, Level: signing.LevelBLTA, Time: c.t,
	}, signing.SignerKey(e.Key), a)
	if err != nil {
		t.Fatal(err)
	}
	out, err := augmenter(a, c).Augment(t.Context(), signed, signing.LevelBLTA)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func augmenter(a *Authority, c *clock) *signing.Augmenter {
	return &signing.Augmenter{Roots: a.Roots(), Collector: a, Timestamps: a, Now: c.now}
}

// offline judges a file by what it brings.
func offline(t *testing.T, a *Authority, c *clock, file []byte) *signing.Report {
	t.Helper()
	v := &signing.Verifier{Roots: a.Roots(), Now: c.now}
	r, err := v.Verify(t.Context(), file, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestLongTerm: five years on, the officer's certificate expired, a file is
// judged by itself; nine years on it is renewed by another unit, and good for
// eight more.
func TestLongTerm(t *testing.T) {
	a, cfg, c := newAuthority(t)
	file := raise(t, a, c, officer(t, a))
	passed := func(file []byte, stamps int) {
		t.Helper()
		r := offline(t, a, c, file)
		if r.Indication != signing.TotalPassed || r.Signatures[0].Level != signing.LevelBLTA || len(r.DocumentTimestamps) != stamps {
			t.Fatalf("%+v", r)
		}
	}
	passed(file, 1)
	c.t = c.t.AddDate(5, 0, 0)
	passed(file, 1)
	c.t = c.t.AddDate(4, 0, 0)
	if err := RenewTSA(cfg); err != nil {
		t.Fatal(err)
	}
	old := a
	a, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if a.tsa.Equal(old.tsa) {
		t.Fatal("the unit is the same")
	}
	renewed, err := augmenter(a, c).Renew(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	passed(renewed, 2)
	c.t = c.t.AddDate(8, 0, 0)
	passed(renewed, 2)
	if r := offline(t, a, c, file); r.SubIndication != signing.OutOfBoundsNoPOE {
		t.Errorf("%s %s", r.Indication, r.SubIndication)
	}
	if err := a.Revoke(old.tsa, ocsp.Superseded); err != nil {
		t.Errorf("the old unit cannot be revoked: %v", err)
	}
}

func TestCollect(t *testing.T) {
	a, cfg, c := newAuthority(t)
	e := officer(t, a)
	ask := func(a *Authority) *ocsp.Response {
		t.Helper()
		p, err := a.Collect(t.Context(), e.Cert, a.Root(), c.t)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ocsp.ParseResponseForCert(p.OCSP, e.Cert, a.Root())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := ask(a)
	c.t = c.t.Add(answerAge - time.Second)
	if r := ask(a); r.Status != ocsp.Good || !r.ThisUpdate.Equal(first.ThisUpdate) {
		t.Errorf("status %d of %s", r.Status, r.ThisUpdate)
	}
	c.t = c.t.Add(time.Second)
	if r := ask(a); !r.ThisUpdate.Equal(c.t) {
		t.Errorf("a minute later still of %s", r.ThisUpdate)
	}
	other, err := Open(cfg) // another process
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Revoke(e.Cert, ocsp.KeyCompromise); err != nil {
		t.Fatal(err)
	}
	if r := ask(a); r.Status != ocsp.Revoked || r.RevocationReason != ocsp.KeyCompromise {
		t.Errorf("status %d after the revocation", r.Status)
	}
	stranger := signingtest.New(t, nil)
	if _, err := a.Collect(t.Context(), stranger.TSA.Cert, stranger.Issuing.Cert, c.t); !errors.Is(err, signing.ErrValidationData) {
		t.Errorf("of a stranger: %v", err)
	}
}
