package document

import (
	"fmt"
	"time"

	"docsvc/internal/signing"
)

// LevelOf is the signature level of acts of a class: what Levels has for the
// template, else for its retention class, else Level.
func (r Rules) LevelOf(template, retentionClass string) signing.Level {
	for _, class := range []string{template, retentionClass} {
		if level, ok := r.Levels[class]; ok {
			return level
		}
	}
	return r.Level
}

// Certifies says whether the first signature of acts of a class certifies them;
// the template's own entry counts before that of its retention class.
func (r Rules) Certifies(template, retentionClass string) bool {
	for _, class := range []string{template, retentionClass} {
		if certifies, ok := r.Certify[class]; ok {
			return certifies
		}
	}
	return false
}

// CheckLevels refuses rules that ask for a level that is not made, or that this
// service lacks the parts for. It is for the start of a process.
func (s *Service) CheckLevels() error {
	if err := s.levelReady(s.Rules.Level); err != nil {
		return err
	}
	for class, level := range s.Rules.Levels {
		if err := s.levelReady(level); err != nil {
			return fmt.Errorf("acts of class %q: %w", class, err)
		}
	}
	return nil
}

// levelReady says whether the service has what signatures of a level need. An
// act is never issued at a level that it could not reach.
func (s *Service) levelReady(level signing.Level) error {
	if err := level.Check(); err != nil {
		return newError(Invalid, "error.level.unknown", err, "level", string(level))
	}
	if level.AtLeast(signing.LevelBT) && s.Timestamps == nil || level.AtLeast(signing.LevelBLT) && s.Augmenter == nil {
		return newError(Unavailable, "error.level.unavailable", nil, "level", string(level))
	}
	return nil
}

// due is the level that the signatures of a must have reached when its current
// round ends: a document time-stamp comes after the last one.
func (a Act) due() signing.Level {
	level := signing.Level(a.Level)
	if level == signing.LevelBLTA && a.Round+1 < len(a.Signers) {
		return signing.LevelBLT
	}
	return level
}

// renewBy is until when a file can be proved as it is. At level B-T that needs
// the signers' authorities too, which answer for a certificate until it ends.
func renewBy(r *signing.Report) time.Time {
	until := r.RenewBy
	for _, s := range r.Signatures {
		if s.Level == signing.LevelBT && s.Certificate != nil && s.Certificate.NotAfter.Before(until) {
			until = s.Certificate.NotAfter
		}
	}
	return until
}
