package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/testservers"
	"docsvc/internal/verify/verifytest"
)

const (
	sessionCookie = "__Host-docsvc"
	loginCookie   = "__Host-docsvc-login"
)

// location is where an answer sends the browser.
func location(t testing.TB, w *httptest.ResponseRecorder) *url.URL {
	t.Helper()
	u, err := w.Result().Location()
	if w.Code != http.StatusSeeOther || err != nil {
		t.Fatalf("%d leads nowhere: %s", w.Code, w.Body)
	}
	return u
}

// toProvider begins a login and returns the provider's address.
func (v *visitor) toProvider(path string) string {
	v.o.t.Helper()
	u := location(v.o.t, v.get(path))
	if v.o.provider == nil || !strings.HasPrefix(u.String(), v.o.provider.Issuer) {
		v.o.t.Fatalf("%s leads to %s", path, u)
	}
	return u.String()
}

// atProvider fills the provider's form and returns the address that it sends
// the browser to, not opened yet.
func (v *visitor) atProvider(address, login string) string {
	v.o.t.Helper()
	back, err := v.o.provider.Login(v.o.t.Context(), address, login, v.o.provider.Password(login))
	if err != nil {
		v.o.t.Fatal(err)
	}
	origin := v.o.options.Origin
	if !strings.HasPrefix(back, origin+"/login/callback?") {
		v.o.t.Fatalf("the provider sends to %s", back)
	}
	return strings.TrimPrefix(back, origin)
}

// logIn goes the whole way with a login at the provider.
func (v *visitor) logIn(path, login string) *httptest.ResponseRecorder {
	v.o.t.Helper()
	return v.get(v.atProvider(v.toProvider(path), login))
}

// audited lists the kinds and subjects of the audit trail, in order.
func (o *office) audited(kinds ...audit.Kind) []audit.Event {
	o.t.Helper()
	var rows []document.AuditRow
	err := o.Register.View(o.t.Context(), func(tx document.Tx) (err error) {
		rows, err = tx.UnchainedAudit(o.t.Context(), 10_000)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	var list []audit.Event
	for _, row := range rows {
		e, err := audit.Decode(row.Data)
		if err != nil {
			o.t.Fatal(err)
		}
		if slices.Contains(kinds, e.Kind) {
			list = append(list, e)
		}
	}
	return list
}

func TestLogin(t *testing.T) {
	o := newLogin(t, verifytest.Origin)
	v := o.visitor()
	first := v.get("/office/register?lang=en")
	if to := location(t, first).String(); to != "/login?return_to=%2Foffice%2Fregister%3Flang%3Den&lang=en" {
		t.Fatalf("without a session: %s", to)
	}
	v.cookies[sessionCookie] = &http.Cookie{Name: sessionCookie, Value: strings.Repeat("A", 43)} // planted
	w := v.logIn(location(t, first).String(), "a.aliyev")
	if to := location(t, w).String(); to != "/office/register?lang=en" {
		t.Errorf("after the login: %s", to)
	}
	id := v.cookies[sessionCookie].Value
	if id == strings.Repeat("A", 43) || len(id) != 43 {
		t.Errorf("session %q", id)
	}
	page := v.get("/office/register?lang=en")
	if page.Code != 200 || !strings.Contains(page.Body.String(), "Məmurzadə Nigar Sınaq qızı") {
		t.Errorf("%d %s", page.Code, page.Body)
	}
	checkCookies(t, v, 2)
	events := o.audited(audit.LoginDone, audit.LoginRefused)
	if len(events) != 1 || events[0].Kind != audit.LoginDone || events[0].Subject != "nigar" || !strings.Contains(string(events[0].Detail), `"level":"high"`) {
		t.Errorf("audited: %+v", events)
	}

	// Again in the same browser: another session, and the old one is over.
	v.logIn("/login", "a.aliyev")
	if again := v.cookies[sessionCookie].Value; again == id {
		t.Error("the session survives a login")
	}
	old := o.visitor()
	old.cookies[sessionCookie] = &http.Cookie{Name: sessionCookie, Value: id}
	if w := old.get("/office"); w.Code != http.StatusForbidden {
		t.Errorf("the session before: %d", w.Code)
	}
	nothingTold(t, o, v)
}

// checkCookies holds every cookie that was set to its flags.
func checkCookies(t *testing.T, v *visitor, least int) {
	t.Helper()
	lines := 0
	for _, w := range v.seen {
		for _, line := range w.Header().Values("Set-Cookie") {
			lines++
			want := `^__Host-docsvc=[A-Za-z0-9_-]{43}; Path=/; HttpOnly; Secure; SameSite=Lax$`
			if strings.HasPrefix(line, loginCookie) {
				want = `^__Host-docsvc-login=[A-Za-z0-9_-]{43}; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax$`
			}
			if !regexp.MustCompile(want).MatchString(line) {
				t.Errorf("cookie %s", regexp.MustCompile(`=[A-Za-z0-9_-]{43};`).ReplaceAllString(line, "=…;"))
			}
		}
	}
	if lines < least {
		t.Errorf("%d cookies", lines)
	}
}

// nothingTold: no page, no header but the cookies and the redirects to the
// provider, and no log holds a secret of a login.
func nothingTold(t *testing.T, o *office, visitors ...*visitor) {
	t.Helper()
	log := o.log.String()
	for _, v := range visitors {
		var secrets []string
		for _, c := range v.cookies {
			secrets = append(secrets, c.Value)
		}
		for _, w := range v.seen {
			if u, err := w.Result().Location(); err == nil {
				secrets = append(secrets, u.Query().Get("state"), u.Query().Get("code"), u.Query().Get("code_challenge"))
			}
			if w.Header().Get("Referrer-Policy") != "no-referrer" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", w.Header())
			}
		}
		for _, secret := range secrets {
			if len(secret) < 20 {
				continue
			}
			if strings.Contains(log, secret) {
				t.Errorf("the log holds the secret %s…", secret[:6])
			}
			for _, w := range v.seen {
				if strings.Contains(w.Body.String(), secret) && w.Code != http.StatusSeeOther {
					t.Errorf("a page holds the secret %s…", secret[:6])
				}
			}
		}
	}
	if strings.Contains(log, "5VBK5VR") || strings.Contains(log, "1XYZ9ZZ") || strings.Contains(log, "eyJ") {
		t.Error("the log holds a subject or a token")
	}
}

// TestLoginRefused: who has no account, or one that is closed, and who did not
// log in well enough, are told so, in their language.
func TestLoginRefused(t *testing.T) {
	o := newLogin(t, verifytest.Origin)
	o.change("vuqar", func(a *document.Account) { a.Disabled = true })
	for _, c := range []struct{ login, key, audited string }{
		{"stranger", "error.login.unknown", "unknown"},
		{"g.agayeva", "error.login.disabled", "vuqar"},
		{"a.aliyev.weak", "error.login.weak", ""},
	} {
		for _, lang := range i18n.Languages() {
			v := o.visitor()
			before := len(o.audited(audit.LoginRefused))
			w := v.logIn("/login?return_to=/office?lang="+lang, c.login)
			want := i18n.Text(lang, c.key, map[string]string{"login": "vuqar"})
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s in %s: %d %s", c.login, lang, w.Code, w.Body)
			}
			checkPage(t, w.Body.String(), lang, i18n.Text(lang, "error.page.refused.title", nil))
			if _, in := v.cookies[sessionCookie]; in {
				t.Errorf("%s is in", c.login)
			}
			events := o.audited(audit.LoginRefused)
			if c.audited == "" && len(events) != before || c.audited != "" && (len(events) != before+1 || events[before].Subject != c.audited) {
				t.Errorf("%s: audited %+v", c.login, events)
			}
			nothingTold(t, o, v)
		}
	}
	if strings.Contains(o.dump("audit_event"), "1XYZ9ZZ") {
		t.Error("the trail holds the name of a stranger")
	}
}

// TestSessions: a session ends when it was idle, after its life, by logging
// out, and when the account is closed.
func TestSessions(t *testing.T) {
	o := newOffice(t)
	for name, c := range map[string]struct {
		end   func(sessions ...*visitor)
		words string
	}{
		"idle":    {func(...*visitor) { o.Advance(15 * time.Minute) }, "error.login.idle"},
		"expired": {func(all ...*visitor) { o.keepBusy(12*time.Hour, all...) }, "error.login.session"},
		"ended elsewhere": {func(...*visitor) {
			if w := o.as("nigar").post("/logout/everywhere", nil); location(t, w).String() != "/logout" {
				t.Errorf("%d", w.Code)
			}
		}, "error.login.session"},
		"another person": {func(...*visitor) {
			o.change("nigar", func(a *document.Account) { a.Subject = "0NEW0NE" })
		}, "error.login.session"},
	} {
		api, v := o.as("nigar"), o.as("nigar")
		if w := v.get("/office"); w.Code != 200 {
			t.Fatalf("%s: %d", name, w.Code)
		}
		c.end(api, v)
		if w := api.get("/api/v1/me"); w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" ||
			w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: API %d %v", name, w.Code, w.Header())
		}
		w := v.post("/office/sign", url.Values{"acts": {"x"}})
		for _, key := range []string{c.words, "office.locked.nothing"} {
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), i18n.Text("az", key, nil)) {
				t.Errorf("%s: %d without %s: %s", name, w.Code, key, w.Body)
			}
		}
		checkPage(t, w.Body.String(), "az", i18n.Text("az", "office.locked.title", nil))
		if _, left := v.cookies[sessionCookie]; left {
			t.Errorf("%s: the cookie stays", name)
		}
		o.change("nigar", func(a *document.Account) { a.Subject = "5VBK5VR" })
	}
	v := o.as("vuqar")
	o.change("vuqar", func(a *document.Account) { a.Disabled = true })
	if w := v.get("/office"); w.Code != http.StatusForbidden {
		t.Errorf("a closed account: %d", w.Code)
	}
}

// keepBusy uses sessions for so long.
func (o *office) keepBusy(d time.Duration, all ...*visitor) {
	for range int(d / (10 * time.Minute)) {
		o.Advance(10 * time.Minute)
		for _, v := range all {
			v.get("/office")
		}
	}
}

func TestLogout(t *testing.T) {
	o := newOffice(t)
	v, elsewhere := o.as("nigar"), o.as("nigar")
	id := v.cookies[sessionCookie].Value
	if w := v.get("/logout?lang=en"); w.Code != 200 || !strings.Contains(w.Body.String(), `<form method="post" action="/logout?lang=en"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := v.get("/office"); w.Code != 200 {
		t.Errorf("reading the page of logging out logs out: %d", w.Code)
	}
	if to := location(t, v.post("/logout", nil)).String(); to != "/logout" {
		t.Errorf("to %s", to)
	}
	w := v.get("/logout?lang=en")
	checkPage(t, w.Body.String(), "en", i18n.Text("en", "office.loggedout.title", nil))
	v.cookies[sessionCookie] = &http.Cookie{Name: sessionCookie, Value: id}
	if w := v.get("/office"); w.Code != http.StatusForbidden {
		t.Errorf("the old cookie: %d", w.Code)
	}
	if w := elsewhere.get("/office"); w.Code != 200 {
		t.Errorf("the other device: %d", w.Code)
	}
	if w := o.visitor().post("/logout", nil); w.Code != http.StatusSeeOther {
		t.Errorf("who is not in: %d", w.Code)
	}
}

// TestProviderDown: nobody is let in, and a sentence says why.
func TestProviderDown(t *testing.T) {
	o := newLogin(t, verifytest.Origin)
	v := o.visitor()
	address := v.toProvider("/login")
	back := v.atProvider(address, "a.aliyev")
	o.provider.Stop()
	w := v.get(back, "Accept-Language", "en")
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "does not answer now") || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	checkPage(t, w.Body.String(), "en", i18n.Text("en", "error.page.unavailable.title", nil))
	down := makeOffice(t, verifytest.Origin, &testservers.OIDCServer{OIDC: o.provider.OIDC, ClientID: "docsvc"})
	if w := down.visitor().get("/login", "Accept-Language", "en"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	nothingTold(t, o, v)
}

// TestNoOffice: without an office there is no way in.
func TestNoOffice(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/login", "/office", "/logout", "/login/callback"} {
		if w := s.get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	w := s.get("/api/v1/me")
	var p map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 404 || p["key"] != "error.page.missing.text" || p["kind"] != "not_found" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
