package document

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// renewBefore is how long before its end a time-stamp is followed by another.
func (s *Service) renewBefore() time.Duration {
	if s.Rules.RenewBefore > 0 {
		return s.Rules.RenewBefore
	}
	return 365 * 24 * time.Hour
}

// DueForRenewal lists the archived acts that are due by a time, zero for now,
// the most urgent first: those that the end of their time-stamp, less
// Rules.RenewBefore and the act's own share of four months, is before, and
// those of which it is not known yet.
func (s *Service) DueForRenewal(ctx context.Context, before time.Time, limit int) ([]Act, error) {
	return s.dueAfter(ctx, before, RenewalCursor{}, limit)
}

// dueAfter continues the list of DueForRenewal behind an entry.
func (s *Service) dueAfter(ctx context.Context, before time.Time, after RenewalCursor, limit int) ([]Act, error) {
	if before.IsZero() {
		before = s.Now()
	}
	var acts []Act
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		acts, err = tx.ActsToRenew(ctx, before.Add(s.renewBefore()), after, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("acts due for renewal: %w", err)
	}
	return acts, nil
}

// CountDueForRenewal counts the acts that are due now, up to a limit.
func (s *Service) CountDueForRenewal(ctx context.Context, limit int) (n int, err error) {
	err = s.Store.View(ctx, func(tx Tx) error {
		n, err = tx.CountToRenew(ctx, s.Now().Add(s.renewBefore()), limit)
		return err
	})
	return n, err
}

// Renditions lists the files of an archived act, the first first.
func (s *Service) Renditions(ctx context.Context, a Act) ([]Rendition, error) {
	var list []Rendition
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		list, err = tx.Renditions(ctx, a.ID)
		return err
	})
	return list, err
}

// How the renewals of one process go: a page of acts at a time, in random order
// so that processes do not meet at the same act, and five a second, which is
// 400,000 a day, beside the line's own work.
const (
	renewalPage  = 50
	renewalPause = 200 * time.Millisecond
)

// RenewalCount says what one pass over the acts that are due did.
type RenewalCount struct {
	Renewed int
	NotDue  int // looked at for the first time
	Delayed int // no validation data to be had now
	Failed  int // alarms, each in the log
}

// maxDelayed is how many acts in a row may lack validation data before it is
// taken for a fault of more than theirs.
const maxDelayed = 5

// RenewDue renews what is due, once over the list, with a pause after each act.
// It stops with an error when an authority, the archive or the register is
// down, or the authority's certificate is still the one whose end is near. An
// act that cannot be renewed, or whose own authority does not answer, does not
// hold the others up.
func (s *Service) RenewDue(ctx context.Context, pause time.Duration) (RenewalCount, error) {
	var count RenewalCount
	var after RenewalCursor
	delayed := 0 // in a row
	for {
		acts, err := s.dueAfter(ctx, time.Time{}, after, renewalPage)
		if err != nil || len(acts) == 0 {
			return count, err
		}
		last := acts[len(acts)-1]
		after = RenewalCursor{At: last.RenewalTime(), ActID: last.ID}
		rand.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
		for _, a := range acts {
			err := s.renewOne(ctx, a, &count)
			if delayed++; err == nil || !isKey(err, "error.renewal.validation_data") {
				delayed = 0
			}
			if err != nil && (delayed == 0 || delayed == maxDelayed) {
				return count, err
			}
			select {
			case <-ctx.Done():
				return count, ctx.Err()
			case <-time.After(pause):
			}
		}
	}
}

// isKey says whether err is the error with a message.
func isKey(err error, key string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Key == key
}

// renewOne renews an act of the list, unless another process has by now. Its
// error is one that may hold for the other acts too.
func (s *Service) renewOne(ctx context.Context, a Act, count *RenewalCount) error {
	now, err := s.Act(ctx, a.Number)
	if err != nil {
		return err
	}
	if now.Rendition != a.Rendition || !now.RenewBy.Equal(a.RenewBy) {
		return nil
	}
	// Stopping does not lose a time-stamp that has been obtained.
	r, err := s.renew(context.WithoutCancel(ctx), workerActor, now, true)
	switch {
	case err == nil && r.made.Sequence == 0:
		count.NotDue++
	case err == nil:
		count.Renewed++
	case KindOf(err) == Unavailable:
		if isKey(err, "error.renewal.validation_data") {
			count.Delayed++
		}
		return err
	default:
		count.Failed++
	}
	return nil
}

// renewals renews what is due, again and again, until ctx is done.
func (w *Worker) renewals(ctx context.Context) {
	for {
		count, err := w.Service.RenewDue(ctx, renewalPause)
		if count != (RenewalCount{}) {
			w.Service.Log.InfoContext(ctx, "renewal of archived acts", slog.Int("renewed", count.Renewed),
				slog.Int("not_due", count.NotDue), slog.Int("delayed", count.Delayed), slog.Int("failed", count.Failed))
		}
		if !errors.Is(err, context.Canceled) {
			w.report(ctx, "renew archived acts", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(w.RenewEvery):
		}
	}
}
