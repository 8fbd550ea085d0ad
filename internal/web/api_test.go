package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/web"
)

// TestAPI goes the way of an act by the API alone, and holds every answer to
// its description.
func TestAPI(t *testing.T) {
	o := newOffice(t)
	d := newDescription(t)
	v := o.as("nigar")
	d.answer(t, v.get("/api/v1/me"), 200, "Me")

	form, id, input := o.sample("case-1", 0)
	w := v.postJSON("/api/v1/cases", map[string]any{"office": "110", "form": form})
	d.answer(t, w, 201, "Case")
	c := fields(t, w)["number"].(string)
	if w.Header().Get("Location") != "/api/v1/cases/"+c {
		t.Errorf("Location %q", w.Header().Get("Location"))
	}
	d.problem(t, v.postJSON("/api/v1/cases", map[string]any{"office": "110", "form": form}), 409, "error.case.registered")

	draft := map[string]any{"template": id, "case": c, "key": "k-1", "input": input}
	w = v.postJSON("/api/v1/acts", draft)
	d.answer(t, w, 201, "Act")
	act := fields(t, w)
	number := act["number"].(string)
	if act["state"] != "prepared" || act["waits_for"] != "nigar" || w.Header().Get("Location") != "/api/v1/acts/"+number {
		t.Errorf("%v", act)
	}
	again := v.postJSON("/api/v1/acts", draft)
	d.answer(t, again, 201, "Act")
	if fields(t, again)["number"] != number {
		t.Errorf("the same key gave %s", again.Body)
	}
	d.answer(t, v.get("/api/v1/acts/"+number), 200, "Act")
	list := v.get("/api/v1/acts?waiting=me")
	d.answer(t, list, 200, "Acts")
	if n := len(fields(t, list)["acts"].([]any)); n != 1 {
		t.Errorf("%d acts wait", n)
	}
	file := v.get("/api/v1/acts/" + number + "/file")
	if file.Code != 200 || !strings.HasPrefix(file.Body.String(), "%PDF-") || file.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", file.Code, file.Header())
	}
	w = v.postJSON("/api/v1/authorisations", map[string]any{"acts": []string{number, "EI2611009999999T-001"}})
	d.answer(t, w, 201, "Authorisation")
	if b := fields(t, w); len(b["left_out"].([]any)) != 1 || !strings.HasSuffix(b["login_url"].(string), b["id"].(string)) {
		t.Errorf("%v", b)
	}
	d.answer(t, v.get(w.Header().Get("Location")), 200, "Authorisation")
	d.problem(t, v.postJSON("/api/v1/authorisations", map[string]any{"acts": []string{}}), 422, "error.batch.size")
	d.problem(t, v.postJSON("/api/v1/authorisations", map[string]any{"acts": slices.Repeat([]string{"x", "y"}, 1)}), 404, "error.act.unknown")

	voided := v.postJSON("/api/v1/acts/"+number+"/void", map[string]any{"reason": "səhv"})
	d.answer(t, voided, 200, "Act")
	d.problem(t, v.postJSON("/api/v1/acts/"+number+"/void", map[string]any{"reason": "səhv"}), 409, "error.act.not_voidable")
	d.problem(t, v.get("/api/v1/acts/"+number+"/file"), 409, "error.act.no_file")

	k, err := o.Service.Case(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	old, newer := o.archived("nigar", k), o.archived("nigar", k)
	w = v.postJSON("/api/v1/acts/"+old.Number+"/standing", map[string]any{"standing": "annulled", "by": newer.Number, "reason": "səhv"})
	d.answer(t, w, 200, "Act")
	if a := fields(t, w); a["standing"] != "annulled" || a["changed_by"] != newer.Number {
		t.Errorf("%v", a)
	}
	if file := v.get("/api/v1/acts/" + old.Number + "/file"); file.Body.String() != string(o.File(old)) {
		t.Error("the archived file is another one")
	}
	d.answer(t, v.get("/api/v1/cases/"+c), 200, "Case")
}

func TestAPIAccounts(t *testing.T) {
	o := newOffice(t)
	d := newDescription(t)
	o.enrol("boss", "8BSS0SS", "110", document.Grant{Role: document.RoleOperator, Office: document.AnyOffice})
	v := o.as("boss")
	account := map[string]any{
		"login": "clerk", "subject": "7CLE0RK", "name": "Sınaq Kargüzar", "post": "kargüzar", "office": "111", "profile": "state",
		"grants": []map[string]any{{"role": "clerk", "office": "111"}},
	}
	d.answer(t, v.postJSON("/api/v1/accounts", account), 201, "Account")
	account["disabled"] = true
	d.answer(t, v.postJSON("/api/v1/accounts", account), 200, "Account")
	w := v.get("/api/v1/accounts")
	d.answer(t, w, 200, "Accounts")
	if n := len(fields(t, w)["accounts"].([]any)); n != 4 {
		t.Errorf("%d accounts", n)
	}
	// Changing an officer leaves key and certificate alone.
	before, err := o.Service.Account(t.Context(), "nigar")
	if err != nil {
		t.Fatal(err)
	}
	d.answer(t, v.postJSON("/api/v1/accounts", map[string]any{
		"login": "nigar", "subject": before.Subject, "name": before.Name, "post": "baş icra məmuru", "office": "110", "profile": "state", "grants": before.Grants,
	}), 200, "Account")
	after, err := o.Service.Account(t.Context(), "nigar")
	if err != nil || after.KeyID != before.KeyID || len(after.Certificate) != 2 || after.Post != "baş icra məmuru" || !after.CreatedAt.Equal(before.CreatedAt) {
		t.Errorf("%+v, %v", after, err)
	}
	kept := o.dump()
	for name, c := range map[string]struct {
		field string
		value any
		key   string
	}{
		"role":          {"grants", []map[string]any{{"role": "king", "office": "110"}}, "error.json"},
		"office":        {"office", "999", "error.office.unknown"},
		"grant":         {"grants", []map[string]any{{"role": "clerk", "office": "999"}}, "error.office.unknown"},
		"profile":       {"profile", "secret", "error.json"},
		"no name":       {"name", "", "error.json"},
		"long name":     {"name", strings.Repeat("a", 201), "error.json"},
		"line in name":  {"name", "a\nb", "error.json"},
		"login":         {"login", "../etc", "error.account.login"},
		"subject":       {"subject", "a/b", "error.account.subject"},
		"key":           {"key_id", "test:nigar:1", "error.json"},
		"certificate":   {"certificate", "AAAA", "error.json"},
		"taken subject": {"subject", "5VBK5VR", "error.account.subject_taken"},
	} {
		bad := map[string]any{"login": "fresh", "name": "a", "post": "b", "office": "110", "profile": "state", "grants": []any{}}
		bad[c.field] = c.value
		status := 422
		if c.key == "error.account.subject_taken" {
			status = 409
		}
		w := v.postJSON("/api/v1/accounts", bad)
		d.problem(t, w, status, c.key)
		if o.dump() != kept {
			t.Fatalf("%s: something is kept", name)
		}
	}
}

// TestAPIBadInput: what is not asked for as it should be is refused before
// anything is done.
func TestAPIBadInput(t *testing.T) {
	o := newOffice(t, func(options *web.Options) { options.Limiter = &keys{} })
	d := newDescription(t)
	v := o.as("nigar")
	c := o.newCase("nigar", "110")
	form, id, _ := o.sample("case-1", 0)
	before := o.dump()
	deep := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	for name, x := range map[string]struct {
		path, body string
		status     int
		key        string
	}{
		"nothing":          {"/acts", "", 422, "error.json"},
		"not JSON":         {"/acts", "hello", 422, "error.json"},
		"an array":         {"/acts", "[]", 422, "error.json"},
		"two values":       {"/acts", "{}{}", 422, "error.json"},
		"unknown field":    {"/acts", `{"case":"x","state":"archived"}`, 422, "error.json"},
		"a wrong type":     {"/acts", `{"case":1}`, 422, "error.json"},
		"too large":        {"/acts", `{"key":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "error.form.too_big"},
		"a long key":       {"/acts", `{"case":"` + c.Number + `","key":"` + strings.Repeat("a", 300) + `"}`, 422, "error.json"},
		"no such case":     {"/acts", `{"case":"EI2611009999999T","template":"x","input":{}}`, 404, "error.case.unknown"},
		"no such template": {"/acts", `{"case":"` + c.Number + `","template":"../x","input":{}}`, 404, "error.template.unknown"},
		"faults":           {"/acts", `{"case":"` + c.Number + `","template":"` + id + `","input":{}}`, 422, "error.form.invalid"},
		"no input":         {"/acts", `{"case":"` + c.Number + `","template":"` + id + `"}`, 422, "error.form.invalid"},
		"deep":             {"/acts", `{"case":"` + c.Number + `","template":"` + id + `","input":` + deep + `}`, 422, "error.json"},
		"office":           {"/cases", `{"office":"999","form":{}}`, 403, "error.forbidden"},
		"no form":          {"/cases", `{"office":"110"}`, 422, "error.form.invalid"},
		"no such officer":  {"/cases", fmt.Sprintf(`{"office":"110","officer":"nobody","form":%s}`, form), 404, "error.account.unknown"},
		"standing":         {"/acts/x/standing", `{"standing":"in_force","by":"y","reason":"z"}`, 422, "error.json"},
		"no act":           {"/acts/x/void", `{"reason":"z"}`, 404, "error.act.unknown"},
		"no reason":        {"/acts/x/void", `{"reason":" "}`, 422, "error.reason.missing"},
	} {
		w := v.postJSON("/api/v1"+x.path, x.body)
		d.problem(t, w, x.status, x.key)
		if name == "faults" && (!strings.Contains(w.Body.String(), `"path":"/`) || !strings.Contains(w.Body.String(), `"label":"`)) {
			t.Errorf("no faults: %s", w.Body)
		}
		if o.dump() != before {
			t.Fatalf("%s: something was done", name)
		}
	}
	d.problem(t, v.get("/api/v1/acts"), 422, "error.json")
	d.problem(t, v.get("/api/v1/nothing"), 404, "error.page.missing.text")
	d.problem(t, v.get("/api/v1/cases"), 405, "error.page.method")
	d.problem(t, v.get("/api/v1/authorisations/"+strings.Repeat("x", 500)), 404, "error.batch.unknown")
	d.problem(t, o.visitor().get("/api/v1/me"), 401, "error.login.session")
	if w := v.get("/api/v1/acts/x", "Accept-Language", "ru"); !strings.Contains(w.Body.String(), "Нет акта x") {
		t.Errorf("in Russian: %s", w.Body)
	}
	o.Archive.SetDown(true)
	other, _, _ := o.sample("case-1", 0)
	d.problem(t, v.postJSON("/api/v1/cases", map[string]any{"office": "110", "form": other}), 503, "error.archive.unavailable")
}

func fields(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil || w.Code >= http.StatusBadRequest {
		t.Fatal(w.Code, w.Body, err)
	}
	return m
}
