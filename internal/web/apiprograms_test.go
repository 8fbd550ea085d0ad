package web_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/web"
)

// fixedSecrets derives secrets of webhooks without a key.
type fixedSecrets struct{}

func (fixedSecrets) WebhookSecret(_ context.Context, _, id string) ([]byte, string, error) {
	sum := sha256.Sum256([]byte(id))
	return sum[:], "k1", nil
}

// follow takes over what the trail tells.
func (o *office) follow() {
	o.t.Helper()
	if err := errors.Join(o.Service.Sequence(o.t.Context()), o.Service.Follow(o.t.Context())); err != nil {
		o.t.Fatal(err)
	}
}

// TestPrograms: a token opens exactly the routes of its scopes, to what its
// account may do, and what a program did can be told from what a person did.
func TestPrograms(t *testing.T) {
	o := newOffice(t, func(options *web.Options) { options.Limiter = &keys{} })
	d := newDescription(t)
	c := o.newCase("nigar", "110")
	act := o.waiting("nigar", c)
	reader := o.program("nigar", document.ScopeReadActs)
	me := reader.get("/api/v1/me")
	d.answer(t, me, 200, "Me")
	if m := fields(t, me); m["login"] != "nigar" || m["session_begun"] != nil || m["token"].(map[string]any)["scopes"].([]any)[0] != "acts:read" {
		t.Errorf("%v", m)
	}
	d.answer(t, reader.get("/api/v1/acts/"+act.Number), 200, "Act")
	if file := reader.get("/api/v1/acts/" + act.Number + "/file"); file.Code != 200 {
		t.Errorf("%d", file.Code)
	}
	_, scopes, err := web.APIRoutes()
	if err != nil {
		t.Fatal(err)
	}
	programs := map[document.Scope]*visitor{}
	for _, scope := range document.Scopes() {
		programs[scope] = o.program("nigar", scope)
	}
	for route, scope := range scopes {
		method, path, _ := strings.Cut(route, " ")
		path = "/api/v1" + strings.NewReplacer("{number}", act.Number, "{id}", "x", "{delivery}", "y").Replace(path)
		ask := func(v *visitor) (key string, status int) {
			var w *httptest.ResponseRecorder
			if method == http.MethodGet {
				w = v.get(path)
			} else {
				w = v.postJSON(path, `{"unknown":1}`)
			}
			var problem struct {
				Key string `json:"key"`
			}
			_ = json.Unmarshal(w.Body.Bytes(), &problem) // a file is no JSON
			return problem.Key, w.Code
		}
		for other, v := range programs {
			key, status := ask(v)
			refused := key == "error.token.person" || key == "error.token.scope"
			if may := scope == "*" || scope == string(other); refused == may || refused && status != http.StatusForbidden {
				t.Errorf("%s with %s: %d %s", route, other, status, key)
			}
		}
	}

	issuer := o.program("nigar", document.ScopeIssueActs, document.ScopeReadActs)
	_, id, input := o.sample("case-1", 0)
	w := issuer.postJSON("/api/v1/acts", map[string]any{"template": id, "case": c.Number, "input": input})
	d.answer(t, w, 201, "Act")
	d.problem(t, issuer.postJSON("/api/v1/acts/"+act.Number+"/void", map[string]any{"reason": "x"}), 403, "error.token.scope")
	d.problem(t, issuer.postJSON("/api/v1/authorisations", map[string]any{"acts": []string{act.Number}}), 403, "error.token.person")
	o.follow()
	o.enrol("audit", "8AUD1TR", "110", document.Grant{Role: document.RoleAuditor, Office: "*"})
	auditor := o.program("audit", document.ScopeReadAudit)
	list := auditor.get("/api/v1/audit/events?kind=act.issued&subject=" + fields(t, w)["number"].(string))
	d.answer(t, list, 200, "Trail")
	if e := fields(t, list)["events"].([]any)[0].(map[string]any); !strings.HasSuffix(e["request_id"].(string), "/"+issuer.bearer[:15]) {
		t.Errorf("%v", e)
	}

	for name, header := range map[string]string{
		"garbage": "Bearer x", "no scheme": issuer.bearer, "basic": "Basic " + issuer.bearer, "empty": "Bearer ", "cut": "Bearer " + issuer.bearer[:49],
	} {
		w := o.as("nigar").get("/api/v1/me", "Authorization", header) // the session does not help
		d.problem(t, w, 401, "error.token.invalid")
		if !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
	if strings.Contains(o.log.String(), issuer.bearer) || strings.Contains(o.dump(), issuer.bearer) {
		t.Error("a secret is kept")
	}
	o.change("nigar", func(a *document.Account) { a.Disabled = true })
	d.problem(t, issuer.get("/api/v1/me"), 401, "error.token.invalid")
	if page := reader.get("/office"); page.Code == 200 {
		t.Error("a token opens a page")
	}
}

// TestIdempotency: a request with a key is done once, whichever process it
// reaches, and its answer stays.
func TestIdempotency(t *testing.T) {
	o := newOffice(t, func(options *web.Options) { options.Limiter = &keys{} })
	d := newDescription(t)
	c := o.newCase("nigar", "110")
	v := o.program("nigar", document.ScopeIssueActs, document.ScopeChangeActs, document.ScopeReadActs)
	_, id, input := o.sample("case-1", 0)
	draft := map[string]any{"template": id, "case": c.Number, "input": input}
	first := v.postJSON("/api/v1/acts", draft, "Idempotency-Key", "a-1")
	d.answer(t, first, 201, "Act")
	before := o.dump()
	again := v.another().postJSON("/api/v1/acts", draft, "Idempotency-Key", "a-1")
	if again.Code != 201 || again.Body.String() != first.Body.String() || again.Header().Get("Location") != first.Header().Get("Location") ||
		again.Header().Get("Idempotency-Replayed") != "true" || o.dump() != before {
		t.Errorf("%d %v %s", again.Code, again.Header(), again.Body)
	}
	d.problem(t, v.postJSON("/api/v1/acts", map[string]any{"template": id, "case": c.Number, "input": map[string]any{}}, "Idempotency-Key", "a-1"),
		422, "error.idempotency.other")
	number := fields(t, first)["number"].(string)
	d.problem(t, v.postJSON("/api/v1/acts/"+number+"/void", map[string]any{"reason": "x"}, "Idempotency-Key", "a-1"), 422, "error.idempotency.other")
	// Another account's keys are other keys.
	o.enrol("third", "7THR1RD", "110", document.Grant{Role: document.RoleHead, Office: "110"})
	void := o.program("third", document.ScopeChangeActs, document.ScopeReadActs).
		postJSON("/api/v1/acts/"+number+"/void", map[string]any{"reason": "x"}, "Idempotency-Key", "a-1")
	d.answer(t, void, 200, "Act")

	// A refusal is an answer too; what can be tried again is not kept.
	refused := v.postJSON("/api/v1/acts/"+number+"/void", map[string]any{"reason": "x"}, "Idempotency-Key", "a-2")
	d.problem(t, refused, 409, "error.act.not_voidable")
	if w := v.postJSON("/api/v1/acts/"+number+"/void", map[string]any{"reason": "x"}, "Idempotency-Key", "a-2"); w.Body.String() != refused.Body.String() {
		t.Errorf("%s", w.Body)
	}
	form, _, _ := o.sample("case-1", 0)
	clerk := o.as("nigar")
	registration := map[string]any{"office": "110", "form": form}
	o.Archive.SetDown(true)
	d.problem(t, clerk.postJSON("/api/v1/cases", registration, "Idempotency-Key", "a-3"), 503, "error.archive.unavailable")
	o.Archive.SetDown(false)
	if w := clerk.postJSON("/api/v1/cases", registration, "Idempotency-Key", "a-3"); w.Header().Get("Idempotency-Replayed") != "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for name, bad := range map[string]string{"space": "a b", "long": strings.Repeat("a", 151), "letter": "ə", "empty": ""} {
		w := v.postJSON("/api/v1/acts", draft, "Idempotency-Key", bad)
		d.problem(t, w, 422, "error.idempotency.key")
		_ = name
	}
	d.problem(t, v.postJSON("/api/v1/acts", `{"key":"`+strings.Repeat("a", 1<<20)+`"}`, "Idempotency-Key", "a-4"), 413, "error.form.too_big")
}

// TestIdempotencyConcurrently: of many at once one is done; the others are told
// to wait, or get its answer.
func TestIdempotencyConcurrently(t *testing.T) {
	o := newOffice(t, func(options *web.Options) { options.Limiter = &keys{} })
	c := o.newCase("nigar", "110")
	_, id, input := o.sample("case-1", 0)
	program := o.program("nigar", document.ScopeIssueActs)
	var mu sync.Mutex
	numbers, waits := map[string]bool{}, 0
	var wait sync.WaitGroup
	for range 8 {
		v := program.another()
		wait.Go(func() {
			w := v.postJSON("/api/v1/acts", map[string]any{"template": id, "case": c.Number, "input": input}, "Idempotency-Key", "same")
			mu.Lock()
			defer mu.Unlock()
			switch w.Code {
			case http.StatusCreated:
				numbers[fields(t, w)["number"].(string)] = true
			case http.StatusConflict:
				if waits++; w.Header().Get("Retry-After") != "1" {
					t.Errorf("%v", w.Header())
				}
			default:
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	wait.Wait()
	if len(numbers) != 1 {
		t.Errorf("%v, %d waited", numbers, waits)
	}
}

// TestPages: lists are given page by page, and a place that somebody made up is
// refused.
func TestPages(t *testing.T) {
	o := newOffice(t, func(options *web.Options) { options.Limiter = &keys{} })
	d := newDescription(t)
	o.enrol("boss", "8BSS0SS", "110", document.Grant{Role: document.RoleOwner, Office: "*"})
	boss := o.as("boss")
	c := o.newCase("nigar", "110")
	_, hook, err := o.Service.AddWebhook(t.Context(), o.actor("boss"), "https://example.az/x", "*", document.EventTypes())
	if err != nil {
		t.Fatal(err)
	}
	o.follow()
	for range 3 {
		o.archived("nigar", c)
	}
	o.follow()
	for path, x := range map[string]struct {
		schema, list string
		limit        int
	}{
		"/accounts?":                            {"Accounts", "accounts", 2},
		"/audit/events?kind=act.archived&":      {"Trail", "events", 2},
		"/webhooks/" + hook.ID + "/deliveries?": {"Deliveries", "deliveries", 2},
	} {
		var all []string
		next := ""
		for pages := 0; ; pages++ {
			w := boss.get(fmt.Sprintf("/api/v1%slimit=%d&cursor=%s", path, x.limit, next))
			d.answer(t, w, 200, x.schema)
			m := fields(t, w)
			for _, e := range m[x.list].([]any) {
				all = append(all, fmt.Sprint(e))
			}
			var more bool
			if next, more = m["next"].(string); !more {
				break
			}
			if pages > 5 {
				t.Fatalf("%s does not end", path)
			}
		}
		seen := map[string]bool{}
		for _, e := range all {
			seen[e] = true
		}
		if len(all) != 3 || len(seen) != 3 {
			t.Errorf("%s: %v", path, all)
		}
		for name, bad := range map[string]string{
			"garbage": "!!!", "not JSON": "aGVsbG8", "other fields": base64.RawURLEncoding.EncodeToString([]byte(`{"x":1}`)), "long": strings.Repeat("A", 600),
		} {
			w := boss.get("/api/v1" + path + "cursor=" + bad)
			d.problem(t, w, 422, "error.cursor")
			_ = name
		}
		for _, bad := range []string{"0", "-1", "501", "x", "1e3"} {
			d.problem(t, boss.get("/api/v1"+path+"limit="+bad), 422, "error.json")
		}
	}
	d.answer(t, boss.get("/api/v1/webhooks"), 200, "Webhooks")
	d.answer(t, boss.get("/api/v1/statistics"), 200, "Statistics")
	d.problem(t, boss.get("/api/v1/statistics?from=2026-13-01"), 422, "error.range.date")
	d.problem(t, boss.get("/api/v1/audit/events?from=yesterday"), 422, "error.range.date")
	d.problem(t, boss.get("/api/v1/audit/events?actor="+strings.Repeat("a", 300)), 422, "error.json")
	_, list, err := o.Service.Messages(t.Context(), o.actor("boss"), hook.ID, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	retry := "/api/v1/webhooks/" + hook.ID + "/deliveries/" + list[0].ID + "/retry"
	d.problem(t, boss.postJSON(retry, "{}"), 409, "error.webhook.not_failed")
	list[0].State, list[0].NextAt, list[0].DoneAt = document.MessageFailed, o.Now(), o.Now()
	if err := o.Register.Update(t.Context(), func(tx document.Tx) error { return tx.SettleMessage(t.Context(), list[0]) }); err != nil {
		t.Fatal(err)
	}
	d.answer(t, boss.postJSON(retry, "{}"), 200, "Empty")
	d.problem(t, boss.postJSON(strings.Replace(retry, list[0].ID, "x", 1), "{}"), 404, "error.webhook.delivery")
	d.problem(t, boss.get("/api/v1/webhooks/x/deliveries"), 404, "error.webhook.unknown")
}

// TestTokenLimit: guessing is counted by address.
func TestTokenLimit(t *testing.T) {
	o := newOffice(t)
	v := o.visitor()
	v.bearer = "docsvc_" + strings.Repeat("A", 43)
	var w int
	for range 130 {
		if w = v.get("/api/v1/me").Code; w != http.StatusUnauthorized {
			break
		}
	}
	if w != http.StatusTooManyRequests {
		t.Errorf("%d", w)
	}
	o.Advance(time.Hour)
	if w := v.get("/api/v1/me").Code; w != http.StatusUnauthorized {
		t.Errorf("later: %d", w)
	}
}
