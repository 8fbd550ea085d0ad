package document

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Run takes an act, whose job this process holds, as far as it goes without a
// key: to Prepared, where it waits for a signer, or to an end. The happy path
// and the recovery after a crash are this same function.
//
// When a step fails the job is given back with the error and a delay, and the
// act stays where it was; the error is returned too.
func (s *Service) Run(ctx context.Context, a Act) (Act, error) {
	for {
		var err error
		before, start := a, time.Now()
		switch a.State {
		case Issued:
			a, err = s.prepare(ctx, a)
			s.observe("prepare", start)
		case Signing:
			a, err = s.complete(ctx, a)
			s.observe("complete", start)
		case Signed:
			a, err = s.archiveRecord(ctx, a)
			s.observe("archive", start)
		default:
			return a, nil
		}
		if err != nil {
			return before, errors.Join(err, s.giveBack(ctx, before, err))
		}
	}
}

// Resume takes an act on whoever worked on it before. While another process
// holds its job, Resume waits: the lease is either given back or runs out.
func (s *Service) Resume(ctx context.Context, a Act) (Act, error) {
	for {
		err := s.Store.Update(ctx, func(tx Tx) error {
			job, err := tx.JobByAct(ctx, a.ID)
			if err != nil {
				return err
			}
			now := s.Now()
			if job.Owner == s.Owner && now.Before(job.LeaseEnds) {
				a, err = tx.ActByID(ctx, a.ID)
				return err
			}
			claimed, err := tx.ClaimJob(ctx, a.ID, s.Owner, now, now.Add(s.Rules.Lease))
			if err == nil {
				a = claimed // on ErrStale a still names the act to wait for
			}
			return err
		})
		switch {
		case err == nil:
			return s.Run(ctx, a)
		case errors.Is(err, ErrNotFound): // no job: nothing a process could do
			return s.Act(ctx, a.Number)
		case !errors.Is(err, ErrStale):
			return a, err
		}
		select {
		case <-ctx.Done():
			return a, newError(Unavailable, "error.act.busy", ctx.Err(), "number", a.Number)
		case <-time.After(resumePoll):
		}
	}
}

// resumePoll is the pause between looks at a job that another process holds.
const resumePoll = 200 * time.Millisecond

// giveBack ends this process's lease on an act after err.
func (s *Service) giveBack(ctx context.Context, a Act, cause error) error {
	if errors.Is(cause, ErrStale) {
		return nil // the act is another process's now
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := s.Store.Update(ctx, func(tx Tx) error {
		job, err := tx.JobByAct(ctx, a.ID)
		if err != nil {
			return err
		}
		now := s.Now()
		if reason := reasonOf(cause); job.Attempts == 0 || reason != job.Reason {
			job.Reason, job.Since = reason, now
		}
		job.Attempts++
		job.Owner, job.RunAfter = s.Owner, now.Add(backoff(job.Attempts))
		job.LastError = cause.Error()
		return tx.ReleaseJob(ctx, job)
	})
	if errors.Is(err, ErrStale) || errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// backoff is the pause before attempt n+1: it doubles up to five minutes.
func backoff(n int) time.Duration {
	return min(time.Second<<min(n-1, 16), 5*time.Minute)
}

// Worker drives every act that needs no key, delivers the outbox, sequences the
// ledger and renews what is archived. Several processes may run one each.
type Worker struct {
	Service     *Service
	Parallel    int           // acts at once
	Interval    time.Duration // between looks at the register when it is idle
	LedgerEvery time.Duration // between checkpoints
	RenewEvery  time.Duration // between passes over what is due for renewal; 0: none
}

// Run works until ctx is done, then finishes the acts in hand.
func (w *Worker) Run(ctx context.Context) error {
	if w.RenewEvery > 0 {
		var renewals sync.WaitGroup
		defer renewals.Wait()
		renewals.Go(func() { w.renewals(ctx) })
	}
	ledgerDue := time.Now()
	for {
		busy := w.Once(ctx)
		if now := time.Now(); !now.Before(ledgerDue) {
			ledgerDue = now.Add(w.LedgerEvery)
			w.report(ctx, "sequence the ledger", w.Service.Sequence(ctx))
			w.report(ctx, "follow the audit trail", w.Service.Follow(ctx))
		}
		if busy && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(w.Interval):
		}
	}
}

// Once runs the acts that are due and the outbox once, and reports whether
// there was anything to run.
func (w *Worker) Once(ctx context.Context) bool {
	s := w.Service
	w.report(ctx, "deliver the outbox", s.Flush(ctx))
	var acts []Act
	now := s.Now()
	err := s.Store.Update(ctx, func(tx Tx) (err error) {
		acts, err = tx.ClaimJobs(ctx, s.Owner, now, now.Add(s.Rules.Lease), 4*w.Parallel)
		return err
	})
	if err != nil {
		w.report(ctx, "claim jobs", err)
		return false
	}
	var g errgroup.Group
	g.SetLimit(w.Parallel)
	for _, a := range acts {
		g.Go(func() error {
			_, err := s.Run(context.WithoutCancel(ctx), a)
			if err != nil {
				s.Log.WarnContext(ctx, "act stays where it was",
					slog.String("act", a.Number), slog.String("state", string(a.State)), slog.Any("error", err))
			}
			return nil
		})
	}
	return g.Wait() == nil && len(acts) > 0
}

func (w *Worker) report(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		w.Service.Log.WarnContext(ctx, "worker", slog.String("step", what), slog.Any("error", err))
	}
}
