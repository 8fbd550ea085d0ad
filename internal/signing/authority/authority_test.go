package authority

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
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

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newAuthority(t *testing.T) (*Authority, Config, *clock) {
	t.Helper()
	c := &clock{time.Now().UTC().Truncate(time.Second)}
	cfg := Config{Dir: filepath.Join(t.TempDir(), "authority"), ApplianceKey: bytes.Repeat([]byte{7}, 32), BaseURL: "http://pki.test/pki", Now: c.now}
	if err := Create(cfg); err != nil {
		t.Fatal(err)
	}
	a, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a, cfg, c
}

func officer(t *testing.T, a *Authority) *signingtest.Entity {
	t.Helper()
	key := signingtest.P256(t)
	cert, err := a.Issue(Person{CommonName: "Məmurzadə Nigar Sınaq qızı", Organization: "Nümunə Rayon İcra Şöbəsi", SerialNumber: "PNOAZ-5NMN1A1"}, key.Public(), a.now().AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return &signingtest.Entity{Cert: cert, Key: key}
}

func TestIssuedCertificateSigns(t *testing.T) {
	a, _, c := newAuthority(t)
	e := officer(t, a)
	if !strings.Contains(e.Cert.Subject.String(), "hüquqi qüvvəsi yoxdur") || !strings.Contains(a.Root().Subject.String(), "QİYMƏTLƏNDİRMƏ") {
		t.Errorf("not marked: %s, %s", e.Cert.Subject, a.Root().Subject)
	}
	if e.Cert.KeyUsage != x509.KeyUsageContentCommitment {
		t.Errorf("key usage %b", e.Cert.KeyUsage)
	}
	if e.Cert.CRLDistributionPoints[0] != "http://pki.test/pki/crl" || e.Cert.OCSPServer[0] != "http://pki.test/pki/ocsp" {
		t.Errorf("addresses %v %v", e.Cert.CRLDistributionPoints, e.Cert.OCSPServer)
	}
	signed, err := signing.Sign(t.Context(), signing.Request{
		PDF: signingtest.PDF(100, "imza1"), Field: "imza1", Certificate: e.Cert, Level: signing.LevelBT, Time: c.t,
	}, signing.SignerKey(e.Key), a)
	if err != nil {
		t.Fatal(err)
	}
	v := &signing.Verifier{Roots: a.Roots(), Now: c.now, Revocation: a}
	verdict := func(indication, sub string) {
		t.Helper()
		r, err := v.Verify(t.Context(), signed, time.Time{})
		if err != nil || r.Indication != indication || r.SubIndication != sub {
			t.Errorf("%v %+v, want %s %s", err, r, indication, sub)
		}
	}
	verdict(signing.TotalPassed, "")
	// Two years on the certificate has expired; the list keeps expired ones, so
	// the time-stamp carries the signature.
	c.t = c.t.AddDate(2, 0, 0)
	verdict(signing.TotalPassed, "")
}

func TestStatus(t *testing.T) {
	a, cfg, c := newAuthority(t)
	e := officer(t, a)
	stranger := signingtest.New(t, nil)
	check := func(a *Authority, cert *x509.Certificate, at time.Time, want State) {
		t.Helper()
		s, err := a.Status(t.Context(), cert, at)
		if err != nil || s.State != want {
			t.Errorf("%v %v, want %s", s, err, want)
		}
	}
	check(a, e.Cert, c.t, Good)
	check(a, e.Cert, e.Cert.NotAfter.Add(time.Second), Expired)
	check(a, e.Cert, e.Cert.NotBefore.Add(-time.Second), NotYetValid)
	check(a, stranger.Officer(t, signingtest.P256(t)).Cert, c.t, Unknown)

	second, err := Open(cfg) // another process
	if err != nil {
		t.Fatal(err)
	}
	check(second, e.Cert, c.t, Good)
	c.t = c.t.Add(time.Hour)
	if err := a.Revoke(e.Cert, ocsp.KeyCompromise); err != nil {
		t.Fatal(err)
	}
	for _, x := range []*Authority{a, second} {
		check(x, e.Cert, c.t, Revoked)
		check(x, e.Cert, c.t.Add(-time.Minute), Good)
		check(x, e.Cert, e.Cert.NotAfter.Add(time.Second), Revoked)
	}
	first, err := a.Status(t.Context(), e.Cert, c.t)
	if err != nil {
		t.Fatal(err)
	}
	c.t = c.t.Add(time.Hour)
	if err := a.Revoke(e.Cert, ocsp.Superseded); err != nil {
		t.Errorf("revoking twice: %v", err)
	}
	if again, err := a.Status(t.Context(), e.Cert, c.t); err != nil || again != first {
		t.Errorf("%v %v", again, err)
	}
	if err := a.Revoke(stranger.TSA.Cert, 1); err == nil {
		t.Error("revoked a stranger's certificate")
	}
	if err := a.Revoke(e.Cert, 99); err == nil {
		t.Error("reason 99")
	}
}

func TestCreateAndOpen(t *testing.T) {
	_, cfg, _ := newAuthority(t)
	if err := Create(cfg); err == nil {
		t.Error("created over an existing authority")
	}
	if _, err := Open(Config{Dir: t.TempDir(), ApplianceKey: cfg.ApplianceKey, Now: cfg.Now}); err == nil {
		t.Error("opened an empty directory")
	}
	wrong := cfg
	wrong.ApplianceKey = bytes.Repeat([]byte{8}, 32)
	if _, err := Open(wrong); err == nil {
		t.Error("opened under another appliance key")
	}
	if err := os.WriteFile(filepath.Join(cfg.Dir, "revoked", "ab.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(cfg); err == nil {
		t.Error("a damaged revocation was passed over")
	}
}

func serve(t *testing.T, a *Authority) *httptest.Server {
	s := httptest.NewServer(http.StripPrefix("/pki", a.Handler()))
	t.Cleanup(s.Close)
	return s
}

func fetch(t *testing.T, method, url string, body []byte) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b
}

func TestRevocationServices(t *testing.T) {
	a, _, c := newAuthority(t)
	s := serve(t, a)
	good, bad := officer(t, a), officer(t, a)
	if err := a.Revoke(bad.Cert, ocsp.KeyCompromise); err != nil {
		t.Fatal(err)
	}
	stranger := signingtest.New(t, nil)
	unknown := stranger.Issue(t, &signingtest.Entity{Cert: a.root, Key: a.rootKey}, signingtest.P256(t), signingtest.OfficerTemplate("kənar"))
	for _, x := range []struct {
		cert *x509.Certificate
		want int
	}{{good.Cert, ocsp.Good}, {bad.Cert, ocsp.Revoked}, {unknown.Cert, ocsp.Unknown}, {a.tsa, ocsp.Good}} {
		query, err := ocsp.CreateRequest(x.cert, a.root, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, post := fetch(t, "POST", s.URL+"/pki/ocsp", query)
		_, get := fetch(t, "GET", s.URL+"/pki/ocsp/"+url.PathEscape(base64.StdEncoding.EncodeToString(query)), nil)
		for _, answer := range [][]byte{post, get} {
			r, err := ocsp.ParseResponseForCert(answer, x.cert, a.root)
			if err != nil || r.Status != x.want {
				t.Errorf("%v %v, want %d", r, err, x.want)
			}
		}
	}
	if _, b := fetch(t, "POST", s.URL+"/pki/ocsp", []byte("x")); !bytes.Equal(b, ocsp.MalformedRequestErrorResponse) {
		t.Errorf("malformed request: %x", b)
	}
	foreign, err := ocsp.CreateRequest(stranger.TSA.Cert, stranger.Issuing.Cert, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, b := fetch(t, "POST", s.URL+"/pki/ocsp", foreign); !bytes.Equal(b, ocsp.UnauthorizedErrorResponse) {
		t.Errorf("foreign request: %x", b)
	}
	_, der := fetch(t, "GET", s.URL+"/pki/crl", nil)
	crl, err := x509.ParseRevocationList(der)
	if err != nil || crl.CheckSignatureFrom(a.root) != nil || len(crl.RevokedCertificateEntries) != 1 {
		t.Fatalf("%v %v", crl, err)
	}
	if _, der := fetch(t, "GET", s.URL+"/pki/root.crt", nil); !bytes.Equal(der, a.root.Raw) {
		t.Error("root.crt")
	}
	c.t = c.t.Add(2 * time.Hour)
	_, der = fetch(t, "GET", s.URL+"/pki/crl", nil)
	later, err := x509.ParseRevocationList(der)
	if err != nil || later.Number.Cmp(crl.Number) <= 0 || !later.ThisUpdate.Equal(c.t) {
		t.Errorf("the list was not renewed: %v", err)
	}
}

func TestTimestampService(t *testing.T) {
	a, _, c := newAuthority(t)
	s := serve(t, a)
	tsa := &signing.HTTPTimestamper{URL: s.URL + "/pki/tsa"}
	seen := map[string]bool{}
	for range 3 {
		der, err := tsa.Timestamp(t.Context(), bytes.Repeat([]byte{1}, 32), 5) // SHA-256
		if err != nil {
			t.Fatal(err)
		}
		token, err := cms.ParseToken(der)
		if err != nil || !token.Time.Equal(c.t) || seen[token.Serial.String()] || !token.Policy.Equal(policy) {
			t.Errorf("%v %v", token, err)
		}
		seen[token.Serial.String()] = true
	}
	for name, query := range map[string][]byte{
		"empty":   nil,
		"garbage": []byte("garbage"),
		"SHA-1":   {0x30, 0x29, 2, 1, 1, 0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 14, 3, 2, 0x1a, 5, 0, 4, 0x14, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 1, 1, 0xff},
	} {
		t.Run(name, func(t *testing.T) {
			status, b := fetch(t, "POST", s.URL+"/pki/tsa", query)
			if _, err := cms.TimestampReply(b); status != 200 || err == nil || !strings.Contains(err.Error(), "status 2") {
				t.Errorf("%d %v", status, err)
			}
		})
	}
	if status, _ := fetch(t, "POST", s.URL+"/pki/tsa", make([]byte, maxQuery+1)); status != http.StatusBadRequest {
		t.Errorf("long request: status %d", status)
	}
}

func BenchmarkTimestamp(b *testing.B) {
	cfg := Config{Dir: filepath.Join(b.TempDir(), "a"), ApplianceKey: make([]byte, 32), Now: time.Now}
	if err := Create(cfg); err != nil {
		b.Fatal(err)
	}
	a, err := Open(cfg)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := a.Timestamp(b.Context(), make([]byte, 32), 5); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	cfg := Config{Dir: filepath.Join(b.TempDir(), "a"), ApplianceKey: make([]byte, 32), Now: time.Now}
	if err := Create(cfg); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Open(cfg); err != nil {
			b.Fatal(err)
		}
	}
}
