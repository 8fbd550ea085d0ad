package sqldb

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// testRates tests Allow on registers that open makes over one database: they
// stand for as many processes.
func testRates(t *testing.T, open func(now func() time.Time) *Register) {
	t.Run("windows", func(t *testing.T) { testWindows(t, open) })
	t.Run("clocks that differ", func(t *testing.T) { testRateClocks(t, open) })
	t.Run("many callers", func(t *testing.T) { testRateRace(t, open) })
	t.Run("sweep", func(t *testing.T) { testSweep(t, open) })
}

func testWindows(t *testing.T, open func(func() time.Time) *Register) {
	now := noon
	clock := func() time.Time { return now }
	a, b := open(clock), open(clock)
	for _, step := range []struct {
		at    time.Duration
		key   string
		by    *Register
		ok    bool
		after time.Duration
	}{
		{0, "x", a, true, 0},
		{time.Second, "x", b, true, 0},
		{2 * time.Second, "x", a, false, 58 * time.Second},
		{3 * time.Second, "y", a, true, 0},
		{59 * time.Second, "x", b, false, time.Second},
		{60 * time.Second, "x", a, true, 0}, // a new window
		{61 * time.Second, "x", b, true, 0},
		{62 * time.Second, "x", b, false, 58 * time.Second},
	} {
		now = noon.Add(step.at)
		ok, after, err := step.by.Allow(t.Context(), "windows "+step.key, 2, time.Minute)
		if ok != step.ok || after != step.after || err != nil {
			t.Errorf("%s after %v: %v, %v, %v", step.key, step.at, ok, after, err)
		}
	}
	if ok, after, err := a.Allow(t.Context(), "none", 0, time.Minute); ok || after != time.Minute || err != nil {
		t.Errorf("a limit of none: %v, %v, %v", ok, after, err)
	}
	var dump bytes.Buffer
	rows, err := rowsOf(t, a, `SELECT key FROM rate_window`)
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	fmt.Fprint(&dump, rows)
	if bytes.Contains(dump.Bytes(), []byte("windows")) {
		t.Error("a key is stored as it is")
	}
}

// testRateClocks: who is a second ahead does not double the limit, and a window
// from far ahead does not last until then.
func testRateClocks(t *testing.T, open func(func() time.Time) *Register) {
	behind := open(func() time.Time { return noon })
	ahead := open(func() time.Time { return noon.Add(time.Second) })
	lost := open(func() time.Time { return noon.AddDate(1, 0, 0) })
	allow := func(r *Register, key string, want bool) {
		t.Helper()
		ok, after, err := r.Allow(t.Context(), "clocks "+key, 1, time.Minute)
		if ok != want || after > time.Minute || err != nil {
			t.Errorf("%s: %v, %v, %v", key, ok, after, err)
		}
	}
	allow(ahead, "near", true)
	allow(behind, "near", false)
	allow(lost, "far", true)
	allow(behind, "far", true)
	allow(behind, "far", false)
}

// testRateRace: exactly as many as the limit come through, and there is no
// deadlock, with the sweep among them.
func testRateRace(t *testing.T, open func(func() time.Time) *Register) {
	const processes, callers, each, keys, limit = 3, 8, 60, 4, 100
	var (
		allowed [keys]atomic.Int64
		group   sync.WaitGroup
		ticks   atomic.Int64
	)
	for range processes {
		// Each call is at a time of its own, so that old windows are swept while
		// others are counted; that of the limit outlasts them all.
		r := open(func() time.Time { return noon.Add(time.Duration(ticks.Add(1)) * 20 * time.Millisecond) })
		for c := range callers {
			group.Go(func() {
				for i := range each {
					key := (c + i) % keys
					ok, _, err := r.Allow(t.Context(), fmt.Sprint("race ", key), limit, time.Hour)
					if err != nil {
						t.Error(err)
						return
					}
					if ok {
						allowed[key].Add(1)
					}
					if _, _, err := r.Allow(t.Context(), fmt.Sprint("passing ", c, i%3), 1, time.Millisecond); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	group.Wait()
	for key := range allowed {
		if n := allowed[key].Load(); n != limit {
			t.Errorf("key %d was allowed %d times", key, n)
		}
	}
}

func testSweep(t *testing.T, open func(func() time.Time) *Register) {
	now := noon.AddDate(0, 0, 1)
	r := open(func() time.Time { return now })
	for i := range 50 {
		if _, _, err := r.Allow(t.Context(), fmt.Sprint("swept ", i), 1, time.Second); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(sweepEvery + time.Second)
	if _, _, err := r.Allow(t.Context(), "last", 1, time.Minute); err != nil {
		t.Fatal(err)
	}
	old, err := rowsOf(t, r, `SELECT key FROM rate_window WHERE ends <= $1`, Time(now))
	if err != nil || len(old) != 0 {
		t.Errorf("%d windows that are over were left: %v", len(old), err)
	}
}

// rowsOf returns the first column of a query.
func rowsOf(t *testing.T, r *Register, query string, args ...any) (found []any, err error) {
	err = r.engine.view(t.Context(), func(q querier) error {
		return (&tx{q: q}).each(t.Context(), func(s scan) error {
			var v any
			err := s(&v)
			found = append(found, v)
			return err
		}, query, args...)
	})
	return found, err
}
