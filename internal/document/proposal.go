package document

import (
	"context"
	"fmt"
	"time"

	"docsvc/internal/audit"
)

// Proposal is a change of standing that one person asks for and another has to
// confirm, where the act's class demands two (Rules.TwoPersons).
type Proposal struct {
	ID         string // UUIDv7
	ActID      string
	Act        string   // its number; read only
	Office     string   // its office; read only
	Standing   Standing // that it is to have
	By         string   // number of the act that does it
	Reason     string
	ProposedBy string
	ProposedAt time.Time
	State      ProposalState

	// The rest is set when it is decided.
	DecidedBy string
	DecidedAt time.Time
	Remark    string // why it was rejected
}

// ProposalState is what became of a Proposal.
type ProposalState string

// A proposal is decided once.
const (
	ProposalOpen      ProposalState = "open"
	ProposalConfirmed ProposalState = "confirmed"
	ProposalRejected  ProposalState = "rejected"
)

// ProposalTx keeps proposals. Nothing removes one.
type ProposalTx interface {
	// InsertProposal answers ErrExists when the act has an open one.
	InsertProposal(ctx context.Context, p Proposal) error
	// DecideProposal moves p from open to p.State with DecidedBy, DecidedAt and
	// Remark; ErrStale when it is not open any more.
	DecideProposal(ctx context.Context, p Proposal) error
	// OpenProposal is the one of an act.
	OpenProposal(ctx context.Context, actID string) (Proposal, error)
	// OpenProposals lists those that wait, the longest waiting first.
	OpenProposals(ctx context.Context, limit int) ([]Proposal, error)
}

// NeedsTwo says whether the standing of acts of a template is changed by two
// persons; the entry "*" is for all that have none.
func (r Rules) NeedsTwo(template string) bool {
	if two, ok := r.TwoPersons[template]; ok {
		return two
	}
	return r.TwoPersons["*"]
}

// propose records a change that waits for its second person.
func (s *Service) propose(ctx context.Context, actor Actor, a Act, to Standing, by, reason string) error {
	p := Proposal{
		ID: s.NewID(), ActID: a.ID, Standing: to, By: by, Reason: reason,
		ProposedBy: actor.Login, ProposedAt: s.Now().Truncate(time.Microsecond), State: ProposalOpen,
	}
	err := s.Store.Update(ctx, func(tx Tx) error {
		if err := mayChange(ctx, tx, a, by); err != nil {
			return err
		}
		if err := tx.InsertProposal(ctx, p); err != nil {
			return existsAs(err, "error.proposal.open", "number", a.Number)
		}
		return s.record(ctx, tx, actor, audit.StandingProposed, a.Number, p.describe())
	})
	if err != nil {
		return fmt.Errorf("propose to change the standing of act %s: %w", a.Number, err)
	}
	return nil
}

// Proposal returns the change of standing that an act waits for; NotFound if
// there is none.
func (s *Service) Proposal(ctx context.Context, a Act) (Proposal, error) {
	var p Proposal
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		p, err = tx.OpenProposal(ctx, a.ID)
		return err
	})
	return p, lookupError(err, "error.proposal.unknown", "number", a.Number)
}

// Proposals lists the changes of standing that wait for a second person in the
// offices where actor could be one, the longest waiting first.
func (s *Service) Proposals(ctx context.Context, actor Actor) ([]Proposal, error) {
	var seen []Proposal
	err := s.Store.View(ctx, func(tx Tx) error {
		list, err := tx.OpenProposals(ctx, maxWaiting)
		for _, p := range list {
			if actor.May(ActChange, p.Office) == nil {
				seen = append(seen, p)
			}
		}
		return err
	})
	return seen, err
}

// MayConfirm says whether actor may be the second person for p.
func (s *Service) MayConfirm(p Proposal, actor Actor) error {
	if err := actor.May(ActChange, p.Office); err != nil {
		return err
	}
	if p.ProposedBy == actor.Login {
		return newError(Forbidden, "error.proposal.self", nil, "number", p.Act)
	}
	return nil
}

// ConfirmStanding carries out the change of standing that was proposed for an
// act. It returns when the change is in the archive.
func (s *Service) ConfirmStanding(ctx context.Context, actor Actor, number string) (Act, error) {
	a, p, err := s.proposed(ctx, actor, number)
	if err != nil {
		return a, err
	}
	if err := s.MayConfirm(p, actor); err != nil {
		return a, err
	}
	return s.setStanding(ctx, actor, a, &p)
}

// RejectStanding gives up the change that was proposed for an act, which stays
// in force. Who proposed it may take it back.
func (s *Service) RejectStanding(ctx context.Context, actor Actor, number, remark string) (Act, error) {
	remark, err := checkReason(remark)
	if err != nil {
		return Act{}, err
	}
	a, p, err := s.proposed(ctx, actor, number)
	if err != nil {
		return a, err
	}
	p.State, p.DecidedBy, p.DecidedAt, p.Remark = ProposalRejected, actor.Login, s.Now().Truncate(time.Microsecond), remark
	err = s.Store.Update(ctx, func(tx Tx) error {
		if err := tx.DecideProposal(ctx, p); err != nil {
			return err
		}
		detail := p.describe()
		detail["reason"] = remark
		return s.record(ctx, tx, actor, audit.StandingRejected, a.Number, detail)
	})
	if err != nil {
		return a, fmt.Errorf("reject the change of act %s: %w", number, movedOn(err, number))
	}
	return a, nil
}

// proposed is an act with the change that was proposed for it, to who may
// change acts of its office.
func (s *Service) proposed(ctx context.Context, actor Actor, number string) (Act, Proposal, error) {
	a, err := s.Act(ctx, number)
	if err == nil {
		err = actor.May(ActChange, a.Office)
	}
	if err != nil {
		return a, Proposal{}, err
	}
	p, err := s.Proposal(ctx, a)
	return a, p, err
}

func (p Proposal) describe() map[string]string {
	return map[string]string{"standing": string(p.Standing), "by": p.By, "reason": p.Reason, "officer": p.ProposedBy}
}
