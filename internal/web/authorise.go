package web

import (
	"net/http"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// maxSignForm is the largest form of chosen acts in bytes.
const maxSignForm = 64 << 10

func authorisationPath(id string) string { return "/office/authorisations/" + id }

// authorisationPage is a batch: what is about to be signed, how far it is, or
// what came of it.
type authorisationPage struct {
	frame
	Heading string
	Text    string
	Tone    string // of the banner
	Acts    []signView
	Failed  []signView // not signed, each with what to do
	Left    []signView // not part of the batch
	Until   string     // when the consent runs out
	Nonce   string
	LogIn   string // the way to authenticate at the provider and sign
	Typed   bool   // or the passphrase is typed here
	Wrong   string // what was wrong with it
	Working bool   // the page looks again by itself
	Done    int    // of Total acts, while it works
	Total   int
	Again   string // address of this page
}

// signView is one act of a batch.
type signView struct {
	actLine
	Outcome, Reason string
}

// batchView is a list of acts of a batch under a heading.
type batchView struct {
	ID, Title string
	Acts      []signView
	Page      authorisationPage
}

// sign records which acts a person has chosen to sign. The answer leads to the
// page of the batch and not to the provider: a form must not end there
// (docs/decisions/0024).
func (s *site) sign(w http.ResponseWriter, r *http.Request) {
	if !s.parseFormOf(w, r, maxSignForm) {
		return
	}
	me := personOf(r.Context())
	a, left, err := s.Office.authorise(r.Context(), me.actor, r.PostForm["acts"])
	if err != nil && len(left) == 0 {
		s.fail(w, r, err)
		return
	}
	if len(left) == 0 {
		http.Redirect(w, r, s.frame(r, "").Link(authorisationPath(a.ID)), http.StatusSeeOther)
		return
	}
	p := authorisationPage{frame: s.frame(r, "sign.left.title"), Tone: "ask"}
	p.Path, p.Text = "/office", i18n.Text(p.Lang, "sign.left.text", nil)
	for _, result := range left {
		p.Left = append(p.Left, signView{actLine: s.actLine(p.Lang, result.Act), Reason: sentence(p.Lang, result.Err)})
	}
	status := http.StatusOK
	if err != nil {
		status = statusOf(document.KindOf(err))
		p.Title, p.Text = i18n.Text(p.Lang, "sign.none.title", nil), i18n.Text(p.Lang, "sign.none.text", nil)
	} else {
		p.Again = authorisationPath(a.ID)
	}
	p.Heading = p.Title
	s.render(w, r, status, "authorisation", p)
}

// authorisation is the page of a batch, which any process can show.
func (s *site) authorisation(w http.ResponseWriter, r *http.Request) {
	me, id := personOf(r.Context()), pathValue(r, "id")
	a, err := s.Office.readAuthorisation(r.Context(), me.actor, id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	list, err := s.outcomes(r.Context(), a, s.batches.of(id))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "authorisation", s.authorisationPage(r, a, list))
}

// showWrong is the page of a batch whose passphrase was wrong: it is still open.
func (s *site) showWrong(w http.ResponseWriter, r *http.Request, a document.Authorisation, wrong error) {
	list, err := s.outcomes(r.Context(), a, s.batches.of(a.ID))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, statusOf(document.KindOf(wrong)), "authorisation", s.authorisationPage(r, a, list))
}

func (s *site) authorisationPage(r *http.Request, a document.Authorisation, list []actOutcome) authorisationPage {
	p := authorisationPage{frame: s.frame(r, "sign.title"), Again: authorisationPath(a.ID), Nonce: a.Nonce, Until: s.clockSeconds(a.Expires)}
	count := map[outcome]int{}
	for _, o := range list {
		count[o.outcome]++
		view := signView{actLine: s.actLine(p.Lang, o.act)}
		if o.outcome != outcomeWaits { // as all of them do then
			view.Outcome = i18n.Text(p.Lang, outcomeKey(o.outcome), nil)
		}
		if o.reason != nil {
			view.Reason = sentence(p.Lang, o.reason)
		}
		if o.outcome == outcomeFailed {
			p.Failed = append(p.Failed, view)
		} else {
			p.Acts = append(p.Acts, view)
		}
	}
	signed := count[outcomeArchived] + count[outcomeSigned]
	say := func(tone, title, text string) { p.Tone, p.Title, p.Text = tone, title, text }
	text := func(key string) string { return i18n.Text(p.Lang, key, nil) }
	switch {
	case count[outcomeWorking] > 0:
		p.Working, p.Done, p.Total = true, len(list)-count[outcomeWorking], len(list)
		say("wait", text("sign.working.title"), i18n.Plural(p.Lang, "sign.working.text", count[outcomeWorking]))
	case count[outcomeWaits] > 0 && s.Now().After(a.Expires):
		say("ended", text("sign.expired.title"), text("error.batch.expired"))
	case count[outcomeWaits] > 0:
		asked := "sign.confirm.text"
		if p.Typed = s.Office.OpenKey != nil; p.Typed {
			asked = "sign.confirm.typed"
		} else {
			p.LogIn = p.Link("/login?authorisation=" + a.ID)
		}
		say("ask", i18n.Plural(p.Lang, "sign.confirm.title", len(list)), text(asked))
		if reason := list[0].reason; reason != nil && p.Typed {
			p.Wrong = sentence(p.Lang, reason)
		} else if reason != nil {
			p.Text = sentence(p.Lang, reason) + " " + p.Text
		}
	case len(p.Failed) == 0 && count[outcomeSigned] == 0:
		say("good", i18n.Plural(p.Lang, "sign.done.title", signed), text("sign.done.text"))
	case len(p.Failed) == 0:
		say("wait", i18n.Plural(p.Lang, "sign.done.title", signed), i18n.Plural(p.Lang, "sign.onway.text", count[outcomeSigned]))
	case signed == 0:
		say("bad", text("sign.failed.title"), text("sign.failed.text"))
	default:
		say("ended", i18n.Plural(p.Lang, "sign.done.title", signed), i18n.Plural(p.Lang, "sign.partly.text", len(p.Failed)))
	}
	p.Heading = p.Title
	return p
}

func outcomeKey(o outcome) string {
	return map[outcome]string{
		outcomeWorking: "outcome.working", outcomeSigned: "outcome.signed",
		outcomeArchived: "outcome.archived", outcomeFailed: "outcome.failed",
	}[o]
}

// clockSeconds shows a time to the second.
func (s *site) clockSeconds(t time.Time) string { return t.In(s.Location).Format("15:04:05") }
