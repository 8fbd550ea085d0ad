package web_test

import (
	"bytes"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// page is a page of officers as text, checked for its form.
func (o *office) page(login, path, lang, title string) string {
	o.t.Helper()
	w := o.as(login).get(path + "?lang=" + lang)
	if w.Code != http.StatusOK {
		o.t.Fatalf("%s for %s: %d %s", path, login, w.Code, w.Body)
	}
	t, ok := o.t.(*testing.T)
	if !ok {
		o.t.Fatal("not in a test")
	}
	checkPage(t, w.Body.String(), lang, title)
	return html.UnescapeString(w.Body.String())
}

// TestApprovalsPage: the head sees what waits, since when and from whom, and
// the officers' work; an officer sees neither of the latter two.
func TestApprovalsPage(t *testing.T) {
	o := newOffice(t)
	c := o.newCase("nigar", "110")
	a := o.toHead(c)
	own := o.waiting("nigar", c)
	for _, lang := range i18n.Languages() {
		title := i18n.Text(lang, "approvals.title", nil)
		body := o.page("rehber", "/office/approvals", lang, title)
		for _, want := range []string{a.Number, o.account("nigar").Name, o.Now().In(o.options.Location).Format("02.01.2006"), `action="/office/sign?lang=` + lang,
			i18n.Text(lang, "work.title", map[string]string{"office": "Nümunə Rayon İcra Şöbəsi"}), i18n.Plural(lang, "approvals.waiting", 1)} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: it lacks %q: %s", lang, want, body)
			}
		}
		if body := o.page("vuqar", "/office/approvals", lang, title); strings.Contains(body, a.Number) || strings.Contains(body, `id="work-`) {
			t.Errorf("%s: an officer sees %s", lang, body)
		}
	}
	work := regexp.MustCompile(`(?s)` + o.account("nigar").Name + `</th>(.*?)</tr>`).FindString(o.page("rehber", "/office/approvals", "en", i18n.Text("en", "approvals.title", nil)))
	if got := regexp.MustCompile(`>(\d+)<`).FindAllString(work, -1); strings.Join(got, " ") != ">2< >0< >2<" {
		t.Errorf("the officer's work is %v: %s", got, work)
	}
	if strings.Contains(o.page("nigar", "/office/approvals", "en", i18n.Text("en", "approvals.title", nil)), `value="`+own.Number) {
		t.Error("an officer approves their own act")
	}
	to := location(t, o.as("rehber").post("/office/sign", url.Values{"acts": {a.Number}})).String()
	if !strings.Contains(to, "/office/authorisations/") {
		t.Errorf("approving leads to %s", to)
	}
}

// TestSubstitutionPage: a head appoints a deputy, who then finds the act, and
// ends it; who may not is offered nothing.
func TestSubstitutionPage(t *testing.T) {
	o := newOffice(t)
	c := o.newCase("nigar", "110")
	o.toHead(c)
	o.enrol("evez", "4EVZ4EV", "110", document.Grant{Role: document.RoleOfficer, Office: "110"})
	today := string(o.Service.Today())
	form := url.Values{"absent": {"rehber head 110"}, "deputy": {"evez"}, "from": {today}, "until": {today}, "reason": {"əmr № 7"}}
	head := o.as("rehber")
	for name, change := range map[string]func(url.Values){
		"dates": func(f url.Values) { f.Set("until", "2020-01-01") }, "deputy": func(f url.Values) { f.Set("deputy", "rehber") },
		"reason": func(f url.Values) { f.Del("reason") }, "nobody": func(f url.Values) { f.Set("deputy", "nobody") }, "no role": func(f url.Values) { f.Set("absent", "rehber") },
	} {
		wrong := url.Values{}
		for k, v := range form {
			wrong[k] = v
		}
		change(wrong)
		if w := head.post("/office/substitutions?lang=en", wrong); w.Code < 400 || w.Code >= 500 {
			t.Errorf("%s: %d", name, w.Code)
		} else if w.Code == http.StatusUnprocessableEntity && !strings.Contains(w.Body.String(), `value="evez" selected`) && name != "deputy" {
			t.Errorf("%s: what was typed is gone: %s", name, w.Body)
		}
	}
	if w := o.as("vuqar").post("/office/substitutions", form); w.Code != http.StatusForbidden {
		t.Errorf("an officer appoints: %d", w.Code)
	}
	if to := location(t, head.post("/office/substitutions?lang=en", form)).String(); to != "/office/substitutions?lang=en" {
		t.Errorf("it leads to %s", to)
	}
	if w := head.post("/office/substitutions?lang=en", form); w.Code != http.StatusConflict {
		t.Errorf("twice: %d", w.Code)
	}
	var end string
	for _, lang := range i18n.Languages() {
		body := o.page("rehber", "/office/substitutions", lang, i18n.Text(lang, "substitution.title", nil))
		for _, want := range []string{o.account("evez").Name, "əmr № 7", i18n.Text(lang, "substitution.holds", nil), i18n.Text(lang, "substitution.appoint", nil)} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: it lacks %q: %s", lang, want, body)
			}
		}
		end = regexp.MustCompile(`/office/substitutions/[0-9a-f-]+/end`).FindString(body)
		if body := o.page("vuqar", "/office/substitutions", lang, i18n.Text(lang, "substitution.title", nil)); !strings.Contains(body, "əmr № 7") || strings.Contains(body, "/end") || strings.Contains(body, "<select") {
			t.Errorf("%s: an officer sees %s", lang, body)
		}
	}
	o.change("nigar", func(a *document.Account) { a.Grants = []document.Grant{{Role: document.RoleOfficer, Office: "110"}} })
	a := o.toHead(c)
	if a.Signers[1].Login != "evez" {
		t.Fatalf("%+v", a.Signers)
	}
	if body := o.page("evez", "/office/approvals", "en", i18n.Text("en", "approvals.title", nil)); !strings.Contains(body, a.Number) || !strings.Contains(body, `id="work-`) {
		t.Errorf("the deputy sees %s", body)
	}
	if body := o.page("evez", "/office/acts/"+a.Number, "en", "Act "+a.Number); !strings.Contains(body, "in the place of: ") {
		t.Errorf("the act does not say in whose place: %s", body)
	}
	if w := o.as("vuqar").post(end, nil); w.Code != http.StatusForbidden {
		t.Errorf("an officer ends it: %d", w.Code)
	}
	location(t, head.post(end, nil))
	if w := head.post(end, nil); w.Code != http.StatusConflict {
		t.Errorf("ended twice: %d", w.Code)
	}
}

// TestDeliveryPage: a clerk records the service with its proof; the term is
// counted from it and says how; the file comes back as a download.
func TestDeliveryPage(t *testing.T) {
	o := newOffice(t)
	c := o.newCase("nigar", "110")
	a := o.archived("nigar", c)
	o.enrol("kargu", "5KRG5ZR", "110", document.Grant{Role: document.RoleClerk, Office: "110"})
	clerk := o.as("kargu")
	path := "/office/acts/" + a.Number
	pdf := []byte("%PDF-1.7 \x00\x01 proof")
	fields := []string{"party", "debtor", "recipient", "Nümunəli Anar", "way", "post", "on", string(a.Date), "proof", "qəbz № 7"}
	for name, bad := range map[string][]byte{"a page": []byte("<html>"), "too large": append(bytes.Clone(pdf), make([]byte, document.MaxProof)...)} {
		if w := clerk.send(path+"/deliveries", bad, fields...); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	location(t, clerk.send(path+"/deliveries", pdf, fields...))
	location(t, clerk.send(path+"/deliveries", nil, fields...))
	last := a.Date.Time().AddDate(0, 0, 10).Format("02.01.2006")
	var file string
	for _, lang := range i18n.Languages() {
		body := o.page("nigar", path, lang, i18n.Text(lang, "act.title", nil)+" "+a.Number)
		for _, want := range []string{"Nümunəli Anar", i18n.Text(lang, "delivery.way.post", nil), "qəbz № 7", last, i18n.Plural(lang, "days", 10), "87.1"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: it lacks %q: %s", lang, want, body)
			}
		}
		file = regexp.MustCompile(`/office/acts/[^"]*/deliveries/[0-9a-f-]+/file`).FindString(body)
	}
	w := clerk.get(file)
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), pdf) || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") ||
		w.Header().Get("Content-Type") != "application/pdf" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the file: %d %v", w.Code, w.Header())
	}
	o.enrol("far", "6FAR6FR", "111", document.Grant{Role: document.RoleClerk, Office: "111"})
	if w := o.as("far").get(file); w.Code != http.StatusForbidden {
		t.Errorf("another office reads the file: %d", w.Code)
	}
	if w := clerk.get(path + "/deliveries/none/file"); w.Code != http.StatusNotFound {
		t.Errorf("no such file: %d", w.Code)
	}
}

// TestTwoPersonsPage: one proposes, another finds it and confirms.
func TestTwoPersonsPage(t *testing.T) {
	o := newOffice(t)
	o.Service.Rules.TwoPersons = map[string]bool{"*": true}
	c := o.newCase("nigar", "110")
	a, by, kept := o.archived("nigar", c), o.archived("nigar", c), o.archived("nigar", c)
	first, second := o.as("nigar"), o.as("vuqar")
	for _, act := range []document.Act{a, kept} {
		path := "/office/acts/" + act.Number
		location(t, first.post(path+"/standing", url.Values{"standing": {"annulled"}, "by": {by.Number}, "reason": {"səhv <i>"}}))
		if o.act(act.Number).Standing != document.InForce {
			t.Fatal("one person was enough")
		}
	}
	path := "/office/acts/" + a.Number
	for _, lang := range i18n.Languages() {
		if body := o.page("vuqar", "/office/approvals", lang, i18n.Text(lang, "approvals.title", nil)); !strings.Contains(body, a.Number) {
			t.Errorf("%s: it is not among the approvals: %s", lang, body)
		}
		if body := o.page("vuqar", path, lang, i18n.Text(lang, "act.title", nil)+" "+a.Number); !strings.Contains(body, `value="confirm"`) || strings.Contains(body, `/standing`) {
			t.Errorf("%s: the second person sees %s", lang, body)
		}
		if body := o.page("nigar", path, lang, i18n.Text(lang, "act.title", nil)+" "+a.Number); strings.Contains(body, `value="confirm"`) || !strings.Contains(body, `value="reject"`) {
			t.Errorf("%s: the first person sees %s", lang, body)
		}
	}
	if w := first.post(path+"/proposal", url.Values{"decision": {"confirm"}}); w.Code != http.StatusForbidden {
		t.Errorf("the first person confirms: %d", w.Code)
	}
	if w := second.post(path+"/proposal", url.Values{"decision": {"maybe"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("maybe: %d", w.Code)
	}
	location(t, second.post(path+"/proposal", url.Values{"decision": {"confirm"}}))
	location(t, second.post("/office/acts/"+kept.Number+"/proposal", url.Values{"decision": {"reject"}, "remark": {"yox"}}))
	if o.act(a.Number).Standing != document.Annulled || o.act(kept.Number).Standing != document.InForce {
		t.Errorf("%s and %s", o.act(a.Number).Standing, o.act(kept.Number).Standing)
	}
}

// TestCorrectionPages: the form of a correction begins with the act; once it is
// archived both acts, and the public page of the corrected one, say so.
func TestCorrectionPages(t *testing.T) {
	o := newOffice(t)
	c := o.newCase("nigar", "110")
	a := o.archived("nigar", c)
	v := o.as("nigar")
	to := location(t, v.post("/office/acts/"+a.Number+"/correct?lang=en", nil)).String()
	if body := v.get(to).Body.String(); !strings.Contains(body, a.Number) || !strings.Contains(body, string(a.Date)) {
		t.Errorf("the form does not begin with the act: %s", body)
	}
	input := `{"act":"` + a.Number + `","act_date":"` + string(a.Date) + `","act_title":"Qərar","wrong":"12 oktyabr","right":"13 oktyabr"}`
	act, _, err := o.Service.Issue(t.Context(), o.actor("nigar"), document.Draft{Case: c.Number, Template: "correction-decision", Input: []byte(input)})
	if err == nil {
		act, err = o.Service.Run(t.Context(), act)
	}
	if err != nil || act.Corrects != a.Number {
		t.Fatal(act.Corrects, err)
	}
	public := func() string { return o.get("/v/" + a.Code + "?lang=en").Body.String() }
	if strings.Contains(public(), act.Number) {
		t.Error("the public page tells of what is not archived")
	}
	if act, err = o.Service.Sign(t.Context(), o.actor("nigar"), act, o.keys["nigar"].Holder); err != nil || act.State != document.Archived {
		t.Fatal(act.State, err)
	}
	if body := html.UnescapeString(public()); !strings.Contains(body, act.Number) || !strings.Contains(body, o.Now().In(o.options.Location).Format("02.01.2006")) {
		t.Errorf("the public page: %s", body)
	}
	for _, lang := range i18n.Languages() {
		title := i18n.Text(lang, "act.title", nil) + " "
		if body := o.page("nigar", "/office/acts/"+a.Number, lang, title+a.Number); !strings.Contains(body, "/office/acts/"+act.Number) {
			t.Errorf("%s: the corrected act: %s", lang, body)
		}
		if body := o.page("nigar", "/office/acts/"+act.Number, lang, title+act.Number); !strings.Contains(body, "/office/acts/"+a.Number) {
			t.Errorf("%s: the correction: %s", lang, body)
		}
	}
	if got := o.act(a.Number); got.Standing != document.InForce {
		t.Errorf("the corrected act is %s", got.Standing)
	}
}

// TestTwoSignersInPublic: the public page of an act that the head approved
// names both, and compares what the seal says with one of its rows.
func TestTwoSignersInPublic(t *testing.T) {
	o := newOffice(t)
	a := o.toHead(o.newCase("nigar", "110"))
	a, err := o.Service.Sign(t.Context(), o.actor("rehber"), a, o.keys["rehber"].Holder)
	if err != nil {
		t.Fatal(err)
	}
	o.Advance(time.Second)
	body := html.UnescapeString(o.get("/v/" + a.Code + "?lang=en").Body.String())
	first, second := o.account("nigar"), o.account("rehber")
	for _, want := range []string{first.Name + ", " + first.Post, second.Name + ", " + second.Post, "Approved by",
		`data-fact="signer" data-value="` + first.Name + "; " + second.Name + `"`} {
		if !strings.Contains(body, want) {
			t.Errorf("it lacks %q: %s", want, body)
		}
	}
}
