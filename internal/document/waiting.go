package document

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/signing"
)

// Reason says which part an act waits for whose job has failed.
type Reason string

// The reasons.
const (
	WaitsForTimestamp   Reason = "timestamp"       // the time-stamping authority
	WaitsForData        Reason = "validation_data" // OCSP responder or revocation list
	WaitsForArchive     Reason = "archive"         // it does not answer
	WaitsForAlarm       Reason = "archive_alarm"   // it does not keep what it was given
	WaitsForRegister    Reason = "register"        // it failed at the time
	WaitsForCertificate Reason = "certificate"     // the signer's cannot be used
	WaitsForSeal        Reason = "seal"            // the key of the QR code's seal
	WaitsForOther       Reason = "other"           // anything else: the log says what
)

// Reasons lists all reasons.
func Reasons() []Reason {
	return []Reason{
		WaitsForTimestamp, WaitsForData, WaitsForArchive, WaitsForAlarm,
		WaitsForRegister, WaitsForCertificate, WaitsForSeal, WaitsForOther,
	}
}

// Message is the key of the sentence that tells it to people.
func (r Reason) Message() string {
	switch r {
	case WaitsForTimestamp:
		return "waiting.timestamp"
	case WaitsForData:
		return "waiting.validation_data"
	case WaitsForArchive:
		return "waiting.archive"
	case WaitsForAlarm:
		return "waiting.archive_alarm"
	case WaitsForRegister:
		return "waiting.register"
	case WaitsForCertificate:
		return "waiting.certificate"
	case WaitsForSeal:
		return "waiting.seal"
	}
	return "waiting.other"
}

// reasonOf says what a failed step waits for.
func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, signing.ErrTimestamp):
		return WaitsForTimestamp
	case errors.Is(err, signing.ErrValidationData):
		return WaitsForData
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return WaitsForOther
	}
	switch e.Key {
	case "error.archive.unavailable":
		return WaitsForArchive
	case "error.archive.alarm":
		return WaitsForAlarm
	case "error.seal.failed":
		return WaitsForSeal
	case "error.sign.validation_data":
		return WaitsForData
	}
	switch {
	case strings.HasPrefix(e.Key, "error.register."):
		return WaitsForRegister
	case strings.HasPrefix(e.Key, "error.revocation."):
		return WaitsForData
	case strings.HasPrefix(e.Key, "error.certificate."), strings.HasPrefix(e.Key, "error.account."):
		return WaitsForCertificate
	}
	return WaitsForOther
}

// WaitingAct is an act whose job has failed, with the job.
type WaitingAct struct {
	Act Act
	Job Job
}

// WaitingCount is how many acts wait for a part, and since when the first.
type WaitingCount struct {
	Reason Reason
	Acts   int
	Since  time.Time
}

// WaitingQuery chooses among the acts that wait.
type WaitingQuery struct {
	Reason Reason // empty: any
	// After continues a list behind its last entry.
	After WaitingCursor
	Limit int
	// Of is whose acts: those of an author, and those of offices. Everywhere
	// is all of them.
	Officer    string
	Offices    []string
	Everywhere bool
}

// WaitingCursor is the place of an entry in the list.
type WaitingCursor struct {
	Since time.Time
	ActID string
}

// Cursor is the entry's place in the list.
func (w WaitingAct) Cursor() WaitingCursor { return WaitingCursor{w.Job.Since, w.Act.ID} }

// maxWaiting is the longest page of the list.
const maxWaiting = 500

// Waiting lists the acts that wait for a part that is down, the longest waiting
// first: an officer's own, for a head those of the office, for an operator
// those of the offices that the grants are for. The answer is shorter than the
// limit at the end of the list only.
func (s *Service) Waiting(ctx context.Context, actor Actor, q WaitingQuery) ([]WaitingAct, error) {
	if err := actor.Within(ScopeReadActs); err != nil {
		return nil, err
	}
	return s.waiting(ctx, actor, q)
}

func (s *Service) waiting(ctx context.Context, actor Actor, q WaitingQuery) ([]WaitingAct, error) {
	q = q.within(actor)
	if q.Limit <= 0 || q.Limit > maxWaiting {
		q.Limit = maxWaiting
	}
	var list []WaitingAct
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		list, err = tx.JobsWaiting(ctx, q)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("acts that wait: %w", err)
	}
	return list, nil
}

// within limits q to what actor may see.
func (q WaitingQuery) within(actor Actor) WaitingQuery {
	q.Officer, q.Offices, q.Everywhere = actor.Login, nil, false
	for _, g := range actor.Grants {
		if g.Role != RoleHead && !slices.Contains(permitted[ActOperate], g.Role) {
			continue
		}
		if g.Office == AnyOffice {
			q.Everywhere = true
		} else if !slices.Contains(q.Offices, g.Office) {
			q.Offices = append(q.Offices, g.Office)
		}
	}
	return q
}

// RetryNow makes acts that wait, of those that actor sees in [Service.Waiting],
// due at once: the one with a number, or all with an empty one. It says how
// many there were; the worker takes them. One that is being worked on is let
// be.
func (s *Service) RetryNow(ctx context.Context, actor Actor, number string) (int, error) {
	if err := actor.Within(ScopeRetryJobs); err != nil {
		return 0, err
	}
	if number != "" {
		return s.retryAct(ctx, actor, number)
	}
	total := 0
	q := WaitingQuery{}
	for {
		list, err := s.waiting(ctx, actor, q)
		if err != nil || len(list) == 0 {
			return total, err
		}
		n, err := s.hasten(ctx, actor, list)
		total += n
		if err != nil || len(list) < maxWaiting {
			return total, err
		}
		q.After = list[len(list)-1].Cursor()
	}
}

func (s *Service) retryAct(ctx context.Context, actor Actor, number string) (int, error) {
	a, err := s.Act(ctx, number)
	if err != nil {
		return 0, err
	}
	q := WaitingQuery{}.within(actor)
	if a.Officer != q.Officer && !q.Everywhere && !slices.Contains(q.Offices, a.Office) {
		return 0, newError(Forbidden, "error.forbidden", nil,
			"login", actor.Login, "action", "job.retry", "office", a.Office)
	}
	return s.hasten(ctx, actor, []WaitingAct{{Act: a}})
}

func (s *Service) hasten(ctx context.Context, actor Actor, list []WaitingAct) (n int, err error) {
	ids := make([]string, len(list))
	for i, w := range list {
		ids[i] = w.Act.ID
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		if n, err = tx.HastenJobs(ctx, ids, s.Now()); err != nil || n == 0 {
			return err
		}
		subject := list[0].Act.Number
		if len(list) > 1 {
			subject = "jobs"
		}
		return s.record(ctx, tx, actor, audit.JobRetried, subject, map[string]string{"of": fmt.Sprint(n)})
	})
	if err != nil {
		return 0, fmt.Errorf("try acts again: %w", err)
	}
	return n, nil
}
