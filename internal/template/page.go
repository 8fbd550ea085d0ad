package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"strings"
)

// Issue is what an act gets when it is numbered.
type Issue struct {
	Number     string // number of the act: EI2611000000001T-003
	CaseNumber string // unified number of the case
	Code       string // verification code, in groups, as printed
	Host       string // host of the verification page, in words
	Signers    []Signer
	Evaluation bool // an evaluation CA or TSA is in use: no legal force
	Draft      bool // not issued yet: no number, no codes
	Emblem     bool // the typesetter has an image "emblem"; never used for a private officer
}

// Signer is a person who signs the act, and the name of the reserved field.
type Signer struct {
	Field, Name, Post string
	// Role and Heading are those of an approver; empty for who wrote the act.
	Role, Heading string
	// InsteadOf is the post of who is absent, for a deputy; Wording says in the
	// law's words, with {post} for that post, that the deputy signs.
	InsteadOf, Wording string
	// CertificateSerial and CertificateIssuer are printed where they are known.
	CertificateSerial, CertificateIssuer string
}

// Rule finds a rule of law among the act's facts. One that is missing is an
// error and not a blank in the text.
func (d Data) Rule(key string) (RuleFacts, error) {
	r, ok := d.Law[key]
	if !ok {
		return RuleFacts{}, fmt.Errorf("the act data have no rule %q", key)
	}
	return r, nil
}

// PostOf names a signer's post with the body where it is held; for a deputy the
// post of who is absent, and then the deputy's own.
func (d Data) PostOf(s Signer) string {
	if s.InsteadOf != "" {
		own, absent := s, s
		own.InsteadOf, own.Role = "", ""
		absent.InsteadOf, absent.Post = "", s.InsteadOf
		post := DeclineName(d.PostOf(absent), Accusative)
		return strings.ReplaceAll(s.Wording, "{post}", post) + ", " + d.PostOf(own)
	}
	body := d.Office.Name
	if s.Role == "chief" {
		body = d.Office.Parent
	}
	if d.Profile == Private || body == "" {
		return s.Post
	}
	return DeclineName(body, Genitive) + " " + s.Post
}

// parsePage joins a layout and its parts with a template; what is defined last
// holds. The page is parsed once and may be executed by several goroutines.
func parsePage(name string, sources [][]byte) (*htmltemplate.Template, error) {
	t := htmltemplate.New(name).Option("missingkey=error").Funcs(pageFuncs())
	for _, source := range sources {
		if _, err := t.Parse(string(source)); err != nil {
			return nil, fmt.Errorf("parsing: %w", err)
		}
	}
	return t, nil
}

// pageFuncs are the functions of language that templates call.
func pageFuncs() htmltemplate.FuncMap {
	return htmltemplate.FuncMap{
		"upper":      Upper,
		"first":      UpperFirst,
		"long":       Date.Long,
		"short":      Date.Short,
		"intext":     Date.InText,
		"genitive":   func(s string) string { return DeclineName(s, Genitive) },
		"dative":     func(s string) string { return DeclineName(s, Dative) },
		"accusative": func(s string) string { return DeclineName(s, Accusative) },
		"locative":   func(s string) string { return DeclineName(s, Locative) },
		"ablative":   func(s string) string { return DeclineName(s, Ablative) },
		"paragraphs": func(s string) []string {
			return strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
		},
		"sum":   func(s SumFacts) string { return s.Figures + nbsp + "manat (" + s.Words + ")" },
		"names": partyNames,
		"datives": func(names []string) string {
			out := make([]string, len(names))
			for i, n := range names {
				out[i] = DeclineName(n, Dative)
			}
			return enumerate(out)
		},
		"inc": func(i int) int { return i + 1 },
	}
}

func partyNames(parties []PartyFacts) string {
	names := make([]string, len(parties))
	for i, p := range parties {
		names[i] = p.Name
	}
	return enumerate(names)
}

// enumerate joins words: "A", "A və B", "A, B və C".
func enumerate(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " və " + words[n-1]
	}
	return strings.Join(words, "")
}

// HTML renders the canonical data of an act. The same data and issue always
// give the same text.
func (t *Template) HTML(data []byte, issue Issue) (string, error) {
	d := Data{Issue: issue}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return "", fmt.Errorf("reading act data for %s: %w", t.Meta.ID, err)
	}
	if d.Template.ID != t.Meta.ID || d.Template.Version != t.Meta.Version {
		return "", fmt.Errorf("act data of template %s version %s given to %s version %s",
			d.Template.ID, d.Template.Version, t.Meta.ID, t.Meta.Version)
	}
	var out bytes.Buffer
	out.Grow(len(data) + 16<<10) // the style sheet and the markup
	if err := t.page.ExecuteTemplate(&out, "page", &d); err != nil {
		return "", fmt.Errorf("rendering %s: %w", t.Meta.ID, err)
	}
	return out.String(), nil
}
