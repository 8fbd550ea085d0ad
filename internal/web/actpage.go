package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/signing"
)

// actPage shows an act whole, and what may be done with it.
type actPage struct {
	frame
	Number, Case, Kind string
	Tone, State, Lead  string // of the banner
	Rows               []row
	Signers            []signerView
	History            []event
	HasFile            bool
	HasRecord          bool   // and this person may see its whole story
	Attempts           string // how often it failed, and
	LastError          string // why, for the operator: in English
	MaySign, MayCopy   bool
	Template           string
	MayVoid, MayChange bool
	decisions
	Error    string // about the form that was sent
	Warnings []fault
}

// signerView is a person who must sign, and how far they are.
type signerView struct {
	Name, Post, State string
	Tone              string // good, ask, wait: name of the sign
}

// event is one step of an act's way.
type event struct{ Time, Text string }

// actNotes are what the page of an act says beside the act.
type actNotes struct {
	problem  error
	warnings []document.Warning
}

func (s *site) actPage(w http.ResponseWriter, r *http.Request) {
	s.showAct(w, r, pathValue(r, "number"), actNotes{})
}

func (s *site) showAct(w http.ResponseWriter, r *http.Request, number string, notes actNotes) {
	me := personOf(r.Context())
	a, err := s.Office.readAct(r.Context(), me.actor, number)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := actPage{frame: s.frame(r, "act.title"), Number: a.Number, Case: a.Case, Template: a.Template}
	p.Path, p.Title = actPath(a.Number), p.Title+" "+a.Number
	p.Warnings = warningsOf(p.Lang, notes.warnings)
	p.Rows, p.History = s.actRows(p.Lang, a), s.history(p.Lang, a)
	if summary, err := a.PublicSummary(); err == nil {
		p.Kind = titleIn(summary, p.Lang)
	}
	p.Signers = signerViews(p.Lang, a.Act)
	s.wordState(&p, a)
	if a.job.LastError != "" {
		p.Attempts, p.LastError = i18n.Plural(p.Lang, "act.attempts", a.job.Attempts), a.job.LastError
	}
	p.HasFile = a.State == document.Archived || a.State == document.Prepared
	p.HasRecord = me.actor.May(document.ActTrail, a.Office) == nil
	p.MaySign = a.waitsFor() == me.account.Login && me.actor.May(document.ActSign, a.Office) == nil
	p.MayCopy = me.actor.May(document.ActIssue, a.Office) == nil
	p.MayVoid = s.Office.Service.MayBeVoided(r.Context(), a.Act, me.actor) == nil
	p.MayChange = s.Office.Service.MayBeChanged(a.Act, me.actor) == nil
	if p.decisions, err = s.decisionsOn(r.Context(), p.Lang, a, me.actor); err != nil {
		s.fail(w, r, err)
		return
	}
	status := http.StatusOK
	if notes.problem != nil {
		status, p.Error = statusOf(document.KindOf(notes.problem)), sentence(p.Lang, notes.problem)
	}
	s.render(w, r, status, "act", p)
}

// wordState says in the banner where the act stands and whose turn it is.
func (s *site) wordState(p *actPage, a actRecord) {
	text := func(key string, pairs ...string) string {
		args := map[string]string{}
		for i := 0; i+1 < len(pairs); i += 2 {
			args[pairs[i]] = pairs[i+1]
		}
		return i18n.Text(p.Lang, key, args)
	}
	p.State = stateText(p.Lang, a.Act)
	switch {
	case a.job.Reason != "":
		p.Tone, p.Lead = "wait", text("act.stuck", "reason", text(a.job.Reason.Message()), "next", s.nextTry(p.Lang, a.job))
	case a.State == document.Issued:
		p.Tone, p.Lead = "wait", text("act.lead.issued")
	case a.State == document.Prepared:
		p.Tone, p.Lead = "ask", text("act.lead.prepared", "signer", a.Signers[a.Round].Name)
	case a.State == document.Signing:
		p.Tone, p.Lead = "wait", text("act.lead.signing")
	case a.State == document.Signed:
		p.Tone, p.Lead = "wait", text("act.lead.signed")
	case a.VoidKind == document.Returned:
		p.Tone, p.Lead = "bad", text("act.lead.returned", "name", nameIn(a.Act, a.VoidedBy), "reason", a.VoidReason)
	case a.State == document.Voided:
		p.Tone, p.Lead = "bad", text("act.lead.voided", "reason", a.VoidReason)
	case a.Standing == document.InForce:
		p.Tone, p.Lead = "good", text("act.lead.in_force")
	default:
		p.Tone, p.Lead = "ended", text("act.lead.changed", "by", a.ChangedBy, "reason", a.Reason)
	}
}

func (s *site) actRows(lang string, a actRecord) []row {
	l := rowList{lang: lang}
	line := s.actLine(lang, a.Act)
	data := actData(a.Act)
	l.add("facts.kind", line.Kind)
	l.add("facts.date", line.Date)
	l.add("facts.creditor", strings.Join(namesOf(data.Creditors), "; "))
	l.add("facts.debtor", strings.Join(namesOf(data.Debtors), "; "))
	l.add("facts.amount", line.Amount)
	l.add("case.office", s.officeName(a.Office))
	l.add("act.level", i18n.Text(lang, levelKey(signing.Level(a.Level)), nil))
	l.add("act.code", a.Code)
	if a.State == document.Archived && !a.RenewBy.IsZero() {
		l.add("act.renew", s.day(a.RenewBy))
	}
	if a.SHA256 != nil {
		l.addHash("hash.file", fmt.Sprintf("%x", a.SHA256))
	}
	return l.rows
}

// signerViews says who has signed and whose turn it is.
func signerViews(lang string, a document.Act) []signerView {
	var list []signerView
	for i, signer := range a.Signers {
		view := signerView{Name: signer.Name, Post: signer.Post, Tone: "wait"}
		if signer.InsteadOf != nil {
			view.Post += " (" + i18n.Text(lang, "facts.instead", map[string]string{"post": signer.InsteadOf.Post}) + ")"
		}
		key := "act.signer.later"
		switch {
		case a.State == document.Voided:
			key = "state.voided"
		case a.HasSigned(i):
			view.Tone, key = "good", "act.signer.done"
		case i == a.Round && a.State == document.Signing:
			key = "act.signer.completing"
		case i == a.Round:
			view.Tone, key = "ask", "act.signer.turn"
		}
		view.State = i18n.Text(lang, key, nil)
		list = append(list, view)
	}
	return list
}

// levelKey is the sentence about a level.
func levelKey(l signing.Level) string {
	switch l {
	case signing.LevelBT:
		return "level.bt"
	case signing.LevelBLT:
		return "level.blt"
	case signing.LevelBLTA:
		return "level.blta"
	}
	return "level.bb"
}

// history tells the act's way as far as the register knows it.
func (s *site) history(lang string, a actRecord) []event {
	var list []event
	add := func(at time.Time, key string, args map[string]string) {
		if !at.IsZero() {
			list = append(list, event{s.clock(at), i18n.Text(lang, key, args)})
		}
	}
	add(a.IssuedAt, "history.issued", map[string]string{"login": a.Officer})
	for _, intent := range a.intents {
		key := map[document.Outcome]string{
			document.OutcomeOpen: "history.intent.open", document.OutcomeSigned: "history.intent.signed",
			document.OutcomeUnknown: "history.intent.unknown", document.OutcomeRefused: "history.intent.refused",
		}[intent.Outcome]
		add(intent.At, key, map[string]string{"login": intent.Login, "attempt": fmt.Sprint(intent.Attempt)})
	}
	add(a.SignedAt, "history.signed", nil)
	add(a.ArchivedAt, "history.archived", nil)
	for _, r := range a.renditions {
		if r.Sequence > 1 {
			add(r.CreatedAt, "history.renewed", map[string]string{"n": fmt.Sprint(r.Sequence)})
		}
	}
	switch {
	case a.VoidKind == document.Returned:
		add(a.ChangedAt, "history.returned", map[string]string{"name": nameIn(a.Act, a.VoidedBy), "reason": a.VoidReason})
	case a.State == document.Voided:
		add(a.ChangedAt, "history.voided", map[string]string{"reason": a.VoidReason})
	case a.Standing == document.Superseded:
		add(a.ChangedAt, "history.superseded", map[string]string{"by": a.ChangedBy, "reason": a.Reason})
	case a.Standing == document.Annulled:
		add(a.ChangedAt, "history.annulled", map[string]string{"by": a.ChangedBy, "reason": a.Reason})
	}
	return list
}
