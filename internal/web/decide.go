package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// decideRoutes are what is decided about an act beside its signature.
func (s *site) decideRoutes(r *mux.Router) {
	s.post(r, "/office/acts/{number}/return", s.officer(s.returnAct))
	s.post(r, "/office/acts/{number}/proposal", s.officer(s.decideProposal))
	s.post(r, "/office/acts/{number}/correct", s.officer(s.correctAct))
	s.post(r, "/office/acts/{number}/deliveries", s.officer(s.deliverAct))
	s.get(r, "/office/acts/{number}/deliveries/{id}/file", s.officer(s.deliveryFile))
	s.get(r, "/office/approvals", s.officer(s.approvals))
	s.get(r, "/office/substitutions", s.officer(s.substitutions))
	s.post(r, "/office/substitutions", s.officer(s.substitute))
	s.post(r, "/office/substitutions/{id}/end", s.officer(s.endSubstitution))
}

// decisions are what the page of an act tells and offers beside signing and
// voiding.
type decisions struct {
	MayReturn bool
	// NeedsTwo says that a change of standing is confirmed by a second person,
	// and Proposal is the one that waits.
	NeedsTwo bool
	Proposal *proposalView
	// Corrects is the number of the act that this one corrects, Corrections
	// those that correct it.
	Corrects    string
	Corrections []string
	MayCorrect  bool

	deliveries
}

// proposalView is a change of standing that waits for a second person.
type proposalView struct {
	Act, Standing, By, Reason, Who, When string
	MayConfirm, Mine                     bool
}

func (s *site) decisionsOn(ctx context.Context, lang string, a actRecord, actor document.Actor) (decisions, error) {
	service := s.Office.Service
	d := decisions{
		MayReturn: service.MayBeReturned(ctx, a.Act, actor) == nil, NeedsTwo: service.Rules.NeedsTwo(a.Template), Corrects: a.Corrects,
	}
	if a.State != document.Archived {
		return d, nil
	}
	p, err := service.Proposal(ctx, a.Act)
	if err == nil {
		view := s.proposalView(lang, p, actor)
		d.Proposal = &view
	} else if document.KindOf(err) != document.NotFound {
		return d, err
	}
	err = service.Store.View(ctx, func(tx document.Tx) error {
		acts, err := tx.Corrections(ctx, a.Number)
		for _, c := range acts {
			if c.Standing == document.InForce {
				d.Corrections = append(d.Corrections, c.Number)
			}
		}
		return err
	})
	if err != nil {
		return d, err
	}
	d.MayCorrect = a.Standing == document.InForce && a.Template != correctionTemplate && actor.May(document.ActIssue, a.Office) == nil
	d.deliveries, err = s.deliveriesOf(ctx, lang, a, actor)
	return d, err
}

func (s *site) proposalView(lang string, p document.Proposal, actor document.Actor) proposalView {
	return proposalView{
		Act: p.Act, Standing: i18n.Text(lang, standingKey(string(p.Standing)), nil), By: p.By, Reason: p.Reason, Who: p.ProposedBy,
		When: s.clock(p.ProposedAt), MayConfirm: s.Office.Service.MayConfirm(p, actor) == nil, Mine: p.ProposedBy == actor.Login,
	}
}

// decideProposal confirms or rejects a change of standing as the second person.
func (s *site) decideProposal(w http.ResponseWriter, r *http.Request) {
	s.change(w, r, func(me *person, number string) error {
		var err error
		switch r.PostForm.Get("decision") {
		case "confirm":
			_, err = s.Office.Service.ConfirmStanding(r.Context(), me.actor, number)
		case "reject":
			_, err = s.Office.Service.RejectStanding(r.Context(), me.actor, number, r.PostForm.Get("remark"))
		default:
			err = badForm(errors.New("decision: want confirm or reject"))
		}
		return err
	})
}

// correctionTemplate is the decision that corrects a clerical mistake.
const correctionTemplate = "correction-decision"

// correctAct begins the form of a decision that corrects an act.
func (s *site) correctAct(w http.ResponseWriter, r *http.Request) {
	me := personOf(r.Context())
	a, err := s.Office.readAct(r.Context(), me.actor, pathValue(r, "number"))
	var summary document.Summary
	if err == nil {
		summary, err = a.PublicSummary()
	}
	var input []byte
	if err == nil {
		input, err = json.Marshal(map[string]string{
			"act": a.Number, "act_date": string(a.Date), "act_title": summary.Titles[i18n.Azerbaijani],
		})
	}
	var f document.SavedForm
	if err == nil {
		f, err = s.Office.Service.BeginForm(r.Context(), me.actor, document.SavedForm{
			Case: a.Case, Template: correctionTemplate, Input: input,
		}, "")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, s.frame(r, "").Link(formPath(f.ID)), http.StatusSeeOther)
}

// returnAct gives an act back to its author with a remark.
func (s *site) returnAct(w http.ResponseWriter, r *http.Request) {
	s.change(w, r, func(me *person, number string) error {
		_, err := s.Office.Service.Return(r.Context(), me.actor, number, r.PostForm.Get("remark"))
		return err
	})
}

const (
	// returnedFor is how long the desk shows an act that was returned, and
	// returnedShown how many of them.
	returnedFor   = 30 * 24 * time.Hour
	returnedShown = 20
)

// returnedLine is an act on its author's desk that an approver gave back.
type returnedLine struct {
	Number, Case, Template, Kind, Remark, By, When string
}

func (s *site) returned(ctx context.Context, lang string, actor document.Actor) ([]returnedLine, error) {
	var acts []document.Act
	err := s.Office.Service.Store.View(ctx, func(tx document.Tx) (err error) {
		acts, err = tx.ActsReturned(ctx, actor.Login, s.Now().Add(-returnedFor), returnedShown)
		return err
	})
	var lines []returnedLine
	for _, a := range acts {
		if mayRead(actor, a.Office) != nil {
			continue
		}
		lines = append(lines, returnedLine{
			Number: a.Number, Case: a.Case, Template: a.Template, Kind: s.actLine(lang, a).Kind, Remark: a.VoidReason,
			By: nameIn(a, a.VoidedBy), When: s.clock(a.ChangedAt),
		})
	}
	return lines, err
}

// nameIn is how an act calls one of its signers; of others only the login is
// known.
func nameIn(a document.Act, login string) string {
	for _, signer := range a.Signers {
		if signer.Login == login {
			return signer.Name
		}
	}
	return login
}
