package web_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/password"
	"docsvc/internal/verify/verifytest"
	"docsvc/internal/web"
)

// cheap keeps the tests quick.
var cheap = password.Cost{Memory: 64, Time: 1, Threads: 1}

// typed are what the people of a local office type.
func typedPassword(login string) string {
	return "yeddi qırmızı alma " + strings.ToUpper(login) + "7"
}
func typedPassphrase(login string) string { return "açarın parolu: " + login }

// newLocal makes the site of the embedded set: without a provider, with keys that
// passphrases open.
func newLocal(t testing.TB, origin string, change ...func(*web.Options)) *office {
	t.Helper()
	var o *office
	o = makeOffice(t, origin, nil, append([]func(*web.Options){func(options *web.Options) {
		service := options.Office.Service
		options.Office.Provider, options.Office.Unlock = nil, nil
		options.Office.Local = auth.NewLocal(service, cheap, service.Now)
		options.Office.Local.Secrets = fixedSecrets{}
		options.Office.OpenKey = func(ctx context.Context, actor document.Actor, a document.Account, passphrase []byte) (document.KeyHolder, error) {
			var holder document.KeyHolder
			err := service.Attempt(ctx, actor, a.Login, func() (err error) {
				if string(passphrase) != typedPassphrase(a.Login) {
					return fmt.Errorf("%w: key file", document.ErrCredential)
				}
				holder, err = o.keys[a.Login].unlock()
				return err
			})
			return holder, err
		}
	}}, change...)...)
	for _, login := range []string{"nigar", "vuqar"} {
		if err := o.options.Office.Local.SetPassword(t.Context(), operator, login, []byte(typedPassword(login))); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// logInHere fills the form of a login.
func (v *visitor) logInHere(login, password string, query ...string) *httptest.ResponseRecorder {
	form := url.Values{"login": {login}, "password": {password}}
	for i := 0; i < len(query); i += 2 {
		form.Set(query[i], query[i+1])
	}
	return v.post("/login?lang=en", form)
}

func TestLocalLogin(t *testing.T) {
	o := newLocal(t, verifytest.Origin)
	v := o.visitor()
	to := location(t, v.get("/office/register?lang=en")).String()
	page := v.get(to)
	checkPage(t, page.Body.String(), "en", "Log in")
	for _, want := range []string{`autocomplete="username"`, `autocomplete="current-password"`, `value="/office/register?lang=en"`} {
		if !strings.Contains(page.Body.String(), want) {
			t.Errorf("the form lacks %s: %s", want, page.Body)
		}
	}
	v.cookies[sessionCookie] = &http.Cookie{Name: sessionCookie, Value: strings.Repeat("A", 43)} // planted
	w := v.logInHere(" Nigar", typedPassword("nigar"), "return_to", "/office/register?lang=en")
	if to := location(t, w).String(); to != "/office/register?lang=en" {
		t.Errorf("after the login: %s", to)
	}
	if id := v.cookies[sessionCookie].Value; id == strings.Repeat("A", 43) || len(id) != 43 {
		t.Errorf("session %q", id)
	}
	if w := v.get("/office/register?lang=en"); w.Code != 200 || !strings.Contains(w.Body.String(), "Məmurzadə Nigar Sınaq qızı") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	checkCookies(t, v, 1)
	if events := o.audited(audit.LoginDone, audit.LoginRefused); len(events) != 1 || events[0].Subject != "nigar" ||
		!strings.Contains(string(events[0].Detail), `"level":"password"`) {
		t.Errorf("audited: %+v", events)
	}
	// A password of decomposed letters is the same one.
	if w := o.visitor().logInHere("vuqar", strings.ReplaceAll(typedPassword("vuqar"), "ı", "ı")); w.Code != http.StatusSeeOther {
		t.Errorf("%d", w.Code)
	}
	o.change("nigar", func(a *document.Account) { a.Disabled = true })
	if w := v.get("/office"); w.Code != http.StatusForbidden {
		t.Errorf("a disabled account goes on: %d", w.Code)
	}
	nothingTold(t, o, v)
	if strings.Contains(o.log.String(), "qırmızı") {
		t.Error("a password is in the log")
	}
}

// TestLocalLoginRefused: whoever is refused gets one answer, whether there is an
// account or not, and learns of a closed account only with its password.
func TestLocalLoginRefused(t *testing.T) {
	o := newLocal(t, verifytest.Origin)
	o.enrol("aysel", "", "110") // has no password
	o.change("vuqar", func(a *document.Account) { a.Disabled = true })
	for _, lang := range i18n.Languages() {
		var pages []string
		for _, c := range []struct{ login, password string }{
			{"nigar", "yeddi qırmızı alma"}, {"nobody", typedPassword("nigar")}, {"aysel", ""}, {"aysel", "nobody's"},
			{"vuqar", "x"}, {"' OR 1=1 --", "x"}, {"nigar\x00", typedPassword("nigar")}, {"nigar", "\xff"}, {"", ""},
		} {
			o.Advance(time.Hour)
			w := o.visitor().post("/login?lang="+lang, url.Values{"login": {c.login}, "password": {c.password}})
			checkPage(t, w.Body.String(), lang, i18n.Text(lang, "login.title", nil))
			if w.Code != http.StatusForbidden || len(w.Result().Cookies()) > 0 || !strings.Contains(w.Body.String(), html.EscapeString(i18n.Text(lang, "error.login.wrong", nil))) {
				t.Errorf("%q: %d %s", c.login, w.Code, w.Body)
			}
			pages = append(pages, regexp.MustCompile(`name="login" value="[^"]*"`).ReplaceAllString(w.Body.String(), ""))
		}
		for i, page := range pages {
			if page != pages[0] {
				t.Errorf("answer %d differs from the first: %s\n%s", i, page, pages[0])
			}
		}
		o.Advance(time.Hour)
		w := o.visitor().post("/login?lang="+lang, url.Values{"login": {"vuqar"}, "password": {typedPassword("vuqar")}})
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), i18n.Text(lang, "error.login.disabled", map[string]string{"login": "vuqar"})) {
			t.Errorf("%s, a closed account: %d %s", lang, w.Code, w.Body)
		}
	}
	for _, e := range o.audited(audit.LoginRefused) {
		if e.Subject != "nigar" && e.Subject != "vuqar" && e.Subject != "aysel" && e.Subject != "unknown" {
			t.Errorf("the trail has %q, which somebody typed", e.Subject)
		}
	}
	for name, body := range map[string]string{
		"no form": "{}", "a bad escape": "login=%zz&password=x", "a cut escape": "login=%4", "long": "login=nigar&password=" + strings.Repeat("a", 20<<10),
	} {
		r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader(body))
		if name != "no form" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if w := o.visitor().do(r); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

// TestLocalLoginSlowed: after failures the right password has to wait too, at
// every process, for a login that there is not as for one that there is.
func TestLocalLoginSlowed(t *testing.T) {
	o := newLocal(t, verifytest.Origin)
	before := len(o.audited(audit.LoginRefused))
	for _, login := range []string{"nigar", "nobody"} {
		for range 2 {
			o.visitor().logInHere(login, "wrong")
		}
		other := o.visitor()
		other.handler = other.another().handler
		w := other.logInHere(login, typedPassword(login))
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "Try again in") {
			t.Errorf("%s: %d %s", login, w.Code, w.Body)
		}
	}
	if n := len(o.audited(audit.LoginRefused)) - before; n != 4 {
		t.Errorf("%d refusals in the trail, want 4: who has to wait was not tested", n)
	}
	o.Advance(2 * time.Second)
	if w := o.visitor().logInHere("nigar", typedPassword("nigar")); w.Code != http.StatusSeeOther {
		t.Errorf("after the delay: %d %s", w.Code, w.Body)
	}
}

// TestLocalLoginLeavesOnlyWithin: after the login nobody is sent elsewhere.
func TestLocalLoginLeavesOnlyWithin(t *testing.T) {
	o := newLocal(t, verifytest.Origin)
	for _, back := range []string{"https://evil.example/", "//evil.example", "/\\evil", "javascript:alert(1)", "", "/office/%2e%2e"} {
		if to := location(t, o.visitor().logInHere("nigar", typedPassword("nigar"), "return_to", back)).String(); to != "/office?lang=en" {
			t.Errorf("%q leads to %s", back, to)
		}
	}
	if w := o.visitor().get("/login/callback?state=x&code=y"); w.Code != http.StatusNotFound {
		t.Errorf("there is a callback: %d", w.Code)
	}
	w := o.visitor().post("/login", url.Values{"login": {"nigar"}, "password": {typedPassword("nigar")}}, "Sec-Fetch-Site", "cross-site")
	if w.Code != http.StatusForbidden || len(w.Result().Cookies()) > 0 {
		t.Errorf("logged in by a form of another site: %d", w.Code)
	}
}

// TestPasswords: what an operator sets is checked, hashes of another cost are made
// anew at a login, and people of other offices are not theirs.
func TestPasswords(t *testing.T) {
	o := newLocal(t, verifytest.Origin)
	local := o.options.Office.Local
	for typed, key := range map[string]string{
		"qısa": "error.password.short", "nigar nigar 2026": "error.password.common", "": "error.password.unusable",
		"bir iki üç\ndörd beş": "error.password.unusable",
	} {
		err := local.SetPassword(t.Context(), operator, "nigar", []byte(typed))
		if err == nil || !strings.Contains(err.Error(), key) || typed != "" && strings.Contains(err.Error(), typed) {
			t.Errorf("%q: %v", typed, err)
		}
	}
	stranger := document.Actor{Login: "boss", Grants: []document.Grant{{Role: document.RoleOperator, Office: "999"}}}
	if err := local.SetPassword(t.Context(), stranger, "nigar", []byte("on iki qara pişik yatır")); document.KindOf(err) != document.Forbidden {
		t.Errorf("an operator of another office: %v", err)
	}
	hash := func() []byte {
		factors, err := o.Service.Factors(t.Context(), "nigar")
		if err != nil || len(factors) != 1 {
			t.Fatal(factors, err)
		}
		return factors[0].Secret
	}
	old := hash()
	dearer := auth.NewLocal(o.Service, password.Cost{Memory: 128, Time: 1, Threads: 1}, o.Now)
	if _, err := dearer.Password(t.Context(), "nigar", []byte(typedPassword("nigar"))); err != nil {
		t.Fatal(err)
	}
	if now := hash(); bytes.Equal(now, old) || !bytes.HasPrefix(now, []byte("$argon2id$v=19$m=128,t=1,p=1$")) {
		t.Errorf("%s, before %s", now, old)
	}
	if _, err := dearer.Password(t.Context(), "nigar", []byte(typedPassword("nigar"))); err != nil {
		t.Errorf("with the new hash: %v", err)
	}
}
