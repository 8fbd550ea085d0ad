package web

import (
	"context"
	"errors"
	"time"

	"docsvc/internal/document"
)

// outcome is what became of one act of an authorisation.
type outcome string

const (
	outcomeWaits    outcome = "waits"    // nobody has authenticated for it yet
	outcomeWorking  outcome = "working"  // look again in a moment
	outcomeSigned   outcome = "signed"   // signed; it goes on by itself, to the archive or to the next signer
	outcomeArchived outcome = "archived" // signed and in the archive
	outcomeFailed   outcome = "failed"   // not signed under this authorisation
)

// settleTime is how long after its use an authorisation may leave an act
// without an intent: the key is being unlocked. Intents come before the key's
// one call, so later than that none will come any more.
const settleTime = time.Minute

// actOutcome is the outcome of one act, with the reason of a failure or delay.
type actOutcome struct {
	act     document.Act
	outcome outcome
	reason  error
}

// outcomes reads from the register what became of the acts of an authorisation,
// whichever process signed them. g, if this one did, knows the reasons of
// failures better.
func (s *site) outcomes(ctx context.Context, a document.Authorisation, g *batch) ([]actOutcome, error) {
	b := batchState{authorisation: a, now: s.Now(), reasons: map[string]error{}}
	if g != nil {
		b.running = !g.over()
		if !b.running {
			b.ended = true
			for _, result := range g.results {
				b.reasons[result.Act.ID] = result.Err
			}
			b.refused = g.err
		}
	}
	list := make([]actOutcome, len(a.Items))
	err := s.Office.Service.Store.View(ctx, func(tx document.Tx) error {
		for i, item := range a.Items {
			var err error
			if list[i], err = b.of(ctx, tx, item); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// batchState is what is known of a batch beside its acts.
type batchState struct {
	authorisation  document.Authorisation
	now            time.Time
	running, ended bool // in this process
	reasons        map[string]error
	refused        error
}

func (b *batchState) of(ctx context.Context, tx document.Tx, item document.AuthorisedItem) (actOutcome, error) {
	act, err := tx.ActByID(ctx, item.ActID)
	if err != nil {
		return actOutcome{}, err
	}
	intents, err := tx.Intents(ctx, item.ActID)
	if err != nil {
		return actOutcome{}, err
	}
	o := actOutcome{act: act}
	for _, intent := range intents {
		if intent.Authorisation == b.authorisation.ID {
			return b.intended(ctx, tx, o, item, intent)
		}
	}
	switch {
	case b.authorisation.State == document.AuthorisationOpen && !b.running:
		o.outcome, o.reason = outcomeWaits, b.refused
	case b.running, !b.ended && b.now.Sub(b.authorisation.UsedAt) < settleTime:
		o.outcome = outcomeWorking
	default:
		o.outcome, o.reason = outcomeFailed, b.why(act, "error.batch.unsigned")
	}
	return o, nil
}

// intended is the outcome of an act for which the key was to be called.
func (b *batchState) intended(ctx context.Context, tx document.Tx, o actOutcome, item document.AuthorisedItem,
	intent document.SignIntent) (actOutcome, error) {
	switch act := o.act; {
	case intent.Outcome == document.OutcomeOpen:
		o.outcome = outcomeWorking // or the worker closes it as unknown
	case intent.Outcome != document.OutcomeSigned:
		o.outcome, o.reason = outcomeFailed, b.why(act, "error.key.failed")
	case act.State == document.Archived:
		o.outcome = outcomeArchived
	case act.Round > item.Round:
		o.outcome = outcomeSigned
	case act.State == document.Prepared, act.State == document.Voided: // the signature was given up
		o.outcome, o.reason = outcomeFailed, b.why(act, "error.sign.refused")
	default:
		return onTheWay(ctx, tx, o)
	}
	return o, nil
}

// onTheWay is the outcome of an act whose signature is kept: it is being worked
// on, or waits for another try.
func onTheWay(ctx context.Context, tx document.Tx, o actOutcome) (actOutcome, error) {
	o.outcome = outcomeWorking
	job, err := tx.JobByAct(ctx, o.act.ID)
	if errors.Is(err, document.ErrNotFound) {
		return o, nil
	}
	if err == nil && job.Attempts > 0 {
		key := "error.sign.incomplete"
		if o.act.State == document.Signed {
			key = "error.archive.unavailable"
		}
		o.outcome, o.reason = outcomeSigned, actError(document.Unavailable, key, o.act)
	}
	return o, err
}

// why is the reason that this process knows or, without one, a general one.
func (b *batchState) why(act document.Act, key string) error {
	if err := b.reasons[act.ID]; err != nil {
		return err
	}
	if b.refused != nil {
		return b.refused
	}
	return actError(document.Conflict, key, act)
}

// actError is an error about an act, with all that its sentence may name.
func actError(kind document.Kind, key string, act document.Act) error {
	return &document.Error{Kind: kind, Key: key, Args: map[string]string{
		"number": act.Number, "login": act.Signers[min(act.Round, len(act.Signers)-1)].Login,
	}}
}
