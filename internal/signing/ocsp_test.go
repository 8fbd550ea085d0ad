package signing_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing"
	"docsvc/internal/signing/cms"
	"docsvc/internal/signing/signingtest"
)

// given is a Revocation with these responses alone, beside the lists of others.
type given struct {
	*signingtest.PKI
	about *x509.Certificate
	ocsps [][]byte
}

func (g given) Evidence(ctx context.Context, cert, issuer *x509.Certificate) (crls, ocsps [][]byte, err error) {
	if cert.Equal(g.about) {
		return nil, g.ocsps, nil
	}
	return g.PKI.Evidence(ctx, cert, issuer)
}

// TestResponsesJudged: what the verifier makes of a signature when all that is
// known of its signer is one response.
func TestResponsesJudged(t *testing.T) {
	clock := signingtest.NewClock(time.Now().UTC().Truncate(time.Second))
	p := signingtest.New(t, clock.Now)
	template := signingtest.OfficerTemplate("Məmurzadə Nigar Sınaq qızı")
	template.NotAfter = clock.Now().Add(24 * time.Hour)
	e := p.Issue(t, p.Issuing, signingtest.P256(t), template)
	file, err := signing.Sign(t.Context(), signing.Request{
		PDF: signingtest.PDF(100, "imza1"), Field: "imza1", Certificate: e.Cert, Chain: p.Chain(), Level: signing.LevelBT, Time: clock.Now(),
	}, signing.SignerKey(e.Key), p)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(a signingtest.OCSPAnswer) []byte {
		der, err := p.OCSP(e.Cert, a)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	expired := e.Cert.NotAfter.AddDate(1, 0, 0)
	for _, c := range []struct {
		name string
		at   time.Time // of the response and of the verification
		edit func(*signingtest.OCSPAnswer)
		want string // sub-indication
	}{
		{"good", clock.Now(), func(*signingtest.OCSPAnswer) {}, ""},
		{"by the CA, with its certificate", clock.Now(), func(a *signingtest.OCSPAnswer) { a.Responder, a.Embed = p.Issuing, true }, ""},
		{"producedAt cut to before the responder began", clock.Now(), func(a *signingtest.OCSPAnswer) {
			r := signingtest.ResponderTemplate("young", true)
			r.NotBefore = clock.Now()
			a.Responder, a.ProducedAt = p.Issue(t, p.Issuing, signingtest.P256(t), r), clock.Now().Add(-59*time.Second)
		}, ""},
		{"revoked at no time", clock.Now(), func(a *signingtest.OCSPAnswer) { a.Status, a.RevokedAt = ocsp.Revoked, time.Time{} }, signing.TryLater},
		{"ends before it begins", clock.Now(), func(a *signingtest.OCSPAnswer) { a.NextUpdate = clock.Now().Add(-time.Hour) }, signing.TryLater},
		{"expired, of a responder that may have forgotten", expired, func(*signingtest.OCSPAnswer) {}, signing.TryLater},
		{"expired, remembered", expired, func(a *signingtest.OCSPAnswer) { a.ArchiveCutoff = e.Cert.NotAfter }, ""},
		{"expired, from before the memory begins", expired, func(a *signingtest.OCSPAnswer) { a.ArchiveCutoff = e.Cert.NotAfter.Add(time.Second) }, signing.TryLater},
		{"expired and revoked", expired, func(a *signingtest.OCSPAnswer) { a.Status, a.RevokedAt = ocsp.Revoked, e.Cert.NotBefore }, signing.RevokedNoPOE},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := clock.Now()
			defer func() { clock.Advance(start.Sub(c.at)) }()
			clock.Advance(c.at.Sub(start))
			a := signingtest.OCSPAnswer{}
			c.edit(&a)
			v := p.Offline()
			v.Revocation = given{p, e.Cert, [][]byte{answer(a)}}
			r, err := v.Verify(t.Context(), file, time.Time{})
			if err != nil || r.SubIndication != c.want {
				t.Errorf("%v %s %s %v, want %q", err, r.Indication, r.SubIndication, r.Reasons, c.want)
			}
		})
	}
}

// TestWithoutStatus: a response whose certStatus is missing, which package ocsp
// reads as revoked at no time, and one that contradicts itself.
func TestWithoutStatus(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	r := cms.OCSPResponse{
		Issuer: p.Issuing.Cert, Serial: e.Cert.SerialNumber, Status: cms.OCSPStatus(5), // tag 5: unheard of
		ThisUpdate: p.Now(), NextUpdate: p.Now().Add(time.Hour), Responder: p.Issuing.Cert,
	}
	der, err := r.Sign(bytes.NewReader(make([]byte, 1<<10)), p.Issuing.Key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := signing.ParseOCSP(der, e.Cert, p.Issuing.Cert); !errors.Is(err, signing.ErrOCSP) {
		t.Errorf("%+v %v", got, err)
	}
	r.Status = cms.OCSPGood
	if der, err = r.Sign(bytes.NewReader(make([]byte, 1<<10)), p.Issuing.Key); err != nil {
		t.Fatal(err)
	}
	if _, err := signing.ParseOCSP(der, e.Cert, p.Issuing.Cert); err != nil {
		t.Error(err)
	}
	own := p.Issue(t, p.Issuing, signingtest.P256(t), signingtest.ResponderTemplate("own", true))
	der, err = p.OCSP(own.Cert, signingtest.OCSPAnswer{Responder: own})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signing.ParseOCSP(der, own.Cert, p.Issuing.Cert); err == nil || !strings.Contains(err.Error(), "vouches for itself") {
		t.Errorf("by the certificate that is asked about: %v", err)
	}
}

// FuzzParseOCSP: whatever is taken says what a signed response says. The
// responses are kept in testdata, made once by signingtest: the processes of a
// fuzzing run must know the same CA.
func FuzzParseOCSP(f *testing.F) {
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join("testdata", "ocsp", name))
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	parse := func(name string) *x509.Certificate {
		c, err := x509.ParseCertificate(read(name))
		if err != nil {
			f.Fatal(err)
		}
		return c
	}
	cert, issuer := parse("officer.der"), parse("ca.der")
	key := func(r *signing.OCSPResponse) string {
		b := []byte{byte('0' + r.Status)}
		for _, t := range []time.Time{r.ThisUpdate, r.NextUpdate, r.ProducedAt, r.RevokedAt} {
			b = t.UTC().AppendFormat(b, " "+time.RFC3339)
		}
		return string(b)
	}
	said := map[string]bool{}
	for _, name := range []string{"good", "revoked", "unknown", "by-issuer", "nonce", "endless"} {
		der := read(name + ".der")
		r, err := signing.ParseOCSP(der, cert, issuer)
		if err != nil {
			f.Fatalf("%s: %v", name, err)
		}
		said[key(r)] = true
		f.Add(der)
	}
	f.Add(ocsp.TryLaterErrorResponse)
	f.Fuzz(func(t *testing.T, der []byte) {
		r, err := signing.ParseOCSP(der, cert, issuer)
		if err != nil {
			return
		}
		if !said[key(r)] {
			t.Errorf("nobody said %q", key(r))
		}
		if _, err := r.Nonce(); err != nil {
			t.Errorf("nonce: %v", err)
		}
	})
}
