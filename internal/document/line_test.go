package document_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
	"docsvc/internal/signing"
)

var writ = json.RawMessage(`{"kind":"writ","number":"2(199)-1001/2026","date":"2026-06-15","issuer":"Court"}`)

func decision(kase string) document.Draft {
	return document.Draft{Case: kase, Template: "decision", Input: json.RawMessage(`{"facts":"true"}`), RequestKey: "key-1"}
}

// line registers the case and takes its act as far as it gets: what an
// officer's command does, and does again after a failure.
func line(ctx context.Context, w *world, s *document.Service) (document.Act, error) {
	c, _, err := s.RegisterCase(ctx, actor("nigar"), "110", "nigar", writ)
	if err != nil && !errors.Is(err, document.ErrExists) {
		return document.Act{}, err
	}
	a, _, err := s.Issue(ctx, actor("nigar"), decision(c.Number))
	if err != nil {
		return a, err
	}
	if a, err = s.Resume(ctx, a); err != nil {
		return a, err
	}
	for a.State == document.Prepared {
		login := a.Signers[a.Round].Login
		if a, err = s.Sign(ctx, actor(login), a, w.officers[login]); err != nil {
			return a, err
		}
	}
	return a, s.Sequence(ctx)
}

func TestLine(t *testing.T) {
	for _, tc := range []struct {
		level   signing.Level
		signers []string
		tokens  int64
	}{
		{signing.LevelBB, []string{"nigar"}, 0},
		{signing.LevelBT, []string{"nigar"}, 1},
		{signing.LevelBT, []string{"nigar", "vuqar"}, 2},
		{signing.LevelBLT, []string{"nigar", "vuqar"}, 2},
		{signing.LevelBLTA, []string{"nigar"}, 2},
		{signing.LevelBLTA, []string{"nigar", "vuqar"}, 3},
	} {
		signers := tc.signers
		t.Run(string(tc.level)+" "+strings.Join(signers, "+"), func(t *testing.T) {
			w := newWorld(t)
			w.drafter.signers, w.level = signers, tc.level
			s := w.process()
			w.staff(s)
			a, err := line(t.Context(), w, s)
			if err != nil {
				t.Fatal(err)
			}
			w.checkDone(s, a)
			if gave := w.tsa.gave.Load(); gave != tc.tokens {
				t.Errorf("%d time-stamps, want %d", gave, tc.tokens)
			}
			again, err := line(t.Context(), w, s)
			if err != nil || again.Number != a.Number {
				t.Fatalf("the same request gave %s, %v", again.Number, err)
			}
			for login, o := range w.officers {
				if want := int64(strings.Count(strings.Join(signers, " "), login)); o.calls.Load() != want {
					t.Errorf("key of %s was called %d times, want %d", login, o.calls.Load(), want)
				}
			}
		})
	}
}

// checkDone checks every invariant of one finished act.
func (w *world) checkDone(s *document.Service, a document.Act) {
	w.t.Helper()
	ctx := w.t.Context()
	if a.State != document.Archived || a.Standing != document.InForce {
		w.t.Fatalf("act is %s, %s", a.State, a.Standing)
	}
	if a.Number != a.Case+"-001" || !strings.HasPrefix(a.Case, "EI") {
		w.t.Errorf("number %s of case %s", a.Number, a.Case)
	}
	file, _, err := w.archive.Get(ctx, a.Path)
	if err != nil {
		w.t.Fatal(err)
	}
	report, err := s.Verifier.Verify(ctx, file, w.now())
	if err != nil || report.Indication != signing.TotalPassed || len(report.Signatures) != len(a.Signers) {
		w.t.Errorf("the archived file: %+v, %v", report, err)
	}
	for i, signature := range report.Signatures {
		if string(signature.Level) != a.Level || signature.Certifies != (a.Certify && i == 0) {
			w.t.Errorf("signature %d is at level %s (certifies: %v), the act at %s", i+1, signature.Level, signature.Certifies, a.Level)
		}
	}
	if timestamped := a.Level != "B-B"; a.RenewBy.IsZero() == timestamped || a.Rendition != 1 {
		w.t.Errorf("rendition %d can be proved until %s", a.Rendition, a.RenewBy)
	}
	records := 0
	for m, err := range archive.Records(ctx, w.archive) {
		if err != nil {
			w.t.Fatal(err)
		}
		records++
		if m.Number != a.Number || !bytes.Equal(m.Renditions[0].SHA256[:], a.SHA256) {
			w.t.Errorf("manifest of %s does not fit the act", m.Number)
		}
	}
	if records != 1 {
		w.t.Errorf("%d records in the archive", records)
	}
	w.checkKeys(ctx, a)
	w.checkLedger(ctx, s, a)
}

// checkKeys: the key was called at most once for each recorded intent, and one
// intent of each round brought the signature.
func (w *world) checkKeys(ctx context.Context, a document.Act) {
	w.t.Helper()
	var intents []document.SignIntent
	w.view(func(tx document.Tx) (err error) {
		intents, err = tx.Intents(ctx, a.ID)
		return err
	})
	recorded, signed := map[string]int64{}, 0
	for _, i := range intents {
		recorded[i.Login]++
		switch i.Outcome {
		case document.OutcomeSigned:
			signed++
		case document.OutcomeOpen:
			w.t.Errorf("intent %d of round %d is still open", i.Attempt, i.Round)
		}
	}
	if signed != len(a.Signers) {
		w.t.Errorf("%d intents brought a signature, for %d signers", signed, len(a.Signers))
	}
	for login, o := range w.officers {
		if o.calls.Load() > recorded[login] {
			w.t.Errorf("key of %s was called %d times for %d intents", login, o.calls.Load(), recorded[login])
		}
	}
}

// checkLedger: the act has a proved position, the audit chain holds and its
// head is in the log, and nothing waits.
func (w *world) checkLedger(ctx context.Context, s *document.Service, a document.Act) {
	w.t.Helper()
	var head document.LedgerHead
	var entries []document.LedgerEntry
	var rows []document.AuditRow
	var links []document.AuditLink
	w.view(func(tx document.Tx) (err error) {
		if head, err = tx.LedgerHead(ctx); err != nil {
			return err
		}
		if entries, err = tx.EntriesOfAct(ctx, a.ID); err != nil {
			return err
		}
		if rows, links, err = tx.AuditChain(ctx, 1, 10_000); err != nil {
			return err
		}
		waiting, err := tx.Outbox(ctx, 10)
		if len(waiting) > 0 {
			w.t.Errorf("%d events wait in the outbox", len(waiting))
		}
		return err
	})
	tree, err := w.log.verifier.Open(head.Checkpoint)
	if err != nil {
		w.t.Fatal(err)
	}
	if tree.Size != head.Size || len(entries) != 1 {
		w.t.Fatalf("checkpoint of %d leaves, %d sequenced, %d of the act", tree.Size, head.Size, len(entries))
	}
	proof, err := ledger.Prove(tree, head.Checkpoint, entries[0].Position, entries[0].Leaf, s.Hashes(ctx))
	if err != nil {
		w.t.Fatal(err)
	}
	if _, _, err := proof.Verify(w.log.verifier); err != nil {
		w.t.Error(err)
	}
	chain, err := audit.VerifyChain(audit.Head{}, func(yield func(audit.Row, error) bool) {
		for i := range rows {
			if !yield(audit.Row{Seq: links[i].Seq, Data: rows[i].Data, Hash: audit.Hash(links[i].Hash)}, nil) {
				return
			}
		}
	})
	if err != nil || chain.Seq != head.AuditSeq {
		w.t.Errorf("audit chain of %d events, anchored %d: %v", chain.Seq, head.AuditSeq, err)
	}
}

func (w *world) view(fn func(document.Tx) error) {
	w.t.Helper()
	if err := w.register.View(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// TestKeyTrouble: a refused call and a lost answer bring the act back to its
// signer; only the second may have used the key.
func TestKeyTrouble(t *testing.T) {
	lost := errors.New("connection reset")
	for name, tc := range map[string]struct {
		before, after func() error
		outcome       document.Outcome
		calls         int64
	}{
		"refused":     {func() error { return fmt.Errorf("%w: sealed", document.ErrKeyRefused) }, nil, document.OutcomeRefused, 1},
		"answer lost": {nil, func() error { return lost }, document.OutcomeUnknown, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := w.process()
			w.staff(s)
			o := w.officers["nigar"]
			o.before, o.after = tc.before, tc.after
			a, err := line(t.Context(), w, s)
			if document.KindOf(err) != document.Unavailable || a.State != document.Prepared {
				t.Fatalf("act is %s, %v", a.State, err)
			}
			o.before, o.after = nil, nil
			if a, err = line(t.Context(), w, s); err != nil {
				t.Fatal(err)
			}
			w.checkDone(s, a)
			w.view(func(tx document.Tx) error {
				intents, err := tx.Intents(t.Context(), a.ID)
				if len(intents) != 2 || intents[0].Outcome != tc.outcome {
					t.Errorf("intents %+v", intents)
				}
				return err
			})
			if o.calls.Load() != tc.calls {
				t.Errorf("the key was used %d times", o.calls.Load())
			}
		})
	}
}

// TestSignatureOfAnotherKey: what a wrong key gives is not kept.
func TestSignatureOfAnotherKey(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	right := w.officers["nigar"]
	w.officers["nigar"] = &officer{entity: w.officers["vuqar"].entity}
	a, err := line(t.Context(), w, s)
	if err == nil || a.State != document.Prepared {
		t.Fatalf("act is %s, %v", a.State, err)
	}
	w.officers["nigar"] = right
	if a, err = line(t.Context(), w, s); err != nil {
		t.Fatal(err)
	}
	w.checkDone(s, a)
}

// TestTimestampDown: the signature value is kept, the key is not used again,
// and the act goes on when the authority is back.
func TestTimestampDown(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	w.tsa.down.Store(true)
	a, err := line(t.Context(), w, s)
	if document.KindOf(err) != document.Unavailable || a.State != document.Signing {
		t.Fatalf("act is %s, %v", a.State, err)
	}
	w.tsa.down.Store(false)
	w.advance(10 * lease)
	worker := &document.Worker{Service: w.process(), Parallel: 1}
	for worker.Once(t.Context()) {
	}
	if a, err = line(t.Context(), w, s); err != nil {
		t.Fatal(err)
	}
	w.checkDone(s, a)
	if calls := w.officers["nigar"].calls.Load(); calls != 1 {
		t.Errorf("the key was used %d times", calls)
	}
}

// TestPreparedTooLong: bytes that waited too long are built anew, so that the
// time they state is that of the signature.
func TestPreparedTooLong(t *testing.T) {
	w := newWorld(t)
	w.drafter.signers = []string{"nigar", "vuqar"}
	s := w.process()
	w.staff(s)
	w.officers["vuqar"].before = func() error { return document.ErrKeyRefused }
	a, err := line(t.Context(), w, s)
	if err == nil || a.Round != 1 {
		t.Fatalf("round %d, %v", a.Round, err)
	}
	w.officers["vuqar"].before = nil
	w.advance(time.Hour)
	if a, err = line(t.Context(), w, s); err != nil {
		t.Fatal(err)
	}
	w.checkDone(s, a)
	file, _, err := w.archive.Get(t.Context(), a.Path)
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.Verifier.Verify(t.Context(), file, w.now())
	if err != nil {
		t.Fatal(err)
	}
	if claimed := report.Signatures[1].SigningTime; w.now().Sub(claimed) > time.Minute {
		t.Errorf("the second signature claims %s, it is %s", claimed, w.now())
	}
}
