package document_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"docsvc/internal/document"
)

// office is a world in which something of everything has happened.
type office struct {
	*world
	first, second                                       document.Case
	plain, superseded, annulled, decision, shared, void document.Act
	lost                                                document.Act // numbered, not archived
}

func newOffice(t *testing.T) (*office, *document.Service) {
	t.Helper()
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	o := &office{world: w, first: w.mustRegister(s, 1), second: w.mustRegister(s, 2)}
	o.plain = w.mustArchive(s, o.first.Number, "plain")
	o.superseded = w.mustArchive(s, o.first.Number, "superseded")
	o.annulled = w.mustArchive(s, o.first.Number, "annulled")
	o.void = w.mustIssue(s, o.first.Number, "void")
	o.decision = w.mustArchive(s, o.first.Number, "decision")
	w.drafter.signers = []string{"nigar", "vuqar"}
	o.shared = w.mustArchive(s, o.second.Number, "shared")
	w.drafter.signers = []string{"nigar"}
	for range 9 { // over the end of the first block of numbers
		w.mustArchive(s, o.second.Number, "")
	}
	ctx := t.Context()
	if err := s.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	_, err := s.Void(ctx, actor("nigar"), o.void.Number, "a reason")
	if err == nil {
		_, err = s.ChangeStanding(ctx, actor("nigar"), o.superseded.Number, document.Superseded, o.decision.Number, "a reason")
	}
	if err == nil {
		_, err = s.ChangeStanding(ctx, actor("nigar"), o.annulled.Number, document.Annulled, o.decision.Number, "another reason")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	return o, s
}

// lose gives the world an empty register.
func (o *office) lose() *document.Service {
	o.t.Helper()
	o.path = filepath.Join(o.t.TempDir(), "rebuilt.db")
	o.openRegister()
	return o.process()
}

// TestRebuild: the register that comes from the archive alone is the lost one,
// and work goes on with it.
func TestRebuild(t *testing.T) {
	o, s := newOffice(t)
	same := []string{"account", "enforcement_case", "act"}
	grown := []string{"audit_event", "audit_link", "ledger_entry", "ledger_position", "ledger_hash"}
	before := map[string]string{}
	for _, table := range append(same, grown...) {
		before[table] = o.dump(table)
	}
	notes := o.checkpoints()
	o.lost = o.mustIssue(s, o.first.Number, "lost") // only in the register

	s = o.lose()
	report, err := s.Rebuild(t.Context(), operator)
	if err != nil {
		t.Fatal(err)
	}
	if report.Accounts != 2 || report.Cases != 2 || report.Acts != 14 || report.Voided != 1 || report.Changed != 2 || len(report.Problems) > 0 {
		t.Errorf("report %+v", report)
	}
	for _, table := range same {
		if got := o.dump(table); got != before[table] {
			t.Errorf("%s after the rebuild:\n%s\nbefore:\n%s", table, got, before[table])
		}
	}
	for _, table := range grown {
		after := strings.Split(o.dump(table), "\n")
		for line := range strings.Lines(before[table]) {
			if !slices.Contains(after, strings.TrimSuffix(line, "\n")) {
				t.Errorf("%s lacks %s", table, line)
			}
		}
	}
	o.checkCounters(s, report)
	o.checkpointsAgree(s)
	if got := o.checkpoints(); len(got) <= len(notes) {
		t.Errorf("%d checkpoints after a rebuild that recorded its gaps, %d before", len(got), len(notes))
	}
	if _, err := s.Rebuild(t.Context(), operator); document.KindOf(err) != document.Conflict {
		t.Errorf("a second rebuild: %v", err)
	}
}

// checkCounters: numbers that the lost register may have given are a recorded
// gap, and the next ones come after it.
func (o *office) checkCounters(s *document.Service, report document.RebuildReport) {
	o.t.Helper()
	want := map[string]document.Gap{}
	o.view(func(tx document.Tx) error {
		list, err := tx.Counters(o.t.Context())
		for _, c := range list {
			if c.Value != c.High {
				o.t.Errorf("counter %+v could give a number of the gap", c)
			}
			want[c.Series] = document.Gap{To: c.High}
		}
		return err
	})
	for _, g := range report.Gaps {
		if g.To != want[g.Series].To || g.From < 1 || g.From > g.To {
			o.t.Errorf("gap %+v, the series goes on after %d", g, want[g.Series].To)
		}
	}
	// 100 case numbers reserved, 2 given; the first case has acts 1 to 5 of 10,
	// the second 1 to 10 of 10.
	if len(report.Gaps) != 2 || report.Gaps[0].From+report.Gaps[1].From != 6+3 {
		o.t.Errorf("gaps %+v", report.Gaps)
	}
	if n := o.audited(s, "number.gap"); n != len(report.Gaps) {
		o.t.Errorf("%d gaps in the audit trail, %d reported", n, len(report.Gaps))
	}
	if a := o.mustArchive(s, o.first.Number, "next"); a.Index != 11 || a.Number == o.lost.Number {
		o.t.Errorf("the next act of the first case is %s", a.Number)
	}
	if a := o.mustArchive(s, o.second.Number, "next of the second"); a.Index != 11 {
		o.t.Errorf("the next act of the second case is %s", a.Number)
	}
	c := o.mustRegister(s, 3)
	if n, err := s.Rules.Scheme.Parse(c.Number); err != nil || n.Serial != 101 {
		o.t.Errorf("the next case is %s, %v", c.Number, err)
	}
	// What an officer asked for before is found again, not issued again.
	if a, _, err := s.Issue(o.t.Context(), actor("nigar"), draftOf(o.first.Number, "plain")); err != nil || a.Number != o.plain.Number {
		o.t.Errorf("the same request gives %s, %v", a.Number, err)
	}
	if _, _, err := s.RegisterCase(o.t.Context(), actor("nigar"), "110", "nigar", writNumber(2)); !errors.Is(err, document.ErrExists) {
		o.t.Errorf("the same document: %v", err)
	}
	o.nothingWaits(s)
}

// TestRebuildTwice: a register that was rebuilt is lost again.
func TestRebuildTwice(t *testing.T) {
	o, _ := newOffice(t)
	s := o.lose()
	if _, err := s.Rebuild(t.Context(), operator); err != nil {
		t.Fatal(err)
	}
	between := o.mustArchive(s, o.first.Number, "between")
	if n, err := s.Copied(t.Context(), actor("nigar"), between); n != 1 || err != nil {
		t.Errorf("copy %d, %v", n, err)
	}
	if err := s.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := o.dump("account", "enforcement_case", "act", "act_word", "case_word")
	s = o.lose()
	report, err := s.Rebuild(t.Context(), operator)
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if o.dump("account", "enforcement_case", "act", "act_word", "case_word") != before {
		t.Error("the register differs")
	}
	if n, err := s.Copied(t.Context(), actor("vuqar"), between); n != 2 || err != nil {
		t.Errorf("the trail came back without its copies: copy %d, %v", n, err)
	}
	if a := o.mustArchive(s, o.first.Number, "after"); a.Index != 21 {
		t.Errorf("the next act is %s", a.Number)
	}
	o.checkpointsAgree(s)
}
