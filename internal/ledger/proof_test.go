package ledger_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"docsvc/internal/ledger"
)

func TestProofs(t *testing.T) {
	l := newLog(t)
	for range 25 {
		l.grow(t, 1)
	}
	for size := int64(1); size <= 25; size++ {
		checkpoint := l.sign(t, ledger.Empty(), l.trees[size])
		for index := range size {
			p, err := ledger.Prove(l.trees[size], checkpoint, index, l.leaves[index], l.hashes)
			if err != nil {
				t.Fatal(err)
			}
			data, err := p.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if p, err = ledger.DecodeProof(data); err != nil {
				t.Fatal(err)
			}
			got, tree, err := p.Verify(l.verifier)
			if err != nil || string(got.Encode()) != string(l.leaves[index]) || tree != l.trees[size] {
				t.Fatalf("leaf %d of %d: %v, %v, %v", index, size, got, tree, err)
			}
			p.Index = (p.Index + 1) % (size + 1)
			if _, _, err := p.Verify(l.verifier); !errors.Is(err, ledger.ErrNotProved) {
				t.Fatalf("leaf %d of %d proved at %d: %v", index, size, p.Index, err)
			}
		}
	}
}

func TestProofAttacks(t *testing.T) {
	l := newLog(t)
	for range 21 {
		l.grow(t, 1)
	}
	checkpoint := l.sign(t, ledger.Empty(), l.tree)
	for name, attack := range map[string]func(*ledger.Proof){
		"other leaf":         func(p *ledger.Proof) { p.Leaf = string(l.leaves[6]) },
		"forged leaf":        func(p *ledger.Proof) { p.Leaf = string(leaf(1000)) },
		"not a leaf":         func(p *ledger.Proof) { p.Leaf = "x" },
		"inner node as leaf": func(p *ledger.Proof) { p.Leaf = string(append([]byte{1}, l.hashes[0][:]...)) },
		"path changed":       func(p *ledger.Proof) { p.Path[0][0] ^= 1 },
		"path shorter":       func(p *ledger.Proof) { p.Path = p.Path[1:] },
		"path longer":        func(p *ledger.Proof) { p.Path = append(p.Path, tlog.Hash{}) },
		"no path":            func(p *ledger.Proof) { p.Path = nil },
		"index beyond":       func(p *ledger.Proof) { p.Index = 21 },
		"index negative":     func(p *ledger.Proof) { p.Index = -1 },
		"older checkpoint":   func(p *ledger.Proof) { p.Checkpoint = string(l.sign(t, ledger.Empty(), l.trees[9])) },
		"checkpoint edited":  func(p *ledger.Proof) { p.Checkpoint = strings.Replace(p.Checkpoint, "\n21\n", "\n22\n", 1) },
		"no checkpoint":      func(p *ledger.Proof) { p.Checkpoint = "" },
		"signature stripped": func(p *ledger.Proof) { p.Checkpoint, _, _ = strings.Cut(p.Checkpoint, "\n\n") },
	} {
		p, err := ledger.Prove(l.tree, checkpoint, 5, l.leaves[5], l.hashes)
		if err != nil {
			t.Fatal(err)
		}
		attack(&p)
		if _, _, err := p.Verify(l.verifier); !errors.Is(err, ledger.ErrNotProved) && !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ledger.Prove(l.tree, checkpoint, 5, l.leaves[6], l.hashes); !errors.Is(err, ledger.ErrInconsistent) {
		t.Errorf("proof of another leaf was made: %v", err)
	}
}

func TestConsistency(t *testing.T) {
	l := newLog(t)
	for range 25 {
		l.grow(t, 1)
	}
	var checkpoints [][]byte
	for _, tree := range l.trees {
		checkpoints = append(checkpoints, l.sign(t, ledger.Empty(), tree))
	}
	for old := range l.trees {
		for now := old; now < len(l.trees); now++ {
			o, n := l.trees[old], l.trees[now]
			c, err := ledger.ProveConsistency(o, n, checkpoints[old], checkpoints[now], l.hashes)
			if err != nil {
				t.Fatalf("%d to %d: %v", old, now, err)
			}
			data, err := c.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if c, err = ledger.DecodeConsistency(data); err != nil {
				t.Fatal(err)
			}
			if gotOld, gotNow, err := c.Verify(l.verifier); err != nil || gotOld != o || gotNow != n {
				t.Fatalf("%d to %d: %v, %v, %v", old, now, gotOld, gotNow, err)
			}
			switch {
			case old != now:
				c.Old, c.New = c.New, c.Old
			case now > 0:
				c.Path = append(c.Path, tlog.Hash{})
			default:
				continue
			}
			if _, _, err := c.Verify(l.verifier); err == nil {
				t.Fatalf("%d to %d: verifies although changed", old, now)
			}
		}
	}
}

// TestRebuild replays the leaves in other batches than they came in.
func TestRebuild(t *testing.T) {
	lost, rebuilt := newLog(t), newLog(t)
	for _, n := range []int{3, 0, 1, 300, 17} {
		lost.grow(t, n)
	}
	for _, n := range []int{100, 200, 21} {
		rebuilt.grow(t, n)
	}
	if rebuilt.tree != lost.tree {
		t.Errorf("rebuilt %v, lost was %v", rebuilt.tree, lost.tree)
	}
	if diff := cmp.Diff(lost.hashes, rebuilt.hashes); diff != "" {
		t.Errorf("hashes (-lost +rebuilt):\n%s", diff)
	}
}

func TestDecodersRefuse(t *testing.T) {
	l := newLog(t)
	l.grow(t, 3)
	p, err := ledger.Prove(l.tree, l.sign(t, ledger.Empty(), l.tree), 1, l.leaves[1], l.hashes)
	if err != nil {
		t.Fatal(err)
	}
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	for name, text := range map[string]string{
		"empty":          "",
		"null":           "null",
		"empty object":   "{}",
		"space":          good + " ",
		"trailing":       good + "{}",
		"unknown field":  strings.Replace(good, "{", `{"a":1,`, 1),
		"field twice":    strings.Replace(good, `"index":1`, `"index":1,"index":1`, 1),
		"other case":     strings.Replace(good, `"index"`, `"Index"`, 1),
		"float":          strings.Replace(good, `"index":1`, `"index":1.0`, 1),
		"huge index":     strings.Replace(good, `"index":1`, `"index":99999999999999999999`, 1),
		"other format":   strings.Replace(good, "proof/1", "proof/2", 1),
		"short hash":     strings.Replace(good, `"path":["`, `"path":["AAAA","`, 1),
		"deeply nested":  strings.Repeat("[", 60000),
		"over the limit": strings.Repeat(" ", ledger.MaxProof+1),
	} {
		if got, err := ledger.DecodeProof([]byte(text)); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := ledger.DecodeConsistency(data); !errors.Is(err, ledger.ErrInvalid) {
		t.Errorf("a proof as consistency: %v", err)
	}
}

func TestLeaf(t *testing.T) {
	want := ledger.Leaf{Kind: ledger.KindEvent, Hash: [32]byte{1, 2, 0xfe}}
	text := "docsvc-leaf/1 event 0102fe" + strings.Repeat("0", 58) + "\n"
	if got := string(want.Encode()); got != text {
		t.Errorf("Encode = %q", got)
	}
	if got, err := ledger.ParseLeaf([]byte(text)); err != nil || got != want {
		t.Errorf("ParseLeaf = %v, %v", got, err)
	}
	for _, bad := range []string{
		"", "\n", text[:len(text)-1], text + "\n", strings.ToUpper(text), strings.Replace(text, "fe", "FE", 1),
		strings.Replace(text, "event", "person", 1), strings.Replace(text, "event", "", 1), strings.Replace(text, "/1", "/2", 1),
		strings.Replace(text, " 01", "  1", 1), strings.Replace(text, "fe", "xx", 1), text[:len(text)-1] + " ",
	} {
		if got, err := ledger.ParseLeaf([]byte(bad)); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("ParseLeaf(%q) = %v, %v", bad, got, err)
		}
	}
}
