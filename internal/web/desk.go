package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/template"
)

// deskPage is the first page of who is logged in: what waits for them.
type deskPage struct {
	frame
	Acts  []actLine
	More  bool // than are shown
	Max   int
	Signs bool // the person may sign somewhere
	Stuck int  // acts that wait for a part that is down
	Reads bool
	// Returned are the person's own acts that an approver gave back.
	Returned []returnedLine
	Counts   []stateCount
}

// actLine is an act in a list, for who may read it whole.
type actLine struct {
	Number, Kind, Date, Debtors, Amount, State, Author string

	Archived bool
}

func (s *site) desk(w http.ResponseWriter, r *http.Request) {
	me := personOf(r.Context())
	acts, more, err := s.Office.waiting(r.Context(), me.actor)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := deskPage{
		frame: s.frame(r, "office.title"), More: more, Max: document.MaxBatch,
		Signs: mayAnywhere(me.actor, document.ActSign), Reads: mayAnywhere(me.actor, document.ActRead),
	}
	stuck, err := s.Office.Service.Waiting(r.Context(), me.actor, document.WaitingQuery{Limit: waitingShown})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.Stuck = len(stuck)
	if p.Reads {
		if p.Counts, err = s.stateCounts(r, p.frame); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	if p.Returned, err = s.returned(r.Context(), p.Lang, me.actor); err != nil {
		s.fail(w, r, err)
		return
	}
	for _, a := range acts {
		p.Acts = append(p.Acts, s.actLine(p.Lang, a))
	}
	s.render(w, r, http.StatusOK, "desk", p)
}

// actLine words an act. Of one that could not be read only the number is known.
func (s *site) actLine(lang string, a document.Act) actLine {
	l := actLine{Number: a.Number, Date: dotted(a.Date), Archived: a.State == document.Archived}
	if a.ID == "" || a.Data == nil {
		return l
	}
	l.State = stateText(lang, a)
	if len(a.Signers) > 0 {
		l.Author = a.Signers[0].Name
	}
	if summary, err := a.PublicSummary(); err == nil {
		l.Kind = titleIn(summary, lang)
		if summary.Amount != nil {
			l.Amount = i18n.Text(lang, "facts.amount.value", map[string]string{"amount": manat(*summary.Amount)})
		}
	}
	l.Debtors = strings.Join(namesOf(actData(a).Debtors), ", ")
	return l
}

// actData is what an act prints, empty if it cannot be read.
func actData(a document.Act) template.Data {
	var d template.Data
	if err := json.Unmarshal(a.Data, &d); err != nil {
		return template.Data{}
	}
	return d
}

func namesOf(parties []template.PartyFacts) []string {
	names := make([]string, len(parties))
	for i, p := range parties {
		names[i] = p.Name
	}
	return names
}

func titleIn(s document.Summary, lang string) string {
	if title := s.Titles[lang]; title != "" {
		return title
	}
	return s.Titles[i18n.Azerbaijani]
}

// stateText says where an act stands or, once it is archived, what it is worth.
func stateText(lang string, a document.Act) string {
	key := stateKey(string(a.State))
	if a.VoidKind == document.Returned {
		key = "state.returned"
	}
	if a.State == document.Archived {
		key = standingKey(string(a.Standing))
	}
	return i18n.Text(lang, key, nil)
}

func actPath(number string) string  { return "/office/acts/" + url.PathEscape(number) }
func casePath(number string) string { return "/office/cases/" + url.PathEscape(number) }
