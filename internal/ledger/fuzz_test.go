package ledger_test

import (
	"bytes"
	"testing"

	"docsvc/internal/ledger"
)

func FuzzCheckpoint(f *testing.F) {
	l := newLog(f)
	l.grow(f, 3)
	f.Add(l.sign(f, ledger.Empty(), l.tree))
	f.Add([]byte(origin + "\n1\nAAAA\n\n— x AAAA\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if tree, err := l.verifier.Open(data); err == nil && tree != l.tree {
			t.Errorf("opens as %v", tree)
		}
	})
}

func FuzzProof(f *testing.F) {
	l := newLog(f)
	l.grow(f, 11)
	checkpoint := l.sign(f, ledger.Empty(), l.tree)
	for i, leaf := range l.leaves {
		p, err := ledger.Prove(l.tree, checkpoint, int64(i), leaf, l.hashes)
		if err != nil {
			f.Fatal(err)
		}
		data, err := p.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ledger.DecodeProof(data)
		if err != nil {
			return
		}
		if again, err := p.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("encodes as %q, %v", again, err)
		}
		if leaf, tree, err := p.Verify(l.verifier); err == nil &&
			(tree != l.tree || !bytes.Equal(leaf.Encode(), l.leaves[p.Index])) {
			t.Errorf("forged proof of %v", leaf)
		}
	})
}

func FuzzLeaf(f *testing.F) {
	f.Add(leaf(0))
	f.Fuzz(func(t *testing.T, data []byte) {
		if l, err := ledger.ParseLeaf(data); err == nil && !bytes.Equal(l.Encode(), data) {
			t.Errorf("%q encodes as %q", data, l.Encode())
		}
	})
}

func FuzzTilePath(f *testing.F) {
	l := newLog(f)
	l.grow(f, 300)
	f.Add("tile/0/001.p/44", int64(300))
	f.Add("tile/entries/x123/x456/789", int64(1)<<40)
	f.Fuzz(func(t *testing.T, path string, size int64) {
		tile, err := ledger.ParseTilePath(path)
		if err != nil {
			return
		}
		if got := ledger.TilePath(tile); got != path {
			t.Errorf("%q is written %q", path, got)
		}
		ledger.HasTile(tile, size)
		if data, err := ledger.ReadTile(tile, l.tree.Size, l.hashes); err == nil && len(data) != 32*tile.W {
			t.Errorf("%q has %d bytes", path, len(data))
		}
	})
}

func FuzzEntries(f *testing.F) {
	data, err := ledger.EncodeEntries([][]byte{leaf(0), leaf(1)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		leaves, err := ledger.DecodeEntries(data)
		if err != nil || len(leaves) == 0 {
			return
		}
		if again, err := ledger.EncodeEntries(leaves); err != nil || !bytes.Equal(again, data) {
			t.Errorf("encodes as %q, %v", again, err)
		}
	})
}

func BenchmarkExtend100(b *testing.B) {
	l := newLog(b)
	l.grow(b, 4000)
	batch := make([][]byte, 100)
	for i := range batch {
		batch[i] = leaf(i)
	}
	for b.Loop() {
		if _, _, err := ledger.Extend(l.tree, l.hashes, batch); err != nil {
			b.Fatal(err)
		}
	}
}
