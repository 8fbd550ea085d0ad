package template

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// faultList gives "path key" of each fault.
func faultList(err error) []string {
	var fs Faults
	if !errors.As(err, &fs) {
		return nil
	}
	out := make([]string, len(fs))
	for i, f := range fs {
		out[i] = f.Path + " " + f.Key
	}
	return out
}

func check(t *testing.T, id string, sampleCase int, input string, edit func(*Context)) (*Act, []Warning, error) {
	t.Helper()
	l := builtin(t)
	s := readSample(t, sampleCase)
	c := sampleContext(t, l, s, Date{2026, 9, 7})
	if edit != nil {
		edit(&c)
	}
	tmpl, err := l.Get(id, "1", c.Date)
	if err != nil {
		t.Fatal(err)
	}
	return tmpl.Check(json.RawMessage(input), c)
}

func TestBadActs(t *testing.T) {
	cases := []struct {
		name, template string
		sampleCase     int
		input          string
		edit           func(*Context)
		want           []string
	}{
		{"empty object", "initiation-decision", 1, `{}`, nil, []string{"/term required"}},
		{"not JSON", "initiation-decision", 1, `{"term":`, nil, []string{" json"}},
		{"empty input", "initiation-decision", 1, ``, nil, []string{" json"}},
		{"two values", "initiation-decision", 1, `{} {}`, nil, []string{" json"}},
		{"name twice", "initiation-decision", 1, `{"term":{"kind":"standard","kind":"court"}}`, nil, []string{" json"}},
		{"too deep", "initiation-decision", 1, strings.Repeat("[", 50), nil, []string{" json"}},
		{"bad UTF-8", "initiation-decision", 1, "{\"a\":\"\xff\"}", nil, []string{" json"}},
		{"too large", "initiation-decision", 1, `"` + strings.Repeat("a", MaxInput) + `"`, nil, []string{" size"}},
		{"an array", "initiation-decision", 1, `[]`, nil, []string{" type"}},
		{"null", "query", 1, `null`, nil, []string{" type"}},
		{"everything at once", "initiation-decision", 1,
			`{"term":{"kind":"standard","days":0,"until":"2026-09-30"},"facts":"a\u200bb","send_to":["creditor","creditor","me"],"more":1}`, nil,
			[]string{"/facts text-char", "/more unknown", "/send_to too-many", "/send_to/1 duplicate", "/send_to/2 enum", "/term/days number-range", "/term/until not-allowed"}},
		{"term longer than the law", "initiation-decision", 1, `{"term":{"kind":"standard","days":11}}`, nil, []string{"/term/days rule-term"}},
		{"days not whole", "initiation-decision", 1, `{"term":{"kind":"standard","days":1.5}}`, nil, []string{"/term/days type"}},
		{"number that would fill the memory", "initiation-decision", 1, `{"term":{"kind":"standard","days":1e999999999}}`, nil, []string{" json"}},
		{"days beyond any term", "initiation-decision", 1, `{"term":{"kind":"standard","days":1000000000}}`, nil, []string{"/term/days number-range", "/term/days rule-term"}},
		{"court term past", "initiation-decision", 1, `{"term":{"kind":"court","until":"2026-09-07"}}`, nil, []string{"/term/until rule-past"}},
		{"court term without day", "initiation-decision", 1, `{"term":{"kind":"court"}}`, nil, []string{"/term/until required"}},
		{"mortgage without pledge", "initiation-decision", 1, `{"term":{"kind":"mortgage"}}`, nil, []string{"/term/kind rule-pledge"}},
		{"immediate writ, ordinary term", "initiation-decision", 2, `{"term":{"kind":"standard"}}`, nil, []string{"/term/kind rule-immediate"}},
		{"fee above the scale", "initiation-decision", 3, `{"term":{"kind":"standard"}}`, func(c *Context) { c.Profile = Private }, []string{"/context/case/claim fee-unknown"}},
		{"fee for what is not money", "initiation-decision", 5, `{"term":{"kind":"standard"}}`, func(c *Context) { c.Profile = Private }, []string{"/context/case/claim fee-unknown"}},
		{"before the law tables", "initiation-decision", 1, `{"term":{"kind":"standard"}}`, func(c *Context) { c.Date = Date{2025, 12, 31}.Time() },
			[]string{" case-older", " law-missing", " law-missing", " law-missing", " law-missing", " law-missing"}},
		{"act older than the writ", "initiation-decision", 1, `{"term":{"kind":"standard"}}`, func(c *Context) { c.Date = Date{2026, 6, 14}.Time() }, []string{" case-older"}},
		{"no office, no officer", "initiation-decision", 1, `{"term":{"kind":"standard"}}`, func(c *Context) { c.Office, c.Officer = Office{}, Officer{} },
			[]string{"/context/office/deposit context-missing", "/context/office/name context-missing", "/context/office/place context-missing", "/context/officer/name context-missing", "/context/officer/post context-missing"}},
		{"no case", "query", 1, `{"addressee":"Bank","items":["11.3.1"]}`, func(c *Context) { c.Case = Case{} },
			[]string{"/context/case/document context-missing", "/context/case/parties context-missing", "/debtor no-such-debtor"}},
		{"unknown profile", "query", 1, `{"addressee":"Bank","items":["11.3.1"]}`, func(c *Context) { c.Profile = "" }, []string{" profile"}},
		{"collection without account", "collection-order", 1, `{"bank":{"name":"Bank"}}`, nil, []string{"/account no-account"}},
		{"collection of what is not money", "collection-order", 5, `{"bank":{"name":"Bank"}}`, nil, []string{"/context/case/claim needs-money"}},
		{"collection of too much", "collection-order", 3, `{"bank":{"name":"Bank"},"amount":"27 450,01"}`, nil, []string{"/amount rule-more"}},
		{"collection of nothing", "collection-order", 3, `{"bank":{"name":"Bank"},"amount":"0,00"}`, nil, []string{"/amount amount-zero"}},
		{"amounts of every wrong form", "collection-order", 3, `{"bank":{"name":"","voen":"123"},"amount":"1,5","account":"AZ00","debtor":2}`, nil,
			[]string{"/account format-iban", "/amount format-amount", "/bank/name required", "/bank/voen format-voen"}},
		{"amount as a number", "collection-order", 3, `{"bank":{"name":"Bank"},"amount":5.10}`, nil, []string{"/amount type"}},
		{"no such debtor", "query", 1, `{"addressee":"Bank","items":["11.3.1"],"debtor":2}`, nil, []string{"/debtor no-such-debtor"}},
		{"unknown paragraph", "query", 1, `{"addressee":"Bank","items":["11.3.31"]}`, nil, []string{"/items/0 enum", "/items/0 not-in-law-table"}},
		{"nothing asked", "query", 1, `{"addressee":"Bank","items":[]}`, nil, []string{"/items too-few"}},
		{"reply in the past", "query", 1, `{"addressee":"Bank","items":["11.3.1"],"reply_until":"2026-09-01"}`, nil, []string{"/reply_until rule-past"}},
		{"no day of the calendar", "query", 1, `{"addressee":"Bank","items":["11.3.1"],"reply_until":"2026-02-30"}`, nil, []string{"/reply_until format-date"}},
		{"termination without reasons", "termination-decision", 1, `{"ground":"imtina","measures":[]}`, nil, []string{"/facts required", "/measures too-few"}},
		{"termination of the wrong forms", "termination-decision", 1, `{"ground":"a\nb","facts":"c","measures":["d","d",""]}`, nil,
			[]string{"/ground text-line", "/measures/1 duplicate", "/measures/2 required"}},
		{"ruling after the act", "lifting-decision", 1,
			`{"restriction":"a","court":"b","ruling":"c","ruling_date":"2026-09-08","body":"d","facts":"e"}`, nil, []string{"/ruling_date rule-later"}},
		{"restriction of nobody", "lifting-decision", 1,
			`{"restriction":"a","court":"b","ruling":"c","ruling_date":"2026-09-31","body":"d","facts":"e","debtor":2}`, nil,
			[]string{"/debtor no-such-debtor", "/ruling_date format-date"}},
		{"correction of nothing", "correction-decision", 1, `{"act":"EI2611000000001T-002","act_date":"2026-09-08","act_title":"a","wrong":"b","right":"b"}`, nil,
			[]string{"/act_date rule-later", "/right rule-same"}},
		{"debtor and another person", "liability-submission", 1, `{"debtor":1,"person":"A","facts":"b","materials":["c"]}`, nil, []string{"/debtor not-allowed"}},
		{"liability of nobody", "liability-submission", 1, `{"debtor":0,"facts":"b","materials":[]}`, nil,
			[]string{"/debtor no-such-debtor", "/debtor number-range", "/materials too-few"}},
		{"submission of a private officer", "liability-submission", 6, `{"facts":"b","materials":["c"]}`, nil, []string{" profile"}},
		{"submission to nobody", "extension-submission", 1, `{"ends":"2026-09-30","until":"2026-10-30","facts":"a"}`,
			func(c *Context) { c.Office.ParentName = "" }, []string{"/context/office/parent context-missing"}},
		{"extension by more than a month", "extension-submission", 1, `{"ends":"2026-09-30","until":"2026-10-31","facts":"a"}`, nil, []string{"/until rule-extension"}},
		{"extension backwards", "extension-submission", 1, `{"ends":"2026-09-30","until":"2026-09-30","facts":"a"}`, nil, []string{"/until rule-after"}},
		{"extension without days", "extension-submission", 1, `{"ends":"2026-09","facts":"a"}`, nil, []string{"/ends format-date", "/until required"}},
		{"over-long", "query", 1, `{"addressee":"` + strings.Repeat("ə", 201) + `","items":["11.3.1"]}`, nil, []string{"/addressee too-long"}},
		{"line break in a line", "query", 1, `{"addressee":"Bank\nMisal","items":["11.3.1"]}`, nil, []string{"/addressee text-line"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			act, _, err := check(t, c.template, c.sampleCase, c.input, c.edit)
			if diff := cmp.Diff(c.want, faultList(err)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if (act == nil) != (err != nil) {
				t.Errorf("act %v beside error %v", act, err)
			}
			var fs Faults
			if errors.As(err, &fs) {
				assertReadable(t, fs)
			}
		})
	}
}

// assertReadable proves that each fault has a message in each language and
// leaves no placeholder open.
func assertReadable(t *testing.T, fs []Fault) {
	t.Helper()
	for _, f := range fs {
		for _, lang := range []string{"az", "en", "ru"} {
			m := f.Message(lang)
			if m == f.Key || strings.ContainsAny(m, "{}") {
				t.Errorf("%s %s: message in %s is %q", f.Path, f.Key, lang, m)
			}
		}
		if f.Path != "" && f.Key != "unknown" && !strings.HasPrefix(f.Path, "/context") && f.Label.Az == "" {
			t.Errorf("%s %s: no label", f.Path, f.Key)
		}
	}
}

func TestBadText(t *testing.T) {
	for s, want := range map[string]string{
		"Adi mətn, 5 manat (№ 7).": "", "Straße Café": "", "e\u0301": "", "a\u00a0b": "", "\t tab \t": "", "100 % – “dırnaq”": "",
		"məktəb\u04d9":     "text-lookalike", // Cyrillic schwa
		"Аnar":             "text-lookalike", // Cyrillic А
		"Решение":          "text-lookalike", // the first look-alike is named
		"Жук":              "text-script",
		"נ":                "text-script",
		"٣":                "text-char",
		"a\u200bb":         "text-char", // zero-width space
		"a\u202eb":         "text-char", // right-to-left override
		"a\u00adb":         "text-char", // soft hyphen
		"a\x00b":           "text-char",
		"a\x1bb":           "text-char",
		"i\u0307\u0307":    "text-char", // marks that NFC leaves over
		"\ufffd":           "text-char",
		"\ue000":           "text-char",
		"😀":                "text-char",
		"\u2028":           "text-char",
		"5 AZN":            "text-abbreviation",
		"(5 man. 3 qəp.)":  "text-abbreviation",
		"Misal küç., ev 1": "text-abbreviation",
		"5 ₼":              "text-abbreviation",
	} {
		if got, args := textFault(Normalise(s), false); got != want {
			t.Errorf("%q: %q %v, want %q", s, got, args, want)
		}
	}
	_, args := textFault("\u04d9", false)
	if args["char"] != "U+04D9" || args["az"] != "ə" {
		t.Errorf("look-alike reported as %v", args)
	}
	if key, args := textFault("\U000e0001", false); key != "text-char" || args["char"] != "U+E0001" {
		t.Errorf("%s %v", key, args)
	}
}

func TestBadCases(t *testing.T) {
	l := builtin(t)
	base := string(readSample(t, 1).Case)
	cases := []struct {
		name string
		edit func(m map[string]any)
		want []string
	}{
		{"empty", func(m map[string]any) { clear(m) }, []string{"/claim required", "/creditors required", "/debtors required", "/document required"}},
		{"sum", func(m map[string]any) { m["claim"].(map[string]any)["duty"] = "100,01" }, []string{"/claim/total rule-sum"}},
		{"kinds mixed", func(m map[string]any) {
			m["claim"].(map[string]any)["share"] = map[string]any{"numerator": 1, "denominator": 1}
		},
			[]string{"/claim/share not-allowed", "/claim/share/denominator number-range"}},
		{"alimony without share", func(m map[string]any) { m["claim"] = map[string]any{"kind": "alimony"} }, []string{"/claim/share required"}},
		{"every identity wrong", func(m map[string]any) {
			debtor := m["debtors"].([]any)[0].(map[string]any)
			debtor["fin"], debtor["voen"], debtor["iban"], debtor["birth_date"] = "5NMN1AO", "99", "AZ82TSTAAZN00000000000000101", "2026-12-01"
			delete(debtor, "sex")
		}, []string{"/debtors/0/birth_date rule-today", "/debtors/0/fin format-fin", "/debtors/0/iban format-iban", "/debtors/0/sex required", "/debtors/0/voen format-voen"}},
		{"FİN and foreign document", func(m map[string]any) { m["debtors"].([]any)[0].(map[string]any)["foreign_id"] = "AA-123" }, []string{"/debtors/0 rule-one-of"}},
		{"neither", func(m map[string]any) { delete(m["debtors"].([]any)[0].(map[string]any), "fin") }, []string{"/debtors/0 rule-one-of"}},
		{"legal person with surname", func(m map[string]any) { m["creditors"].([]any)[0].(map[string]any)["surname"] = "Misalov" }, []string{"/creditors/0/surname not-allowed"}},
		{"quotation marks in a name", func(m map[string]any) { m["creditors"].([]any)[0].(map[string]any)["name"] = "“Misal”" }, []string{"/creditors/0/name pattern"}},
		{"digits in a name", func(m map[string]any) { m["debtors"].([]any)[0].(map[string]any)["surname"] = "Misal0v" }, []string{"/debtors/0/surname pattern"}},
		{"look-alike in a name", func(m map[string]any) { m["debtors"].([]any)[0].(map[string]any)["surname"] = "Misalоv" }, []string{"/debtors/0/surname text-lookalike"}},
		{"document from the future", func(m map[string]any) { m["document"].(map[string]any)["date"] = "2026-12-31" }, []string{"/document/date rule-today"}},
		{"creditor is debtor", func(m map[string]any) { m["debtors"] = m["creditors"] }, []string{"/debtors/0/voen rule-same-party"}},
		{"nobody owes", func(m map[string]any) { m["debtors"] = []any{} }, []string{"/debtors too-few"}},
		{"wrong kinds of value", func(m map[string]any) { m["document"], m["creditors"] = "writ", map[string]any{} }, []string{"/creditors type", "/document type"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var m map[string]any
			if err := json.Unmarshal([]byte(base), &m); err != nil {
				t.Fatal(err)
			}
			c.edit(m)
			raw, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = l.CheckCase(raw, Date{2026, 11, 22})
			if diff := cmp.Diff(c.want, faultList(err)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			var fs Faults
			if errors.As(err, &fs) {
				assertReadable(t, fs)
			}
		})
	}
	for _, raw := range []string{`null`, `[]`, `"x"`, `1`} {
		if _, _, err := l.CheckCase(json.RawMessage(raw), Date{2026, 11, 22}); len(faultList(err)) == 0 {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestWarning(t *testing.T) {
	input := `{"bank":{"name":"Bank","voen":"9999990131"}}`
	act, warnings, err := check(t, "collection-order", 3, input, nil)
	if err != nil || act == nil {
		t.Fatalf("a wrong check digit must not stop the act: %v", err)
	}
	if len(warnings) != 1 || warnings[0].Path != "/bank/voen" || warnings[0].Key != "voen-check" {
		t.Errorf("warnings %v", warnings)
	}
	assertReadable(t, warnings)
}

// TestMessages proves that every key used in the code has a message with the
// same placeholders in each language, and that no message is left over.
func TestMessages(t *testing.T) {
	used := map[string]bool{"format-fin": true, "format-voen": true, "format-iban": true, "format-date": true, "format-amount": true}
	keys := regexp.MustCompile(`"([a-z]+(?:-[a-z]+)*)"`)
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") || f.Name() == "messages.go" {
			continue
		}
		src, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range keys.FindAllStringSubmatch(string(src), -1) {
			used[m[1]] = true
		}
	}
	placeholders := regexp.MustCompile(`\{\w+\}`)
	for key, text := range messages {
		if !used[key] {
			t.Errorf("message %s is not used", key)
		}
		want := slices.Sorted(slices.Values(placeholders.FindAllString(text.Az, -1)))
		for lang, s := range text.Map() {
			if got := slices.Sorted(slices.Values(placeholders.FindAllString(s, -1))); s == "" || !slices.Equal(got, want) {
				t.Errorf("message %s in %s has placeholders %v, in az %v", key, lang, got, want)
			}
		}
	}
}

func TestCaseIsCanonical(t *testing.T) {
	l := builtin(t)
	for n := 1; n <= 6; n++ {
		checked, warnings, err := l.CheckCase(readSample(t, n).Case, Date{2026, 11, 22})
		if err != nil || len(warnings) > 0 {
			t.Fatalf("case %d: %v %v", n, warnings, err)
		}
		again, err := ParseCase("N", checked.Canonical)
		if err != nil {
			t.Fatal(err)
		}
		checked.Case.Number = "N"
		if diff := cmp.Diff(checked.Case, again); diff != "" {
			t.Errorf("case %d read back differs:\n%s", n, diff)
		}
		if !strings.Contains(checked.SearchKey, Lower(checked.Case.Debtors[0].FullName())) {
			t.Errorf("case %d: search key %q", n, checked.SearchKey)
		}
	}
}

func TestNormaliseIsStable(t *testing.T) {
	s := "  a\u00a0 b\r\n  e\u0301 \n\n c\n"
	once := Normalise(s)
	if once != "a b\né\n\nc" || Normalise(once) != once {
		t.Errorf("%q", once)
	}
}

func TestDocumentKinds(t *testing.T) {
	schema := builtin(t).CaseSchema().document
	enum := schema["properties"].(map[string]any)["document"].(map[string]any)["properties"].(map[string]any)["kind"].(map[string]any)["enum"].([]any)
	want := slices.Sorted(maps.Keys(DocumentKinds()))
	var got []string
	for _, v := range enum {
		got = append(got, v.(string))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the schema offers %v, the code names %v", got, want)
	}
}

// TestHostileSize keeps the largest inputs from costing more than a moment.
func TestHostileSize(t *testing.T) {
	many := func(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	var fields strings.Builder
	for i := range 60_000 {
		fields.WriteString(`"` + strconv.Itoa(i) + `":1,`)
	}
	for name, input := range map[string]string{
		"one list of many":  `{"addressee":"B","items":[` + many(`"11.3.1"`, 100_000) + `]}`,
		"many different":    `{"addressee":"B","items":[` + many(`"a","b","c","d"`, 60_000) + `]}`,
		"a very long text":  `{"addressee":"` + strings.Repeat("ə", 500_000) + `","items":["11.3.1"]}`,
		"many unknown":      `{` + fields.String() + `"items":[]}`,
		"spaces":            `{"addressee":"` + strings.Repeat(" ", 1_000_000) + `","items":["11.3.1"]}`,
		"combining marks":   `{"addressee":"e` + strings.Repeat("\u0301", 400_000) + `","items":["11.3.1"]}`,
		"nested to the end": strings.Repeat(`{"a":`, 200_000),
	} {
		start := time.Now()
		_, _, err := check(t, "query", 1, input, nil)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: %s", name, took)
		}
		if n := len(faultList(err)); n == 0 || n > 2*maxFaults {
			t.Errorf("%s: %d faults", name, n)
		}
	}
}
