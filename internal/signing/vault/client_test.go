package vault

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestConfigRefuses(t *testing.T) {
	for name, c := range map[string]Config{
		"no address":          {},
		"no scheme":           {Address: "vault:8200"},
		"http over a network": {Address: "http://vault.example.az:8200"},
		"http at an address":  {Address: "http://10.0.0.1:8200"},
		"another scheme":      {Address: "ftp://vault.example.az"},
		"a password":          {Address: "https://a:secret@vault.example.az"},
		"a path":              {Address: "https://vault.example.az/v1"},
		"a query":             {Address: "https://vault.example.az?a=b"},
		"mount with a dot":    {Address: "https://vault", TransitMount: "../sys"},
		"mount with a slash":  {Address: "https://vault", PKIMount: "/pki"},
		"odd role":            {Address: "https://vault", OfficerRole: "a b"},
		"odd PKI role":        {Address: "https://vault", PKIRole: "a?b"},
		"negative timeout":    {Address: "https://vault", Timeout: -1},
		"no CA file":          {Address: "https://vault", CAFile: "/nonexistent"},
		"CA file without any": {Address: "https://vault", CAFile: "doc.go"},
	} {
		if _, err := New(c); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, address := range []string{"https://vault.example.az:8200", "https://vault/", "http://127.0.0.1:8200", "http://[::1]:8200", "http://localhost:8200"} {
		if _, err := New(Config{Address: address, TransitMount: "secret/transit-2"}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestEnvironmentIsNotAsked: an operator's shell does not change what docsvc
// sends.
func TestEnvironmentIsNotAsked(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Clone() }))
	defer server.Close()
	for name, value := range map[string]string{
		"VAULT_TOKEN": "s.root", "VAULT_ADDR": "http://127.0.0.1:1", "VAULT_NAMESPACE": "other", "VAULT_HEADERS": `{"X-Other":"1"}`,
		"VAULT_AGENT_ADDR": "http://127.0.0.1:1", "VAULT_HTTP_PROXY": "http://127.0.0.1:1", "VAULT_PROXY_ADDR": "http://127.0.0.1:1",
		"HTTP_PROXY": "http://127.0.0.1:1", "VAULT_WRAP_TTL": "60", "VAULT_MAX_RETRIES": "5", "VAULT_SKIP_VERIFY": "1",
	} {
		t.Setenv(name, value)
	}
	c := newClient(t, Config{Address: server.URL})
	if _, err := c.call(t.Context(), request{op: "x", write: true, path: "auth/jwt/login"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"X-Vault-Token", "X-Vault-Namespace", "X-Other", "X-Vault-Wrap-Ttl"} {
		if got.Get(name) != "" {
			t.Errorf("%s: %s", name, got.Get(name))
		}
	}
	c = newClient(t, Config{Address: server.URL, Namespace: "icra"})
	if _, err := c.call(t.Context(), request{op: "x", write: true, path: "a", token: "mine"}); err != nil {
		t.Fatal(err)
	}
	if got.Get("X-Vault-Token") != "mine" || got.Get("X-Vault-Namespace") != "icra" || got.Get("X-Vault-Request") != "true" {
		t.Errorf("%v", got)
	}
}

// TestHostileServer: what a server, or whoever stands in its place, can do to
// us.
func TestHostileServer(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	const token = "s.SECRETSECRETSECRET"
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"redirect to another host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, ErrUnavailable},
		"moved for ever": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusMovedPermanently)
		}, ErrUnavailable},
		"endless answer": {func(w http.ResponseWriter, _ *http.Request) {
			for r := strings.Repeat("a", 1<<16); ; {
				if _, err := io.WriteString(w, r); err != nil {
					return
				}
			}
		}, errTooLong},
		"announced too long": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "99999999") }, errTooLong},
		"endless error": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			for r := strings.Repeat("a", 1<<16); ; {
				if _, err := io.WriteString(w, r); err != nil {
					return
				}
			}
		}, errTooLong},
		"slow": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else a server does not notice that the client has gone
			<-r.Context().Done()
		}, ErrUnavailable},
		"error with the token": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(403)
			_, _ = io.WriteString(w, `{"errors":["token `+token+`\u001b[31m`+strings.Repeat("x", 1000)+`"]}`)
		}, ErrDenied},
		"nested deeply": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"data":`+strings.Repeat(`{"a":`, 20_000))
		}, ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			client := newClient(t, Config{Address: server.URL, Timeout: 2 * time.Second})
			start := time.Now()
			_, err := client.call(t.Context(), request{op: "sign", write: true, path: "transit/sign/x", token: token})
			if !errors.Is(err, c.want) {
				t.Fatalf("%v", err)
			}
			if text := err.Error(); strings.Contains(text, token) || strings.Contains(text, "\x1b") || len(text) > maxMessage+100 {
				t.Errorf("%d bytes: %s", len(text), text)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	if elsewhere.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	c := newClient(t, Config{Address: server.URL})
	_, err := c.call(t.Context(), request{op: "sign", write: true, path: "transit/sign/x", token: "a"})
	var call *CallError
	if !errors.As(err, &call) || !call.NotDone() || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown certificate: %v", err)
	}
}
