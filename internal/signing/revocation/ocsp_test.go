package revocation_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing"
	"docsvc/internal/signing/cms"
	"docsvc/internal/signing/revocation"
	"docsvc/internal/signing/signingtest"
)

var (
	_ signing.Collector  = (*revocation.Source)(nil)
	_ signing.OCSPSource = (*revocation.Source)(nil)
)

const responderPath = "/ocsp"

// answering serves responses about one certificate; edit may change each.
func (w *world) answering(t testing.TB, c *x509.Certificate, edit func(*signingtest.OCSPAnswer)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		a := signingtest.OCSPAnswer{}
		if a.Nonce, err = cms.OCSPRequestNonce(query); err != nil || r.Header.Get("Content-Type") != "application/ocsp-request" {
			t.Errorf("question with %q: %v", r.Header.Get("Content-Type"), err)
		}
		if edit != nil {
			edit(&a)
		}
		der, err := w.OCSP(c, a)
		if err != nil {
			t.Error(err)
		}
		rw.Header().Set("Content-Type", "application/ocsp-response")
		_, _ = rw.Write(der)
	}
}

// named makes an officer whose certificate names the responder.
func (w *world) named(t testing.TB) *x509.Certificate {
	c := signingtest.OfficerTemplate("Məmurzadə Nigar Sınaq qızı")
	c.OCSPServer = []string{"ldap://127.0.0.1/x", w.url(responderPath)}
	return w.Issue(t, w.Issuing, signingtest.P256(t), c).Cert
}

// onlyOCSP is an authority whose issuing CA has no list.
func (w *world) onlyOCSP(t testing.TB, edit func(*revocation.Config)) *revocation.Source {
	return w.open(t, func(c *revocation.Config) {
		c.CRLs = []string{w.url(rootList)}
		if edit != nil {
			edit(c)
		}
	})
}

func (w *world) collect(t testing.TB, s *revocation.Source, c *x509.Certificate) (signing.Proof, error) {
	t.Helper()
	p, err := s.Collect(t.Context(), c, w.Issuing.Cert, w.now())
	if err != nil && !errors.Is(err, signing.ErrValidationData) {
		t.Errorf("not ErrValidationData: %v", err)
	}
	return p, err
}

// TestResponders: whose answers count, and whose do not.
func TestResponders(t *testing.T) {
	w, stranger := newWorld(t), newWorld(t)
	c, other := w.named(t), w.named(t)
	hour := func(n int) time.Time { return w.now().Add(time.Duration(n) * time.Hour) }
	responder := func(ca *signingtest.Entity, edit func(*x509.Certificate)) *signingtest.Entity {
		r := signingtest.ResponderTemplate("OCSP", true)
		if edit != nil {
			edit(r)
		}
		return w.Issue(t, ca, signingtest.P256(t), r)
	}
	answer := func(edit func(*signingtest.OCSPAnswer)) http.HandlerFunc { return w.answering(t, c, edit) }
	by := func(e *signingtest.Entity) http.HandlerFunc {
		return answer(func(a *signingtest.OCSPAnswer) { a.Responder = e })
	}
	fixed := func(status int, b []byte) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(status); _, _ = rw.Write(b) }
	}
	for _, x := range []struct {
		name  string
		page  http.HandlerFunc
		state revocation.State // of Usable
		says  string           // in Collect's error; empty: a response
	}{
		{"delegated", answer(nil), good, ""},
		{"the CA itself", by(w.Issuing), good, ""},
		{"the CA itself, with its certificate", answer(func(a *signingtest.OCSPAnswer) { a.Responder, a.Embed = w.Issuing, true }), good, ""},
		{"without nocheck", by(w.Issue(t, w.Issuing, signingtest.P256(t), signingtest.ResponderTemplate("asked", false))), good, ""},
		{"without nonce", answer(func(a *signingtest.OCSPAnswer) { a.Nonce = nil }), good, ""},
		{"without nextUpdate", answer(func(a *signingtest.OCSPAnswer) { a.NoNextUpdate = true }), good, ""},
		{"dated before its responder began", answer(func(a *signingtest.OCSPAnswer) {
			a.ProducedAt = w.now().Add(-30 * time.Second)
			a.Responder = responder(w.Issuing, func(r *x509.Certificate) { r.NotBefore = w.now().Add(-10 * time.Second) })
		}), good, ""},
		{"revoked", answer(func(a *signingtest.OCSPAnswer) { a.Status, a.RevokedAt, a.Reason = ocsp.Revoked, hour(-1), 1 }), revocation.Revoked, ""},
		{"on hold", answer(func(a *signingtest.OCSPAnswer) { a.Status, a.RevokedAt, a.Reason = ocsp.Revoked, hour(-1), 6 }), revocation.Suspended, ""},
		{"unknown", answer(func(a *signingtest.OCSPAnswer) { a.Status = ocsp.Unknown }), revocation.Unknown, "does not know"},

		{"responder of the CA above", by(responder(w.Root, nil)), unavailable, "not certified by"},
		{"responder of a CA with the same name", by(stranger.NewResponder(t, stranger.Issuing, true)), unavailable, "by CN=Test Issuing CA OCSP"},
		{"another CA", by(stranger.Issuing), unavailable, "not certified by"},
		{"responder without the usage", by(responder(w.Issuing, func(r *x509.Certificate) { r.ExtKeyUsage = nil })), unavailable, "may not respond"},
		{"an officer", by(w.Officer(t, signingtest.P256(t))), unavailable, "may not respond"},
		{"expired responder", by(responder(w.Issuing, func(r *x509.Certificate) { r.NotAfter = w.now().Add(-time.Second) })), unavailable, "may not respond"},
		{"expired responder, replayed", answer(func(a *signingtest.OCSPAnswer) {
			a.ThisUpdate = w.now().Add(-time.Minute)
			a.Responder = responder(w.Issuing, func(r *x509.Certificate) { r.NotAfter = w.now().Add(-time.Second) })
		}), unavailable, "has expired"},
		{"another certificate", w.answering(t, other, nil), unavailable, "no response matching"},
		{"run out", answer(func(a *signingtest.OCSPAnswer) {
			a.ThisUpdate, a.NextUpdate, a.Responder = hour(-48), hour(-24), w.Issuing
		}), unavailable, "run out"},
		{"from the future", answer(func(a *signingtest.OCSPAnswer) { a.ThisUpdate = hour(1) }), unavailable, "later than our clock"},
		{"old, without nextUpdate", answer(func(a *signingtest.OCSPAnswer) {
			a.ThisUpdate, a.NoNextUpdate, a.Responder = hour(-2), true, w.Issuing
		}), unavailable, "without nextUpdate"},
		{"ends before it begins", answer(func(a *signingtest.OCSPAnswer) { a.NextUpdate = hour(-1) }), unavailable, "ends before"},
		{"revoked at no time", answer(func(a *signingtest.OCSPAnswer) { a.Status, a.RevokedAt = ocsp.Revoked, time.Time{} }), unavailable, "at no time"},
		{"nonce of another", answer(func(a *signingtest.OCSPAnswer) { a.Nonce = bytes.Repeat([]byte{1}, 32) }), unavailable, "another question"},
		{"endless nonce", answer(func(a *signingtest.OCSPAnswer) { a.Nonce = make([]byte, 200) }), unavailable, "nonce"},
		{"try later", fixed(200, ocsp.TryLaterErrorResponse), unavailable, "try later"},
		{"unauthorized", fixed(200, ocsp.UnauthorizedErrorResponse), unavailable, "unauthorized"},
		{"garbage", fixed(200, []byte("<!DOCTYPE html>")), unavailable, "asn1"},
		{"nothing", fixed(200, nil), unavailable, "asn1"},
		{"fault", fixed(503, nil), unavailable, "503"},
		{"huge", fixed(200, make([]byte, 64<<10+1)), unavailable, "bytes"},
		{"compressed", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Encoding", "gzip")
			_, _ = rw.Write(make([]byte, 100))
		}, unavailable, "compressed"},
		{"elsewhere", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "http://localhost:1/", http.StatusTemporaryRedirect)
		}, unavailable, "redirect to another host"},
		{"slow", func(rw http.ResponseWriter, r *http.Request) {
			rw.WriteHeader(200)
			_ = http.NewResponseController(rw).Flush()
			<-r.Context().Done()
		}, unavailable, "deadline"},
	} {
		t.Run(x.name, func(t *testing.T) {
			w.put(responderPath, x.page)
			p, err := w.collect(t, w.onlyOCSP(t, nil), c)
			switch {
			case x.says == "" && (err != nil || len(p.OCSP) == 0):
				t.Errorf("no response: %v", err)
			case x.says != "" && (err == nil || !strings.Contains(err.Error(), x.says)):
				t.Errorf("no %q: %v", x.says, err)
			}
			w.expect(t, w.onlyOCSP(t, nil), c, x.state)
		})
	}
}

// TestNonce: a response may be without, unless the configuration says no.
func TestNonce(t *testing.T) {
	w := newWorld(t)
	c := w.named(t)
	var got []byte
	with := func(a *signingtest.OCSPAnswer) { got = a.Nonce }
	without := func(a *signingtest.OCSPAnswer) { got, a.Nonce = a.Nonce, nil }
	for _, x := range []struct {
		mode   string
		edit   func(*signingtest.OCSPAnswer)
		length int
		want   revocation.State
	}{
		{"", with, 32, good}, {"", without, 32, good},
		{revocation.NonceOff, with, 0, good},
		{revocation.NonceRequire, with, 32, good}, {revocation.NonceRequire, without, 32, unavailable},
	} {
		w.put(responderPath, w.answering(t, c, x.edit))
		w.expect(t, w.onlyOCSP(t, func(cfg *revocation.Config) { cfg.OCSP.Nonce = x.mode }), c, x.want)
		if len(got) != x.length {
			t.Errorf("%q: nonce of %d bytes", x.mode, len(got))
		}
	}
	for _, bad := range []revocation.OCSPConfig{
		{Nonce: "maybe"}, {MaxAgeSeconds: 3601}, {MaxAgeSeconds: -1}, {MaxListSize: 9 << 20}, {MaxListSize: -1},
		{Responders: []string{"ldap://x"}}, {Responders: make([]string, 5)},
	} {
		conf := w.config()
		conf.OCSP = bad
		if _, err := revocation.Open(conf); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

// TestOneQuestion: a hundred callers ask once, and again after an hour.
func TestOneQuestion(t *testing.T) {
	w := newWorld(t)
	c := w.named(t)
	var ahead time.Duration // of us is the responder's clock
	w.put(responderPath, w.answering(t, c, func(a *signingtest.OCSPAnswer) { a.ThisUpdate = w.now().Add(ahead) }))
	s := w.onlyOCSP(t, nil)
	var wait sync.WaitGroup
	for range 100 {
		wait.Go(func() {
			if _, err := s.Collect(t.Context(), c, w.Issuing.Cert, w.now()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	asked := func(want int) {
		t.Helper()
		if _, err := w.collect(t, s, c); err != nil {
			t.Error(err)
		}
		if n := w.count(responderPath); n != want {
			t.Errorf("asked %d times, want %d", n, want)
		}
	}
	asked(1)
	w.pass(time.Hour - time.Second)
	asked(1)
	w.pass(time.Second)
	asked(2)
	ahead = 2 * time.Minute
	w.pass(-ahead) // our clock is put back
	asked(3)
	all, held := s.Responders()
	if len(all) != 1 || held != 1 || all[0].Err != nil || !all[0].Answered.Equal(w.now()) || all[0].Issuer != w.Issuing.Cert.Subject.String() {
		t.Errorf("%+v %d", all, held)
	}
	if ocsps, err := s.Responses(t.Context(), c, w.Issuing.Cert); err != nil || len(ocsps) != 1 {
		t.Errorf("%d responses, %v", len(ocsps), err)
	}
}
