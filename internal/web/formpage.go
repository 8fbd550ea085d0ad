package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/template"
)

// formRoutes are the forms that people fill in.
func (s *site) formRoutes(r *mux.Router) {
	s.get(r, "/office/forms", s.officer(s.forms))
	s.post(r, "/office/forms", s.officer(s.beginForm))
	s.get(r, "/office/forms/{id}", s.officer(s.formPage))
	s.post(r, "/office/forms/{id}", s.officer(s.sendForm))
	s.get(r, "/office/forms/{id}/preview", s.officer(s.previewForm))
}

func formPath(id string) string { return "/office/forms/" + id }

// formPage is a form that is being filled in.
type formPage struct {
	frame
	ID, Case string
	Kind     string // of act; empty: the registration of a case
	Version  int
	Rows     []row // what the case says already
	Offices  []choice
	Officer  string // how the field for People is called
	People   []choice
	Fields   []fieldView
	Saved    string // when
	Error    string
	Faults   []faultLink // those beside fields first
	Known    string      // number of the case that the document has already
}

// faultLink is a fault, and the field that it is about, if the page shows it.
type faultLink struct {
	fault
	To string
}

// formsPage lists what somebody has begun.
type formsPage struct {
	frame
	Forms []formLine
}

type formLine struct{ ID, Kind, Case, Saved string }

func (s *site) forms(w http.ResponseWriter, r *http.Request) {
	list, err := s.Office.Service.Forms(r.Context(), personOf(r.Context()).actor)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := formsPage{frame: s.frame(r, "forms.title")}
	for _, f := range list {
		p.Forms = append(p.Forms, formLine{f.ID, s.kindOf(p.Lang, f), f.Case, s.clock(f.UpdatedAt)})
	}
	s.render(w, r, http.StatusOK, "forms", p)
}

// kindOf is what a form is for.
func (s *site) kindOf(lang string, f document.SavedForm) string {
	if f.Case == "" {
		return i18n.Text(lang, "register.title", nil)
	}
	return s.kindName(lang, f.Template)
}

// beginForm begins the form of an act, or of a registration where no case is
// named, and leads to it.
func (s *site) beginForm(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	me := personOf(r.Context())
	f := document.SavedForm{Case: r.PostForm.Get("case"), Template: r.PostForm.Get("template")}
	if f.Case == "" {
		f.Template, f.Office, f.Officer = "", me.account.Office, me.account.Login
	}
	if _, err := s.formOf(f); err != nil {
		s.fail(w, r, err)
		return
	}
	f, err := s.Office.Service.BeginForm(r.Context(), me.actor, f, r.PostForm.Get("from"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, s.frame(r, "").Link(formPath(f.ID)), http.StatusSeeOther)
}

// formOf describes the fields of a form.
func (s *site) formOf(f document.SavedForm) (*template.Field, error) {
	schema := s.Office.Templates.CaseSchema()
	if f.Case != "" {
		t, err := s.templateToday(f.Template)
		if err != nil {
			return nil, &document.Error{Kind: document.NotFound, Key: "error.template.unknown", Err: err,
				Args: map[string]string{"template": f.Template, "date": s.day(s.Now())}}
		}
		schema = t.Schema
	}
	return schema.Form()
}

func (s *site) formPage(w http.ResponseWriter, r *http.Request) {
	me, id := personOf(r.Context()), pathValue(r, "id")
	f, err := s.Office.Service.Form(r.Context(), me.actor, id)
	if err != nil {
		s.formGone(w, r, id, err)
		return
	}
	s.showForm(w, r, f, nil)
}

// showForm shows a form with what is wrong with it.
func (s *site) showForm(w http.ResponseWriter, r *http.Request, f document.SavedForm, problem error) {
	form, err := s.formOf(f)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := formPage{frame: s.frame(r, "register.title"), ID: f.ID, Case: f.Case, Version: f.Version, Saved: s.clock(f.UpdatedAt)}
	p.Path = formPath(f.ID)
	if err := s.describeForm(r, &p, f); err != nil {
		s.fail(w, r, err)
		return
	}
	status := http.StatusOK
	faults := faultsOf(p.Lang, problem)
	viewer := newFormViewer(p.Lang, faults)
	p.Fields = viewer.fields(form, "", decodeForm(f.Input))
	if problem != nil {
		status, p.Error = statusOf(document.KindOf(problem)), sentence(p.Lang, problem)
		if e, ok := errors.AsType[*document.Error](problem); ok && e.Key == "error.case.registered" {
			p.Known = e.Args["number"]
		}
		for _, f := range faults {
			p.Faults = append(p.Faults, faultLink{f, viewer.nearest(f.Path)})
		}
	}
	framing(w.Header())
	s.render(w, r, status, "form", p)
}

// describeForm words what stands around the fields.
func (s *site) describeForm(r *http.Request, p *formPage, f document.SavedForm) error {
	me := personOf(r.Context())
	office := f.Office
	if f.Case != "" {
		c, err := s.Office.Service.Case(r.Context(), f.Case)
		if err != nil {
			return err
		}
		p.Kind, p.Rows, office = s.kindOf(p.Lang, f), s.caseRows(p.Lang, c), c.Office
		p.Title = p.Kind
		p.Officer = i18n.Text(p.Lang, "form.approver", nil)
	} else {
		p.Officer = i18n.Text(p.Lang, "register.officer", nil)
		p.Offices = s.officesFor(me.actor, document.ActRegisterCase, f.Office)
	}
	people, err := s.peopleFor(r, f, office)
	p.People = people
	return err
}

// peopleFor are those to choose from: to whom a case can be given or, where
// several may, who is to approve an act.
func (s *site) peopleFor(r *http.Request, f document.SavedForm, office string) ([]choice, error) {
	role := document.RoleOfficer
	if f.Case != "" {
		t, err := s.templateToday(f.Template)
		if err != nil {
			return nil, nil //nolint:nilerr // the form says so
		}
		approver := t.Meta.ApproverOf(template.Profile(personOf(r.Context()).account.Profile))
		if approver == nil {
			return nil, nil
		}
		role = document.Role(approver.Role)
	}
	accounts, err := s.Office.Service.Holders(r.Context(), role, office)
	if err != nil {
		return nil, err
	}
	var list []choice
	for _, a := range accounts {
		if f.Case == "" || a.Login != f.Login {
			list = append(list, choice{a.Login, a.Name + ", " + a.Post, a.Login == f.Officer})
		}
	}
	if f.Case != "" && len(list) == 1 {
		return nil, nil // nothing to choose
	}
	slices.SortFunc(list, func(a, b choice) int { return cmp.Compare(a.Text, b.Text) })
	return list, nil
}

// nearest is the id of the field that shows a fault, or of the nearest field
// around it; empty if the page shows none.
func (v *formViewer) nearest(path string) string {
	for path = strings.TrimSuffix(path, "/"); path != ""; path = path[:strings.LastIndexByte(path, '/')] {
		if v.shown[path] {
			return fieldID(path)
		}
	}
	return ""
}
