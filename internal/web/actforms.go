package web

import (
	"errors"
	"net/http"
	"strings"

	"docsvc/internal/document"
)

// actFile shows the pages of an act to who may read it. They are never kept by
// the browser.
func (s *site) actFile(w http.ResponseWriter, r *http.Request) {
	number := pathValue(r, "number")
	data, err := s.Office.readFile(r.Context(), personOf(r.Context()).actor, number, r.Method != http.MethodHead)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	servePDF(w, r, number, data)
}

// pdfPolicy is that of pages in PDF: browsers put them into a document of their
// own, which the policy of the site's pages would keep empty. Nothing in a file
// of ours runs in the name of the site.
const pdfPolicy = "frame-ancestors 'self'"

func servePDF(w http.ResponseWriter, r *http.Request, number string, data []byte) {
	h := w.Header()
	h.Set("Content-Security-Policy", pdfPolicy)
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `inline; filename="`+fileName(number)+`.pdf"`)
	h.Set("X-Robots-Tag", "noindex")
	if r.Method != http.MethodHead {
		_, _ = w.Write(data) // who has hung up is not told so
	}
}

// void gives up an act that is not signed.
func (s *site) void(w http.ResponseWriter, r *http.Request) {
	s.change(w, r, func(me *person, number string) error {
		_, err := s.Office.Service.Void(r.Context(), me.actor, number, r.PostForm.Get("reason"))
		return err
	})
}

// standing supersedes or annuls an archived act by another one.
func (s *site) standing(w http.ResponseWriter, r *http.Request) {
	s.change(w, r, func(me *person, number string) error {
		to, err := parseStanding(r.PostForm.Get("standing"))
		if err != nil {
			return err
		}
		by := strings.TrimSpace(r.PostForm.Get("by"))
		_, err = s.Office.Service.ChangeStanding(r.Context(), me.actor, number, to, by, r.PostForm.Get("reason"))
		return err
	})
}

// parseStanding reads what an act is to become.
func parseStanding(text string) (document.Standing, error) {
	switch to := document.Standing(text); to {
	case document.Superseded, document.Annulled:
		return to, nil
	}
	return "", badForm(errors.New("standing: want superseded or annulled"))
}

// change does something to an act and shows it as it is then, or again with
// what was wrong.
func (s *site) change(w http.ResponseWriter, r *http.Request, do func(me *person, number string) error) {
	if !s.parseForm(w, r) {
		return
	}
	number := pathValue(r, "number")
	s.changed(w, r, number, do(personOf(r.Context()), number))
}

// changed shows an act after something was done to it, or again with what was
// wrong.
func (s *site) changed(w http.ResponseWriter, r *http.Request, number string, err error) {
	switch kind := document.KindOf(err); {
	case err == nil:
		http.Redirect(w, r, s.frame(r, "").Link(actPath(number)), http.StatusSeeOther)
	case kind == document.Invalid, kind == document.Conflict, kind == document.NotFound: // of the other act, or this one
		s.showAct(w, r, number, actNotes{problem: err})
	default:
		s.fail(w, r, err)
	}
}
