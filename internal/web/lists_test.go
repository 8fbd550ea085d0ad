package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/document/documenttest"
	"docsvc/internal/i18n"
	"docsvc/internal/web"
)

// TestFind: one field leads to the act or the case that is meant, however it is
// typed, and to a list otherwise.
func TestFind(t *testing.T) {
	o := newOffice(t)
	c, alone := o.newCase("nigar", "110"), o.newCase("nigar", "110")
	act := o.archived("nigar", c)
	other := o.waiting("nigar", c)
	v := o.as("nigar")
	list := func(text string) string { return "/office/acts?" + url.Values{"q": {text}}.Encode() }
	for typed, want := range map[string]string{
		c.Number:                                 "/office/cases/" + c.Number,
		" " + strings.ToLower(act.Number) + " ":  "/office/acts/" + act.Number,
		strings.ReplaceAll(act.Number, "-", "–"): "/office/acts/" + act.Number,
		act.Code: "/office/acts/" + act.Code[:0] + act.Number,
		"https://elektron-icra.example.az/v/" + act.Code: "/office/acts/" + act.Number,
		alone.Document.Number:                            "/office/cases/" + alone.Number, // the only case, and no act
		"5NMN1A1":                                        list("5NMN1A1"),
		"nümunəli ANAR":                                  list("nümunəli ANAR"),
		"":                                               list(""),
		"nobody":                                         list("nobody"),
		"../accounts":                                    list("../accounts"),
		"//evil.example":                                 list("//evil.example"),
		"EI2611009999999T-001":                           list("EI2611009999999T-001"),
		strings.Repeat("1", 2000):                        list(strings.Repeat("1", 1000)),
		"\xff\xfe":                                       list("\xff\xfe"),
	} {
		if to := location(t, v.get("/office/find?q="+url.QueryEscape(typed))).String(); to != want {
			t.Errorf("%q leads to %s, want %s", typed, to, want)
		}
	}
	if to := location(t, v.get("/office/find?lang=ru&q="+act.Number)).String(); to != "/office/acts/"+act.Number+"?lang=ru" {
		t.Errorf("the language is lost: %s", to)
	}
	o.Void(other)
	if to := location(t, v.get("/office/find?q="+url.QueryEscape("nümunəli "+string(act.Date)))).String(); !strings.HasPrefix(to, "/office/acts?") {
		t.Errorf("two acts of a day lead to %s", to)
	}
}

// TestLists executes the lists in each language: filters stay in the form and in
// the links, pages are turned, and what is wrong is said.
func TestLists(t *testing.T) {
	o := newOffice(t, func(options *web.Options) { options.Limiter = &keys{} })
	c := o.newCase("nigar", "110")
	act, waiting := o.archived("nigar", c), o.waiting("nigar", c)
	o.enrol("far", "9FAR0FF", documenttest.Other, document.Grant{Role: document.RoleAuditor, Office: documenttest.Other})
	o.enrol("all", "9ALL0FF", "110", document.Grant{Role: document.RoleArchivist, Office: document.AnyOffice})
	for _, lang := range i18n.Languages() {
		for name, p := range map[string]struct {
			login, path string
			status      int
			wants, not  []string
		}{
			"acts":             {"nigar", "/office/acts?", 200, []string{act.Number, waiting.Number, "Nümunəli Anar Sınaq oğlu"}, nil},
			"cases":            {"nigar", "/office/cases?", 200, []string{c.Number, "Nümunəli Anar Sınaq oğlu"}, nil},
			"by state":         {"nigar", "/office/acts?state=prepared&", 200, []string{waiting.Number, `value="prepared" selected`}, []string{act.Number}},
			"by standing":      {"nigar", "/office/acts?state=in_force&", 200, []string{act.Number, `value="in_force" selected`}, []string{waiting.Number}},
			"mine":             {"vuqar", "/office/acts?mine=1&", 200, []string{i18n.Text(lang, "list.none.found", nil), `name="mine" value="1" checked`}, []string{act.Number}},
			"of a person":      {"vuqar", "/office/acts?officer=nigar&kind=initiation-decision&from=2026-01-01&", 200, []string{act.Number}, nil},
			"of another kind":  {"vuqar", "/office/acts?kind=query&", 200, nil, []string{act.Number}},
			"before":           {"vuqar", "/office/acts?to=2020-01-01&", 200, []string{`value="2020-01-01"`}, []string{act.Number}},
			"words":            {"nigar", "/office/acts?q=n%C3%BCmun%C9%99li+anar&", 200, []string{act.Number, `value="nümunəli anar"`}, nil},
			"nothing":          {"nigar", "/office/acts?q=nobody&", 200, []string{i18n.Text(lang, "list.none.found", nil)}, []string{act.Number}},
			"one office":       {"all", "/office/acts?office=110&", 200, []string{act.Number, `value="110" selected`, documenttest.Other}, nil},
			"another office":   {"far", "/office/acts?", 200, []string{i18n.Text(lang, "list.none", nil)}, []string{act.Number}},
			"asks for another": {"far", "/office/acts?office=110&", 200, nil, []string{act.Number}},
			"no date":          {"nigar", "/office/acts?from=yesterday&", 422, []string{i18n.Text(lang, "error.date.typed", map[string]string{"date": "yesterday"})}, []string{act.Number}},
			"too long":         {"nigar", "/office/cases?q=" + strings.Repeat("a", 300) + "&", 422, []string{i18n.Text(lang, "error.find.long", map[string]string{"max": "200"})}, nil},
			"no such state":    {"nigar", "/office/acts?state=lost&", 422, nil, []string{act.Number}},
			"odd place":        {"nigar", "/office/acts?at=%00+x&newer=1&", 200, []string{act.Number}, nil},
		} {
			t.Run(lang+" "+name, func(t *testing.T) {
				w := o.as(p.login).get(p.path + "lang=" + lang)
				body := html.UnescapeString(w.Body.String())
				if w.Code != p.status {
					t.Errorf("%d", w.Code)
				}
				title := "acts.title"
				if strings.HasPrefix(p.path, "/office/cases") {
					title = "cases.title"
				}
				checkPage(t, w.Body.String(), lang, i18n.Text(lang, title, nil))
				for _, want := range p.wants {
					if !strings.Contains(body, want) {
						t.Errorf("it lacks %q: %s", want, body)
					}
				}
				for _, not := range p.not {
					if strings.Contains(body, not) {
						t.Errorf("it shows %q", not)
					}
				}
			})
		}
	}
	if w := o.as("nigar").get("/office/acts?state=prepared&lang=en"); !strings.Contains(html.UnescapeString(w.Body.String()), `href="/office/acts?lang=ru&state=prepared"`) {
		t.Error("another language loses the filter")
	}
	o.enrol("boss", "8BSS0SS", "110", document.Grant{Role: document.RoleOwner, Office: document.AnyOffice})
	if w := o.as("boss").get("/office/acts"); w.Code != http.StatusForbidden {
		t.Errorf("who may not read gets the list: %d", w.Code)
	}
	if w := o.as("boss").get("/office"); strings.Contains(w.Body.String(), "/office/find") {
		t.Error("who may not read is offered the search")
	}
}

// TestTurnPages walks through a list and back, each act once, and the counts of
// the desk are those of the lists that they lead to.
func TestTurnPages(t *testing.T) {
	o := newOffice(t, func(options *web.Options) { options.Limiter = &keys{} })
	c := o.newCase("nigar", "110")
	for range 30 {
		o.waiting("nigar", c)
	}
	v := o.as("nigar")
	numbers := regexp.MustCompile(`<th scope="row"><a href="[^"]*">([^<]*)</a>`)
	link := func(body, rel string) string {
		m := regexp.MustCompile(`href="([^"]*)" rel="` + rel + `"`).FindStringSubmatch(body)
		if m == nil {
			return ""
		}
		return html.UnescapeString(m[1])
	}
	first := v.get("/office/acts?mine=1").Body.String()
	second := v.get(link(first, "next")).Body.String()
	seen := map[string]bool{}
	for _, m := range append(numbers.FindAllStringSubmatch(first, -1), numbers.FindAllStringSubmatch(second, -1)...) {
		seen[m[1]] = true
	}
	if len(seen) != 30 || link(first, "prev") != "" || link(second, "next") != "" {
		t.Errorf("%d acts on two pages", len(seen))
	}
	if back := v.get(link(second, "prev")).Body.String(); numbers.FindString(back) != numbers.FindString(first) || !strings.Contains(back, `name="mine" value="1" checked`) {
		t.Error("the way back leads elsewhere")
	}
	desk := v.get("/office").Body.String()
	if !strings.Contains(desk, `<a href="/office/acts?mine=1&amp;state=prepared"><strong>30</strong>`) {
		t.Errorf("the desk counts otherwise: %s", desk)
	}
}
