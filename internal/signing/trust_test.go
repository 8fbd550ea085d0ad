package signing_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// want is the verdict expected: a passed level or a sub-indication.
type want struct {
	indication, sub string
	level           signing.Level
}

func (w want) check(t *testing.T, r *signing.Report) {
	t.Helper()
	if r.Indication != w.indication || r.SubIndication != w.sub {
		t.Fatalf("%s/%s, want %s/%s: %+v", r.Indication, r.SubIndication, w.indication, w.sub, r.Signatures)
	}
	if w.level != "" && r.Signatures[0].Level != w.level {
		t.Errorf("level %s, want %s", r.Signatures[0].Level, w.level)
	}
	if w.indication != signing.TotalPassed && len(r.Signatures) > 0 && len(r.Signatures[0].Reasons) == 0 {
		t.Error("no reason is given")
	}
}

func indeterminate(sub string) want { return want{signing.Indeterminate, sub, ""} }

var passed = want{indication: signing.TotalPassed}

func signedBy(t *testing.T, p *signingtest.PKI, e *signingtest.Entity, level signing.Level, tsa signing.Timestamper) []byte {
	t.Helper()
	b, err := signing.Sign(t.Context(), request(signingtest.PDF(300, "imza1"), p, e, level), signing.SignerKey(e.Key), tsa)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSigner signs with certificates that may not sign an act.
func TestSigner(t *testing.T) {
	p := signingtest.New(t, nil)
	outsider := signingtest.New(t, nil)
	officer := func(edit func(c *x509.Certificate)) *x509.Certificate {
		c := signingtest.OfficerTemplate("X")
		edit(c)
		return c
	}
	for _, c := range []struct {
		name     string
		ca       *signingtest.Entity
		template *x509.Certificate
		want     want
	}{
		{"officer", p.Issuing, officer(func(*x509.Certificate) {}), passed},
		{"no extended usage", p.Issuing, officer(func(c *x509.Certificate) { c.UnknownExtKeyUsage = nil }), passed},
		{"e-mail protection", p.Issuing, officer(func(c *x509.Certificate) {
			c.UnknownExtKeyUsage, c.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
		}), passed},
		{"self-signed", nil, officer(func(*x509.Certificate) {}), indeterminate(signing.NoCertificateChain)},
		{"by another CA of the same name", outsider.Issuing, officer(func(*x509.Certificate) {}), indeterminate(signing.NoCertificateChain)},
		{"TLS server", p.Issuing, officer(func(c *x509.Certificate) {
			c.UnknownExtKeyUsage, c.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}), indeterminate(signing.ChainConstraintsFailure)},
		{"time-stamping", p.Issuing, signingtest.TSATemplate(time.Time{}), indeterminate(signing.ChainConstraintsFailure)},
		{"OCSP responder", p.Issuing, officer(func(c *x509.Certificate) {
			c.UnknownExtKeyUsage, c.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
		}), indeterminate(signing.ChainConstraintsFailure)},
		{"key usage of encryption", p.Issuing, officer(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), indeterminate(signing.ChainConstraintsFailure)},
		{"no key usage", p.Issuing, officer(func(c *x509.Certificate) { c.KeyUsage = 0 }), indeterminate(signing.ChainConstraintsFailure)},
		{"a CA", p.Root, officer(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), indeterminate(signing.ChainConstraintsFailure)},
		{"issued by an officer", p.Officer(t, signingtest.P256(t)), officer(func(*x509.Certificate) {}), indeterminate(signing.NoCertificateChain)},
		{"unknown critical extension", p.Issuing, officer(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 999, 5}, Critical: true, Value: []byte{5, 0}}}
		}), indeterminate(signing.ChainConstraintsFailure)},
		{"expired", p.Issuing, officer(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = p.Now().AddDate(-2, 0, 0), p.Now().AddDate(0, 0, -1)
		}), indeterminate(signing.OutOfBoundsNoPOE)},
		{"not yet valid", p.Issuing, officer(func(c *x509.Certificate) { c.NotBefore = p.Now().AddDate(0, 0, 1) }), indeterminate(signing.OutOfBoundsNoPOE)},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := p.Issue(t, c.ca, signingtest.P256(t), c.template)
			c.want.check(t, verify(t, verifier(p), signedBy(t, p, e, signing.LevelBB, nil)))
		})
	}
}

// TestCertificateConfusion puts the officer's certificate beside a signature
// made with another key.
func TestCertificateConfusion(t *testing.T) {
	p := signingtest.New(t, nil)
	officer := p.Officer(t, signingtest.P256(t))
	mallory := p.Issue(t, nil, signingtest.P256(t), signingtest.OfficerTemplate("Məmurzadə Nigar Sınaq qızı"))

	t.Run("officer's certificate listed first", func(t *testing.T) {
		r := request(signingtest.PDF(300, "imza1"), p, mallory, signing.LevelBB)
		r.Chain = []*x509.Certificate{officer.Cert, p.Issuing.Cert}
		b, err := signing.Sign(t.Context(), r, signing.SignerKey(mallory.Key), nil)
		if err != nil {
			t.Fatal(err)
		}
		indeterminate(signing.NoCertificateChain).check(t, verify(t, verifier(p), b))
	})
	t.Run("officer's certificate named as the signer", func(t *testing.T) {
		forger := &signingtest.Entity{Cert: officer.Cert, Key: mallory.Key}
		b := forged(t, p, forger, plainDictionary, plainRange)
		want{signing.TotalFailed, signing.SigCryptoFailure, ""}.check(t, verify(t, verifier(p), b))
	})
	t.Run("second certificate for the same key", func(t *testing.T) {
		// The CA certified the officer's key twice; the signature names one
		// certificate and carries the other under its issuer and serial.
		serial := func(c *x509.Certificate) []byte { s, _ := asn1.Marshal(c.SerialNumber); return s }
		twin := p.Officer(t, officer.Key)
		for len(twin.Cert.Raw) != len(officer.Cert.Raw) || len(serial(twin.Cert)) != len(serial(officer.Cert)) {
			twin = p.Officer(t, officer.Key)
		}
		b := signedBy(t, p, officer, signing.LevelBB, nil)
		start, end := hole(t, b)
		der := make([]byte, (end-start-2)/2)
		if _, err := hex.Decode(der, b[start+1:end-1]); err != nil {
			t.Fatal(err)
		}
		swapped := bytes.ReplaceAll(der, officer.Cert.Raw, twin.Cert.Raw)
		swapped = bytes.Replace(swapped, serial(officer.Cert), serial(twin.Cert), 1)
		hex.Encode(b[start+1:], swapped)
		indeterminate(signing.SigConstraintsFailure).check(t, verify(t, verifier(p), b))
	})
	t.Run("signer's certificate missing", func(t *testing.T) {
		b := signedBy(t, p, officer, signing.LevelBB, nil)
		i := bytes.Index(b, []byte(hex.EncodeToString(officer.Cert.RawTBSCertificate[8:20])))
		b[i] ^= 1 // the serial number or so: no longer the one that is named
		if r := verify(t, verifier(p), b); r.Indication == signing.TotalPassed {
			t.Errorf("%+v", r.Signatures)
		}
	})
}

func TestTimestamps(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	other := signingtest.New(t, nil)
	by := func(tsa, ca *signingtest.Entity, at time.Time) signing.Timestamper {
		return tsaFunc(func(d []byte, h crypto.Hash) ([]byte, error) {
			return signingtest.Token(tsa, []*x509.Certificate{ca.Cert}, at, d, h)
		})
	}
	expired := signingtest.TSATemplate(p.Now().Add(-time.Minute))
	expired.NotBefore = p.Now().AddDate(-1, 0, 0)
	for _, c := range []struct {
		name string
		tsa  signing.Timestamper
		want want
	}{
		{"good", p, want{signing.TotalPassed, "", signing.LevelBT}},
		{"unknown authority", other, indeterminate(signing.NoCertificateChain)},
		{"backdated by an unknown authority", by(other.TSA, other.Issuing, p.Now().AddDate(-1, 0, 0)), indeterminate(signing.NoCertificateChain)},
		{"in the future", by(p.TSA, p.Issuing, p.Now().Add(time.Hour)), indeterminate(signing.TimestampOrderFailure)},
		{"before the certificate", by(p.TSA, p.Issuing, p.Now().AddDate(0, 0, -1)), want{signing.TotalFailed, signing.NotYetValid, ""}},
		{"expired authority", by(p.Issue(t, p.Issuing, signingtest.P256(t), expired), p.Issuing, p.Now().Add(-time.Hour/2)), indeterminate(signing.OutOfBoundsNoPOE)},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.check(t, verify(t, verifier(p), signedBy(t, p, e, signing.LevelBT, c.tsa)))
		})
	}
	t.Run("token of another signature", func(t *testing.T) {
		r := request(signingtest.PDF(300, "imza1"), p, e, signing.LevelBT)
		mark := []byte(hex.EncodeToString([]byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0e})) // signature time-stamp
		signed := func() (b []byte, hole0, hole1, attribute int) {
			b, err := signing.Sign(t.Context(), r, signing.SignerKey(e.Key), p)
			if err != nil {
				t.Fatal(err)
			}
			hole0, hole1 = hole(t, b)
			return b, hole0, hole1, bytes.Index(b[hole0:hole1], mark)
		}
		a, start, end, i := signed()
		b, _, _, j := signed()
		for i != j || !bytes.Equal(a[start+1:start+9], b[start+1:start+9]) { // signatures of the same length
			b, _, _, j = signed()
		}
		copy(a[start+i:end], b[start+j:end])
		indeterminate(signing.SigConstraintsFailure).check(t, verify(t, verifier(p), a))
	})
	t.Run("TSA roots are separate", func(t *testing.T) {
		v := verifier(p)
		v.TSARoots = other.Roots()
		b := signedBy(t, p, e, signing.LevelBT, p)
		indeterminate(signing.NoCertificateChain).check(t, verify(t, v, b))
	})
}

func TestRevocation(t *testing.T) {
	clock := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	setup := func(t *testing.T) (*signingtest.PKI, *signingtest.Entity, *time.Time) {
		now := clock
		p := signingtest.New(t, func() time.Time { return now })
		return p, p.Officer(t, signingtest.P256(t)), &now
	}
	t.Run("revoked, no time-stamp", func(t *testing.T) {
		p, e, now := setup(t)
		b := signedBy(t, p, e, signing.LevelBB, nil)
		*now = now.Add(time.Hour)
		p.Revoke(e.Cert, now.Add(-time.Minute))
		indeterminate(signing.RevokedNoPOE).check(t, verify(t, verifier(p), b))
	})
	t.Run("revoked after the time-stamp", func(t *testing.T) {
		p, e, now := setup(t)
		b := signedBy(t, p, e, signing.LevelBT, p)
		*now = now.Add(time.Hour)
		p.Revoke(e.Cert, now.Add(-time.Minute))
		want{signing.TotalPassed, "", signing.LevelBT}.check(t, verify(t, verifier(p), b))
	})
	t.Run("revoked before the time-stamp", func(t *testing.T) {
		p, e, now := setup(t)
		p.Revoke(e.Cert, now.Add(-time.Minute))
		b := signedBy(t, p, e, signing.LevelBT, p)
		indeterminate(signing.RevokedNoPOE).check(t, verify(t, verifier(p), b))
	})
	t.Run("issuing CA revoked", func(t *testing.T) {
		p, e, now := setup(t)
		p.Revoke(p.Issuing.Cert, now.Add(-time.Minute))
		b := signedBy(t, p, e, signing.LevelBB, nil)
		indeterminate(signing.RevokedCANoPOE).check(t, verify(t, verifier(p), b))
	})
	t.Run("time-stamping unit revoked", func(t *testing.T) {
		p, e, now := setup(t)
		p.Revoke(p.TSA.Cert, now.Add(-time.Minute))
		b := signedBy(t, p, e, signing.LevelBT, p)
		indeterminate(signing.RevokedNoPOE).check(t, verify(t, verifier(p), b))
	})
	t.Run("no data", func(t *testing.T) {
		p, e, _ := setup(t)
		v := verifier(p)
		v.Revocation = nil
		b := signedBy(t, p, e, signing.LevelBT, p)
		indeterminate(signing.TryLater).check(t, verify(t, v, b))
		v.RevocationOptional = true
		r := verify(t, v, b)
		passed.check(t, r)
		if len(r.Signatures[0].Reasons) == 0 {
			t.Error("does not say that revocation was not checked")
		}
	})
	t.Run("stale list", func(t *testing.T) {
		p, e, now := setup(t)
		v := verifier(p)
		crl, err := p.CRL(p.Issuing, now.Add(-48*time.Hour), now.Add(-24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		v.Revocation = fixed{crls: [][]byte{crl}}
		indeterminate(signing.TryLater).check(t, verify(t, v, signedBy(t, p, e, signing.LevelBB, nil)))
	})
	t.Run("list from the future", func(t *testing.T) {
		p, e, now := setup(t)
		v := verifier(p)
		crl, err := p.CRL(p.Issuing, now.Add(48*time.Hour), now.Add(72*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		v.Revocation = fixed{crls: [][]byte{crl}}
		indeterminate(signing.TryLater).check(t, verify(t, v, signedBy(t, p, e, signing.LevelBB, nil)))
	})
	t.Run("list by a stranger", func(t *testing.T) {
		p, e, now := setup(t)
		stranger := signingtest.New(t, p.Now)
		v := verifier(p)
		crl, err := p.CRL(stranger.Issuing, *now, now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		v.Revocation = fixed{crls: [][]byte{crl, nil, []byte("garbage")}, ocsps: [][]byte{nil, []byte("garbage")}}
		indeterminate(signing.TryLater).check(t, verify(t, v, signedBy(t, p, e, signing.LevelBB, nil)))
	})
	t.Run("as of an earlier time", func(t *testing.T) {
		p, e, now := setup(t)
		b := signedBy(t, p, e, signing.LevelBT, p)
		signedAt := *now
		*now = now.Add(2 * time.Hour)
		p.Revoke(e.Cert, signedAt.Add(time.Hour))
		r, err := verifier(p).Verify(t.Context(), b, signedAt.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		passed.check(t, r)
	})
}

// TestExpiry verifies years later: the time-stamp carries the signature over
// the end of the certificate, if the revocation data reaches that far.
func TestExpiry(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p := signingtest.New(t, func() time.Time { return now })
	e := p.Officer(t, signingtest.P256(t))
	bb, bt := signedBy(t, p, e, signing.LevelBB, nil), signedBy(t, p, e, signing.LevelBT, p)
	atEnd, err := p.CRL(p.Issuing, e.Cert.NotAfter.Add(-time.Hour), e.Cert.NotAfter.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	now = e.Cert.NotAfter.AddDate(1, 0, 0)
	indeterminate(signing.OutOfBoundsNoPOE).check(t, verify(t, verifier(p), bb))
	// Lists of this CA forget expired certificates, so today's list proves nothing.
	indeterminate(signing.TryLater).check(t, verify(t, verifier(p), bt))
	v := verifier(p)
	v.Revocation = both{p, fixed{crls: [][]byte{atEnd}}}
	want{signing.TotalPassed, "", signing.LevelBT}.check(t, verify(t, v, bt))
	indeterminate(signing.OutOfBoundsNoPOE).check(t, verify(t, v, bb))
}
