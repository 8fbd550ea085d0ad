package web

import (
	"cmp"
	"errors"
	"net/http"

	"docsvc/internal/document"
)

// registerPage takes the registration form of an enforcement document.
type registerPage struct {
	frame
	Offices []choice
	Officer string // login of whom the case is given to
	Error   string
	Faults  []fault
	Known   string // number of the case that the document has already
}

func (s *site) registerForm(w http.ResponseWriter, r *http.Request) {
	me := personOf(r.Context())
	if !mayAnywhere(me.actor, document.ActRegisterCase) {
		s.fail(w, r, me.actor.May(document.ActRegisterCase, me.account.Office))
		return
	}
	s.showRegister(w, r, me.account.Office, me.account.Login, nil)
}

func (s *site) showRegister(w http.ResponseWriter, r *http.Request, office, officer string, problem error) {
	p := registerPage{frame: s.frame(r, "register.title"), Officer: officer}
	p.Offices = s.officesFor(personOf(r.Context()).actor, document.ActRegisterCase, office)
	status := http.StatusOK
	if problem != nil {
		status, p.Error, p.Faults = statusOf(document.KindOf(problem)), sentence(p.Lang, problem), faultsOf(p.Lang, problem)
		if e, ok := errors.AsType[*document.Error](problem); ok && e.Key == "error.case.registered" {
			p.Known = e.Args["number"]
		}
	}
	s.render(w, r, status, "register", p)
}

// register gives an enforcement document its number. Sending the same one again
// leads to the case that it has.
func (s *site) register(w http.ResponseWriter, r *http.Request) {
	me := personOf(r.Context())
	file, values, err := readUpload(w, r)
	office, officer := cmp.Or(values["office"], me.account.Office), cmp.Or(values["officer"], me.account.Login)
	if err != nil {
		s.showRegister(w, r, office, officer, err)
		return
	}
	c, warnings, err := s.Office.registerCase(r.Context(), me.actor, office, officer, file)
	switch kind := document.KindOf(err); {
	case err == nil && len(warnings) > 0: // not kept anywhere: told here or never
		s.showCase(w, r, c.Number, caseNotes{warnings: warnings})
	case err == nil:
		http.Redirect(w, r, s.frame(r, "").Link(casePath(c.Number)), http.StatusSeeOther)
	case kind == document.Invalid, kind == document.Conflict, kind == document.NotFound:
		s.showRegister(w, r, office, officer, err)
	default:
		s.fail(w, r, err)
	}
}
