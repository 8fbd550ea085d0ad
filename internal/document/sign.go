package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

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
	start := time.Now()
	r, err := s.makeReady(ctx, actor, a, s.Rules.PreparedFor)
	if err != nil {
		return r.act, err
	}
	result := s.signTogether(ctx, actor, []ready{r}, key, "", start)[0]
	return result.Act, result.Err
}

// SignResult is what became of one act of several that were signed together.
type SignResult struct {
	Act Act
	Err error
}

// ready is an act with the revision that its signer is about to sign.
type ready struct {
	act      Act
	staged   Staged
	prepared *signing.Prepared
	intent   SignIntent
}

// makeReady checks that a waits for actor, and returns what there is to sign,
// prepared within the given time.
func (s *Service) makeReady(ctx context.Context, actor Actor, a Act, within time.Duration) (ready, error) {
	if err := s.mayBeSigned(ctx, actor, a); err != nil {
		return ready{act: a}, err
	}
	staged, p, a, err := s.freshlyPrepared(ctx, a, within)
	return ready{act: a, staged: staged, prepared: p}, movedOn(err, a.Number)
}

// mayBeSigned says whether a waits for actor.
func (s *Service) mayBeSigned(ctx context.Context, actor Actor, a Act) error {
	if a.State != Prepared {
		return newError(Conflict, "error.act.not_waiting", nil, "number", a.Number, "state", string(a.State))
	}
	if err := actor.May(ActSign, a.Office); err != nil {
		return err
	}
	return s.theirTurn(ctx, actor, a)
}

// theirTurn says whether actor is the signer of the current round, and may
// still be: in the role that the act names, or in the place of who is absent.
func (s *Service) theirTurn(ctx context.Context, actor Actor, a Act) error {
	signer := a.Signers[a.Round]
	if signer.Login != actor.Login {
		return newError(Forbidden, "error.act.other_signer", nil, "number", a.Number, "signer", signer.Login)
	}
	if signer.InsteadOf != nil {
		holds, err := s.substitutes(ctx, func(x Substitution) bool { return x.ID == signer.InsteadOf.Substitution })
		if err != nil {
			return err
		}
		if !holds {
			return newError(Forbidden, "error.substitution.over", nil, "number", a.Number, "login", signer.InsteadOf.Login)
		}
	} else if signer.Role != "" && !actor.Holds(signer.Role, a.Office) { // no longer
		return newError(Forbidden, "error.forbidden", nil,
			"login", actor.Login, "action", string(ActSign), "office", a.Office)
	}
	return twoPersons(a.Signers[:a.Round+1], a.Officer)
}

// together is how many acts of a batch are worked on at once.
const together = 8

// signTogether uses the key once for all the acts. Each has its own intent
// before, and goes its own way afterwards: a failure of one does not hold up
// the others.
func (s *Service) signTogether(ctx context.Context, actor Actor, acts []ready, key KeyHolder, authorisation string, start time.Time) []SignResult {
	results := make([]SignResult, len(acts))
	eachOf(len(acts), func(i int) {
		results[i].Act, results[i].Err = s.recordIntent(ctx, actor, &acts[i], key.KeyID(), authorisation)
	})
	// From here on the caller going away must not lose what the key did.
	ctx = context.WithoutCancel(ctx)
	var intended []int
	var digests [][]byte
	for i, r := range results {
		if r.Err == nil {
			intended = append(intended, i)
			digests = append(digests, acts[i].prepared.Digest)
		}
	}
	if len(intended) == 0 {
		return results
	}
	callCtx, cancel := context.WithTimeout(ctx, keyTimeout)
	signatures, use, keyErr := key.Sign(callCtx, digests, acts[intended[0]].prepared.SignerOpts())
	cancel()
	if keyErr == nil && len(signatures) != len(digests) {
		keyErr = fmt.Errorf("key gave %d signatures for %d digests", len(signatures), len(digests))
	}
	// Every intent is closed before any act goes on: an open one that outlives
	// its lease would count as lost.
	eachOf(len(intended), func(n int) {
		i := intended[n]
		acts[i].intent.KeyRequest = use
		var signature []byte
		if keyErr == nil {
			signature = signatures[n]
		}
		results[i].Act, results[i].Err = s.closeIntent(ctx, actor, acts[i], signature, keyErr)
		s.observe("sign", start)
		if s.ObserveKey != nil {
			s.ObserveKey(outcomeOf(keyErr))
		}
	})
	eachOf(len(intended), func(n int) {
		if r := &results[intended[n]]; r.Err == nil {
			r.Act, r.Err = s.afterSignature(ctx, r.Act)
		}
	})
	return results
}

// outcomeOf says what the key's error makes of an intent.
func outcomeOf(keyErr error) Outcome {
	switch {
	case keyErr == nil:
		return OutcomeSigned
	case errors.Is(keyErr, ErrKeyRefused):
		return OutcomeRefused
	}
	return OutcomeUnknown
}

// afterSignature takes an act on whose signature is kept.
func (s *Service) afterSignature(ctx context.Context, a Act) (Act, error) {
	round := a.Round
	a, err := s.Run(ctx, a)
	if err == nil && a.State == Prepared && a.Round == round {
		err = newError(Unavailable, "error.sign.refused", nil, "number", a.Number)
	}
	return a, err
}

// eachOf calls fn with 0 to n-1, several at once, and returns when all are done.
func eachOf(n int, fn func(i int)) {
	var g errgroup.Group
	g.SetLimit(together)
	for i := range n {
		g.Go(func() error {
			fn(i)
			return nil
		})
	}
	_ = g.Wait() // fn keeps its own error
}

// freshlyPrepared returns the staged revision that the signer is to sign. One
// that has waited too long, or names a certificate that is no longer the
// signer's, is built anew, since it would state a wrong time or person.
func (s *Service) freshlyPrepared(ctx context.Context, a Act, within time.Duration) (Staged, *signing.Prepared, Act, error) {
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
		fresh := s.Now().Sub(staged.PreparedAt) <= within
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
func (s *Service) recordIntent(ctx context.Context, actor Actor, r *ready, keyID, authorisation string) (Act, error) {
	intent := SignIntent{
		ID: s.NewID(), ActID: r.act.ID, Round: r.act.Round, Login: actor.Login, KeyID: keyID,
		Certificate: r.prepared.Certificate.Raw, DocumentDigest: r.staged.DocumentDigest, Digest: r.staged.Digest,
		Authorisation: authorisation, Outcome: OutcomeOpen, At: s.Now(),
	}
	a, err := s.advance(ctx, r.act, Signing, func(tx Tx) error {
		earlier, err := tx.Intents(ctx, r.act.ID)
		if err != nil {
			return err
		}
		intent.Attempt = len(earlier) + 1
		if err := tx.InsertIntent(ctx, intent); err != nil {
			return err
		}
		if err := tx.InsertJob(ctx, s.lease(r.act.ID)); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.SignIntended, r.act.Number, intent.describe())
	})
	if err != nil {
		return a, movedOn(err, a.Number)
	}
	r.act, r.intent = a, intent
	s.kept.keep(a, r.staged)
	return a, nil
}

// closeIntent keeps what the key gave for one act, or why it gave nothing.
func (s *Service) closeIntent(ctx context.Context, actor Actor, r ready, signature []byte, keyErr error) (Act, error) {
	a, intent := r.act, r.intent
	if keyErr == nil {
		if err := r.prepared.Algorithm.Verify(r.prepared.Certificate.PublicKey, r.prepared.Digest, signature); err != nil {
			// The key was used, but not for this act or not this key: what it
			// gave is worth nothing and is not kept.
			keyErr = fmt.Errorf("signature value: %w", err)
		}
	}
	if keyErr != nil {
		intent.Outcome = outcomeOf(keyErr)
		a, err := s.backToSigner(ctx, actor, a, intent)
		return a, errors.Join(newError(Unavailable, "error.key.failed", keyErr, "login", actor.Login), err)
	}
	intent.Outcome, intent.Signature = OutcomeSigned, signature
	err := s.Store.Update(ctx, func(tx Tx) error {
		if err := tx.CloseIntent(ctx, intent); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.SignDone, a.Number, intent.describe())
	})
	if err != nil {
		return a, fmt.Errorf("keep signature of act %s: %w", a.Number, err)
	}
	return a, nil
}

// backToSigner closes an intent that brought no signature: Signing → Prepared.
func (s *Service) backToSigner(ctx context.Context, actor Actor, a Act, intent SignIntent) (Act, error) {
	return s.advance(ctx, a, Prepared, func(tx Tx) error {
		if err := tx.CloseIntent(ctx, intent); err != nil {
			return err
		}
		if err := tx.DeleteJob(ctx, a.ID); err != nil {
			return err
		}
		detail := intent.describe()
		detail["outcome"] = string(intent.Outcome)
		return s.record(ctx, tx, actor, audit.SignFailed, a.Number, detail)
	})
}

// describe gives what the audit trail keeps of an intent.
func (i SignIntent) describe() map[string]string {
	cert := sha256.Sum256(i.Certificate)
	detail := map[string]string{
		"intent": i.ID, "round": fmt.Sprint(i.Round), "attempt": fmt.Sprint(i.Attempt), "key": i.KeyID,
		"certificate_sha256": fmt.Sprintf("%x", cert), "document_digest": fmt.Sprintf("%x", i.DocumentDigest),
		"digest": fmt.Sprintf("%x", i.Digest),
	}
	if i.Authorisation != "" {
		detail["authorisation"] = i.Authorisation
	}
	if i.KeyRequest != "" {
		detail["key_request"] = i.KeyRequest
	}
	return detail
}

// digests gives what the audit trail keeps of a staged revision.
func digests(st Staged) map[string]string {
	return map[string]string{
		"round": fmt.Sprint(st.Round), "document_digest": fmt.Sprintf("%x", st.DocumentDigest),
		"digest": fmt.Sprintf("%x", st.Digest),
	}
}
