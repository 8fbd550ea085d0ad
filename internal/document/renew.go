package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/signing"
)

// RenewalOutcome is how a renewal ended.
type RenewalOutcome string

// The outcomes of a renewal.
const (
	RenewalDone    RenewalOutcome = "done"
	RenewalNotDue  RenewalOutcome = "not_due" // looked at for the first time
	RenewalDelayed RenewalOutcome = "delayed" // an authority, the archive or the register is down
	RenewalFailed  RenewalOutcome = "failed"  // an alarm: the act needs a person
)

// Renew gives an archived act its next rendition: the bytes of the newest one,
// the validation data that it lacks, and another document time-stamp (EN 319
// 142-1 § 5.5). An act below level B-LTA is raised to it. Only what passes our
// verifier now is renewed, and only what passes it better afterwards is kept.
//
// It may be repeated after any error: what an earlier attempt, or another
// process at the same time, has put into the archive is checked and adopted.
func (s *Service) Renew(ctx context.Context, actor Actor, number string) (Rendition, error) {
	a, err := s.Act(ctx, number)
	if err != nil {
		return Rendition{}, err
	}
	if err := actor.May(ActOperate, a.Office); err != nil {
		return Rendition{}, err
	}
	r, err := s.renew(ctx, actor, a, false)
	return r.made, err
}

// renewal is one attempt to renew an act.
type renewal struct {
	act     Act // as it was
	record  archive.Record
	current []byte
	before  *signing.Report
	made    Rendition // zero when the act was not due
}

// renew renews a, with ifDue only if it turns out to be due. It tells of the
// outcome.
func (s *Service) renew(ctx context.Context, actor Actor, a Act, ifDue bool) (*renewal, error) {
	start := time.Now()
	r, err := s.tryRenew(ctx, actor, a, ifDue)
	outcome := RenewalDone
	switch {
	case err != nil && KindOf(err) == Unavailable || ctx.Err() != nil:
		outcome = RenewalDelayed
	case err != nil:
		outcome = RenewalFailed
		s.Log.ErrorContext(ctx, "an archived act cannot be renewed",
			slog.String("act", a.Number), slog.Int("rendition", a.Rendition), slog.Any("error", err))
	case r.made.Sequence == 0:
		outcome = RenewalNotDue
	}
	if s.ObserveRenewal != nil {
		s.ObserveRenewal(outcome)
	}
	s.observe("renew", start)
	return r, err
}

func (s *Service) tryRenew(ctx context.Context, actor Actor, a Act, ifDue bool) (*renewal, error) {
	r := &renewal{act: a, record: archive.Record{Year: a.IssuedAt.UTC().Year(), Number: a.Number}}
	if err := s.mayBeRenewed(a); err != nil {
		return r, err
	}
	if err := s.readCurrent(ctx, r); err != nil {
		return r, err
	}
	if ifDue && a.RenewBy.IsZero() {
		if known, err := s.lookedAt(ctx, r); err != nil || known {
			return r, err
		}
	}
	file, object, err := s.nextFile(ctx, r)
	if err != nil {
		return r, err
	}
	return r, s.commitRenewal(ctx, actor, r, file, object)
}

// mayBeRenewed says whether there is anything to renew. What need not be kept
// any longer is not renewed: the archive would not take it.
func (s *Service) mayBeRenewed(a Act) error {
	switch {
	case !a.Renewable():
		return newError(Conflict, "error.renewal.none", nil, "number", a.Number, "state", string(a.State), "level", a.Level)
	case !s.Now().Before(a.RetainUntil):
		return newError(Conflict, "error.renewal.retention", nil, "number", a.Number,
			"until", a.RetainUntil.UTC().Format(time.DateOnly))
	}
	return s.levelReady(signing.LevelBLTA)
}

// readCurrent reads the newest rendition and verifies it as of now. One that
// does not pass is an alarm: a time-stamp over it would only hide that.
func (s *Service) readCurrent(ctx context.Context, r *renewal) error {
	if len(r.act.SHA256) != sha256.Size {
		return fmt.Errorf("act %s has no hash of its file", r.act.Number)
	}
	var err error
	r.current, err = archive.ReadRendition(ctx, s.Archive, r.record,
		archive.Rendition{Sequence: r.act.Rendition, SHA256: archive.Digest(r.act.SHA256)})
	switch {
	case errors.Is(err, archive.ErrUnavailable):
		return unavailable(err)
	case err != nil:
		return newError(Conflict, "error.renewal.damaged", err, "number", r.act.Number, "rendition", fmt.Sprint(r.act.Rendition))
	}
	r.before, err = s.verifyForRenewal(ctx, r, r.current, r.act.Rendition)
	return err
}

// lookedAt keeps until when an act can be proved of which that was not known,
// and says whether it is to be left at that.
func (s *Service) lookedAt(ctx context.Context, r *renewal) (bool, error) {
	a := r.act
	a.RenewBy = renewBy(r.before).Truncate(time.Microsecond)
	if a.RenewBy.IsZero() || !a.RenewalTime().After(s.Now().Add(s.renewBefore())) {
		return false, nil
	}
	err := s.Store.Update(ctx, func(tx Tx) error { return tx.PointTo(ctx, a, a.Rendition) })
	if errors.Is(err, ErrStale) {
		err = nil // another process has renewed it
	}
	if err != nil {
		return false, fmt.Errorf("keep until when act %s can be proved: %w", a.Number, err)
	}
	return true, nil
}

// nextFile returns the next rendition as the archive has it: what is there
// already, else what is made now.
func (s *Service) nextFile(ctx context.Context, r *renewal) ([]byte, archive.Object, error) {
	key, err := r.record.RenditionKey(r.act.Rendition + 1)
	if err != nil {
		return nil, archive.Object{}, err
	}
	file, object, err := s.Archive.Get(ctx, key)
	if err == nil {
		return file, object, s.checkRenewal(ctx, r, file)
	}
	if !errors.Is(err, archive.ErrNotFound) {
		return nil, object, s.renewalArchiveError(r, err)
	}
	if file, err = s.makeRenewal(ctx, r); err != nil {
		return nil, object, err
	}
	rendition := archive.Rendition{
		Sequence: r.act.Rendition + 1, SHA256: sha256.Sum256(file), Size: int64(len(file)), MediaType: "application/pdf",
	}
	object, err = archive.WriteRendition(ctx, s.Archive, r.record, rendition, file, r.act.RetainUntil)
	if errors.Is(err, archive.ErrConflict) { // another process was faster
		if file, object, err = s.Archive.Get(ctx, key); err == nil {
			return file, object, s.checkRenewal(ctx, r, file)
		}
	}
	if err != nil {
		return nil, object, s.renewalArchiveError(r, err)
	}
	return file, object, nil
}

// renewalArchiveError tells an archive that does not answer from one that does
// not keep what it was given.
func (s *Service) renewalArchiveError(r *renewal, err error) error {
	if errors.Is(err, archive.ErrUnavailable) {
		return unavailable(err)
	}
	return newError(Conflict, "error.renewal.damaged", err, "number", r.act.Number, "rendition", fmt.Sprint(r.act.Rendition+1))
}

func (s *Service) makeRenewal(ctx context.Context, r *renewal) (file []byte, err error) {
	if raised(r.before) {
		file, err = s.Augmenter.Renew(ctx, r.current)
	} else {
		file, err = s.Augmenter.Augment(ctx, r.current, signing.LevelBLTA)
	}
	switch {
	case errors.Is(err, signing.ErrTimestamp):
		return nil, newError(Unavailable, "error.renewal.timestamp", err, "number", r.act.Number)
	case errors.Is(err, signing.ErrValidationData):
		return nil, newError(Unavailable, "error.renewal.validation_data", err, "number", r.act.Number)
	case err != nil:
		return nil, fmt.Errorf("renew act %s: %w", r.act.Number, err)
	}
	return file, s.checkRenewal(ctx, r, file)
}

// RenewalID names the event of a rendition.
func RenewalID(actID string, sequence int) string { return fmt.Sprintf("%s-%04d", actID, sequence) }

// commitRenewal makes the row name the new rendition, with the event, its leaf
// in the ledger and its place in the trail, and delivers the event. A process
// that comes too late finds the same rendition there.
func (s *Service) commitRenewal(ctx context.Context, actor Actor, r *renewal, file []byte, object archive.Object) error {
	sum := sha256.Sum256(file)
	made := &r.made
	made.SHA256, made.Path, made.CreatedAt = sum[:], object.Key, object.Created.UTC().Truncate(time.Microsecond)
	item, err := s.eventAs(RenewalID(r.act.ID, made.Sequence), archive.KindRenewal, r.act.Number, Renewed{
		Act: r.act.Number, Sequence: made.Sequence, SHA256: sum, Size: made.Size, Path: made.Path,
		Level: made.Level, RenewBy: made.RenewBy, At: made.CreatedAt, By: actor.Login,
	})
	if err != nil {
		return err
	}
	a := r.act
	a.SHA256, a.Path, a.Rendition, a.RenewBy = made.SHA256, made.Path, made.Sequence, made.RenewBy
	err = s.Store.Update(ctx, func(tx Tx) error {
		if err := tx.PointTo(ctx, a, r.act.Rendition); err != nil {
			return err
		}
		if err := tx.InsertRendition(ctx, *made); err != nil {
			return err
		}
		if err := s.decided(ctx, tx, item, a.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.ActRenewed, a.Number, map[string]string{
			"from": fmt.Sprint(r.act.Rendition), "to": fmt.Sprint(made.Sequence), "path": made.Path,
			"sha256": fmt.Sprintf("%x", sum), "until": made.RenewBy.Format(time.RFC3339),
		})
	})
	if errors.Is(err, ErrStale) {
		now, readErr := s.Act(ctx, a.Number)
		if readErr == nil && bytes.Equal(now.SHA256, sum[:]) {
			return nil
		}
		return errors.Join(movedOn(err, a.Number), readErr)
	}
	if err != nil {
		return fmt.Errorf("record rendition %d of act %s: %w", made.Sequence, a.Number, err)
	}
	return s.deliver(ctx, item)
}
