package template

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestFormsOfAllSchemas: the form of each schema has every field that the
// schema knows, in its order, each with a label and its choices with texts, and
// understands every condition of the schema.
func TestFormsOfAllSchemas(t *testing.T) {
	l, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]*Schema{"case": l.CaseSchema()}
	for _, tmpl := range l.List() {
		schemas[tmpl.Meta.ID] = tmpl.Schema
	}
	for name, s := range schemas {
		f, err := s.Form()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		cases := 0
		walkForm(f, "", func(path string, f *Field) {
			cases += len(f.cases)
			if f.Name != "" && (f.Label.Az == "" || f.Label.En == "" || f.Label.Ru == "") {
				t.Errorf("%s: %s has no label", name, path)
			}
			for _, o := range f.Options {
				if o.Text.Az == "" || o.Text.En == "" || o.Text.Ru == "" {
					t.Errorf("%s: the option %s of %s has no text", name, o.Value, path)
				}
			}
		})
		if want := strings.Count(string(s.Raw), `"if"`); name != "case" && cases != want {
			t.Errorf("%s: %d of %d conditions are understood", name, cases, want)
		}
	}
}

func walkForm(f *Field, path string, visit func(string, *Field)) {
	visit(path, f)
	for _, sub := range f.Fields {
		walkForm(sub, path+"/"+sub.Name, visit)
	}
	if f.Item != nil {
		walkForm(f.Item, path+"/0", visit)
	}
}

func TestFormOfCase(t *testing.T) {
	l, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.CaseSchema().Form()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]FieldKind{}
	walkForm(f, "", func(path string, f *Field) { kinds[path] = f.Kind })
	for path, want := range map[string]FieldKind{
		"": FieldGroup, "/document/kind": FieldChoice, "/document/date": FieldDate, "/document/immediate": FieldCheck,
		"/creditors": FieldList, "/creditors/0": FieldGroup, "/creditors/0/fin": FieldLine, "/debtors/0/employer": FieldGroup,
		"/debtors/0/employer/name": FieldLine, "/claim/share/numerator": FieldNumber, "/claim/child/kind": FieldFixed,
		// the employer of an employer is left out: it would never end
		"/debtors/0/employer/employer": "", "/debtors/0/employer/director": "",
	} {
		if kinds[path] != want {
			t.Errorf("%s is %q, want %q", path, kinds[path], want)
		}
	}
	if got := shownNames(f, map[string]any{}); got != "document creditors debtors claim" {
		t.Errorf("the form begins with %s", got)
	}
	party := f.Fields[1].Item
	for kind, want := range map[string]string{
		"":        "kind* name* voen address iban",
		"natural": "kind* surname* name* patronymic sex fin foreign_id voen birth_date address iban employer",
		"legal":   "kind* name* form* voen* address iban director",
	} {
		got := shownNames(party, map[string]any{"kind": kind})
		if strings.ReplaceAll(got, "*", "") != strings.ReplaceAll(want, "*", "") {
			t.Errorf("a party of kind %q has %s, want %s", kind, got, want)
		}
		for _, s := range party.Shown(map[string]any{"kind": kind}) {
			if s.Required != slices.Contains(strings.Fields(want), s.Name+"*") {
				t.Errorf("a party of kind %q: %s required: %t", kind, s.Name, s.Required)
			}
			if s.Decides != (s.Name == "kind") {
				t.Errorf("%s decides: %t", s.Name, s.Decides)
			}
		}
	}
}

func shownNames(f *Field, value map[string]any) string {
	var list []string
	for _, s := range f.Shown(value) {
		list = append(list, s.Name)
	}
	return strings.Join(list, " ")
}

// TestOptionsAreComplete: a schema whose choices lack a text, or have one for
// what cannot be chosen, is refused.
func TestOptionsAreComplete(t *testing.T) {
	text := map[string]string{"az": "a", "en": "a", "ru": "a"}
	for name, options := range map[string]any{
		"lacks one":   map[string]any{"a": text},
		"one more":    map[string]any{"a": text, "b": text, "c": text},
		"no Russian":  map[string]any{"a": text, "b": map[string]string{"az": "b", "en": "b"}},
		"not a table": "a",
	} {
		raw, err := json.Marshal(map[string]any{"type": "object", "properties": map[string]any{
			"x": map[string]any{"enum": []string{"a", "b"}, "x-options": options},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := compileSchema("x.json", raw); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
