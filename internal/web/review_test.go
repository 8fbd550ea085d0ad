package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestReview pages through acts with buttons: those listed stay, those chosen
// are remembered, and an act of somebody else is not shown.
func TestReview(t *testing.T) {
	o := newOffice(t)
	c := o.newCase("nigar", "110")
	first, second, other := o.waiting("nigar", c), o.waiting("nigar", c), o.waiting("vuqar", c)
	v := o.as("nigar")
	page := v.post("/office/review", url.Values{"acts": {first.Number, second.Number, other.Number}})
	body := page.Body.String()
	if page.Code != http.StatusOK || strings.Count(body, `name="listed"`) != 2 || strings.Count(body, " checked>") != 2 || strings.Contains(body, other.Number) {
		t.Fatalf("%d\n%s", page.Code, body)
	}
	if !strings.Contains(body, `src="/office/acts/`+first.Number+`/file`) || !strings.Contains(body, "Akt 1 / 2") {
		t.Error("the first act is not shown")
	}
	body = v.post("/office/review", url.Values{"listed": {first.Number, second.Number}, "acts": {second.Number}, "at": {"1"}}).Body.String()
	if !strings.Contains(body, `src="/office/acts/`+second.Number+`/file`) || strings.Count(body, " checked>") != 1 {
		t.Error("the second act is not shown, or the choice is forgotten")
	}
	for _, at := range []string{"-5", "99", "x", "99999999999999999999"} {
		if w := v.post("/office/review", url.Values{"listed": {first.Number}, "at": {at}}); w.Code != http.StatusOK {
			t.Errorf("at %s: %d", at, w.Code)
		}
	}
	if w := v.post("/office/review", url.Values{"acts": {other.Number}}); w.Code != http.StatusConflict {
		t.Errorf("an act of another: %d", w.Code)
	}
	if w := v.get("/office/review"); w.Code != http.StatusSeeOther {
		t.Errorf("the address alone: %d", w.Code)
	}
}

// TestReviewInTheBrowser pages by keyboard, leaves an act out, and signs the
// rest.
func TestReviewInTheBrowser(t *testing.T) {
	o := served(t)
	c := o.newCase("nigar", "110")
	first, second := o.waiting("nigar", c), o.waiting("nigar", c)
	b := openBrowser(t)
	console := b.console()
	b.do(chromedp.Navigate(o.options.Origin + "/office?lang=en"))
	b.logIn(o, "a.aliyev")
	b.do(chromedp.WaitVisible(".pick-all"), chromedp.Click(".pick-all"), chromedp.Click("button[formaction*=review]"), chromedp.WaitVisible("#review"))
	b.title("Look at each before you sign")
	b.do(chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(" "))
	if at := b.text(`document.querySelector('[aria-current=true] strong').textContent + document.getElementById('place').innerText`); at != second.Number+"Act 2 of 2: "+second.Number {
		t.Errorf("after the arrow: %s", at)
	}
	b.do(chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowLeft))
	b.picture("review")
	b.do(chromedp.Click("button[formaction*=sign]"), chromedp.WaitVisible("a[href*=authorisation]"))
	b.title("You are about to sign 1 act")
	if text := b.text(`document.querySelector('main').innerText`); !strings.Contains(text, first.Number) || strings.Contains(text, second.Number) {
		t.Errorf("about to sign: %s", text)
	}
	for _, m := range console() {
		t.Errorf("console: %s", m)
	}
}
