package web_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/web"
)

// managed is an office with an operator, an auditor, acts, a token and a webhook.
func managed(t *testing.T) (*office, document.Webhook) {
	t.Helper()
	o := newOffice(t, func(options *web.Options) { options.Limiter = &keys{} })
	return o, o.manage()
}

// manage gives an office what operators and auditors look at.
func (o *office) manage() document.Webhook {
	o.t.Helper()
	o.enrol("boss", "8BSS0SS", "110", document.Grant{Role: document.RoleOwner, Office: "*"})
	c := o.newCase("nigar", "110")
	o.archived("nigar", c)
	o.follow() // what was before is not told to the webhook
	_, hook, err := o.Service.AddWebhook(o.t.Context(), o.actor("boss"), "https://example.az/docsvc", "110", document.EventTypes())
	if err != nil {
		o.t.Fatal(err)
	}
	o.archived("nigar", c)
	o.waiting("nigar", c)
	o.program("nigar", document.ScopeReadActs)
	o.follow()
	return hook
}

// TestOperatorPages executes each page of operators and auditors in each
// language.
func TestOperatorPages(t *testing.T) {
	o, hook := managed(t)
	for _, lang := range i18n.Languages() {
		for path, want := range map[string]struct{ title, text string }{
			"/office/tokens":               {"tokens.title", "docsvc_"},
			"/office/webhooks":             {"webhooks.title", "https://example.az/docsvc"},
			"/office/webhooks/" + hook.ID:  {"webhook.title", i18n.Text(lang, "event.archived", nil)},
			"/office/audit":                {"audit.title", i18n.Text(lang, "audit.kind.act.archived", nil)},
			"/office/audit/verify":         {"verify.title", i18n.Text(lang, "verify.anchored", map[string]string{"seq": "X"})[:8]},
			"/office/statistics":           {"statistics.title", "<svg"},
			"/office/statistics?from=2026": {"statistics.title", "2026"},
			"/office/state":                {"state.title", i18n.Text(lang, "state.ready", nil)},
			"/office/accounts/+":           {"account.new", i18n.Text(lang, "account.create", nil)},
		} {
			w := o.as("boss").get(path + map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "lang=" + lang)
			body := html.UnescapeString(w.Body.String())
			if w.Code != 200 && w.Code != 422 || !strings.Contains(body, want.text) {
				t.Errorf("%s in %s: %d lacks %q: %s", path, lang, w.Code, want.text, body)
			}
			checkPage(t, w.Body.String(), lang, i18n.Text(lang, want.title, nil))
			if strings.Contains(body, "style=") {
				t.Errorf("%s has a style of its own", path)
			}
		}
	}
	for _, path := range []string{"/office/tokens", "/office/webhooks", "/office/audit", "/office/audit.csv", "/office/audit/verify", "/office/state", "/office/accounts/+", "/office/accounts/nigar"} {
		if w := o.as("nigar").get(path); w.Code != http.StatusForbidden {
			t.Errorf("an officer opens %s: %d", path, w.Code)
		}
	}
}

// TestEveryKindHasWords: the trail is readable, whatever happened.
func TestEveryKindHasWords(t *testing.T) {
	o, _ := managed(t)
	body := o.as("boss").get("/office/audit?lang=en").Body.String()
	for _, kind := range []audit.Kind{audit.ActIssued, audit.TokenCreated, audit.WebhookCreated, audit.AccountCreated, audit.SignDone} {
		if !strings.Contains(body, `<option value="`+string(kind)+`">`) || strings.Contains(body, ">"+string(kind)+"<") {
			t.Errorf("%s has no words", kind)
		}
	}
}

// TestTokensOnPages: made, shown once, used, revoked.
func TestTokensOnPages(t *testing.T) {
	o, _ := managed(t)
	boss := o.as("boss")
	form := url.Values{"login": {"vuqar"}, "name": {"hesabat"}, "scope": {"acts:read"}, "days": {"30"}}
	w := boss.post("/office/tokens", form)
	secret := regexp.MustCompile(`docsvc_[A-Za-z0-9_-]{43}`).FindString(w.Body.String())
	if w.Code != http.StatusCreated || secret == "" || strings.Contains(boss.get("/office/tokens").Body.String(), secret) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	v := o.visitor()
	v.bearer = secret
	if w := v.get("/api/v1/me"); w.Code != 200 {
		t.Errorf("%d", w.Code)
	}
	for name, bad := range map[string]url.Values{
		"no scope": {"login": {"vuqar"}, "name": {"x"}, "days": {"30"}},
		"made up":  {"login": {"vuqar"}, "name": {"x"}, "days": {"30"}, "scope": {"act:sign"}},
		"no days":  {"login": {"vuqar"}, "name": {"x"}, "days": {"x"}, "scope": {"acts:read"}},
	} {
		if w := boss.post("/office/tokens", bad); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if w := boss.post("/office/tokens", url.Values{"login": {"boss"}, "name": {"x"}, "days": {"3"}, "scope": {"acts:read"}}); w.Code != http.StatusForbidden {
		t.Errorf("for oneself: %d", w.Code)
	}
	list, err := o.Service.Tokens(t.Context(), operator)
	if err != nil {
		t.Fatal(err)
	}
	if w := boss.post("/office/tokens/"+list[0].ID+"/revoke", nil); w.Code != http.StatusSeeOther {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := v.get("/api/v1/me"); w.Code != http.StatusUnauthorized {
		t.Errorf("revoked: %d", w.Code)
	}
}

// TestWebhooksOnPages: added, ended, and a failed message sent again.
func TestWebhooksOnPages(t *testing.T) {
	o, hook := managed(t)
	boss := o.as("boss")
	w := boss.post("/office/webhooks", url.Values{"url": {"https://example.az/2"}, "office": {"*"}, "event": {"act.voided"}})
	if w.Code != http.StatusCreated || !strings.Contains(w.Body.String(), "whsec_") || strings.Contains(boss.get("/office/webhooks").Body.String(), "whsec_") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := boss.post("/office/webhooks", url.Values{"url": {"http://example.az"}, "office": {"*"}, "event": {"act.voided"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("%d", w.Code)
	}
	_, list, err := o.Service.Messages(t.Context(), operator, hook.ID, "", 0)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	list[0].State, list[0].DoneAt, list[0].Error = document.MessageFailed, o.Now(), "<script>"
	if err := o.Register.Update(t.Context(), func(tx document.Tx) error { return tx.SettleMessage(t.Context(), list[0]) }); err != nil {
		t.Fatal(err)
	}
	page := boss.get("/office/webhooks/" + hook.ID)
	if !strings.Contains(page.Body.String(), `value="`+list[0].ID+`"`) || strings.Contains(page.Body.String(), "<code><script>") {
		t.Errorf("%s", page.Body)
	}
	if w := boss.post("/office/webhooks/"+hook.ID+"/retry", url.Values{"delivery": {list[0].ID}}); w.Code != http.StatusSeeOther {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := boss.post("/office/webhooks/"+hook.ID+"/disable", nil); w.Code != http.StatusSeeOther {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestAccountPage: an operator makes an account, grants, takes back, disables;
// nobody grants to themselves, and key and certificate stay.
func TestAccountPage(t *testing.T) {
	o, _ := managed(t)
	boss := o.as("boss")
	person := url.Values{"login": {"leyla"}, "name": {"Sınaq Leyla"}, "post": {"auditor"}, "office": {"111"}, "profile": {"state"}}
	if w := boss.post("/office/accounts", person); w.Code != http.StatusSeeOther || location(t, w).String() != "/office/accounts/leyla" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := boss.post("/office/accounts", person); w.Code != http.StatusConflict {
		t.Errorf("twice: %d", w.Code)
	}
	do := func(login, what string, status int) document.Account {
		t.Helper()
		w := boss.post("/office/accounts/"+login, url.Values{"do": {what}, "role": {"auditor"}, "office": {"111"}})
		if w.Code != status {
			t.Errorf("%s of %s: %d %s", what, login, w.Code, w.Body)
		}
		accounts := map[string]document.Account{}
		if err := o.Register.View(t.Context(), func(tx document.Tx) error {
			list, err := tx.Accounts(t.Context())
			for _, a := range list {
				accounts[a.Login] = a
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return accounts[login]
	}
	if a := do("leyla", "grant", 303); len(a.Grants) != 1 || a.Grants[0] != (document.Grant{Role: "auditor", Office: "111"}) {
		t.Errorf("%+v", a)
	}
	if a := do("leyla", "grant", 303); len(a.Grants) != 1 {
		t.Errorf("%+v", a)
	}
	if a := do("leyla", "revoke", 303); len(a.Grants) != 0 {
		t.Errorf("%+v", a)
	}
	if a := do("nigar", "disable", 303); !a.Disabled || a.KeyID == "" || len(a.Certificate) != 2 {
		t.Errorf("%+v", a)
	}
	if a := do("nigar", "enable", 303); a.Disabled {
		t.Errorf("%+v", a)
	}
	if a := do("boss", "grant", 403); len(a.Grants) != 1 {
		t.Errorf("%+v", a)
	}
	if w := boss.get("/office/accounts/nobody"); w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
}

// TestExports: files that a spreadsheet opens, without formulas.
func TestExports(t *testing.T) {
	o, _ := managed(t)
	o.change("vuqar", func(a *document.Account) { a.Post = `=HYPERLINK("http://x")` })
	o.follow()
	boss := o.as("boss")
	w := boss.get("/office/audit.csv?subject=vuqar&lang=en")
	body, found := strings.CutPrefix(w.Body.String(), "\ufeff")
	read := csv.NewReader(strings.NewReader(body))
	read.Comma = ';'
	rows, err := read.ReadAll()
	if w.Code != 200 || !found || err != nil || len(rows) < 3 || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %v %s", w.Code, err, body)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
				t.Errorf("a formula: %q", cell)
			}
		}
	}
	o.follow()
	if !strings.Contains(boss.get("/office/audit?kind=audit.exported").Body.String(), "boss") {
		t.Error("nobody knows who took the trail away")
	}
	w = boss.get("/office/statistics.csv?lang=en")
	if w.Code != 200 || !strings.Contains(w.Body.String(), ";2;") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = boss.get("/office/statistics.xlsx?lang=az")
	z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
	if err != nil {
		t.Fatal(err)
	}
	sheets := 0
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, "xl/worksheets/sheet") {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil || strings.Contains(string(data), "<f>") {
				t.Errorf("%s: %v", f.Name, err)
			}
			sheets++
		}
	}
	if sheets != 3 {
		t.Errorf("%d sheets", sheets)
	}
}

// TestOperatorInTheBrowser looks at the pages, as axe does.
func TestOperatorInTheBrowser(t *testing.T) {
	o := served(t)
	hook := o.manage()
	o.change("nigar", func(a *document.Account) {
		a.Grants = append(a.Grants, document.Grant{Role: document.RoleOwner, Office: document.AnyOffice})
	})
	b := openBrowser(t)
	console := b.console()
	b.do(chromedp.Navigate(o.options.Origin + "/office?lang=az"))
	b.logIn(o, "a.aliyev")
	b.do(chromedp.WaitVisible("h1"))
	for name, path := range map[string]string{
		"tokens": "/office/tokens", "webhooks": "/office/webhooks", "webhook": "/office/webhooks/" + hook.ID, "audit": "/office/audit",
		"audit-verify": "/office/audit/verify", "statistics": "/office/statistics", "state": "/office/state", "account": "/office/accounts/vuqar",
		"account-new": "/office/accounts/+", "accounts": "/office/accounts",
	} {
		b.open(o.options.Origin + path + "?lang=az")
		b.picture("operator-" + name)
	}
	if errs := console(); len(errs) > 0 {
		t.Errorf("console: %v", errs)
	}
}
