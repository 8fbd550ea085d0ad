package web_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"docsvc/internal/web"
)

// FuzzGet asks for any path with any headers: an answer with the policy, never
// an error of ours, and nothing of the path in the log.
func FuzzGet(f *testing.F) {
	for _, seed := range []string{
		"/", "/v", "/v/" + unknownCode, "/v/" + mistypedCode, "/v/%3Cscript%3E", "/v/\u202e", "/v/%ff", "/v//", "/v/a/act", "/log/tile/0/000.p/1",
		"/log/tile/entries/x999/999", "/static/..%2f", "/v/keys?lang=ru", "/?lang=%00", "//x", "/readyz",
	} {
		f.Add(seed, "text/html", "az,ru;q=0.5")
		f.Add(seed, "application/json;q=1e9", ";;")
	}
	s := newSite(f, func(o *web.Options) { o.Limiter = &keys{} })
	f.Fuzz(func(t *testing.T, path, accept, language string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" || !strings.HasPrefix(path, "/") {
			return
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL = u
		r.Header.Set("Accept", accept)
		r.Header.Set("Accept-Language", language)
		w := s.do(r)
		if w.Code >= 500 {
			t.Errorf("%d", w.Code)
		}
		if w.Code/100 != 3 && w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%d without policy", w.Code)
		}
		if place := w.Header().Get("Location"); strings.HasPrefix(place, "//") || strings.Contains(place, "://") {
			t.Errorf("sends away to %q", place)
		}
	})
}

// FuzzUpload sends any body as a form with a file.
func FuzzUpload(f *testing.F) {
	s := newSite(f, func(o *web.Options) { o.Limiter, o.TempDir = &keys{}, f.TempDir() })
	const head = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
	for _, seed := range []string{"", "--x--", head + "hello\r\n--x--", head, strings.Repeat(head, 20), head + "%PDF-1.7\n%%EOF\r\n--x--"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", "/v/file", strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		if w := s.do(r); w.Code != 200 && w.Code != 422 {
			t.Errorf("%d", w.Code)
		}
	})
}

// FuzzEnter types anything into the field for the code.
func FuzzEnter(f *testing.F) {
	for _, seed := range []string{"", unknownCode, "//evil.example", "https://elektron-icra.example.az/v/" + unknownCode + "#123", "a/../..", ".", "..", "\xff\x00", "%2f%2f"} {
		f.Add(seed)
	}
	s := newSite(f, func(o *web.Options) { o.Limiter = &keys{} })
	f.Fuzz(func(t *testing.T, typed string) {
		w := s.post("/v", url.Values{"code": {typed}})
		if place := w.Header().Get("Location"); w.Code != 422 && (w.Code != 303 || !strings.HasPrefix(place, "/v/") || strings.Contains(place, "..%2F")) {
			t.Errorf("%d to %q", w.Code, place)
		}
	})
}

// FuzzSecretForm: a form with a secret is read as net/url reads it, or refused.
func FuzzSecretForm(f *testing.F) {
	for _, seed := range []string{"", "a=b", "a=b&a=c", "passphrase=a%C9%99+%2B", "=", "&&", "a", "a=%", "a=%4", "%zz=1", "a=b;c", "x=%00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		want, wantErr := url.ParseQuery(body)
		got, err := web.ParseSecretForm([]byte(body))
		if err != nil {
			if wantErr == nil {
				t.Fatalf("%q is refused: %v", body, err)
			}
			return
		}
		if wantErr != nil {
			return // net/url does not like semicolons
		}
		for name, value := range got {
			if value := string(value); name == "" && value == "" {
				continue
			} else if want.Get(name) != value {
				t.Errorf("%q: %q is %q, want %q", body, name, value, want.Get(name))
			}
		}
	})
}
