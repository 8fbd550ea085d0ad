package document_test

import (
	"testing"

	"docsvc/internal/document"
)

// TestDateOfAct: no act is dated into the future, and none back where it has
// legal force; nothing is numbered for a draft that is refused.
func TestDateOfAct(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	c, _, err := s.RegisterCase(t.Context(), actor("nigar"), "110", "nigar", writ)
	if err != nil {
		t.Fatal(err)
	}
	today := document.DateOf(w.now(), s.Rules.Location)
	yesterday := document.DateOf(w.now().AddDate(0, 0, -1), s.Rules.Location)
	tomorrow := document.DateOf(w.now().AddDate(0, 0, 1), s.Rules.Location)
	for name, tc := range map[string]struct {
		evaluation bool
		date       document.Date
		ok         bool
	}{
		"today":                    {false, today, true},
		"not given":                {false, "", true},
		"yesterday":                {false, yesterday, false},
		"yesterday, in evaluation": {true, yesterday, true},
		"tomorrow":                 {false, tomorrow, false},
		"tomorrow, in evaluation":  {true, tomorrow, false},
		"no date":                  {true, "2026-02-30", false},
	} {
		t.Run(name, func(t *testing.T) {
			s.Rules.Evaluation = tc.evaluation
			before := counter(t, w, c.Number)
			d := decision(c.Number)
			d.Date, d.RequestKey = tc.date, name
			_, _, err := s.Issue(t.Context(), actor("nigar"), d)
			if tc.ok && err != nil || !tc.ok && document.KindOf(err) != document.Invalid {
				t.Errorf("date %q: %v", tc.date, err)
			}
			if used := counter(t, w, c.Number) - before; used != 0 && !tc.ok {
				t.Errorf("%d numbers were used", used)
			}
		})
	}
}

// counter is the last index given in a case.
func counter(t *testing.T, w *world, number string) (value int64) {
	t.Helper()
	w.view(func(tx document.Tx) error {
		c, err := tx.Counter(t.Context(), "act/"+number)
		value = c.Value
		return err
	})
	return value
}
