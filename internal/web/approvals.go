package web

import (
	"net/http"
	"time"

	"docsvc/internal/document"
)

// approvalsPage is for who approves: acts that wait for this person after
// somebody else has signed, changes of standing that wait for a second person,
// and the work of the officers of the offices that this person heads.
type approvalsPage struct {
	frame
	Acts      []approvalLine
	More      bool
	Max       int
	Proposals []proposalView
	Offices   []officeWork
}

type approvalLine struct {
	actLine
	Author, Since string
}

// officeWork is the workload of one office.
type officeWork struct {
	Name     string
	Officers []document.Workload
}

func (s *site) approvals(w http.ResponseWriter, r *http.Request) {
	p := approvalsPage{frame: s.frame(r, "approvals.title"), Max: document.MaxBatch}
	for _, fill := range []func(*http.Request, *approvalsPage) error{s.fillApprovals, s.fillProposals, s.fillWork} {
		if err := fill(r, &p); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	s.render(w, r, http.StatusOK, "approvals", p)
}

func (s *site) fillApprovals(r *http.Request, p *approvalsPage) error {
	me := personOf(r.Context())
	acts, more, err := s.Office.waiting(r.Context(), me.actor)
	if err != nil {
		return err
	}
	var since map[string]time.Time
	err = s.Office.Service.Store.View(r.Context(), func(tx document.Tx) (err error) {
		since, err = tx.WaitingSince(r.Context(), me.account.Login)
		return err
	})
	p.More = more
	for _, a := range acts {
		if a.Round == 0 { // a person's own acts are on the desk
			continue
		}
		line := approvalLine{actLine: s.actLine(p.Lang, a), Author: nameIn(a, a.Officer)}
		if at, ok := since[a.ID]; ok {
			line.Since = s.clock(at)
		}
		p.Acts = append(p.Acts, line)
	}
	return err
}

func (s *site) fillProposals(r *http.Request, p *approvalsPage) error {
	me := personOf(r.Context())
	list, err := s.Office.Service.Proposals(r.Context(), me.actor)
	for _, proposal := range list {
		p.Proposals = append(p.Proposals, s.proposalView(p.Lang, proposal, me.actor))
	}
	return err
}

func (s *site) fillWork(r *http.Request, p *approvalsPage) error {
	me := personOf(r.Context())
	for _, office := range s.Office.Offices {
		heads, err := s.Office.Service.Heads(r.Context(), me.actor, office.Code)
		if err != nil {
			return err
		}
		if !heads {
			continue
		}
		officers, err := s.Office.Service.Workloads(r.Context(), me.actor, office.Code)
		if err != nil {
			return err
		}
		p.Offices = append(p.Offices, officeWork{office.Name, officers})
	}
	return nil
}
