package web_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"docsvc/internal/i18n"
	"docsvc/internal/web"
)

// TestMeInTheBrowser is a person's way to one-time codes, and how its pages look:
// the login, their account, the setup, the second step, the passphrase of a batch.
func TestMeInTheBrowser(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	origin := strings.Replace("http://"+server.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	o := newLocal(t, origin, func(options *web.Options) { options.Limiter = &keys{} })
	server.Config.Handler = o.handler
	server.Start()
	t.Cleanup(server.Close)
	act := o.waiting("nigar", o.newCase("nigar", "110"))
	b := openBrowser(t)
	console := b.console()
	// pictures keeps a page that a link shows, in two languages.
	pictures := func(name, path string) {
		for _, lang := range []string{"en", "az"} {
			b.do(chromedp.Navigate(origin+path+"?lang="+lang), chromedp.WaitVisible("h1"))
			b.picture(name + "-" + lang)
		}
	}
	typed := func(field, text string) {
		b.do(chromedp.SendKeys(field, text), chromedp.Submit(field))
	}
	pictures("login", "/login")
	b.do(chromedp.SendKeys("#login", "nigar"))
	typed("#password", "yeddi")
	b.do(chromedp.WaitVisible("#login-error"))
	b.picture("login-wrong-az")
	typed("#password", typedPassword("nigar"))
	b.do(chromedp.WaitVisible(".me a"), chromedp.Click(".me a"), chromedp.WaitVisible("#present"))
	b.title(i18n.Text("az", "me.title", nil))
	pictures("me", "/office/me")
	typed("#codes-password", typedPassword("nigar"))
	b.do(chromedp.WaitVisible(".qr"))
	b.picture("code-setup-az")
	p := phoneOf(o, strings.TrimSpace(b.text(`document.querySelector('.hash').textContent`)))
	typed("#code", "000000")
	b.do(chromedp.WaitVisible("#code-error"))
	typed("#code", p.code(-1))
	b.do(chromedp.WaitVisible(".recovery"))
	b.picture("recovery-az")
	b.do(chromedp.Click("main a.button"), chromedp.WaitVisible("#remove-password"))
	b.picture("me-codes-az")
	for i, lang := range []string{"en", "az"} {
		b.do(chromedp.Click(".me button"), chromedp.WaitVisible(".banner.good"),
			chromedp.Navigate(origin+"/login?return_to=/office/acts/"+act.Number+"&lang="+lang), chromedp.SendKeys("#login", "nigar"))
		typed("#password", typedPassword("nigar"))
		b.do(chromedp.WaitVisible("#code"))
		b.picture("code-" + lang)
		typed("#code", p.code(i)) // the clock stands, and a code counts once
		b.do(chromedp.WaitVisible("form[action*='/office/sign'] button"))
	}
	b.do(chromedp.Click("form[action*='/office/sign'] button"), chromedp.WaitVisible("#passphrase"))
	b.picture("passphrase")
	for _, m := range console() {
		if !strings.Contains(m, "422") && !strings.Contains(m, "403") {
			t.Errorf("console: %s", m)
		}
	}
}
