package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/verify/verifytest"
)

// choose begins to sign acts and returns the address of the batch.
func (v *visitor) choose(acts ...document.Act) string {
	v.o.t.Helper()
	form := url.Values{}
	for _, a := range acts {
		form.Add("acts", a.Number)
	}
	to := location(v.o.t, v.post("/office/sign", form)).String()
	if !strings.HasPrefix(to, "/office/authorisations/") {
		v.o.t.Fatalf("the form leads to %s", to)
	}
	return to
}

func loginFor(batch string) string {
	return "/login?authorisation=" + strings.TrimPrefix(batch, "/office/authorisations/")
}

// result is a batch as the API tells it.
type result struct {
	State    string
	LoginURL string `json:"login_url"`
	Acts     []struct {
		Number, State, Outcome string
		Reason                 *struct{ Key, Detail string }
	}
}

func (v *visitor) result(batch string) result {
	v.o.t.Helper()
	w := v.get("/api/v1" + strings.TrimPrefix(batch, "/office"))
	var r result
	if err := json.Unmarshal(w.Body.Bytes(), &r); w.Code != 200 || err != nil {
		v.o.t.Fatal(w.Code, w.Body, err)
	}
	return r
}

func (r result) outcomes() string {
	words := make([]string, len(r.Acts))
	for i, a := range r.Acts {
		words[i] = a.Outcome
		if a.Reason != nil {
			words[i] += "(" + a.Reason.Key + ")"
		}
	}
	return strings.Join(words, " ")
}

// signOffice has three acts waiting for nigar, who is logged in.
func signOffice(t *testing.T) (*office, *visitor, []document.Act) {
	t.Helper()
	o := newLogin(t, verifytest.Origin)
	c := o.newCase("nigar", "110")
	acts := []document.Act{o.waiting("nigar", c), o.waiting("nigar", c), o.waiting("nigar", c)}
	v := o.visitor()
	v.logIn("/login", "a.aliyev")
	return o, v, acts
}

func TestSign(t *testing.T) {
	o, v, acts := signOffice(t)
	list := v.get("/office?lang=en").Body.String()
	for _, a := range acts {
		if !strings.Contains(list, `value="`+a.Number+`"`) || !strings.Contains(list, "/office/acts/"+a.Number+"/file") {
			t.Errorf("%s is not in the list", a.Number)
		}
	}
	for _, want := range []string{"3 acts wait", "Nümunəli Anar Sınaq oğlu", "6\u00a0180,45 manat"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q: %s", want, list)
		}
	}
	batch := v.choose(acts[0], acts[2])
	confirm := v.get(batch + "?lang=en").Body.String()
	checkPage(t, confirm, "en", "You are about to sign 2 acts")
	if strings.Contains(confirm, acts[1].Number) || !strings.Contains(confirm, loginFor(batch)) {
		t.Errorf("the page before: %s", confirm)
	}
	if r := v.result(batch); r.outcomes() != "waits waits" || r.LoginURL != verifytest.Origin+loginFor(batch) {
		t.Errorf("%+v", r)
	}
	address := v.toProvider(loginFor(batch) + "&lang=en")
	if asked, err := url.Parse(address); err != nil || asked.Query().Get("prompt") != "login" || asked.Query().Get("max_age") != "0" ||
		!strings.Contains(confirm, asked.Query().Get("nonce")) {
		t.Errorf("the provider is asked for %s", address)
	}
	w := v.get(v.atProvider(address, "a.aliyev"))
	if to := location(t, w).String(); to != batch+"?lang=en" {
		t.Errorf("afterwards to %s", to)
	}
	done := v.get(batch + "?lang=en").Body.String()
	checkPage(t, done, "en", "2 acts are signed")
	if strings.Contains(done, "http-equiv") {
		t.Error("it looks again and again")
	}
	if r := v.result(batch); r.outcomes() != "archived archived" || r.State != "used" || r.LoginURL != "" {
		t.Errorf("%+v", r)
	}
	if calls, n := o.keys["nigar"].counts(); calls != 1 || n != 2 {
		t.Errorf("the key was called %d times for %d digests", calls, n)
	}
	for i, want := range []document.State{document.Archived, document.Prepared, document.Archived} {
		if got := o.act(acts[i].Number).State; got != want {
			t.Errorf("%s is %s", acts[i].Number, got)
		}
	}
	// Another process says the same.
	if got := v.another().result(batch).outcomes(); got != "archived archived" {
		t.Errorf("another process: %s", got)
	}
	nothingTold(t, o, v)
}

// TestSignTwice: double clicks, the way back and two tabs do nothing twice, and
// a sentence says what happened.
func TestSignTwice(t *testing.T) {
	o, v, acts := signOffice(t)
	first, second := v.choose(acts[0]), v.choose(acts[0]) // two tabs
	address := v.atProvider(v.toProvider(loginFor(first)), "a.aliyev")
	other := v.atProvider(v.toProvider(loginFor(second)), "a.aliyev")
	location(t, v.get(address))
	if w := v.get(address); w.Code != http.StatusConflict { // reloaded
		t.Errorf("the callback again: %d", w.Code)
	}
	if w := v.get(loginFor(first)); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), i18n.Text("az", "error.batch.used", nil)) {
		t.Errorf("the way back to the login: %d %s", w.Code, w.Body)
	}
	w := v.get(other)
	if got := v.result(second).outcomes(); w.Code != http.StatusSeeOther || got != "waits" && got != "failed(error.act.not_waiting)" {
		t.Errorf("the other tab: %d, %s", w.Code, got)
	}
	w = v.post("/office/sign", url.Values{"acts": {acts[0].Number}}) // the list of before
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "imza gözləmir") {
		t.Errorf("an act that is signed: %d %s", w.Code, w.Body)
	}
	if calls, _ := o.keys["nigar"].counts(); calls != 1 {
		t.Errorf("the key was called %d times", calls)
	}
	if w := v.post("/office/sign", nil); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("nothing chosen: %d", w.Code)
	}
	if w := v.post("/office/sign", url.Values{"acts": {acts[1].Number, acts[1].Number, "EI0000-001"}}); w.Code != 200 ||
		!strings.Contains(w.Body.String(), "EI0000-001") || !strings.Contains(w.Body.String(), "/office/authorisations/") {
		t.Errorf("one of two: %d %s", w.Code, w.Body)
	}
}

// TestSignByAnother: a batch is signed by the person who began it, in the
// session in which they began, and by nobody else.
func TestSignByAnother(t *testing.T) {
	o, v, acts := signOffice(t)
	mallory := o.visitor()
	mallory.logIn("/login", "g.agayeva")
	batch := v.choose(acts[0])
	for _, path := range []string{batch, loginFor(batch), "/api/v1" + strings.TrimPrefix(batch, "/office")} {
		if w := mallory.get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s for another officer: %d", path, w.Code)
		}
	}
	for name, c := range map[string]struct {
		finish func(address string) *httptest.ResponseRecorder
		status int
		key    string
	}{
		"another person logs in": {func(a string) *httptest.ResponseRecorder { return v.get(v.atProvider(a, "g.agayeva")) },
			http.StatusForbidden, "error.batch.other_person"},
		"with a weak login": {func(a string) *httptest.ResponseRecorder { return v.get(v.atProvider(a, "a.aliyev.weak")) },
			http.StatusForbidden, "error.login.weak"},
		"in another's browser": {func(a string) *httptest.ResponseRecorder { return mallory.get(v.atProvider(a, "a.aliyev")) },
			http.StatusConflict, "error.login.state"},
		"in another's session": {func(a string) *httptest.ResponseRecorder {
			thief := o.as("vuqar")
			thief.cookies[loginCookie] = v.cookies[loginCookie]
			return thief.get(v.atProvider(a, "a.aliyev"))
		}, http.StatusForbidden, "error.batch.session"},
		"without a session": {func(a string) *httptest.ResponseRecorder {
			out := o.visitor()
			out.cookies[loginCookie] = v.cookies[loginCookie]
			return out.get(v.atProvider(a, "a.aliyev"))
		}, http.StatusForbidden, "error.batch.session"},
	} {
		w := c.finish(v.toProvider(loginFor(batch)))
		want := i18n.Text("az", c.key, map[string]string{"login": "nigar"})
		if w.Code != c.status || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if calls, _ := o.keys["nigar"].counts(); calls != 0 || o.act(acts[0].Number).State != document.Prepared {
			t.Fatalf("%s: signed", name)
		}
	}
	if events := o.audited(audit.LoginRefused); len(events) != 1 || !strings.Contains(string(events[0].Detail), "other_person") {
		t.Errorf("audited %+v", events)
	}
	// And the officer can still sign it.
	location(t, v.logIn(loginFor(batch), "a.aliyev"))
	if got := v.result(batch).outcomes(); got != "archived" {
		t.Errorf("%s", got)
	}
}

// TestSignLate: an authentication that comes too late signs nothing.
func TestSignLate(t *testing.T) {
	o, v, acts := signOffice(t)
	batch := v.choose(acts[0])
	address := v.atProvider(v.toProvider(loginFor(batch)), "a.aliyev")
	o.Advance(6 * time.Minute)
	if w := v.get(address); w.Code != http.StatusConflict {
		t.Errorf("%d", w.Code)
	}
	if w := v.get(loginFor(batch)); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), i18n.Text("az", "error.batch.expired", nil)) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	checkPage(t, v.get(batch+"?lang=en").Body.String(), "en", i18n.Text("en", "sign.expired.title", nil))
	if got := v.result(batch); got.outcomes() != "waits" || got.LoginURL != "" {
		t.Errorf("%+v", got)
	}
}

// TestSignFails: what became of each act is told, by the process that signed
// with the reason, and by every other from the register.
func TestSignFails(t *testing.T) {
	for name, c := range map[string]struct {
		arrange     func(o *office, k *key)
		status      int
		here, there string
	}{
		"key stays locked": {func(_ *office, k *key) { k.locked = errors.New("vault is sealed") }, http.StatusServiceUnavailable,
			"failed(error.key.locked)", "failed(error.batch.unsigned)"},
		"answer lost": {func(_ *office, k *key) { k.lost = errors.New("connection reset") }, http.StatusSeeOther,
			"failed(error.key.failed)", "failed(error.key.failed)"},
		"key not used": {func(_ *office, k *key) { k.lost = fmt.Errorf("%w: no token", document.ErrKeyRefused) }, http.StatusSeeOther,
			"failed(error.key.failed)", "failed(error.key.failed)"},
		"archive down": {func(o *office, _ *key) { o.Archive.SetDown(true) }, http.StatusSeeOther,
			"signed(error.archive.unavailable)", "signed(error.archive.unavailable)"},
	} {
		o, v, acts := signOffice(t)
		batch := v.choose(acts[0])
		address := v.atProvider(v.toProvider(loginFor(batch)), "a.aliyev")
		o.keys["nigar"].fail(func(k *key) { c.arrange(o, k) })
		if w := v.get(address); w.Code != c.status || w.Code == http.StatusServiceUnavailable && !strings.Contains(w.Body.String(), "açılmadı") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if got := v.result(batch).outcomes(); got != c.here {
			t.Errorf("%s: %s", name, got)
		}
		o.Advance(2 * time.Minute)
		if got := v.another().result(batch).outcomes(); got != c.there {
			t.Errorf("%s, another process: %s", name, got)
		}
		for _, lang := range i18n.Languages() {
			w := v.get(batch + "?lang=" + lang)
			if w.Code != 200 || untold.MatchString(w.Body.String()) {
				t.Errorf("%s in %s: %d %s", name, lang, w.Code, w.Body)
			}
		}
		nothingTold(t, o, v)
	}
}

// TestSignSlowly: while the key works there is a page that looks again by
// itself, without a script and at any process, and the work does not hang on
// the browser.
func TestSignSlowly(t *testing.T) {
	o, v, acts := signOffice(t)
	k := o.keys["nigar"]
	slow := make(chan struct{})
	k.fail(func(k *key) { k.slow = slow })
	batch := v.choose(acts...)
	w := v.logIn(loginFor(batch), "a.aliyev") // returns although the key has not answered
	if to := location(t, w).String(); to != batch {
		t.Fatalf("to %s", to)
	}
	for name, at := range map[string]*visitor{"here": v, "another process": v.another()} {
		page := at.get(batch + "?lang=en").Body.String()
		checkPage(t, page, "en", i18n.Text("en", "sign.working.title", nil))
		if !strings.Contains(page, `<meta http-equiv="refresh" content="1">`) || !strings.Contains(page, `<progress id="done" value="0" max="3">`) || !strings.Contains(page, "3 acts are still") {
			t.Errorf("%s: %s", name, page)
		}
	}
	close(slow)
	for range 200 {
		if v.result(batch).outcomes() == "archived archived archived" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	checkPage(t, v.get(batch+"?lang=en").Body.String(), "en", "3 acts are signed")
	if calls, n := k.counts(); calls != 1 || n != 3 {
		t.Errorf("%d calls, %d digests", calls, n)
	}
}
