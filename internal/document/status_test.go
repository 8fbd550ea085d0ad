package document_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"docsvc/internal/archive"
	"docsvc/internal/document"
)

// TestVoidInEveryState: an act can be given up until its signature is made
// (docs/decisions/0005), and never comes back.
func TestVoidInEveryState(t *testing.T) {
	for _, tc := range []struct {
		state document.State
		bring func(w *world, s *document.Service, kase string) // an act of key "x" to the state
		may   bool
	}{
		{document.Issued, func(w *world, s *document.Service, kase string) {
			if _, _, err := s.Issue(w.t.Context(), actor("nigar"), draftOf(kase, "x")); err != nil {
				w.t.Fatal(err)
			}
		}, true},
		{document.Prepared, func(w *world, s *document.Service, kase string) { w.mustIssue(s, kase, "x") }, true},
		{document.Signing, func(w *world, s *document.Service, kase string) {
			w.tsa.down.Store(true)
			defer w.tsa.down.Store(false)
			a := w.mustIssue(s, kase, "x")
			if _, err := s.Sign(w.t.Context(), actor("nigar"), a, w.officers["nigar"]); err == nil {
				w.t.Fatal("signed without a time-stamp")
			}
		}, false},
		{document.Signed, func(w *world, s *document.Service, kase string) {
			a := w.mustIssue(s, kase, "x")
			w.archive.SetDown(true)
			defer w.archive.SetDown(false)
			if _, err := s.Sign(w.t.Context(), actor("nigar"), a, w.officers["nigar"]); err == nil {
				w.t.Fatal("archived without an archive")
			}
		}, false},
		{document.Archived, func(w *world, s *document.Service, kase string) { w.mustArchive(s, kase, "x") }, false},
		{document.Voided, func(w *world, s *document.Service, kase string) {
			a := w.mustIssue(s, kase, "x")
			if _, err := s.Void(w.t.Context(), actor("nigar"), a.Number, "first"); err != nil {
				w.t.Fatal(err)
			}
		}, false},
	} {
		t.Run(string(tc.state), func(t *testing.T) {
			w := newWorld(t)
			s := w.process()
			w.staff(s)
			c := w.mustRegister(s, 1)
			tc.bring(w, s, c.Number)
			a := w.act(s, c.Number+"-001")
			if a.State != tc.state {
				t.Fatalf("act is %s", a.State)
			}
			before := w.dump()
			_, err := s.Void(t.Context(), actor("nigar"), a.Number, " a reason ")
			if !tc.may {
				if document.KindOf(err) != document.Conflict || w.dump() != before {
					t.Errorf("void: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			w.checkVoided(s, a)
		})
	}
}

// checkVoided: the number and the reason stay, nothing of the act goes on.
func (w *world) checkVoided(s *document.Service, before document.Act) {
	w.t.Helper()
	ctx := w.t.Context()
	a := w.act(s, before.Number)
	if a.State != document.Voided || a.VoidReason != "a reason" || a.ChangedAt.IsZero() {
		w.t.Errorf("act is %s, %q, %s", a.State, a.VoidReason, a.ChangedAt)
	}
	w.nothingWaits(s)
	events := 0
	for e, err := range archive.Events(ctx, w.archive, archive.KindVoid) {
		if err != nil || e.Subject != a.Number {
			w.t.Errorf("event %+v, %v", e, err)
		}
		events++
	}
	w.view(func(tx document.Tx) error {
		if _, err := tx.Staged(ctx, a.ID); !errors.Is(err, document.ErrNotFound) {
			w.t.Errorf("staged bytes are left: %v", err)
		}
		leaves, err := tx.EntriesOfAct(ctx, a.ID)
		if events != 1 || len(leaves) != 1 {
			w.t.Errorf("%d events, %d leaves", events, len(leaves))
		}
		return err
	})
	// What was begun before cannot be finished, by worker or signer.
	if _, err := s.Run(ctx, before); before.State == document.Issued && !errors.Is(err, document.ErrStale) {
		w.t.Errorf("a worker went on with a voided act: %v", err)
	}
	if _, err := s.Sign(ctx, actor("nigar"), before, w.officers["nigar"]); err == nil {
		w.t.Error("a voided act was signed")
	}
	if n := w.officers["nigar"].calls.Load(); n != 0 {
		w.t.Errorf("the key was called %d times", n)
	}
	if again := w.act(s, a.Number); again.State != document.Voided {
		w.t.Errorf("act is %s again", again.State)
	}
	if next := w.mustArchive(s, a.Case, "next"); next.Index != a.Index+1 {
		w.t.Errorf("the number of a voided act was given again: %s", next.Number)
	}
}

// TestVoidPartlySigned: with a signature missing nothing has left the staging.
func TestVoidPartlySigned(t *testing.T) {
	w := newWorld(t)
	w.drafter.signers = []string{"nigar", "vuqar"}
	s := w.process()
	w.staff(s)
	c := w.mustRegister(s, 1)
	a := w.mustIssue(s, c.Number, "x")
	a, err := s.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"])
	if err != nil || a.State != document.Prepared || a.Round != 1 {
		t.Fatalf("act is %s in round %d, %v", a.State, a.Round, err)
	}
	if _, err := s.Void(t.Context(), actor("nigar"), a.Number, "a reason"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(t.Context(), actor("vuqar"), a, w.officers["vuqar"]); err == nil {
		t.Error("a voided act was signed")
	}
	w.nothingWaits(s)
}

// TestVoidWhileSigning: of a void and a signature at the same time one wins.
func TestVoidWhileSigning(t *testing.T) {
	for range 10 {
		w := newWorld(t)
		s := w.process()
		w.staff(s)
		c := w.mustRegister(s, 1)
		a := w.mustIssue(s, c.Number, "x")
		var all sync.WaitGroup
		var signErr, voidErr error
		all.Go(func() { _, signErr = s.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"]) })
		all.Go(func() { _, voidErr = w.process().Void(t.Context(), actor("nigar"), a.Number, "a reason") })
		all.Wait()
		end := w.act(s, a.Number).State
		if (signErr == nil) == (voidErr == nil) || (signErr == nil) != (end == document.Archived) {
			t.Fatalf("act is %s; sign: %v; void: %v", end, signErr, voidErr)
		}
		w.nothingWaits(s)
	}
}

func TestReasons(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	a := w.mustIssue(s, w.mustRegister(s, 1).Number, "x")
	for name, reason := range map[string]string{
		"empty": "", "spaces": " \t ", "too long": strings.Repeat("ə", 501), "too many bytes": strings.Repeat("😀", 300),
		"a control character": "a\x07b", "two lines": "a\nb", "no UTF-8": "a\xffb", "escape": "a\x1b[31mb",
	} {
		if _, err := s.Void(t.Context(), actor("nigar"), a.Number, reason); document.KindOf(err) != document.Invalid {
			t.Errorf("void, %s: %v", name, err)
		}
		_, err := s.ChangeStanding(t.Context(), actor("nigar"), a.Number, document.Annulled, a.Number, reason)
		if document.KindOf(err) != document.Invalid {
			t.Errorf("annul, %s: %v", name, err)
		}
	}
	if _, err := s.Void(t.Context(), actor("nigar"), a.Number, strings.Repeat("ə", 500)); err != nil {
		t.Error(err)
	}
}

// TestChangeStanding: only an archived act in force, and only by another such
// act of its case.
func TestChangeStanding(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	ctx := t.Context()
	c, other := w.mustRegister(s, 1), w.mustRegister(s, 2)
	target := w.mustArchive(s, c.Number, "target")
	by := w.mustArchive(s, c.Number, "by")
	second := w.mustArchive(s, c.Number, "second")
	elsewhere := w.mustArchive(s, other.Number, "elsewhere")
	waiting := w.mustIssue(s, c.Number, "waiting")

	change := func(number string, to document.Standing, by string) error {
		_, err := s.ChangeStanding(ctx, actor("nigar"), number, to, by, "a reason")
		return err
	}
	before := w.dump()
	for name, tc := range map[string]struct {
		number, by string
		kind       document.Kind
	}{
		"by itself":             {target.Number, target.Number, document.Conflict},
		"by another case's act": {target.Number, elsewhere.Number, document.Conflict},
		"by an unsigned act":    {target.Number, waiting.Number, document.Conflict},
		"by an unknown act":     {target.Number, c.Number + "-099", document.NotFound},
		"by nothing":            {target.Number, "", document.NotFound},
		"of an unsigned act":    {waiting.Number, by.Number, document.Conflict},
		"of an unknown act":     {c.Number + "-099", by.Number, document.NotFound},
	} {
		for _, to := range []document.Standing{document.Superseded, document.Annulled} {
			if err := change(tc.number, to, tc.by); document.KindOf(err) != tc.kind {
				t.Errorf("%s %s: %v", to, name, err)
			}
		}
	}
	for _, to := range []document.Standing{document.InForce, "", "burnt"} {
		if err := change(target.Number, to, by.Number); err == nil {
			t.Errorf("an act can become %q", to)
		}
	}
	if w.dump() != before {
		t.Error("a refused change has changed the register")
	}

	if err := change(target.Number, document.Superseded, by.Number); err != nil {
		t.Fatal(err)
	}
	a := w.act(s, target.Number)
	if a.Standing != document.Superseded || a.ChangedBy != by.Number || a.Reason != "a reason" || !a.ChangedAt.Equal(w.now()) {
		t.Errorf("act is %s by %s at %s: %q", a.Standing, a.ChangedBy, a.ChangedAt, a.Reason)
	}
	for name, err := range map[string]error{
		"twice":                          change(target.Number, document.Annulled, second.Number),
		"by an act that is not in force": change(second.Number, document.Annulled, target.Number),
	} {
		if document.KindOf(err) != document.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := change(second.Number, document.Annulled, by.Number); err != nil {
		t.Error(err)
	}
	w.nothingWaits(s)
	events := 0
	for _, err := range archive.Events(ctx, w.archive, archive.KindStatus) {
		if err != nil {
			t.Error(err)
		}
		events++
	}
	if events != 2 {
		t.Errorf("%d changes of status in the archive", events)
	}
}

// TestChangeAtOnce: of several changes at the same time one wins.
func TestChangeAtOnce(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	c := w.mustRegister(s, 1)
	target := w.mustArchive(s, c.Number, "target")
	var by []document.Act
	for _, key := range []string{"a", "b", "c", "d"} {
		by = append(by, w.mustArchive(s, c.Number, key))
	}
	errs := make([]error, len(by))
	var all sync.WaitGroup
	for i, a := range by {
		all.Go(func() {
			_, errs[i] = w.process().ChangeStanding(t.Context(), actor("nigar"), target.Number, document.Annulled, a.Number, "a reason")
		})
	}
	all.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			if a := w.act(s, target.Number); a.ChangedBy != by[i].Number {
				t.Errorf("annulled by %s, %s was told so", a.ChangedBy, by[i].Number)
			}
		} else if document.KindOf(err) != document.Conflict {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d changes won: %v", won, errs)
	}
	w.nothingWaits(s)
}

// TestChangeWithoutArchive: a change is not reported done before the archive
// has it; the worker brings it there later, once.
func TestChangeWithoutArchive(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	ctx := t.Context()
	c := w.mustRegister(s, 1)
	target, by := w.mustArchive(s, c.Number, "target"), w.mustArchive(s, c.Number, "by")
	waiting := w.mustIssue(s, c.Number, "waiting")
	w.archive.SetDown(true)
	_, err := s.ChangeStanding(ctx, actor("nigar"), target.Number, document.Annulled, by.Number, "a reason")
	if document.KindOf(err) != document.Unavailable {
		t.Errorf("annul: %v", err)
	}
	if _, err := s.Void(ctx, actor("nigar"), waiting.Number, "a reason"); document.KindOf(err) != document.Unavailable {
		t.Errorf("void: %v", err)
	}
	w.archive.SetDown(false)
	worker := &document.Worker{Service: w.process(), Parallel: 1}
	worker.Once(ctx)
	worker.Once(ctx)
	w.nothingWaits(s)
	for _, kind := range []archive.Kind{archive.KindStatus, archive.KindVoid} {
		n := 0
		for _, err := range archive.Events(ctx, w.archive, kind) {
			if err != nil {
				t.Error(err)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%d events %s in the archive", n, kind)
		}
	}
}
