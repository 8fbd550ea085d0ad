package document

import (
	"context"
	"slices"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
)

// VoidKind says in what way an act was given up.
type VoidKind string

// The ways to give up an act.
const (
	GivenUp  VoidKind = ""         // by somebody who may void in the office
	Returned VoidKind = "returned" // by its approver, to its author, with a remark
)

// ActVoided is the body of the archive event of a voided act: with it a
// rebuild knows why the number is in no record. The event has the act's id.
type ActVoided struct {
	Act    Act       `json:"act"`
	Round  int       `json:"round,omitempty"` // of Act: so many had signed
	Kind   VoidKind  `json:"kind,omitempty"`
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// Void gives up an act that is not signed by all yet. Its number stays used. An
// act whose signature is being made, or that is signed and waits for the
// archive, cannot be voided: the archive might come to hold it
// (docs/decisions/0005). One whose signature waits for an authority that is
// down can be, by the head (docs/decisions/0033).
func (s *Service) Void(ctx context.Context, actor Actor, number, reason string) (Act, error) {
	return s.void(ctx, actor, number, reason, GivenUp, s.MayBeVoided)
}

// Return gives an act back to its author instead of approving it. Since what is
// numbered is never changed, the act is voided; the author sees the remark and
// may issue another one.
func (s *Service) Return(ctx context.Context, actor Actor, number, remark string) (Act, error) {
	return s.void(ctx, actor, number, remark, Returned, s.MayBeReturned)
}

func (s *Service) void(ctx context.Context, actor Actor, number, reason string, kind VoidKind,
	may func(context.Context, Act, Actor) error) (Act, error) {
	reason, err := checkReason(reason)
	if err != nil {
		return Act{}, err
	}
	a, err := s.Act(ctx, number)
	if err != nil {
		return a, err
	}
	if err := may(ctx, a, actor); err != nil {
		return a, err
	}
	a.VoidKind, a.VoidReason, a.VoidedBy = kind, reason, actor.Login
	a.ChangedAt = s.Now().Truncate(time.Microsecond)
	item, err := s.eventAs(a.ID, archive.KindVoid, a.Number, ActVoided{
		Act: a, Round: a.Round, Kind: kind, Reason: reason, By: actor.Login, At: a.ChangedAt,
	})
	if err != nil {
		return a, err
	}
	done := audit.ActVoided
	if kind == Returned {
		done = audit.ActReturned
	}
	a, err = s.advance(ctx, a, Voided, func(tx Tx) error {
		if err := tx.DeleteStaged(ctx, a.ID); err != nil {
			return err
		}
		if err := tx.DeleteJob(ctx, a.ID); err != nil {
			return err
		}
		if err := s.decided(ctx, tx, item, a.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, done, a.Number, map[string]string{"reason": reason})
	})
	if err != nil {
		return a, movedOn(err, number)
	}
	return a, s.deliver(ctx, item)
}

// decided puts an event about an act into the outbox and its leaf into the
// ledger.
func (s *Service) decided(ctx context.Context, tx Tx, item OutboxItem, actID string) error {
	if err := tx.InsertOutbox(ctx, item); err != nil {
		return err
	}
	return tx.InsertLedgerEntry(ctx, LedgerEntry{ID: s.NewID(), ActID: actID, Leaf: eventLeaf(item)})
}

// MayBeVoided says whether actor may give up a, as it stands now.
func (s *Service) MayBeVoided(ctx context.Context, a Act, actor Actor) error {
	if err := actor.May(ActVoid, a.Office); err != nil {
		return err
	}
	if a.State == Issued || a.State == Prepared {
		return nil
	}
	for _, role := range []Role{RoleHead, RoleChief} {
		if a.State != Signing {
			break
		}
		may, err := s.actsAs(ctx, actor, role, a.Office)
		if may && err == nil {
			may, err = s.stuck(ctx, a)
		}
		if may || err != nil {
			return err
		}
	}
	return newError(Conflict, "error.act.not_voidable", nil, "number", a.Number, "state", string(a.State))
}

// stuck says whether a is being signed, its key was used and answered, and what
// comes after that has failed: it waits for a time-stamp or validation data.
// Nothing of it has left the staging then, and whoever works on it is refused by
// the act's epoch. While the key is being called the answer is no.
func (s *Service) stuck(ctx context.Context, a Act) (bool, error) {
	var stuck bool
	err := s.Store.View(ctx, func(tx Tx) error {
		intents, err := tx.Intents(ctx, a.ID)
		if err != nil || len(intents) == 0 || intents[len(intents)-1].Outcome != OutcomeSigned {
			return err
		}
		job, err := tx.JobByAct(ctx, a.ID)
		stuck = job.Attempts > 0
		return orNone(err)
	})
	return stuck, err
}

// MayBeReturned says whether a waits for actor to approve it, so that actor may
// return it to its author.
func (s *Service) MayBeReturned(ctx context.Context, a Act, actor Actor) error {
	if err := actor.May(ActVoid, a.Office); err != nil {
		return err
	}
	if a.Round == 0 || !slices.Contains([]State{Issued, Prepared}, a.State) {
		return newError(Conflict, "error.act.not_returnable", nil, "number", a.Number, "state", string(a.State))
	}
	return s.theirTurn(ctx, actor, a)
}
