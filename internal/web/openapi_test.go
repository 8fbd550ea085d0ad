package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"docsvc/internal/web"
)

// description is openapi.yaml as clients read it.
type description struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

// newDescription reads the description and makes its schemas strict: a field
// that is not described is a fault in an answer.
func newDescription(t testing.TB) *description {
	t.Helper()
	data, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	for _, s := range d2(doc, "components", "schemas") {
		if schema, ok := s.(map[string]any); ok && schema["properties"] != nil {
			schema["additionalProperties"] = false
		}
	}
	plain, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	resource, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	d := &description{doc: doc, compiler: jsonschema.NewCompiler(), compiled: map[string]*jsonschema.Schema{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource("openapi.json", resource); err != nil {
		t.Fatal(err)
	}
	return d
}

func d2(m map[string]any, names ...string) map[string]any {
	for _, name := range names {
		m, _ = m[name].(map[string]any)
	}
	return m
}

func (d *description) check(t testing.TB, name string, body []byte) {
	t.Helper()
	schema := d.compiled[name]
	if schema == nil {
		var err error
		if schema, err = d.compiler.Compile("openapi.json#/components/schemas/" + name); err != nil {
			t.Fatal(err)
		}
		d.compiled[name] = schema
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		t.Errorf("not as %s is described: %v\n%s", name, err, body)
	}
}

// answer holds an answer to a schema.
func (d *description) answer(t *testing.T, w *httptest.ResponseRecorder, status int, schema string) {
	t.Helper()
	if w.Code != status || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v, want %d: %s", w.Code, w.Header(), status, w.Body)
	}
	d.check(t, schema, w.Body.Bytes())
}

// problem wants an error with a key.
func (d *description) problem(t *testing.T, w *httptest.ResponseRecorder, status int, key string) {
	t.Helper()
	if w.Code != status || w.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(w.Body.String(), `"key":"`+key+`"`) {
		t.Errorf("%d, want %d %s: %s", w.Code, status, key, w.Body)
		return
	}
	d.check(t, "Problem", w.Body.Bytes())
}

// TestDescriptionIsComplete: every route is described, and nothing else.
func TestDescriptionIsComplete(t *testing.T) {
	routes, scopes, err := web.APIRoutes()
	if err != nil {
		t.Fatal(err)
	}
	d := newDescription(t)
	var described []string
	for path, item := range d2(d.doc, "paths") {
		for method, operation := range item.(map[string]any) {
			name := strings.ToUpper(method) + " " + path
			described = append(described, name)
			if got, want := tokenScope(operation.(map[string]any)), scopes[name]; path != "/openapi.yaml" && got != want {
				t.Errorf("%s is described with the scope %q, and needs %q", name, got, want)
			}
			if named := strings.Contains(fmt.Sprint(operation), "parameters/idempotency"); named != (method == "post") {
				t.Errorf("%s and Idempotency-Key: %v", name, named)
			}
			if responses := d2(operation.(map[string]any), "responses"); len(responses) < 2 && path != "/openapi.yaml" {
				t.Errorf("%s %s has no errors", method, path)
			}
		}
	}
	slices.Sort(described)
	if !slices.Equal(routes, described) || len(routes) < 14 {
		t.Errorf("routes\n%s\ndescribed\n%s", strings.Join(routes, "\n"), strings.Join(described, "\n"))
	}
	for name := range d2(d.doc, "components", "schemas") {
		if _, err := d.compiler.Compile("openapi.json#/components/schemas/" + name); err != nil {
			t.Error(err)
		}
		if !strings.Contains(string(mustRead(t)), `"#/components/schemas/`+name+`"`) { // nothing is described in vain
			t.Errorf("nothing refers to %s", name)
		}
	}
	w := newOffice(t).visitor().get("/api/v1/openapi.yaml")
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/yaml" || w.Body.String() != string(mustRead(t)) {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// tokenScope is the scope that an operation is described with: "*" for any
// token, nothing for persons alone.
func tokenScope(operation map[string]any) string {
	ways, _ := operation["security"].([]any)
	for _, way := range ways {
		if scopes, ok := way.(map[string]any)["token"].([]any); ok {
			if len(scopes) == 0 {
				return "*"
			}
			return fmt.Sprint(scopes[0])
		}
	}
	return ""
}

// shared is the description, read once: every answer of /api/v1 in every test
// of this package is held to it.
var shared struct {
	sync.Mutex
	d *description
}

// conforms holds a request that was carried out, and any answer, to the
// description of its operation.
func conforms(t testing.TB, r *http.Request, asked []byte, w *httptest.ResponseRecorder) {
	t.Helper()
	path := strings.TrimPrefix(r.URL.Path, "/api/v1")
	if path == r.URL.Path || path == "/openapi.yaml" || r.Method == http.MethodHead {
		return
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.d == nil {
		shared.d = newDescription(t)
	}
	d := shared.d
	operation := d.operation(r.Method, path)
	if operation == nil {
		if w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusForbidden {
			t.Errorf("%s %s is not described and answers %d", r.Method, path, w.Code)
		}
		return
	}
	answer := d2(operation, "responses", fmt.Sprint(w.Code))
	if answer == nil {
		if answer = d2(d.doc, "components", "responses", "Problem"); w.Code < http.StatusBadRequest {
			t.Errorf("%s %s: the answer %d is not described", r.Method, path, w.Code)
		}
	}
	kind := strings.Split(w.Header().Get("Content-Type"), ";")[0]
	content, ok := d2(answer, "content")[kind].(map[string]any)
	if !ok {
		t.Errorf("%s %s: %d of type %q is not described", r.Method, path, w.Code, kind)
		return
	}
	if ref, ok := d2(content, "schema")["$ref"].(string); ok {
		d.check(t, strings.TrimPrefix(ref, "#/components/schemas/"), w.Body.Bytes())
	}
	ref, _ := d2(operation, "requestBody", "content", "application/json", "schema")["$ref"].(string)
	if w.Code < http.StatusBadRequest && ref != "" {
		d.check(t, strings.TrimPrefix(ref, "#/components/schemas/"), asked)
	}
}

// operation finds what a path is described by.
func (d *description) operation(method, path string) map[string]any {
	parts := strings.Split(path, "/")
	for template, item := range d2(d.doc, "paths") {
		names := strings.Split(template, "/")
		matches := len(names) == len(parts)
		for i := range min(len(names), len(parts)) {
			matches = matches && (names[i] == parts[i] || strings.HasPrefix(names[i], "{"))
		}
		if matches {
			operation, _ := item.(map[string]any)[strings.ToLower(method)].(map[string]any)
			return operation
		}
	}
	return nil
}

func mustRead(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// FuzzForms: whatever is sent as a form is a form or an error, never a panic,
// and a form that is taken is for the case of its page.
func FuzzForms(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"case":"A","input":{}}`, `{"input":null}`, `{"case":"B","template":"t","key":"k","input":[1]}`, `[]`, `{"a":{"a":{}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		form, err := web.IssueFormOf(data, "A", map[string]string{"template": "t", "key": "k"})
		if err == nil && (form.Case != "A" || form.Template != "t" || form.Input == nil || form.Key == "") {
			t.Errorf("%q is taken as %+v", data, form)
		}
		var account web.AccountJSON
		_ = web.DecodeStrict(data, &account) // must not panic
	})
}
