package pdf

import (
	"bytes"
	"fmt"
	"slices"
)

func (d *Document) parserAt(offset int) *parser {
	return &parser{buf: d.buf, pos: offset, max: d.limits.Depth, budget: d.budget}
}

// Object returns the object with a number; the null object (nil) when the
// revision has none.
func (d *Document) Object(num int) (Object, error) {
	if o, ok := d.objects[num]; ok {
		return o, nil
	}
	if slices.Contains(d.loading, num) || len(d.loading) > 4 { // a stream needs its Length, an object its object stream
		return nil, fmt.Errorf("%w: object %d needs itself, or too many others", ErrSyntax, num)
	}
	d.loading = append(d.loading, num)
	defer func() { d.loading = d.loading[:len(d.loading)-1] }()
	var o Object
	switch loc := d.Location(num); loc.Kind {
	case Free:
		return nil, nil
	case InFile:
		ref, obj, end, err := d.indirectAt(loc.Offset, nil)
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", num, err)
		}
		if d.beginsWithin(loc.Offset, end) {
			return nil, fmt.Errorf("%w: in object %d there is another one", ErrSyntax, num)
		}
		if ref != (Ref{num, loc.Gen}) {
			return nil, fmt.Errorf("%w: object %d %d stands where %d %d should", ErrSyntax, ref.Num, ref.Gen, num, loc.Gen)
		}
		o = obj
	case InStream:
		c, err := d.container(loc.Offset)
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", num, err)
		}
		if o, err = c.object(d, num, loc.Index); err != nil {
			return nil, err
		}
	}
	d.objects[num] = o
	return o, nil
}

// beginsWithin tells whether something begins between the first and the last
// byte of an object: an object in a string or in a stream is there for one
// reader and not for another.
func (d *Document) beginsWithin(start, end int) bool {
	d.sortPlaces()
	i, _ := slices.BinarySearch(d.starts, start+1)
	return i < len(d.starts) && d.starts[i] < end
}

// sortPlaces fills starts, and sorts what the search for places looks through,
// when it is needed first.
func (d *Document) sortPlaces() {
	if d.starts != nil {
		return
	}
	d.starts = make([]int, 0, len(d.table)+len(d.sections))
	for _, s := range d.table {
		if s.Kind == InFile {
			d.starts = append(d.starts, s.Offset)
		}
	}
	for _, s := range d.sections {
		d.starts = append(d.starts, s.offset)
	}
	slices.Sort(d.starts)
	slices.Sort(d.older)
}

// Resolve follows a reference to its object; anything else returns as it is.
func (d *Document) Resolve(o Object) (Object, error) {
	for range 16 {
		r, ok := o.(Ref)
		if !ok {
			return o, nil
		}
		var err error
		if o, err = d.Object(r.Num); err != nil {
			return nil, err
		}
		if o != nil && d.Location(r.Num).Gen != r.Gen {
			return nil, nil // § 7.3.10: a reference to another generation is null
		}
	}
	return nil, fmt.Errorf("%w: chain of references", ErrSyntax)
}

// Dict resolves o and requires a dictionary.
func (d *Document) Dict(o Object) (*Dict, error) {
	v, err := d.Resolve(o)
	if err != nil {
		return nil, err
	}
	dict, ok := v.(*Dict)
	if !ok {
		return nil, fmt.Errorf("%w: expected a dictionary", ErrSyntax)
	}
	return dict, nil
}

// Array resolves o and requires an array; null gives an empty one.
func (d *Document) Array(o Object) (Array, error) {
	v, err := d.Resolve(o)
	if err != nil || v == nil {
		return nil, err
	}
	a, ok := v.(Array)
	if !ok {
		return nil, fmt.Errorf("%w: expected an array", ErrSyntax)
	}
	return a, nil
}

// EntrySpan gives the bytes [start, end) of the value of key in a dictionary
// that is written at an offset of its own, not in an object stream.
func (d *Document) EntrySpan(num int, key Name) (start, end int, err error) {
	loc := d.Location(num)
	if loc.Kind != InFile {
		return 0, 0, fmt.Errorf("%w: object %d has no place of its own", ErrSyntax, num)
	}
	spans := map[Name]span{}
	if _, _, _, err := d.indirectAt(loc.Offset, spans); err != nil {
		return 0, 0, err
	}
	s, ok := spans[key]
	if !ok {
		return 0, 0, fmt.Errorf("%w: object %d has no direct /%s", ErrSyntax, num, key)
	}
	return s.start, s.end, nil
}

// indirectAt parses "n g obj … endobj" and returns the offset after it.
func (d *Document) indirectAt(offset int, spans map[Name]span) (ref Ref, o Object, end int, err error) {
	if offset <= 0 || offset >= len(d.buf) {
		return ref, nil, 0, fmt.Errorf("%w: object offset %d is outside the file", ErrSyntax, offset)
	}
	p := d.parserAt(offset)
	p.spans = spans
	if ref.Num, err = p.digits(); err != nil {
		return ref, nil, 0, err
	}
	if ref.Gen, err = p.digits(); err != nil {
		return ref, nil, 0, err
	}
	if err := p.keyword("obj"); err != nil {
		return ref, nil, 0, err
	}
	if o, err = p.object(); err != nil {
		return ref, nil, 0, err
	}
	p.skipSpace()
	if dict, ok := o.(*Dict); ok && bytes.HasPrefix(p.buf[p.pos:], []byte("stream")) {
		raw, err := d.streamData(p, dict)
		if err != nil {
			return ref, nil, 0, err
		}
		o = &Stream{Dict: dict, Raw: raw}
	}
	if err := p.keyword("endobj"); err != nil {
		return ref, nil, 0, err
	}
	return ref, o, p.pos, nil
}

// streamData takes exactly Length bytes; a Length that does not lead to
// endstream is an error, not a reason to search.
func (d *Document) streamData(p *parser, dict *Dict) ([]byte, error) {
	p.pos += len("stream")
	if p.pos < len(p.buf) && p.buf[p.pos] == '\r' {
		p.pos++
	}
	if p.pos >= len(p.buf) || p.buf[p.pos] != '\n' {
		return nil, p.errorf("no line end after stream")
	}
	p.pos++
	length, err := d.Resolve(dict.Get("Length"))
	if err != nil {
		return nil, err
	}
	n, ok := length.(int64)
	if !ok || n < 0 || n > int64(len(p.buf)-p.pos) {
		return nil, p.errorf("bad stream length")
	}
	raw := p.buf[p.pos : p.pos+int(n) : p.pos+int(n)]
	p.pos += int(n)
	return raw, p.keyword("endstream")
}
