package document_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/document"
)

// TestEveryDamage damages and then loses each object of the archive in turn:
// the rest comes back, what is amiss is told, and no number is given twice.
// Without a segment of the ledger there is no rebuild: what it would sign next
// could contradict what was signed before.
func TestEveryDamage(t *testing.T) {
	o, s := newOffice(t)
	ctx := t.Context()
	var given []string
	for _, c := range []document.Case{o.first, o.second} {
		a := o.mustIssue(s, c.Number, "") // numbered, never archived
		given = append(given, c.Number, a.Number)
		o.view(func(tx document.Tx) error {
			acts, err := tx.ActsOfCase(ctx, c.ID)
			for _, a := range acts {
				given = append(given, a.Number)
			}
			return err
		})
	}
	whole := o.archive
	for _, key := range whole.Keys() {
		if strings.HasSuffix(key, ".pdf") || strings.Contains(key, o.second.Number+"-00") {
			continue // a rebuild does not read the first; of the second one is enough
		}
		for _, lost := range []bool{false, true} {
			if lost && strings.Contains(key, "events/c") {
				continue // a missing counter, case or checkpoint at the end cannot be told
			}
			t.Run(fmt.Sprintf("%s,lost=%v", filepath.Base(filepath.Dir(key)), lost), func(t *testing.T) {
				o.archive = copyOf(t, whole)
				if lost {
					o.archive.Lose(key)
				} else {
					o.archive.Corrupt(key, flip)
				}
				s := o.lose()
				report, err := s.Rebuild(ctx, operator)
				if strings.Contains(key, "/checkpoint/") {
					if err == nil {
						t.Error("the ledger goes on without one of its segments")
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if len(report.Problems) == 0 && !strings.Contains(key, "/account/") {
					t.Error("no problem was told")
				}
				o.staff(s)
				for n := 7; n < 9; n++ {
					c := o.mustRegister(s, n)
					if slices.Contains(given, c.Number) {
						t.Errorf("case number %s was given twice", c.Number)
					}
				}
				for _, c := range []document.Case{o.first, o.second} {
					if _, err := s.Case(ctx, c.Number); err != nil {
						t.Error(err) // each case has archived acts
						continue
					}
					if a := o.mustIssue(s, c.Number, ""); slices.Contains(given, a.Number) {
						t.Errorf("act number %s was given twice", a.Number)
					}
				}
				if a, err := s.Act(ctx, o.annulled.Number); err == nil && a.Standing == document.InForce && !strings.Contains(key, "/status/") {
					t.Errorf("the annulled act is %s", a.Standing)
				}
			})
		}
	}
}

// copyOf is an archive with the same objects.
func copyOf(t *testing.T, from *archivetest.Fake) *archivetest.Fake {
	t.Helper()
	to := &archivetest.Fake{Now: from.Now}
	for _, key := range from.Keys() {
		data, object, err := from.Get(t.Context(), key)
		if err == nil {
			_, err = to.Put(t.Context(), key, data, archive.PutOptions{RetainUntil: object.RetainUntil})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestRoughClock runs the line with a clock as the machine has it: nanoseconds,
// a monotonic part and a local zone must not make two copies of a time differ.
func TestRoughClock(t *testing.T) {
	w := newWorld(t)
	zone := time.FixedZone("Asia/Baku", 4*60*60)
	start, began := w.now().Add(123456789), time.Now()
	s := w.process()
	s.Now = func() time.Time { return start.Add(time.Since(began)).In(zone) }
	s.Rules.Location = zone
	w.staff(s)
	c := w.mustRegister(s, 1)
	a := w.mustArchive(s, c.Number, "x")
	m, err := archive.ReadManifest(t.Context(), w.archive, archive.Record{Year: a.IssuedAt.UTC().Year(), Number: a.Number})
	if err != nil {
		t.Fatal(err)
	}
	stored := w.act(s, a.Number)
	var archived document.Act
	if err := json.Unmarshal(m.Act, &archived); err != nil {
		t.Fatal(err)
	}
	if !archived.IssuedAt.Equal(stored.IssuedAt) || !archived.RetainUntil.Equal(stored.RetainUntil) || !m.SignedAt.Equal(stored.SignedAt) {
		t.Errorf("archived %s, %s; stored %s, %s", archived.IssuedAt, m.SignedAt, stored.IssuedAt, stored.SignedAt)
	}
	w.nothingWaits(s)
	w.path = filepath.Join(t.TempDir(), "rebuilt.db")
	before := w.dump("act", "enforcement_case")
	w.openRegister()
	if _, err := w.process().Rebuild(t.Context(), operator); err != nil {
		t.Fatal(err)
	}
	if after := w.dump("act", "enforcement_case"); after != before {
		t.Errorf("after a rebuild\n%s\nbefore\n%s", after, before)
	}
}
