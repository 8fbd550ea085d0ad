package document_test

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/signing"
)

func (w *world) waiting(s *document.Service, actor document.Actor, reason document.Reason) []document.WaitingAct {
	w.t.Helper()
	list, err := s.Waiting(w.t.Context(), actor, document.WaitingQuery{Reason: reason})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// TestWaits: while a part is down, an act waits for it and says so; it goes on
// when the part is back, at the level asked for, without another use of the key
// and without a time-stamp too many.
func TestWaits(t *testing.T) {
	for name, tc := range map[string]struct {
		level  signing.Level
		down   func(w *world, down bool)
		reason document.Reason
		state  document.State
		tokens int64
	}{
		"B-T time-stamp": {signing.LevelBT, func(w *world, down bool) { w.tsa.down.Store(down) },
			document.WaitsForTimestamp, document.Signing, 2},
		"B-LT time-stamp": {signing.LevelBLT, func(w *world, down bool) { w.tsa.down.Store(down) },
			document.WaitsForTimestamp, document.Signing, 2},
		"B-LT validation data": {signing.LevelBLT, func(w *world, down bool) { w.pki.SetUnavailable(down) },
			document.WaitsForData, document.Signing, 2},
		"B-LTA validation data": {signing.LevelBLTA, func(w *world, down bool) { w.pki.SetUnavailable(down) },
			document.WaitsForData, document.Signing, 3},
		"archive": {signing.LevelBLTA, func(w *world, down bool) { w.archive.SetDown(down) },
			document.WaitsForArchive, document.Signed, 3},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.level, w.drafter.signers = tc.level, []string{"nigar", "vuqar"}
			s := w.process()
			w.staff(s)
			a := w.mustIssue(s, w.mustRegister(s, 1).Number, "x")
			a, err := s.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"])
			if err != nil {
				t.Fatal(err)
			}
			w.pki.Forget()
			tc.down(w, true)
			since := w.now()
			if a, err = s.Sign(t.Context(), actor("vuqar"), a, w.officers["vuqar"]); document.KindOf(err) != document.Unavailable || a.State != tc.state {
				t.Fatalf("act is %s, %v", a.State, err)
			}
			for n := range 3 {
				list := w.waiting(s, operator, "")
				if len(list) != 1 || list[0].Act.Number != a.Number || list[0].Job.Reason != tc.reason ||
					!list[0].Job.Since.Equal(since) || list[0].Job.Attempts != n+1 || !list[0].Job.RunAfter.After(w.now()) || list[0].Job.LastError == "" {
					t.Fatalf("try %d: %+v", n, list)
				}
				w.advance(10 * time.Minute)
				workerOf(s).Once(t.Context())
			}
			tc.down(w, false)
			w.advance(10 * time.Minute)
			workerOf(w.process()).Once(t.Context())
			if err := s.Sequence(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.checkDone(s, w.act(s, a.Number))
			if list := w.waiting(s, operator, ""); len(list) != 0 {
				t.Errorf("it still waits: %+v", list)
			}
			if calls, gave := w.officers["vuqar"].calls.Load(), w.tsa.gave.Load(); calls != 1 || gave != tc.tokens {
				t.Errorf("%d calls of the key, %d time-stamps; want 1 and %d", calls, gave, tc.tokens)
			}
		})
	}
}

// TestDocumentTimestampDown: the authority goes down between the time-stamp of
// the last signature and that over the document.
func TestDocumentTimestampDown(t *testing.T) {
	w := newWorld(t)
	w.level = signing.LevelBLTA
	s := w.process()
	w.staff(s)
	a := w.mustIssue(s, w.mustRegister(s, 1).Number, "x")
	s.Augmenter.Timestamps = &faultyTSA{pki: w.pki}
	s.Augmenter.Timestamps.(*faultyTSA).down.Store(true)
	a, err := s.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"])
	if document.KindOf(err) != document.Unavailable || a.State != document.Signing || w.tsa.gave.Load() != 1 {
		t.Fatalf("act is %s, %v, %d time-stamps", a.State, err, w.tsa.gave.Load())
	}
	if list := w.waiting(s, operator, document.WaitsForTimestamp); len(list) != 1 {
		t.Errorf("%+v", list)
	}
	w.advance(10 * time.Minute)
	workerOf(w.process()).Once(t.Context())
	if err := s.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.checkDone(s, w.act(s, a.Number))
	if gave := w.tsa.gave.Load(); gave != 2 {
		t.Errorf("%d time-stamps: that of the signature was bought twice", gave)
	}
}

// TestRevokedMeanwhile: validation data can be had and says that the signer's
// certificate was revoked before the signature: the act goes back to its
// signer, and does not wait for what will never pass.
func TestRevokedMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.level = signing.LevelBLTA
	s := w.process()
	w.staff(s)
	a := w.mustIssue(s, w.mustRegister(s, 1).Number, "x")
	w.pki.Revoke(w.officers["nigar"].entity.Cert, w.now().Add(-time.Minute))
	a, err := s.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"])
	if a.State != document.Prepared || err == nil {
		t.Fatalf("act is %s, %v", a.State, err)
	}
	if list := w.waiting(s, operator, ""); len(list) != 0 {
		t.Errorf("it waits: %+v", list)
	}
}

// TestWhoSeesWaiting: officers see their own acts, heads and operators those of
// their offices; who sees one may have it tried again.
func TestWhoSeesWaiting(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	kase := w.mustRegister(s, 1).Number
	var numbers []string
	for i := range 3 {
		a := w.mustIssue(s, kase, fmt.Sprint(i))
		w.tsa.down.Store(true)
		if _, err := s.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"]); err == nil {
			t.Fatal("signed without a time-stamp")
		}
		w.tsa.down.Store(false)
		numbers = append(numbers, a.Number)
		w.advance(time.Second)
	}
	with := func(login string, role document.Role, office string) document.Actor {
		return document.Actor{Login: login, Grants: []document.Grant{{Role: role, Office: office}}}
	}
	for _, tc := range []struct {
		actor document.Actor
		sees  int
	}{
		{actor("nigar"), 3}, {actor("vuqar"), 0},
		{with("x", document.RoleHead, "110"), 3}, {with("x", document.RoleHead, "111"), 0},
		{with("x", document.RoleOperator, "110"), 3}, {with("x", document.RoleOperator, "111"), 0},
		{with("x", document.RoleOperator, "*"), 3}, {with("x", document.RoleOwner, "*"), 3},
		{with("x", document.RoleClerk, "*"), 0}, {with("x", document.RoleArchivist, "110"), 0}, {document.Actor{}, 0},
	} {
		var seen []string
		for _, l := range w.waiting(s, tc.actor, "") {
			seen = append(seen, l.Act.Number)
		}
		if len(seen) != tc.sees || tc.sees > 0 && !slices.Equal(seen, numbers) {
			t.Errorf("%+v sees %v", tc.actor, seen)
		}
		n, err := s.RetryNow(t.Context(), tc.actor, "")
		if err != nil || n != tc.sees {
			t.Errorf("%+v retries %d, %v", tc.actor, n, err)
		}
		n, err = s.RetryNow(t.Context(), tc.actor, numbers[0])
		if (tc.sees == 0) != (document.KindOf(err) == document.Forbidden) || n != min(tc.sees, 1) {
			t.Errorf("%+v retries one: %d, %v", tc.actor, n, err)
		}
	}
	if n := w.audited(s, audit.JobRetried); n != 10 {
		t.Errorf("%d retries in the trail", n)
	}
	if !workerOf(s).Once(t.Context()) {
		t.Error("nothing is tried at once")
	}
	for _, number := range numbers {
		if a := w.act(s, number); a.State != document.Archived {
			t.Errorf("%s is %s", number, a.State)
		}
	}
	if n, err := s.RetryNow(t.Context(), operator, numbers[0]); err != nil || n != 0 {
		t.Errorf("an archived act is tried again: %d, %v", n, err)
	}
}

// TestWaitingMessages: each reason has a sentence of its own.
func TestWaitingMessages(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range document.Reasons() {
		if m := r.Message(); seen[m] {
			t.Errorf("%s and another have the message %s", r, m)
		}
		seen[r.Message()] = true
	}
}

// TestSince: a part that fails after another one has come back is waited for
// since then.
func TestSince(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	a := w.mustIssue(s, w.mustRegister(s, 1).Number, "x")
	w.tsa.down.Store(true)
	if _, err := s.Sign(t.Context(), actor("nigar"), a, w.officers["nigar"]); !errors.Is(err, signing.ErrTimestamp) {
		t.Fatal(err)
	}
	w.tsa.down.Store(false)
	w.archive.SetDown(true)
	w.advance(time.Hour)
	workerOf(s).Once(t.Context())
	list := w.waiting(s, actor("nigar"), document.WaitsForArchive)
	if len(list) != 1 || !list[0].Job.Since.Equal(w.now()) || list[0].Job.Attempts != 2 {
		t.Errorf("%+v", list)
	}
}

// silent is an authority that never answers.
type silent struct{}

func (silent) Timestamp(ctx context.Context, _ []byte, _ crypto.Hash) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestSilentAuthority: a step ends before its lease, so that no other process
// takes the act while it waits for an authority that never answers.
func TestSilentAuthority(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	a := w.mustIssue(s, w.mustRegister(s, 1).Number, "x")
	s.Timestamps, s.Rules.Lease = silent{}, 2*time.Second
	a, err := s.Sign(context.WithoutCancel(t.Context()), actor("nigar"), a, w.officers["nigar"])
	if !errors.Is(err, signing.ErrTimestamp) || a.State != document.Signing {
		t.Fatalf("act is %s, %v", a.State, err)
	}
	if list := w.waiting(s, operator, document.WaitsForTimestamp); len(list) != 1 || list[0].Job.Owner != "" {
		t.Errorf("%+v", list)
	}
}
