package signing_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"docsvc/internal/signing"
	"docsvc/internal/signing/authority"
	"docsvc/internal/signing/signingtest"
)

// tsa answers RFC 3161 requests over HTTP as another program would, and lies
// where edit makes it.
type tsa struct {
	entity *signingtest.Entity
	chain  []*x509.Certificate
	now    func() time.Time
	edit   func(*timestamp.Timestamp)
}

func (s *tsa) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	q, err := timestamp.ParseRequest(query)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	t := timestamp.Timestamp{
		HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Nonce: q.Nonce,
		Time: s.now().UTC().Truncate(time.Second), Accuracy: time.Second,
		Policy: asn1.ObjectIdentifier{2, 999, 1}, AddTSACertificate: true, Certificates: s.chain,
	}
	if s.edit != nil {
		s.edit(&t)
	}
	reply, err := t.CreateResponseWithOpts(s.entity.Cert, s.entity.Key, crypto.SHA256)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(reply)
}

func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func (s tsa) with(edit func(*timestamp.Timestamp)) *tsa {
	s.edit = edit
	return &s
}

func (s tsa) by(e *signingtest.Entity, chain ...*x509.Certificate) *tsa {
	s.entity, s.chain = e, chain
	return &s
}

func timestampers(t testing.TB, p *signingtest.PKI, edit func(*signing.TimestampConfig), urls ...string) *signing.Timestampers {
	t.Helper()
	c := signing.TimestampConfig{Roots: p.Roots(), Now: p.Now, Timeout: 400 * time.Millisecond}
	for _, u := range urls {
		c.Authorities = append(c.Authorities, signing.TimestampAuthority{URL: u})
	}
	if edit != nil {
		edit(&c)
	}
	ts, err := signing.NewTimestampers(c)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

// notCritical is a TSA certificate that other uses are open to.
func notCritical(until time.Time) *x509.Certificate {
	c := signingtest.TSATemplate(until)
	c.ExtraExtensions[0].Critical = false
	return c
}

// TestTimestampAuthorities: each bad authority is refused alone, and with a
// good one behind it the good one's token is had.
func TestTimestampAuthorities(t *testing.T) {
	p, stranger := signingtest.New(t, nil), signingtest.New(t, nil)
	good := tsa{entity: p.TSA, chain: p.Chain(), now: p.Now}
	second := serve(t, &good)
	digest := bytes.Repeat([]byte{7}, 32)
	late := p.Now().AddDate(5, 0, 0)
	status := func(code int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	}
	answer := func(b []byte) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b) })
	}
	for _, c := range []struct {
		name   string
		server http.Handler // nil: nobody listens
		reason string
	}{
		{"down", nil, "connection refused"},
		{"slow", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else the server does not see that the client has gone
			<-r.Context().Done()
		}), "deadline"},
		{"overloaded", status(http.StatusServiceUnavailable), "HTTP status 503"},
		{"HTML", answer([]byte("<html><body>Maintenance</body></html>")), "malformed"},
		{"huge", answer(make([]byte, 1<<20)), "too long"},
		{"gzip bomb", http.HandlerFunc(gzipBomb), ""},
		{"redirect to another host", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, strings.Replace(second, "127.0.0.1", "localhost", 1), http.StatusTemporaryRedirect)
		}), "another host"},
		{"wrong nonce", good.with(func(t *timestamp.Timestamp) { t.Nonce = big.NewInt(7) }), "nonce"},
		{"no nonce", good.with(func(t *timestamp.Timestamp) { t.Nonce = nil }), "nonce"},
		{"wrong imprint", good.with(func(t *timestamp.Timestamp) { t.HashedMessage = make([]byte, 32) }), "another digest"},
		{"wrong policy", good.with(func(t *timestamp.Timestamp) { t.Policy = asn1.ObjectIdentifier{2, 999, 2} }), "policy 2.999.2"},
		{"clock ahead", good.with(func(t *timestamp.Timestamp) { t.Time = t.Time.Add(10 * time.Minute) }), "clock"},
		{"clock behind", good.with(func(t *timestamp.Timestamp) { t.Time = t.Time.Add(-10 * time.Minute) }), "clock"},
		{"stranger", good.by(stranger.TSA, stranger.Issuing.Cert), "unknown authority"},
		{"not for time-stamping", good.by(p.Officer(t, signingtest.P256(t)), p.Issuing.Cert), "time-stamping only"},
		{"usage not critical", good.by(p.Issue(t, p.Issuing, signingtest.P256(t), notCritical(late)), p.Issuing.Cert), "time-stamping only"},
		{"expired", good.by(p.Issue(t, p.Issuing, signingtest.P256(t), signingtest.TSATemplate(p.Now().Add(-time.Minute))), p.Issuing.Cert), "expired"},
		{"without its CA's certificate", good.by(p.TSA), "unknown authority"},
		{"without any certificate", good.with(func(t *timestamp.Timestamp) { t.AddTSACertificate, t.Certificates = false, nil }), "certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := "http://127.0.0.1:1"
			if c.server != nil {
				url = serve(t, c.server)
			}
			accept := func(c *signing.TimestampConfig) { c.Policies = []string{"2.999.1", "1.3.6.1.4.1.99999.1"} }
			if _, err := timestampers(t, p, accept, url).Timestamp(t.Context(), digest, crypto.SHA256); err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("alone: %v, want %q", err, c.reason)
			}
			var asked []string
			ts := timestampers(t, p, func(c *signing.TimestampConfig) {
				accept(c)
				c.Observe = func(url string, _ time.Duration, _ error) { asked = append(asked, url) }
			}, url, second)
			if _, err := ts.Timestamp(t.Context(), digest, crypto.SHA256); err != nil || len(asked) != 2 {
				t.Errorf("with a second: %v, asked %v", err, asked)
			}
		})
	}
}

func gzipBomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	for range 64 {
		_, _ = z.Write(make([]byte, 1<<20))
	}
	_ = z.Close()
}

// TestTimestampOrder: a failed authority is asked last for a minute.
func TestTimestampOrder(t *testing.T) {
	now := time.Now()
	p := signingtest.New(t, func() time.Time { return now })
	var down bool
	good := &tsa{entity: p.TSA, chain: p.Chain(), now: p.Now}
	first := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		good.ServeHTTP(w, r)
	}))
	second := serve(t, good)
	var asked []string
	ts := timestampers(t, p, func(c *signing.TimestampConfig) {
		c.Observe = func(url string, _ time.Duration, _ error) { asked = append(asked, url) }
	}, first, second)
	for _, step := range []struct {
		name string
		down bool
		wait time.Duration
		want []string
	}{
		{"all is well", false, 0, []string{first}},
		{"the first goes down", true, 0, []string{first, second}},
		{"it rests", true, 30 * time.Second, []string{second}},
		{"and is tried again", true, 31 * time.Second, []string{first, second}},
		{"until it is back", false, time.Minute, []string{first}},
		{"and stays first", false, 0, []string{first}},
	} {
		down, asked = step.down, nil
		now = now.Add(step.wait)
		_, err := ts.Timestamp(t.Context(), make([]byte, 32), crypto.SHA256)
		if err != nil || strings.Join(asked, " ") != strings.Join(step.want, " ") {
			t.Errorf("%s: %v, asked %v, want %v", step.name, err, asked, step.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ts.Timestamp(ctx, make([]byte, 32), crypto.SHA256); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	asked = nil
	_, err := ts.Timestamp(t.Context(), make([]byte, 32), crypto.SHA256)
	if err != nil || len(asked) != 1 || asked[0] != first {
		t.Errorf("a caller that gave up counts against the authority: %v %v", err, asked)
	}
}

// TestTimestampTLS asks over https with an own CA, and with credentials.
func TestTimestampTLS(t *testing.T) {
	p := signingtest.New(t, nil)
	good := &tsa{entity: p.TSA, chain: p.Chain(), now: p.Now}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "docsvc" || password != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		good.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ca := file("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	user, password := file("user", "docsvc\n"), file("password", "s3cret\n")
	for _, c := range []struct {
		name, caFile string
		authority    signing.TimestampAuthority
		reason       string
	}{
		{"good", ca, signing.TimestampAuthority{URL: s.URL, UserFile: user, PasswordFile: password}, ""},
		{"without credentials", ca, signing.TimestampAuthority{URL: s.URL}, "401"},
		{"swapped credentials", ca, signing.TimestampAuthority{URL: s.URL, UserFile: password, PasswordFile: user}, "401"},
		{"the system's roots", "", signing.TimestampAuthority{URL: s.URL, UserFile: user, PasswordFile: password}, "certificate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ts := timestampers(t, p, func(tc *signing.TimestampConfig) {
				tc.CAFile, tc.Timeout, tc.Authorities = c.caFile, 5*time.Second, []signing.TimestampAuthority{c.authority}
			})
			_, err := ts.Timestamp(t.Context(), make([]byte, 32), crypto.SHA256)
			if (err == nil) != (c.reason == "") || err != nil && !strings.Contains(err.Error(), c.reason) {
				t.Errorf("%v, want %q", err, c.reason)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Error("the error tells the password")
			}
		})
	}
}

func TestTimestampConfig(t *testing.T) {
	p := signingtest.New(t, nil)
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	one := func(a signing.TimestampAuthority) func(*signing.TimestampConfig) {
		return func(c *signing.TimestampConfig) { c.Authorities = []signing.TimestampAuthority{a} }
	}
	for _, c := range []struct {
		name string
		edit func(*signing.TimestampConfig)
	}{
		{"no authority", func(c *signing.TimestampConfig) { c.Authorities = nil }},
		{"too many", func(c *signing.TimestampConfig) { c.Authorities = make([]signing.TimestampAuthority, 9) }},
		{"no roots", func(c *signing.TimestampConfig) { c.Roots = nil }},
		{"no clock", func(c *signing.TimestampConfig) { c.Now = nil }},
		{"policy in words", func(c *signing.TimestampConfig) { c.Policies = []string{"any"} }},
		{"policy beyond measure", func(c *signing.TimestampConfig) { c.Policies = []string{"1.3.99999999999999999999"} }},
		{"no CA file", func(c *signing.TimestampConfig) { c.CAFile = "none.pem" }},
		{"CA file without certificates", func(c *signing.TimestampConfig) { c.CAFile = empty }},
		{"no URL", one(signing.TimestampAuthority{})},
		{"another scheme", one(signing.TimestampAuthority{URL: "ftp://tsa.example.az"})},
		{"no host", one(signing.TimestampAuthority{URL: "https:///tsa"})},
		{"credentials in the URL", one(signing.TimestampAuthority{URL: "https://u:pw@tsa.example.az"})},
		{"credentials without TLS", one(signing.TimestampAuthority{URL: "http://tsa.example.az", UserFile: empty, PasswordFile: empty})},
		{"empty credentials", one(signing.TimestampAuthority{URL: "https://tsa.example.az", UserFile: empty, PasswordFile: empty})},
		{"user alone", one(signing.TimestampAuthority{URL: "https://tsa.example.az", UserFile: empty})},
		{"missing file", one(signing.TimestampAuthority{URL: "https://tsa.example.az", UserFile: "none", PasswordFile: "none2"})},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := signing.TimestampConfig{Roots: p.Roots(), Now: p.Now, Authorities: []signing.TimestampAuthority{{URL: "https://tsa.example.az"}}}
			if _, err := signing.NewTimestampers(conf); err != nil {
				t.Fatalf("before the edit: %v", err)
			}
			c.edit(&conf)
			if _, err := signing.NewTimestampers(conf); err == nil || strings.Contains(err.Error(), "pw") {
				t.Errorf("taken, or tells the password: %v", err)
			}
		})
	}
}

// TestTimestampFromAuthority signs with the evaluation authority's TSA over
// HTTP. Trust in signers and in time-stamps is kept apart.
func TestTimestampFromAuthority(t *testing.T) {
	p := signingtest.New(t, nil)
	cfg := authority.Config{Dir: filepath.Join(t.TempDir(), "a"), ApplianceKey: make([]byte, 32), BaseURL: "http://pki.test", Now: p.Now}
	if err := authority.Create(cfg); err != nil {
		t.Fatal(err)
	}
	a, err := authority.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, a.Handler())
	ts := timestampers(t, p, func(c *signing.TimestampConfig) { c.Roots = a.Roots() }, url+"/tsa")
	e := p.Officer(t, signingtest.P256(t))
	b := signedBy(t, p, e, signing.LevelBT, ts)
	v := verifier(p)
	v.TSARoots, v.Revocation = a.Roots(), both{p, a}
	want{signing.TotalPassed, "", signing.LevelBT}.check(t, verify(t, v, b))
	v.TSARoots = nil // then the signers' roots count
	indeterminate(signing.NoCertificateChain).check(t, verify(t, v, b))
	wrong := timestampers(t, p, nil, url+"/tsa")
	if _, err := wrong.Timestamp(t.Context(), make([]byte, 32), crypto.SHA256); err == nil {
		t.Error("a token of an authority that is not trusted for time")
	}

	r, err := signing.ReadClock(t.Context(), ts, p.Now)
	if err != nil || r.Skew != 0 || r.Authority == nil || r.Uncertainty > 3*time.Second {
		t.Errorf("%+v %v", r, err)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := ts.Timestamp(t.Context(), make([]byte, 32), crypto.SHA256); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}
