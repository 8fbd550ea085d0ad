package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/gorilla/mux"

	"docsvc/internal/document"
)

// reviewRoutes are the paging through acts before they are signed.
func (s *site) reviewRoutes(r *mux.Router) {
	s.get(r, "/office/review", s.officer(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.frame(r, "").Link("/office"), http.StatusSeeOther) // the choice is not in the address
	}))
	s.post(r, "/office/review", s.officer(s.review))
}

// reviewPage shows the pages of one of the acts that somebody is about to sign,
// with the others beside it.
type reviewPage struct {
	frame
	Acts   []reviewLine
	Shown  reviewLine
	Chosen int
	// Previous and Next are places in Acts; -1: there is none.
	Previous, Next int
}

type reviewLine struct {
	actLine
	At             int // place in the list, from 0
	Chosen, Shown  bool
	Place, OfTotal string
}

// review pages through acts that wait for who asks. "listed" are the acts to
// page through, "acts" those of them still chosen, "at" is the one to show. An
// act that does not wait any more is left out.
func (s *site) review(w http.ResponseWriter, r *http.Request) {
	if !s.parseFormOf(w, r, maxSignForm) {
		return
	}
	waiting, _, err := s.Office.waiting(r.Context(), personOf(r.Context()).actor)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	chosen := r.PostForm["acts"]
	listed := r.PostForm["listed"]
	if len(listed) == 0 {
		listed = chosen
	}
	waiting = slices.DeleteFunc(waiting, func(a document.Act) bool { return !slices.Contains(listed, a.Number) })
	if len(waiting) == 0 {
		s.fail(w, r, &document.Error{Kind: document.Conflict, Key: "error.review.nothing"})
		return
	}
	at, err := strconv.Atoi(r.PostForm.Get("at"))
	if err != nil {
		at = 0
	}
	at = min(max(at, 0), len(waiting)-1)
	p := reviewPage{frame: s.frame(r, "review.title"), Previous: at - 1, Next: at + 1}
	if p.Next == len(waiting) {
		p.Next = -1
	}
	p.Path = "/office"
	for i, a := range waiting {
		line := reviewLine{
			actLine: s.actLine(p.Lang, a), At: i, Shown: i == at, Chosen: slices.Contains(chosen, a.Number),
			Place: strconv.Itoa(i + 1), OfTotal: strconv.Itoa(len(waiting)),
		}
		if line.Chosen {
			p.Chosen++
		}
		if line.Shown {
			p.Shown = line
		}
		p.Acts = append(p.Acts, line)
	}
	framing(w.Header())
	s.render(w, r, http.StatusOK, "review", p)
}
