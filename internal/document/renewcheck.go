package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"docsvc/internal/signing"
)

// verifyForRenewal verifies a rendition of an act as of now.
func (s *Service) verifyForRenewal(ctx context.Context, r *renewal, file []byte, sequence int) (*signing.Report, error) {
	report, err := s.Verifier.Verify(ctx, file, s.Now())
	if err != nil {
		return nil, newError(Unavailable, "error.renewal.validation_data", err, "number", r.act.Number)
	}
	said := errors.New(whyNot(report))
	if report.SubIndication == signing.TryLater {
		return nil, newError(Unavailable, "error.renewal.validation_data", said, "number", r.act.Number)
	}
	if report.Indication != signing.TotalPassed || len(report.Signatures) != len(r.act.Signers) {
		return nil, newError(Conflict, "error.renewal.refused", said, "number", r.act.Number, "rendition", fmt.Sprint(sequence),
			"indication", report.Indication, "detail", report.SubIndication)
	}
	return report, nil
}

// whyNot says for the log what kept a file from passing.
func whyNot(r *signing.Report) string {
	parts := []string{r.Indication, r.SubIndication}
	add := func(what, field string, v signing.Verdict) {
		if v.Indication != signing.TotalPassed {
			parts = append(parts, fmt.Sprintf("%s %s: %s %q", what, field, v.SubIndication, v.Reasons))
		}
	}
	for _, s := range r.Signatures {
		add("signature", s.Field, s.Verdict)
	}
	for _, t := range r.DocumentTimestamps {
		add("time-stamp", t.Field, t.Verdict)
	}
	return strings.Join(append(parts, r.Reasons...), " ")
}

// raised says whether all signatures are at level B-LTA.
func raised(r *signing.Report) bool {
	for _, s := range r.Signatures {
		if s.Level != signing.LevelBLTA {
			return false
		}
	}
	return true
}

// errNotLonger: the time-stamping authority's certificate is the old one still.
var errNotLonger = errors.New("the new time-stamp does not prove the act any longer than the old one")

// checkRenewal refuses a file that is not the current one with more behind it,
// does not pass, or proves nothing longer.
func (s *Service) checkRenewal(ctx context.Context, r *renewal, file []byte) error {
	sequence := r.act.Rendition + 1
	if len(file) <= len(r.current) || !bytes.HasPrefix(file, r.current) {
		return newError(Conflict, "error.renewal.other_file", nil, "number", r.act.Number, "rendition", fmt.Sprint(sequence))
	}
	report, err := s.verifyForRenewal(ctx, r, file, sequence)
	if err != nil {
		return err
	}
	if !raised(report) {
		return newError(Unavailable, "error.renewal.validation_data",
			errors.New("the signatures do not reach level B-LTA"), "number", r.act.Number)
	}
	until := renewBy(report)
	if raised(r.before) && !until.After(renewBy(r.before)) {
		return newError(Unavailable, "error.renewal.not_longer", errNotLonger, "number", r.act.Number,
			"until", until.UTC().Format(time.DateOnly))
	}
	r.made = Rendition{
		ActID: r.act.ID, Sequence: sequence, Size: int64(len(file)),
		Level: string(signing.LevelBLTA), RenewBy: until.UTC().Truncate(time.Microsecond),
	}
	return nil
}
