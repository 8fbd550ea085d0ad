package web_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/i18n"
	"docsvc/internal/verify/verifytest"
)

// wants looks for texts in a page.
func wants(t testing.TB, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	body := html.UnescapeString(w.Body.String())
	for _, text := range texts {
		if w.Code != status || !strings.Contains(body, text) {
			t.Errorf("%d without %q: %s", w.Code, text, body)
		}
	}
}

var sessionField = regexp.MustCompile(`name="session" value="([0-9a-f]{64})"`)

// TestMe: a person sees who they are, where they are logged in and what was tried
// with their login, and nothing of others.
func TestMe(t *testing.T) {
	o := newLocal(t, verifytest.Origin)
	o.visitor().logInHere("nigar", "yeddi qırmızı alma")
	v, elsewhere, other := o.visitor(), o.visitor(), o.visitor()
	location(t, elsewhere.logInHere("nigar", typedPassword("nigar")))
	location(t, other.logInHere("vuqar", typedPassword("vuqar")))
	o.Advance(5 * time.Minute)
	location(t, v.logInHere("nigar", typedPassword("nigar")))
	w := v.get("/office/me?lang=en")
	checkPage(t, w.Body.String(), "en", "My account")
	wants(t, w, 200, "Məmurzadə Nigar Sınaq qızı", i18n.Text("en", "role.officer", nil)+" (110)", "this one", i18n.Text("en", "error.login.wrong", nil), "you were let in", `href="/office/me?lang=en"`)
	ids := sessionField.FindAllStringSubmatch(w.Body.String(), -1)
	if len(ids) != 2 {
		t.Fatalf("%d sessions: %s", len(ids), w.Body)
	}
	for _, v := range []*visitor{v, elsewhere} { // their cookies are nowhere
		if strings.Contains(w.Body.String(), v.cookies[sessionCookie].Value) {
			t.Error("the page has a cookie in it")
		}
	}
	// The ids of one's own sessions do nothing for others.
	location(t, other.post("/office/me/sessions", url.Values{"session": {ids[0][1]}}))
	if w := v.get("/office/me"); w.Code != 200 {
		t.Errorf("ended by another: %d", w.Code)
	}
	// The newest comes first.
	if to := location(t, v.post("/office/me/sessions?lang=en", url.Values{"session": {ids[1][1]}})).String(); to != "/office/me?done=session&lang=en" {
		t.Errorf("to %s", to)
	}
	if w := elsewhere.get("/office/me"); w.Code != http.StatusForbidden {
		t.Errorf("its session is over: %d", w.Code)
	}
	location(t, elsewhere.logInHere("nigar", typedPassword("nigar")))
	location(t, v.post("/office/me/sessions", url.Values{"session": {"others"}}))
	if w := elsewhere.get("/office/me"); w.Code != http.StatusForbidden {
		t.Errorf("its session is over: %d", w.Code)
	}
	wants(t, v.get("/office/me?lang=en&done=session"), 200, "The session has ended.")
	if to := location(t, v.post("/office/me/sessions", url.Values{"session": {ids[0][1]}})).Path; to != "/logout" {
		t.Errorf("one's own session ends at %s", to)
	}
	if w := other.get("/office/me"); w.Code != 200 {
		t.Errorf("another's session: %d", w.Code)
	}
	if w := o.visitor().get("/office/me"); w.Code != http.StatusSeeOther {
		t.Errorf("a stranger: %d", w.Code)
	}
	nothingTold(t, o, v, elsewhere, other)
}

// TestMeCertificate: whoever soon cannot sign is told.
func TestMeCertificate(t *testing.T) {
	o := newLocal(t, verifytest.Origin)
	v := o.as("nigar")
	warning := i18n.Text("en", "me.certificate.ending", nil)
	if w := v.get("/office/me?lang=en"); strings.Contains(w.Body.String(), warning) {
		t.Error("warned of a new certificate")
	}
	for range 60 {
		o.Advance(30 * 24 * time.Hour)
		w := o.as("nigar").get("/office/me?lang=en")
		if strings.Contains(w.Body.String(), warning) {
			return
		}
	}
	t.Error("never warned")
}

// TestChangePassword: it asks for the present one, takes a good one typed twice,
// and ends the other sessions.
func TestChangePassword(t *testing.T) {
	o := newLocal(t, verifytest.Origin)
	v, elsewhere := o.visitor(), o.visitor()
	location(t, v.logInHere("nigar", typedPassword("nigar")))
	location(t, elsewhere.logInHere("nigar", typedPassword("nigar")))
	const better = "on iki qara pişik yatır"
	change := func(present, new, again string) *httptest.ResponseRecorder {
		o.Advance(time.Minute)
		return v.post("/office/me/password?lang=en", url.Values{"password": {present}, "new": {new}, "again": {again}})
	}
	before := len(o.audited(audit.FactorSet))
	for name, c := range map[string]struct {
		present, new, again string
		status              int
		key                 string
	}{
		"wrong":     {"yeddi", better, better, http.StatusForbidden, "error.password.wrong"},
		"empty":     {"", better, better, http.StatusForbidden, "error.password.wrong"},
		"differs":   {typedPassword("nigar"), better, better + "!", http.StatusUnprocessableEntity, "error.password.differs"},
		"short":     {typedPassword("nigar"), "qısa", "qısa", http.StatusUnprocessableEntity, "error.password.short"},
		"guessable": {typedPassword("nigar"), "nigarnigar2026!!", "nigarnigar2026!!", http.StatusUnprocessableEntity, "error.password.common"},
	} {
		w := change(c.present, c.new, c.again)
		checkPage(t, w.Body.String(), "en", "My account")
		wants(t, w, c.status, i18n.Text("en", c.key, map[string]string{"min": "12"}))
		if c.present != "" && strings.Contains(html.UnescapeString(w.Body.String()), c.present) || strings.Contains(w.Body.String(), better) {
			t.Errorf("%s: the page has a password in it", name)
		}
	}
	if n := len(o.audited(audit.FactorSet)); n != before {
		t.Error("something was changed")
	}
	if n := len(o.audited(audit.LoginRefused)); n != 2 {
		t.Errorf("%d refusals in the trail", n)
	}
	if to := location(t, change(typedPassword("nigar"), better, better)).String(); to != "/office/me?done=password&lang=en" {
		t.Errorf("to %s", to)
	}
	wants(t, v.get("/office/me?lang=en&done=password"), 200, "Your password was changed")
	if w := elsewhere.get("/office"); w.Code != http.StatusForbidden {
		t.Errorf("the other session goes on: %d", w.Code)
	}
	if w := o.visitor().logInHere("nigar", typedPassword("nigar")); w.Code != http.StatusForbidden {
		t.Errorf("the old password: %d", w.Code)
	}
	location(t, o.visitor().logInHere("nigar", better))
	for range 2 {
		v.post("/office/me/password", url.Values{"password": {"x"}})
	}
	wants(t, v.post("/office/me/password?lang=en", url.Values{"password": {better}}), http.StatusForbidden, "Try again in")
	if strings.Contains(o.log.String(), "qırmızı") || strings.Contains(o.log.String(), "pişik") {
		t.Error("a password is in the log")
	}
}

// TestMeAtTheProvider: who logs in elsewhere has no password here to change.
func TestMeAtTheProvider(t *testing.T) {
	o := newOffice(t)
	v := o.as("nigar")
	w := v.get("/office/me?lang=en")
	wants(t, w, 200, "My account", "this one", "login provider")
	if strings.Contains(w.Body.String(), "password") {
		t.Errorf("a password is asked for: %s", w.Body)
	}
	if w := v.post("/office/me/password", url.Values{"password": {"x"}}); w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
}
