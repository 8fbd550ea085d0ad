package web

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"docsvc/internal/template"
)

func caseForm(t testing.TB) *template.Field {
	t.Helper()
	l, err := template.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.CaseSchema().Form()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func formOfKind(t testing.TB, id string) *template.Field {
	t.Helper()
	l, err := template.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, tmpl := range l.List() {
		if tmpl.Meta.ID == id {
			f, err := tmpl.Schema.Form()
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
	}
	t.Fatal("no template " + id)
	return nil
}

// TestReadForm: what a browser sends becomes the JSON that the schema checks.
func TestReadForm(t *testing.T) {
	for name, tc := range map[string]struct {
		kind, sent, want string
		pruned           bool
	}{
		"nothing, and yet what must be there": {"", "", `{"claim":{},"document":{}}`, false},
		"a document": {"", "/document/kind=writ&/document/number=+2(1)-1/2026+&/document/date=15.06.2026&/document/immediate=true",
			`{"claim":{},"document":{"date":"2026-06-15","immediate":true,"kind":"writ","number":"2(1)-1/2026"}}`, false},
		"a date that is none stays": {"", "/document/date=yesterday", `{"claim":{},"document":{"date":"yesterday"}}`, false},
		"parties with a gap": {"", "/debtors/4=&/debtors/4/kind=natural&/debtors/4/fin=5nmn+1a1&/debtors/1=&/debtors/1/name=A",
			`{"claim":{},"debtors":[{"name":"A"},{"fin":"5NMN1A1","kind":"natural"}],"document":{}}`, false},
		"what a kind does not have is dropped": {"", "/debtors/0=&/debtors/0/kind=legal&/debtors/0/surname=X&/debtors/0/voen=99+9999+0121",
			`{"claim":{},"debtors":[{"kind":"legal","voen":"9999990121"}],"document":{}}`, false},
		"an employer": {"", "/debtors/0=&/debtors/0/kind=natural&/debtors/0/employer/kind=legal&/debtors/0/employer/name=Z&/debtors/0/employer/employer/name=Q",
			`{"claim":{},"debtors":[{"employer":{"kind":"legal","name":"Z"},"kind":"natural"}],"document":{}}`, false},
		"sums and spaces": {"", "/claim/kind=monetary&/claim/total=6+180,45&/claim/principal=%C2%A01", `{"claim":{"kind":"monetary","principal":"1","total":"6180,45"},"document":{}}`, false},
		"a share that must be there": {"", "/claim/kind=alimony&/claim/share/numerator=1&/claim/share/denominator=four&/claim/child/surname=A",
			`{"claim":{"child":{"kind":"natural","surname":"A"},"kind":"alimony","share":{"denominator":"four","numerator":1}},"document":{}}`, false},
		"nobody's child": {"", "/claim/kind=alimony", `{"claim":{"kind":"alimony","share":{}},"document":{}}`, false},
		"several choices": {"query", "/addressee=Bank&/items=11.3.1&/items=11.3.11&/facts=a%0D%0Ab",
			`{"addressee":"Bank","facts":"a\nb","items":["11.3.1","11.3.11"]}`, false},
		"lines with empty ones":  {"liability-submission", "/materials/0=&/materials/1=a&/materials/2=+", `{"materials":["","a",""]}`, false},
		"without the empty ones": {"liability-submission", "/materials/0=&/materials/1=a&/materials/2=+", `{"materials":["a"]}`, true},
		"one must be there":      {"liability-submission", "/materials/0=&/materials/1=", `{"materials":[""]}`, true},
		"empty parties":          {"", "/debtors/0=&/debtors/1=&/debtors/1/name=B&/creditors/0=", `{"claim":{},"creditors":[{}],"debtors":[{"name":"B"}],"document":{}}`, true},
		"none need be":           {"termination-decision", "/ground=g&/measures/0=", `{"ground":"g","measures":[""]}`, true},
		"a stranger's field":     {"query", "/addressee=B&/evil=1&addressee=C&/items/0=x", `{"addressee":"B"}`, false},
		"a number too far":       {"", "/debtors/100000=&/debtors/100000/name=A", `{"claim":{},"document":{}}`, false},
	} {
		sent, err := url.ParseQuery(tc.sent)
		if err != nil {
			t.Fatal(err)
		}
		form := caseForm(t)
		if tc.kind != "" {
			form = formOfKind(t, tc.kind)
		}
		value := readForm(form, sent)
		if tc.pruned {
			prune(form, value)
		}
		got, err := json.Marshal(value)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s:\n%s, want\n%s (%v)", name, got, tc.want, err)
		}
	}
}

// TestFormGoesRound: a sample's form, shown and sent back as it was shown, is
// the same.
func TestFormGoesRound(t *testing.T) {
	l, err := template.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, tmpl := range l.List() {
		form, err := tmpl.Schema.Form()
		if err != nil {
			t.Fatal(err)
		}
		for name, sample := range tmpl.Samples {
			value := decodeForm(sample)
			sent := url.Values{}
			collectFields(newFormViewer("en", nil).fields(form, "", value), sent)
			anyOrder := cmpopts.SortSlices(func(a, b any) bool { return fmt.Sprint(a) < fmt.Sprint(b) }) // of choices
			if diff := cmp.Diff(value, readForm(form, sent), anyOrder); diff != "" {
				t.Errorf("%s %s (-before +after):\n%s", tmpl.Meta.ID, name, diff)
			}
		}
	}
}

// collectFields is what a browser would send of a form.
func collectFields(fields []fieldView, sent url.Values) {
	for _, f := range fields {
		collectFields(f.Fields, sent)
		for _, item := range f.Items {
			if item.Kind == string(template.FieldGroup) {
				sent.Set(item.Name, "")
			}
			collectFields([]fieldView{item.fieldView}, sent)
		}
		for _, o := range f.Options {
			if o.Chosen {
				sent.Add(f.Name, o.Value)
			}
		}
		if len(f.Fields)+len(f.Items)+len(f.Options) == 0 && f.Value != "" {
			sent.Set(f.Name, f.Value)
		}
	}
}

func TestChangeList(t *testing.T) {
	for path, want := range map[string]string{
		"add /debtors":               `{"claim":{"parts":["a"]},"debtors":[{"name":"A"},{"name":"B"},null]}`,
		"add /creditors":             `{"claim":{"parts":["a"]},"creditors":[null,null],"debtors":[{"name":"A"},{"name":"B"}]}`,
		"remove /debtors/0":          `{"claim":{"parts":["a"]},"debtors":[{"name":"B"}]}`,
		"remove /claim/parts/0":      `{"claim":{"parts":[]},"debtors":[{"name":"A"},{"name":"B"}]}`,
		"remove /debtors/2":          ``,
		"remove /debtors/-1":         ``,
		"remove /debtors/x":          ``,
		"remove /debtors":            ``,
		"remove /nothing/here/0":     ``,
		"add ":                       ``,
		"remove ":                    ``,
		"add /debtors/0/accounts":    ``,
		"remove /debtors/0/name/0/0": ``,
	} {
		before := `{"claim":{"parts":["a"]},"debtors":[{"name":"A"},{"name":"B"}]}`
		value := decodeForm([]byte(before))
		verb, at, _ := strings.Cut(path, " ")
		changeList(value, at, verb == "add")
		if want == "" {
			want = before
		}
		if got, err := json.Marshal(value); err != nil || string(got) != want {
			t.Errorf("%s: %s, want %s (%v)", path, got, want, err)
		}
	}
}

// FuzzReadForm: whatever a browser sends, the result is JSON of bounded size
// that can be shown again.
func FuzzReadForm(f *testing.F) {
	form := caseForm(f)
	f.Add("/document/kind=writ&/debtors/0=&/debtors/0/kind=natural&/claim/kind=alimony&/claim/share/numerator=1", "/debtors/0")
	f.Fuzz(func(t *testing.T, query, path string) {
		sent, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		value := readForm(form, sent)
		changeList(value, path, true)
		changeList(value, path, false)
		prune(form, value)
		input, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		newFormViewer("az", nil).fields(form, "", decodeForm(input))
	})
}
