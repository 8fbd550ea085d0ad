package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"docsvc/internal/document"
	"docsvc/internal/signing"
)

// served is the office at an address that a browser can open. It is another
// site than the provider's, as it will be: localhost and 127.0.0.1.
func served(t *testing.T) *office {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	origin := strings.Replace("http://"+server.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	o := newLogin(t, origin)
	server.Config.Handler = o.handler
	server.Start()
	t.Cleanup(server.Close)
	return o
}

// logIn fills the provider's form.
func (b *browser) logIn(o *office, login string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible("#password"))
	if at := b.text(`location.origin`); at != o.provider.Issuer {
		b.t.Fatalf("the form is at %s", at)
	}
	b.do(chromedp.SendKeys("#login", login), chromedp.SendKeys("#password", o.provider.Password(login)), chromedp.Click("button"))
}

// title waits for a page by its headline.
func (b *browser) title(want string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible("h1"))
	if title := b.text(`document.querySelector('h1').textContent`); title != want {
		b.t.Fatalf("the page is %q, not %q: %s", title, want, b.text(`document.querySelector('main').innerText`))
	}
}

// TestOfficerInTheBrowser is an officer's way: log in, choose two of three
// acts, authenticate afresh, see that both are in the archive, log out.
func TestOfficerInTheBrowser(t *testing.T) {
	o := served(t)
	c := o.newCase("nigar", "110")
	acts := []document.Act{o.waiting("nigar", c), o.waiting("nigar", c), o.waiting("nigar", c)}
	b := openBrowser(t)
	console := b.console()

	b.do(chromedp.Navigate(o.options.Origin + "/office?lang=en"))
	b.logIn(o, "a.aliyev")
	b.do(chromedp.WaitVisible(".acts"))
	b.title("Acts that wait for your signature")
	b.picture("office")
	if tab := b.text(`document.querySelector('.acts a[target]').href`); !strings.HasSuffix(tab, acts[0].Number+"/file") {
		t.Errorf("the file is at %s", tab)
	}
	b.do(chromedp.Click(".pick-all"))
	if n := b.text(`String(document.querySelectorAll('input[name=acts]:checked').length)`); n != "3" {
		t.Errorf("choose all chooses %s", n)
	}
	b.do(chromedp.Click(".pick-all"))
	for _, act := range acts[1:] {
		b.do(chromedp.Click("#act-" + act.Number))
	}
	b.do(chromedp.Click(".actions button[type=submit]"), chromedp.WaitVisible("a[href*=authorisation]"))
	b.title("You are about to sign 2 acts")
	b.picture("sign-confirm")
	b.do(chromedp.Click("a.button[href*='login?authorisation']"))
	b.logIn(o, "a.aliyev") // asked again, although the provider knows the person
	b.do(chromedp.WaitVisible(".banner.good"))
	b.title("2 acts are signed")
	b.picture("sign-done")
	for i, want := range []document.State{document.Prepared, document.Archived, document.Archived} {
		if got := o.act(acts[i].Number).State; got != want {
			t.Errorf("%s is %s", acts[i].Number, got)
		}
	}
	if bar := b.text(`location.search + document.referrer`); bar != "?lang=en" {
		t.Errorf("the address tells %q", bar)
	}
	if cookies := b.text(`document.cookie`); cookies != "" {
		t.Error("scripts can read a cookie")
	}
	b.do(chromedp.Click("main p a[href*='/office?']"), chromedp.WaitVisible(".acts"))
	b.title("Acts that wait for your signature")
	b.do(chromedp.Click(".me button"), chromedp.WaitVisible("a[href*='/login']"))
	b.title("You are logged out")
	for _, m := range console() { // before the answer of the API, which is no page and has no icon
		t.Errorf("console: %s", m)
	}
	b.do(chromedp.Navigate(o.options.Origin + "/api/v1/me"))
	if body := b.text(`document.body.innerText`); !strings.Contains(body, "error.login.session") {
		t.Errorf("after logging out: %s", body)
	}
	if calls, n := o.keys["nigar"].counts(); calls != 1 || n != 2 {
		t.Errorf("%d calls, %d digests", calls, n)
	}
}

// TestOfficePictures keeps how the pages of officers look.
func TestOfficePictures(t *testing.T) {
	o := served(t)
	c := o.newCase("nigar", "110")
	o.Service.Rules.Level = signing.LevelBLTA
	waiting, voided, done := o.waiting("nigar", c), o.waiting("nigar", c), o.archived("nigar", c)
	newer, annulled := o.archived("nigar", c), o.archived("nigar", c)
	o.Void(voided)
	o.Change(annulled, document.Annulled, newer)
	stuck, works := o.waiting("nigar", c), o.Service.Timestamps
	o.Service.Timestamps = brokenTSA{}
	if _, err := o.Service.Sign(t.Context(), o.actor("nigar"), stuck, o.keys["nigar"].Holder); err == nil {
		t.Fatal("signed without a time-stamp")
	}
	o.Service.Timestamps = works
	o.change("nigar", func(a *document.Account) {
		a.Grants = append(a.Grants, document.Grant{Role: document.RoleOperator, Office: "110"})
	})
	b := openBrowser(t)
	console := b.console()
	b.do(chromedp.Navigate(o.options.Origin + "/office?lang=az"))
	b.logIn(o, "a.aliyev")
	b.do(chromedp.WaitVisible(".acts"))
	path := o.options.Origin + "/office"
	for name, url := range map[string]string{
		"office-az": path + "?lang=az", "office-ru": path + "?lang=ru", "register": path + "/register?lang=az", "case": path + "/cases/" + c.Number + "?lang=az",
		"act-waiting": path + "/acts/" + waiting.Number + "?lang=az", "act-archived": path + "/acts/" + done.Number + "?lang=az",
		"act-annulled": path + "/acts/" + annulled.Number + "?lang=az", "act-voided": path + "/acts/" + voided.Number + "?lang=az",
		"queue": path + "/waiting?lang=az", "act-queued": path + "/acts/" + stuck.Number + "?lang=az",
		"accounts": path + "/accounts?lang=az", "office-missing": path + "/acts/EI2611000009999T-001?lang=az", "logout": o.options.Origin + "/logout?lang=az",
	} {
		b.do(chromedp.Navigate(url), chromedp.WaitVisible("h1"))
		b.picture(name)
	}
	form := filepath.Join(t.TempDir(), "akt.json")
	if err := os.WriteFile(form, []byte(`{"case":"`+c.Number+`","input":{"term":{"kind":"long"},"extra":1}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(path+"/cases/"+c.Number+"?lang=az"), chromedp.SetUploadFiles("#file", []string{form}),
		chromedp.Click("form.fields button"), chromedp.WaitVisible(".faults"))
	b.picture("case-faults")
	o.keys["nigar"].fail(func(k *key) { k.lost = errors.New("connection reset") })
	b.do(chromedp.Navigate(path+"/acts/"+waiting.Number+"?lang=az"), chromedp.Click("form.card button"), chromedp.WaitVisible("a[href*=authorisation]"))
	b.do(chromedp.Click("a.button[href*='login?authorisation']"))
	b.logIn(o, "a.aliyev")
	b.do(chromedp.WaitVisible(".banner.bad"))
	b.picture("sign-failed")
	o.Advance(time.Hour)
	b.do(chromedp.Navigate(path+"?lang=az"), chromedp.WaitVisible("h1"))
	b.picture("locked")
	for _, m := range console() {
		if !strings.Contains(m, "404") && !strings.Contains(m, "422") && !strings.Contains(m, "403") {
			t.Errorf("console: %s", m)
		}
	}
}

// TestFormsMayNotEndElsewhere shows why the form of chosen acts does not lead to
// the provider: the policy form-action 'self' holds for redirects too.
func TestFormsMayNotEndElsewhere(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<h1>elsewhere</h1>") }))
	defer elsewhere.Close()
	policy := newSite(t).get("/").Header().Get("Content-Security-Policy")
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		if r.URL.Path == "/go" {
			http.Redirect(w, r, elsewhere.URL, http.StatusSeeOther)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<form method="post" action="/go"><button id="form">x</button></form><a id="link" href="/go">x</a>`)
	}))
	defer here.Close()
	u, err := url.Parse(here.URL)
	if err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t)
	b.do(chromedp.Navigate("http://localhost:" + u.Port() + "/"))
	broken, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`new Promise(done => {
		document.addEventListener('securitypolicyviolation', e => done(e.effectiveDirective));
		document.getElementById('form').click();
	})`, chromedp.EvalAwaitPromise))
	if err != nil || broken != "form-action" {
		t.Errorf("a form that is redirected breaks %q, %v", broken, err)
	}
	b.do(chromedp.Click("#link"), chromedp.WaitVisible("h1"))
}
