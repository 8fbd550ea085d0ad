package document

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/signing"
)

// signedFile makes the file of a round from a signature value: with its
// time-stamp, the validation data of all its signatures and, behind the last
// one, a document time-stamp, as far as the act's level asks for them. What an
// authority does not give now is an error of kind Unavailable, and the act
// waits; what can never pass is errRefused. There is no lower level instead.
//
// However many authorities are slow, the step ends before its lease does.
func (s *Service) signedFile(ctx context.Context, a Act, p *signing.Prepared, intent SignIntent, staged Staged) ([]byte, *signing.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Rules.Lease*3/4)
	defer cancel()
	file, err := s.embed(ctx, a, p, intent, staged)
	if err != nil {
		return nil, nil, err
	}
	if due := a.due(); due.AtLeast(signing.LevelBLT) {
		if err := s.levelReady(due); err != nil {
			return nil, nil, err
		}
		if file, err = s.Augmenter.Augment(ctx, file, due); err != nil {
			return nil, nil, notAugmented(err, a.Number)
		}
	}
	report, err := s.recheck(ctx, a, file)
	if errors.Is(err, errOrder) { // the next token may be of a later time
		err = errors.Join(err, s.keepToken(ctx, a.ID, "", nil))
	}
	return file, report, err
}

// embed completes the signature. A time-stamp that was obtained for it is kept
// at once, so that whatever fails afterwards does not buy another one.
func (s *Service) embed(ctx context.Context, a Act, p *signing.Prepared, intent SignIntent, staged Staged) ([]byte, error) {
	var tsa signing.Timestamper
	once := &onceTimestamper{from: s.Timestamps}
	if s.Timestamps != nil {
		tsa = once
	}
	if staged.TokenFor == intent.ID {
		once.token = staged.Token
	}
	file, err := signing.Complete(ctx, p, intent.Signature, tsa)
	if err != nil {
		return nil, notAugmented(err, a.Number)
	}
	if once.asked {
		if err := s.keepToken(ctx, a.ID, intent.ID, once.token); err != nil {
			return nil, err
		}
	}
	return file, nil
}

// keepToken does not mind that the time for the step is up: the token is there.
func (s *Service) keepToken(ctx context.Context, actID, intentID string, token []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return s.Store.Update(ctx, func(tx Tx) error { return tx.KeepToken(ctx, actID, intentID, token) })
}

// onceTimestamper gives the token that it has, and asks for one otherwise.
type onceTimestamper struct {
	from  signing.Timestamper
	token []byte
	asked bool
}

// Timestamp implements signing.Timestamper.
func (o *onceTimestamper) Timestamp(ctx context.Context, digest []byte, h crypto.Hash) ([]byte, error) {
	if len(o.token) > 0 {
		return o.token, nil
	}
	var err error
	o.token, err = o.from.Timestamp(ctx, digest, h)
	o.asked = err == nil
	return o.token, err
}

// notAugmented says which part a signature waits for, or that trying again does
// not help.
func notAugmented(err error, number string) error {
	switch {
	case errors.Is(err, signing.ErrNoPath):
		return fmt.Errorf("%w: act %s: %w", errRefused, number, err)
	case errors.Is(err, signing.ErrTimestamp):
		return newError(Unavailable, "error.sign.timestamp", err, "number", number)
	case errors.Is(err, signing.ErrValidationData):
		return newError(Unavailable, "error.sign.validation_data", err, "number", number)
	}
	return newError(Unavailable, "error.sign.incomplete", err, "number", number)
}

// errRefused: our own verifier will never pass what this signature gives.
var errRefused = errors.New("the signed file does not verify")

// errOrder: a clock is behind.
var errOrder = errors.New("the time-stamp is not later than what it covers")

// recheck opens a file that was just signed with our own verifier: what it
// would refuse is never archived.
func (s *Service) recheck(ctx context.Context, a Act, file []byte) (*signing.Report, error) {
	report, err := s.Verifier.Verify(ctx, file, s.Now())
	if err != nil {
		return nil, fmt.Errorf("check the signed act %s: %w", a.Number, err)
	}
	said := fmt.Errorf("%s %s", report.Indication, report.SubIndication)
	switch report.SubIndication {
	case signing.TryLater: // the list is old
		return nil, newError(Unavailable, "error.sign.validation_data", said, "number", a.Number)
	case signing.TimestampOrderFailure:
		return nil, newError(Unavailable, "error.sign.incomplete", fmt.Errorf("%w: %w", errOrder, said), "number", a.Number)
	}
	if report.Indication != signing.TotalPassed || len(report.Signatures) != a.Round+1 {
		return nil, fmt.Errorf("%w: act %s: %w, %d signatures", errRefused, a.Number, said, len(report.Signatures))
	}
	return report, a.reached(report)
}

// reached refuses signatures that are not at the level due. The time-stamp is
// an unsigned attribute: a file without it may pass too. What is missing beyond
// it can still be added.
func (a Act) reached(report *signing.Report) error {
	due, last := a.due(), a.Round+1 == len(a.Signers)
	for i, s := range report.Signatures {
		switch {
		case s.Level == due, !last && s.Level.AtLeast(due):
		case due.AtLeast(signing.LevelBLT) && s.Level.AtLeast(signing.LevelBT) && !s.Level.AtLeast(due):
			return newError(Unavailable, "error.sign.validation_data",
				fmt.Errorf("signature %d is at level %s, not %s", i+1, s.Level, due), "number", a.Number)
		default:
			return fmt.Errorf("%w: signature %d of act %s is at level %s, not %s", errRefused, i+1, a.Number, s.Level, due)
		}
	}
	return nil
}
