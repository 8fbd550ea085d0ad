package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/template"
)

// casePage shows a case with its acts, and takes the form of a new one.
type casePage struct {
	frame
	Number    string
	Rows      []row
	Acts      []actLine
	Templates []choice // empty: this person may not issue an act of the case
	Key       string   // of the form, so that sending it twice is harmless
	Error     string
	Faults    []fault
	Warnings  []fault // of the registration, just after it
}

// choice is one thing to choose in a form.
type choice struct {
	Value, Text string
	Chosen      bool
}

func (s *site) casePage(w http.ResponseWriter, r *http.Request) {
	s.showCase(w, r, pathValue(r, "number"), caseNotes{})
}

// caseNotes are what the page of a case says beside the case.
type caseNotes struct {
	chosen   string // template of the form that was sent
	problem  error  // with it
	warnings []document.Warning
}

func (s *site) showCase(w http.ResponseWriter, r *http.Request, number string, notes caseNotes) {
	me := personOf(r.Context())
	c, acts, err := s.Office.readCase(r.Context(), me.actor, number)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := casePage{frame: s.frame(r, "case.title"), Number: c.Number, Key: s.newRequestID() + s.newRequestID()}
	p.Path, p.Title = casePath(c.Number), p.Title+" "+c.Number
	p.Rows, p.Warnings = s.caseRows(p.Lang, c), warningsOf(p.Lang, notes.warnings)
	for _, a := range acts {
		p.Acts = append(p.Acts, s.actLine(p.Lang, a))
	}
	if me.actor.May(document.ActIssue, c.Office) == nil {
		p.Templates = s.templates(p.Lang, notes.chosen)
	}
	status := http.StatusOK
	if notes.problem != nil {
		status, p.Error = statusOf(document.KindOf(notes.problem)), sentence(p.Lang, notes.problem)
		p.Faults = faultsOf(p.Lang, notes.problem)
	}
	s.render(w, r, status, "case", p)
}

func (s *site) caseRows(lang string, c document.Case) []row {
	l := rowList{lang: lang}
	kind := template.DocumentKinds()[c.Document.Kind]
	l.add("case.document", kind.In(lang)+" № "+c.Document.Number+", "+dotted(c.Document.Date))
	l.add("case.issuer", c.Document.Issuer)
	if data, err := template.ParseCase(c.Number, c.Data); err == nil {
		l.add("facts.creditor", partyNames(data.Creditors))
		l.add("facts.debtor", partyNames(data.Debtors))
		if sum, ok := data.Claim.Sum(); ok {
			l.add("case.claim", i18n.Text(lang, "facts.amount.value", map[string]string{"amount": manat(int64(sum))}))
		}
	}
	l.add("case.office", s.officeName(c.Office))
	l.add("case.officer", c.Officer)
	l.add("case.registered", s.clock(c.RegisteredAt)+", "+c.RegisteredBy)
	return l.rows
}

func partyNames(parties []template.Party) string {
	names := make([]string, len(parties))
	for i, p := range parties {
		names[i] = p.FullName()
	}
	return strings.Join(names, "; ")
}

// officeName is the code of an office with its name, if the configuration has it.
func (s *site) officeName(code string) string {
	for _, o := range s.Office.Offices {
		if o.Code == code {
			return code + " – " + o.Name
		}
	}
	return code
}

// officesFor are the offices in which actor may do something, to choose from.
func (s *site) officesFor(actor document.Actor, action document.Action, chosen string) []choice {
	var list []choice
	for _, o := range s.Office.Offices {
		if actor.May(action, o.Code) == nil {
			list = append(list, choice{o.Code, s.officeName(o.Code), o.Code == chosen})
		}
	}
	return list
}

// templateToday is the version of a kind of act that is in force today.
func (s *site) templateToday(id string) (*template.Template, error) {
	return s.Office.Templates.Get(id, "", s.Now().In(s.Location))
}

// templates are the kinds of act in force today.
func (s *site) templates(lang, chosen string) []choice {
	var list []choice
	for _, t := range s.Office.Templates.List() {
		id := t.Meta.ID
		if slices.ContainsFunc(list, func(c choice) bool { return c.Value == id }) {
			continue
		}
		if now, err := s.templateToday(id); err == nil {
			list = append(list, choice{id, now.Meta.Title.In(lang), id == chosen})
		}
	}
	return list
}

// issue numbers an act of the case from an uploaded form, the same file that
// the command line reads.
func (s *site) issue(w http.ResponseWriter, r *http.Request) {
	me, number := personOf(r.Context()), pathValue(r, "number")
	file, values, err := readUpload(w, r)
	var f issueForm
	if err == nil {
		f, err = issueFormOf(file, number, values)
	}
	if err != nil {
		s.showCase(w, r, number, caseNotes{chosen: values["template"], problem: err})
		return
	}
	act, warnings, err := s.Office.issueAct(r.Context(), me.actor, f)
	switch kind := document.KindOf(err); {
	case err == nil && len(warnings) > 0: // not kept anywhere: told here or never
		s.showAct(w, r, act.Number, actNotes{warnings: warnings})
	case err == nil:
		http.Redirect(w, r, s.frame(r, "").Link(actPath(act.Number)), http.StatusSeeOther)
	case kind == document.Invalid, kind == document.Conflict:
		s.showCase(w, r, number, caseNotes{chosen: values["template"], problem: err})
	default:
		s.fail(w, r, err)
	}
}

// issueFormOf reads the file of an act's form; what the page says and what the
// file says must agree.
func issueFormOf(file []byte, number string, values map[string]string) (issueForm, error) {
	var f issueForm
	if err := decodeStrict(file, &f); err != nil {
		return f, err
	}
	f.Case, f.Template, f.Key = cmp.Or(f.Case, number), cmp.Or(f.Template, values["template"]), cmp.Or(f.Key, values["key"])
	switch {
	case f.Input == nil:
		return f, badForm(errors.New(`want {"case": "NUMBER", "input": {…}}`))
	case f.Case != number:
		return f, &document.Error{Kind: document.Invalid, Key: "error.form.other_case", Args: map[string]string{"number": f.Case}}
	case values["template"] != "" && f.Template != values["template"]:
		return f, &document.Error{Kind: document.Invalid, Key: "error.form.other_template", Args: map[string]string{"template": f.Template}}
	}
	return f, nil
}
