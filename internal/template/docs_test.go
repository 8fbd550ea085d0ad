package template

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestActsDocument keeps docs/acts.md equal to what the templates declare.
func TestActsDocument(t *testing.T) {
	golden(t, filepath.Join("..", "..", "docs", "acts.md"), actsDocument(builtin(t)))
}

const actsIntro = `# Acts: what each kind must contain, and who asks for it

This file is written by ` + "`go test ./internal/template -update`" + ` from ` + "`templates/acts/*/meta.json`" + ` and ` + "`templates/law/*.json`" + `;
edit those. A test proves that each clause stands in every sample act to which it applies.

Source marks: 000–004 are the regulations listed in docs/domain.md, with their paragraph; [XYZ] is a key of docs/domain.md §9;
[P] ordinary practice, [I] inferred. What the sources leave open is printed in the act as “(dəqiqləşdirilməlidir)”
(“to be confirmed”) or is a parameter of the office; no article number is invented.

## How a template is kept

A template is a folder ` + "`templates/acts/<name>/`" + ` with ` + "`template.html`, `schema.json`, `meta.json` and `sample-*.json`" + `; the page around
the text is a layout in ` + "`templates/layouts/`" + `. An id and version, once used for an act, never change: a new wording is a new
folder with a higher version and its first day. A folder of another organisation is read the same way.

| file | what it holds |
|---|---|
| schema.json | the officer's part of the form, JSON Schema 2020-12 with the formats fin, voen, iban, date, amount and the keywords x-text, x-positive, x-voen, x-sum, x-order, x-one-of; x-label and x-help in az, en, ru |
| meta.json | kind, titles, layout, signers, retention class, facts to derive, law to cite, fields of the parties to print, clauses |
| template.html | html/template; it sees the canonical data and the numbers and codes, nothing else |
| templates/case/schema.json | the registration form of an enforcement document |
| templates/law/*.json | one dated parameter of the law each |
| templates/samples/case-N.json | the six fictitious cases: ` + "`{number, profile, case, acts: [{template, date, input}]}`" + `, in the order in which they are registered |

`

func actsDocument(l *Library) string {
	var b strings.Builder
	b.WriteString(actsIntro)
	for _, t := range l.List() {
		m := t.Meta
		fmt.Fprintf(&b, "## № %d %s\n\n`%s`, version %s, from %s. %s; %s. Signers: %d. Retention class: %s. Profiles: %v.\n\n",
			m.Kind, m.Title.Az, m.ID, m.Version, m.From, m.Title.En, m.Title.Ru, m.Signers, m.RetentionClass, m.Profiles)
		b.WriteString("| clause | in az | when | asked for by | unknown in the sources |\n|---|---|---|---|---|\n")
		for _, c := range m.Clauses {
			when := "always"
			if c.When != "" {
				when = c.When
			}
			if c.Profile != nil {
				when += ", " + string(*c.Profile)
			}
			fmt.Fprintf(&b, "| %s (%s) | %s | %s | %s | %s |\n", c.Title.En, c.ID, c.Title.Az, when, c.Source, c.Unknown)
		}
		b.WriteByte('\n')
	}
	b.WriteString("## Parameters of the law\n\n“From” is the first day on which acts may rely on the entry, not the day of enactment.\n\n" +
		"| key | what | from | value | printed as | source | confirmed | note |\n|---|---|---|---|---|---|---|---|\n")
	for _, p := range l.Law().Params() {
		for _, e := range p.Entries {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", p.Key, p.Title.En, e.From, valueInBrief(e.Value), e.Printed(), e.Source,
				map[bool]string{true: "yes", false: "**no**"}[e.Confirmed], e.Note)
		}
	}
	return b.String()
}

func valueInBrief(v Value) string {
	switch {
	case v.Percent != "":
		return fmt.Sprintf("%s %%; not of money: person %s, entity %s", v.Percent, v.Person, v.Entity)
	case len(v.Scale) > 0:
		return fmt.Sprintf("%d brackets up to %s", len(v.Scale), v.Scale[len(v.Scale)-1].Upto)
	case len(v.Items) > 0:
		return fmt.Sprintf("%d texts", len(v.Items))
	}
	return v.inWords()
}
