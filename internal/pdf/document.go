package pdf

import (
	"bytes"
	"errors"
	"fmt"
)

// Document is one revision of a parsed file. Objects are read when they are
// asked for and kept; a Document is not safe for concurrent use. Objects that
// it returns must not be changed: clone a dictionary first.
type Document struct {
	buf      []byte
	origin   int // of the offsets in the file: 0, or where the header is
	limits   Limits
	budget   *budget
	table    []slot
	sections []*section
	objects  map[int]Object
	loading  []int // being read now, the innermost last
	streams  map[int]*container
	starts   []int    // where objects and sections begin, in order; nil until needed
	older    []uint32 // places of objects that newer sections give others
}

// Open parses the last revision of a file. The file must have its header within
// the first 1024 bytes and end with %%EOF; nothing is repaired or searched for.
// The errors are ErrSyntax, ErrEncrypted and ErrLimit. The document keeps file.
//
// Offsets count from the header (ISO 32000-2 § 7.5.1), but there are programs
// that count from byte 0. When the two differ, exactly one way of reading must
// give a document: else two readers would see two.
func Open(file []byte, limits Limits) (*Document, error) {
	limits = limits.withDefaults()
	b := newBudget(limits)
	if len(file) > limits.FileSize {
		return nil, fmt.Errorf("%w: file of %d bytes, at most %d", ErrLimit, len(file), limits.FileSize)
	}
	header := bytes.Index(file[:min(len(file), headerWithin)], []byte("%PDF-"))
	switch {
	case header < 0:
		return nil, fmt.Errorf("%w: no %%PDF- header in the first %d bytes", ErrSyntax, headerWithin)
	case header == 0:
		return open(file, 0, limits, b)
	}
	d, err := open(file, header, limits, b)
	if errors.Is(err, ErrLimit) { // it says nothing on whether this is a way of reading
		return nil, err
	}
	other, otherErr := open(file, 0, limits, b)
	switch {
	case errors.Is(otherErr, ErrLimit):
		return nil, otherErr
	case readable(err) && readable(otherErr):
		return nil, fmt.Errorf("%w: offsets can be counted from byte 0 and from the header at byte %d", ErrSyntax, header)
	case readable(otherErr):
		return other, otherErr
	}
	return d, err
}

const headerWithin = 1024

// readable says whether there is a document, if only an encrypted one.
func readable(err error) bool { return err == nil || errors.Is(err, ErrEncrypted) }

// Revision opens the revision that ends at byte end: the file as it was before
// anything was appended there. It shares the limits of d.
func (d *Document) Revision(end int) (*Document, error) {
	if end < 0 || end > len(d.buf) {
		return nil, fmt.Errorf("%w: revision end %d is outside the file", ErrSyntax, end)
	}
	if end == len(d.buf) {
		return d, nil
	}
	return open(d.buf[:end:end], d.origin, d.limits, d.budget)
}

func open(file []byte, origin int, limits Limits, b *budget) (*Document, error) {
	d := &Document{
		buf: file, origin: origin, limits: limits, budget: b,
		objects: map[int]Object{}, streams: map[int]*container{},
	}
	start, err := d.startXref()
	if err != nil {
		return nil, err
	}
	if err := d.readSections(start); err != nil {
		return nil, err
	}
	// What a section's own stream needed was read before all places were known.
	clear(d.objects)
	clear(d.streams)
	d.starts = nil
	for _, s := range d.sections { // readers differ in which trailer counts
		if s.trailer.Get("Encrypt") != nil {
			return nil, ErrEncrypted
		}
	}
	if _, err := d.Catalog(); err != nil {
		return nil, err
	}
	return d, nil
}

// startXref checks the end of the file and returns the place of the newest
// cross-reference section.
func (d *Document) startXref() (int, error) {
	tail := d.buf[max(0, len(d.buf)-1024):]
	base := len(d.buf) - len(tail)
	eof := bytes.LastIndex(tail, []byte("%%EOF"))
	if eof < 0 {
		return 0, fmt.Errorf("%w: no %%%%EOF at the end; the file may be truncated", ErrSyntax)
	}
	if len(bytes.Trim(tail[eof+len("%%EOF"):], "\r\n")) != 0 {
		return 0, fmt.Errorf("%w: data after %%%%EOF", ErrSyntax)
	}
	at := bytes.LastIndex(tail[:eof], []byte("startxref"))
	if at < 0 {
		return 0, fmt.Errorf("%w: no startxref", ErrSyntax)
	}
	p := &parser{buf: d.buf[:base+eof], pos: base + at + len("startxref")}
	offset, err := p.digits()
	if err != nil {
		return 0, err
	}
	if p.skipSpace(); p.pos != base+eof {
		return 0, p.errorf("data between startxref and %%%%EOF")
	}
	return d.origin + offset, nil
}

// Bytes is the file up to the end of this revision.
func (d *Document) Bytes() []byte { return d.buf }

// Trailer is the trailer dictionary of the newest section.
func (d *Document) Trailer() *Dict { return d.sections[0].trailer }

// Sections lists the places, from byte 0, of the cross-reference sections, newest first.
func (d *Document) Sections() []int {
	offsets := make([]int, len(d.sections))
	for i, s := range d.sections {
		offsets[i] = s.offset
	}
	return offsets
}

// Hybrid lists the places of the sections that have a table and a stream (ISO
// 32000-1 § 7.5.8.4): readers differ in which of the two counts for an object
// that the table frees.
func (d *Document) Hybrid() []int {
	var offsets []int
	for _, s := range d.sections {
		if s.trailer.Get("XRefStm") != nil {
			offsets = append(offsets, s.offset)
		}
	}
	return offsets
}

// Len is the highest object number mentioned plus one.
func (d *Document) Len() int { return len(d.table) }

// Location says where the object is stored; Free when it does not exist.
func (d *Document) Location(num int) Location {
	if num < 0 || num >= len(d.table) {
		return Location{}
	}
	return d.table[num].Location
}

// Root is the reference to the catalog.
func (d *Document) Root() Ref {
	r, _ := d.Trailer().Get("Root").(Ref)
	return r
}

// Catalog returns the document catalog.
func (d *Document) Catalog() (*Dict, error) {
	c, err := d.Dict(d.Trailer().Get("Root"))
	if err != nil {
		return nil, fmt.Errorf("reading the catalog: %w", err)
	}
	return c, nil
}
