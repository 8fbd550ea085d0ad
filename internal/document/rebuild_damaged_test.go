package document_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"regexp"
	"strings"
	"testing"

	"docsvc/internal/archive"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
)

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
		"damaged void": {func(o *office) { o.archive.Corrupt(o.keyOf("events/void/"), flip) }, 1, 14},
		"missing void": {func(o *office) { o.archive.Lose(o.keyOf("events/void/")) }, 1, 14},
		"damaged case": {func(o *office) {
			for _, key := range o.archive.Keys() {
				if strings.Contains(key, "events/case/") {
					o.archive.Corrupt(key, flip)
					return
				}
			}
		}, 1, 14},
		"damaged block of numbers": {func(o *office) { o.archive.Corrupt(o.keyOf("events/counter/"), flip) }, 1, 14},
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
