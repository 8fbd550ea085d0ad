package auth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"docsvc/internal/auth"
)

var localPaths = []string{
	"/", "/officer", "/officer/", "/act/EI2611000000001T-003", "/officer/batch?done=1&lang=ru", "/v/1234-5678-9ABC-DEF8", "/a.b/c_d~e",
	"/search?q=%C6%8Fliyev+S%C9%99m%C9%99d", "/x?", "/x?next=https:,y", "/...", "/.well-known",
	"/" + strings.Repeat("a", auth.MaxReturnTo-1),
}

var otherPlaces = []string{
	"", "officer", "https://evil.example", "https://evil.example/", "HTTPS:evil.example", "//evil.example", "//evil.example/x", "///evil.example",
	"/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/%09/evil.example",
	"/%2f/evil.example", "/%2e%2e//evil.example", "/./evil", "/../evil", "/.//evil.example", "/x/..//evil.example", "/x//evil.example", "/x/../../y",
	"/..", "/.", "/x/.", "/x/..", "//", "/x//", "javascript:alert(1)", "data:text/html,x", "/javascript:alert(1)", "//evil.example@icra.example.az", "/@evil.example",
	"/x#y", "/x?y#z", "/x?y=<script>", "/x?y=\"", "/x?y='", "/x?y=z\r\nSet-Cookie:a=b", "/x\x00", "/Ə", "/x y", "/x?url=//evil.example", "/x;y",
	"/" + strings.Repeat("a", auth.MaxReturnTo), "/x?" + strings.Repeat("a", auth.MaxReturnTo), "?x", "#x", "/\u2028", "/\uff0fevil.example", "/{x}", "/x?y?z",
}

// TestReturnTo: where a browser may be sent after a login.
func TestReturnTo(t *testing.T) {
	now := start
	s, _ := beginner(&now)
	for want, list := range map[bool][]string{true: localPaths, false: otherPlaces} {
		for _, p := range list {
			if auth.IsLocalPath(p) != want {
				t.Errorf("%q: %v", p, !want)
			}
			begin := plainLogin
			begin.ReturnTo = p
			a, _, err := s.Begin(t.Context(), begin)
			if err != nil || want != (a.ReturnTo == p) && p != "/" || !want && a.ReturnTo != "/" {
				t.Errorf("%q: goes to %q, %v", p, a.ReturnTo, err)
			}
		}
	}
}

// FuzzReturnTo: whatever is taken for a path of this site leads there, for the
// redirect of net/http and for a browser, as far as net/url is one.
func FuzzReturnTo(f *testing.F) {
	for _, p := range append(localPaths, otherPlaces...) {
		f.Add(p)
	}
	base, err := url.Parse("https://icra.example.az/login/callback")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if !auth.IsLocalPath(p) {
			return
		}
		if len(p) > auth.MaxReturnTo || p[0] != '/' || strings.ContainsAny(p, "\\\"'<>#\r\n\t\x00 ") || strings.Contains(p, "//") {
			t.Errorf("%q is taken", p)
		}
		w := httptest.NewRecorder()
		http.Redirect(w, httptest.NewRequest(http.MethodGet, base.Path, nil), p, http.StatusSeeOther)
		for _, location := range []string{p, w.Header().Get("Location")} {
			u, err := base.Parse(location)
			if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil || u.EscapedPath() != strings.SplitN(p, "?", 2)[0] {
				t.Errorf("%q leads to %v, %v", p, u, err)
			}
		}
	})
}
