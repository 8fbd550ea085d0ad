package numbering

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNextBlock(t *testing.T) {
	tests := []struct {
		highWater, size, most int64
		want                  Range
		err                   error
	}{
		{0, 100, 99_999_999, Range{1, 100}, nil},
		{100, 100, 99_999_999, Range{101, 200}, nil},
		{99_999_950, 100, 99_999_999, Range{99_999_951, 99_999_999}, nil},
		{99_999_999, 100, 99_999_999, Range{}, ErrOverflow},
		{1, 1<<63 - 1, 1<<63 - 1, Range{2, 1<<63 - 1}, nil},
		{0, 0, 10, Range{}, ErrBlock},
		{-1, 5, 10, Range{}, ErrBlock},
	}
	for _, tt := range tests {
		b, err := NextBlock("case/2026/110", tt.highWater, tt.size, tt.most)
		if b.Range != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("NextBlock(%d, %d, %d) = %v, %v; want %v, %v", tt.highWater, tt.size, tt.most, b, err, tt.want, tt.err)
		}
	}
	if _, err := NextBlock("", 0, 1, 10); !errors.Is(err, ErrBlock) {
		t.Errorf("block without series: %v", err)
	}
}

func TestResume(t *testing.T) {
	const series = "case/2026/110"
	block := func(from, to int64) Block { return Block{series, Range{from, to}} }
	tests := []struct {
		name   string
		blocks []Block
		used   []int64
		want   Resumption
	}{
		{"nothing", nil, nil, Resumption{Next: 1}},
		{"block, nothing archived", []Block{block(1, 100)}, nil, Resumption{Next: 101, Gaps: []Range{{1, 100}}}},
		{"all archived", []Block{block(1, 3)}, []int64{3, 1, 2}, Resumption{Next: 4}},
		{"lost ones in the middle and at the end", []Block{block(11, 20), block(1, 10)}, []int64{1, 2, 5, 12},
			Resumption{Next: 21, Gaps: []Range{{3, 4}, {6, 11}, {13, 20}}}},
		{"block object lost", []Block{block(1, 2)}, []int64{1, 2, 3, 7},
			Resumption{Next: 8, Gaps: []Range{{4, 6}}, Stray: []int64{3, 7}}},
		{"number used twice", []Block{block(1, 3)}, []int64{1, 2, 2, 2, 3}, Resumption{Next: 4, Twice: []int64{2}}},
	}
	for _, tt := range tests {
		got, err := Resume(series, tt.blocks, tt.used)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	for name, call := range map[string]func() error{
		"other series": func() error { _, err := Resume("case/2027/110", []Block{block(1, 2)}, nil); return err },
		"empty block":  func() error { _, err := Resume(series, []Block{block(5, 4)}, nil); return err },
		"from 0":       func() error { _, err := Resume(series, []Block{block(0, 4)}, nil); return err },
		"serial 0":     func() error { _, err := Resume(series, []Block{block(1, 4)}, []int64{0}); return err },
	} {
		if err := call(); !errors.Is(err, ErrBlock) {
			t.Errorf("%s: %v, want ErrBlock", name, err)
		}
	}
}

// FuzzResume checks the promise itself: nothing up to the high-water mark or
// among the used serials is given again, and used and gaps make up the rest.
func FuzzResume(f *testing.F) {
	f.Add(uint8(10), []byte{1, 2, 5})
	f.Add(uint8(0), []byte{200})
	f.Fuzz(func(t *testing.T, highWater uint8, serials []byte) {
		var blocks []Block
		if highWater > 0 {
			blocks = []Block{{"s", Range{1, int64(highWater)}}}
		}
		accounted := make(map[int64]bool)
		used := make([]int64, len(serials))
		for i, s := range serials {
			used[i] = int64(s) + 1
			accounted[used[i]] = true
		}
		r, err := Resume("s", blocks, used)
		if err != nil {
			t.Fatal(err)
		}
		for _, gap := range r.Gaps {
			for s := gap.From; s <= gap.To; s++ {
				if accounted[s] {
					t.Fatalf("%d is both used and a gap", s)
				}
				accounted[s] = true
			}
		}
		if int64(len(accounted)) != r.Next-1 || r.Next <= int64(highWater) {
			t.Fatalf("next %d after %d accounted for, high water %d", r.Next, len(accounted), highWater)
		}
	})
}
