package revocation_test

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"docsvc/internal/signing/revocation"
	"docsvc/internal/signing/signingtest"
)

func ecKey(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestHostileAnswers: whatever the address answers, the list that is held goes
// on, nothing worse is believed, and without a list nothing is good.
func TestHostileAnswers(t *testing.T) {
	w := newWorld(t)
	stranger := newWorld(t)
	e, bad := w.Officer(t, signingtest.P256(t)).Cert, w.Officer(t, signingtest.P256(t)).Cert
	with := func(edit func(*x509.RevocationList)) http.HandlerFunc { return page(w.list(t, w.Issuing, edit)) }
	write := func(content string) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(content)) }
	}
	before := w.list(t, w.Issuing, nil) // an older list, on which bad is not revoked
	w.pass(time.Hour)
	now := w.list(t, w.Issuing, nil, bad)
	other := httptest.NewServer(page(now))
	t.Cleanup(other.Close)
	damaged := append([]byte{}, now...)
	damaged[len(damaged)-2] ^= 1
	for _, c := range []struct {
		name    string
		answer  http.HandlerFunc
		reason  string
		outcome revocation.Outcome
		alone   revocation.State // what bad is when this is all that was ever answered
	}{
		{"not found", nil, "status 404", revocation.Failed, unavailable},
		{"server error", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(500) }, "status 500", revocation.Failed, unavailable},
		{"not modified, unasked", func(rw http.ResponseWriter, r *http.Request) {
			r.Header.Del("If-None-Match")
			rw.WriteHeader(304)
		}, "", revocation.Unchanged, unavailable},
		{"slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "deadline", revocation.Failed, unavailable},
		{"slow body", func(rw http.ResponseWriter, r *http.Request) {
			_, _ = rw.Write(now[:10])
			rw.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "deadline", revocation.Failed, unavailable},
		{"cut off", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", fmt.Sprint(len(now)))
			_, _ = rw.Write(now[:len(now)/2])
		}, "EOF", revocation.Failed, unavailable},
		{"empty", write(""), "empty", revocation.Failed, unavailable},
		{"garbage", write("\x30\x84\xff\xff\xff\xff"), "malformed", revocation.Failed, unavailable},
		{"HTML error page", write("<!DOCTYPE html><h1>Maintenance</h1>"), `text/html`, revocation.Failed, unavailable},
		{"huge, announced", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", "99999999999")
			_, _ = rw.Write(now)
		}, "99999999999 bytes", revocation.Failed, unavailable},
		{"huge", func(rw http.ResponseWriter, _ *http.Request) {
			for range 64 {
				_, _ = rw.Write(make([]byte, 64<<10))
			}
		}, "more than", revocation.Failed, unavailable},
		{"gzip bomb", func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Encoding", "gzip")
			rw.(http.Flusher).Flush()
			z := gzip.NewWriter(rw)
			for range 4 {
				_, _ = z.Write(make([]byte, 1<<20))
			}
			_ = z.Close()
		}, "compressed", revocation.Failed, unavailable},
		{"redirect to another host", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, strings.Replace(other.URL, "127.0.0.1", "localhost", 1), http.StatusFound)
		}, "another host", revocation.Failed, unavailable},
		{"redirect to another port", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, other.URL, http.StatusFound)
		}, "another service", revocation.Failed, unavailable},
		{"redirect for ever", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, r.URL.Path, http.StatusFound)
		}, "too many redirects", revocation.Failed, unavailable},
		{"older list", page(before), "older", revocation.Older, good},
		{"damaged signature", write(string(damaged)), "unknown issuer", revocation.Failed, unavailable},
		{"of another CA of the same name", page(stranger.list(t, stranger.Issuing, nil)), "unknown issuer", revocation.Failed, unavailable},
		{"of the root", func(rw http.ResponseWriter, r *http.Request) { page(w.list(t, w.Root, nil))(rw, r) }, "", revocation.Updated, unavailable},
		{"a certificate", write(string(w.Issuing.Cert.Raw)), "malformed", revocation.Failed, unavailable},
		{"from the future", with(func(l *x509.RevocationList) { l.ThisUpdate = l.ThisUpdate.Add(time.Hour) }), "future", revocation.Failed, unavailable},
		{"without an end", page(noEnd(t, w.Issuing, now)), "nextUpdate", revocation.Failed, unavailable},
		{"delta", with(func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
		}), "not a full one", revocation.Failed, unavailable},
		{"for authorities only", with(func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 3, 0x82, 1, 0xff}}}
		}), "", revocation.Updated, unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			var last revocation.Exchange
			s := w.open(t, func(conf *revocation.Config) {
				conf.MaxSize = 1 << 20
				conf.Observe = func(x revocation.Exchange) {
					if strings.HasSuffix(x.URL, issuingList) {
						last = x
					}
				}
			})
			w.put(rootList, page(w.list(t, w.Root, nil)))
			w.put(issuingList, page(now))
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.put(issuingList, c.answer)
			err := s.Refresh(t.Context())
			if last.Outcome != c.outcome || (last.Err == nil) != (c.reason == "") || err != nil && !strings.Contains(err.Error(), c.reason) {
				t.Errorf("%s %v, want %s %q", last.Outcome, err, c.outcome, c.reason)
			}
			w.expect(t, s, e, good)
			w.expect(t, s, bad, revocation.Revoked)
			for _, st := range s.Status() {
				if !st.Fresh {
					t.Errorf("the list that is held does not count any more: %+v", st)
				}
			}

			s = w.open(t, func(conf *revocation.Config) { conf.MaxSize = 1 << 20 })
			w.expect(t, s, bad, c.alone)
		})
	}
	t.Run("down", func(t *testing.T) {
		s := w.open(t, nil)
		w.put(issuingList, page(now))
		w.expect(t, s, e, good)
		w.server.Close()
		if err := s.Refresh(t.Context()); err == nil {
			t.Error("refreshed from nowhere")
		}
		w.expect(t, s, e, good)
		w.expect(t, w.open(t, nil), e, unavailable)
	})
}

// noEnd leaves nextUpdate out, which crypto/x509 does not, and signs again.
func noEnd(t *testing.T, ca *signingtest.Entity, der []byte) []byte {
	t.Helper()
	var outer struct {
		TBS struct {
			Version                int
			Algorithm, Issuer      asn1.RawValue
			ThisUpdate, NextUpdate asn1.RawValue
			Rest                   []asn1.RawValue `asn1:"optional"`
		}
		Algorithm asn1.RawValue
		Signature asn1.BitString
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		t.Fatal(err)
	}
	next, err := asn1.Marshal(outer.TBS.NextUpdate)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(list.RawTBSRevocationList, next)
	if bytes.Equal(outer.TBS.ThisUpdate.FullBytes, next) || at < 0 {
		t.Fatal("nextUpdate was not found")
	}
	body := slices.Delete(bytes.Clone(list.RawTBSRevocationList), at, at+len(next))
	body[2] -= byte(len(next)) // 0x30 0x81 length, or with two bytes of length:
	if body[1] == 0x82 {
		body[2] += byte(len(next))
		body[3] -= byte(len(next))
	}
	sum := sha256.Sum256(body)
	signature, err := ca.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	out, err := asn1.Marshal(struct {
		TBS, Algorithm asn1.RawValue
		Signature      asn1.BitString
	}{asn1.RawValue{FullBytes: body}, outer.Algorithm, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRunOut: a list that has run out tells who is revoked, and no more.
func TestRunOut(t *testing.T) {
	w := newWorld(t)
	e, bad := w.Officer(t, signingtest.P256(t)).Cert, w.Officer(t, signingtest.P256(t)).Cert
	w.put(issuingList, page(w.list(t, w.Issuing, func(l *x509.RevocationList) {
		l.ThisUpdate, l.NextUpdate = l.ThisUpdate.Add(-48*time.Hour), l.NextUpdate.Add(-48*time.Hour)
	}, bad)))
	s := w.open(t, nil)
	w.expect(t, s, e, unavailable)
	w.expect(t, s, bad, revocation.Revoked)
	if err := s.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "run out") {
		t.Error(err)
	}
}

// TestOrder: which of two lists of one CA counts.
func TestOrder(t *testing.T) {
	w := newWorld(t)
	bad := w.Officer(t, signingtest.P256(t)).Cert
	list := func(number int64, age time.Duration, revoked ...*x509.Certificate) []byte {
		return w.list(t, w.Issuing, func(l *x509.RevocationList) {
			l.Number, l.ThisUpdate = nil, l.ThisUpdate.Add(-age)
			if number > 0 {
				l.Number = big.NewInt(number)
			}
			l.NextUpdate = l.ThisUpdate.Add(24 * time.Hour)
		}, revoked...)
	}
	for _, c := range []struct {
		name          string
		first, second []byte
		want          revocation.State // revoked: the second was taken
	}{
		{"newer", list(5, time.Hour), list(6, 0, bad), revocation.Revoked},
		{"same time, next number", list(5, 0), list(6, 0, bad), revocation.Revoked},
		{"same number, later", list(5, time.Hour), list(5, 0, bad), revocation.Revoked},
		{"earlier, higher number", list(5, 0), list(6, time.Hour, bad), good},
		{"later, lower number", list(5, time.Hour), list(4, 0, bad), good},
		{"same time, lower number", list(5, 0), list(4, 0, bad), good},
		{"lower number, when the first has run out", list(5, 30*time.Hour), list(4, 0, bad), revocation.Revoked},
		{"the older one, when the first has run out", list(5, 30*time.Hour), list(4, 31*time.Hour, bad), unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := w.open(t, nil)
			w.put(issuingList, page(c.first))
			_ = s.Refresh(t.Context()) // of a list that has run out an error
			w.put(issuingList, page(c.second))
			_ = s.Refresh(t.Context())
			w.expect(t, s, bad, c.want)
		})
	}
}

// TestConditional: a list that has not changed is not sent again; one that has
// run out is asked for in full.
func TestConditional(t *testing.T) {
	w := newWorld(t)
	var outcomes []revocation.Outcome
	s := w.open(t, func(c *revocation.Config) {
		c.CRLs = c.CRLs[1:]
		c.Observe = func(x revocation.Exchange) { outcomes = append(outcomes, x.Outcome) }
	})
	full := 0
	inner := page(w.list(t, w.Issuing, nil))
	w.put(issuingList, func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == "" {
			full++
		}
		inner(rw, r)
	})
	for range 3 {
		if err := s.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if full != 1 || fmt.Sprint(outcomes) != "[updated unchanged unchanged]" {
		t.Errorf("%d full answers, %v", full, outcomes)
	}
	w.pass(25 * time.Hour)
	if err := s.Refresh(t.Context()); err == nil || full != 2 {
		t.Errorf("a list that has run out was only confirmed: %v", err)
	}
	// Last-Modified does where there is no ETag.
	since := ""
	der := w.list(t, w.Issuing, nil)
	w.put(issuingList, func(rw http.ResponseWriter, r *http.Request) {
		if since = r.Header.Get("If-Modified-Since"); since != "" {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		rw.Header().Set("Last-Modified", "Wed, 25 Nov 2026 10:00:00 GMT")
		_, _ = rw.Write(der)
	})
	for range 2 {
		if err := s.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if since == "" {
		t.Error("If-Modified-Since was not sent")
	}
	// And where there is neither, the same bytes are no news.
	w.put(issuingList, func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(der) })
	outcomes = nil
	for range 2 {
		if err := s.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if fmt.Sprint(outcomes) != "[unchanged unchanged]" {
		t.Error(outcomes)
	}
}

func TestPEM(t *testing.T) {
	w := newWorld(t)
	der := w.list(t, w.Issuing, nil)
	w.put(issuingList, page(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})))
	w.expect(t, w.open(t, nil), w.Officer(t, signingtest.P256(t)).Cert, good)
}
