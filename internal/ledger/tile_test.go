package ledger_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"docsvc/internal/ledger"
)

// tiles serves a log as files at the paths of its tiles.
type tiles map[string][]byte

func (ts tiles) Height() int                     { return 8 }
func (ts tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (ts tiles) ReadTiles(want []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, t := range want {
		tile, ok := ts[ledger.TilePath(t)]
		if !ok {
			return nil, errors.New("no tile " + ledger.TilePath(t))
		}
		data = append(data, tile)
	}
	return data, nil
}

func publish(t *testing.T, l *log, old, now int64, into tiles) {
	t.Helper()
	for _, tile := range ledger.NewTiles(old, now) {
		var data []byte
		var err error
		if ledger.IsEntries(tile) {
			data, err = ledger.EncodeEntries(l.leaves[ledger.First(tile):][:tile.W])
		} else {
			data, err = ledger.ReadTile(tile, now, l.hashes)
		}
		if err != nil {
			t.Fatal(err)
		}
		into[ledger.TilePath(tile)] = data
	}
}

// TestTilesAreEnough verifies proofs with nothing but the published tiles, and
// the entries in them.
func TestTilesAreEnough(t *testing.T) {
	l, published := newLog(t), tiles{}
	for _, n := range []int{1, 254, 1, 1, 300, 2000, 67} {
		old := l.tree.Size
		l.grow(t, n)
		publish(t, l, old, l.tree.Size, published)
		tree := tlog.Tree{N: l.tree.Size, Hash: l.tree.Root}
		r := tlog.TileHashReader(tree, published)
		for _, index := range []int64{0, old, l.tree.Size / 2, l.tree.Size - 1} {
			path, err := tlog.ProveRecord(tree.N, index, r)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(l.leaves[index])); err != nil {
				t.Errorf("leaf %d of %d: %v", index, tree.N, err)
			}
		}
	}
	var leaves [][]byte
	for start := int64(0); start < l.tree.Size; start += 256 {
		tile := tlog.Tile{H: 8, L: -1, N: start / 256, W: int(min(256, l.tree.Size-start))}
		entries, err := ledger.DecodeEntries(published[ledger.TilePath(tile)])
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, entries...)
	}
	if diff := cmp.Diff(l.leaves, leaves); diff != "" {
		t.Errorf("entries (-want +published):\n%s", diff)
	}
}

func TestTilePath(t *testing.T) {
	for path, want := range map[string]tlog.Tile{
		"tile/0/000":                     {H: 8, L: 0, N: 0, W: 256},
		"tile/0/000.p/1":                 {H: 8, L: 0, N: 0, W: 1},
		"tile/3/x001/x234/067":           {H: 8, L: 3, N: 1234067, W: 256},
		"tile/entries/x123/x456/789":     {H: 8, L: -1, N: 123456789, W: 256},
		"tile/entries/x001/000.p/255":    {H: 8, L: -1, N: 1000, W: 255},
		"tile/entries/x099/x999/000.p/7": {H: 8, L: -1, N: 99999000, W: 7},
	} {
		if got, err := ledger.ParseTilePath(path); err != nil || got != want {
			t.Errorf("ParseTilePath(%q) = %v, %v", path, got, err)
		}
		if got := ledger.TilePath(want); got != path {
			t.Errorf("TilePath(%v) = %q, want %q", want, got, path)
		}
	}
	for _, bad := range []string{
		"", "tile", "tile/", "tile/0", "tile/8/0/000", "tile/-1/000", "tile/6/000", "tile/00/000", "tile/0/0", "tile/0/x000/000",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p", "tile/data/000", "tile/entries/", "tile/0/../../etc",
		"tile/0/x999/x999/x999/x999/x999/x999/999", "/tile/0/000", "tile/0/000/", "tile/0/000\x00", "checkpoint",
	} {
		if got, err := ledger.ParseTilePath(bad); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("ParseTilePath(%q) = %v, %v", bad, got, err)
		}
	}
}

func TestTileOutsideTheLog(t *testing.T) {
	l := newLog(t)
	l.grow(t, 300)
	for path, has := range map[string]bool{
		"tile/0/000": true, "tile/0/001.p/44": true, "tile/0/001.p/7": true, "tile/1/000.p/1": true,
		"tile/0/001.p/45": false, "tile/0/001": false, "tile/0/002.p/1": false, "tile/1/000.p/2": false, "tile/2/000.p/1": false,
		"tile/5/x999/x999/999": false,
	} {
		tile, err := ledger.ParseTilePath(path)
		if err != nil {
			t.Fatal(path, err)
		}
		_, err = ledger.ReadTile(tile, 300, l.hashes)
		if ledger.HasTile(tile, 300) != has || (err == nil) != has {
			t.Errorf("%s: has %v, %v", path, !has, err)
		}
	}
}

func TestEntriesRefuse(t *testing.T) {
	good, err := ledger.EncodeEntries([][]byte{leaf(0), leaf(1)})
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"cut":       good[:len(good)-1],
		"one byte":  append(slices.Clone(good), 0),
		"no leaf":   append(slices.Clone(good), 0, 0),
		"length up": append([]byte{0xff, 0xff}, good[2:]...),
	} {
		if leaves, err := ledger.DecodeEntries(bad); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("%s: %q, %v", name, leaves, err)
		}
	}
	if _, err := ledger.EncodeEntries(nil); !errors.Is(err, ledger.ErrInvalid) {
		t.Errorf("empty bundle: %v", err)
	}
}
