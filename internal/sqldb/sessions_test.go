package sqldb

import (
	"fmt"
	"testing"
	"time"

	"docsvc/internal/auth"
)

// testPurgeBounded removes more sessions than one statement does.
func testPurgeBounded(t *testing.T, r *Register) {
	const n = sweepRows + 50
	ctx := t.Context()
	err := r.change(ctx, func(x *tx) error {
		for i := range n {
			id := auth.HashOf(fmt.Sprint(i))
			if err := x.insert(ctx, `INSERT INTO session (`+sessionColumns+`)
				VALUES ($1, 'x', 's', '', '', NULL, $2, $2, $2, '')`, id[:], Time(noon)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if removed, err := r.Purge(ctx, noon, time.Time{}); removed != n || err != nil {
		t.Errorf("removed %d, %v", removed, err)
	}
}

func TestHash(t *testing.T) {
	want := auth.HashOf("x")
	var h hash
	if err := h.Scan(want[:]); err != nil || auth.Hash(h) != want {
		t.Errorf("%v, %v", h, err)
	}
	if err := h.Scan(nil); err != nil || h != (hash{}) {
		t.Errorf("%v, %v", h, err)
	}
	for _, src := range []any{want[:31], append(want[:], 0), []byte{}, want.String(), int64(1)} {
		if err := h.Scan(src); err == nil {
			t.Errorf("%v was taken", src)
		}
	}
}
