package revocation_test

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/signing/authority"
	"docsvc/internal/signing/revocation"
	"docsvc/internal/signing/signingtest"
)

var (
	_ document.Certificates = (*revocation.Source)(nil)
	_ signing.Revocation    = (*revocation.Source)(nil)
	_ signing.ListSource    = (*revocation.Source)(nil)
)

// TestWithAuthority takes the evaluation authority for a foreign one, over
// HTTP: an officer signs, is revoked, and can sign no more.
func TestWithAuthority(t *testing.T) {
	clock := signingtest.NewClock(time.Now().UTC().Truncate(time.Second))
	now, pass := clock.Now, clock.Advance
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	conf := authority.Config{Dir: filepath.Join(t.TempDir(), "a"), ApplianceKey: make([]byte, 32), BaseURL: server.URL + "/pki", Now: now}
	if err := authority.Create(conf); err != nil {
		t.Fatal(err)
	}
	a, err := authority.Open(conf)
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/pki/", http.StripPrefix("/pki", a.Handler()))
	key := signingtest.P256(t)
	cert, err := a.Issue(authority.Person{CommonName: "Məmurzadə Nigar Sınaq qızı"}, key.Public(), now().AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}

	anchors, err := revocation.ParseRoots([]byte(encode(a.Root())))
	if err != nil {
		t.Fatal(err)
	}
	s, err := revocation.Open(revocation.Config{Anchors: anchors, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	tsa, err := signing.NewTimestampers(signing.TimestampConfig{
		Authorities: []signing.TimestampAuthority{{URL: a.TimestampURL()}}, Roots: anchors.Pool(), Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	reading, err := signing.ReadClock(t.Context(), tsa, now)
	if err != nil || reading.Skew != 0 {
		t.Fatalf("%+v %v", reading, err)
	}
	s.Watch(append(reading.Chain, reading.Authority)...)
	usable := func(want revocation.State) {
		t.Helper()
		if err := s.Usable(t.Context(), cert, now()); state(t, err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	sign := func() []byte {
		t.Helper()
		b, err := signing.Sign(t.Context(), signing.Request{
			PDF: signingtest.PDF(100, "imza1"), Field: "imza1", Certificate: cert, Level: signing.LevelBT, Time: now(),
		}, signing.SignerKey(key), tsa)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	v := &signing.Verifier{Roots: anchors.Pool(), TSARoots: anchors.Pool(), Intermediates: anchors.Intermediates, Now: now, Revocation: s}
	verdict := func(file []byte, indication, sub string) {
		t.Helper()
		r, err := v.Verify(t.Context(), file, time.Time{})
		if err != nil || r.Indication != indication || r.SubIndication != sub {
			t.Errorf("%v %+v, want %s %s", err, r, indication, sub)
		}
	}

	usable(good)
	before := sign()
	verdict(before, signing.TotalPassed, "")
	pass(2 * time.Hour)
	if err := a.Revoke(cert, ocsp.KeyCompromise); err != nil {
		t.Fatal(err)
	}
	pass(time.Minute)
	after := sign() // by a thief who has the key
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	usable(revocation.Revoked)
	verdict(before, signing.TotalPassed, "")
	verdict(after, signing.Indeterminate, signing.RevokedNoPOE)
	server.Close()
	pass(23 * time.Hour)
	usable(revocation.Revoked)
	verdict(before, signing.TotalPassed, "")
	pass(24 * time.Hour)
	usable(revocation.Revoked)
	verdict(before, signing.TotalPassed, "") // its time lies before the list, which says enough
}

// TestConcurrent: many ask while lists come and go.
func TestConcurrent(t *testing.T) {
	w := newWorld(t)
	e, bad := w.Officer(t, signingtest.P256(t)).Cert, w.Officer(t, signingtest.P256(t)).Cert
	w.publish(t, bad)
	s := w.open(t, func(c *revocation.Config) {
		c.CacheDir, c.Refresh, c.Timeout, c.CRLs = t.TempDir(), time.Second, 5*time.Second, nil
		c.Anchors.Intermediates = nil
	})
	point := signingtest.OfficerTemplate("X")
	point.CRLDistributionPoints = []string{w.url(issuingList)}
	s.Watch(w.Issue(t, w.Issuing, signingtest.P256(t), point).Cert, w.Issuing.Cert)
	toRoot := signingtest.OfficerTemplate("X")
	toRoot.CRLDistributionPoints = []string{w.url(rootList)}
	s.Watch(w.Issue(t, w.Root, signingtest.P256(t), toRoot).Cert)
	ctx, cancel := context.WithCancel(t.Context())
	var background, wait sync.WaitGroup
	background.Go(func() { _ = s.Run(ctx) })
	// Everybody who asks first waits for one fetch.
	for range 16 {
		wait.Go(func() {
			if err := s.Usable(ctx, bad, w.now()); state(t, err) == good {
				t.Error("good without a list")
			}
		})
	}
	wait.Wait()
	if err := s.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		wait.Go(func() {
			for range 50 {
				w.expect(t, s, bad, revocation.Revoked)
				w.expect(t, s, e, good)
				if lists, err := s.Lists(ctx, e, w.Issuing.Cert); err != nil || len(lists) != 1 {
					t.Errorf("%d lists, %v", len(lists), err)
				}
				_, _ = s.Status(), s.Check(ctx)
				if i == 0 {
					w.pass(time.Second)
					w.publish(t, bad)
				}
				if i == 1 {
					_ = s.Refresh(ctx) // older lists may come: they are published all the time
				}
			}
		})
	}
	wait.Wait()
	cancel()
	background.Wait()
}

// TestOneFetch: however many wait, one of them asks.
func TestOneFetch(t *testing.T) {
	w := newWorld(t)
	e := w.Officer(t, signingtest.P256(t)).Cert
	inner := page(w.list(t, w.Issuing, nil))
	w.put(issuingList, func(rw http.ResponseWriter, r *http.Request) {
		time.Sleep(100 * time.Millisecond)
		inner(rw, r)
	})
	s := w.open(t, nil)
	var wait sync.WaitGroup
	for range 32 {
		wait.Go(func() { w.expect(t, s, e, good) })
	}
	// One that gives up does not take the answer from the others.
	ctx, cancel := context.WithCancel(t.Context())
	wait.Go(func() { _ = s.Usable(ctx, e, w.now()) })
	cancel()
	wait.Wait()
	if n := w.count(issuingList); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// BenchmarkUsable looks a certificate up in a list of 10,000.
func BenchmarkUsable(b *testing.B) {
	w := newWorld(b)
	e := w.Officer(b, signingtest.P256(b)).Cert
	w.put(issuingList, page(long(b, w)))
	s := w.open(b, nil)
	if err := s.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Run("10000 entries", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := s.Usable(b.Context(), e, w.now()); err != nil {
				b.Fatal(err)
			}
		}
	})
	w.put(issuingList, page(w.list(b, w.Issuing, nil)))
	short := w.open(b, nil)
	if err := short.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Run("empty list", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := short.Usable(b.Context(), e, w.now()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// raw hides that lists are parsed already.
type raw struct{ s *revocation.Source }

func (r raw) Evidence(ctx context.Context, c, issuer *x509.Certificate) (crls, ocsps [][]byte, err error) {
	return r.s.Evidence(ctx, c, issuer)
}

// BenchmarkVerify verifies a file against a list of 10,000: parsed once, and
// anew for each file.
func BenchmarkVerify(b *testing.B) {
	w := newWorld(b)
	e := w.Officer(b, signingtest.P256(b))
	w.put(issuingList, page(long(b, w)))
	s := w.open(b, nil)
	if err := s.Refresh(b.Context()); err != nil {
		b.Fatal(err)
	}
	file, err := signing.Sign(b.Context(), signing.Request{
		PDF: signingtest.PDF(100, "imza1"), Field: "imza1", Certificate: e.Cert, Chain: w.Chain(), Level: signing.LevelBT, Time: w.now(),
	}, signing.SignerKey(e.Key), w.PKI)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		source signing.Revocation
	}{{"parsed lists", s}, {"raw lists", raw{s}}} {
		b.Run(c.name, func(b *testing.B) {
			v := &signing.Verifier{Roots: w.Roots(), Now: w.now, Revocation: c.source}
			b.ReportAllocs()
			for b.Loop() {
				if r, err := v.Verify(b.Context(), file, time.Time{}); err != nil || r.Indication != signing.TotalPassed {
					b.Fatal(r, err)
				}
			}
		})
	}
}

// long is a list of 10,000.
func long(b *testing.B, w *world) []byte {
	return w.list(b, w.Issuing, func(l *x509.RevocationList) {
		for range 10_000 {
			l.RevokedCertificateEntries = append(l.RevokedCertificateEntries,
				x509.RevocationListEntry{SerialNumber: serial(b), RevocationTime: l.ThisUpdate, ReasonCode: 4})
		}
	})
}
