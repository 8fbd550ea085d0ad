package ledger_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"docsvc/internal/ledger"
)

const origin = "docsvc.example.az/log"

// log is a ledger with its keys, all in memory.
type log struct {
	tree     ledger.Tree
	hashes   ledger.Hashes
	leaves   [][]byte
	trees    []ledger.Tree // by size
	signer   *ledger.Signer
	verifier *ledger.Verifier
	public   ed25519.PublicKey
}

func newLog(t testing.TB) *log {
	t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public := key.Public().(ed25519.PublicKey)
	signer, err := ledger.NewSigner(origin, public, func(text []byte) ([]byte, error) { return ed25519.Sign(key, text), nil })
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := ledger.NewVerifier(origin, public)
	if err != nil {
		t.Fatal(err)
	}
	empty := ledger.Empty()
	return &log{tree: empty, trees: []ledger.Tree{empty}, signer: signer, verifier: verifier, public: public}
}

func leaf(i int) []byte {
	kinds := []ledger.Kind{ledger.KindRecord, ledger.KindEvent, ledger.KindAudit}
	return ledger.Leaf{Kind: kinds[i%3], Hash: sha256.Sum256(fmt.Append(nil, i))}.Encode()
}

// grow appends n leaves in one batch.
func (l *log) grow(t testing.TB, n int) {
	t.Helper()
	var batch [][]byte
	for i := range n {
		batch = append(batch, leaf(len(l.leaves)+i))
	}
	tree, hashes, err := ledger.Extend(l.tree, l.hashes, batch)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(l.hashes)) != ledger.FirstHash(l.tree) || int64(len(l.hashes)+len(hashes)) != ledger.FirstHash(tree) {
		t.Fatalf("%d hashes after %d for a tree of %d leaves", len(hashes), len(l.hashes), tree.Size)
	}
	l.hashes, l.leaves, l.tree = append(l.hashes, hashes...), append(l.leaves, batch...), tree
	if n == 1 {
		l.trees = append(l.trees, tree)
	}
}

func (l *log) sign(t testing.TB, last, now ledger.Tree) []byte {
	t.Helper()
	signed, err := l.signer.Sign(last, now, l.hashes)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// merkle computes the root as RFC 6962 section 2.1 defines it.
func merkle(leaves [][]byte) tlog.Hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		left, right := merkle(leaves[:k]), merkle(leaves[k:])
		return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
	}
}

func TestExtendIsRFC6962(t *testing.T) {
	one, many := newLog(t), newLog(t)
	for many.tree.Size < 600 {
		n := rand.IntN(90)
		many.grow(t, n)
		for range n {
			one.grow(t, 1)
		}
		if want := merkle(many.leaves); many.tree.Root != want || one.tree != many.tree {
			t.Fatalf("size %d: root %v in batches, %v one by one, want %v", many.tree.Size, many.tree.Root, one.tree.Root, want)
		}
	}
}

func TestExtendRefuses(t *testing.T) {
	l := newLog(t)
	l.grow(t, 5)
	next := [][]byte{leaf(5)}
	damaged := append(ledger.Hashes(nil), l.hashes...)
	damaged[6][0] ^= 1 // subtree of leaves 0 to 3
	for _, c := range []struct {
		name   string
		old    ledger.Tree
		hashes ledger.Hashes
		leaves [][]byte
		want   error
	}{
		{"other root", ledger.Tree{Size: 5, Root: tlog.Hash{1}}, l.hashes, next, ledger.ErrInconsistent},
		{"hashes cut short", l.tree, l.hashes[:6], next, ledger.ErrInconsistent},
		{"hash damaged", l.tree, damaged, next, ledger.ErrInconsistent},
		{"older size with newer root", ledger.Tree{Size: 4, Root: l.tree.Root}, l.hashes, next, ledger.ErrInconsistent},
		{"negative size", ledger.Tree{Size: -1}, l.hashes, next, ledger.ErrInvalid},
		{"huge size", ledger.Tree{Size: 1 << 62}, l.hashes, next, ledger.ErrInvalid},
		{"not a leaf", l.tree, l.hashes, [][]byte{[]byte("name of a person")}, ledger.ErrInvalid},
		{"too many", l.tree, l.hashes, make([][]byte, ledger.MaxBatch+1), ledger.ErrInvalid},
	} {
		if _, _, err := ledger.Extend(c.old, c.hashes, c.leaves); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if tree, hashes, err := ledger.Extend(l.tree, l.hashes, nil); err != nil || tree != l.tree || len(hashes) != 0 {
		t.Errorf("no leaves: %v, %d hashes, %v", tree, len(hashes), err)
	}
}

func TestSignsOnlyWhatContainsTheLast(t *testing.T) {
	l := newLog(t)
	for range 20 {
		l.grow(t, 1)
	}
	for size := range l.trees {
		l.sign(t, l.trees[size], l.tree)
	}
	// Another history: leaf 3 was something else.
	other := newLog(t)
	for i := range 20 {
		batch := [][]byte{leaf(i)}
		if i == 3 {
			batch[0] = leaf(1000)
		}
		tree, hashes, err := ledger.Extend(other.tree, other.hashes, batch)
		if err != nil {
			t.Fatal(err)
		}
		other.tree, other.hashes = tree, append(other.hashes, hashes...)
		other.trees = append(other.trees, tree)
	}
	for _, c := range []struct {
		name      string
		last, now ledger.Tree
	}{
		{"smaller than the last", l.trees[20], l.trees[19]},
		{"not the stored tree", l.trees[10], other.trees[20]},
		{"last of another history", other.trees[10], l.trees[20]},
		{"same size, other root", other.trees[20], l.trees[20]},
		{"larger than stored", l.trees[20], ledger.Tree{Size: 21, Root: l.tree.Root}},
		{"empty with a root", ledger.Tree{Root: tlog.Hash{1}}, l.trees[20]},
	} {
		if signed, err := l.signer.Sign(c.last, c.now, l.hashes); !errors.Is(err, ledger.ErrInconsistent) {
			t.Errorf("%s: signed %q, %v", c.name, signed, err)
		}
	}
}

func TestCheckpoint(t *testing.T) {
	l := newLog(t)
	l.grow(t, 7)
	signed := l.sign(t, ledger.Empty(), l.tree)
	if tree, err := l.verifier.Open(signed); err != nil || tree != l.tree {
		t.Fatalf("Open = %v, %v", tree, err)
	}
	// Any other tool for signed notes can read it.
	key, err := ledger.VerifierKey(origin, l.public)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if want := fmt.Sprintf("%s\n7\n%s\n", origin, l.tree.Root); err != nil || n.Text != want {
		t.Errorf("note %q, %v; want %q", n.Text, err, want)
	}
	for i := range signed {
		changed := append([]byte(nil), signed...)
		changed[i] ^= 1
		if tree, err := l.verifier.Open(changed); err == nil && tree != l.tree {
			t.Errorf("byte %d changed: opens as %v", i, tree)
		} else if err == nil {
			t.Errorf("byte %d changed: still opens", i)
		}
	}
}

func TestCheckpointRefuses(t *testing.T) {
	l := newLog(t)
	l.grow(t, 1)
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	sign := func(name, text string) []byte {
		t.Helper()
		encoded, err := ledger.VerifierKey(name, l.public)
		if err != nil {
			t.Fatal(err)
		}
		v, err := note.NewVerifier(encoded)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := note.Sign(&note.Note{Text: text}, rawSigner{v, key})
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	root := l.tree.Root.String()
	for _, c := range []struct{ name, signer, text string }{
		{"other origin", origin, "elsewhere\n1\n" + root + "\n"},
		{"other signer", "elsewhere", origin + "\n1\n" + root + "\n"},
		{"size with zeros", origin, origin + "\n01\n" + root + "\n"},
		{"size with sign", origin, origin + "\n+1\n" + root + "\n"},
		{"negative size", origin, origin + "\n-1\n" + root + "\n"},
		{"huge size", origin, origin + "\n9223372036854775807\n" + root + "\n"},
		{"short root", origin, origin + "\n1\nAAAA\n"},
		{"loose base64", origin, origin + "\n1\n" + root[:42] + "/=\n"},
		{"extension line", origin, origin + "\n1\n" + root + "\nmore\n"},
		{"two lines", origin, origin + "\n1\n"},
	} {
		if tree, err := l.verifier.Open(sign(c.signer, c.text)); err == nil {
			t.Errorf("%s: opens as %v", c.name, tree)
		}
	}
	if _, err := l.verifier.Open(make([]byte, 1<<20)); !errors.Is(err, ledger.ErrInvalid) {
		t.Errorf("a megabyte: %v", err)
	}
}

type rawSigner struct {
	note.Verifier
	key ed25519.PrivateKey
}

func (s rawSigner) Sign(text []byte) ([]byte, error) { return ed25519.Sign(s.key, text), nil }

func TestSignerChecksItsKey(t *testing.T) {
	l := newLog(t)
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ledger.NewSigner(origin, l.public, func(text []byte) ([]byte, error) { return ed25519.Sign(stranger, text), nil })
	if err != nil {
		t.Fatal(err)
	}
	if signed, err := s.Sign(l.tree, l.tree, l.hashes); err == nil {
		t.Errorf("signed by another key: %q", signed)
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb"} {
		if _, err := ledger.NewVerifier(name, l.public); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("origin %q: %v", name, err)
		}
	}
	if _, err := ledger.NewVerifier(origin, l.public[:31]); !errors.Is(err, ledger.ErrInvalid) {
		t.Errorf("short key: %v", err)
	}
	if _, err := ledger.NewVerifier(origin); !errors.Is(err, ledger.ErrInvalid) {
		t.Errorf("no key: %v", err)
	}
}
