package sqldb

import (
	"fmt"
	"testing"

	"docsvc/internal/document"
)

// testBrokenOff: a page that would have to look at too many entries ends, and
// the next one goes on from there.
func testBrokenOff(t *testing.T, r *Register) {
	ctx := t.Context()
	err := r.engine.update(ctx, func(q querier) error {
		x := &tx{q: q, writable: true, now: r.now}
		for i := range 2*walk + 1 {
			words := []string{"one"}
			switch {
			case i == 0: // the oldest
				words = []string{"one", "two"}
			case i < walk:
				words = []string{"two"}
			}
			if err := x.insertWords(ctx, actList, "2026-03-14", fmt.Sprintf("%06d", i), words); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	query := document.Find{Everywhere: true, Words: []string{"one", "two"}, Limit: 5}
	for turn, want := range []struct {
		found int
		end   string
		cut   bool
	}{{0, fmt.Sprintf("%06d", walk+1), true}, {1, "", false}} {
		var page document.Page[int]
		var places []document.Place
		err := r.engine.view(ctx, func(q querier) (err error) {
			places, err = find(ctx, &search{tx: &tx{q: q, now: r.now}, list: actList, q: query}, &page)
			return err
		})
		if err != nil || len(places) != want.found || page.Cut != want.cut || page.Older.ID != want.end {
			t.Errorf("turn %d: %v, %+v, %v", turn, places, page, err)
		}
		query.At = page.Older
	}
}

// testFillWords: acts and cases of an older docsvc can be found after the
// migration, and a second one changes nothing.
func testFillWords(t *testing.T, o Options) {
	ctx := t.Context()
	r := open(t, o)
	fill(t, r)
	db := rawDB(t, o)
	words := func() string { return string(dump(t, r, "act_word", "case_word", "audit_subject")) }
	want := words()
	for _, statement := range []string{"DELETE FROM act_word", "DELETE FROM case_word", "DELETE FROM audit_subject"} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	if words() == want || want == "" {
		t.Fatalf("the words are still there: %s", want)
	}
	for range 2 {
		if err := Migrate(ctx, o); err != nil {
			t.Fatal(err)
		}
		if got := words(); got != want {
			t.Errorf("after the migration: %s\nwant %s", got, want)
		}
	}
}
