package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/signing"
)

// keyTimeout bounds one call of a key. It runs out well before the lease.
const keyTimeout = 20 * time.Second

// Sign uses the signer's key once for an act that waits for this signer, and
// takes the act on as far as it goes: to the archive after the last signature.
//
// The intent is recorded before the key is called. If the key's answer is
// lost, the intent is closed as unknown and the act waits again for its signer,
// who authenticates anew; nobody else can repeat the call.
func (s *Service) Sign(ctx context.Context, actor Actor, a Act, key KeyHolder) (Act, error) {
	if a.State != Prepared {
		return a, newError(Conflict, "error.act.not_waiting", nil, "number", a.Number, "state", string(a.State))
	}
	if err := actor.May(ActSign, a.Office); err != nil {
		return a, err
	}
	signer := a.Signers[a.Round]
	if signer.Login != actor.Login {
		return a, newError(Forbidden, "error.act.other_signer", nil, "number", a.Number, "signer", signer.Login)
	}
	start := time.Now()
	staged, p, a, err := s.freshlyPrepared(ctx, a)
	if err != nil {
		return a, movedOn(err, a.Number)
	}
	a, intent, err := s.recordIntent(ctx, actor, a, key.KeyID(), staged, p)
	if err != nil {
		return a, movedOn(err, a.Number)
	}
	// From here on the caller going away must not lose what the key did.
	ctx = context.WithoutCancel(ctx)
	if err := s.useKey(ctx, actor, &a, intent, p, key); err != nil {
		return a, err
	}
	s.observe("sign", start)
	round := a.Round
	a, err = s.Run(ctx, a)
	if err == nil && a.State == Prepared && a.Round == round {
		err = newError(Unavailable, "error.sign.refused", nil, "number", a.Number)
	}
	return a, err
}

// freshlyPrepared returns the staged revision that the signer is to sign. One
// that has waited too long, or names a certificate that is no longer the
// signer's, is built anew, since it would state a wrong time or person.
func (s *Service) freshlyPrepared(ctx context.Context, a Act) (Staged, *signing.Prepared, Act, error) {
	account, err := s.Account(ctx, a.Signers[a.Round].Login)
	if err != nil {
		return Staged{}, nil, a, err
	}
	chain, err := s.usableCertificate(ctx, account)
	if err != nil {
		return Staged{}, nil, a, err
	}
	for range 2 {
		staged, err := s.staged(ctx, a)
		if err != nil {
			return staged, nil, a, err
		}
		p, err := signing.RestorePrepared(staged.PDF, staged.Prepared)
		if err != nil {
			return staged, nil, a, fmt.Errorf("staged signature of %s: %w", a.Number, err)
		}
		fresh := s.Now().Sub(staged.PreparedAt) <= s.Rules.PreparedFor
		if fresh && bytes.Equal(p.Certificate.Raw, chain[0].Raw) {
			return staged, p, a, nil
		}
		if a, err = s.prepareAgain(ctx, a, staged); err != nil {
			return staged, nil, a, err
		}
	}
	return Staged{}, nil, a, newError(Unavailable, "error.act.stale_preparation", nil, "number", a.Number)
}

// prepareAgain takes a prepared act one step back and forward again, from the
// same base.
func (s *Service) prepareAgain(ctx context.Context, a Act, staged Staged) (Act, error) {
	staged.PDF, staged.Prepared = staged.PDF[:staged.BaseSize], nil
	a, err := s.advanceStaged(ctx, a, Issued, staged, func(tx Tx) error {
		return tx.InsertJob(ctx, s.lease(a.ID))
	})
	if err != nil {
		return a, err
	}
	return s.Run(ctx, a)
}

// recordIntent writes down that this key is about to be used for exactly these
// digests: Prepared → Signing.
func (s *Service) recordIntent(ctx context.Context, actor Actor, a Act, keyID string, staged Staged, p *signing.Prepared) (Act, SignIntent, error) {
	intent := SignIntent{
		ID: s.NewID(), ActID: a.ID, Round: a.Round, Login: actor.Login, KeyID: keyID,
		Certificate: p.Certificate.Raw, DocumentDigest: staged.DocumentDigest, Digest: staged.Digest,
		Outcome: OutcomeOpen, At: s.Now(),
	}
	a, err := s.advance(ctx, a, Signing, func(tx Tx) error {
		earlier, err := tx.Intents(ctx, a.ID)
		if err != nil {
			return err
		}
		intent.Attempt = len(earlier) + 1
		if err := tx.InsertIntent(ctx, intent); err != nil {
			return err
		}
		if err := tx.InsertJob(ctx, s.lease(a.ID)); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.SignIntended, a.Number, intent.describe())
	})
	if err == nil {
		s.kept.keep(a, staged)
	}
	return a, intent, err
}

// useKey calls the key and closes the intent with what came of it.
func (s *Service) useKey(ctx context.Context, actor Actor, a *Act, intent SignIntent, p *signing.Prepared, key KeyHolder) error {
	callCtx, cancel := context.WithTimeout(ctx, keyTimeout)
	defer cancel()
	signature, keyErr := key.Sign(callCtx, p.Digest, p.SignerOpts())
	if keyErr == nil {
		if err := p.Algorithm.Verify(p.Certificate.PublicKey, p.Digest, signature); err != nil {
			// The key was used, but not for this act or not this key: what it
			// gave is worth nothing and is not kept.
			keyErr = fmt.Errorf("signature value: %w", err)
		}
	}
	if keyErr != nil {
		outcome := OutcomeUnknown
		if errors.Is(keyErr, ErrKeyRefused) {
			outcome = OutcomeRefused
		}
		moved, err := s.backToSigner(ctx, actor, *a, intent, outcome)
		*a = moved
		return errors.Join(newError(Unavailable, "error.key.failed", keyErr, "login", actor.Login), err)
	}
	err := s.Store.Update(ctx, func(tx Tx) error {
		if err := tx.CloseIntent(ctx, intent.ID, OutcomeSigned, signature); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.SignDone, a.Number, intent.describe())
	})
	if err != nil {
		return fmt.Errorf("keep signature of act %s: %w", a.Number, err)
	}
	return nil
}

// backToSigner closes an intent that brought no signature: Signing → Prepared.
func (s *Service) backToSigner(ctx context.Context, actor Actor, a Act, intent SignIntent, outcome Outcome) (Act, error) {
	return s.advance(ctx, a, Prepared, func(tx Tx) error {
		if err := tx.CloseIntent(ctx, intent.ID, outcome, nil); err != nil {
			return err
		}
		if err := tx.DeleteJob(ctx, a.ID); err != nil {
			return err
		}
		detail := intent.describe()
		detail["outcome"] = string(outcome)
		return s.record(ctx, tx, actor, audit.SignFailed, a.Number, detail)
	})
}

// describe gives what the audit trail keeps of an intent.
func (i SignIntent) describe() map[string]string {
	cert := sha256.Sum256(i.Certificate)
	return map[string]string{
		"intent": i.ID, "round": fmt.Sprint(i.Round), "attempt": fmt.Sprint(i.Attempt), "key": i.KeyID,
		"certificate_sha256": fmt.Sprintf("%x", cert), "document_digest": fmt.Sprintf("%x", i.DocumentDigest),
		"digest": fmt.Sprintf("%x", i.Digest),
	}
}

// digests gives what the audit trail keeps of a staged revision.
func digests(st Staged) map[string]string {
	return map[string]string{
		"round": fmt.Sprint(st.Round), "document_digest": fmt.Sprintf("%x", st.DocumentDigest),
		"digest": fmt.Sprintf("%x", st.Digest),
	}
}
