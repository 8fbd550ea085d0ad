package signing_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

var (
	oidIDP   = asn1.ObjectIdentifier{2, 5, 29, 28}
	oidDelta = asn1.ObjectIdentifier{2, 5, 29, 27}
)

const listURL = "http://crl.example.az/issuing.crl"

// idp is an issuingDistributionPoint with the given content.
func idp(content ...byte) pkix.Extension {
	return pkix.Extension{Id: oidIDP, Critical: true, Value: append([]byte{0x30, byte(len(content))}, content...)}
}

// point is its distributionPoint with one URI as full name.
func point(uri string) []byte {
	name := append([]byte{0x86, byte(len(uri))}, uri...)
	full := append([]byte{0xa0, byte(len(name))}, name...)
	return append([]byte{0xa0, byte(len(full))}, full...)
}

func makeList(t testing.TB, ca *signingtest.Entity, edit func(*x509.RevocationList)) []byte {
	t.Helper()
	now := time.Now()
	l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(time.Hour)}
	if edit != nil {
		edit(l)
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, ca.Cert, ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestParseList(t *testing.T) {
	p := signingtest.New(t, nil)
	stranger := signingtest.New(t, nil) // with CAs of the same names
	ext := func(e pkix.Extension) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) { l.ExtraExtensions = []pkix.Extension{e} }
	}
	entry := func(e x509.RevocationListEntry) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) { l.RevokedCertificateEntries = []x509.RevocationListEntry{e} }
	}
	good := makeList(t, p.Issuing, nil)
	damaged := bytes.Clone(good)
	damaged[len(damaged)-3] ^= 1
	for _, c := range []struct {
		name string
		der  []byte
		want error // nil: any error; errOK: none
	}{
		{"good", good, errOK},
		{"by another CA of the same name", makeList(t, stranger.Issuing, nil), signing.ErrListIssuer},
		{"by the root", makeList(t, p.Root, nil), errOK},
		{"damaged signature", damaged, signing.ErrListIssuer},
		{"cut off", good[:len(good)-1], nil},
		{"data behind its end", append(bytes.Clone(good), 0), nil},
		{"empty", nil, nil},
		{"HTML", []byte("<!DOCTYPE html><title>Maintenance</title>"), nil},
		{"a certificate", p.Root.Cert.Raw, nil},
		{"delta", makeList(t, p.Issuing, ext(pkix.Extension{Id: oidDelta, Critical: true, Value: []byte{2, 1, 1}})), signing.ErrListScope},
		{"delta that does not say critical", makeList(t, p.Issuing, ext(pkix.Extension{Id: oidDelta, Value: []byte{2, 1, 1}})), signing.ErrListScope},
		{"unknown critical extension", makeList(t, p.Issuing, ext(pkix.Extension{Id: asn1.ObjectIdentifier{2, 999}, Critical: true, Value: []byte{5, 0}})), signing.ErrListScope},
		{"unknown other extension", makeList(t, p.Issuing, ext(pkix.Extension{Id: asn1.ObjectIdentifier{2, 999}, Value: []byte{5, 0}})), errOK},
		{"distribution point", makeList(t, p.Issuing, ext(idp(point(listURL)...))), errOK},
		{"end entities only", makeList(t, p.Issuing, ext(idp(0x81, 1, 0xff))), errOK},
		{"for some reasons", makeList(t, p.Issuing, ext(idp(0x83, 2, 6, 0x40))), signing.ErrListScope},
		{"indirect", makeList(t, p.Issuing, ext(idp(0x84, 1, 0xff))), signing.ErrListScope},
		{"of attribute certificates", makeList(t, p.Issuing, ext(idp(0x85, 1, 0xff))), signing.ErrListScope},
		{"scope with an unknown part", makeList(t, p.Issuing, ext(idp(0x86, 1, 0xff))), signing.ErrListScope},
		{"scope with a long flag", makeList(t, p.Issuing, ext(idp(0x81, 2, 0, 0))), signing.ErrListScope},
		{"scope cut off", makeList(t, p.Issuing, ext(pkix.Extension{Id: oidIDP, Critical: true, Value: []byte{0x30, 9}})), signing.ErrListScope},
		{"critical extension of an entry", makeList(t, p.Issuing, entry(x509.RevocationListEntry{
			SerialNumber: big.NewInt(7), RevocationTime: time.Now(),
			ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}},
		})), signing.ErrListScope},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := signing.ParseList(c.der, p.Root.Cert, p.Issuing.Cert)
			switch {
			case errors.Is(c.want, errOK) && (err != nil || !bytes.Equal(l.Raw, c.der)):
				t.Errorf("refused: %v", err)
			case !errors.Is(c.want, errOK) && err == nil:
				t.Error("taken")
			case c.want != nil && !errors.Is(c.want, errOK) && !errors.Is(err, c.want):
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

var errOK = errors.New("no error")

func TestParseListTooLong(t *testing.T) {
	p := signingtest.New(t, nil)
	der := makeList(t, p.Issuing, func(l *x509.RevocationList) {
		l.RevokedCertificateEntries = slices.Repeat([]x509.RevocationListEntry{{SerialNumber: big.NewInt(7), RevocationTime: time.Now()}}, 500_001)
	})
	if _, err := signing.ParseList(der, p.Issuing.Cert); !errors.Is(err, signing.ErrListLimit) {
		t.Error(err)
	}
}

func TestListAnswers(t *testing.T) {
	p := signingtest.New(t, nil)
	withPoint := signingtest.OfficerTemplate("X")
	withPoint.CRLDistributionPoints = []string{"ldap://x", listURL}
	officer, pointed := p.Officer(t, signingtest.P256(t)).Cert, p.Issue(t, p.Issuing, signingtest.P256(t), withPoint).Cert
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	parse := func(exts ...pkix.Extension) *signing.List {
		der := makeList(t, p.Issuing, func(l *x509.RevocationList) {
			l.ExtraExtensions = exts
			l.RevokedCertificateEntries = []x509.RevocationListEntry{
				{SerialNumber: officer.SerialNumber, RevocationTime: at.Add(time.Minute), ReasonCode: 1},
				{SerialNumber: officer.SerialNumber, RevocationTime: at, ReasonCode: 6},
			}
		})
		l, err := signing.ParseList(der, p.Issuing.Cert)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := parse()
	if r, ok := l.Revoked(officer); !ok || !r.At.Equal(at) || r.Reason != 6 || l.Len() != 1 {
		t.Errorf("%+v %v, want the earliest entry", r, ok)
	}
	if _, ok := l.Revoked(pointed); ok {
		t.Error("another certificate is revoked too")
	}
	if !l.Of(p.Issuing.Cert) || l.Of(p.Root.Cert) {
		t.Error("wrong issuer")
	}
	for _, c := range []struct {
		name  string
		list  *signing.List
		cert  *x509.Certificate
		wants bool
	}{
		{"full list", l, officer, true},
		{"full list, a CA", l, p.Issuing.Cert, true},
		{"end entities", parse(idp(0x81, 1, 0xff)), officer, true},
		{"end entities, a CA", parse(idp(0x81, 1, 0xff)), p.Issuing.Cert, false},
		{"authorities", parse(idp(0x82, 1, 0xff)), officer, false},
		{"authorities, a CA", parse(idp(0x82, 1, 0xff)), p.Issuing.Cert, true},
		{"the certificate's point", parse(idp(point(listURL)...)), pointed, true},
		{"no point", parse(idp(point(listURL)...)), officer, false},
		{"another point", parse(idp(point("http://crl.example.az/2.crl")...)), pointed, false},
	} {
		if got := c.list.Covers(c.cert); got != c.wants {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	expired := signingtest.OfficerTemplate("X")
	expired.NotAfter = time.Now().Add(-30 * time.Minute)
	gone := p.Issue(t, p.Issuing, signingtest.P256(t), expired).Cert
	if l.Covers(gone) || !l.KeepingExpired().Covers(gone) || l.Covers(gone) {
		t.Error("expired certificates")
	}
	if l.Scope() != "" || parse(idp(0x81, 1, 0xff)).Scope() == parse(idp(0x82, 1, 0xff)).Scope() {
		t.Error("scopes are not told apart")
	}
}

// listSource counts who is asked.
type listSource struct {
	*signingtest.PKI
	lists []*signing.List
	err   error
}

func (s listSource) Lists(_ context.Context, _, _ *x509.Certificate) ([]*signing.List, error) {
	return s.lists, s.err
}

// TestVerifierTakesLists: lists already parsed are believed as raw ones are,
// each for its own CA only.
func TestVerifierTakesLists(t *testing.T) {
	p, stranger := signingtest.New(t, nil), signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	b := signedBy(t, p, e, signing.LevelBB, nil)
	parse := func(ca *signingtest.Entity, revoked ...*x509.Certificate) *signing.List {
		der := makeList(t, ca, func(l *x509.RevocationList) {
			for _, c := range revoked {
				l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{
					SerialNumber: c.SerialNumber, RevocationTime: time.Now().Add(-time.Minute)})
			}
		})
		l, err := signing.ParseList(der, ca.Cert)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	root := parse(p.Root)
	for _, c := range []struct {
		name  string
		lists []*signing.List
		want  want
	}{
		{"good", []*signing.List{root, parse(p.Issuing)}, passed},
		{"revoked", []*signing.List{root, parse(p.Issuing, e.Cert)}, indeterminate(signing.RevokedNoPOE)},
		{"revoked in one of two", []*signing.List{root, parse(p.Issuing), parse(p.Issuing, e.Cert)}, indeterminate(signing.RevokedNoPOE)},
		{"CA revoked", []*signing.List{parse(p.Root, p.Issuing.Cert), parse(p.Issuing)}, indeterminate(signing.RevokedCANoPOE)},
		{"of a stranger", []*signing.List{root, parse(stranger.Issuing)}, indeterminate(signing.TryLater)},
		{"none", nil, indeterminate(signing.TryLater)},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := verifier(p)
			v.Revocation = listSource{PKI: p, lists: c.lists}
			c.want.check(t, verify(t, v, b))
		})
	}
	v := verifier(p)
	v.Revocation = listSource{PKI: p, err: errBroken}
	if _, err := v.Verify(t.Context(), b, time.Time{}); !errors.Is(err, errBroken) {
		t.Errorf("trouble of the source is lost: %v", err)
	}
}

// TestIntermediates: a time-stamp without its CA's certificate needs one that
// the verifier was given.
func TestIntermediates(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	r := request(signingtest.PDF(300, "imza1"), p, e, signing.LevelBB)
	r.Chain = nil
	b, err := signing.Sign(t.Context(), r, signing.SignerKey(e.Key), nil)
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(p)
	indeterminate(signing.NoCertificateChain).check(t, verify(t, v, b))
	v.Intermediates = p.Chain()
	passed.check(t, verify(t, v, b))
}

// fixedCA is the same in every process: the workers of one fuzz run must agree
// on who signed the seeds.
func fixedCA(tb testing.TB) *signingtest.Entity {
	tb.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	now := func() time.Time { return goldenTime }
	return (&signingtest.PKI{Now: now}).Issue(tb, nil, key, &x509.Certificate{
		Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCRLSign,
	})
}

func FuzzParseList(f *testing.F) {
	ca := fixedCA(f)
	f.Add(makeList(f, ca, nil))
	f.Add(makeList(f, ca, func(l *x509.RevocationList) {
		l.ExtraExtensions = []pkix.Extension{idp(point(listURL)...)}
		l.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: big.NewInt(7), RevocationTime: goldenTime, ReasonCode: 6}}
	}))
	f.Fuzz(func(t *testing.T, in []byte) {
		l, err := signing.ParseList(in, ca.Cert)
		if err == nil && !l.Of(ca.Cert) {
			t.Error("a list of nobody")
		}
	})
}

// FuzzScope reads the one part of a list that is not read by crypto/x509. The
// list is signed anew around each input.
func FuzzScope(f *testing.F) {
	p := signingtest.New(f, nil)
	for _, e := range []pkix.Extension{idp(), idp(point(listURL)...), idp(0x81, 1, 0xff), idp(0x82, 1, 0xff), idp(0x83, 2, 6, 0x40)} {
		f.Add(e.Value)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		der := makeList(t, p.Issuing, func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: oidIDP, Critical: true, Value: in}}
		})
		l, err := signing.ParseList(der, p.Issuing.Cert)
		if err != nil {
			return
		}
		if l.Covers(p.TSA.Cert) && l.Covers(p.Issuing.Cert) != (l.Scope() == "") && l.Scope() != "end entities" {
			t.Errorf("scope %q", l.Scope())
		}
	})
}
