package document_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// meanwhile is a register in which something else happens just before the
// first Update of this process.
type meanwhile struct {
	document.Store
	happens func()
}

func (m *meanwhile) Update(ctx context.Context, fn func(document.Tx) error) error {
	if happens := m.happens; happens != nil {
		m.happens = nil
		happens()
	}
	return m.Store.Update(ctx, fn)
}

// TestRevokedBeforeTimestamp: a signature that our verifier will never pass
// does not hold the act for ever. It waits for its signer again, who may have
// another certificate by then, and the record names one signature.
func TestRevokedBeforeTimestamp(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	w.tsa.down.Store(true)
	a, err := line(t.Context(), w, s)
	if err == nil || a.State != document.Signing {
		t.Fatalf("act is %s, %v", a.State, err)
	}
	w.advance(time.Minute)
	w.pki.Revoke(w.officers["nigar"].entity.Cert, w.now())
	w.advance(10 * lease)
	w.tsa.down.Store(false)
	worker := workerOf(w.process())
	for worker.Once(t.Context()) {
	}
	if a = w.act(s, a.Number); a.State != document.Prepared {
		t.Fatalf("act is %s", a.State)
	}
	if calls := w.officers["nigar"].calls.Load(); calls != 1 {
		t.Errorf("the key was called %d times", calls)
	}
	w.officers["nigar"] = &officer{entity: w.pki.Officer(t, signingtest.P256(t))}
	w.staff(s)
	a = w.mustSign(s, a)
	for m, err := range archive.Records(t.Context(), w.archive) {
		if err != nil || len(m.Signers) != 1 || m.Number != a.Number {
			t.Errorf("record %s names %d signers, %v", m.Number, len(m.Signers), err)
		}
	}
	if n := w.audited(s, audit.SignFailed); n != 1 {
		t.Errorf("%d failed signatures in the trail", n)
	}
	w.nothingWaits(s)
}

// TestSignerIsTold: who signs learns that the signature was dropped.
func TestSignerIsTold(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	a := w.mustIssue(s, w.mustRegister(s, 1).Number, "x")
	w.officers["nigar"].after = func() error { // after the key, before the time-stamp
		w.pki.Revoke(w.officers["nigar"].entity.Cert, w.now().Add(-time.Second))
		return nil
	}
	a, err := s.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"])
	if document.KindOf(err) != document.Unavailable || a.State != document.Prepared {
		t.Errorf("act is %s, %v", a.State, err)
	}
	if _, err := s.Void(t.Context(), actor("nigar"), a.Number, "a reason"); err != nil {
		t.Error(err)
	}
}

// TestLevelChanged: the level of an act is that of its issue, whatever the
// configuration says when it is signed.
func TestLevelChanged(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	a, _, err := s.Issue(t.Context(), actor("nigar"), draftOf(w.mustRegister(s, 1).Number, "x"))
	if err != nil {
		t.Fatal(err)
	}
	w.advance(2 * lease)
	next := w.process()
	next.Rules.Level = signing.LevelBB
	if a, err = next.Resume(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if a = w.mustSign(next, a); a.Level != string(signing.LevelBT) {
		t.Errorf("level %s", a.Level)
	}
}

// TestKeyOfAnotherDraft: a request key that was used for another case or kind
// of act does not pass the other act off as the one that was asked for.
func TestKeyOfAnotherDraft(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	first, second := w.mustRegister(s, 1), w.mustRegister(s, 2)
	a := w.mustArchive(s, first.Number, "x")
	for name, d := range map[string]document.Draft{
		"another case": draftOf(second.Number, "x"),
		"another kind": {Case: first.Number, Template: "query", RequestKey: "x"},
	} {
		if got, _, err := s.Issue(t.Context(), actor("nigar"), d); document.KindOf(err) != document.Conflict {
			t.Errorf("%s: act %s, %v", name, got.Number, err)
		}
	}
	again, _, err := s.Issue(t.Context(), actor("nigar"), draftOf(first.Number, "x"))
	if err != nil || again.ID != a.ID {
		t.Errorf("the same request: %s, %v", again.Number, err)
	}
}

// recordingDrafter remembers the codes that it has typeset.
type recordingDrafter struct {
	*drafter
	codes []string
}

func (d *recordingDrafter) Render(ctx context.Context, a document.Act) ([]byte, error) {
	d.codes = append(d.codes, a.Code)
	return d.drafter.Render(ctx, a)
}

// TestPagesOfAnotherRequest: of two requests with one key the act is the
// winner's; the loser must not lend it pages with a code that nobody knows.
func TestPagesOfAnotherRequest(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	c := w.mustRegister(s, 1)
	other := w.process()
	var winner document.Act
	s.Store = &meanwhile{Store: w.store, happens: func() {
		var err error
		if winner, _, err = other.Issue(t.Context(), actor("nigar"), draftOf(c.Number, "x")); err != nil {
			t.Error(err)
		}
	}}
	pages := &recordingDrafter{drafter: w.drafter}
	s.Drafter = pages
	a, _, err := s.Issue(t.Context(), actor("nigar"), draftOf(c.Number, "x"))
	if err != nil || a.ID != winner.ID {
		t.Fatalf("act %s, not %s: %v", a.ID, winner.ID, err)
	}
	w.advance(2 * lease) // the winner dies
	if a, err = s.Resume(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(pages.codes, a.Code) {
		t.Errorf("act %s was prepared from pages with the code %s", a.Code, pages.codes)
	}
}

// TestStaleSigner: who signs an act that has moved on is told so.
func TestStaleSigner(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	a := w.mustIssue(s, w.mustRegister(s, 1).Number, "x")
	w.mustSign(s, a)
	if _, err := s.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"]); err == nil {
		t.Error("signed twice")
	}
	b := w.mustIssue(s, a.Case, "y")
	s.Store = &meanwhile{Store: w.store, happens: func() { w.mustSign(w.process(), b) }}
	_, err := s.Sign(t.Context(), actor("nigar"), b, w.officers["nigar"])
	if document.KindOf(err) != document.Conflict {
		t.Errorf("signed while another process did: %v", err)
	}
	if calls := w.officers["nigar"].calls.Load(); calls != 2 {
		t.Errorf("the key was called %d times for two acts", calls)
	}
}

// TestMutualAnnulment: of two acts that annul one another at the same time one
// stays in force.
func TestMutualAnnulment(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	c := w.mustRegister(s, 1)
	a, b := w.mustArchive(s, c.Number, "a"), w.mustArchive(s, c.Number, "b")
	other := w.process()
	s.Store = &meanwhile{Store: w.store, happens: func() {
		if _, err := other.ChangeStanding(t.Context(), actor("nigar"), b.Number, document.Annulled, a.Number, "first"); err != nil {
			t.Error(err)
		}
	}}
	_, err := s.ChangeStanding(t.Context(), actor("nigar"), a.Number, document.Annulled, b.Number, "second")
	if document.KindOf(err) != document.Conflict {
		t.Errorf("annulled by an annulled act: %v", err)
	}
	if a = w.act(s, a.Number); a.Standing != document.InForce {
		t.Errorf("act is %s", a.Standing)
	}
}

// TestInterruptedAttempt: a wrong passphrase is in the trail though the caller
// goes away while it is tried.
func TestInterruptedAttempt(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Attempt(ctx, actor("nigar"), "nigar", func() error {
		cancel()
		return document.ErrCredential
	})
	if document.KindOf(err) != document.Forbidden {
		t.Error(err)
	}
	if n := w.audited(s, audit.CredentialRefused); n != 1 {
		t.Errorf("%d refused credentials in the trail", n)
	}
}

// TestPoisonedOutbox: one event that the archive refuses keeps neither the
// others nor the ledger back, and is not forgotten.
func TestPoisonedOutbox(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	a := w.mustIssue(s, w.mustRegister(s, 1).Number, "x")
	err := w.register.Update(t.Context(), func(tx document.Tx) error {
		return tx.InsertOutbox(t.Context(), document.OutboxItem{ID: "0", Data: []byte("no event")})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.archive.SetDown(true)
	if _, err := s.Void(t.Context(), actor("nigar"), a.Number, "a reason"); err == nil {
		t.Fatal("voided without an archive")
	}
	w.archive.SetDown(false)
	if err := s.Sequence(t.Context()); err == nil {
		t.Error("nothing is said of the event that the archive refuses")
	}
	w.view(func(tx document.Tx) error {
		items, err := tx.Outbox(t.Context(), 10)
		if err != nil {
			return err
		}
		leaves, err := tx.UnsequencedEntries(t.Context(), 10)
		if len(items) != 1 || items[0].ID != "0" || len(leaves) != 0 {
			t.Errorf("%d events, %d leaves wait", len(items), len(leaves))
		}
		return err
	})
}

// TestCheckpointUnderLease: while the process that sequenced a batch archives
// its checkpoint, no other process does; when its lease is over, another may.
func TestCheckpointUnderLease(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	w.archive.Fail = func(op archivetest.Op) error {
		if op.Name == "put" && strings.Contains(op.Key, "checkpoint") {
			return errInjected
		}
		return nil
	}
	if err := s.Sequence(t.Context()); err == nil {
		t.Fatal("published without an archive")
	}
	w.archive.Fail = nil
	other := w.process()
	if err := other.Sequence(t.Context()); err != nil || len(w.checkpoints()) != 0 {
		t.Errorf("%d checkpoints while another process holds the lease, %v", len(w.checkpoints()), err)
	}
	w.advance(2 * lease)
	if err := other.Sequence(t.Context()); err != nil || len(w.checkpoints()) == 0 {
		t.Errorf("%d checkpoints when the lease is over, %v", len(w.checkpoints()), err)
	}
	w.nothingWaits(other)
}
