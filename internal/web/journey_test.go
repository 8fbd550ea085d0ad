package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"docsvc/internal/document"
)

// scripts turns the scripts of pages on or off.
func (b *browser) scripts(on bool) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		b.t.Fatal(err)
	}
}

// choose clicks something that leads to another page.
func (b *browser) choose(what, next string) {
	b.t.Helper()
	b.do(chromedp.Click(what), chromedp.WaitVisible(next))
}

// TestOfficerWithoutScripts is an officer's day on a browser that runs no
// scripts: register an enforcement document, issue an act of it, look at its
// pages, sign it, see it in the archive.
func TestOfficerWithoutScripts(t *testing.T) {
	o := served(t)
	b := openBrowser(t)
	b.scripts(false)
	b.do(chromedp.Navigate(o.options.Origin + "/office/register?lang=en"))
	b.logIn(o, "a.aliyev")
	b.choose("form[action*='/office/forms'] button", "#form")
	b.choose("#f-document-kind-0", "#form")
	for field, text := range map[string]string{"number": "2(199)-77/2026", "date": "06152026", "issuer": "Nümunə Rayon Məhkəməsi"} {
		b.do(chromedp.SendKeys("#f-document-"+field, text))
	}
	b.do(chromedp.Click("#f-creditors-0-kind-1"))
	b.choose("button[value='refresh:/creditors/0/kind']", "#f-creditors-0-form")
	b.do(chromedp.SendKeys("#f-creditors-0-name", "Şəfəq Nümunə Bank"), chromedp.Click("#f-creditors-0-form-0"),
		chromedp.SendKeys("#f-creditors-0-voen", "9999990121"), chromedp.Click("#f-debtors-0-kind-0"))
	b.choose("button[value='refresh:/debtors/0/kind']", "#f-debtors-0-surname")
	b.do(chromedp.SendKeys("#f-debtors-0-surname", "Nümunəli"), chromedp.SendKeys("#f-debtors-0-name", "Anar"),
		chromedp.SendKeys("#f-debtors-0-fin", "5nmn1a1"), chromedp.Click("#f-claim-kind-0"))
	b.choose("button[value='refresh:/claim/kind']", "#f-claim-total")
	b.do(chromedp.SendKeys("#f-claim-principal", "6 180,45"), chromedp.SendKeys("#f-claim-total", "6 180,45"))
	b.scripts(true) // axe is one
	b.picture("register-form")
	b.scripts(false)
	b.choose("button[value=send]", "#kind")

	b.do(chromedp.SendKeys("#kind", "Decision to initiate"))
	b.choose("form[action*='/office/forms'] button", "#form")
	b.do(chromedp.Click("#f-term-kind-0"))
	b.choose("button[value='refresh:/term/kind']", "#f-term-days")
	b.choose("button[value=send]", ".banner.ask")
	b.choose("form[action*='/office/sign'] button", "a[href*=authorisation]")
	b.title("You are about to sign 1 act")
	b.do(chromedp.Click("a.button[href*='login?authorisation']"))
	b.logIn(o, "a.aliyev")
	b.do(chromedp.WaitVisible(".banner.good"))
	b.title("1 act is signed")
	number := strings.TrimSpace(b.text(`document.querySelector('.batch a').textContent`))
	if a := o.act(number); a.State != document.Archived {
		t.Errorf("%s is %s", number, a.State)
	}
}
