package web

import (
	"docsvc/internal/i18n"
	"docsvc/internal/template"
	"docsvc/internal/verify"
)

// explanation tells who holds an act what it asks and how it is complained of.
type explanation struct {
	Asks      string
	Complaint *complaintView // nil: the act prints none
}

// complaintView is what the parameter of the law says of an act of that date.
// What the sources leave open is said to be open.
type complaintView struct {
	Where, Term, Last string
	Cite              string // in Azerbaijani, as acts print it
	Confirmed         bool
}

// explain words what the template of an act says to the public; nil of a kind
// that says nothing, or that this program does not know.
func (s *site) explain(lang string, a *verify.Facts) *explanation {
	if s.Templates == nil {
		return nil
	}
	t, err := s.Templates.Get(a.Template, a.Version, a.Date.Time())
	if err != nil || t.Public == nil {
		return nil
	}
	e := &explanation{Asks: t.Public.Asks.In(lang)}
	if t.Public.Complaint == template.NoComplaint {
		return e
	}
	e.Complaint = &complaintView{Where: i18n.Text(lang, courtText(t.Public.Complaint), nil)}
	given := template.DateOf(a.Date.Time())
	rule, err := s.Templates.Law().At(template.ComplaintTerm, given)
	if err != nil || rule.Value.Days == 0 {
		return e
	}
	e.Complaint.Cite, e.Complaint.Confirmed = rule.Printed(), rule.Confirmed
	e.Complaint.Term = i18n.Plural(lang, "complain.days", rule.Value.Days)
	e.Complaint.Last = i18n.Text(lang, "complain.last", map[string]string{
		"date": given.Short(), "last": given.AddDays(rule.Value.Days).Short(),
	})
	return e
}

func courtText(c template.Court) string {
	if c == template.IssuingCourt {
		return "complain.issuing"
	}
	return "complain.administrative"
}
