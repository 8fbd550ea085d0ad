package document

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
)

// maxReason is the longest reason in characters.
const maxReason = 500

// StandingChanged is the body of the archive event of an act that was
// superseded or annulled. The event has the act's id.
type StandingChanged struct {
	Act      string   `json:"act"`
	Standing Standing `json:"standing"`
	By       string   `json:"by"` // number of the act that did it
	Reason   string   `json:"reason"`
	// ProposedBy is the first of two persons; Actor is the second, or the only
	// one.
	ProposedBy string    `json:"proposed_by,omitempty"`
	Actor      string    `json:"actor"`
	At         time.Time `json:"at"`
}

// ChangeStanding records that an archived act was superseded or annulled by
// another act of the same case, which is itself signed, archived and in force.
// It returns when the change is in the archive. Where the act's class demands
// two persons, nothing but a [Proposal] is recorded, and the act comes back as
// it is: in force.
func (s *Service) ChangeStanding(ctx context.Context, actor Actor, number string, to Standing, by, reason string) (Act, error) {
	if to != Superseded && to != Annulled {
		return Act{}, fmt.Errorf("act %s cannot become %q", number, to)
	}
	reason, err := checkReason(reason)
	if err != nil {
		return Act{}, err
	}
	a, err := s.Act(ctx, number)
	if err != nil {
		return a, err
	}
	if err := s.MayBeChanged(a, actor); err != nil {
		return a, err
	}
	if s.Rules.NeedsTwo(a.Template) {
		return a, s.propose(ctx, actor, a, to, by, reason)
	}
	return s.setStanding(ctx, actor, a, &Proposal{Standing: to, By: by, Reason: reason})
}

// setStanding changes the standing of a as p has it. Actor is the only person,
// or the second one of a proposal that is stored.
func (s *Service) setStanding(ctx context.Context, actor Actor, a Act, p *Proposal) (Act, error) {
	to, by, reason, number := p.Standing, p.By, p.Reason, a.Number
	a.Standing, a.ChangedBy, a.Reason, a.ChangedAt = to, by, reason, s.Now().Truncate(time.Microsecond)
	item, err := s.eventAs(a.ID, archive.KindStatus, a.Number, StandingChanged{
		Act: a.Number, Standing: to, By: by, Reason: reason, ProposedBy: p.ProposedBy, Actor: actor.Login, At: a.ChangedAt,
	})
	if err != nil {
		return a, err
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		if err := mayChange(ctx, tx, a, by); err != nil {
			return err
		}
		if p.ID != "" {
			p.State, p.DecidedBy, p.DecidedAt = ProposalConfirmed, actor.Login, a.ChangedAt
			if err := tx.DecideProposal(ctx, *p); err != nil {
				return err
			}
		}
		if err := tx.ChangeStanding(ctx, a); err != nil {
			return err
		}
		if err := s.decided(ctx, tx, item, a.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.StandingChanged, a.Number, map[string]string{
			"standing": string(to), "by": by, "reason": reason,
		})
	})
	if err != nil {
		return a, fmt.Errorf("change standing of act %s: %w", number, movedOn(err, number))
	}
	return a, s.deliver(ctx, item)
}

// MayBeChanged says whether actor may supersede or annul a, as it stands now.
func (s *Service) MayBeChanged(a Act, actor Actor) error {
	if err := actor.May(ActChange, a.Office); err != nil {
		return err
	}
	if a.State != Archived || a.Standing != InForce {
		return newError(Conflict, "error.act.not_in_force", nil, "number", a.Number,
			"state", string(a.State), "standing", string(a.Standing))
	}
	return nil
}

// mayChange checks the act that is to change the standing of a, in the same
// transaction: two acts must not annul one another.
func mayChange(ctx context.Context, tx Tx, a Act, by string) error {
	decision, err := tx.ActByNumber(ctx, by)
	if err != nil {
		return lookupError(err, "error.act.unknown", "number", by)
	}
	if decision.ID == a.ID || decision.Case != a.Case || decision.State != Archived || decision.Standing != InForce {
		return newError(Conflict, "error.act.no_decision", nil, "number", a.Number, "by", by)
	}
	return nil
}

func checkReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return "", newError(Invalid, "error.reason.missing", nil)
	}
	if utf8.RuneCountInString(reason) > maxReason || len(reason) > 2*maxReason {
		return "", newError(Invalid, "error.reason.too_long", nil, "max", fmt.Sprint(maxReason))
	}
	if !utf8.ValidString(reason) || strings.ContainsFunc(reason, unicode.IsControl) {
		return "", newError(Invalid, "error.reason.unprintable", nil)
	}
	return reason, nil
}
