// Package ledger is the Merkle log of everything that was archived: each
// record and each event is a leaf, and signed checkpoints make it impossible to
// take one back or to slip one in without showing. It is the log of RFC 6962,
// published as C2SP tlog-checkpoint and tlog-tiles have it, so that any reader
// of those can follow it.
//
// The package is logic only. Where hashes, leaves and the last checkpoint are
// stored, and that one sequencer at a time appends, is the caller's business;
// hashes are stored by their tlog.StoredHashIndex, which Extend hands out
// without gaps.
package ledger

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

var (
	// ErrInconsistent: stored hashes, tree and checkpoints do not fit together.
	// Nothing may be signed until a person has looked.
	ErrInconsistent = errors.New("ledger is inconsistent")
	// ErrInvalid: what was to be read or proved is not well-formed.
	ErrInvalid = errors.New("invalid for the ledger")
	// ErrNotProved: a proof is well-formed and false.
	ErrNotProved = errors.New("ledger proof does not hold")
)

// MaxBatch is the number of leaves that may be appended at once, so that a
// batch with its leaves fits into one archive event.
const MaxBatch = 4096

// maxSize bounds the size of a tree, so that no arithmetic on it overflows.
const maxSize = 1 << 48

// Tree is a state of the log: how many leaves, and the root hash over them.
type Tree struct {
	Size int64
	Root tlog.Hash
}

// Empty is the log before its first leaf.
func Empty() Tree {
	root, err := tlog.TreeHash(0, nil)
	if err != nil {
		panic(err) // never: nothing is read for an empty tree
	}
	return Tree{Root: root}
}

// Extend appends leaves (in their encoded form) to the tree old, whose hashes r
// reads. It returns the new tree and the hashes to store: the first at
// FirstHash(old), the rest after it. It first makes sure that what r reads is
// the tree old.
func Extend(old Tree, r tlog.HashReader, leaves [][]byte) (Tree, []tlog.Hash, error) {
	if len(leaves) > MaxBatch || old.Size < 0 || old.Size > maxSize-MaxBatch {
		return Tree{}, nil, fmt.Errorf("%w: appending %d leaves to %d", ErrInvalid, len(leaves), old.Size)
	}
	if err := Check(old, r); err != nil {
		return Tree{}, nil, err
	}
	grown := overlay{below: r, first: FirstHash(old)}
	for i, leaf := range leaves {
		if _, err := ParseLeaf(leaf); err != nil {
			return Tree{}, nil, fmt.Errorf("appending leaf %d: %w", old.Size+int64(i), err)
		}
		hashes, err := tlog.StoredHashes(old.Size+int64(i), leaf, &grown)
		if err != nil {
			return Tree{}, nil, fmt.Errorf("appending leaf %d: %w", old.Size+int64(i), err)
		}
		grown.hashes = append(grown.hashes, hashes...)
	}
	size := old.Size + int64(len(leaves))
	root, err := tlog.TreeHash(size, &grown)
	if err != nil {
		return Tree{}, nil, fmt.Errorf("hashing the tree of %d leaves: %w", size, err)
	}
	return Tree{Size: size, Root: root}, grown.hashes, nil
}

// FirstHash is the index at which the first hash of a leaf appended to t is
// stored; as many hashes are stored before it.
func FirstHash(t Tree) int64 { return tlog.StoredHashCount(t.Size) }

// Check reports whether the hashes that r reads have the root t. It reads at
// most 1 + log₂ size of them.
func Check(t Tree, r tlog.HashReader) error {
	if t.Size < 0 || t.Size > maxSize {
		return fmt.Errorf("%w: a tree of %d leaves", ErrInvalid, t.Size)
	}
	root, err := tlog.TreeHash(t.Size, r)
	if err != nil {
		return fmt.Errorf("hashing the tree of %d leaves: %w", t.Size, err)
	}
	if root != t.Root {
		return fmt.Errorf("%w: the stored hashes of %d leaves have the root %v, not %v", ErrInconsistent, t.Size, root, t.Root)
	}
	return nil
}

// CheckPrefix reports whether the tree old is the beginning of the tree now,
// by proving it from the hashes that r reads.
func CheckPrefix(old, now Tree, r tlog.HashReader) error {
	if old.Size > now.Size {
		return fmt.Errorf("%w: the log had %d leaves and now has %d", ErrInconsistent, old.Size, now.Size)
	}
	if err := Check(now, r); err != nil {
		return err
	}
	if old.Size <= 0 {
		return Check(old, r)
	}
	path, err := tlog.ProveTree(now.Size, old.Size, r)
	if err != nil {
		return fmt.Errorf("proving %d leaves a beginning of %d: %w", old.Size, now.Size, err)
	}
	if err := tlog.CheckTree(path, now.Size, now.Root, old.Size, old.Root); err != nil {
		return fmt.Errorf("%w: the tree of %d leaves is no beginning of that of %d: %w", ErrInconsistent, old.Size, now.Size, err)
	}
	return nil
}

// overlay reads hashes from first on out of memory.
type overlay struct {
	below  tlog.HashReader
	first  int64
	hashes []tlog.Hash
}

func (o *overlay) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	var lower []int64
	var places []int
	for i, index := range indexes {
		switch {
		case index < o.first:
			lower, places = append(lower, index), append(places, i)
		case index-o.first < int64(len(o.hashes)):
			found[i] = o.hashes[index-o.first]
		default:
			return nil, fmt.Errorf("%w: hash %d is not there yet", ErrInconsistent, index)
		}
	}
	if len(lower) == 0 {
		return found, nil
	}
	hashes, err := o.below.ReadHashes(lower)
	if err != nil {
		return nil, err
	}
	if len(hashes) != len(lower) {
		return nil, fmt.Errorf("%w: %d hashes read, %d asked for", ErrInconsistent, len(hashes), len(lower))
	}
	for i, h := range hashes {
		found[places[i]] = h
	}
	return found, nil
}

// Hashes are the stored hashes of a whole log in memory.
type Hashes []tlog.Hash

// ReadHashes implements tlog.HashReader.
func (h Hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	return (&overlay{hashes: h}).ReadHashes(indexes)
}
