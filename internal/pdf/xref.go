package pdf

import (
	"bytes"
	"fmt"
)

// Location says where an object of one revision is stored.
type Location struct {
	Kind   LocationKind
	Offset int // byte offset (InFile), or number of the object stream (InStream)
	Index  int // position in the object stream (InStream)
	Gen    int // generation number (InFile)
}

// LocationKind is the type of a cross-reference entry (ISO 32000-1 table 18).
type LocationKind uint8

const (
	Free     LocationKind = iota // not in use, or never mentioned
	InFile                       // written at an offset
	InStream                     // inside an object stream
)

type slot struct {
	Location
	section uint16 // index of the defining section plus one; 0: not mentioned
}

// section is one cross-reference section, newest first in Document.sections.
type section struct {
	offset  int
	end     int // after the trailer or the stream object
	stream  bool
	trailer *Dict
}

// readSections follows the chain of Prev from the newest section. The first
// mention of an object wins, which is the newest.
func (d *Document) readSections(offset int) error {
	visited := map[int]bool{}
	for {
		if visited[offset] {
			return fmt.Errorf("%w: cross-reference sections form a loop", ErrSyntax)
		}
		if len(d.sections) >= d.limits.Sections {
			return fmt.Errorf("%w: cross-reference sections", ErrLimit)
		}
		visited[offset] = true
		s, err := d.readSection(offset)
		if err != nil {
			return err
		}
		prev := s.trailer.Get("Prev")
		if prev == nil {
			return nil
		}
		n, ok := prev.(int64)
		if !ok {
			return fmt.Errorf("%w: Prev is not an integer", ErrSyntax)
		}
		offset = d.place(n)
	}
}

// place turns an offset in the file into one from byte 0; -1 when it is out of
// range.
func (d *Document) place(offset int64) int {
	if offset < 0 || offset > int64(len(d.buf)) {
		return -1
	}
	return d.origin + int(offset)
}

// spendEntries is asked for before count entries are read.
func (d *Document) spendEntries(count int) error {
	if d.budget.entries -= count; d.budget.entries < 0 {
		return fmt.Errorf("%w: cross-reference entries", ErrLimit)
	}
	return nil
}

func (d *Document) readSection(offset int) (*section, error) {
	if offset <= 0 || offset >= len(d.buf) {
		return nil, fmt.Errorf("%w: cross-reference offset %d is outside the file", ErrSyntax, offset)
	}
	s := &section{offset: offset}
	d.sections = append(d.sections, s)
	if !bytes.HasPrefix(d.buf[offset:], []byte("xref")) {
		s.stream = true
		return s, d.readXrefStream(s, false)
	}
	if err := d.readXrefTable(s); err != nil {
		return nil, err
	}
	if hybrid := s.trailer.Get("XRefStm"); hybrid != nil { // § 7.5.8.4
		at, ok := hybrid.(int64)
		if !ok {
			return nil, fmt.Errorf("%w: XRefStm is not an integer", ErrSyntax)
		}
		h := &section{offset: d.place(at), stream: true}
		if err := d.readXrefStream(h, true); err != nil {
			return nil, err
		}
		if h.trailer.Get("Encrypt") != nil {
			return nil, ErrEncrypted
		}
	}
	return s, nil
}

// define records an entry of the section that is being read.
func (d *Document) define(num int, loc Location, hybrid bool) error {
	if num >= d.limits.Objects {
		return fmt.Errorf("%w: object number %d", ErrLimit, num)
	}
	if num >= len(d.table) {
		d.table = append(d.table, make([]slot, num+1-len(d.table))...)
	}
	if loc.Kind == InFile {
		loc.Offset += d.origin
	}
	s := &d.table[num]
	current := uint16(len(d.sections))
	switch {
	case s.section == 0, hybrid && s.section == current && s.Kind == Free:
		*s = slot{loc, current}
	case s.section == current && !hybrid:
		return fmt.Errorf("%w: object %d stands twice in one cross-reference section", ErrSyntax, num)
	case loc.Kind == InFile && loc.Offset > 0 && loc.Offset < len(d.buf):
		d.older = append(d.older, uint32(loc.Offset)) // 8 bytes each would double what a hostile file costs
	}
	return nil
}

func (d *Document) readXrefTable(s *section) error {
	p := d.parserAt(s.offset + len("xref"))
	if p.pos >= len(p.buf) || !isSpace(p.buf[p.pos]) {
		return p.errorf("bad cross-reference section")
	}
	for {
		w := p.word()
		if string(w) == "trailer" {
			break
		}
		first, ok := parseDigits(w)
		count, err := p.digits()
		if !ok || err != nil {
			return p.errorf("bad cross-reference subsection")
		}
		if first+count > d.limits.Objects {
			return fmt.Errorf("%w: object numbers up to %d", ErrLimit, first+count)
		}
		p.skipSpace()
		const width = 20 // § 7.5.4: exactly 20 bytes each
		if len(p.buf)-p.pos < count*width {
			return p.errorf("cross-reference subsection is cut off")
		}
		if err := d.spendEntries(count); err != nil {
			return err
		}
		for i := range count {
			loc, ok := tableEntry(p.buf[p.pos : p.pos+width])
			if !ok {
				return p.errorf("bad cross-reference entry")
			}
			if err := d.define(first+i, loc, false); err != nil {
				return err
			}
			p.pos += width
		}
	}
	o, err := p.object()
	if err != nil {
		return err
	}
	t, ok := o.(*Dict)
	if !ok {
		return p.errorf("trailer is not a dictionary")
	}
	s.trailer, s.end = t, p.pos
	return nil
}

// tableEntry reads "nnnnnnnnnn ggggg n" and its two characters of line end.
func tableEntry(b []byte) (Location, bool) {
	offset, ok1 := parseDigits(b[:10])
	gen, ok2 := parseDigits(b[11:16])
	eol := string(b[18:])
	if !ok1 || !ok2 || b[10] != ' ' || b[16] != ' ' || eol != " \n" && eol != "\r\n" && eol != " \r" {
		return Location{}, false
	}
	switch b[17] {
	case 'n':
		return Location{Kind: InFile, Offset: offset, Gen: gen}, true
	case 'f':
		return Location{}, true
	}
	return Location{}, false
}

func (d *Document) readXrefStream(s *section, hybrid bool) error {
	_, o, end, err := d.indirectAt(s.offset, nil)
	if err != nil {
		return err
	}
	st, ok := o.(*Stream)
	if !ok || st.Dict.Get("Type") != Name("XRef") {
		return fmt.Errorf("%w: no cross-reference section at %d", ErrSyntax, s.offset)
	}
	s.trailer, s.end = st.Dict, end
	data, err := d.Decode(st)
	if err != nil {
		return err
	}
	widths, total, err := xrefWidths(st.Dict)
	if err != nil {
		return err
	}
	index, ok := st.Dict.Get("Index").(Array)
	if !ok {
		index = Array{int64(0), st.Dict.Get("Size")}
	}
	for ; len(index) >= 2; index = index[2:] {
		first, ok1 := index[0].(int64)
		count, ok2 := index[1].(int64)
		most := int64(d.limits.Objects)
		if ok1 && ok2 && (first > most || count > most) {
			return fmt.Errorf("%w: object numbers up to %d", ErrLimit, max(first, count))
		}
		if !ok1 || !ok2 || first < 0 || count < 0 || int(count)*total > len(data) {
			return fmt.Errorf("%w: Index of the cross-reference stream", ErrSyntax)
		}
		if err := d.spendEntries(int(count)); err != nil {
			return err
		}
		for i := range int(count) {
			loc, err := streamEntry(data[:total], widths)
			if err != nil {
				return err
			}
			if err := d.define(int(first)+i, loc, hybrid); err != nil {
				return err
			}
			data = data[total:]
		}
	}
	if len(index) != 0 {
		return fmt.Errorf("%w: Index of the cross-reference stream", ErrSyntax)
	}
	return nil
}

func xrefWidths(d *Dict) (w [3]int, total int, err error) {
	a, _ := d.Get("W").(Array)
	for i := range w {
		var n int64 = -1
		if i < len(a) {
			n, _ = a[i].(int64)
		}
		if n < 0 || n > 7 || len(a) != 3 {
			return w, 0, fmt.Errorf("%w: W of the cross-reference stream", ErrSyntax)
		}
		w[i] = int(n)
		total += int(n)
	}
	if total == 0 {
		return w, 0, fmt.Errorf("%w: W of the cross-reference stream", ErrSyntax)
	}
	return w, total, nil
}

// streamEntry reads one entry of § 7.5.8.3; a type field of width 0 means 1.
func streamEntry(b []byte, widths [3]int) (Location, error) {
	f := [3]int{1, 0, 0}
	for i, w := range widths {
		if w > 0 {
			f[i] = 0
		}
		for _, c := range b[:w] {
			f[i] = f[i]<<8 | int(c)
		}
		b = b[w:]
	}
	switch f[0] {
	case 0:
		return Location{}, nil
	case 1:
		return Location{Kind: InFile, Offset: f[1], Gen: f[2]}, nil
	case 2:
		return Location{Kind: InStream, Offset: f[1], Index: f[2]}, nil
	}
	return Location{}, fmt.Errorf("%w: cross-reference entry of type %d", ErrSyntax, f[0])
}
