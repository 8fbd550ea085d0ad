package pdf

import (
	"bytes"
	"errors"
	"slices"
)

// Stray looks through the bytes from a place on, where a revision ended, for
// what belongs to no object that a cross-reference section names, to no such
// section, and to no end of a revision. Readers that repair damaged files find
// objects without a table, so what nothing refers to is not harmless. It returns
// the place of the first such byte, or -1.
func (d *Document) Stray(from int) (int, error) {
	s := straySearch{d: d, ends: map[int]int{}}
	for _, x := range d.sections {
		s.ends[x.offset] = x.end
	}
	for pos := from; pos < len(d.buf); {
		if isSpace(d.buf[pos]) {
			pos++
			continue
		}
		end, err := s.part(pos)
		if errors.Is(err, ErrSyntax) || err == nil && end <= pos {
			return pos, nil
		}
		if err != nil {
			return pos, err
		}
		pos = end
	}
	return -1, nil
}

type straySearch struct {
	d    *Document
	ends map[int]int // of sections, by where they begin
}

// part returns the end of what begins at pos; pos itself when nothing does.
func (s straySearch) part(pos int) (int, error) {
	d := s.d
	rest := d.buf[pos:]
	switch {
	case s.ends[pos] > 0:
		return s.ends[pos], nil
	case rest[0] == '%':
		line := rest
		if i := bytes.IndexAny(rest, "\r\n"); i >= 0 {
			line = rest[:i]
		}
		if !harmlessComment(line) {
			return pos, nil
		}
		return pos + len(line), nil
	case bytes.HasPrefix(rest, []byte("startxref")):
		p := d.parserAt(pos + len("startxref"))
		offset, err := p.digits()
		if err != nil || s.ends[d.place(int64(offset))] == 0 {
			return pos, err
		}
		return p.pos, nil
	}
	if !d.namesObject(pos) {
		return pos, nil
	}
	_, _, end, err := d.indirectAt(pos, nil)
	return end, err
}

const longestComment = 200

// harmlessComment: producers leave their names in comments, and %%EOF is one.
func harmlessComment(line []byte) bool {
	for _, word := range []string{"obj", "stream", "xref", "trailer"} {
		if bytes.Contains(line, []byte(word)) {
			return false
		}
	}
	return len(line) <= longestComment
}

// namesObject says whether a section has or had an object at pos.
func (d *Document) namesObject(pos int) bool {
	d.sortPlaces()
	if _, ok := slices.BinarySearch(d.starts, pos); ok {
		return true
	}
	_, ok := slices.BinarySearch(d.older, uint32(pos))
	return ok
}
