package document

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"docsvc/internal/audit"
)

// ActFact is what there is to count and to tell of an act.
type ActFact struct {
	Number, Case, Office, Template string
	IssuedAt, ArchivedAt           time.Time
}

// IndexedEvent is an audit event by what people look for.
type IndexedEvent struct {
	Seq     int64 // of its link in the chain
	At      time.Time
	Actor   string
	Kind    audit.Kind
	Subject string
	Office  string // of the act, case or account; empty where there is none
}

// DayCount adds to the acts of a day; DayTime to those that took a step long.
type (
	DayCount struct {
		Day              Date
		Office, Template string
		N                int
	}
	DayTime struct {
		Day    Date
		Step   int
		Office string
		N      int
	}
)

// FollowTx keeps what is derived from the audit trail: it can be made again
// from its beginning.
type FollowTx interface {
	// Followed is the last link of the chain that was taken over.
	Followed(ctx context.Context) (int64, error)
	// MoveFollowed writes it; ErrStale when it is not from.
	MoveFollowed(ctx context.Context, from, to int64) error
	// ActFacts tells those acts among numbers that there are.
	ActFacts(ctx context.Context, numbers []string) (map[string]ActFact, error)
	// CaseOffices and AccountOffices tell the offices of those that there are.
	CaseOffices(ctx context.Context, numbers []string) (map[string]string, error)
	AccountOffices(ctx context.Context, logins []string) (map[string]string, error)
	IndexAudit(ctx context.Context, events []IndexedEvent) error
	// Trail lists indexed events with what was recorded, the newest first.
	Trail(ctx context.Context, q TrailQuery) ([]TrailEntry, error)
	AddDayCount(ctx context.Context, c DayCount) error
	AddDayTime(ctx context.Context, t DayTime) error
	// DayCounts lists those of the days from first to last by day, DayTimes by
	// day and step, summed up over offices; of one office if it is not empty.
	DayCounts(ctx context.Context, first, last Date, office string) ([]DayCount, error)
	DayTimes(ctx context.Context, first, last Date, office string) ([]DayTime, error)
}

// followBatch is how many events are taken over at once.
const followBatch = 500

// Follow takes what was chained since the last time over into what is derived
// from the trail: its index, the counts by day, and what is to be told to
// webhooks (docs/decisions/0035). One process does it at a time.
func (s *Service) Follow(ctx context.Context) error {
	for {
		n, err := s.followBatch(ctx)
		if errors.Is(err, ErrStale) {
			return nil // another process is at it
		}
		if err != nil {
			return fmt.Errorf("follow the audit trail: %w", err)
		}
		if n < followBatch {
			return nil
		}
	}
}

func (s *Service) followBatch(ctx context.Context) (n int, err error) {
	var from int64
	var last AuditLink
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		if from, err = tx.Followed(ctx); err == nil {
			last, err = tx.LastAuditLink(ctx)
		}
		return err
	})
	if err != nil || last.Seq <= from {
		return 0, err // an idle service writes nothing
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		rows, links, err := tx.AuditChain(ctx, from+1, followBatch)
		if n = len(rows); err != nil || n == 0 {
			return err
		}
		// First, so that of two processes one waits and then knows that it is late.
		if err := tx.MoveFollowed(ctx, from, links[n-1].Seq); err != nil {
			return err
		}
		return s.take(ctx, tx, rows, links)
	})
	return n, err
}

// take derives everything from a batch of the trail.
func (s *Service) take(ctx context.Context, tx Tx, rows []AuditRow, links []AuditLink) error {
	events := make([]audit.Event, len(rows))
	index := make([]IndexedEvent, len(rows))
	subjects := make([]string, len(rows))
	for i, r := range rows {
		e, err := audit.Decode(r.Data)
		if err != nil { // what VerifyTrail names must not end everything else
			e = audit.Event{Kind: unreadable, At: s.Now(), Subject: "?"}
		}
		events[i], subjects[i] = e, e.Subject
		index[i] = IndexedEvent{Seq: links[i].Seq, At: e.At, Actor: e.Actor, Kind: e.Kind, Subject: e.Subject}
	}
	acts, err := tx.ActFacts(ctx, subjects)
	if err != nil {
		return err
	}
	cases, err := tx.CaseOffices(ctx, subjects)
	if err != nil {
		return err
	}
	accounts, err := tx.AccountOffices(ctx, subjects)
	if err != nil {
		return err
	}
	for i := range index {
		name := index[i].Subject
		for _, office := range []string{acts[name].Office, cases[name], accounts[name]} {
			if index[i].Office == "" {
				index[i].Office = office
			}
		}
	}
	if err := tx.IndexAudit(ctx, index); err != nil {
		return err
	}
	if err := s.countDays(ctx, tx, events, acts); err != nil {
		return err
	}
	return s.announce(ctx, tx, events, links, acts)
}

// unreadable is the kind under which a damaged event is indexed.
const unreadable audit.Kind = "audit.unreadable"

// countDays adds the acts that were archived.
func (s *Service) countDays(ctx context.Context, tx Tx, events []audit.Event, acts map[string]ActFact) error {
	counts, times := map[DayCount]int{}, map[DayTime]int{}
	for _, e := range events {
		a, ok := acts[e.Subject]
		if e.Kind != audit.ActArchived || !ok {
			continue
		}
		day := DateOf(e.At, s.Rules.Location)
		counts[DayCount{Day: day, Office: a.Office, Template: a.Template}]++
		times[DayTime{Day: day, Office: a.Office, Step: stepOf(e.At.Sub(a.IssuedAt))}]++
	}
	for c, n := range counts {
		c.N = n
		if err := tx.AddDayCount(ctx, c); err != nil {
			return err
		}
	}
	for t, n := range times {
		t.N = n
		if err := tx.AddDayTime(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// stepsPerOctave says how fine durations are counted: a step is 19 % longer
// than the one before.
const stepsPerOctave = 4

// stepOf is the step of a duration, 0 up to a millisecond.
func stepOf(d time.Duration) int {
	ms := max(1, float64(d)/float64(time.Millisecond))
	return int(math.Ceil(stepsPerOctave * math.Log2(ms)))
}

// stepEnd is the longest duration of a step.
func stepEnd(step int) time.Duration {
	return time.Duration(math.Exp2(float64(step)/stepsPerOctave) * float64(time.Millisecond))
}
