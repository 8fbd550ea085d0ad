package document_test

import (
	"strings"
	"sync"
	"testing"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/document"
)

// TestTwoPersonsForStanding: where the class demands it the first person only
// proposes, another one confirms; the archive knows both.
func TestTwoPersonsForStanding(t *testing.T) {
	w := newWorld(t)
	w.rules = func(r *document.Rules) { r.TwoPersons = map[string]bool{"decision": true} }
	s := w.process()
	w.staff(s)
	ctx := t.Context()
	c := w.mustRegister(s, 1)
	target, by, other := w.mustArchive(s, c.Number, "target"), w.mustArchive(s, c.Number, "by"), w.mustArchive(s, c.Number, "other")
	first, second, clerk := actor("nigar"), actor("vuqar"), document.Actor{Login: "c", Grants: []document.Grant{grant(document.RoleClerk, "110")}}
	change := func(number string) (document.Act, error) {
		return s.ChangeStanding(ctx, first, number, document.Annulled, by.Number, "a mistake")
	}
	if _, err := s.ConfirmStanding(ctx, second, target.Number); keyOf(err) != "error.proposal.unknown" {
		t.Errorf("confirmed before it is proposed: %v", err)
	}
	if _, err := s.ChangeStanding(ctx, first, target.Number, document.Annulled, c.Number+"-099", "x"); document.KindOf(err) != document.NotFound {
		t.Errorf("by an act there is not: %v", err)
	}
	if a, err := change(target.Number); err != nil || a.Standing != document.InForce {
		t.Fatalf("act is %s, %v", a.Standing, err)
	}
	for name, got := range map[string]string{
		"twice":        func() string { _, err := change(target.Number); return keyOf(err) }(),
		"by the first": func() string { _, err := s.ConfirmStanding(ctx, first, target.Number); return keyOf(err) }(),
		"by a clerk":   func() string { _, err := s.ConfirmStanding(ctx, clerk, target.Number); return keyOf(err) }(),
	} {
		want := map[string]string{"twice": "error.proposal.open", "by the first": "error.proposal.self", "by a clerk": "error.forbidden"}[name]
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if a := w.act(s, target.Number); a.Standing != document.InForce {
		t.Fatalf("act is %s", a.Standing)
	}
	if list, err := s.Proposals(ctx, second); err != nil || len(list) != 1 || list[0].Act != target.Number || list[0].ProposedBy != "nigar" {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := s.Proposals(ctx, clerk); err != nil || len(list) != 0 {
		t.Errorf("a clerk sees %+v, %v", list, err)
	}
	a, err := s.ConfirmStanding(ctx, second, target.Number)
	if err != nil || a.Standing != document.Annulled || a.ChangedBy != by.Number || a.Reason != "a mistake" {
		t.Fatalf("%+v, %v", a, err)
	}
	for e, err := range archive.Events(ctx, w.archive, archive.KindStatus) {
		if err != nil || fieldOf(t, e.Body, "proposed_by") != "nigar" || fieldOf(t, e.Body, "actor") != "vuqar" {
			t.Errorf("%s, %v", e.Body, err)
		}
	}
	// Rejected, and taken back; each leaves the act in force and free.
	for _, who := range []document.Actor{second, first} {
		if _, err := change(other.Number); err != nil {
			t.Fatal(err)
		}
		if _, err := s.RejectStanding(ctx, clerk, other.Number, "no"); document.KindOf(err) != document.Forbidden {
			t.Errorf("a clerk rejects: %v", err)
		}
		if _, err := s.RejectStanding(ctx, who, other.Number, "no"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ConfirmStanding(ctx, second, other.Number); keyOf(err) != "error.proposal.unknown" {
			t.Errorf("confirmed after it was rejected: %v", err)
		}
	}
	if w.act(s, other.Number).Standing != document.InForce {
		t.Error("a rejected change was made")
	}
	// What was proposed is looked at again: the decision itself is annulled.
	if _, err := change(other.Number); err != nil {
		t.Fatal(err)
	}
	s.Rules.TwoPersons = nil
	if _, err := s.ChangeStanding(ctx, first, by.Number, document.Annulled, other.Number, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ConfirmStanding(ctx, second, other.Number); keyOf(err) != "error.act.no_decision" {
		t.Errorf("by a decision that was annulled: %v", err)
	}
	if n, m := w.audited(s, audit.StandingProposed), w.audited(s, audit.StandingRejected); n != 4 || m != 2 {
		t.Errorf("%d proposed, %d rejected in the trail", n, m)
	}
	w.nothingWaits(s)
}

// TestNeedsTwo: a template's own entry counts before that for all.
func TestNeedsTwo(t *testing.T) {
	r := document.Rules{TwoPersons: map[string]bool{"*": true, "query": false}}
	if r.NeedsTwo("query") || !r.NeedsTwo("decision") || (document.Rules{}).NeedsTwo("decision") {
		t.Error("the rule is read in another way")
	}
}

// TestConfirmAtOnce: of confirmations and a rejection at once one is kept.
func TestConfirmAtOnce(t *testing.T) {
	w := newWorld(t)
	w.rules = func(r *document.Rules) { r.TwoPersons = map[string]bool{"*": true} }
	s := w.process()
	w.staff(s)
	c := w.mustRegister(s, 1)
	target, by := w.mustArchive(s, c.Number, "target"), w.mustArchive(s, c.Number, "by")
	if _, err := s.ChangeStanding(t.Context(), actor("nigar"), target.Number, document.Superseded, by.Number, "x"); err != nil {
		t.Fatal(err)
	}
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			if i == 0 {
				_, errs[i] = w.process().RejectStanding(t.Context(), actor("vuqar"), target.Number, "no")
			} else {
				_, errs[i] = w.process().ConfirmStanding(t.Context(), actor("vuqar"), target.Number)
			}
		})
	}
	all.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
		} else if k := document.KindOf(err); k != document.Conflict && k != document.NotFound {
			t.Errorf("%d: %v", i, err)
		}
	}
	standing, dump := w.act(s, target.Number).Standing, w.dump("standing_proposal")
	if won != 1 || (standing == document.Superseded) != strings.Contains(dump, `state="confirmed"`) || (standing == document.InForce) != (errs[0] == nil) {
		t.Errorf("%d won, act is %s, %s, %v", won, standing, dump, errs)
	}
	w.nothingWaits(s)
}
