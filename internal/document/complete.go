package document

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/signing"
)

// complete finishes the current round from the signature value that the intent
// holds: embed, timestamp, add the validation data, check with our own verifier.
// After the last signer
// the act is Signed and its bytes and manifest are fixed; before, it is Issued
// again for the next one. An intent that is still open here belongs to a
// process that died: its outcome is unknown, and the act waits for its signer.
func (s *Service) complete(ctx context.Context, a Act) (Act, error) {
	intents, err := s.intents(ctx, a.ID)
	if err != nil {
		return a, err
	}
	if len(intents) == 0 {
		return a, fmt.Errorf("act %s is being signed without an intent", a.Number)
	}
	intent := intents[len(intents)-1]
	if intent.Outcome != OutcomeSigned {
		intent.Outcome = OutcomeUnknown
		return s.backToSigner(ctx, workerActor, a, intent)
	}
	staged, err := s.staged(ctx, a)
	if err != nil {
		return a, err
	}
	p, err := signing.RestorePrepared(staged.PDF, staged.Prepared)
	if err != nil {
		return a, fmt.Errorf("staged signature of %s: %w", a.Number, err)
	}
	file, report, err := s.signedFile(ctx, a, p, intent, staged)
	if errors.Is(err, errRefused) {
		return s.signAnew(ctx, a, intent, err)
	}
	if err != nil {
		return a, err
	}
	staged.PDF, staged.Prepared, staged.BaseSize = file, nil, len(file)
	staged.TokenFor, staged.Token = "", nil
	if a.Round+1 < len(a.Signers) {
		return s.nextRound(ctx, a, staged)
	}
	return s.fix(ctx, a, staged, intents, report)
}

func (s *Service) intents(ctx context.Context, actID string) ([]SignIntent, error) {
	var list []SignIntent
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		list, err = tx.Intents(ctx, actID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("intents of act %s: %w", actID, err)
	}
	return list, nil
}

// signAnew gives up a signature that our verifier refuses, as when the
// certificate was revoked before the time-stamp could be had: Signing →
// Prepared. No retry would mend it; from there the act can be signed with
// another certificate, or voided.
func (s *Service) signAnew(ctx context.Context, a Act, intent SignIntent, cause error) (Act, error) {
	s.Log.WarnContext(ctx, "signature given up", slog.String("act", a.Number), slog.Any("error", cause))
	return s.advance(ctx, a, Prepared, func(tx Tx) error {
		if err := tx.DeleteJob(ctx, a.ID); err != nil {
			return err
		}
		detail := intent.describe()
		detail["outcome"] = "refused by the verifier"
		return s.record(ctx, tx, workerActor, audit.SignFailed, a.Number, detail)
	})
}

// nextRound hands a file with its first signatures to the next signer.
func (s *Service) nextRound(ctx context.Context, a Act, staged Staged) (Act, error) {
	next := a
	next.Round++
	staged.Round = next.Round
	return s.advanceStaged(ctx, next, Issued, staged, func(tx Tx) error {
		return s.record(ctx, tx, workerActor, audit.ActPartlySigned, a.Number, map[string]string{
			"round": fmt.Sprint(a.Round), "of": fmt.Sprint(len(a.Signers)),
		})
	})
}

// fix stores the signed bytes, their hash and the manifest: Signing → Signed.
// From here on only these bytes may be archived.
func (s *Service) fix(ctx context.Context, a Act, staged Staged, intents []SignIntent, report *signing.Report) (Act, error) {
	sum := sha256.Sum256(staged.PDF)
	a.SHA256 = sum[:]
	a.SignedAt = report.Signatures[len(report.Signatures)-1].BestTime
	a.RenewBy = renewBy(report)
	manifest, err := s.manifest(ctx, a, staged, intents, report)
	if err != nil {
		return a, err
	}
	staged.Manifest = manifest
	return s.advanceStaged(ctx, a, Signed, staged, func(tx Tx) error {
		return s.record(ctx, tx, workerActor, audit.ActSigned, a.Number, map[string]string{
			"sha256": fmt.Sprintf("%x", sum), "level": a.Level,
		})
	})
}

// manifest describes the record. It depends on nothing but the act as signed.
func (s *Service) manifest(ctx context.Context, a Act, staged Staged, intents []SignIntent, report *signing.Report) ([]byte, error) {
	c, err := s.Case(ctx, a.Case)
	if err != nil {
		return nil, err
	}
	caseJSON, err := canonicalJSON(c)
	if err != nil {
		return nil, err
	}
	actJSON, err := canonicalJSON(a)
	if err != nil {
		return nil, err
	}
	m := archive.Manifest{
		Year: a.IssuedAt.UTC().Year(), Number: a.Number, CaseNumber: a.Case, Code: a.Code,
		State: string(Archived), Evaluation: a.Evaluation,
		Template: archive.Template{ID: a.Template, Version: a.Version, Engine: s.Drafter.Engine()},
		Signers:  manifestSigners(a, intents, report),
		Renditions: []archive.Rendition{{
			Sequence: 1, SHA256: archive.Digest(a.SHA256), Size: int64(len(staged.PDF)), MediaType: "application/pdf",
		}},
		SignedAt: a.SignedAt, RetainUntil: a.RetainUntil,
		Case: caseJSON, Act: actJSON,
	}
	data, err := archive.EncodeManifest(m)
	if err != nil {
		return nil, fmt.Errorf("manifest of act %s: %w", a.Number, err)
	}
	return data, nil
}

func manifestSigners(a Act, intents []SignIntent, report *signing.Report) []archive.Signer {
	signers := make([]archive.Signer, 0, len(a.Signers))
	for n, i := range intents {
		last := n+1 == len(intents) || intents[n+1].Round != i.Round // an earlier one came to nothing
		if i.Outcome != OutcomeSigned || !last {
			continue
		}
		who, seen := a.Signers[i.Round], report.Signatures[i.Round]
		signers = append(signers, archive.Signer{
			Name: who.Name, Post: who.Post, Certificate: sha256.Sum256(i.Certificate), KeyID: i.KeyID,
			DocumentDigest: digest32(i.DocumentDigest), ToBeSigned: digest32(i.Digest),
			SignedAt: seen.BestTime, Level: string(seen.Level),
		})
	}
	return signers
}

// digest32 returns a SHA-256 digest as it is and hashes a longer one.
func digest32(b []byte) archive.Digest {
	if len(b) == sha256.Size {
		return archive.Digest(b)
	}
	return sha256.Sum256(b)
}

// archiveRecord puts the record into the archive, the manifest last, and then
// moves the row: Signed → Archived. "Already there" with the same bytes is
// success; with other bytes it is an alarm that no retry mends.
func (s *Service) archiveRecord(ctx context.Context, a Act) (Act, error) {
	staged, err := s.staged(ctx, a)
	if err != nil {
		return a, err
	}
	m, err := archive.DecodeManifest(staged.Manifest)
	if err != nil {
		return a, fmt.Errorf("staged manifest of act %s: %w", a.Number, err)
	}
	receipt, err := archive.WriteRecord(ctx, s.Archive, m, [][]byte{staged.PDF})
	if err != nil {
		return a, unavailable(err)
	}
	a.Path, a.Rendition = receipt.Renditions[0].Key, 1
	a.ArchivedAt = receipt.Manifest.Created
	a.Standing = InForce
	first := firstRendition(a, int64(len(staged.PDF)))
	return s.advance(ctx, a, Archived, func(tx Tx) error {
		if err := tx.InsertRendition(ctx, first); err != nil {
			return err
		}
		if err := tx.InsertLedgerEntry(ctx, LedgerEntry{ID: s.NewID(), ActID: a.ID, Leaf: recordLeaf(receipt.ManifestSHA256)}); err != nil {
			return err
		}
		if err := tx.DeleteStaged(ctx, a.ID); err != nil {
			return err
		}
		if err := tx.DeleteJob(ctx, a.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, workerActor, audit.ActArchived, a.Number, map[string]string{
			"path": a.Path, "version": receipt.Renditions[0].VersionID, "manifest_sha256": receipt.ManifestSHA256.String(),
		})
	})
}

// unavailable marks an archive that cannot be reached now as such, and one that
// does not keep what it was given as an alarm. Either way the act waits.
func unavailable(err error) error {
	switch {
	case errors.Is(err, archive.ErrUnavailable):
		return newError(Unavailable, "error.archive.unavailable", err)
	case errors.Is(err, archive.ErrConflict), errors.Is(err, archive.ErrUnlocked), errors.Is(err, archive.ErrDamaged):
		return newError(Unavailable, "error.archive.alarm", err)
	}
	return err
}
