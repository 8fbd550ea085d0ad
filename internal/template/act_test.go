package template

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

var update = flag.Bool("update", false, "rewrite the golden files and docs/acts.md")

// golden compares with a file, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), -update rewrites it:\n%s", name, diff)
	}
}

func TestGolden(t *testing.T) {
	for _, r := range renderSamples(t) {
		body := r.html[strings.Index(r.html, "<body>"):] // the style sheet is the layout's own text
		golden(t, filepath.Join("testdata", r.name+".html"), body)
		golden(t, filepath.Join("testdata", r.name+".json"), string(r.act.Data)+"\n")
	}
}

// textOf gives the text of an element, or of the whole page for a nil id.
func textOf(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && n.Data != "b" && n.Data != "span" {
			b.WriteByte(' ')
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Data != "style" {
				walk(c)
			}
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func find(n *html.Node, match func(*html.Node) bool) *html.Node {
	if n.Type == html.ElementNode && match(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if f := find(c, match); f != nil {
			return f
		}
	}
	return nil
}

func has(name, value string) func(*html.Node) bool {
	return func(n *html.Node) bool {
		for _, a := range n.Attr {
			if a.Key == name && a.Val == value {
				return true
			}
		}
		return false
	}
}

func element(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return n.Data == name }
}

func parse(t *testing.T, page string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func dataOf(t *testing.T, r renderedSample) Data {
	t.Helper()
	var d Data
	if err := json.Unmarshal(r.act.Data, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// due tells whether a clause must stand in this act.
func (c Clause) due(d Data) bool {
	return (c.When == "" || c.When == d.Claim.Kind) && (c.Profile == nil || *c.Profile == d.Profile)
}

// TestClauses proves that every clause of the checklist stands in each sample.
func TestClauses(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range renderSamples(t) {
		d := dataOf(t, r)
		root := parse(t, r.html)
		for _, clause := range r.meta.Clauses {
			if !clause.due(d) {
				continue
			}
			seen[r.meta.ID+" "+clause.ID] = true
			if !clauseStands(root, clause.ID) {
				t.Errorf("%s: clause %s is missing or empty", r.name, clause.ID)
			}
		}
		for id, want := range map[string]string{"place": d.Office.Place, "date": d.Date.Long(), "document": d.Document.Number,
			"officer": d.Officer.Name, "office": d.Office.Name, "parties": d.Debtors[0].Name,
			"verification": "7KQ2-9XVD-4M0P-HW3E", "evaluation": "HÜQUQİ QÜVVƏSİ YOXDUR"} {
			if n := find(root, has("id", id)); n == nil || !strings.Contains(textOf(n), want) {
				t.Errorf("%s: #%s does not say %q", r.name, id, want)
			}
		}
		if _, due := d.Law["complaint-term"]; due && !strings.Contains(textOf(find(root, has("id", "complaint"))), "10 (on) gün") {
			t.Errorf("%s: no term of complaint", r.name)
		}
		if d.Profile == Private && (strings.Contains(r.html, "gerbi") || strings.Contains(r.html, "NAZİRLİYİ")) {
			t.Errorf("%s: a private officer's letterhead shows the state", r.name)
		}
	}
	for _, tmpl := range builtin(t).List() {
		for _, clause := range tmpl.Meta.Clauses {
			if !seen[tmpl.Meta.ID+" "+clause.ID] {
				t.Errorf("no sample shows clause %s of %s", clause.ID, tmpl.Meta.ID)
			}
		}
	}
}

func clauseStands(root *html.Node, id string) bool {
	switch id {
	case "signature":
		n := find(root, element("signature-field"))
		return n != nil && textOf(n) != ""
	case "approver":
		n := find(root, has("name", "signer-2"))
		return n != nil && strings.Contains(textOf(n), "rəhbəri Rəhbərli") || strings.Contains(textOf(n), "rəisi Rəisli")
	case "qr", "barcode":
		return find(root, has("src", "symbol:"+id)) != nil
	case "pages":
		return find(root, element("page-number")) != nil && find(root, element("page-count")) != nil
	}
	n := find(root, has("id", id))
	return n != nil && textOf(n) != ""
}

// TestPrintsAllItsData proves that the data hold only what the act prints.
func TestPrintsAllItsData(t *testing.T) {
	technical := []string{"/template/id", "/template/version", "/profile", "/claim/kind", "/term/kind"}
	for _, r := range renderSamples(t) {
		page := strings.ReplaceAll(textOf(parse(t, r.html)), nbsp, " ")
		value, fault := decode(r.act.Data)
		if fault != nil {
			t.Fatal(fault)
		}
		walk(value, "", func(path, s string) {
			for _, skip := range technical {
				if path == skip {
					return
				}
			}
			forms := []string{s, UpperFirst(s), Upper(s)}
			if d, err := ParseDate(s); err == nil {
				forms = []string{d.Short(), d.Long(), d.InText()}
			}
			if cut := strings.TrimSuffix(s, "i"); strings.HasPrefix(path, "/document/kind") {
				forms = append(forms, cut)
			}
			for _, f := range forms {
				if strings.Contains(page, strings.Join(strings.Fields(strings.ReplaceAll(f, nbsp, " ")), " ")) {
					return
				}
			}
			t.Errorf("%s: %s = %q is in the data but not in print", r.name, path, s)
		})
	}
}

func TestDraftAndEmblem(t *testing.T) {
	for _, r := range renderSamples(t) {
		tmpl, err := builtin(t).Get(r.meta.ID, r.meta.Version, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		draft, err := tmpl.HTML(r.act.Data, Issue{CaseNumber: r.c.Case.Number, Draft: true, Emblem: true,
			Signers: []Signer{{Field: "a", Name: "A", Post: "b"}, {Field: "b", Name: "B", Post: "c"}}})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(draft, "symbol:") || !strings.Contains(draft, "LAYİHƏ") || strings.Contains(draft, "QİYMƏTLƏNDİRMƏ") {
			t.Errorf("%s: a draft shows codes, or does not say that it is one", r.name)
		}
		if strings.Count(draft, "<signature-field") != 2 {
			t.Errorf("%s: two signers, but not two fields", r.name)
		}
		if strings.Contains(draft, "image:emblem") != (r.c.Profile == State) {
			t.Errorf("%s: emblem on the letterhead of profile %s", r.name, r.c.Profile)
		}
	}
}

func TestHTMLRefusesOtherData(t *testing.T) {
	l := builtin(t)
	samples := renderSamples(t)
	tmpl, err := l.Get("query", "1", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"another template": string(samples[0].act.Data), "not JSON": "{", "unknown name": `{"x":1}`, "empty": `{}`,
	} {
		if page, err := tmpl.HTML([]byte(data), Issue{}); err == nil || page != "" {
			t.Errorf("%s: page of %d bytes, error %v", name, len(page), err)
		}
	}
	// Data that lack a rule the page cites must not give a page with a gap.
	gap := strings.Replace(string(samples[1].act.Data), `"query-reply"`, `"query-other"`, 1)
	if _, err := tmpl.HTML([]byte(gap), Issue{}); err == nil {
		t.Error("a missing rule of law left a gap in the page")
	}
}

func TestEscaping(t *testing.T) {
	act, _, err := check(t, "query", 1, `{"addressee":"A <b>& \"B\" <script>alert(1)</script>","items":["11.3.1"]}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := builtin(t).Get("query", "1", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := tmpl.HTML(act.Data, Issue{Number: `"><img src=x>`})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page, "<script>") || strings.Contains(page, "<img src=x>") {
		t.Error("text of a form became markup")
	}
	if want := `A <b>& "B" <script>alert(1)</script>`; !strings.Contains(textOf(parse(t, page)), want) {
		t.Errorf("the page does not show %q", want)
	}
}

func TestLibrary(t *testing.T) {
	l := builtin(t)
	var ids []string
	for _, tmpl := range l.List() {
		ids = append(ids, fmt.Sprintf("%d %s", tmpl.Meta.Kind, tmpl.Meta.ID))
		if len(tmpl.Digest) != 64 || len(tmpl.Samples) == 0 {
			t.Errorf("%s: digest %q, %d samples", tmpl.Meta.ID, tmpl.Digest, len(tmpl.Samples))
		}
	}
	for _, want := range []string{"1 initiation-decision", "15 collection-order", "28 query"} {
		if !slices.Contains(ids, want) {
			t.Errorf("the library lacks %s: %v", want, ids)
		}
	}
	if _, err := l.Get("query", "", Date{2025, 12, 31}.Time()); err == nil {
		t.Error("a template was in force before its day")
	}
	if _, err := l.Get("query", "2", time.Time{}); err == nil {
		t.Error("a version that does not exist was found")
	}
}

// TestSeveralParties reads as a sentence and lists everyone.
func TestSeveralParties(t *testing.T) {
	second := Party{Kind: "legal", Name: "Misal Tikinti", Form: "MMC", VOEN: "9999990661"}
	act, _, err := check(t, "query", 1, `{"addressee":"B","items":["11.3.1"],"debtor":2}`, func(c *Context) { c.Case.Debtors = append(c.Case.Debtors, second) })
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := builtin(t).Get("query", "1", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := tmpl.HTML(act.Data, Issue{})
	if err != nil {
		t.Fatal(err)
	}
	text := textOf(parse(t, page))
	for _, want := range []string{
		"borclular Nümunəli Anar Sınaq oğlu və “Misal Tikinti” Məhdud Məsuliyyətli Cəmiyyətindən tələbkar",
		"Borclu “Misal Tikinti” Məhdud Məsuliyyətli Cəmiyyəti, VÖEN 9999990661",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
	if act.Summary.Amount != 618045 || !strings.Contains(strings.Join(act.Summary.Proofs, " "), "5NMN1A1") {
		t.Errorf("summary %+v", act.Summary)
	}
}

// TestIdsAreUnique keeps a clause from standing twice.
func TestIdsAreUnique(t *testing.T) {
	id := regexp.MustCompile(` id="([^"]+)"`)
	for _, r := range renderSamples(t) {
		seen := map[string]bool{}
		for _, m := range id.FindAllStringSubmatch(r.html, -1) {
			if seen[m[1]] {
				t.Errorf("%s: id %q stands twice", r.name, m[1])
			}
			seen[m[1]] = true
		}
	}
}
