package numbering

import (
	"errors"
	"fmt"
	"slices"
)

// ErrBlock says that a block or what is made of blocks is not acceptable.
var ErrBlock = errors.New("block of serials")

// Range is a run of serials, both ends included.
type Range struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Block is a run of serials of one series that the register may give. It is
// written to the archive, once, before its first serial is given; its To is
// the series' high-water mark until the next block is written.
type Block struct {
	Series string `json:"series"`
	Range
}

// NextBlock returns the block of size serials that follows highWater, which
// is 0 for a new series, cut off at most (a scheme's MaxSerial). The series is
// used up, [ErrOverflow], when none is left.
func NextBlock(series string, highWater, size, most int64) (Block, error) {
	if series == "" || highWater < 0 || size < 1 {
		return Block{}, fmt.Errorf("%w: series %q after %d, size %d", ErrBlock, series, highWater, size)
	}
	if highWater >= most {
		return Block{}, fmt.Errorf("series %s after %d: %w", series, highWater, ErrOverflow)
	}
	to := most
	if size < most-highWater {
		to = highWater + size
	}
	return Block{series, Range{highWater + 1, to}}, nil
}

// Resumption is where a rebuilt series goes on, and what it cannot explain.
type Resumption struct {
	Next int64 // the first serial that may be given
	// Gaps are the serials below Next that no archived record carries: given
	// and lost with the register, or never given. They stay unused and are
	// recorded with that reason.
	Gaps []Range
	// Stray are serials found above every block, and Twice those found in more
	// than one record. Neither can come from a healthy register: alarms.
	Stray []int64
	Twice []int64
}

// Resume works out how a series continues when only the archive is left:
// blocks are the blocks found there, in any order, and used the serials of
// the series that archived records carry. Serials are given again only after
// the high-water mark.
func Resume(series string, blocks []Block, used []int64) (Resumption, error) {
	highWater := int64(0)
	for _, b := range blocks {
		if b.Series != series || b.From < 1 || b.To < b.From {
			return Resumption{}, fmt.Errorf("%w: %d to %d of series %q, want series %q", ErrBlock, b.From, b.To, b.Series, series)
		}
		highWater = max(highWater, b.To)
	}
	var r Resumption
	last := int64(0)
	for _, serial := range slices.Sorted(slices.Values(used)) {
		switch {
		case serial < 1:
			return Resumption{}, fmt.Errorf("%w: serial %d of series %q", ErrBlock, serial, series)
		case serial == last:
			if n := len(r.Twice); n == 0 || r.Twice[n-1] != serial {
				r.Twice = append(r.Twice, serial)
			}
			continue
		case serial > last+1:
			r.Gaps = append(r.Gaps, Range{last + 1, serial - 1})
		}
		if serial > highWater {
			r.Stray = append(r.Stray, serial)
		}
		last = serial
	}
	if last < highWater {
		r.Gaps = append(r.Gaps, Range{last + 1, highWater})
		last = highWater
	}
	r.Next = last + 1
	return r, nil
}
