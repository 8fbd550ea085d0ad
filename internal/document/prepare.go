package document

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"

	"docsvc/internal/audit"
	"docsvc/internal/codes"
	"docsvc/internal/signing"
)

// prepare builds the signature revision of the act's current round and stages
// it: Issued → Prepared. The act then waits for its signer and has no job.
func (s *Service) prepare(ctx context.Context, a Act) (Act, error) {
	signer := a.Signers[a.Round]
	account, err := s.Account(ctx, signer.Login)
	if err != nil {
		return a, err
	}
	chain, err := s.usableCertificate(ctx, account)
	if err != nil {
		return a, err
	}
	base, err := s.baseRevision(ctx, &a)
	if err != nil {
		return a, err
	}
	now := s.Now()
	_, isRSA := chain[0].PublicKey.(*rsa.PublicKey)
	p, err := signing.Prepare(signing.Request{
		PDF: base, Field: signer.Field, Certificate: chain[0], Chain: chain[1:],
		Level: signing.Level(a.Level), Time: now, Name: signer.Name,
		Certify: a.Certify && a.Round == 0, PSS: isRSA && s.Rules.PSS,
	})
	if err != nil {
		return a, fmt.Errorf("prepare signature of %s: %w", signer.Login, err)
	}
	state, err := p.State()
	if err != nil {
		return a, fmt.Errorf("state of the prepared signature: %w", err)
	}
	staged := Staged{
		ActID: a.ID, Round: a.Round, PDF: p.PDF, BaseSize: len(base), Prepared: state,
		DocumentDigest: p.DocumentDigest, Digest: p.Digest, PreparedAt: now,
	}
	return s.advanceStaged(ctx, a, Prepared, staged, func(tx Tx) error {
		if err := tx.DeleteJob(ctx, a.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, workerActor, audit.ActPrepared, a.Number, digests(staged))
	})
}

// baseRevision returns the bytes that the current round signs: what is staged
// for it (the pages just set, an earlier signer's file, or the base of an
// earlier attempt), else the act typeset with its seal.
func (s *Service) baseRevision(ctx context.Context, a *Act) ([]byte, error) {
	staged, err := s.staged(ctx, *a)
	if err == nil {
		return staged.PDF[:staged.BaseSize], nil
	}
	if !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	if a.Seal == nil {
		if a.Seal, err = s.sealAct(ctx, *a); err != nil {
			return nil, err
		}
	}
	pdf, err := s.Drafter.Render(ctx, *a)
	if err != nil {
		return nil, fmt.Errorf("render act %s: %w", a.Number, err)
	}
	return pdf, nil
}

// sealAct makes the seal of the act's QR code.
func (s *Service) sealAct(ctx context.Context, a Act) ([]byte, error) {
	code, f, err := a.SealedFacts()
	if err != nil {
		return nil, err
	}
	seal, err := s.Sealer.Seal(ctx, code, f)
	if err != nil {
		return nil, newError(Unavailable, "error.seal.failed", err, "number", a.Number)
	}
	return seal, nil
}

// SealedFacts are what the act's seal says, and the code it is bound to.
func (a Act) SealedFacts() (codes.Code, codes.Facts, error) {
	summary, err := a.PublicSummary()
	if err != nil {
		return codes.Code{}, codes.Facts{}, err
	}
	code, err := codes.ParseCode(a.Code)
	if err != nil {
		return codes.Code{}, codes.Facts{}, fmt.Errorf("code of act %s: %w", a.Number, err)
	}
	f := codes.Facts{
		Case: a.Case, Act: a.Number, Kind: summary.Titles["az"], Date: string(a.Date),
		Office: summary.OfficeName, Signer: summary.SignerName, Amount: summary.Amount,
		Evaluation: a.Evaluation,
	}
	if copy(f.Digest[:], a.DataSHA256) != len(f.Digest) {
		return codes.Code{}, codes.Facts{}, fmt.Errorf("act %s has no hash of its data", a.Number)
	}
	for i, p := range summary.Parties {
		if i == maxSealedParties {
			f.OtherParties = len(summary.Parties) - i
			break
		}
		f.Parties = append(f.Parties, codes.Party{Role: sealedRole(p.Role), Name: p.Name})
	}
	f.Signer = sealedSigner(summary, f)
	return code, f, nil
}

// sealedSigner is how the seal names the signers: all of them, or the first one
// where the code would grow too large. The format has one text for it, so that
// whoever could read older seals reads these.
func sealedSigner(s Summary, f codes.Facts) string {
	var names []string
	for _, signer := range s.AllSigners() {
		names = append(names, signer.Name)
	}
	f.Signer = strings.Join(names, "; ")
	if len(names) > 1 && f.Check() != nil {
		return s.SignerName
	}
	return f.Signer
}

// maxSealedParties keeps the QR code small; the seal counts the others.
const maxSealedParties = 4

func sealedRole(role string) codes.Role {
	switch role {
	case "creditor":
		return codes.Creditor
	case "debtor":
		return codes.Debtor
	}
	return codes.OtherParty
}

func (s *Service) staged(ctx context.Context, a Act) (Staged, error) {
	st, ok := s.kept.take(a)
	if ok {
		return st, nil
	}
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		st, err = tx.Staged(ctx, a.ID)
		return err
	})
	if err != nil {
		return st, fmt.Errorf("staged bytes of act %s: %w", a.Number, err)
	}
	return st, nil
}

// advance moves a to state to, together with what else fn writes, and returns
// the act as it is then. ErrStale: somebody else has moved it since.
func (s *Service) advance(ctx context.Context, a Act, to State, fn func(Tx) error) (Act, error) {
	from := a.State
	moved := a
	moved.State = to
	err := s.Store.Update(ctx, func(tx Tx) error {
		if err := tx.Advance(ctx, moved, from); err != nil {
			return err
		}
		return fn(tx)
	})
	if err != nil {
		return a, fmt.Errorf("act %s from %s to %s: %w", a.Number, from, to, err)
	}
	moved.Epoch++
	return moved, nil
}

// advanceStaged is advance together with the act's working copy.
func (s *Service) advanceStaged(ctx context.Context, a Act, to State, staged Staged, fn func(Tx) error) (Act, error) {
	moved, err := s.advance(ctx, a, to, func(tx Tx) error {
		if err := tx.PutStaged(ctx, staged); err != nil {
			return err
		}
		return fn(tx)
	})
	if err == nil {
		s.kept.keep(moved, staged)
	}
	return moved, err
}
