package audit_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"docsvc/internal/audit"
)

func chain(t *testing.T, n int) []audit.Row {
	t.Helper()
	var rows []audit.Row
	var prev audit.Hash
	for i := range n {
		e := event()
		e.ID = fmt.Sprint("event-", i)
		data, err := audit.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		prev = audit.ChainHash(prev, data)
		rows = append(rows, audit.Row{Seq: int64(i) + 1, Data: data, Hash: prev})
	}
	return rows
}

func all(rows []audit.Row) iter.Seq2[audit.Row, error] {
	return func(yield func(audit.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestVerifyChain(t *testing.T) {
	rows := chain(t, 10)
	want := audit.Head{Seq: 10, Hash: rows[9].Hash}
	if head, err := audit.VerifyChain(audit.Head{}, all(rows)); err != nil || head != want {
		t.Errorf("whole chain: %v, %v", head, err)
	}
	middle := audit.Head{Seq: 4, Hash: rows[3].Hash}
	if head, err := audit.VerifyChain(middle, all(rows[4:])); err != nil || head != want {
		t.Errorf("from the middle: %v, %v", head, err)
	}
	if head, err := audit.VerifyChain(audit.Head{}, all(nil)); err != nil || head != (audit.Head{}) {
		t.Errorf("no rows: %v, %v", head, err)
	}
	lost := errors.New("lost")
	if _, err := audit.VerifyChain(audit.Head{}, func(yield func(audit.Row, error) bool) { yield(audit.Row{}, lost) }); !errors.Is(err, lost) {
		t.Errorf("rows that cannot be read: %v", err)
	}
}

func TestTamperingIsNamed(t *testing.T) {
	rechain := func(rows []audit.Row, from int) {
		prev := rows[from-1].Hash
		for i := from; i < len(rows); i++ {
			prev = audit.ChainHash(prev, rows[i].Data)
			rows[i].Seq, rows[i].Hash = int64(i)+1, prev
		}
	}
	for _, c := range []struct {
		name   string
		tamper func([]audit.Row) []audit.Row
		seq    int64
	}{
		{"byte of an event", func(r []audit.Row) []audit.Row { r[4].Data = slices.Clone(r[4].Data); r[4].Data[12] ^= 1; return r }, 5},
		{"byte of a link", func(r []audit.Row) []audit.Row { r[4].Hash[0] ^= 1; return r }, 5},
		{"row removed", func(r []audit.Row) []audit.Row { return slices.Delete(r, 4, 5) }, 5},
		{"row removed and renumbered", func(r []audit.Row) []audit.Row {
			r = slices.Delete(r, 4, 5)
			for i := range r {
				r[i].Seq = int64(i) + 1
			}
			return r
		}, 5},
		{"first row removed", func(r []audit.Row) []audit.Row { return r[1:] }, 1},
		{"rows swapped", func(r []audit.Row) []audit.Row { r[4], r[5] = r[5], r[4]; return r }, 5},
		{"contents swapped", func(r []audit.Row) []audit.Row { r[4].Data, r[5].Data = r[5].Data, r[4].Data; return r }, 5},
		{"row twice", func(r []audit.Row) []audit.Row { return slices.Insert(r, 5, r[4]) }, 6},
		{"no event, well chained", func(r []audit.Row) []audit.Row { r[4].Data = []byte("{}"); rechain(r, 4); return r }, 5},
	} {
		_, err := audit.VerifyChain(audit.Head{}, all(c.tamper(chain(t, 10))))
		var broken *audit.BrokenError
		if !errors.As(err, &broken) || broken.Seq != c.seq {
			t.Errorf("%s: %v, want a break at %d", c.name, err, c.seq)
		}
	}
	// A whole new chain and a cut-off end verify by themselves; the head tells.
	rows := chain(t, 10)
	forged := chain(t, 10)
	forged[4].Data = rows[0].Data
	rechain(forged, 4)
	for name, r := range map[string][]audit.Row{"forged": forged, "cut off": rows[:9]} {
		head, err := audit.VerifyChain(audit.Head{}, all(r))
		if err != nil || head == (audit.Head{Seq: 10, Hash: rows[9].Hash}) {
			t.Errorf("%s: %v, %v", name, head, err)
		}
	}
}
