package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"docsvc/internal/document"
)

// begin begins a form and returns its address.
func (v *visitor) begin(fields ...string) string {
	v.o.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	w := v.post("/office/forms", form)
	if w.Code != http.StatusSeeOther {
		v.o.t.Fatalf("the form is not begun: %d\n%s", w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

var versionField = regexp.MustCompile(`name="version" value="(\d+)"`)

// fill sends a form with the version that its page shows.
func (v *visitor) fill(path, do string, fields url.Values, headers ...string) (status int, to, body string) {
	v.o.t.Helper()
	sent := url.Values{"do": {do}}
	for name, values := range fields {
		sent[name] = values
	}
	if m := versionField.FindStringSubmatch(v.get(path).Body.String()); m != nil && !sent.Has("version") {
		sent.Set("version", m[1])
	}
	w := v.post(path, sent, headers...)
	return w.Code, w.Header().Get("Location"), w.Body.String()
}

// initiation is the filled form of a decision.
func initiation() url.Values {
	return url.Values{"/term/kind": {"standard"}, "/term/days": {"10"}, "/facts": {"Borclu könüllü icra etməyib."}, "/send_to": {"creditor"}}
}

// TestActFromAForm: a form is begun on the page of a case, grows with what is
// chosen, says beside the fields what is wrong, is looked at and sent; sent
// again it leads to the same act, and its copy begins with what was typed.
func TestActFromAForm(t *testing.T) {
	o := newOffice(t)
	c := o.newCase("nigar", "110")
	v := o.as("nigar")
	if page := v.get("/office/cases/" + c.Number).Body.String(); !strings.Contains(page, `action="/office/forms"`) {
		t.Fatal("the case offers no form")
	}
	path := v.begin("case", c.Number, "template", "initiation-decision")
	page := v.get(path).Body.String()
	for _, want := range []string{`name="/term/kind"`, `qanunla müəyyən edilən`, `name="/facts"`, `value="creditor"`, c.Number} {
		if !strings.Contains(page, want) {
			t.Errorf("the form lacks %s", want)
		}
	}
	if strings.Contains(page, `name="/term/days"`) {
		t.Error("the days are asked for before the kind of term")
	}
	if status, to, _ := v.fill(path, "refresh:/term/kind", url.Values{"/term/kind": {"standard"}}); status != http.StatusSeeOther || to != path+"#f-term-kind" {
		t.Errorf("chosen a kind: %d %s", status, to)
	}
	if page := v.get(path).Body.String(); !strings.Contains(page, `name="/term/days"`) || !strings.Contains(page, `value="standard" checked`) {
		t.Error("the kind of term does not bring its days")
	}
	bad := initiation()
	bad.Set("/term/days", "99")
	status, _, body := v.fill(path, "send", bad)
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, `href="#f-term-days"`) || !strings.Contains(body, `id="f-term-days-error"`) {
		t.Errorf("a fault: %d\n%s", status, body)
	}
	if !strings.Contains(body, "Borclu könüllü icra etməyib.") || len(strings.TrimSpace(o.dump("act"))) > 0 {
		t.Error("a faulty form is lost, or an act was numbered")
	}
	if status, to, _ := v.fill(path, "preview", initiation()); status != http.StatusSeeOther || to != path+"/preview" {
		t.Errorf("looked at: %d %s", status, to)
	}
	pages := v.get(path + "/preview")
	if pages.Code != http.StatusOK || !strings.HasPrefix(pages.Body.String(), "%PDF") ||
		!strings.Contains(pages.Header().Get("Content-Security-Policy"), "frame-ancestors 'self'") {
		t.Errorf("preview: %d %v", pages.Code, pages.Header())
	}
	status, to, _ := v.fill(path, "send", initiation())
	number := c.Number + "-001"
	if status != http.StatusSeeOther || to != "/office/acts/"+number {
		t.Fatalf("sent: %d %s", status, to)
	}
	for _, do := range []string{"send", "save", "preview"} { // a double click, the back button
		if status, to, _ := v.fill(path, do, initiation()); status != http.StatusSeeOther || to != "/office/acts/"+number {
			t.Errorf("%s again: %d %s", do, status, to)
		}
	}
	if w := v.get(path); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/office/acts/"+number {
		t.Errorf("the form after it was sent: %d", w.Code)
	}
	if n := strings.Count(o.dump("act"), "\n"); n != 1 {
		t.Errorf("%d acts", n)
	}
	copied := v.begin("case", c.Number, "template", "initiation-decision", "from", number)
	if page := v.get(copied).Body.String(); !strings.Contains(page, "Borclu könüllü icra etməyib.") || !strings.Contains(page, `value="10"`) {
		t.Error("the copy is empty")
	}
}

// TestCaseFromAForm: a registration is filled in, with parties added and taken
// away, and leads to the case.
func TestCaseFromAForm(t *testing.T) {
	o := newOffice(t)
	v := o.as("nigar")
	path := v.begin()
	form := url.Values{
		"office": {"110"}, "officer": {"vuqar"},
		"/document/kind": {"writ"}, "/document/number": {"2(199)-77/2026"}, "/document/date": {"2026-06-15"}, "/document/issuer": {"Nümunə Rayon Məhkəməsi"},
		"/creditors/0": {""}, "/creditors/0/kind": {"legal"}, "/creditors/0/name": {"Şəfəq Nümunə Bank"}, "/creditors/0/form": {"ASC"}, "/creditors/0/voen": {"9999990121"},
		"/debtors/0": {""}, "/debtors/0/kind": {"natural"}, "/debtors/0/surname": {"Nümunəli"}, "/debtors/0/name": {"Anar"}, "/debtors/0/fin": {"5nmn1a1"},
		"/claim/kind": {"monetary"}, "/claim/principal": {"100,00"}, "/claim/total": {"100,00"},
	}
	if status, to, _ := v.fill(path, "add:/debtors", form); status != http.StatusSeeOther || to != path+"#f-debtors" {
		t.Errorf("added: %d %s", status, to)
	}
	if page := v.get(path).Body.String(); !strings.Contains(page, `name="/debtors/1"`) || !strings.Contains(page, `remove:/debtors/0`) ||
		!strings.Contains(page, `value="vuqar" selected`) {
		t.Error("there is no second debtor, or the officer is forgotten")
	}
	form["/debtors/1"] = []string{""}
	if status, _, _ := v.fill(path, "remove:/debtors/1", form); status != http.StatusSeeOther {
		t.Errorf("removed: %d", status)
	}
	if page := v.get(path).Body.String(); strings.Contains(page, `name="/debtors/1"`) || strings.Contains(page, `remove:/debtors/0`) {
		t.Error("the second debtor is still there, or the only one can be removed")
	}
	delete(form, "/debtors/1")
	status, to, body := v.fill(path, "send", form)
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "/office/cases/EI26110") {
		t.Fatalf("sent: %d %s\n%s", status, to, body)
	}
	c, err := o.Service.Case(t.Context(), strings.TrimPrefix(to, "/office/cases/"))
	if err != nil || c.Officer != "vuqar" || !strings.Contains(string(c.Data), "5NMN1A1") {
		t.Errorf("registered: %+v, %v", c, err)
	}
	again := v.begin()
	status, _, body = v.fill(again, "send", form)
	if status != http.StatusConflict || !strings.Contains(body, "/office/cases/"+c.Number) {
		t.Errorf("the same document again: %d\n%s", status, body)
	}
	form.Set("office", "999")
	if status, _, _ := v.fill(again, "save", form); status != http.StatusForbidden {
		t.Errorf("in an office of others: %d", status)
	}
	if status, to, _ := v.fill(again, "delete", nil); status != http.StatusSeeOther || to != "/office/forms" {
		t.Errorf("deleted: %d %s", status, to)
	}
	if w := v.get(again); w.Code != http.StatusNotFound {
		t.Errorf("after deleting: %d", w.Code)
	}
}

// TestFormInTwoWindows: the second to save is told, keeps what was typed there,
// and may replace the first.
func TestFormInTwoWindows(t *testing.T) {
	o := newOffice(t)
	c := o.newCase("nigar", "110")
	v := o.as("nigar")
	path := v.begin("case", c.Number, "template", "query")
	first, second := url.Values{"/addressee": {"Bank"}, "version": {"1"}}, url.Values{"/addressee": {"Notarius"}, "version": {"1"}}
	json := []string{"Accept", "application/json"}
	status, _, body := v.fill(path, "save", first, json...)
	if status != http.StatusOK || !strings.Contains(body, `"version":2`) {
		t.Errorf("saved by the script: %d %s", status, body)
	}
	if status, _, body := v.fill(path, "save", second, json...); status != http.StatusConflict || !strings.Contains(body, "error.form.newer") {
		t.Errorf("by another window: %d %s", status, body)
	}
	status, _, body = v.fill(path, "save", second)
	if status != http.StatusConflict || !strings.Contains(body, "Notarius") || !strings.Contains(body, `name="version" value="2"`) {
		t.Errorf("by its button: %d %s", status, body)
	}
	if page := v.get(path).Body.String(); !strings.Contains(page, "Bank") {
		t.Error("what the first has saved is gone")
	}
	second.Set("version", "2")
	if status, _, _ := v.fill(path, "save", second); status != http.StatusSeeOther {
		t.Errorf("once more: %d", status)
	}
	if page := v.get(path).Body.String(); !strings.Contains(page, "Notarius") {
		t.Error("the second has replaced nothing")
	}
}

// TestHostileForms: each is refused with a sentence, and nothing is kept.
func TestHostileForms(t *testing.T) {
	o := newOffice(t)
	c := o.newCase("nigar", "110")
	v, other := o.as("nigar"), o.as("vuqar")
	path := v.begin("case", c.Number, "template", "query")
	before := v.get(path).Body.String()
	for name, tc := range map[string]struct {
		who    *visitor
		path   string
		fields url.Values
		want   int
	}{
		"5 MB pasted":          {v, path, url.Values{"/facts": {strings.Repeat("ə", 5<<20/2)}}, http.StatusUnprocessableEntity},
		"a little over":        {v, path, url.Values{"/facts": {strings.Repeat("x", document.MaxFormInput)}}, http.StatusUnprocessableEntity},
		"no version":           {v, path, url.Values{"version": {""}}, http.StatusUnprocessableEntity},
		"a version to come":    {v, path, url.Values{"version": {"7"}}, http.StatusConflict},
		"somebody else":        {other, path, url.Values{"version": {"1"}}, http.StatusNotFound},
		"no such form":         {v, "/office/forms/none", url.Values{"version": {"1"}}, http.StatusNotFound},
		"a form of no kind":    {v, "/office/forms", url.Values{"case": {c.Number}, "template": {"../../etc/passwd"}}, http.StatusNotFound},
		"a form of no case":    {v, "/office/forms", url.Values{"case": {"EI2611000000009X"}, "template": {"query"}}, http.StatusNotFound},
		"a copy of nothing":    {v, "/office/forms", url.Values{"case": {c.Number}, "template": {"query"}, "from": {"x"}}, http.StatusNotFound},
		"not logged in at all": {o.visitor(), path, url.Values{"version": {"1"}}, http.StatusForbidden},
	} {
		status, _, body := tc.who.fill(tc.path, "save", tc.fields)
		if status != tc.want {
			t.Errorf("%s: %d\n%s", name, status, body)
		}
	}
	if after := v.get(path).Body.String(); after != before {
		t.Error("the form was changed")
	}
	if w := other.get(path + "/preview"); w.Code != http.StatusNotFound {
		t.Errorf("another person's preview: %d", w.Code)
	}
	if w := v.get(path + "/preview"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Ünvanlanan qurum") {
		t.Errorf("preview of an empty form: %d\n%s", w.Code, w.Body)
	}
}
