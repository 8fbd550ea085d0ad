package document_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/document"
)

// newAbsence is a world with a head who will be absent, and whom vuqar is to
// replace; owner is the office's.
func newAbsence(t *testing.T) (w *world, s *document.Service, head, owner document.Actor) {
	t.Helper()
	w, s, head = newApproval(t)
	owner = document.Actor{Login: "sahib", Grants: []document.Grant{grant(document.RoleOwner, "110")}}
	return w, s, head, owner
}

func (w *world) absence(days int) document.Substitution {
	today := document.DateOf(w.now(), time.UTC)
	return document.Substitution{
		Absent: "ayten", Deputy: "vuqar", Role: document.RoleHead, Office: "110", Reason: "order 7",
		From: today, Until: document.DateOf(w.now().AddDate(0, 0, days-1), time.UTC),
	}
}

func keyOf(err error) string {
	if e, ok := errors.AsType[*document.Error](err); ok {
		return e.Key
	}
	return ""
}

// TestSubstituteRefused: who may appoint whom, and for which days.
func TestSubstituteRefused(t *testing.T) {
	w, s, head, owner := newAbsence(t)
	w.hire(s, "camal", false, grant(document.RoleHead, "110"))
	w.hire(s, "clerk", false, grant(document.RoleClerk, "110"))
	w.hire(s, "gone", true, grant(document.RoleOfficer, "110"))
	w.hire(s, "far", false, grant(document.RoleOfficer, "111"))
	w.dump()
	for name, tc := range map[string]struct {
		by     document.Actor
		change func(x *document.Substitution)
		want   string
	}{
		"an officer":             {actor("nigar"), func(*document.Substitution) {}, "error.forbidden"},
		"another head":           {document.Actor{Login: "camal", Grants: []document.Grant{grant(document.RoleHead, "110")}}, func(*document.Substitution) {}, "error.substitution.other"},
		"another office's owner": {document.Actor{Login: "o", Grants: []document.Grant{grant(document.RoleOwner, "111")}}, func(*document.Substitution) {}, "error.forbidden"},
		"no reason":              {head, func(x *document.Substitution) { x.Reason = "" }, "error.reason.missing"},
		"yesterday":              {head, func(x *document.Substitution) { x.From = "2020-01-01" }, "error.substitution.dates"},
		"no date":                {head, func(x *document.Substitution) { x.Until = "tomorrow" }, "error.substitution.dates"},
		"ends before it begins":  {head, func(x *document.Substitution) { x.Until = "2020-01-01" }, "error.substitution.dates"},
		"for ever":               {head, func(x *document.Substitution) { x.Until = "2999-01-01" }, "error.substitution.dates"},
		"by oneself":             {head, func(x *document.Substitution) { x.Deputy = "ayten" }, "error.substitution.deputy"},
		"by a clerk":             {head, func(x *document.Substitution) { x.Deputy = "clerk" }, "error.substitution.deputy"},
		"by who signs elsewhere": {head, func(x *document.Substitution) { x.Deputy = "far" }, "error.substitution.deputy"},
		"by who is disabled":     {head, func(x *document.Substitution) { x.Deputy = "gone" }, "error.account.disabled"},
		"by nobody":              {head, func(x *document.Substitution) { x.Deputy = "nobody" }, "error.account.unknown"},
		"as a chief":             {head, func(x *document.Substitution) { x.Role = document.RoleChief }, "error.substitution.role"},
		"as an officer":          {owner, func(x *document.Substitution) { x.Absent, x.Role = "nigar", document.RoleOfficer }, "error.substitution.role"},
		"of an officer as head":  {owner, func(x *document.Substitution) { x.Absent = "nigar" }, "error.substitution.role"},
	} {
		x := w.absence(5)
		tc.change(&x)
		if _, err := s.Substitute(t.Context(), tc.by, x); keyOf(err) != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	if w.dump("substitution") != "" {
		t.Error("a refused substitution is there")
	}
	x, err := s.Substitute(t.Context(), owner, w.absence(366))
	if err != nil || x.AppointedBy != "sahib" {
		t.Fatalf("%+v, %v", x, err)
	}
	if _, err := s.Substitute(t.Context(), head, w.absence(1)); keyOf(err) != "error.substitution.overlaps" {
		t.Errorf("two at once: %v", err)
	}
	if _, err := s.EndSubstitution(t.Context(), actor("vuqar"), x.ID); document.KindOf(err) != document.Forbidden {
		t.Errorf("ended by the deputy: %v", err)
	}
	if _, err := s.EndSubstitution(t.Context(), head, x.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.EndSubstitution(t.Context(), head, x.ID); document.KindOf(err) != document.Conflict {
		t.Errorf("ended twice: %v", err)
	}
	if _, err := s.Substitute(t.Context(), head, w.absence(1)); err != nil {
		t.Errorf("after the end of another one: %v", err)
	}
	if n, m := w.audited(s, audit.Substituted), w.audited(s, audit.SubstitutionEnded); n != 2 || m != 1 {
		t.Errorf("%d appointed, %d ended in the trail", n, m)
	}
	w.nothingWaits(s)
}

// TestDeputyApproves: on the days of the substitution the deputy is asked and
// named, never for an act of their own; before and after it is the head.
func TestDeputyApproves(t *testing.T) {
	w, s, head, _ := newAbsence(t)
	ctx := t.Context()
	kase := w.mustRegister(s, 1).Number
	x := w.absence(3)
	x.From, x.Until = document.DateOf(w.now().AddDate(0, 0, 1), time.UTC), document.DateOf(w.now().AddDate(0, 0, 3), time.UTC)
	if _, err := s.Substitute(ctx, head, x); err != nil {
		t.Fatal(err)
	}
	approver := func(author string) string {
		w.drafter.signers = []string{author}
		d := draftOf(kase, "")
		a, _, err := s.Issue(ctx, actor(author), d)
		if err != nil {
			return keyOf(err)
		}
		return a.Signers[1].Login
	}
	for day, want := range []string{"ayten", "vuqar", "vuqar", "vuqar", "ayten"} {
		if got := approver("nigar"); got != want {
			t.Errorf("on day %d %s is asked, want %s", day, got, want)
		}
		if own := approver("vuqar"); want == "vuqar" && own != "error.signer.self" || want == "ayten" && own != "ayten" {
			t.Errorf("on day %d an act of the deputy is approved by %s", day, own)
		}
		w.advance(24 * time.Hour)
	}
}

// TestDeputySigns: the act says in whose place the deputy signs; the deputy can
// no longer when the substitution has ended, and the head never could.
func TestDeputySigns(t *testing.T) {
	w, s, head, _ := newAbsence(t)
	ctx := t.Context()
	kase := w.mustRegister(s, 1).Number
	x, err := s.Substitute(ctx, head, w.absence(3))
	if err != nil {
		t.Fatal(err)
	}
	a, late, back := w.toHead(s, kase, "a"), w.toHead(s, kase, "late"), w.toHead(s, kase, "back")
	signer := a.Signers[1]
	if signer.Login != "vuqar" || signer.InsteadOf == nil || signer.InsteadOf.Login != "ayten" || signer.InsteadOf.Post != "post of ayten" ||
		signer.InsteadOf.Substitution != x.ID || signer.Role != document.RoleHead || signer.Field != "approver" {
		t.Errorf("%+v %+v", signer, signer.InsteadOf)
	}
	if _, err := s.Sign(ctx, head, a, w.officers["ayten"]); keyOf(err) != "error.act.other_signer" {
		t.Errorf("who is absent signs: %v", err)
	}
	if a, err = s.Sign(ctx, actor("vuqar"), a, w.officers["vuqar"]); err != nil || a.State != document.Archived {
		t.Fatalf("act is %s, %v", a.State, err)
	}
	if back, err = s.Return(ctx, actor("vuqar"), back.Number, "a remark"); err != nil || back.VoidKind != document.Returned {
		t.Errorf("the deputy returns: %v", err)
	}
	stuck := w.stuckAct(s, kase)
	if _, err := s.EndSubstitution(ctx, head, x.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(ctx, actor("vuqar"), late, w.officers["vuqar"]); keyOf(err) != "error.substitution.over" {
		t.Errorf("after the end: %v", err)
	}
	if _, err := s.Void(ctx, actor("vuqar"), stuck.Number, "x"); document.KindOf(err) != document.Conflict {
		t.Errorf("the former deputy gives up what is stuck: %v", err)
	}
	if _, err := s.Void(ctx, head, late.Number, "the head is back"); err != nil {
		t.Errorf("the head gives it up: %v", err)
	}
	w.tsa.down.Store(false)
	w.advance(time.Hour)
	workerOf(s).Once(ctx)

	before := w.dump("substitution", "account")
	o := &office{world: w}
	s = o.lose()
	if report, err := s.Rebuild(ctx, operator); err != nil || len(report.Problems) > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if after := w.dump("substitution", "account"); after != before || !strings.Contains(after, `ended_by="ayten"`) {
		t.Errorf("after the rebuild:\n%s\nbefore:\n%s", after, before)
	}
	if got := w.act(s, a.Number).Signers[1]; got.InsteadOf == nil || *got.InsteadOf != *signer.InsteadOf {
		t.Errorf("rebuilt signer %+v", got)
	}
}
