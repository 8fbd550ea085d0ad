package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestProbe: the exit code says what a health check needs to know.
func TestProbe(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/readyz":
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"keys":"unavailable"}`)
		case "/moved":
			http.Redirect(w, r, "/healthz", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "ok\n")
		}
	}))
	defer server.Close()
	for _, c := range []struct {
		name, url, stdout string
		code              int
	}{
		{"healthy", server.URL + "/healthz", "ok\n", exitOK},
		{"a part is down", server.URL + "/readyz", `{"keys":"unavailable"}`, exitNo},
		{"a redirect is no answer", server.URL + "/moved", "<a href=\"/healthz\">Found</a>.\n\n", exitNo},
		{"nobody there", "http://127.0.0.1:1/healthz", "", exitError},
		{"no address", "127.0.0.1", "", exitError},
	} {
		var stdout bytes.Buffer
		if code := run(t.Context(), env{stdout: &stdout, stderr: io.Discard}, []string{"probe", c.url}); code != c.code || stdout.String() != c.stdout {
			t.Errorf("%s: exit %d, %q, want %d, %q", c.name, code, stdout.String(), c.code, c.stdout)
		}
	}
}
