package ledger

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// Kind is what a leaf's hash is over.
type Kind string

// The kinds of leaf.
const (
	KindRecord Kind = "record" // SHA-256 of a record's manifest
	KindEvent  Kind = "event"  // SHA-256 of an archive event
	KindAudit  Kind = "audit"  // head of the audit chain
)

// Leaf is one entry of the log. It is a hash and what it is over, no number and
// no name: the log is public. Manifests and events hold random values (codes,
// identifiers), so their hashes cannot be guessed from facts.
type Leaf struct {
	Kind Kind
	Hash [32]byte
}

const leafFormat = "docsvc-leaf/1 "

// Encode returns the leaf as one line: format, kind and the hash in
// hexadecimal, each after a space. The line with its newline is what the log
// hashes.
func (l Leaf) Encode() []byte {
	return fmt.Appendf(nil, "%s%s %x\n", leafFormat, l.Kind, l.Hash)
}

// ParseLeaf accepts only what Encode writes for the known kinds.
func ParseLeaf(data []byte) (Leaf, error) {
	rest, ok := bytes.CutPrefix(data, []byte(leafFormat))
	kind, sum, ok2 := bytes.Cut(rest, []byte(" "))
	leaf := Leaf{Kind: Kind(kind)}
	if !ok || !ok2 || len(sum) != hex.EncodedLen(len(leaf.Hash))+1 {
		return Leaf{}, fmt.Errorf("%w: not a leaf of this log", ErrInvalid)
	}
	switch leaf.Kind {
	case KindRecord, KindEvent, KindAudit:
	default:
		return Leaf{}, fmt.Errorf("%w: leaf of unknown kind", ErrInvalid)
	}
	if _, err := hex.Decode(leaf.Hash[:], sum[:len(sum)-1]); err != nil || !bytes.Equal(leaf.Encode(), data) {
		return Leaf{}, fmt.Errorf("%w: not a leaf of this log", ErrInvalid)
	}
	return leaf, nil
}
