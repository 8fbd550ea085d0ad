package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"docsvc/internal/document"
)

// TestListsInTheBrowser finds an act by keyboard alone, narrows a list, and
// reads an act's record as an archivist.
func TestListsInTheBrowser(t *testing.T) {
	o := served(t)
	c := o.newCase("nigar", "110")
	var acts []document.Act
	for range 3 {
		acts = append(acts, o.archived("nigar", c))
	}
	o.waiting("nigar", c)
	o.Sequence()
	o.change("nigar", func(a *document.Account) {
		a.Grants = append(a.Grants, document.Grant{Role: document.RoleArchivist, Office: "110"})
	})
	b := openBrowser(t)
	console := b.console()
	b.do(chromedp.Navigate(o.options.Origin + "/office?lang=az"))
	b.logIn(o, "a.aliyev")
	b.do(chromedp.WaitVisible(".counts"))
	b.picture("desk-counts")
	b.do(chromedp.KeyEvent("/"))
	if at := b.text(`document.activeElement.id`); at != "find" {
		t.Fatalf("the key / leads to %q", at)
	}
	// DevTools types the key although the page took it.
	b.do(chromedp.Navigate(o.options.Origin+"/office?lang=az"), chromedp.SendKeys("#find", strings.ToLower(acts[1].Number)+kb.Enter), chromedp.WaitVisible("a[href*='/record']"))
	b.title("Akt " + acts[1].Number)
	b.do(chromedp.Click("a[href*='/record']"), chromedp.WaitVisible("#looks-title"))
	b.picture("record")
	b.do(chromedp.SendKeys("#find", "nümunəli anar"+kb.Enter), chromedp.WaitVisible(".filters"))
	b.title("Aktlar")
	b.picture("acts")
	b.do(chromedp.Click(".filters summary"), chromedp.SetValue("#state", "prepared"), chromedp.Click("details button[type=submit]"), chromedp.WaitReady("option[value=prepared][selected]"))
	if n := b.text(`String(document.querySelectorAll('.acts tbody tr').length)`); n != "1" {
		t.Errorf("%s acts wait for a signature", n)
	}
	b.picture("acts-filtered")
	b.do(chromedp.Navigate(o.options.Origin+"/office/cases?lang=az"), chromedp.WaitVisible(".filters"))
	b.picture("cases")
	if lines := console(); len(lines) > 0 {
		t.Errorf("the console says %q", lines)
	}
}
