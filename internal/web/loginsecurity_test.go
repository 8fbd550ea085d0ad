package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"docsvc/internal/verify/verifytest"
	"docsvc/internal/web"
)

// TestLoginCSRF: a login that was begun in one browser cannot be finished in
// another, where it would put a person into somebody else's account; and it
// cannot be finished twice, or late.
func TestLoginCSRF(t *testing.T) {
	o := newLogin(t, verifytest.Origin)
	attacker, victim := o.visitor(), o.visitor()
	victim.toProvider("/login") // has a cookie of its own
	for name, c := range map[string]struct {
		finish func(back string) *httptest.ResponseRecorder
	}{
		"another browser": {func(back string) *httptest.ResponseRecorder { return victim.get(back) }},
		"no cookie":       {func(back string) *httptest.ResponseRecorder { return o.visitor().get(back) }},
		"late": {func(back string) *httptest.ResponseRecorder {
			o.Advance(10 * time.Minute)
			defer o.Advance(-10 * time.Minute)
			return attacker.get(back)
		}},
		"twice": {func(back string) *httptest.ResponseRecorder {
			if w := attacker.get(back); w.Code != http.StatusSeeOther {
				t.Errorf("once: %d", w.Code)
			}
			return attacker.get(back)
		}},
		"another state": {func(back string) *httptest.ResponseRecorder {
			u, _ := url.Parse(back)
			q := u.Query()
			q.Set("state", strings.Repeat("A", 43))
			return attacker.get(u.Path + "?" + q.Encode())
		}},
	} {
		back := attacker.atProvider(attacker.toProvider("/login"), "a.aliyev")
		w := c.finish(back)
		if w.Code != http.StatusConflict || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if name == "another browser" { // who tries has used it up
			if w := attacker.get(back); w.Code != http.StatusConflict {
				t.Errorf("after another browser tried: %d", w.Code)
			}
		}
	}
	if _, in := victim.cookies[sessionCookie]; in {
		t.Error("the victim is logged in")
	}
	for name, query := range map[string]string{
		"nothing": "", "no code": "state=" + strings.Repeat("A", 43), "long": "state=" + strings.Repeat("A", 9000),
		"two states": "state=a&state=b&code=c", "markup": "error=%3Cscript%3E&state=" + strings.Repeat("A", 43),
	} {
		w := attacker.get("/login/callback?" + query)
		if w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), "<script>") {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	nothingTold(t, o, attacker, victim)
}

// TestOpenRedirect: whatever return_to says, the login ends on this site.
func TestOpenRedirect(t *testing.T) {
	o := newLogin(t, verifytest.Origin)
	for given, want := range map[string]string{
		"/office/accounts":             "/office/accounts",
		"":                             "/office",
		"/":                            "/office",
		"https://evil.example/":        "/office",
		"//evil.example/":              "/office",
		`/\evil.example`:               "/office",
		"/office\r\nSet-Cookie: a=b":   "/office",
		"javascript:alert(1)":          "/office",
		"/../../evil":                  "/office",
		"/%2f%2fevil.example":          "/office",
		"/" + strings.Repeat("a", 600): "/office",
	} {
		w := o.visitor().logIn("/login?return_to="+url.QueryEscape(given), "a.aliyev")
		if to := location(t, w).String(); to != want {
			t.Errorf("%q leads to %q", given, to)
		}
	}
}

// TestOtherSitesMayNotAct: another site's form or script does nothing in the
// name of who is logged in.
func TestOtherSitesMayNotAct(t *testing.T) {
	o := newOffice(t)
	c := o.newCase("nigar", "110")
	act := o.waiting("nigar", c)
	v := o.as("nigar")
	before := o.dump()
	form, text := url.Values{"acts": {act.Number}, "reason": {"x"}}, `{"reason":"x"}`
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		{"Sec-Fetch-Site", "same-site", "Origin", "https://other.example.az"},
		{"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
		for _, path := range []string{"/office/sign", "/office/acts/" + act.Number + "/void", "/logout", "/logout/everywhere", "/office/register"} {
			if w := v.post(path, form, headers...); w.Code != http.StatusForbidden {
				t.Errorf("%s with %v: %d", path, headers, w.Code)
			}
		}
		if w := v.postJSON("/api/v1/acts/"+act.Number+"/void", text, headers...); w.Code != http.StatusForbidden ||
			w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("API with %v: %d %v", headers, w.Code, w.Header())
		}
	}
	if o.dump() != before {
		t.Error("something was done")
	}
	if w := v.get("/office"); w.Code != 200 {
		t.Errorf("the session is over: %d", w.Code)
	}
	// A form that a page of another site may send without asking first.
	if w := v.postJSON("/api/v1/acts/"+act.Number+"/void", text, "Content-Type", "text/plain"); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("text/plain: %d", w.Code)
	}
	for name, value := range v.get("/office").Header() {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s: %s", name, value)
		}
	}
}

// TestLoginLimits: an address may begin so many logins a minute, and a person
// send so many forms.
func TestLoginLimits(t *testing.T) {
	o := newOffice(t)
	v := o.as("nigar")
	for path, ask := range map[string]func() *httptest.ResponseRecorder{
		"login":    func() *httptest.ResponseRecorder { return o.visitor().get("/login/callback?x") },
		"form":     func() *httptest.ResponseRecorder { return v.post("/office/sign", nil) },
		"API form": func() *httptest.ResponseRecorder { return v.postJSON("/api/v1/authorisations", "{}") },
	} {
		o.Advance(time.Minute)
		n := 0
		for ; n < 1000; n++ {
			if w := ask(); w.Code == http.StatusTooManyRequests {
				if w.Header().Get("Retry-After") == "" {
					t.Errorf("%s: %v", path, w.Header())
				}
				break
			}
		}
		if n < 100 || n > 300 {
			t.Errorf("%s: %d are let through", path, n)
		}
	}
	counted := &keys{}
	counting := newOffice(t, func(options *web.Options) { options.Limiter = counted })
	for path, want := range map[string]string{"/login": "login 192.0.2.1", "/login/callback": "login 192.0.2.1"} {
		counted.last = ""
		counting.visitor().get(path)
		if counted.last != want {
			t.Errorf("%s counts as %q", path, counted.last)
		}
	}
}
