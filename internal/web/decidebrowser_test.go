package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"docsvc/internal/document"
)

// TestHeadInTheBrowser is a head's way: approve one of two acts with a fresh
// login, return the other one, appoint a deputy, confirm an annulment, record a
// service; each page is looked at.
func TestHeadInTheBrowser(t *testing.T) {
	o := served(t)
	o.Service.Rules.TwoPersons = map[string]bool{"*": true}
	c := o.newCase("nigar", "110")
	approved, returned := o.toApprover("vuqar", c), o.toApprover("vuqar", c)
	done, by, wrong := o.archived("nigar", c), o.archived("nigar", c), o.archived("nigar", c)
	if _, err := o.Service.ChangeStanding(t.Context(), o.actor("vuqar"), wrong.Number, document.Annulled, by.Number, "Məbləğ səhv göstərilib"); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t)
	console := b.console()
	path := o.options.Origin + "/office"
	b.do(chromedp.Navigate(path + "/approvals?lang=az"))
	b.logIn(o, "a.aliyev")
	b.do(chromedp.WaitVisible(".acts"))
	b.title("Təsdiqinizi gözləyən aktlar")
	b.picture("approvals")
	b.do(chromedp.Click("#act-"+approved.Number), chromedp.Click(".actions button[type=submit]"), chromedp.WaitVisible("a[href*=authorisation]"),
		chromedp.Click("a.button[href*='login?authorisation']"))
	b.logIn(o, "a.aliyev")
	b.do(chromedp.WaitVisible(".banner.good"))
	if got := o.act(approved.Number).State; got != document.Archived {
		t.Errorf("the approved act is %s", got)
	}

	b.do(chromedp.Navigate(path+"/acts/"+returned.Number+"?lang=az"), chromedp.WaitVisible("#remark"))
	b.picture("act-approval")
	b.do(chromedp.SendKeys("#remark", "Əsas düzgün göstərilməyib"), chromedp.Click("form[action*=return] button"), chromedp.WaitVisible(".banner.bad"))
	b.picture("act-returned")
	if got := o.act(returned.Number); got.VoidKind != document.Returned {
		t.Errorf("the returned act is %s %q", got.State, got.VoidKind)
	}

	b.do(chromedp.Navigate(path+"/substitutions?lang=az"), chromedp.WaitVisible("#deputy"))
	b.do(chromedp.SetValue("#deputy", "vuqar"), chromedp.SendKeys("#reason", "12.11.2026 tarixli 7 nömrəli əmr"), chromedp.Click("form.fields button"), chromedp.WaitVisible("form[action*=end] button"))
	b.picture("substitutions")

	b.do(chromedp.Navigate(path+"/acts/"+wrong.Number+"?lang=az"), chromedp.WaitVisible("#proposal-title"))
	b.picture("act-proposal")
	b.do(chromedp.Click("form[action*=proposal] button"), chromedp.WaitVisible(".banner.ended"))
	if got := o.act(wrong.Number).Standing; got != document.Annulled {
		t.Errorf("the act is %s", got)
	}

	b.do(chromedp.Navigate(path+"/acts/"+done.Number+"?lang=az"), chromedp.WaitVisible("#delivery-recipient"),
		chromedp.SendKeys("#delivery-recipient", "Nümunəli Anar Sınaq oğlu"), chromedp.SetValue("#delivery-way", "post"),
		chromedp.SendKeys("#delivery-proof", "poçt qəbzi № 4417"), chromedp.Click("form[action*=deliveries] button"), chromedp.WaitVisible("#delivery-title + table"))
	b.picture("act-served")
	for _, m := range console() {
		if !strings.Contains(m, "404") {
			t.Errorf("console: %s", m)
		}
	}
}
