package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestFormInTheBrowser: an officer fills in a form that grows with what is
// chosen and is kept without a button, sees its pages, and sends it.
func TestFormInTheBrowser(t *testing.T) {
	o := served(t)
	c := o.newCase("nigar", "110")
	b := openBrowser(t)
	console := b.console()
	b.do(chromedp.Navigate(o.options.Origin + "/office/cases/" + c.Number + "?lang=en"))
	b.logIn(o, "a.aliyev")
	b.do(chromedp.WaitVisible("#kind"), chromedp.SetValue("#kind", "initiation-decision"), chromedp.Click("form[action*='/office/forms'] button"))
	b.do(chromedp.WaitVisible("#form"))
	b.do(chromedp.Click("input[value=standard]"), chromedp.WaitVisible("#f-term-days"))
	if b.text(`String(document.activeElement.value)`) != "standard" {
		t.Error("the focus is lost")
	}
	b.do(chromedp.SendKeys("#f-term-days", "99"+kb.Tab))
	b.do(chromedp.WaitVisible("#saved"), chromedp.SendKeys("#f-facts", "Borclu könüllü icra etməyib."))
	b.until(`document.getElementById("saved").textContent.startsWith("Saved")`)
	b.picture("form")
	b.do(chromedp.Click("button[value=send]"), chromedp.WaitVisible("#faults"))
	b.picture("form-faults")
	if b.text(`document.activeElement.id`) != "faults" {
		t.Error("the faults do not have the focus")
	}
	b.do(chromedp.Click("#faults a"), chromedp.SetValue("#f-term-days", "10"), chromedp.Click(".bar button[value=save]"))
	b.until(`(d => !d || d.readyState == "complete" && !d.querySelector("h1"))(document.getElementById("preview").contentDocument)`) // not what is missing
	b.picture("form-pages")
	b.do(chromedp.Click("button[value=send]"), chromedp.WaitVisible(".banner"))
	b.title("Act " + c.Number + "-001")
	for _, m := range console() {
		if !strings.Contains(m, "422") { // what the browser says of the answer with the faults, and of the preview
			t.Errorf("console: %s", m)
		}
	}
}

// until waits until an expression is true.
func (b *browser) until(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression)); err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
}
