package web_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/document/documenttest"
	"docsvc/internal/web"
)

// entrance is one way to ask for an action: what is asked of the target, and
// whether it leaves the register as it is even when it is allowed.
type entrance struct {
	name    string
	reads   bool
	request func(v *visitor, target targets) *httptest.ResponseRecorder
	// shown is in the answer exactly when it is allowed, where the answer to
	// who may do it elsewhere is an empty list and not a refusal.
	shown string
}

// targets are things of the office that actions are tried on.
type targets struct {
	c                        document.Case
	waiting, archived, newer document.Act
	form, draft              []byte // of a new case, of a new act
	template                 string
}

// tested is the account whose grant changes from row to row.
const tested = "tested"

// TestPermissions tries each row of the table of permissions through the pages
// and through the API: what is allowed is done, what is not is refused and has
// changed nothing.
func TestPermissions(t *testing.T) {
	rows := map[document.Action][]documenttest.Permission{}
	for _, p := range documenttest.Permissions() {
		rows[p.Action] = append(rows[p.Action], p)
	}
	tried := 0
	for action, list := range rows { // each with a small register of its own
		t.Run(string(action), func(t *testing.T) {
			o := newOffice(t, func(options *web.Options) { options.Limiter = &keys{} })
			o.enrol(tested, "9TST9ED", documenttest.Office, document.Grant{Role: document.RoleHead, Office: documenttest.Office})
			refused := o.targets(t)
			for _, p := range list {
				for _, e := range entrances()[action] {
					tried++
					o.try(t, p, e, refused)
				}
			}
		})
	}
	if tried < 500 {
		t.Errorf("%d requests", tried)
	}
	t.Logf("%d requests", tried)
}

// try asks for one action through one entrance. What may be done is done to
// targets of its own.
func (o *office) try(t *testing.T, p documenttest.Permission, e entrance, target targets) {
	t.Helper()
	if p.May && !e.reads {
		o.grant(document.Grant{Role: document.RoleHead, Office: documenttest.Office})
		target = o.targets(t)
	}
	o.grant(p.Grant)
	v := o.as(tested)
	before := o.dump()
	w := e.request(v, target)
	allowed := w.Code >= 200 && w.Code < 400
	if e.shown != "" {
		allowed = allowed && strings.Contains(w.Body.String(), e.shown)
	} else if !p.May && w.Code != http.StatusForbidden {
		t.Errorf("%s through %s: %d %s", p, e.name, w.Code, w.Body)
	}
	if allowed != p.May {
		t.Errorf("%s through %s: %d, wanted is %v: %s", p, e.name, w.Code, p.May, w.Body)
	}
	if changed := o.dump() != before; changed != (p.May && !e.reads) {
		t.Errorf("%s through %s: changed is %v", p, e.name, changed)
	}
}

// grant gives the tested account this one right.
func (o *office) grant(g document.Grant) {
	o.change(tested, func(a *document.Account) { a.Grants = []document.Grant{g} })
}

func (o *office) targets(t *testing.T) targets {
	t.Helper()
	c := o.newCase(tested, documenttest.Office)
	target := targets{c: c, waiting: o.waiting(tested, c), archived: o.archived(tested, c), newer: o.archived(tested, c)}
	form, id, input := o.sample("case-1", 0)
	draft, err := json.Marshal(map[string]any{"template": id, "case": c.Number, "input": input})
	if err != nil {
		t.Fatal(err)
	}
	target.form, target.draft, target.template = form, draft, id
	o.follow()
	return target
}

func entrances() map[document.Action][]entrance {
	api := "/api/v1"
	return map[document.Action][]entrance{
		document.ActRegisterCase: {
			{name: "API", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
				return v.postJSON(api+"/cases", map[string]any{"office": documenttest.Office, "form": json.RawMessage(x.form)})
			}},
			{name: "page", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
				return v.send("/office/register", x.form, "office", documenttest.Office)
			}},
		},
		document.ActIssue: {
			{name: "API", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
				return v.postJSON(api+"/acts", string(x.draft))
			}},
			{name: "page", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
				return v.send("/office/cases/"+x.c.Number+"/acts", x.draft, "template", x.template)
			}},
		},
		document.ActSign: {
			{name: "API", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
				return v.postJSON(api+"/authorisations", map[string]any{"acts": []string{x.waiting.Number}})
			}},
			{name: "page", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
				return v.post("/office/sign", url.Values{"acts": {x.waiting.Number}})
			}},
		},
		document.ActVoid: {
			{name: "API", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
				return v.postJSON(api+"/acts/"+x.waiting.Number+"/void", map[string]any{"reason": "səhv"})
			}},
			{name: "page", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
				return v.post("/office/acts/"+x.waiting.Number+"/void", url.Values{"reason": {"səhv"}})
			}},
		},
		document.ActChange: {
			{name: "API", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
				return v.postJSON(api+"/acts/"+x.archived.Number+"/standing",
					map[string]any{"standing": "annulled", "by": x.newer.Number, "reason": "səhv"})
			}},
			{name: "page", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
				return v.post("/office/acts/"+x.archived.Number+"/standing",
					url.Values{"standing": {"superseded"}, "by": {x.newer.Number}, "reason": {"səhv"}})
			}},
		},
		document.ActServe: {
			{name: "page", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
				return v.send("/office/acts/"+x.archived.Number+"/deliveries", []byte("%PDF-1.7"), "party", "debtor", "recipient", "A",
					"way", "post", "on", string(x.archived.Date), "proof", "qəbz")
			}},
		},
		document.ActSubstitute: {
			{name: "page", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
				v.o.n++
				day := document.DateOf(v.o.Now().AddDate(0, 0, v.o.n%300), time.UTC)
				absent := tested + " head"
				if v.o.account(tested).Actor("").Holds(document.RoleChief, documenttest.Office) {
					absent = tested + " chief"
				} else if !v.o.account(tested).Actor("").Holds(document.RoleHead, documenttest.Office) {
					absent = "nigar head"
				}
				return v.post("/office/substitutions", url.Values{"absent": {absent + " " + documenttest.Office}, "deputy": {"vuqar"},
					"from": {string(day)}, "until": {string(day)}, "reason": {"əmr"}})
			}},
		},
		document.ActRead: readEntrances(api),
		document.ActTrail: {{name: "page", reads: true, request: func(v *visitor, x targets) *httptest.ResponseRecorder {
			return v.get("/office/acts/" + x.archived.Number + "/record")
		}}},
		document.ActExport: {{name: "page", request: func(v *visitor, x targets) *httptest.ResponseRecorder {
			return v.post("/office/export", url.Values{"acts": {x.archived.Number}})
		}}},
		document.ActOperate: operateEntrances(api),
		document.ActAudit:   auditEntrances(api),
		document.ActStatistics: {
			{name: "API", reads: true, request: func(v *visitor, _ targets) *httptest.ResponseRecorder {
				return v.get(api + "/statistics?office=" + documenttest.Office)
			}},
			{name: "page", reads: true, request: func(v *visitor, _ targets) *httptest.ResponseRecorder {
				return v.get("/office/statistics?office=" + documenttest.Office)
			}},
			{name: "CSV", reads: true, request: func(v *visitor, _ targets) *httptest.ResponseRecorder {
				return v.get("/office/statistics.csv?office=" + documenttest.Office)
			}},
			{name: "XLSX", reads: true, request: func(v *visitor, _ targets) *httptest.ResponseRecorder {
				return v.get("/office/statistics.xlsx?office=" + documenttest.Office)
			}},
		},
	}
}

func readEntrances(api string) []entrance {
	var list []entrance
	for name, path := range map[string]func(x targets) string{
		"API case":           func(x targets) string { return api + "/cases/" + x.c.Number },
		"API act":            func(x targets) string { return api + "/acts/" + x.waiting.Number },
		"API file to sign":   func(x targets) string { return api + "/acts/" + x.waiting.Number + "/file" },
		"API archived file":  func(x targets) string { return api + "/acts/" + x.archived.Number + "/file" },
		"page case":          func(x targets) string { return "/office/cases/" + x.c.Number },
		"page act":           func(x targets) string { return "/office/acts/" + x.waiting.Number },
		"page file to sign":  func(x targets) string { return "/office/acts/" + x.waiting.Number + "/file" },
		"page archived file": func(x targets) string { return "/office/acts/" + x.archived.Number + "/file" },
	} {
		list = append(list, entrance{name: name, reads: !strings.HasSuffix(name, "archived file"), request: func(v *visitor, x targets) *httptest.ResponseRecorder {
			return v.get(path(x))
		}})
	}
	for name, path := range map[string]string{"API list": api + "/acts?waiting=me", "page list": "/office"} {
		list = append(list, entrance{name: name, reads: true, shown: `EI26110`, request: func(v *visitor, _ targets) *httptest.ResponseRecorder {
			return v.get(path)
		}})
	}
	return list
}

func operateEntrances(api string) []entrance {
	shown := func(path string) func(*visitor, targets) *httptest.ResponseRecorder {
		return func(v *visitor, _ targets) *httptest.ResponseRecorder { return v.get(path) }
	}
	return []entrance{
		{name: "API save", request: func(v *visitor, _ targets) *httptest.ResponseRecorder {
			v.o.n++
			return v.postJSON(api+"/accounts", map[string]any{
				"login": "new" + strings.Repeat("x", v.o.n%50), "name": "Y", "post": "p", "office": documenttest.Office, "profile": "state", "grants": []any{},
			})
		}},
		{name: "API list", reads: true, shown: "vuqar", request: shown(api + "/accounts")},
		{name: "page list", reads: true, shown: "vuqar", request: shown("/office/accounts")},
		{name: "page account", reads: true, shown: "Məmurzadə Vuqar", request: shown("/office/accounts/vuqar")},
		{name: "page create", request: func(v *visitor, _ targets) *httptest.ResponseRecorder {
			v.o.n++
			return v.post("/office/accounts", url.Values{
				"login": {"page" + strings.Repeat("x", v.o.n%50)}, "name": {"Y"}, "post": {"p"}, "office": {documenttest.Office}, "profile": {"state"},
			})
		}},
		{name: "page token", request: func(v *visitor, _ targets) *httptest.ResponseRecorder {
			return v.post("/office/tokens", url.Values{"login": {"vuqar"}, "name": {"x"}, "days": {"1"}, "scope": {"acts:read"}})
		}},
		{name: "page webhook", request: func(v *visitor, _ targets) *httptest.ResponseRecorder {
			return v.post("/office/webhooks", url.Values{"url": {"https://example.az"}, "office": {documenttest.Office}, "event": {"act.voided"}})
		}},
	}
}

// auditEntrances look for the events of one act.
func auditEntrances(api string) []entrance {
	var list []entrance
	for name, path := range map[string]string{"API": api + "/audit/events?subject=", "page": "/office/audit?lang=en&subject="} {
		list = append(list, entrance{name: name, reads: true, shown: map[string]string{"API": `"seq"`, "page": "№"}[name], request: func(v *visitor, x targets) *httptest.ResponseRecorder {
			return v.get(path + x.archived.Number)
		}})
	}
	return list
}

// send sends a file with a form, whose other fields come in pairs.
func (v *visitor) send(path string, file []byte, fields ...string) *httptest.ResponseRecorder {
	v.o.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "form.json")
	if err == nil {
		_, err = part.Write(file)
	}
	for i := 0; i < len(fields) && err == nil; i += 2 {
		err = form.WriteField(fields[i], fields[i+1])
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		v.o.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	return v.do(r)
}
