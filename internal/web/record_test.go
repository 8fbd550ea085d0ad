package web_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/verify/verifytest"
	"docsvc/internal/web"
)

// TestRecordPage: the whole story of an act is on one page, in each language,
// with who has looked and who has taken a copy.
func TestRecordPage(t *testing.T) {
	o := newOffice(t, func(options *web.Options) { options.Limiter = &keys{} })
	c := o.newCase("nigar", "110")
	act := o.archived("nigar", c)
	o.Sequence()
	for _, who := range []string{"archivist", "auditor"} {
		o.enrol(who, "9"+strings.ToUpper(who[:6]), "110", document.Grant{Role: document.Role(who), Office: "110"})
	}
	v := o.as("archivist")
	record, file := "/office/acts/"+act.Number+"/record", "/office/acts/"+act.Number+"/file"
	if w := o.as("vuqar").get(record); w.Code != http.StatusForbidden {
		t.Errorf("an officer sees the trail: %d", w.Code)
	}
	if w := o.as("vuqar").get("/office/acts/" + act.Number); strings.Contains(w.Body.String(), "/record") {
		t.Error("an officer is offered the trail")
	}
	if w := v.get("/office/acts/" + act.Number + "/copy"); w.Code != http.StatusNotFound {
		t.Errorf("a sheet without a copy: %d", w.Code)
	}
	if w := v.do(httptest.NewRequest(http.MethodHead, file, nil)); w.Code != http.StatusOK || w.Body.Len() > 0 {
		t.Errorf("HEAD: %d", w.Code)
	}
	w := v.get(file)
	if w.Code != http.StatusOK || w.Body.String() != string(o.File(act)) {
		t.Errorf("the copy is not the signed file: %d", w.Code)
	}
	v.get(file) // reloaded
	o.as("auditor").get(file)
	for _, lang := range i18n.Languages() {
		w := v.get(record + "?lang=" + lang)
		body := html.UnescapeString(w.Body.String())
		checkPage(t, w.Body.String(), lang, i18n.Text(lang, "record.title", nil)+" "+act.Number)
		for _, want := range []string{
			i18n.Text(lang, "verdict.valid.title", nil), fmt.Sprintf("%x", act.SHA256), fmt.Sprintf("%x", act.DataSHA256), act.RetainUntil.In(verifytest.Baku()).Format("02.01.2006"),
			"test:nigar:1", i18n.Text(lang, "record.outcome.signed", nil), "position", i18n.Text(lang, "audit.act.archived", nil),
			i18n.Text(lang, "audit.act.copied", map[string]string{"copy": "1"}), i18n.Text(lang, "audit.act.copied", map[string]string{"copy": "2"}),
			"<strong>archivist</strong> " + i18n.Text(lang, "audit.act.read", nil),
		} {
			if want == "position" {
				want = i18n.Text(lang, "ledger.title", nil)
			}
			if !strings.Contains(body, want) {
				t.Errorf("%s: it lacks %q", lang, want)
			}
		}
		if strings.Contains(body, i18n.Text(lang, "audit.act.copied", map[string]string{"copy": "3"})) {
			t.Errorf("%s: HEAD, or a reload, is a copy", lang)
		}
		w = v.get("/office/acts/" + act.Number + "/copy?lang=" + lang)
		checkPage(t, w.Body.String(), lang, i18n.Text(lang, "copy.title", nil)+" 1")
		if !strings.Contains(w.Body.String(), fmt.Sprintf("%x", act.SHA256)) || !strings.Contains(w.Body.String(), "(archivist)") {
			t.Errorf("%s: the sheet does not say which file, or whose copy: %s", lang, w.Body)
		}
	}
	// Three languages and two files: one look and one copy of each.
	for kind, want := range map[audit.Kind]int{audit.ActRead: 2, audit.ActCopied: 2} { // vuqar and the archivist
		if n := o.events(act, kind); n != want {
			t.Errorf("%d events %s, want %d", n, kind, want)
		}
	}
	o.Archive.Corrupt(act.Path, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
	if w := v.get(record + "?lang=en"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), i18n.Text("en", "verdict.altered.title", nil)) {
		t.Errorf("an altered record has no story: %d", w.Code)
	}
}

// TestLooksThroughTheAPI: what a program reads for somebody is their look.
func TestLooksThroughTheAPI(t *testing.T) {
	o := newOffice(t)
	act := o.archived("nigar", o.newCase("nigar", "110"))
	o.as("nigar").get("/api/v1/acts/" + act.Number)
	if n := o.events(act, audit.ActRead); n != 0 {
		t.Errorf("%d looks of the author", n)
	}
	o.as("vuqar").get("/api/v1/acts/" + act.Number)
	o.as("vuqar").get("/api/v1/acts/" + act.Number + "/file")
	if looks, copies := o.events(act, audit.ActRead), o.events(act, audit.ActCopied); looks != 1 || copies != 1 {
		t.Errorf("%d looks, %d copies", looks, copies)
	}
}

// events counts the events of a kind about an act.
func (o *office) events(a document.Act, kind audit.Kind) (n int) {
	o.t.Helper()
	list, _, err := o.Service.TrailOf(o.t.Context(), document.Actor{Login: "x", Grants: []document.Grant{{Role: document.RoleAuditor, Office: "110"}}}, a)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, e := range list {
		if e.Kind == kind {
			n++
		}
	}
	return n
}
