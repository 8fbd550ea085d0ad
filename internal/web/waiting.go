package web

import (
	"net/http"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// waitingPage lists the acts that wait for a part that is down: an officer's
// own, a head's of the office, an operator's of the offices they run.
type waitingPage struct {
	frame
	Acts    []waitingLine
	More    bool   // than are shown
	Retried string // how many are tried again, after the button
}

type waitingLine struct {
	Number, Officer, Reason, Since, Next, Attempts string
}

// waitingShown is how many acts the page lists.
const waitingShown = 100

func (s *site) waitingActs(w http.ResponseWriter, r *http.Request) {
	s.showWaiting(w, r, "")
}

func (s *site) showWaiting(w http.ResponseWriter, r *http.Request, retried string) {
	list, err := s.Office.Service.Waiting(r.Context(), personOf(r.Context()).actor, document.WaitingQuery{Limit: waitingShown + 1})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := waitingPage{frame: s.frame(r, "stuck.title"), Retried: retried}
	p.Path = "/office/waiting"
	if len(list) > waitingShown {
		list, p.More = list[:waitingShown], true
	}
	for _, a := range list {
		p.Acts = append(p.Acts, s.waitingLine(p.Lang, a.Act, a.Job))
	}
	s.render(w, r, http.StatusOK, "waiting", p)
}

// waitingLine words why an act waits and until when.
func (s *site) waitingLine(lang string, a document.Act, j document.Job) waitingLine {
	return waitingLine{
		Number: a.Number, Officer: a.Officer, Reason: i18n.Text(lang, j.Reason.Message(), nil),
		Since: s.clock(j.Since), Next: s.nextTry(lang, j), Attempts: i18n.Plural(lang, "stuck.attempts", j.Attempts),
	}
}

func (s *site) nextTry(lang string, j document.Job) string {
	if j.RunAfter.Sub(s.Now()) < time.Second {
		return i18n.Text(lang, "stuck.now", nil)
	}
	return s.clock(j.RunAfter)
}

// retryWaiting has one act, or all that the person sees, tried now.
func (s *site) retryWaiting(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	n, err := s.Office.Service.RetryNow(r.Context(), personOf(r.Context()).actor, r.PostForm.Get("act"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showWaiting(w, r, i18n.Plural(s.frame(r, "stuck.title").Lang, "stuck.retried", n))
}

// apiJobJSON is an act that waits for a part that is down.
type apiJobJSON struct {
	Number   string          `json:"number"`
	Officer  string          `json:"officer"`
	State    document.State  `json:"state"`
	Level    string          `json:"level"`
	Reason   document.Reason `json:"reason"`
	Detail   string          `json:"detail"` // the reason in words
	Since    time.Time       `json:"since"`
	NextTry  time.Time       `json:"next_try"`
	Attempts int             `json:"attempts"`
}

type apiJobsJSON struct {
	Jobs []apiJobJSON `json:"jobs"`
	More bool         `json:"more"` // than are listed
	Next string       `json:"next,omitempty"`
}

func (s *site) apiJobs(w http.ResponseWriter, r *http.Request) {
	var after document.WaitingCursor
	limit, err := readPage(r, &after)
	var list []document.WaitingAct
	if err == nil {
		list, err = s.Office.Service.Waiting(r.Context(), personOf(r.Context()).actor, document.WaitingQuery{After: after, Limit: limit + 1})
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lang, _ := language(r)
	j := apiJobsJSON{Jobs: []apiJobJSON{}, More: len(list) > limit}
	if j.More {
		list = list[:limit]
		j.Next = cursor(list[limit-1].Cursor())
	}
	for _, a := range list {
		j.Jobs = append(j.Jobs, apiJobJSON{
			Number: a.Act.Number, Officer: a.Act.Officer, State: a.Act.State, Level: a.Act.Level, Reason: a.Job.Reason,
			Detail: i18n.Text(lang, a.Job.Reason.Message(), nil), Since: a.Job.Since.UTC(), NextTry: a.Job.RunAfter.UTC(), Attempts: a.Job.Attempts,
		})
	}
	s.answer(w, http.StatusOK, j)
}

func (s *site) apiRetry(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Act string `json:"act"` // all if empty
	}
	if !s.readJSON(w, r, &in) {
		return
	}
	n, err := s.Office.Service.RetryNow(r.Context(), personOf(r.Context()).actor, in.Act)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.answer(w, http.StatusOK, struct {
		Acts int `json:"acts"`
	}{n})
}
