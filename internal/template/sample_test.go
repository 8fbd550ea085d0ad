package template

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"docsvc/templates"
)

// sample is the documented form of templates/samples/case-N.json.
type sample struct {
	Number  string          `json:"number"`
	Profile Profile         `json:"profile"`
	Case    json.RawMessage `json:"case"`
	Acts    []sampleAct     `json:"acts"`
}

type sampleAct struct {
	Template string          `json:"template"`
	Date     Date            `json:"date"`
	Input    json.RawMessage `json:"input"`
}

func builtin(t testing.TB) *Library {
	t.Helper()
	l, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func readSample(t testing.TB, n int) sample {
	t.Helper()
	var s sample
	if err := readStrict(templates.FS, fmt.Sprintf("samples/case-%d.json", n), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// sampleContext is the demo office and officer of the domain's samples.
func sampleContext(t testing.TB, l *Library, s sample, on Date) Context {
	t.Helper()
	checked, _, err := l.CheckCase(s.Case, on)
	if err != nil {
		t.Fatal(err)
	}
	c := Context{Date: on.Time(), Profile: s.Profile, Case: checked.Case}
	c.Case.Number = s.Number
	c.Office = Office{Code: "110", Name: "Nümunə Rayon İcra Şöbəsi", ParentName: "Azərbaycan Respublikası Ədliyyə Nazirliyi",
		Place: "Nümunə şəhəri", Address: "AZ9900, Nümunə şəhəri, Sınaq küçəsi, ev 1", Phone: "(000) 000-00-00",
		Email: "nümunə@example.az", Deposit: "AZ29TSTADEP00000000000000001"}
	c.Officer = Officer{Login: "nigar", Name: "Məmurzadə Nigar Sınaq qızı", Post: "dövlət icra məmuru"}
	if s.Profile == Private {
		c.Office.Name = "Xüsusi icra məmurunun ofisi"
		c.Officer = Officer{Login: "kamran", Name: "Özəlli Kamran Təcrübə oğlu", Post: "xüsusi icra məmuru", VOEN: "9999990812"}
	}
	return c
}

// head and chief are who approves; the head writes submissions.
func head() Officer {
	return Officer{Login: "vuqar", Name: "Rəhbərli Vüqar Misal oğlu", Post: "rəhbəri"}
}

func chief() Officer {
	return Officer{Login: "samira", Name: "Rəisli Samirə Nümunə qızı", Post: "rəisi"}
}

func sampleIssue(s sample, index int, m Meta, c Context) Issue {
	issue := Issue{Number: fmt.Sprintf("%s-%03d", s.Number, index), CaseNumber: s.Number, Code: "7KQ2-9XVD-4M0P-HW3E",
		Host: "icra.example.az", Evaluation: true,
		Signers: []Signer{{Field: "signer-1", Name: c.Officer.Name, Post: c.Officer.Post, CertificateSerial: "01A2B3", CertificateIssuer: "Qiymətləndirmə mərkəzi"}}}
	if a := m.ApproverOf(c.Profile); a != nil {
		person := map[string]Officer{"head": head(), "chief": chief()}[a.Role]
		issue.Signers = append(issue.Signers, Signer{Field: "signer-2", Name: person.Name, Post: person.Post, Role: a.Role, Heading: a.Heading})
	}
	return issue
}

// renderedSample is one act of a sample case.
type renderedSample struct {
	name string
	meta Meta
	c    Context
	act  *Act
	html string
}

// renderSamples renders the acts of the six sample cases, and the samples of
// every template that none of these cases uses or that somebody approves, as
// acts of the first case.
func renderSamples(t testing.TB) []renderedSample {
	t.Helper()
	l := builtin(t)
	files, err := fs.Glob(templates.FS, "samples/case-*.json")
	if err != nil || len(files) != 6 {
		t.Fatalf("sample cases: %v, %v", files, err)
	}
	var out []renderedSample
	used := map[string]bool{}
	for n := 1; n <= len(files); n++ {
		s := readSample(t, n)
		for i, a := range s.Acts {
			used[a.Template] = true
			out = append(out, renderSample(t, l, s, a, i+1, fmt.Sprintf("case-%d-%s", n, a.Template)))
		}
	}
	for _, tmpl := range l.List() {
		if used[tmpl.Meta.ID] && tmpl.Meta.Approver == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(tmpl.Samples)) {
			a := sampleAct{Template: tmpl.Meta.ID, Date: Date{2026, 11, 20}, Input: tmpl.Samples[name]}
			out = append(out, renderSample(t, l, readSample(t, 1), a, 9, tmpl.Meta.ID+"-"+strings.TrimSuffix(name, ".json")))
		}
	}
	return out
}

func renderSample(t testing.TB, l *Library, s sample, a sampleAct, index int, name string) renderedSample {
	t.Helper()
	tmpl, err := l.Get(a.Template, "", a.Date.Time())
	if err != nil {
		t.Fatal(err)
	}
	c := sampleContext(t, l, s, a.Date)
	if tmpl.Meta.Author == "head" {
		c.Officer = head()
	}
	act, warnings, err := tmpl.Check(a.Input, c)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%s: %v %v", name, warnings, err)
	}
	html, err := tmpl.HTML(act.Data, sampleIssue(s, index, tmpl.Meta, c))
	if err != nil {
		t.Fatal(err)
	}
	return renderedSample{name, tmpl.Meta, c, act, html}
}

func TestSampleCases(t *testing.T) {
	want := map[int][]string{
		1: {"initiation-decision", "query"}, 2: {"initiation-decision"}, 3: {"initiation-decision", "query", "collection-order"},
		4: {"initiation-decision"}, 5: {"initiation-decision", "termination-decision"}, 6: {"initiation-decision"},
	}
	for n, acts := range want {
		var got []string
		for _, a := range readSample(t, n).Acts {
			got = append(got, a.Template)
		}
		if !slices.Equal(got, acts) {
			t.Errorf("case %d: acts %v, want %v", n, got, acts)
		}
	}
	facts := map[string][]string{
		"case-1-initiation-decision":    {"6 180,45", "altı min yüz səksən manat qırx beş qəpik", "432,63", "2026-cı il 17 sentyabr", "Nümunəli Anar Sınaq oğlundan", "Cəmiyyətinin xeyrinə"},
		"case-5-termination-decision":   {"icraata xitam verilsin", "20.2-ci maddəsini rəhbər", "3 (üç) gün", "Nümunə Rayon İcra Şöbəsinin rəhbərinə", "TƏSDİQ EDİRƏM"},
		"liability-submission-sample-1": {"15.19-4-cü bəndini", "Nümunəli Anar Sınaq oğlu", "rəisinə", "icra işinin surəti"},
		"liability-submission-sample-2": {"Sınaqlı Murad Misal oğlu", "Rəhbərli Vüqar Misal oğlu"},
		"extension-submission-sample-1": {"2026-cı il 30 noyabr", "2026-cı il 30 dekabr", "1 (bir) ay", "RAZIYAM"},
		"lifting-decision-sample-1":     {"4(199)-2001/2026", "Dövlət Sərhəd Xidmətinə", "dərhal borcluya, tələbkara və Nümunə Rayon Məhkəməsinə"},
		"case-2-initiation-decision":    {"1/4 (dörddə bir)", "05.05.2018", "234.2.1-ci"},
		"case-3-initiation-decision":    {"27 300,00", "iyirmi yeddi min üç yüz manat", "2026-cı il 20 avqust"},
		"case-3-collection-order":       {"AZ48TSTAAZN00000000000000404", "AZ29TSTADEP00000000000000001", "2 (iki) ay", "2 (iki) iş günü"},
		"case-4-initiation-decision":    {"58 400,00", "əlli səkkiz min dörd yüz manat", "2026-cı il 25 iyul"},
		"case-5-initiation-decision":    {"sürücü vəzifəsinə", "55,00", "Təcrübəli Orxan Vaqif oğlunun"},
		"case-6-initiation-decision":    {"850,00", "150,50", "yüz əlli manat əlli qəpik", "XÜSUSİ İCRA MƏMURU", "VÖEN 9999990812"},
	}
	for _, r := range renderSamples(t) {
		plain := strings.ReplaceAll(r.html, nbsp, " ")
		for _, f := range facts[r.name] {
			if !strings.Contains(plain, f) {
				t.Errorf("%s does not say %q", r.name, f)
			}
		}
	}
}
