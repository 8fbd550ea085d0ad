package document_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/audit"
	"docsvc/internal/document"
)

// newApproval is a world in which the head, ayten, approves every act.
func newApproval(t *testing.T) (*world, *document.Service, document.Actor) {
	t.Helper()
	w := newWorld(t)
	w.drafter.approver = document.RoleHead
	s := w.process()
	w.staff(s)
	head := document.Actor{Login: "ayten", Grants: []document.Grant{grant(document.RoleHead, "110")}}
	w.hire(s, "ayten", false, head.Grants...)
	return w, s, head
}

// toHead issues an act and has its officer sign it.
func (w *world) toHead(s *document.Service, kase, key string) document.Act {
	w.t.Helper()
	a, err := s.Sign(w.t.Context(), actor("nigar"), w.mustIssue(s, kase, key), w.officers["nigar"])
	if err != nil || a.State != document.Prepared || a.Round != 1 {
		w.t.Fatalf("act is %s in round %d, %v", a.State, a.Round, err)
	}
	return a
}

// TestReturn: the approver, nobody else, and when it is their turn, gives an
// act back; its author finds it with the remark; a rebuild knows it all.
func TestReturn(t *testing.T) {
	w, s, head := newApproval(t)
	ctx := t.Context()
	c := w.mustRegister(s, 1)
	first := w.mustIssue(s, c.Number, "first")
	a := w.toHead(s, c.Number, "a")
	before := w.dump()
	for name, tc := range map[string]struct {
		actor  document.Actor
		number string
		remark string
		want   string
	}{
		"the author":             {actor("nigar"), a.Number, "x", "error.act.other_signer"},
		"another officer":        {actor("vuqar"), a.Number, "x", "error.act.other_signer"},
		"a clerk of that name":   {document.Actor{Login: "ayten", Grants: []document.Grant{grant(document.RoleClerk, "110")}}, a.Number, "x", "error.forbidden"},
		"no head any more":       {document.Actor{Login: "ayten", Grants: []document.Grant{grant(document.RoleOfficer, "110")}}, a.Number, "x", "error.forbidden"},
		"before the author":      {head, first.Number, "x", "error.act.not_returnable"},
		"the author's own turn":  {actor("nigar"), first.Number, "x", "error.act.not_returnable"},
		"without a remark":       {head, a.Number, " ", "error.reason.missing"},
		"with a remark too long": {head, a.Number, strings.Repeat("ə", 501), "error.reason.too_long"},
		"an act there is not":    {head, c.Number + "-099", "x", "error.act.unknown"},
	} {
		_, err := s.Return(ctx, tc.actor, tc.number, tc.remark)
		if e, ok := errors.AsType[*document.Error](err); !ok || e.Key != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	if w.dump() != before {
		t.Error("a refused return changed the register")
	}
	if _, err := s.Return(ctx, head, a.Number, " məbləğ səhvdir "); err != nil {
		t.Fatal(err)
	}
	got := w.act(s, a.Number)
	if got.State != document.Voided || got.VoidKind != document.Returned || got.VoidReason != "məbləğ səhvdir" || got.VoidedBy != "ayten" {
		t.Errorf("%+v", got)
	}
	if _, err := s.Sign(ctx, head, a, w.officers["ayten"]); err == nil {
		t.Error("a returned act was approved")
	}
	if _, err := s.Return(ctx, head, a.Number, "again"); document.KindOf(err) != document.Conflict {
		t.Errorf("returned twice: %v", err)
	}
	returned := func(login string) (list []document.Act) {
		w.view(func(tx document.Tx) (err error) {
			list, err = tx.ActsReturned(ctx, login, w.now().Add(-time.Hour), 10)
			return err
		})
		return list
	}
	if list := returned("nigar"); len(list) != 1 || list[0].Number != a.Number || len(returned("ayten")) != 0 {
		t.Errorf("the author sees %+v", list)
	}
	if n := w.audited(s, audit.ActReturned); n != 1 || w.audited(s, audit.ActVoided) != 0 {
		t.Errorf("%d returns in the trail", n)
	}
	if next := w.mustIssue(s, c.Number, "next"); next.Index != a.Index+1 {
		t.Errorf("the number was given again: %s", next.Number)
	}
	lost := w.dump("act")
	o := &office{world: w}
	s = o.lose()
	if report, err := s.Rebuild(ctx, operator); err != nil || report.Voided != 1 || len(report.Problems) > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if line := w.dump("act"); line == "" || !strings.Contains(lost, line) {
		t.Errorf("rebuilt is %s of %s", line, lost)
	}
}

// TestReturnCrash: a return is whole or not there, wherever the process dies.
func TestReturnCrash(t *testing.T) {
	for _, part := range []string{"register", "archive"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/after=%v", part, after), func(t *testing.T) {
				w, s, head := newApproval(t)
				a := w.toHead(s, w.mustRegister(s, 1).Number, "a")
				if part == "register" {
					w.store.arm(1, after)
				} else {
					w.archive.Fail = func(op archivetest.Op) error {
						if op.Name == "put" && (op.Stage == archivetest.After) == after {
							return errInjected
						}
						return nil
					}
				}
				if _, err := s.Return(t.Context(), head, a.Number, "x"); err == nil {
					t.Fatal("the fault is not reached")
				}
				w.store.arm(0, false)
				w.archive.Fail = nil
				s = w.process()
				workerOf(s).Once(t.Context())
				if _, err := s.Return(t.Context(), head, a.Number, "x"); err != nil && document.KindOf(err) != document.Conflict {
					t.Fatal(err)
				}
				w.nothingWaits(s)
				events := 0
				for e, err := range archive.Events(t.Context(), w.archive, archive.KindVoid) {
					if err != nil || e.Subject != a.Number {
						t.Errorf("%+v, %v", e, err)
					}
					events++
				}
				if got := w.act(s, a.Number); got.State != document.Voided || got.VoidKind != document.Returned || events != 1 {
					t.Errorf("act is %s %q, %d events", got.State, got.VoidKind, events)
				}
			})
		}
	}
}

// stuckAct is an act whose signature waits for a time-stamp.
func (w *world) stuckAct(s *document.Service, kase string) document.Act {
	w.t.Helper()
	a := w.mustIssue(s, kase, "")
	w.tsa.down.Store(true)
	a, err := s.Sign(w.t.Context(), actor("nigar"), a, w.officers["nigar"])
	if err == nil || a.State != document.Signing {
		w.t.Fatalf("act is %s, %v", a.State, err)
	}
	return a
}

// TestVoidStuck: the head gives up an act that waits for a time-stamp; nobody
// else can, and not while the key is being called.
func TestVoidStuck(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	ctx := t.Context()
	c := w.mustRegister(s, 1)
	head := document.Actor{Login: "ayten", Grants: []document.Grant{grant(document.RoleHead, "110")}}
	duringCall := w.mustIssue(s, c.Number, "during")
	w.officers["nigar"].after = func() error {
		if _, err := w.process().Void(ctx, head, duringCall.Number, "x"); document.KindOf(err) != document.Conflict {
			t.Errorf("while the key is called: %v", err)
		}
		return nil
	}
	if a, err := s.Sign(ctx, actor("nigar"), duringCall, w.officers["nigar"]); err != nil || a.State != document.Archived {
		t.Fatalf("%s, %v", a.State, err)
	}
	w.officers["nigar"].after = nil
	a := w.stuckAct(s, c.Number)
	for name, actor := range map[string]document.Actor{
		"author": actor("nigar"), "another office's head": {Login: "x", Grants: []document.Grant{grant(document.RoleHead, "111")}},
	} {
		if _, err := s.Void(ctx, actor, a.Number, "x"); document.KindOf(err) != document.Conflict && document.KindOf(err) != document.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Void(ctx, head, a.Number, "the authority is gone"); err != nil {
		t.Fatal(err)
	}
	w.tsa.down.Store(false)
	w.advance(time.Hour)
	workerOf(w.process()).Once(ctx)
	if got := w.act(s, a.Number); got.State != document.Voided || got.VoidKind != document.GivenUp || got.VoidedBy != "ayten" {
		t.Errorf("%+v", got)
	}
	w.nothingWaits(s)
}

// TestVoidStuckAtOnce: of the head's void and the worker that completes the act
// one wins, and the archive has a record exactly when the void lost.
func TestVoidStuckAtOnce(t *testing.T) {
	head := document.Actor{Login: "ayten", Grants: []document.Grant{grant(document.RoleHead, "110")}}
	won := 0
	for range 10 {
		w := newWorld(t)
		s := w.process()
		w.staff(s)
		a := w.stuckAct(s, w.mustRegister(s, 1).Number)
		w.tsa.down.Store(false)
		w.advance(time.Hour)
		var all sync.WaitGroup
		var err error
		all.Go(func() { _, err = w.process().Void(t.Context(), head, a.Number, "x") })
		all.Go(func() { workerOf(w.process()).Once(t.Context()) })
		all.Wait()
		for range 3 {
			w.advance(time.Hour)
			workerOf(w.process()).Once(t.Context())
		}
		records := 0
		for _, err := range archive.Records(t.Context(), w.archive) {
			if err != nil {
				t.Fatal(err)
			}
			records++
		}
		got := w.act(s, a.Number)
		switch {
		case err == nil && got.State == document.Voided && records == 0:
			won++
		case document.KindOf(err) == document.Conflict && got.State == document.Archived && records == 1:
		default:
			t.Errorf("void: %v; act is %s, %d records", err, got.State, records)
		}
		w.nothingWaits(s)
	}
	t.Logf("the void won %d times of 10", won)
}

// TestVoidUnderWorker: the head voids while a worker has the act in hand; what
// the worker made is refused.
func TestVoidUnderWorker(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	head := document.Actor{Login: "ayten", Grants: []document.Grant{grant(document.RoleHead, "110")}}
	a := w.stuckAct(s, w.mustRegister(s, 1).Number)
	w.tsa.down.Store(false)
	w.advance(time.Hour)
	var err error
	w.tsa.before = func() { _, err = w.process().Void(t.Context(), head, a.Number, "x") }
	workerOf(s).Once(t.Context())
	w.tsa.before = nil
	if err != nil {
		t.Fatal(err)
	}
	if got := w.act(s, a.Number); got.State != document.Voided {
		t.Errorf("act is %s", got.State)
	}
	for m, err := range archive.Records(t.Context(), w.archive) {
		t.Errorf("the archive has %s, %v", m.Number, err)
	}
	w.nothingWaits(s)
}
