package ledger

import (
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Tiles after C2SP tlog-tiles: 256 hashes high and, for level 0, a bundle of
// the entries themselves.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	// entriesLevel is how tlog.Tile marks a bundle of entries.
	entriesLevel = -1
	maxLevel     = 5 // 256⁶ leaves are maxSize
	maxTilePath  = 64
)

// TilePath is the path of a tile below the log's prefix: tile/<L>/<N>[.p/<W>],
// with "entries" for L in bundles of entries.
func TilePath(t tlog.Tile) string {
	path := strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	if rest, ok := strings.CutPrefix(path, "data/"); ok {
		path = "entries/" + rest
	}
	return "tile/" + path
}

// ParseTilePath reads a path that TilePath writes.
func ParseTilePath(path string) (tlog.Tile, error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok || len(path) > maxTilePath {
		return tlog.Tile{}, fmt.Errorf("%w: tile path", ErrInvalid)
	}
	if n, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + n
	}
	t, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", tileHeight, rest))
	if err != nil || t.L > maxLevel || t.N < 0 || t.N > maxSize/tileWidth || TilePath(t) != path {
		return tlog.Tile{}, fmt.Errorf("%w: tile path", ErrInvalid)
	}
	return t, nil
}

// NewTiles returns the tiles, bundles of entries included, that a log of now
// leaves has and one of old leaves had not.
func NewTiles(old, now int64) []tlog.Tile {
	var tiles []tlog.Tile
	for _, t := range tlog.NewTiles(tileHeight, old, now) {
		if t.L == 0 {
			entries := t
			entries.L = entriesLevel
			tiles = append(tiles, entries)
		}
		tiles = append(tiles, t)
	}
	return tiles
}

// IsEntries reports whether t is a bundle of entries; its leaves are those from
// index First on, W in number.
func IsEntries(t tlog.Tile) bool { return t.L == entriesLevel }

// First is the index of the first leaf, or on higher levels of the first
// subtree, in t.
func First(t tlog.Tile) int64 { return t.N << tileHeight }

// HasTile reports whether a log of size leaves can serve t.
func HasTile(t tlog.Tile, size int64) bool {
	level := max(t.L, 0)
	return t.H == tileHeight && level <= maxLevel && t.N >= 0 && t.N <= maxSize/tileWidth &&
		t.W >= 1 && t.W <= tileWidth && First(t)+int64(t.W) <= size>>(tileHeight*level)
}

// ReadTile returns the bytes of a tile of hashes.
func ReadTile(t tlog.Tile, size int64, r tlog.HashReader) ([]byte, error) {
	if IsEntries(t) || !HasTile(t, size) {
		return nil, fmt.Errorf("%w: tile %s of a log of %d leaves", ErrInvalid, TilePath(t), size)
	}
	data, err := tlog.ReadTileData(t, r)
	if err != nil {
		return nil, fmt.Errorf("reading tile %s: %w", TilePath(t), err)
	}
	return data, nil
}

// EncodeEntries returns the bytes of a bundle: each leaf after its length in
// two bytes, big endian.
func EncodeEntries(leaves [][]byte) ([]byte, error) {
	if len(leaves) == 0 || len(leaves) > tileWidth {
		return nil, fmt.Errorf("%w: a bundle of %d entries", ErrInvalid, len(leaves))
	}
	var data []byte
	for _, leaf := range leaves {
		if _, err := ParseLeaf(leaf); err != nil {
			return nil, err
		}
		data = binary.BigEndian.AppendUint16(data, uint16(len(leaf)))
		data = append(data, leaf...)
	}
	return data, nil
}

// DecodeEntries reads a bundle.
func DecodeEntries(data []byte) ([][]byte, error) {
	var leaves [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) || len(leaves) == tileWidth {
			return nil, fmt.Errorf("%w: bundle of entries", ErrInvalid)
		}
		n := 2 + int(binary.BigEndian.Uint16(data))
		if _, err := ParseLeaf(data[2:n]); err != nil {
			return nil, err
		}
		leaves = append(leaves, data[2:n])
		data = data[n:]
	}
	return leaves, nil
}
