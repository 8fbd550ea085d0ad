package signing_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// world is a PKI with a clock, an officer for two years, and a verifier that has
// nothing but what the file brings.
func world(t *testing.T) (*signingtest.PKI, *signingtest.Clock, *signingtest.Entity) {
	t.Helper()
	clock := signingtest.NewClock(actDay)
	p := signingtest.New(t, clock.Now)
	return p, clock, p.Officer(t, signingtest.P256(t))
}

// renew renews a file with what the authorities say today, by responders of
// today.
func renew(t *testing.T, p *signingtest.PKI, file []byte) []byte {
	t.Helper()
	p.Forget()
	p.NewResponder(t, p.Root, true)
	p.NewResponder(t, p.Issuing, true)
	out, err := p.Augmenter().Renew(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestDecades: five years on the officer's certificate has expired, ten years on
// the time-stamping unit's; what was renewed in time is proven, what was not is
// not.
func TestDecades(t *testing.T) {
	p, clock, e := world(t)
	bb, bt := signed(t, p, e, signingtest.PDF(500, "imza1"), "imza1", signing.LevelBB), raised(t, p, e, signing.LevelBT)
	lt, lta := raised(t, p, e, signing.LevelBLT), raised(t, p, e, signing.LevelBLTA)
	v := p.Offline()
	r := passes(t, v, lta, 1, 1)
	if !r.RenewBy.Equal(p.TSA.Cert.NotAfter) {
		t.Errorf("renew by %s, the unit's certificate ends %s", r.RenewBy, p.TSA.Cert.NotAfter)
	}

	clock.Years(5)
	indeterminate(signing.OutOfBoundsNoPOE).check(t, verify(t, v, bb))
	indeterminate(signing.TryLater).check(t, verify(t, v, bt))
	want{signing.TotalPassed, "", signing.LevelBLT}.check(t, verify(t, v, lt))
	want{signing.TotalPassed, "", signing.LevelBLTA}.check(t, verify(t, v, lta))

	p.NewTSA(t, signingtest.P384(t), clock.Now().AddDate(10, 0, 0))
	once := renew(t, p, lta)
	clock.Years(6) // eleven: the first unit has expired
	indeterminate(signing.OutOfBoundsNoPOE).check(t, verify(t, v, lta))
	r = passes(t, v, once, 1, 2)
	if s := r.Signatures[0]; s.Level != signing.LevelBLTA || !s.BestTime.Equal(actDay) {
		t.Errorf("%s at %s", s.Level, s.BestTime)
	}

	p.NewTSA(t, signingtest.RSA3072(t), clock.Now().AddDate(6, 0, 0))
	twice := renew(t, p, once)
	clock.Years(5) // sixteen: the second one too
	indeterminate(signing.OutOfBoundsNoPOE).check(t, verify(t, v, once))
	r = passes(t, v, twice, 1, 3)
	if !r.RenewBy.Equal(p.TSA.Cert.NotAfter) || len(r.DocumentTimestamps[0].Path) != 3 {
		t.Errorf("%+v", r)
	}
	clock.Years(3)
	indeterminate(signing.OutOfBoundsNoPOE).check(t, verify(t, v, twice))
}

// TestStampRevoked: who has the key of a time-stamping unit can write any time
// into a token, so only what another one proves survives.
func TestStampRevoked(t *testing.T) {
	p, clock, e := world(t)
	lta := raised(t, p, e, signing.LevelBLTA)
	stolen := p.TSA.Cert
	clock.Advance(24 * time.Hour)
	p.NewTSA(t, signingtest.P256(t), clock.Now().AddDate(10, 0, 0))
	renewed := renew(t, p, lta)
	clock.Advance(24 * time.Hour)
	p.Revoke(stolen, clock.Now())
	p.Forget()
	indeterminate(signing.RevokedNoPOE).check(t, verify(t, p.Verifier(), lta))
	passes(t, p.Verifier(), renewed, 1, 2)

	p.Revoke(stolen, clock.Now().Add(-36*time.Hour)) // before it was renewed
	indeterminate(signing.RevokedNoPOE).check(t, verify(t, p.Verifier(), renewed))
}

// TestStampRetired: a unit that ended its work in order keeps its tokens (RFC
// 3161 § 4).
func TestStampRetired(t *testing.T) {
	p, clock, e := world(t)
	bt := raised(t, p, e, signing.LevelBT)
	clock.Advance(time.Hour)
	for reason, passed := range map[int]bool{0: false, 1: false, 3: true, 4: true, 5: true, 6: false} {
		crl := makeList(t, p.Issuing, func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = clock.Now(), clock.Now().Add(time.Hour)
			l.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: p.TSA.Cert.SerialNumber, RevocationTime: clock.Now(), ReasonCode: reason}}
		})
		v := p.Verifier()
		rootCRL, err := p.CRL(p.Root, clock.Now(), clock.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		v.Revocation = fixed{crls: [][]byte{crl, rootCRL}}
		r := verify(t, v, bt)
		if (r.Indication == signing.TotalPassed) != passed || !passed && r.SubIndication != signing.RevokedNoPOE {
			t.Errorf("reason %d: %s %s", reason, r.Indication, r.SubIndication)
		}
	}
}

// TestStampOrder: a time-stamp cannot be younger than one made over it.
func TestStampOrder(t *testing.T) {
	p, clock, e := world(t)
	lta := raised(t, p, e, signing.LevelBLTA)
	early := tsaFunc(func(d []byte, h crypto.Hash) ([]byte, error) {
		return signingtest.Token(p.TSA, []*x509.Certificate{p.Issuing.Cert}, actDay.Add(-30*time.Minute), d, h)
	})
	a := p.Augmenter()
	a.Timestamps = early
	clock.Advance(time.Hour)
	out, err := a.Renew(t.Context(), lta)
	if err != nil {
		t.Fatal(err)
	}
	r := verify(t, p.Offline(), out)
	if r.Indication != signing.Indeterminate || r.SubIndication != signing.TimestampOrderFailure {
		t.Errorf("%s %s", r.Indication, r.SubIndication)
	}
}

// TestReachedLevel: a level is what the file itself holds, not what else is at
// hand.
func TestReachedLevel(t *testing.T) {
	p, _, e := world(t)
	bt := raised(t, p, e, signing.LevelBT)
	want{signing.TotalPassed, "", signing.LevelBT}.check(t, verify(t, p.Verifier(), bt))
	stamped := addDocumentTimestamp(t, p, bt) // over no validation data
	want{signing.TotalPassed, "", signing.LevelBT}.check(t, verify(t, p.Verifier(), stamped))
	lt := raise(t, p, stamped, signing.LevelBLT) // the data came after the time-stamp
	want{signing.TotalPassed, "", signing.LevelBLT}.check(t, verify(t, p.Verifier(), lt))
	bb := signed(t, p, e, signingtest.PDF(500, "imza1"), "imza1", signing.LevelBB)
	want{signing.TotalPassed, "", signing.LevelBT}.check(t, verify(t, p.Verifier(), addDocumentTimestamp(t, p, bb)))
}

// TestAlgorithmsByDate: what has weakened since is proven by a time-stamp made
// before, and by nothing else.
func TestAlgorithmsByDate(t *testing.T) {
	p, clock, e := world(t)
	bb, lta := signed(t, p, e, signingtest.PDF(500, "imza1"), "imza1", signing.LevelBB), raised(t, p, e, signing.LevelBLTA)
	v := p.Offline()
	v.Suitability = signing.DefaultSuitability()
	for i := range v.Suitability {
		if v.Suitability[i].Algorithm == "SHA-256" {
			v.Suitability[i].Until = actDay.AddDate(1, 0, 0)
		}
	}
	if r := passes(t, v, lta, 1, 1); !r.RenewBy.Equal(actDay.AddDate(1, 0, 0)) {
		t.Errorf("renew by %s", r.RenewBy)
	}
	clock.Years(1)
	indeterminate(signing.CryptoConstraintsNoPOE).check(t, verify(t, v, lta)) // nothing proves the time-stamp
	v.Revocation = p
	indeterminate(signing.CryptoConstraintsNoPOE).check(t, verify(t, v, bb))
	v.Suitability = signing.Suitability{{Algorithm: "RSA", Bits: 3000}}
	indeterminate(signing.CryptoConstraints).check(t, verify(t, v, bb))
}

// TestShortKey: RSA keys of 2048 bits count until 2029.
func TestShortKey(t *testing.T) {
	p, clock, _ := world(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p.NewTSA(t, key, clock.Now().AddDate(10, 0, 0))
	e := p.Officer(t, signingtest.P256(t))
	lta := raised(t, p, e, signing.LevelBLTA)
	if r := passes(t, p.Offline(), lta, 1, 1); r.RenewBy.Year() != 2029 {
		t.Errorf("renew by %s", r.RenewBy)
	}
	clock.Years(3)
	indeterminate(signing.CryptoConstraintsNoPOE).check(t, verify(t, p.Offline(), lta))
}

// TestResponders: whose word counts about a certificate.
func TestResponders(t *testing.T) {
	p, clock, e := world(t)
	bb := signed(t, p, e, signingtest.PDF(500, "imza1"), "imza1", signing.LevelBB)
	outsider := signingtest.New(t, clock.Now)
	rootList, err := p.CRL(p.Root, clock.Now(), clock.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	responder := func(ca *signingtest.Entity, edit func(c *x509.Certificate)) *signingtest.Entity {
		c := signingtest.ResponderTemplate("Responder", true)
		edit(c)
		return p.Issue(t, ca, signingtest.P256(t), c)
	}
	same := func(*x509.Certificate) {}
	asked := p.Issue(t, p.Issuing, signingtest.P256(t), signingtest.ResponderTemplate("Asked", false))
	for _, c := range []struct {
		name   string
		answer signingtest.OCSPAnswer
		want   want
	}{
		{"the CA's responder", signingtest.OCSPAnswer{}, passed},
		{"the CA itself", signingtest.OCSPAnswer{Responder: p.Issuing}, passed},
		{"another responder of the CA", signingtest.OCSPAnswer{Responder: responder(p.Issuing, same)}, passed},
		{"responder of the CA above", signingtest.OCSPAnswer{Responder: responder(p.Root, same)}, indeterminate(signing.TryLater)},
		{"responder of a stranger", signingtest.OCSPAnswer{Responder: responder(outsider.Issuing, same)}, indeterminate(signing.TryLater)},
		{"an officer", signingtest.OCSPAnswer{Responder: p.Officer(t, signingtest.P256(t))}, indeterminate(signing.TryLater)},
		{"responder that has expired", signingtest.OCSPAnswer{Responder: responder(p.Issuing, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = clock.Now().AddDate(-2, 0, 0), clock.Now().AddDate(-1, 0, 0)
		})}, indeterminate(signing.TryLater)},
		{"responder of unknown status", signingtest.OCSPAnswer{Responder: asked}, indeterminate(signing.TryLater)},
		{"too old", signingtest.OCSPAnswer{ThisUpdate: clock.Now().Add(-48 * time.Hour), NextUpdate: clock.Now().Add(-24 * time.Hour)}, indeterminate(signing.TryLater)},
		{"from the future", signingtest.OCSPAnswer{ThisUpdate: clock.Now().Add(48 * time.Hour)}, indeterminate(signing.TryLater)},
		{"unknown", signingtest.OCSPAnswer{Status: ocsp.Unknown}, indeterminate(signing.TryLater)},
		{"revoked", signingtest.OCSPAnswer{Status: ocsp.Revoked, RevokedAt: clock.Now().Add(-time.Hour)}, indeterminate(signing.RevokedNoPOE)},
		{"revoked, by an officer", signingtest.OCSPAnswer{Status: ocsp.Revoked, RevokedAt: clock.Now(), Responder: p.Officer(t, signingtest.P256(t))}, indeterminate(signing.TryLater)},
	} {
		t.Run(c.name, func(t *testing.T) {
			der, err := p.OCSP(e.Cert, c.answer)
			if err != nil {
				t.Fatal(err)
			}
			v := p.Offline()
			v.Revocation = fixed{crls: [][]byte{rootList}, ocsps: [][]byte{der}}
			c.want.check(t, verify(t, v, bb))
		})
	}
	t.Run("responder whose status a list tells", func(t *testing.T) {
		der, err := p.OCSP(e.Cert, signingtest.OCSPAnswer{Responder: asked})
		if err != nil {
			t.Fatal(err)
		}
		list := func() []byte {
			crl, err := p.CRL(p.Issuing, clock.Now().Add(-time.Minute), clock.Now().Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			return crl
		}
		v := p.Offline()
		v.Revocation = onlyAbout{fixed{crls: [][]byte{rootList}, ocsps: [][]byte{der}}, asked.Cert, list()}
		passed.check(t, verify(t, v, bb))
		p.Revoke(asked.Cert, clock.Now().Add(-time.Hour))
		v.Revocation = onlyAbout{fixed{crls: [][]byte{rootList}, ocsps: [][]byte{der}}, asked.Cert, list()}
		indeterminate(signing.TryLater).check(t, verify(t, v, bb))
	})
	t.Run("same serial number of another CA", func(t *testing.T) {
		twin := outsider.Issue(t, outsider.Issuing, signingtest.P256(t), signingtest.OfficerTemplate("X"))
		der, err := outsider.OCSP(twin.Cert, signingtest.OCSPAnswer{Responder: p.Issuing})
		if err != nil {
			t.Fatal(err)
		}
		v := p.Offline()
		v.Revocation = fixed{crls: [][]byte{rootList}, ocsps: [][]byte{der}}
		indeterminate(signing.TryLater).check(t, verify(t, v, bb))
	})
}

// onlyAbout has a list for one certificate, and the rest for all.
type onlyAbout struct {
	fixed
	cert *x509.Certificate
	crl  []byte
}

func (o onlyAbout) Evidence(ctx context.Context, cert, issuer *x509.Certificate) (crls, ocsps [][]byte, err error) {
	if cert.Equal(o.cert) {
		return [][]byte{o.crl}, nil, nil
	}
	return o.fixed.Evidence(ctx, cert, issuer)
}

// TestStatusAge: an owner may ask for data that is younger than it says itself.
func TestStatusAge(t *testing.T) {
	p, clock, e := world(t)
	lt := raised(t, p, e, signing.LevelBLT)
	clock.Advance(3 * time.Hour)
	late := raised(t, p, e, signing.LevelBLT) // with the data of three hours ago
	v := p.Offline()
	v.StatusAge = time.Hour
	passes(t, v, lt, 1, 0)
	indeterminate(signing.TryLater).check(t, verify(t, v, late))
	v.StatusAge = 4 * time.Hour
	passes(t, v, late, 1, 0)
}

// TestPermissions: what a signature says of later ones, and what the catalog
// says of the certification.
func TestPermissions(t *testing.T) {
	p, _, e := world(t)
	sign := func(t *testing.T, file []byte, field string, certify bool) []byte {
		r := request(file, p, e, signing.LevelBB)
		r.Field, r.Certify = field, certify
		out, err := signing.Sign(t.Context(), r, signing.SignerKey(e.Key), p)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	certified := sign(t, signingtest.PDF(500, "imza1", "imza2"), "imza1", true)
	r := passes(t, p.Verifier(), sign(t, certified, "imza2", false), 2, 0)
	if !r.Signatures[0].Certifies || r.Signatures[0].PermittedChanges != 2 || r.Signatures[1].Certifies {
		t.Errorf("%+v", r.Signatures)
	}
	for name, file := range map[string][]byte{
		"permissions removed": edit(t, certified, func(e *editor) { e.Set(e.Doc.Root(), "Perms", nil) }),
		"permissions of another signature": edit(t, certified, func(e *editor) {
			e.Set(e.Doc.Root(), "Perms", dict("DocMDP", e.Add(dict("Type", name("Sig")))))
		}),
		"permissions without a certification": sign(t, edit(t, signingtest.PDF(500, "imza1"), func(e *editor) {
			e.Set(e.Doc.Root(), "Perms", dict("DocMDP", e.Fields()[0]))
		}), "imza1", false),
	} {
		if r := verify(t, p.Verifier(), file); r.Indication != signing.TotalFailed || r.SubIndication != signing.FormatFailure {
			t.Errorf("%s: %s %s", name, r.Indication, r.SubIndication)
		}
	}
}
