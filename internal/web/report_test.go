package web_test

import (
	"bytes"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/signing"
	"docsvc/internal/signing/etsi"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/web"
)

// mainIndication is what the report of ETSI TS 119 102-2 on a file says first.
func (s *site) mainIndication(file []byte) string {
	s.t.Helper()
	s.Advance(time.Minute) // past the rate limit
	w := s.upload("/v/file/report", bytes.NewReader(file))
	if w.Code != http.StatusOK || w.Header().Get("Content-Disposition") != `attachment; filename="validation-report.json"` ||
		!strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		s.t.Fatalf("%d %v", w.Code, w.Header())
	}
	var report etsi.ValidationReport
	if err := json.Unmarshal(w.Body.Bytes(), &report); err != nil || len(report.SignatureValidationReport) == 0 {
		s.t.Fatal(err, w.Body)
	}
	return report.SignatureValidationReport[0].SignatureValidationStatus.MainIndication
}

// TestFileReport: the validation report of a file is made of what was sent, and
// nothing of it is kept.
func TestFileReport(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, func(o *web.Options) { o.TempDir = dir })
	s.Service.Rules.Level = signing.LevelBLTA
	act := s.Issue("case-1", 0)
	file := s.File(act)
	changed := bytes.Clone(file)
	changed[len(changed)/3] ^= 1
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"the act": {file, "total-passed"}, "changed": {changed, "total-failed"}, "text": {[]byte("hello"), "total-failed"},
	} {
		if got := s.mainIndication(c.file); got != "urn:etsi:019102:mainindication:"+c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if w := s.get("/v/file/report"); w.Code != http.StatusSeeOther {
		t.Errorf("the address itself: %d", w.Code)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("uploads stay behind: %v, %v", left, err)
	}
}

// TestFilePageSaysWhy: beside the machine codes stand sentences in the language,
// for what is wrong and for what was added rightly.
func TestFilePageSaysWhy(t *testing.T) {
	s := newSite(t)
	s.Service.Rules.Level = signing.LevelBLTA
	file := s.File(s.Issue("case-1", 0))
	changed := bytes.Clone(file)
	changed[len(changed)/3] ^= 1
	report, err := s.Service.Verifier.Verify(t.Context(), changed, time.Time{})
	if err != nil || report.Indication != signing.TotalFailed || len(report.Signatures) == 0 || len(report.Signatures[0].Causes) == 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	for _, lang := range i18n.Languages() {
		s.Advance(time.Minute)
		body := html.UnescapeString(s.upload("/v/file?lang="+lang, bytes.NewReader(changed)).Body.String())
		for _, c := range report.Signatures[0].Causes {
			if want := web.CauseText(lang, c, time.UTC); !strings.Contains(body, want) {
				t.Errorf("%s: it lacks %q", lang, want)
			}
		}
		if !strings.Contains(body, report.Signatures[0].SubIndication) || strings.Contains(body, "verify.cause.") {
			t.Errorf("%s: no machine code, or a key in place of a sentence: %s", lang, body)
		}
		s.Advance(time.Minute)
		body = html.UnescapeString(s.upload("/v/file?lang="+lang, bytes.NewReader(file)).Body.String())
		for _, want := range []string{i18n.Text(lang, "level.blta", nil), i18n.Text(lang, "report.until", nil), i18n.Text(lang, "verify.change.data", nil)} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: it lacks %q: %s", lang, want, body)
			}
		}
	}
}

// TestRenewedAct: a renewal shows on the public page, on the officer's and in
// the API; the files of before stay the act.
func TestRenewedAct(t *testing.T) {
	o := newOffice(t)
	o.Service.Rules.Level = signing.LevelBLTA
	act := o.archived("nigar", o.newCase("nigar", "110"))
	first := o.File(act)
	o.Advance(time.Hour)
	o.PKI.NewTSA(t, signingtest.P256(t), o.Now().AddDate(14, 0, 0))
	renewed := o.Renew(act)
	o.Sequence()
	day := o.Now().In(time.FixedZone("", 4*60*60)).Format("02.01.2006")
	for _, lang := range i18n.Languages() {
		body := html.UnescapeString(o.get("/v/" + act.Code + "?lang=" + lang).Body.String())
		for _, want := range []string{i18n.Text(lang, "signature.renewed", map[string]string{"time": day}), i18n.Text(lang, "level.blta", nil)} {
			if !strings.Contains(body, want) {
				t.Errorf("the public page lacks %q: %s", want, body)
			}
		}
		body = html.UnescapeString(o.as("nigar").get("/office/acts/" + act.Number + "?lang=" + lang).Body.String())
		for _, want := range []string{i18n.Text(lang, "history.renewed", map[string]string{"n": "2"}), i18n.Text(lang, "act.renew", nil)} {
			if !strings.Contains(body, want) {
				t.Errorf("the officer's page lacks %q: %s", want, body)
			}
		}
	}
	w := o.as("nigar").get("/api/v1/acts/" + act.Number)
	newDescription(t).answer(t, w, http.StatusOK, "Act")
	if list, ok := fields(t, w)["renditions"].([]any); !ok || len(list) != 2 {
		t.Errorf("the API says %s", w.Body)
	}
	for _, file := range [][]byte{first, o.File(renewed)} {
		if got := o.mainIndication(file); got != "urn:etsi:019102:mainindication:total-passed" {
			t.Errorf("a file of %d bytes: %s", len(file), got)
		}
	}
}

// TestTwoSigners: what the officer has signed waits for the head, who sees it,
// and who has signed stands on the act's page and on the public one.
func TestTwoSigners(t *testing.T) {
	o := newOffice(t)
	o.Service.Rules.Level = signing.LevelBLTA
	o.enrol("leyla", "7LYL4A1", "110", document.Grant{Role: document.RoleHead, Office: "110"})
	o.change("nigar", func(a *document.Account) { a.Grants = a.Grants[:1] }) // one head
	c := o.newCase("nigar", "110")
	o.archived("nigar", c)
	_, id, input := o.sample("case-5", 1)
	act, _, err := o.Service.Issue(t.Context(), o.actor("nigar"), document.Draft{Case: c.Number, Template: id, Input: input})
	if err == nil {
		act, err = o.Service.Run(t.Context(), act)
	}
	if err == nil {
		act, err = o.Service.Sign(t.Context(), o.actor("nigar"), act, o.keys["nigar"].Holder)
	}
	if err != nil || act.State != document.Prepared || act.Round != 1 {
		t.Fatalf("%s in round %d, %v", act.State, act.Round, err)
	}
	nigar, leyla, vuqar := o.as("nigar"), o.as("leyla"), o.as("vuqar")
	for v, waits := range map[*visitor]bool{nigar: false, leyla: true, vuqar: false} {
		if got := strings.Contains(v.get("/office").Body.String(), act.Number); got != waits {
			t.Errorf("on the desk: %v, want %v", got, waits)
		}
	}
	page := html.UnescapeString(nigar.get("/office/acts/" + act.Number + "?lang=en").Body.String())
	for _, key := range []string{"act.signer.done", "act.signer.turn"} {
		if strings.Count(page, i18n.Text("en", key, nil)) != 1 {
			t.Errorf("%s is not said once: %s", key, page)
		}
	}
	if w := nigar.post("/office/sign", url.Values{"acts": {act.Number}}); w.Code < 400 {
		t.Errorf("who has signed signs for the head: %d", w.Code)
	}
	if act, err = o.Service.Sign(t.Context(), o.actor("leyla"), act, o.keys["leyla"].Holder); err != nil || act.State != document.Archived {
		t.Fatal(act.State, err)
	}
	o.Sequence()
	public := html.UnescapeString(o.get("/v/" + act.Code + "?lang=en").Body.String())
	if strings.Count(public, i18n.Text("en", "level.blta", nil)) != 2 {
		t.Errorf("the public page does not show two signatures: %s", public)
	}
	page = html.UnescapeString(nigar.get("/office/acts/" + act.Number + "?lang=en").Body.String())
	if strings.Count(page, i18n.Text("en", "act.signer.done", nil)) != 2 {
		t.Errorf("not both have signed: %s", page)
	}
}
