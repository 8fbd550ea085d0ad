package web_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"docsvc/internal/i18n"
	"docsvc/internal/signing"
	"docsvc/internal/verify"
	"docsvc/internal/verify/verifytest"
	"docsvc/internal/web"
)

// screens are what pages are looked at on.
var screens = []struct {
	name          string
	width, height int64
}{{"phone", 390, 844}, {"desktop", 1280, 900}}

// picture looks at the page as a phone and as a desktop show it, lets axe judge
// it, and keeps the pictures where DOCSVC_ARTIFACTS says.
func (b *browser) picture(name string) {
	b.t.Helper()
	b.look(name, true)
}

// look is picture where axe may be left out: it reads the colours that the
// sheet asks for, and not those that the system puts in their place.
func (b *browser) look(name string, judge bool) {
	b.t.Helper()
	for _, size := range screens {
		b.do(chromedp.EmulateViewport(size.width, size.height))
		wide, want := "", fmt.Sprintf("%d of %d", size.width, size.width)
		for range 30 { // a busy browser takes a moment to lay the page out anew
			if wide = b.text(`document.documentElement.scrollWidth + ' of ' + window.innerWidth`); wide == want {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if wide != want {
			b.t.Errorf("%s on a %s is %s wide, want %s", name, size.name, wide, want)
		}
		if judge {
			checkAccessible(b.t, b.ctx)
		}
		if b.pictures == "" {
			continue
		}
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(b.pictures, name+"-"+size.name+".png"), png, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
}

// media shows the page in a medium, with features given as name and value.
func (b *browser) media(medium string, features ...string) {
	b.t.Helper()
	params := emulation.SetEmulatedMediaParams{Media: medium}
	for i := 0; i+1 < len(features); i += 2 {
		params.Features = append(params.Features, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
	}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, params); err != nil {
		b.t.Fatal(err)
	}
}

// publicPages are the pages that a visitor can meet, by name, and the acts that
// they tell of.
func (s *site) publicPages() (map[string]string, acts) {
	s.t.Helper()
	s.Service.Rules.Level, s.Service.Rules.Evaluation = signing.LevelBLTA, true
	evaluation := s.Issue("case-1", 0)
	s.Service.Rules.Evaluation = false
	a, server := s.allActs(), httptest.NewServer(s.handler)
	s.t.Cleanup(server.Close)
	broken := httptest.NewServer(s.with(func(v *verify.Verifier) { v.Store = verifytest.Broken{} }).handler)
	s.t.Cleanup(broken.Close)
	_, seal, _ := strings.Cut(s.Link(a.valid), "#")
	_, annulled, _ := strings.Cut(s.Link(a.annulled), "#")
	_, wrongFacts, _ := strings.Cut(s.falseSeal(a.valid.Code), "#")
	page := func(code string) string { return server.URL + "/v/" + code }
	return map[string]string{
		"home": server.URL + "/", "enter": server.URL + "/v", "valid": page(a.valid.Code), "sealed": page(a.valid.Code) + "#" + seal,
		"forged": page(a.valid.Code) + "#" + wrongFacts, "annulled": page(a.annulled.Code) + "#" + annulled,
		"superseded": page(a.superseded.Code), "voided": page(a.voided.Code), "waiting": page(a.waiting.Code), "altered": page(a.altered.Code),
		"unknown": page(unknownCode), "mistyped": page("1234-5678-9AB-DEF8"), "evaluation": page(evaluation.Code),
		"unavailable": broken.URL + "/v/" + a.valid.Code + "#" + seal, "missing": server.URL + "/nothing",
	}, a
}

// inLanguage is an address in a language.
func inLanguage(url, lang string) string {
	page, fragment, sealed := strings.Cut(url, "#")
	if page += "?lang=" + lang; sealed {
		return page + "#" + fragment
	}
	return page
}

// TestPictures keeps how each page looks in each language, by day and by night,
// and fails where one is wider than the screen, shuts somebody out or complains.
func TestPictures(t *testing.T) {
	s := newSite(t, func(o *web.Options) { o.Limiter = &keys{} })
	pages, a := s.publicPages()
	b := openBrowser(t)
	console := b.console()
	for name, url := range pages {
		for _, lang := range i18n.Languages() {
			b.open(inLanguage(url, lang))
			if strings.Contains(url, "#") {
				b.seal()
			}
			b.media("", "prefers-color-scheme", "dark")
			b.picture(name + "-" + lang + "-dark")
			b.media("")
			b.picture(name + "-" + lang)
		}
	}
	enter := pages["enter"]
	file := filepath.Join(t.TempDir(), "akt.pdf")
	if err := os.WriteFile(file, append(s.File(a.valid), ' '), 0o600); err != nil {
		t.Fatal(err)
	}
	b.open(enter)
	b.do(chromedp.SetUploadFiles("#file", []string{file}), chromedp.Click("form.drop button"), chromedp.WaitReady("ul[lang=en]"))
	b.picture("file-altered")
	if err := os.WriteFile(file, s.File(a.valid), 0o600); err != nil {
		t.Fatal(err)
	}
	b.open(inLanguage(enter, "az"))
	b.do(chromedp.SetUploadFiles("#file", []string{file}), chromedp.Click("form.drop button"), chromedp.WaitReady("ul[lang=en]"))
	b.picture("file-same")
	for _, m := range console() {
		if !strings.Contains(m, "404") && !strings.Contains(m, "503") {
			t.Errorf("console: %s", m)
		}
	}
}

// TestPicturesForAllEyes looks at a visitor's pages in forced colours, with
// text twice as large, and as they are printed.
func TestPicturesForAllEyes(t *testing.T) {
	pages, _ := newSite(t, func(o *web.Options) { o.Limiter = &keys{} }).publicPages()
	b := openBrowser(t)
	open := func(name string) {
		b.open(inLanguage(pages[name], "ru")) // the longest words
		if strings.Contains(pages[name], "#") {
			b.seal()
		}
	}
	names := []string{"enter", "sealed", "forged", "annulled", "mistyped"}
	for _, name := range names {
		open(name)
		b.media("print")
		if shown := b.text(`Array.from(document.querySelectorAll('.top, form, #scan'), e => e.checkVisibility()).join()`); strings.Contains(shown, "true") {
			t.Errorf("%s is printed with its forms: %s", name, shown)
		}
		b.picture(name + "-print")
		b.media("")
		b.text(`document.documentElement.style.fontSize = '200%'`)
		b.picture(name + "-large")
	}
	b.media("", "forced-colors", "active") // last: the browser does not give them up at once
	for _, name := range names {
		open(name)
		b.look(name+"-forced", false)
	}
}
