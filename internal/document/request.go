package document

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// KeptRequest is a request that its sender may send again, with the answer that
// the first one got.
type KeptRequest struct {
	Key     [sha256.Size]byte // of who asks and what they call the request
	Request [sha256.Size]byte // of what is asked
	Answer  KeptAnswer
	// LeaseEnds is until when the first one is being worked on, Expires until
	// when the answer is kept.
	LeaseEnds, Expires time.Time
}

// KeptAnswer is an answer as it was given; Status 0 stands for none yet.
type KeptAnswer struct {
	Status                int
	ContentType, Location string
	Body                  []byte
}

// RequestTx keeps requests.
type RequestTx interface {
	// InsertRequest answers ErrExists when the key is taken.
	InsertRequest(ctx context.Context, r KeptRequest) error
	RequestByKey(ctx context.Context, key [sha256.Size]byte) (KeptRequest, error)
	// TakeRequest replaces one without an answer, whose lease was until leaseEnds,
	// or one that has expired by now; ErrStale when it is neither.
	TakeRequest(ctx context.Context, r KeptRequest, leaseEnds, now time.Time) error
	// AnswerRequest keeps an answer; ErrStale when another process has taken the
	// request over.
	AnswerRequest(ctx context.Context, r KeptRequest) error
	// ForgetRequest lets the key be used anew.
	ForgetRequest(ctx context.Context, key [sha256.Size]byte) error
	// PurgeRequests removes some that have expired, PurgeMessages some that were
	// done before a time; they say how many.
	PurgeRequests(ctx context.Context, now time.Time, limit int) (int, error)
	PurgeMessages(ctx context.Context, before time.Time, limit int) (int, error)
}

const (
	requestLease = 2 * time.Minute // longer than any request takes
	requestKept  = 24 * time.Hour
)

// BeginRequest says whether a request with a key is the first one. If it is not
// the answer of the first one is returned; with another content, or while the
// first one is being worked on, it is an error. Who died at it leaves it to who
// asks after its lease.
func (s *Service) BeginRequest(ctx context.Context, key, request [sha256.Size]byte) (r KeptRequest, first bool, err error) {
	now := s.Now().UTC().Truncate(time.Microsecond)
	fresh := KeptRequest{Key: key, Request: request, LeaseEnds: now.Add(requestLease), Expires: now.Add(requestKept)}
	err = s.Store.Update(ctx, func(tx Tx) error {
		r, first = fresh, true
		err := tx.InsertRequest(ctx, fresh)
		if !errors.Is(err, ErrExists) {
			return err
		}
		old, err := tx.RequestByKey(ctx, key)
		if err != nil {
			return err
		}
		over := !now.Before(old.Expires)
		switch {
		case !over && old.Request != request:
			return newError(Invalid, "error.idempotency.other", nil)
		case !over && old.Answer.Status != 0:
			r, first = old, false
			return nil
		case !over && now.Before(old.LeaseEnds):
			return newError(Conflict, "error.idempotency.running", nil)
		}
		if err := tx.TakeRequest(ctx, fresh, old.LeaseEnds, now); errors.Is(err, ErrStale) {
			return newError(Conflict, "error.idempotency.running", err)
		} else if err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		return r, false, fmt.Errorf("request with a key: %w", err)
	}
	return r, first, nil
}

// EndRequest keeps the answer of a request that was begun, or, without one,
// lets it be sent anew.
func (s *Service) EndRequest(ctx context.Context, r KeptRequest) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		if r.Answer.Status == 0 {
			return tx.ForgetRequest(ctx, r.Key)
		}
		return tx.AnswerRequest(ctx, r)
	})
	if err != nil && !errors.Is(err, ErrStale) {
		return fmt.Errorf("answer of a request with a key: %w", err)
	}
	return nil
}

const (
	deliveriesKept = 30 * 24 * time.Hour
	purgeRows      = 1000
)

// Purge removes requests and deliveries that nobody asks for any more.
func (s *Service) Purge(ctx context.Context) error {
	for {
		now, left := s.Now(), false
		err := s.Store.Update(ctx, func(tx Tx) error {
			requests, err := tx.PurgeRequests(ctx, now, purgeRows)
			if err != nil {
				return err
			}
			deliveries, err := tx.PurgeMessages(ctx, now.Add(-deliveriesKept), purgeRows)
			left = requests == purgeRows || deliveries == purgeRows
			return err
		})
		if err != nil || !left {
			return err
		}
	}
}
