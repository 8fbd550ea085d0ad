package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"docsvc/internal/i18n"
	"docsvc/internal/verify"
	"docsvc/internal/verify/verifytest"
)

const unknownCode, mistypedCode = "1234-5678-9ABC-DEF9", "1234-5678-9ABC-DEF8"

// TestEveryPage executes each page in each language and looks at its headline,
// its form and its headers.
func TestEveryPage(t *testing.T) {
	s := newSite(t)
	a := s.allActs()
	down := s.with(func(v *verify.Verifier) { v.Store = verifytest.Broken{} })
	for _, lang := range i18n.Languages() {
		for name, c := range map[string]struct {
			site   *site
			path   string
			status int
			title  string
		}{
			"home":         {s, "/", 200, "home.title"},
			"enter":        {s, "/v", 200, "enter.title"},
			"valid":        {s, "/v/" + a.valid.Code, 200, "verdict.valid.title"},
			"annulled":     {s, "/v/" + a.annulled.Code, 200, "verdict.annulled.title"},
			"superseded":   {s, "/v/" + a.superseded.Code, 200, "verdict.superseded.title"},
			"being issued": {s, "/v/" + a.waiting.Code, 200, "verdict.being_issued.title"},
			"voided":       {s, "/v/" + a.voided.Code, 200, "verdict.voided.title"},
			"altered":      {s, "/v/" + a.altered.Code, 200, "verdict.altered.title"},
			"unknown":      {s, "/v/" + unknownCode, 404, "verdict.unknown.title"},
			"mistyped":     {s, "/v/" + mistypedCode, 404, "verdict.mistyped.title"},
			"unavailable":  {down, "/v/" + a.valid.Code, 503, "verdict.unavailable.title"},
			"no page":      {s, "/nothing", 404, "error.page.missing.title"},
		} {
			t.Run(lang+" "+name, func(t *testing.T) {
				w := c.site.get(c.path+"?lang="+lang, "Accept-Language", "de")
				body := w.Body.String()
				if w.Code != c.status {
					t.Errorf("status %d, want %d", w.Code, c.status)
				}
				checkPage(t, body, lang, i18n.Text(lang, c.title, nil))
				if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Robots-Tag") != "noindex" || w.Header().Get("Set-Cookie") != "" {
					t.Errorf("headers %v", w.Header())
				}
				if (w.Header().Get("Retry-After") != "") != (c.status == 503) {
					t.Errorf("Retry-After %q with %d", w.Header().Get("Retry-After"), w.Code)
				}
			})
		}
	}
}

var (
	tag       = regexp.MustCompile(`<h1[^>]*>([^<]*)</h1>`)
	inline    = regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|<script(?:\s[^>]*)?>[^<]`)
	untold    = regexp.MustCompile(`\{[a-z]+\}|%!|&lt;no value|ZgotmplZ`)
	inputs    = regexp.MustCompile(`<input[^>]*\sid="([^"]*)"`)
	emptyAttr = regexp.MustCompile(`(href|src|action)=""`)
)

func checkPage(t *testing.T, body, lang, title string) {
	t.Helper()
	if !strings.Contains(body, `<html lang="`+lang+`">`) {
		t.Error("the page does not say its language")
	}
	h1 := tag.FindAllStringSubmatch(body, -1)
	if len(h1) != 1 || html.UnescapeString(h1[0][1]) != title {
		t.Errorf("h1 %q, want one, %q", h1, title)
	}
	// The boxes of the seal and the camera carry patterns for their scripts.
	told := regexp.MustCompile(`data-(manat|others|foreign)="[^"]*"`).ReplaceAllString(body, "")
	for name, bad := range map[string][]string{
		"inline style or script": inline.FindAllString(body, -1), "unfilled": untold.FindAllString(told, -1), "empty link": emptyAttr.FindAllString(body, -1),
	} {
		if bad != nil {
			t.Errorf("%s: %q", name, bad)
		}
	}
	for _, id := range inputs.FindAllStringSubmatch(body, -1) {
		if !strings.Contains(body, `<label for="`+id[1]+`">`) {
			t.Errorf("input %s has no label", id[1])
		}
	}
	ids := map[string]int{}
	for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		if ids[m[1]]++; ids[m[1]] > 1 {
			t.Errorf("id %s twice", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`aria-(?:describedby|labelledby)="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		for _, id := range strings.Fields(m[1]) {
			if ids[id] == 0 {
				t.Errorf("%s refers to no element %s", m[0], id)
			}
		}
	}
}

func TestFactsOnThePage(t *testing.T) {
	s := newSite(t)
	a := s.allActs()
	body := s.get("/v/" + a.valid.Code).Body.String()
	for _, want := range []string{
		"21.08.2026 11:15", a.valid.Number, a.valid.Case, "6\u00a0180,45 manat", "Nümunə Rayon İcra Şöbəsi", "Məmurzadə Nigar Sınaq qızı",
		"Ş. N. B. ", "N. A. S.", fmt.Sprintf("%x", a.valid.SHA256), fmt.Sprintf(`data-digest="%x"`, a.valid.DataSHA256), "Test TSA",
	} {
		if !strings.Contains(html.UnescapeString(body), want) {
			t.Errorf("the page of a valid act lacks %q", want)
		}
	}
	for _, secret := range []string{"5NMN1A1", "Anar", "Misal küçəsi", "9999990121", "AZ81TSTA"} {
		if strings.Contains(body, secret) {
			t.Errorf("the public page shows %q", secret)
		}
	}
	annulled := s.get("/v/" + a.annulled.Code).Body.String()
	if !strings.Contains(annulled, a.decision.Number) {
		t.Error("the page of an annulled act does not say by which act")
	}
	for name, act := range map[string]string{"being issued": a.waiting.Code, "altered": a.altered.Code, "voided": a.voided.Code} {
		body := s.get("/v/" + act).Body.String()
		for _, fact := range []string{"Nümunə", "manat\"", "N. A.", "Məmurzadə"} {
			if strings.Contains(strings.ReplaceAll(body, "{amount} manat\"", ""), fact) {
				t.Errorf("the page of an act that is %s shows %q", name, fact)
			}
		}
	}
	if body := s.get("/v/" + a.waiting.Code).Body.String(); strings.Contains(body, a.waiting.Number) || strings.Contains(body, a.waiting.Case) {
		t.Error("the page of an act that is being issued tells its number")
	}
}

func TestEvaluationIsSaid(t *testing.T) {
	s := newSite(t)
	s.Service.Rules.Evaluation = true
	act := s.Issue("case-1", 0)
	for lang, want := range map[string]string{"az": "hüquqi qüvvəsi yoxdur", "en": "no legal force", "ru": "без юридической силы"} {
		if body := s.get("/v/" + act.Code + "?lang=" + lang).Body.String(); !strings.Contains(body, want) {
			t.Errorf("%s: the page of an evaluation act does not say %q", lang, want)
		}
	}
}

func TestJSON(t *testing.T) {
	s := newSite(t)
	a := s.allActs()
	for code, want := range map[string]struct {
		kind   verify.Kind
		status int
	}{
		a.valid.Code: {verify.Valid, 200}, a.annulled.Code: {verify.Annulled, 200}, a.superseded.Code: {verify.Superseded, 200},
		a.waiting.Code: {verify.BeingIssued, 200}, a.voided.Code: {verify.Voided, 200}, a.altered.Code: {verify.Altered, 200},
		unknownCode: {verify.Unknown, 404}, mistypedCode: {verify.Mistyped, 404},
	} {
		w := s.get("/v/"+code, "Accept", "application/json")
		var v verify.Verdict
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || v.Kind != want.kind || w.Code != want.status {
			t.Errorf("%s: %d, %s, %v", want.kind, w.Code, v.Kind, err)
		}
		if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", want.kind, w.Header())
		}
		if bytes.Contains(w.Body.Bytes(), []byte("5NMN1A1")) || bytes.Contains(w.Body.Bytes(), []byte("secrets")) {
			t.Errorf("%s tells a secret", want.kind)
		}
	}
	down := s.with(func(v *verify.Verifier) { v.Store = verifytest.Broken{} })
	w := down.get("/v/"+a.valid.Code, "Accept", "application/json")
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `"key":"error.register.unavailable"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "the register is down") {
		t.Error("the text of an internal error reached the client")
	}
}

func TestAcceptIsNegotiated(t *testing.T) {
	s := newSite(t)
	for accept, want := range map[string]string{
		"": "text/html", "*/*": "text/html", "text/html": "text/html", "application/json": "application/json",
		"text/html;q=0.9, application/json": "application/json", "application/json;q=0.5, text/html": "text/html",
		"application/json, text/html": "text/html", ";;;q=,,": "text/html",
	} {
		if got := s.get("/v/"+unknownCode, "Accept", accept).Header().Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("Accept %q gives %s", accept, got)
		}
	}
}

func TestLanguage(t *testing.T) {
	s := newSite(t)
	for name, c := range map[string]struct{ query, accept, want string }{
		"none":    {"", "", "az"},
		"header":  {"", "ru-RU,ru;q=0.9,en;q=0.8", "ru"},
		"ranked":  {"", "de, en;q=0.2, az;q=0.8", "az"},
		"foreign": {"", "de,fr", "az"},
		"query":   {"?lang=en", "ru", "en"},
		"unknown": {"?lang=xx", "ru", "ru"},
		"garbage": {"", strings.Repeat("x,", 5000), "az"},
	} {
		if body := s.get("/"+c.query, "Accept-Language", c.accept).Body.String(); !strings.Contains(body, `<html lang="`+c.want+`">`) {
			t.Errorf("%s: not in %s", name, c.want)
		}
	}
	body := s.get("/v/" + unknownCode + "?lang=ru").Body.String()
	for _, link := range []string{`href="/v/` + unknownCode + `?lang=az"`, `href="/v?lang=ru"`, `href="/?lang=ru"`} {
		if !strings.Contains(body, link) {
			t.Errorf("no link %s", link)
		}
	}
}

func TestTypedCode(t *testing.T) {
	s := newSite(t)
	act := s.Issue("case-1", 0)
	for typed, want := range map[string]string{
		act.Code: "/v/" + act.Code, strings.ToLower(strings.ReplaceAll(act.Code, "-", " ")): "/v/" + act.Code,
		s.Link(act): "/v/" + act.Code, "hello world": "/v/hello%20world",
	} {
		w := s.post("/v?lang=en", url.Values{"code": {typed}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want+"?lang=en" {
			t.Errorf("%q: %d to %q, want %q", typed, w.Code, w.Header().Get("Location"), want)
		}
	}
	for _, typed := range []string{"", "  ", "//evil.example", "https://evil.example/", "a/../b", strings.Repeat("7", 2000)} {
		w := s.post("/v", url.Values{"code": {typed}})
		if w.Code != http.StatusUnprocessableEntity || w.Header().Get("Location") != "" || !strings.Contains(w.Body.String(), `aria-invalid="true"`) {
			t.Errorf("%q: %d to %q", typed, w.Code, w.Header().Get("Location"))
		}
	}
	if w := s.post("/v", url.Values{"code": {strings.Repeat("7", 1<<20)}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a form of 1 MB: %d", w.Code)
	}
	loose := s.get("/v/" + strings.ToLower(act.Code) + "?lang=ru")
	if loose.Code != http.StatusSeeOther || loose.Header().Get("Location") != "/v/"+act.Code+"?lang=ru" {
		t.Errorf("a code written loosely: %d to %q", loose.Code, loose.Header().Get("Location"))
	}
}

// TestHostilePaths puts markup and worse where a code belongs.
func TestHostilePaths(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{
		"/v/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/v/%22onload=x", "/v/..%2f..%2fetc", "/v/%00", "/v/%ff%fe", "/v/" + strings.Repeat("A", 4000),
		"/v/javascript:alert(1)", "/v/\u202e", "/static/..%2fweb.go", "/static/site.css", "/log/tile/..%2f", "/log/tile/0/000", "/v//x", "/v/a/b/c", "//evil.example/%2f..",
	} {
		w := s.get(path)
		if w.Code != 404 && w.Code != 301 && w.Code != 308 {
			t.Errorf("%s: %d", path, w.Code)
		}
		if strings.Contains(w.Body.String(), "<script>alert") || strings.HasPrefix(w.Header().Get("Location"), "//") {
			t.Errorf("%s is reflected: %q %s", path, w.Header().Get("Location"), w.Body)
		}
	}
}
