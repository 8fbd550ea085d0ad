package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/signing"
)

const (
	// MaxBatch is how many acts one authorisation may cover: as many as a key
	// signs and the register notes well within one lease.
	MaxBatch = 500
	// authorisationLife is how long the officer has to authenticate for it.
	authorisationLife = 5 * time.Minute
)

// Proof is what an officer's fresh authentication says. That it is genuine was
// checked by package auth, or by the key file that the passphrase opened;
// whether it is for this batch and this officer is checked here.
type Proof struct {
	Way     Way
	Subject string    // who, at the identity provider; whose key, by passphrase
	Nonce   string    // what it was asked for
	At      time.Time // of the authentication
	TokenID string    // names this one authentication
	Token   []byte    // the provider's, to be shown to others; a secret until it expires
}

// isOf says whether the proof is of the person of an account.
func (p Proof) isOf(a Account) bool {
	if p.Way == ByPassphrase {
		return p.Subject == a.Login
	}
	return a.Subject != "" && p.Subject == a.Subject
}

// Authorise records that actor is about to sign exactly these acts as they are
// now, and returns what the authentication has to be for. Acts that cannot be
// signed now are left out, each with its reason.
func (s *Service) Authorise(ctx context.Context, actor Actor, acts []Act) (Authorisation, []SignResult, error) {
	if len(acts) == 0 || len(acts) > MaxBatch {
		return Authorisation{}, nil, newError(Invalid, "error.batch.size", nil, "max", fmt.Sprint(MaxBatch))
	}
	found := make([]ready, len(acts))
	left := make([]SignResult, len(acts))
	eachOf(len(acts), func(i int) {
		// What is prepared must not grow too old while the officer logs in.
		r, err := s.makeReady(ctx, actor, acts[i], s.Rules.PreparedFor-authorisationLife)
		found[i], left[i] = r, SignResult{r.act, err}
	})
	now := s.Now()
	a := Authorisation{
		ID: s.NewID(), Login: actor.Login, Begun: now, Expires: now.Add(authorisationLife),
		State: AuthorisationOpen, RequestID: actor.RequestID,
	}
	var digests [][]byte
	for i, r := range found {
		if left[i].Err == nil {
			digests = append(digests, r.staged.Digest)
			a.Items = append(a.Items, AuthorisedItem{ActID: r.act.ID, Round: r.act.Round, Digest: r.staged.Digest})
		}
	}
	left = slices.DeleteFunc(left, func(r SignResult) bool { return r.Err == nil })
	if len(a.Items) == 0 {
		return Authorisation{}, left, newError(Conflict, "error.batch.nothing", left[0].Err)
	}
	a.Nonce = BatchNonce(digests)
	err := s.Store.Update(ctx, func(tx Tx) error {
		if err := tx.InsertAuthorisation(ctx, a); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.AuthorisationBegun, a.ID, map[string]string{
			"nonce": a.Nonce, "of": fmt.Sprint(len(a.Items)),
		})
	})
	if err != nil {
		return Authorisation{}, left, fmt.Errorf("record authorisation of %s: %w", actor.Login, err)
	}
	return a, left, nil
}

// OpenAuthorisation returns an authorisation of actor that may still be used.
func (s *Service) OpenAuthorisation(ctx context.Context, actor Actor, id string) (Authorisation, error) {
	var a Authorisation
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		a, err = tx.Authorisation(ctx, id)
		return err
	})
	if err == nil && a.Login != actor.Login {
		err = ErrNotFound // another officer's: not even that it exists is told
	}
	if err != nil {
		return Authorisation{}, lookupError(err, "error.batch.unknown")
	}
	if a.State != AuthorisationOpen {
		return a, newError(Conflict, "error.batch.used", nil)
	}
	if s.Now().After(a.Expires) {
		return a, newError(Conflict, "error.batch.expired", nil)
	}
	return a, nil
}

// SignAuthorised signs the acts of an authorisation under the officer's proof.
// The authorisation is used up before the key is unlocked, so that one proof
// brings at most one call of the key. unlock gets the key by that proof.
//
// An act that is no longer as it was authorised keeps its place and is not
// signed; its result says so.
func (s *Service) SignAuthorised(ctx context.Context, actor Actor, id string, proof Proof,
	unlock func(context.Context, Account) (KeyHolder, error)) ([]SignResult, error) {
	a, account, err := s.checkProof(ctx, actor, id, proof)
	if err != nil {
		return nil, err
	}
	acts, results := s.authorised(ctx, actor, a)
	if len(acts) == 0 {
		return results, nil
	}
	if err := s.useAuthorisation(ctx, actor, a, account, proof); err != nil {
		return nil, err
	}
	start := time.Now()
	key, err := unlock(ctx, account)
	if err != nil {
		return nil, newError(Unavailable, "error.key.locked", err, "login", actor.Login)
	}
	if key.KeyID() != account.KeyID {
		return nil, fmt.Errorf("key %s was unlocked for %s, whose key is %s", key.KeyID(), actor.Login, account.KeyID)
	}
	return append(results, s.signTogether(ctx, actor, acts, key, a.ID, start)...), nil
}

// checkProof refuses a proof that is not this officer's for this authorisation.
func (s *Service) checkProof(ctx context.Context, actor Actor, id string, proof Proof) (Authorisation, Account, error) {
	a, err := s.OpenAuthorisation(ctx, actor, id)
	if err != nil {
		return a, Account{}, err
	}
	account, err := s.Account(ctx, actor.Login)
	if err != nil {
		return a, account, err
	}
	if !proof.isOf(account) {
		return a, account, newError(Forbidden, "error.batch.other_person", nil, "login", actor.Login)
	}
	if proof.Nonce != a.Nonce || proof.TokenID == "" || proof.At.Before(a.Begun.Truncate(time.Second).Add(-clockTolerance)) {
		return a, account, newError(Forbidden, "error.batch.other_proof", nil, "login", actor.Login)
	}
	return a, account, nil
}

// clockTolerance is how far the identity provider's clock may be behind ours.
const clockTolerance = 5 * time.Second

// authorised collects the acts that still are as they were authorised.
func (s *Service) authorised(ctx context.Context, actor Actor, a Authorisation) ([]ready, []SignResult) {
	found := make([]ready, len(a.Items))
	results := make([]SignResult, len(a.Items))
	eachOf(len(a.Items), func(i int) {
		found[i], results[i].Err = s.asAuthorised(ctx, actor, a.Items[i])
		results[i].Act = found[i].act
	})
	var acts []ready
	var changed []SignResult
	for i, r := range results {
		if r.Err == nil {
			acts = append(acts, found[i])
		} else {
			changed = append(changed, r)
		}
	}
	return acts, changed
}

func (s *Service) asAuthorised(ctx context.Context, actor Actor, item AuthorisedItem) (ready, error) {
	var r ready
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		r.act, err = tx.ActByID(ctx, item.ActID)
		return err
	})
	if err != nil {
		r.act.ID = item.ActID
		return r, err
	}
	if err := s.mayBeSigned(ctx, actor, r.act); err != nil {
		return r, err
	}
	r.staged, err = s.staged(ctx, r.act)
	if err != nil {
		return r, err
	}
	if r.act.Round != item.Round || !bytes.Equal(r.staged.Digest, item.Digest) {
		return r, newError(Conflict, "error.act.moved", nil, "number", r.act.Number)
	}
	r.prepared, err = signing.RestorePrepared(r.staged.PDF, r.staged.Prepared)
	if err != nil {
		return r, fmt.Errorf("staged signature of %s: %w", r.act.Number, err)
	}
	return r, nil
}

// useAuthorisation closes the authorisation, and keeps how the consent was given
// and a provider's proof, encrypted. It goes into the archive too: whoever doubts
// a signature in thirty years can be shown what the officer consented to.
func (s *Service) useAuthorisation(ctx context.Context, actor Actor, a Authorisation, account Account, proof Proof) error {
	var err error
	if proof.Way == ByProvider {
		if a.Evidence, err = s.Evidence.SealEvidence(ctx, proof.Token); err != nil {
			return newError(Unavailable, "error.key.locked", fmt.Errorf("encrypt the proof: %w", err), "login", actor.Login)
		}
	}
	a.State, a.UsedAt, a.Way, a.TokenID, a.KeyID = AuthorisationUsed, s.Now(), proof.Way, proof.TokenID, account.KeyID
	item, err := s.event(archive.KindAuthorisation, a.Login, a)
	if err != nil {
		return err
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		if err := tx.UseAuthorisation(ctx, a); err != nil {
			return err
		}
		if err := tx.InsertOutbox(ctx, item); err != nil {
			return err
		}
		detail := map[string]string{"nonce": a.Nonce, "of": fmt.Sprint(len(a.Items)), "token_id": a.TokenID, "key": a.KeyID}
		if a.Way != ByProvider {
			detail["way"] = string(a.Way)
		}
		return s.record(ctx, tx, actor, audit.AuthorisationUsed, a.ID, detail)
	})
	if errors.Is(err, ErrStale) || errors.Is(err, ErrExists) {
		return newError(Conflict, "error.batch.used", err)
	}
	if err != nil {
		return fmt.Errorf("use authorisation of %s: %w", actor.Login, err)
	}
	return nil
}
