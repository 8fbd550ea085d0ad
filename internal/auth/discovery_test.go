package auth_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

// TestDown: a provider that is down at the start comes back by itself, and is
// asked less and less often while it is away.
func TestDown(t *testing.T) {
	f := newFakeProvider(t)
	f.setDown(true)
	p := f.provider()
	a, err := auth.NewAttempt(plainLogin, f.clock(), nil)
	if err != nil {
		t.Fatal(err)
	}
	const discovery = "/.well-known/openid-configuration"
	for range 120 { // two minutes, asked every second
		_, err := p.AuthURL(t.Context(), a)
		wantKey(t, "down", err, document.Unavailable, "error.login.unreachable")
		wantKey(t, "down", p.Ready(t.Context()), document.Unavailable, "error.login.unreachable")
		f.pass(time.Second)
	}
	// After 0, 1, 3, 7, 15, 31, 61, 91 seconds.
	if n := f.count(discovery); n != 8 {
		t.Errorf("asked %d times in two minutes", n)
	}
	f.setDown(false)
	f.pass(30 * time.Second)
	if _, err := f.login(p, plainLogin); err != nil {
		t.Errorf("back again: %v", err)
	}
	if err := p.Ready(t.Context()); err != nil {
		t.Errorf("back again: %v", err)
	}
	before := f.count(discovery)
	for range 14 {
		if err := p.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		f.pass(time.Second)
	}
	if n := f.count(discovery) - before; n != 0 {
		t.Errorf("asked %d times in 14 seconds", n)
	}
	// What is known is used while it is away, but it is not ready.
	f.setDown(true)
	f.pass(2 * time.Hour)
	wantKey(t, "away", p.Ready(t.Context()), document.Unavailable, "error.login.unreachable")
	b, address := f.begin(p, plainLogin)
	code, _ := f.authorize(address)
	_, err = p.Exchange(t.Context(), b, code)
	wantKey(t, "away", err, document.Unavailable, "error.login.unreachable")
}

// TestCancelledDiscovery: who goes away while the provider is asked does not
// make it seem down for the others.
func TestCancelledDiscovery(t *testing.T) {
	f := newFakeProvider(t)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	f.metadata = func(map[string]any) {
		cancel()
		<-gone // no answer before
	}
	p := f.provider()
	err := p.Ready(ctx)
	f.metadata = nil
	close(gone)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("who went away: %v", err)
	}
	if err := p.Ready(t.Context()); err != nil {
		t.Errorf("after one who went away: %v", err)
	}
}

func TestConcurrentDiscovery(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := p.Ready(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := f.count("/.well-known/openid-configuration"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestHostileDiscovery(t *testing.T) {
	stranger := httptest.NewServer(http.NotFoundHandler())
	defer stranger.Close()
	for name, change := range map[string]func(map[string]any){
		"other issuer":            set("issuer", "https://evil.example"),
		"issuer with a slash":     func(m map[string]any) { m["issuer"] = m["issuer"].(string) + "/" },
		"no issuer":               without("issuer"),
		"plain token endpoint":    set("token_endpoint", stranger.URL+"/token"),
		"plain key endpoint":      set("jwks_uri", "http://127.0.0.1/keys"),
		"plain authorization":     set("authorization_endpoint", "http://login.example/authorize"),
		"no token endpoint":       without("token_endpoint"),
		"no key endpoint":         without("jwks_uri"),
		"script for the browser":  set("authorization_endpoint", "javascript:alert(1)//"),
		"relative authorization":  set("authorization_endpoint", "/authorize"),
		"name and password in it": set("token_endpoint", "https://a:b@login.example/token"),
		"fragment":                set("authorization_endpoint", "https://login.example/#x"),
		"only weak signatures":    set("id_token_signing_alg_values_supported", []string{"none", "HS256"}),
		"only plain PKCE":         set("code_challenge_methods_supported", []string{"plain"}),
		"of another type":         set("token_endpoint", 7),
		"two megabytes":           set("x", strings.Repeat("x", 2<<20)),
	} {
		f := newFakeProvider(t)
		f.metadata = change
		err := f.provider().Ready(t.Context())
		wantKey(t, name, err, document.Unavailable, "error.login.unreachable")
		if err != nil && len(err.Error()) > 600 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// TestStrangers: servers that are not the provider.
func TestStrangers(t *testing.T) {
	f := newFakeProvider(t)
	hang := make(chan struct{})
	defer close(hang)
	for name, handler := range map[string]http.HandlerFunc{
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, f.server.URL+r.URL.Path, http.StatusFound)
		},
		"not found":  http.NotFound,
		"HTML":       func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>log in here</html>")) },
		"endless":    endless,
		"cut":        cutOff,
		"no answer":  func(_ http.ResponseWriter, r *http.Request) { wait(r, hang) },
		"header 1MB": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) },
	} {
		server := httptest.NewServer(handler)
		p, err := auth.New(auth.Config{Issuer: server.URL, ClientID: clientID}, f.clock)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		wantKey(t, name, p.Ready(ctx), document.Unavailable, "error.login.unreachable")
		cancel()
		server.Close()
	}
	// Other authorities, and an address where nobody listens.
	p := f.provider(func(c *auth.Config) { c.CAFile = "" })
	wantKey(t, "unknown authority", p.Ready(t.Context()), document.Unavailable, "error.login.unreachable")
	p = f.provider(func(c *auth.Config) { c.CAFile = otherAuthority(t) })
	wantKey(t, "another authority", p.Ready(t.Context()), document.Unavailable, "error.login.unreachable")
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	p = f.provider(func(c *auth.Config) { c.Issuer = closed.URL })
	wantKey(t, "nobody listens", p.Ready(t.Context()), document.Unavailable, "error.login.unreachable")
}

// otherAuthority is a file with a certificate that vouches for nobody here.
func otherAuthority(t *testing.T) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, keys().p256.Public(), keys().p256)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "other.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for {
		if _, err := w.Write([]byte(strings.Repeat(" ", 4096))); err != nil {
			return
		}
	}
}

func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte("{"))
}

func wait(r *http.Request, hang chan struct{}) {
	select {
	case <-r.Context().Done():
	case <-hang:
	}
}

func TestBadCAFile(t *testing.T) {
	f := newFakeProvider(t)
	c := f.config()
	file := filepath.Join(t.TempDir(), "ca.pem")
	for name, content := range map[string]string{"empty": "", "no certificate": "hello", "missing": "-", "endless": strings.Repeat("x", 2<<20)} {
		c.CAFile = file
		if content == "-" {
			c.CAFile += ".missing"
		} else if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := auth.New(c, f.clock); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
