package document_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"docsvc/internal/archive"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
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
	o.mustArchive(s, o.first.Number, "between")
	if err := s.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := o.dump("account", "enforcement_case", "act")
	s = o.lose()
	report, err := s.Rebuild(t.Context(), operator)
	if err != nil || len(report.Problems) > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if o.dump("account", "enforcement_case", "act") != before {
		t.Error("the register differs")
	}
	if a := o.mustArchive(s, o.first.Number, "after"); a.Index != 21 {
		t.Errorf("the next act is %s", a.Number)
	}
	o.checkpointsAgree(s)
}

// keyOf is the key of the only object whose key contains all parts.
func (o *office) keyOf(parts ...string) string {
	o.t.Helper()
	var found []string
	for _, key := range o.archive.Keys() {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(key, p)
		}
		if all {
			found = append(found, key)
		}
	}
	if len(found) != 1 {
		o.t.Fatalf("%d objects %v", len(found), parts)
	}
	return found[0]
}

func flip(data []byte) []byte {
	data[len(data)/2] ^= 1
	return data
}

// TestRebuildDamaged: an object that is damaged or missing is a problem that
// the report names, and the rest comes back.
func TestRebuildDamaged(t *testing.T) {
	for name, tc := range map[string]struct {
		harm     func(o *office)
		problems int // at least
		acts     int
	}{
		"damaged manifest": {func(o *office) {
			o.archive.Corrupt(o.keyOf(o.plain.Number, "manifest"), flip)
		}, 1, 13},
		"missing manifest": {func(o *office) { o.archive.Lose(o.keyOf(o.plain.Number, "manifest")) }, 1, 13},
		"missing manifest of an annulled act": {func(o *office) {
			o.archive.Lose(o.keyOf(o.annulled.Number, "manifest"))
		}, 2, 13},
		"damaged manifest of a superseded act": {func(o *office) {
			o.archive.Corrupt(o.keyOf(o.superseded.Number, "manifest"), flip)
		}, 2, 13},
		"damaged void": {func(o *office) { o.archive.Corrupt(o.keyOf("void/", ""), flip) }, 1, 14},
		"missing void": {func(o *office) { o.archive.Lose(o.keyOf("void/", "")) }, 1, 14},
		"damaged case": {func(o *office) {
			for _, key := range o.archive.Keys() {
				if strings.Contains(key, "events/case/") {
					o.archive.Corrupt(key, flip)
					return
				}
			}
		}, 1, 14},
		"damaged block of numbers": {func(o *office) { o.archive.Corrupt(o.keyOf("events/counter/", ""), flip) }, 1, 14},
		"changed audit event": {func(o *office) {
			o.forge(func(body string) string { return zeroDigest(body, strings.Index(body, `"audit":`)) })
		}, 1, 14},
		"missing status": {func(o *office) {
			for _, key := range o.archive.Keys() {
				if strings.Contains(key, "events/status/") {
					o.archive.Lose(key)
					return
				}
			}
		}, 1, 14},
	} {
		t.Run(name, func(t *testing.T) {
			o, _ := newOffice(t)
			tc.harm(o)
			s := o.lose()
			report, err := s.Rebuild(t.Context(), operator)
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Problems) < tc.problems || report.Acts != tc.acts {
				t.Errorf("%d acts, problems %v", report.Acts, report.Problems)
			}
			// Whatever was lost, no number that it had is given again.
			next := o.mustArchive(s, o.first.Number, "next")
			for _, a := range []document.Act{o.plain, o.superseded, o.annulled, o.void, o.decision} {
				if next.Index <= a.Index {
					t.Errorf("%s was given again", next.Number)
				}
			}
			o.checkpointsAgree(s)
		})
	}
}

// TestRebuildInconsistent: a log that does not agree with its own archived
// checkpoints is not continued.
func TestRebuildInconsistent(t *testing.T) {
	for name, harm := range map[string]func(o *office){
		"a segment is missing": func(o *office) {
			o.archive.Lose(o.checkpointKeys()[0])
		},
		"a segment is damaged": func(o *office) {
			o.archive.Corrupt(o.checkpointKeys()[0], flip)
		},
		"another segment at the same place": func(o *office) {
			o.forge(func(body string) string { return strings.Replace(body, `"start":"0"`, `"start":"1"`, 1) })
		},
		"other leaves under the same checkpoint": func(o *office) {
			o.forge(func(body string) string { return zeroDigest(body, strings.Index(body, `"entries":`)) })
		},
		"a checkpoint of another key": func(o *office) {
			public, _, err := ed25519.GenerateKey(rand.Reader)
			if err != nil {
				o.t.Fatal(err)
			}
			if o.log.verifier, err = ledger.NewVerifier("test/log", public); err != nil {
				o.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, _ := newOffice(t)
			before := len(o.checkpointKeys())
			harm(o)
			s := o.lose()
			report, err := s.Rebuild(t.Context(), operator)
			if err == nil {
				t.Fatalf("rebuilt: %+v", report)
			}
			if n := len(o.checkpointKeys()); n > before {
				t.Errorf("a rebuild that was refused has signed a checkpoint: %d, %d before", n, before)
			}
		})
	}
}

var hexDigest = regexp.MustCompile("[0-9a-f]{64}")

// zeroDigest replaces the first hash in body at or after from.
func zeroDigest(body string, from int) string {
	at := hexDigest.FindStringIndex(body[from:])
	return body[:from+at[0]] + strings.Repeat("0", 64) + body[from+at[1]:]
}

func (o *office) checkpointKeys() []string {
	var keys []string
	for _, key := range o.archive.Keys() {
		if strings.Contains(key, "events/checkpoint/") {
			keys = append(keys, key)
		}
	}
	return keys
}

// forge replaces the first checkpoint's event by a changed one that is well
// formed, as an attacker with write access to the archive could.
func (o *office) forge(change func(body string) string) {
	o.t.Helper()
	for e, err := range archive.Events(o.t.Context(), o.archive, archive.KindCheckpoint) {
		if err != nil {
			o.t.Fatal(err)
		}
		key, err := e.Key()
		if err != nil {
			o.t.Fatal(err)
		}
		body := change(string(e.Body))
		if body == string(e.Body) {
			o.t.Fatal("nothing was changed")
		}
		e.Body = []byte(body)
		o.archive.Lose(key)
		if _, err := archive.WriteEvent(o.t.Context(), o.archive, e, e.At.AddDate(10, 0, 0)); err != nil {
			o.t.Fatal(err)
		}
		return
	}
}

// TestRebuildRefused: only an empty register is rebuilt, and only from an
// archive that answers.
func TestRebuildRefused(t *testing.T) {
	o, s := newOffice(t)
	before := o.dump()
	if _, err := s.Rebuild(t.Context(), operator); document.KindOf(err) != document.Conflict {
		t.Errorf("over a full register: %v", err)
	}
	if o.dump() != before {
		t.Error("the register has changed")
	}
	s = o.lose()
	o.archive.SetDown(true)
	if _, err := s.Rebuild(t.Context(), operator); document.KindOf(err) != document.Unavailable {
		t.Errorf("without an archive: %v", err)
	}
	o.archive.SetDown(false)
	if report, err := s.Rebuild(t.Context(), operator); err != nil || report.Acts != 14 {
		t.Errorf("afterwards: %+v, %v", report, err)
	}
}

// TestRebuildInterrupted: a rebuild that broke off begins anew when it is tried
// again, or says that it cannot; it never goes on with half a register.
func TestRebuildInterrupted(t *testing.T) {
	o, _ := newOffice(t)
	want := o.dump("account", "enforcement_case", "act")
	anew := 0
	for _, n := range []int{1, 2, 4, 5, 8, 13, 20, 22, 24, 26} {
		s := o.lose()
		o.store.arm(n, n%2 == 0)
		_, err := s.Rebuild(t.Context(), operator)
		if !o.store.hit() || err == nil {
			t.Fatalf("write %d failed and the rebuild did not: %v", n, err)
		}
		o.store.arm(0, false)
		_, err = s.Rebuild(t.Context(), operator)
		switch {
		case err == nil:
			anew++
			if got := o.dump("account", "enforcement_case", "act"); got != want {
				t.Errorf("interrupted at write %d and begun anew, it gives another register", n)
			}
		case document.KindOf(err) != document.Conflict:
			t.Errorf("interrupted at write %d, tried again: %v", n, err)
		}
	}
	if anew == 0 {
		t.Error("no interrupted rebuild could be tried again")
	}
}
