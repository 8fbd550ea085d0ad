package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/gowebpki/jcs"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	proofFormat       = "docsvc-ledger-proof/1"
	consistencyFormat = "docsvc-ledger-consistency/1"
	// MaxProof is the largest proof in bytes that is read.
	MaxProof = 64 << 10
)

// Proof is all that is needed, besides the log's public key, to see offline
// that a leaf is in the log.
type Proof struct {
	Format     string      `json:"format"`
	Leaf       string      `json:"leaf"` // as Leaf.Encode has it
	Index      int64       `json:"index"`
	Checkpoint string      `json:"checkpoint"` // signed
	Path       []tlog.Hash `json:"path"`       // RFC 6962 audit path, base64, from the leaf up
}

// Prove returns the proof that the leaf at index is in the tree t, for which
// checkpoint was signed.
func Prove(t Tree, checkpoint []byte, index int64, leaf []byte, r tlog.HashReader) (Proof, error) {
	if index < 0 || index >= t.Size || t.Size > maxSize {
		return Proof{}, fmt.Errorf("%w: leaf %d of %d", ErrInvalid, index, t.Size)
	}
	path, err := tlog.ProveRecord(t.Size, index, r)
	if err != nil {
		return Proof{}, fmt.Errorf("proving leaf %d of %d: %w", index, t.Size, err)
	}
	if err := tlog.CheckRecord(path, t.Size, t.Root, index, tlog.RecordHash(leaf)); err != nil {
		return Proof{}, fmt.Errorf("%w: leaf %d of %d: %w", ErrInconsistent, index, t.Size, err)
	}
	return Proof{Format: proofFormat, Leaf: string(leaf), Index: index, Checkpoint: string(checkpoint), Path: path}, nil
}

// Verify checks the proof and returns the leaf that is proved to be in the log
// and the tree it is in. That the leaf's hash is the one of the act at hand is
// left to the caller.
func (p Proof) Verify(v *Verifier) (Leaf, Tree, error) {
	leaf, err := ParseLeaf([]byte(p.Leaf))
	if err != nil {
		return Leaf{}, Tree{}, err
	}
	tree, err := v.Open([]byte(p.Checkpoint))
	if err != nil {
		return Leaf{}, Tree{}, err
	}
	if err := tlog.CheckRecord(p.Path, tree.Size, tree.Root, p.Index, tlog.RecordHash([]byte(p.Leaf))); err != nil {
		return Leaf{}, Tree{}, fmt.Errorf("%w: leaf %d of %d: %w", ErrNotProved, p.Index, tree.Size, err)
	}
	return leaf, tree, nil
}

// Encode returns the proof as JSON.
func (p Proof) Encode() ([]byte, error) { return encodeJSON(p) }

// DecodeProof accepts only what Encode writes. It does not verify.
func DecodeProof(data []byte) (Proof, error) {
	return decodeJSON[Proof](data, MaxProof, func(p Proof) bool { return p.Format == proofFormat })
}

// Consistency proves that the log of one checkpoint is the beginning of the log
// of a later one.
type Consistency struct {
	Format string      `json:"format"`
	Old    string      `json:"old"` // signed checkpoint
	New    string      `json:"new"` // signed checkpoint
	Path   []tlog.Hash `json:"path"`
}

// ProveConsistency returns the proof for two checkpoints and their trees.
func ProveConsistency(old, now Tree, oldCheckpoint, newCheckpoint []byte, r tlog.HashReader) (Consistency, error) {
	if err := CheckPrefix(old, now, r); err != nil {
		return Consistency{}, err
	}
	c := Consistency{Format: consistencyFormat, Old: string(oldCheckpoint), New: string(newCheckpoint), Path: []tlog.Hash{}}
	if old.Size == 0 { // RFC 6962 has no proof for it, nor is one needed
		return c, nil
	}
	path, err := tlog.ProveTree(now.Size, old.Size, r)
	if err != nil {
		return Consistency{}, fmt.Errorf("proving %d leaves a beginning of %d: %w", old.Size, now.Size, err)
	}
	c.Path = path
	return c, nil
}

// Verify checks the proof and returns both trees.
func (c Consistency) Verify(v *Verifier) (old, now Tree, err error) {
	if old, err = v.Open([]byte(c.Old)); err != nil {
		return Tree{}, Tree{}, err
	}
	if now, err = v.Open([]byte(c.New)); err != nil {
		return Tree{}, Tree{}, err
	}
	if old.Size == 0 {
		if old != Empty() || len(c.Path) != 0 {
			return Tree{}, Tree{}, fmt.Errorf("%w: from the empty log", ErrNotProved)
		}
		return old, now, nil
	}
	if err := tlog.CheckTree(c.Path, now.Size, now.Root, old.Size, old.Root); err != nil {
		return Tree{}, Tree{}, fmt.Errorf("%w: from %d to %d leaves: %w", ErrNotProved, old.Size, now.Size, err)
	}
	return old, now, nil
}

// Encode returns the proof as JSON.
func (c Consistency) Encode() ([]byte, error) { return encodeJSON(c) }

// DecodeConsistency accepts only what Encode writes. It does not verify.
func DecodeConsistency(data []byte) (Consistency, error) {
	return decodeJSON[Consistency](data, MaxProof, func(c Consistency) bool { return c.Format == consistencyFormat })
}

// encodeJSON returns RFC 8785 canonical JSON, the one form of JSON in docsvc.
func encodeJSON(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	data, err := jcs.Transform(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return data, nil
}

// decodeJSON reads a T; anything but the bytes encodeJSON writes (unknown or
// repeated fields, other spellings) is refused.
func decodeJSON[T any](data []byte, limit int, known func(T) bool) (T, error) {
	var v, none T
	if len(data) > limit {
		return none, fmt.Errorf("%w: %d bytes, allowed are %d", ErrInvalid, len(data), limit)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return none, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if again, err := encodeJSON(v); err != nil || !bytes.Equal(again, data) || !known(v) {
		return none, fmt.Errorf("%w: not in the form docsvc writes", ErrInvalid)
	}
	return v, nil
}
