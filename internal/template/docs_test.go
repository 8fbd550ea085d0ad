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
| schema.json | the officer's part of the form, JSON Schema 2020-12 with the formats fin, voen, iban, date, amount and the keywords x-text, x-positive, x-voen, x-sum, x-order, x-one-of; x-label, x-help and x-options in az, en, ru |
| meta.json | kind, titles, layout and its parts, author, signers and approver, retention class, facts to derive, law to cite, fields of the parties to print, clauses |
| template.html | html/template; it sees the canonical data and the numbers and codes, nothing else |
| templates/case/schema.json | the registration form of an enforcement document |
| templates/law/*.json | one dated parameter of the law each |
| templates/samples/case-N.json | the six fictitious cases: ` + "`{number, profile, case, acts: [{template, date, input}]}`" + `, in the order in which they are registered |

## Who signs, and what one sees of it

The author signs first. An act with an ` + "`approver`" + ` has a second signature: that of the account which has the role of ` + "`head`" + ` (of the
office) or ` + "`chief`" + ` (of the body above it) in the office. The template names the role only; the core finds the person, and refuses the
act before it is numbered where there is none, or where it would be the author. An act with an ` + "`author`" + ` is written by that role alone.

Each signature has its field, ` + "`signer-1` and `signer-2`" + `, reserved when the act is typeset: visible, tagged as a form element, with a
description for who cannot see it. What stands in the field (heading, post, name, that it is signed electronically) is drawn then and
never changes: to sign adds the field's value and nothing else, so a page looks the same before and after, and a picture of a
signature proves nothing. When it was signed is in the signature and its time-stamp, and on the verification page. Validation data,
document time-stamps and certification signatures change no page either; the field of a document time-stamp is invisible.

`

func actsDocument(l *Library) string {
	var b strings.Builder
	b.WriteString(actsIntro)
	for _, t := range l.List() {
		m := t.Meta
		fmt.Fprintf(&b, "## № %d %s\n\n`%s`, version %s, from %s. %s; %s. Signers: %s. Retention class: %s. Profiles: %v.\n\n",
			m.Kind, m.Title.Az, m.ID, m.Version, m.From, m.Title.En, m.Title.Ru, signersInBrief(m), m.RetentionClass, m.Profiles)
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

func signersInBrief(m Meta) string {
	author := "the officer"
	if m.Author != "" {
		author = "the " + m.Author
	}
	if m.Approver == nil {
		return fmt.Sprintf("%d, %s", m.Signers, author)
	}
	return fmt.Sprintf("%d, %s and, for profiles %v, the %s (“%s”)", m.Signers, author, m.Approver.Profiles, m.Approver.Role, m.Approver.Heading)
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
