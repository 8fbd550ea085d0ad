package document_test

import (
	"strings"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/signing"
)

// TestRebuildRenewalsDamaged: what is wrong with the files and events of
// renewals is named, and the rest comes back.
func TestRebuildRenewalsDamaged(t *testing.T) {
	event := func(a document.Act, n int) string {
		return "events/renewal/" + document.RenewalID(a.ID, n) + ".json"
	}
	file := func(a document.Act, n string) string { return strings.Replace(a.Path, "/0001.", "/"+n+".", 1) }
	for name, tc := range map[string]struct {
		harm      func(w *world, a document.Act)
		problem   string
		rendition int // that the row names
	}{
		"nothing":         {func(*world, document.Act) {}, "", 3},
		"lost file":       {func(w *world, a document.Act) { w.archive.Lose(file(a, "0003")) }, "rendition 3", 3},
		"lost event":      {func(w *world, a document.Act) { w.archive.Lose(event(a, 2)) }, "event of one is missing", 3},
		"lost last event": {func(w *world, a document.Act) { w.archive.Lose(event(a, 3)) }, "that the archive lacks", 2},
		"damaged event":   {func(w *world, a document.Act) { w.archive.Corrupt(event(a, 3), flip) }, "damaged", 2},
		"lost manifest": {func(w *world, a document.Act) {
			w.archive.Lose(strings.Replace(a.Path, "0001.pdf", "manifest.json", 1))
		}, "the archive lacks its record", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w, s, a := old(t, signing.LevelBLTA, "nigar")
			for range 2 {
				w.years(6)
				if _, err := s.Renew(t.Context(), operator, a.Number); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Sequence(t.Context()); err != nil {
				t.Fatal(err)
			}
			tc.harm(w, a)
			s = (&office{world: w}).lose()
			report, err := s.Rebuild(t.Context(), operator)
			if err != nil {
				t.Fatal(err)
			}
			if found := strings.Contains(strings.Join(report.Problems, "\n"), tc.problem); (len(report.Problems) == 0) != (tc.problem == "") || !found {
				t.Errorf("problems %q, want %q", report.Problems, tc.problem)
			}
			got, err := s.Act(t.Context(), a.Number)
			if (err == nil) != (tc.rendition > 0) || got.Rendition != tc.rendition {
				t.Errorf("rendition %d, %v; want %d", got.Rendition, err, tc.rendition)
			}
		})
	}
}

// TestRebuildLosesCommit: the register is lost after a rendition has reached
// the archive and before anything tells of it. The next renewal adopts it.
func TestRebuildLosesCommit(t *testing.T) {
	w, s, a := old(t, signing.LevelBLTA, "nigar")
	w.years(8)
	w.store.arm(1, false)
	if _, err := s.Renew(t.Context(), operator, a.Number); err == nil {
		t.Fatal("renewed without the register")
	}
	w.store.arm(0, false)
	if err := s.Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	s = (&office{world: w}).lose()
	report, err := s.Rebuild(t.Context(), operator)
	if err != nil || len(report.Problems) > 0 || w.act(s, a.Number).Rendition != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	gave := w.tsa.gave.Load()
	if _, err := s.Renew(t.Context(), operator, a.Number); err != nil || w.tsa.gave.Load() != gave {
		t.Fatalf("%v, %d more time-stamps", err, w.tsa.gave.Load()-gave)
	}
	w.checkRenewed(s, a.Number, 2)
}
