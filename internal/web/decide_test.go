package web_test

import (
	"crypto/rand"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// termination is a form whose act the head approves.
const termination = `{"ground":"tələbkarın tələbindən imtina etməsi","facts":"Tələbkar tələbindən imtina etmişdir.","measures":["hesabların məhdudlaşdırılması"]}`

// toHead issues an act of nigar that waits for the head, whose login is rehber.
func (o *office) toHead(c document.Case) document.Act {
	o.t.Helper()
	if o.keys["rehber"] == nil {
		o.enrol("rehber", "9RHB9ER", "110", document.Grant{Role: document.RoleHead, Office: "110"})
	}
	return o.toApprover("nigar", c)
}

// toApprover issues an act and has its author sign it.
func (o *office) toApprover(author string, c document.Case) document.Act {
	o.t.Helper()
	a, _, err := o.Service.Issue(o.t.Context(), o.actor(author), document.Draft{
		Case: c.Number, Template: "termination-decision", Input: []byte(termination), RequestKey: rand.Text(),
	})
	if err == nil {
		a, err = o.Service.Run(o.t.Context(), a)
	}
	if err == nil {
		a, err = o.Service.Sign(o.t.Context(), o.actor(author), a, o.keys[author].Holder)
	}
	if err != nil || a.State != document.Prepared || a.Round != 1 {
		o.t.Fatal(a.State, a.Round, err)
	}
	return a
}

// TestReturnPage: the head returns an act with a remark; its author finds it on
// the desk; whoever is not asked for approval is not offered it.
func TestReturnPage(t *testing.T) {
	o := newOffice(t)
	a := o.toHead(o.newCase("nigar", "110"))
	path := "/office/acts/" + a.Number
	offer := `action="` + path + `/return`
	if body := o.as("rehber").get(path).Body.String(); !strings.Contains(body, offer) {
		t.Errorf("the head is not offered it: %s", body)
	}
	for _, login := range []string{"nigar", "vuqar"} {
		v := o.as(login)
		if strings.Contains(v.get(path).Body.String(), offer) {
			t.Errorf("%s is offered it", login)
		}
		if w := v.post(path+"/return", url.Values{"remark": {"x"}}); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", login, w.Code)
		}
	}
	head := o.as("rehber")
	if w := head.post(path+"/return?lang=en", url.Values{"remark": {" "}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("without a remark: %d", w.Code)
	}
	remark := `məbləğ <b>səhvdir</b>`
	if to := location(t, head.post(path+"/return?lang=en", url.Values{"remark": {remark}})).String(); to != path+"?lang=en" {
		t.Errorf("it leads to %s", to)
	}
	if w := head.post(path+"/return", url.Values{"remark": {remark}}); w.Code != http.StatusConflict {
		t.Errorf("twice: %d", w.Code)
	}
	for _, lang := range i18n.Languages() {
		body := o.as("nigar").get("/office?lang=" + lang).Body.String()
		checkPage(t, body, lang, i18n.Text(lang, "office.title", nil))
		for _, want := range []string{a.Number, html.EscapeString(remark), i18n.Text(lang, "returned.title", nil), o.account("rehber").Name} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the desk lacks %q: %s", lang, want, body)
			}
		}
		body = o.as("nigar").get(path + "?lang=" + lang).Body.String()
		checkPage(t, body, lang, i18n.Text(lang, "act.title", nil)+" "+a.Number)
		if !strings.Contains(body, i18n.Text(lang, "state.returned", nil)) {
			t.Errorf("%s: the act does not say so: %s", lang, body)
		}
	}
	if strings.Contains(o.as("vuqar").get("/office").Body.String(), a.Number) {
		t.Error("another officer sees it on the desk")
	}
}

func (o *office) account(login string) document.Account {
	o.t.Helper()
	a, err := o.Service.Account(o.t.Context(), login)
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}
