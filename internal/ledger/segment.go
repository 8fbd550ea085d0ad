package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	segmentFormat = "docsvc-ledger-segment/1"
	// MaxSegment is the largest segment in bytes that is read.
	MaxSegment = 1 << 20
)

// Segment is what one run of the sequencer added: the leaves after those of the
// checkpoint before, and the checkpoint over all. Archived with every
// checkpoint, segments are the log's own copy in the archive; from them it is
// rebuilt leaf by leaf.
type Segment struct {
	Format     string   `json:"format"`
	Start      int64    `json:"start"` // index of the first leaf
	Leaves     []string `json:"leaves"`
	Checkpoint string   `json:"checkpoint"`
}

// NewSegment returns the segment of leaves that follow the tree before.
func NewSegment(before Tree, leaves [][]byte, checkpoint []byte) Segment {
	s := Segment{Format: segmentFormat, Start: before.Size, Leaves: make([]string, len(leaves)), Checkpoint: string(checkpoint)}
	for i, leaf := range leaves {
		s.Leaves[i] = string(leaf)
	}
	return s
}

// Encode returns the segment as JSON.
func (s Segment) Encode() ([]byte, error) { return encodeJSON(s) }

// DecodeSegment accepts only what Encode writes. It does not verify.
func DecodeSegment(data []byte) (Segment, error) {
	return decodeJSON[Segment](data, MaxSegment, func(s Segment) bool { return s.Format == segmentFormat })
}

// Replay appends the segment to the tree before, whose hashes r reads, and
// compares the result with the segment's checkpoint. It returns what Extend
// does.
func (s Segment) Replay(before Tree, r tlog.HashReader, v *Verifier) (Tree, []tlog.Hash, error) {
	if s.Start != before.Size {
		return Tree{}, nil, fmt.Errorf("%w: segment from leaf %d after %d leaves", ErrInconsistent, s.Start, before.Size)
	}
	signed, err := v.Open([]byte(s.Checkpoint))
	if err != nil {
		return Tree{}, nil, err
	}
	leaves := make([][]byte, len(s.Leaves))
	for i, leaf := range s.Leaves {
		leaves[i] = []byte(leaf)
	}
	tree, hashes, err := Extend(before, r, leaves)
	if err != nil {
		return Tree{}, nil, err
	}
	if tree != signed {
		return Tree{}, nil, fmt.Errorf("%w: the leaves up to %d do not give the tree of their checkpoint", ErrInconsistent, tree.Size)
	}
	return tree, hashes, nil
}
