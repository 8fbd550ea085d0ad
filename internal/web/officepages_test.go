package web_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/web"
)

// TestEveryOfficePage executes each page of officers in each language.
func TestEveryOfficePage(t *testing.T) {
	o := newOffice(t, func(options *web.Options) { options.Limiter = &keys{} })
	c := o.newCase("nigar", "110")
	waiting, voided, done := o.waiting("nigar", c), o.waiting("nigar", c), o.archived("nigar", c)
	newer, annulled, superseded := o.archived("nigar", c), o.archived("nigar", c), o.archived("nigar", c)
	o.Void(voided)
	o.Change(annulled, document.Annulled, newer)
	o.Change(superseded, document.Superseded, newer)
	o.enrol("boss", "8BSS0SS", "110", document.Grant{Role: document.RoleOwner, Office: "*"}, document.Grant{Role: "visitor", Office: "110"})
	o.change("boss", func(a *document.Account) { a.Certificate = nil })
	batch := o.as("nigar").choose(waiting)
	for _, lang := range i18n.Languages() {
		for name, p := range map[string]struct {
			login, path string
			status      int
			title       string
			wants       []string
		}{
			"list":       {"nigar", "/office", 200, i18n.Text(lang, "office.title", nil), []string{waiting.Number, i18n.Plural(lang, "office.waiting", 1)}},
			"empty list": {"vuqar", "/office", 200, i18n.Text(lang, "office.title", nil), []string{i18n.Text(lang, "office.nothing", nil)}},
			"no reader":  {"boss", "/office", 200, i18n.Text(lang, "office.title", nil), []string{i18n.Text(lang, "office.noreading", nil)}},
			"register":   {"nigar", "/office/register", 200, i18n.Text(lang, "register.title", nil), []string{"Nümunə Rayon İcra Şöbəsi"}},
			"case": {"nigar", "/office/cases/" + c.Number, 200, i18n.Text(lang, "case.title", nil) + " " + c.Number,
				[]string{waiting.Number, voided.Number, "Nümunəli Anar Sınaq oğlu", i18n.Text(lang, "state.voided", nil), "initiation-decision"}},
			"waiting": {"nigar", "/office/acts/" + waiting.Number, 200, i18n.Text(lang, "act.title", nil) + " " + waiting.Number,
				[]string{i18n.Text(lang, "act.sign", nil), i18n.Text(lang, "void.title", nil), "/office/acts/" + waiting.Number + "/file"}},
			"waiting for another": {"vuqar", "/office/acts/" + waiting.Number, 200, i18n.Text(lang, "act.title", nil) + " " + waiting.Number,
				[]string{i18n.Text(lang, "void.title", nil)}},
			"archived": {"nigar", "/office/acts/" + done.Number, 200, i18n.Text(lang, "act.title", nil) + " " + done.Number,
				[]string{i18n.Text(lang, "change.title", nil), i18n.Text(lang, "history.archived", nil)}},
			"voided":     {"nigar", "/office/acts/" + voided.Number, 200, i18n.Text(lang, "act.title", nil) + " " + voided.Number, []string{"sınaq"}},
			"annulled":   {"nigar", "/office/acts/" + annulled.Number, 200, i18n.Text(lang, "act.title", nil) + " " + annulled.Number, []string{newer.Number}},
			"superseded": {"nigar", "/office/acts/" + superseded.Number, 200, i18n.Text(lang, "act.title", nil) + " " + superseded.Number, []string{newer.Number}},
			"accounts": {"boss", "/office/accounts", 200, i18n.Text(lang, "accounts.title", nil),
				[]string{"vuqar", i18n.Text(lang, "role.officer", nil), i18n.Text(lang, "accounts.certificate.none", nil)}},
			"batch":     {"nigar", batch, 200, i18n.Plural(lang, "sign.confirm.title", 1), []string{waiting.Number, loginFor(batch)}},
			"forbidden": {"boss", "/office/cases/" + c.Number, 403, i18n.Text(lang, "error.page.refused.title", nil), []string{i18n.Text(lang, "action.read", nil)}},
			"missing":   {"nigar", "/office/acts/EI2611009999999T-001", 404, i18n.Text(lang, "error.page.missing.title", nil), nil},
		} {
			t.Run(lang+" "+name, func(t *testing.T) {
				w := o.as(p.login).get(p.path + "?lang=" + lang)
				body := html.UnescapeString(w.Body.String())
				if w.Code != p.status || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" {
					t.Errorf("%d %v", w.Code, w.Header())
				}
				checkPage(t, w.Body.String(), lang, p.title)
				for _, want := range p.wants {
					if !strings.Contains(body, want) {
						t.Errorf("it lacks %q: %s", want, body)
					}
				}
				for _, link := range regexp.MustCompile(`(?:href|action)="(/office[^"]*)"`).FindAllStringSubmatch(body, -1) {
					if !strings.Contains(link[1], "lang=") && !strings.HasSuffix(link[1], "/file") && link[1] != "/office/find" {
						t.Errorf("the link %s loses the language", link[1])
					}
				}
			})
		}
	}
	if w := o.as("vuqar").get("/office/acts/" + waiting.Number); strings.Contains(w.Body.String(), `name="acts"`) {
		t.Error("who may not sign is asked to")
	}
}

// TestUploadedForms: the faults of a form are listed as the command line lists
// them, and sending a form twice does nothing twice.
func TestUploadedForms(t *testing.T) {
	o := newOffice(t)
	v := o.as("nigar")
	form, id, input := o.sample("case-1", 0)
	w := v.send("/office/register?lang=en", form, "office", "110")
	to := location(t, w).String()
	number := strings.TrimSuffix(strings.TrimPrefix(to, "/office/cases/"), "?lang=en")
	if w := v.send("/office/register?lang=en", form, "office", "110"); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "/office/cases/"+number) {
		t.Errorf("again: %d %s", w.Code, w.Body)
	}
	page := v.get(to).Body.String()
	key := regexp.MustCompile(`name="key" value="([0-9a-f]{32})"`).FindStringSubmatch(page)
	if key == nil {
		t.Fatalf("no key: %s", page)
	}
	path := "/office/cases/" + number + "/acts?lang=en"
	file := []byte(`{"case":"` + number + `","input":` + string(input) + `}`)
	first := location(t, v.send(path, file, "template", id, "key", key[1])).String()
	if again := location(t, v.send(path, file, "template", id, "key", key[1])).String(); again != first {
		t.Errorf("sent twice: %s and %s", first, again)
	}
	before := o.dump()
	for name, c := range map[string]struct {
		file   string
		status int
		wants  []string
	}{
		"faults":   {`{"input":{"term":{"kind":"long"},"extra":1}}`, 422, []string{"<code>/extra</code>", "<code>/term/kind</code>", "Choose one of"}},
		"not JSON": {`hello`, 422, []string{"does not have the form"}}, "empty": {``, 422, []string{"No file was chosen"}},
		"another case": {`{"case":"EI2611009999999T","input":{}}`, 422, []string{"for another case"}},
		"another kind": {`{"template":"query","input":{}}`, 422, []string{"another kind of act"}},
		"no input":     {`{"case":"` + number + `"}`, 422, []string{"does not have the form"}},
		"markup":       {`{"input":{"<script>alert(1)</script>":1}}`, 422, []string{"&lt;script&gt;"}},
		"too large":    {`{"input":{"a":"` + strings.Repeat("a", 1<<20) + `"}}`, 422, []string{"at most 1024 KB"}},
	} {
		w := v.send(path, []byte(c.file), "template", id)
		checkPage(t, w.Body.String(), "en", "Case "+number)
		for _, want := range c.wants {
			if w.Code != c.status || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: %d without %q: %s", name, w.Code, want, w.Body)
			}
		}
		if strings.Contains(w.Body.String(), "<script>alert") || o.dump() != before {
			t.Errorf("%s: something was done", name)
		}
	}
	w = v.send("/office/register?lang=en", []byte(`{}`), "office", "110")
	checkPage(t, w.Body.String(), "en", i18n.Text("en", "register.title", nil))
	if w.Code != 422 || strings.Count(w.Body.String(), "<li><") < 4 {
		t.Errorf("faults of a registration: %d %s", w.Code, w.Body)
	}
	for name, body := range map[string]string{"cut off": "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhel", "nothing": ""} {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		if w := v.do(r); w.Code != 422 || o.dump() != before {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

// TestChangesOnPages: what cannot be done is told on the page of the act.
func TestChangesOnPages(t *testing.T) {
	o := newOffice(t)
	v := o.as("nigar")
	c := o.newCase("nigar", "110")
	waiting, done := o.waiting("nigar", c), o.archived("nigar", c)
	path := "/office/acts/" + done.Number
	before := o.dump()
	for name, x := range map[string]struct {
		path   string
		form   url.Values
		status int
		want   string
	}{
		"no reason":    {path + "/standing", url.Values{"standing": {"annulled"}, "by": {waiting.Number}}, 422, "error.reason.missing"},
		"not archived": {path + "/standing", url.Values{"standing": {"annulled"}, "by": {waiting.Number}, "reason": {"x"}}, 409, ""},
		"by itself":    {path + "/standing", url.Values{"standing": {"annulled"}, "by": {done.Number}, "reason": {"x"}}, 409, ""},
		"by nothing":   {path + "/standing", url.Values{"standing": {"annulled"}, "by": {"EI2611009999999T-001"}, "reason": {"x"}}, 404, ""},
		"to nothing":   {path + "/standing", url.Values{"standing": {"in_force"}, "by": {waiting.Number}, "reason": {"x"}}, 422, ""},
		"too late":     {path + "/void", url.Values{"reason": {"x"}}, 409, ""},
		"control":      {"/office/acts/" + waiting.Number + "/void", url.Values{"reason": {"a\x1b[2J"}}, 422, "error.reason.unprintable"},
	} {
		w := v.post(x.path, x.form)
		if w.Code != x.status || !strings.Contains(w.Body.String(), `role="alert"`) || x.want != "" && !strings.Contains(w.Body.String(), i18n.Text("az", x.want, nil)) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if o.dump() != before {
		t.Error("something was done")
	}
	location(t, v.post("/office/acts/"+waiting.Number+"/void", url.Values{"reason": {"səhv açılıb"}}))
	if got := o.act(waiting.Number); got.State != document.Voided || got.VoidReason != "səhv açılıb" {
		t.Errorf("%+v", got)
	}
}

// TestFileOfAnAct: who may read an act gets the pages to be signed, then
// nothing until it is archived, then the archived file.
func TestFileOfAnAct(t *testing.T) {
	o := newOffice(t)
	v := o.as("nigar")
	act := o.waiting("nigar", o.newCase("nigar", "110"))
	path := "/office/acts/" + act.Number + "/file"
	w := v.get(path)
	pages := w.Body.String()
	if w.Code != 200 || !strings.HasPrefix(pages, "%PDF-") || w.Header().Get("Cache-Control") != "no-store" ||
		w.Header().Get("Content-Disposition") != `inline; filename="`+act.Number+`.pdf"` || strings.Contains(pages, "/ByteRange") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	o.Archive.SetDown(true) // signed, and not archived yet
	if _, err := o.Service.Sign(t.Context(), o.actor("nigar"), act, o.keys["nigar"].Holder); err == nil {
		t.Fatal("archived")
	}
	if got := o.act(act.Number).State; got != document.Signed {
		t.Fatalf("it is %s", got)
	}
	if w := v.get(path); w.Code != http.StatusConflict || strings.Contains(w.Body.String(), "%PDF") {
		t.Errorf("signed and not archived: %d", w.Code)
	}
	if w := v.get("/office/acts/" + act.Number + "?lang=en"); !strings.Contains(w.Body.String(), "archive unavailable") || strings.Contains(w.Body.String(), path) {
		t.Errorf("its page: %s", w.Body)
	}
	o.Archive.SetDown(false)
	if _, err := o.Service.Resume(t.Context(), o.act(act.Number)); err != nil {
		t.Fatal(err)
	}
	w = v.get(path)
	if !strings.HasPrefix(w.Body.String(), pages) || !strings.Contains(w.Body.String(), "/ByteRange") {
		t.Error("the archived file does not begin with the pages that were read")
	}
	done := o.act(act.Number)
	o.Archive.Corrupt(done.Path, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	if w := v.get(path); w.Code != http.StatusInternalServerError {
		t.Errorf("a changed file: %d", w.Code)
	}
}
