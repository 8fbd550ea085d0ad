package document_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
)

// evidence encrypts nothing and can fail.
type evidence struct{ err error }

func (e evidence) SealEvidence(_ context.Context, token []byte) ([]byte, error) {
	return append([]byte("sealed:"), token...), e.err
}

// batch is an office with n acts that wait for nigar, and their authorisation.
func newBatch(t *testing.T, n int) (*world, *document.Service, document.Authorisation, []document.Act) {
	t.Helper()
	w := newWorld(t)
	s := w.process()
	s.Evidence = evidence{}
	w.staff(s)
	w.saveSubject(s, "nigar", "SUB1")
	w.saveSubject(s, "vuqar", "SUB2")
	c := w.mustRegister(s, 1)
	var acts []document.Act
	for i := range n {
		acts = append(acts, w.mustIssue(s, c.Number, strings.Repeat("x", i+1)))
	}
	a, left, err := s.Authorise(t.Context(), actor("nigar"), acts)
	if err != nil || len(left) != 0 {
		t.Fatal(err, left)
	}
	return w, s, a, acts
}

func (w *world) saveSubject(s *document.Service, login, subject string) {
	w.t.Helper()
	account, err := s.Account(w.t.Context(), login)
	if err != nil {
		w.t.Fatal(err)
	}
	account.Subject, account.KeyID = subject, "test"
	if err := s.SaveAccount(w.t.Context(), operator, account); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) proof(a document.Authorisation) document.Proof {
	return document.Proof{Subject: "SUB1", Nonce: a.Nonce, At: w.now(), TokenID: "token-" + a.ID, Token: []byte("jwt")}
}

func (w *world) unlock(context.Context, document.Account) (document.KeyHolder, error) {
	return w.officers["nigar"], nil
}

func TestSignAuthorised(t *testing.T) {
	w, s, a, acts := newBatch(t, 5)
	results, err := s.SignAuthorised(t.Context(), actor("nigar"), a.ID, w.proof(a), w.unlock)
	if err != nil || len(results) != len(acts) {
		t.Fatal(results, err)
	}
	for _, r := range results {
		if r.Err != nil || r.Act.State != document.Archived {
			t.Errorf("%s is %s: %v", r.Act.Number, r.Act.State, r.Err)
		}
	}
	if n := w.officers["nigar"].calls.Load(); n != 1 {
		t.Errorf("the key was called %d times for the batch", n)
	}
	err = s.Store.View(t.Context(), func(tx document.Tx) error {
		used, err := tx.Authorisation(t.Context(), a.ID)
		if err != nil {
			return err
		}
		if used.State != document.AuthorisationUsed || !bytes.Equal(used.Evidence, []byte("sealed:jwt")) || used.KeyID != "test" {
			t.Errorf("kept is %+v", used)
		}
		for _, act := range acts {
			intents, err := tx.Intents(t.Context(), act.ID)
			if err != nil || len(intents) != 1 || intents[0].Authorisation != a.ID || intents[0].KeyRequest != "use 1" {
				t.Errorf("intents of %s: %+v, %v", act.Number, intents, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// A second use, as by a double click or a stolen token, signs nothing.
	if _, err := s.SignAuthorised(t.Context(), actor("nigar"), a.ID, w.proof(a), w.unlock); document.KindOf(err) != document.Conflict {
		t.Errorf("second use: %v", err)
	}
	if n := w.officers["nigar"].calls.Load(); n != 1 {
		t.Errorf("the key was called %d times", n)
	}
}

// TestAuthorisationAttacks: no proof but the right one brings the key to sign.
func TestAuthorisationAttacks(t *testing.T) {
	w, s, a, acts := newBatch(t, 2)
	ctx := t.Context()
	other, _, err := s.Authorise(ctx, actor("nigar"), acts[:1])
	if err != nil {
		t.Fatal(err)
	}
	good := w.proof(a)
	with := func(change func(*document.Proof)) document.Proof {
		p := good
		change(&p)
		return p
	}
	for name, try := range map[string]struct {
		who   string
		id    string
		proof document.Proof
	}{
		"another officer":            {"vuqar", a.ID, good},
		"another officer's proof":    {"nigar", a.ID, with(func(p *document.Proof) { p.Subject = "SUB2" })},
		"nobody's proof":             {"nigar", a.ID, with(func(p *document.Proof) { p.Subject = "" })},
		"of another batch":           {"nigar", a.ID, w.proof(other)},
		"without a nonce":            {"nigar", a.ID, with(func(p *document.Proof) { p.Nonce = "" })},
		"without a name":             {"nigar", a.ID, with(func(p *document.Proof) { p.TokenID = "" })},
		"from before":                {"nigar", a.ID, with(func(p *document.Proof) { p.At = a.Begun.Add(-time.Minute) })},
		"for no such authorisation":  {"nigar", "0190", good},
		"for the other, with a's id": {"nigar", other.ID, good},
	} {
		if _, err := s.SignAuthorised(ctx, actor(try.who), try.id, try.proof, w.unlock); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
	w.advance(6 * time.Minute)
	if _, err := s.SignAuthorised(ctx, actor("nigar"), a.ID, good, w.unlock); document.KindOf(err) != document.Conflict {
		t.Errorf("expired: %v", err)
	}
	for _, o := range w.officers {
		if n := o.calls.Load(); n != 0 {
			t.Errorf("a key was called %d times", n)
		}
	}
}

// TestOneTokenOneAuthorisation: a login's token is used up with its batch, even
// where two batches have the same digests and so the same nonce.
func TestOneTokenOneAuthorisation(t *testing.T) {
	w, s, a, acts := newBatch(t, 1)
	twin, _, err := s.Authorise(t.Context(), actor("nigar"), acts)
	if err != nil || twin.Nonce != a.Nonce {
		t.Fatal(twin, err)
	}
	w.officers["nigar"].before = func() error { return document.ErrKeyRefused }
	proof := w.proof(a)
	if results, err := s.SignAuthorised(t.Context(), actor("nigar"), a.ID, proof, w.unlock); err != nil || results[0].Err == nil {
		t.Fatal(results, err)
	}
	w.officers["nigar"].before = nil
	if _, err := s.SignAuthorised(t.Context(), actor("nigar"), twin.ID, proof, w.unlock); document.KindOf(err) != document.Conflict {
		t.Errorf("the same token again: %v", err)
	}
	if n := w.officers["nigar"].calls.Load(); n != 0 {
		t.Errorf("the key was called %d times", n)
	}
}

// TestAuthorisedActChanged: an act that is not as it was authorised is not
// signed, and the others are.
func TestAuthorisedActChanged(t *testing.T) {
	w, s, a, acts := newBatch(t, 3)
	if _, err := s.Void(t.Context(), actor("nigar"), acts[1].Number, "mistake"); err != nil {
		t.Fatal(err)
	}
	results, err := s.SignAuthorised(t.Context(), actor("nigar"), a.ID, w.proof(a), w.unlock)
	if err != nil || len(results) != 3 {
		t.Fatal(results, err)
	}
	for _, r := range results {
		if voided := r.Act.Number == acts[1].Number; (r.Err != nil) != voided {
			t.Errorf("%s: %v", r.Act.Number, r.Err)
		}
	}
}

// TestLostBatchAnswer: the key was called and its answer lost. Every intent is
// closed as unknown, every act waits, and nothing calls the key again.
func TestLostBatchAnswer(t *testing.T) {
	w, s, a, acts := newBatch(t, 3)
	w.officers["nigar"].after = func() error { return errors.New("connection reset") }
	results, err := s.SignAuthorised(t.Context(), actor("nigar"), a.ID, w.proof(a), w.unlock)
	if err != nil {
		t.Fatal(err)
	}
	w.officers["nigar"].after = nil
	for _, r := range results {
		if document.KindOf(r.Err) != document.Unavailable || r.Act.State != document.Prepared {
			t.Errorf("%s is %s: %v", r.Act.Number, r.Act.State, r.Err)
		}
	}
	worker := &document.Worker{Service: s, Parallel: 2, Interval: time.Millisecond, LedgerEvery: time.Hour}
	w.advance(time.Hour)
	worker.Once(t.Context())
	if n := w.officers["nigar"].calls.Load(); n != 1 {
		t.Errorf("the key was called %d times", n)
	}
	for _, act := range acts {
		_ = s.Store.View(t.Context(), func(tx document.Tx) error {
			intents, err := tx.Intents(t.Context(), act.ID)
			if err != nil || len(intents) != 1 || intents[0].Outcome != document.OutcomeUnknown {
				t.Errorf("intents of %s: %+v, %v", act.Number, intents, err)
			}
			return nil
		})
	}
}

// TestNoEvidenceNoSignature: a proof that cannot be kept opens nothing.
func TestNoEvidenceNoSignature(t *testing.T) {
	w, s, a, _ := newBatch(t, 1)
	s.Evidence = evidence{errors.New("sealed shut")}
	if _, err := s.SignAuthorised(t.Context(), actor("nigar"), a.ID, w.proof(a), w.unlock); document.KindOf(err) != document.Unavailable {
		t.Errorf("%v", err)
	}
	s.Evidence = evidence{}
	if results, err := s.SignAuthorised(t.Context(), actor("nigar"), a.ID, w.proof(a), w.unlock); err != nil || results[0].Err != nil {
		t.Errorf("and then: %v %v", results, err)
	}
}

// TestBatchNonce is the vector of the nonce: it is in ID tokens for ever.
func TestBatchNonce(t *testing.T) {
	for want, digests := range map[string][][]byte{
		"ffHWrQk_x1tB6k4RqvVSnSbWI4e2aOCh0yrV45XA240": {{0x00, 0x01}, {0xff}},
	} {
		if got := document.BatchNonce(digests); got != want {
			t.Errorf("nonce of %x is %s, want %s", digests, got, want)
		}
	}
	if document.BatchNonce([][]byte{{1}, {2}}) == document.BatchNonce([][]byte{{2}, {1}}) {
		t.Error("the order does not count")
	}
	if document.BatchNonce([][]byte{{1, 2}}) == document.BatchNonce([][]byte{{1}, {2}}) {
		t.Error("the borders do not count")
	}
}
