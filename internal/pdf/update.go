package pdf

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Update is one incremental update (ISO 32000-1 § 7.5.6): objects that are
// written after the last byte of a file, with a cross-reference table of their
// own. No earlier byte changes.
type Update struct {
	doc  *Document
	base int    // offset of tail in the finished file
	tail []byte // what is appended
	next int
	at   map[int]Location
}

// NewUpdate begins an update of d, which must be the last revision. A file
// whose newest section is a cross-reference stream is refused: the standard
// wants the same form in every section, and docsvc writes tables only.
func NewUpdate(d *Document) (*Update, error) {
	if d.sections[0].stream {
		return nil, fmt.Errorf("updating the file: cross-reference streams are not supported")
	}
	if !bytes.HasPrefix(d.buf, []byte("%PDF-")) {
		return nil, fmt.Errorf("updating the file: its header is not at byte 0, where offsets count from")
	}
	u := &Update{doc: d, base: len(d.buf), next: d.Len(), at: map[int]Location{}}
	for _, s := range d.sections {
		if size, ok := s.trailer.Get("Size").(int64); ok && size > int64(u.next) && size < int64(d.limits.Objects) {
			u.next = int(size)
		}
	}
	if d.buf[len(d.buf)-1] != '\n' {
		u.tail = append(u.tail, '\n')
	}
	return u, nil
}

// New takes an object number that the file does not use.
func (u *Update) New() Ref {
	u.next++
	return Ref{Num: u.next - 1}
}

// Put writes a new object, or a new version of one.
func (u *Update) Put(r Ref, o Object) {
	u.begin(r)
	u.tail = AppendObject(u.tail, o)
	u.end()
}

// PutRaw writes an object whose syntax is ready and returns the offset that
// its first byte will have in the file.
func (u *Update) PutRaw(r Ref, syntax []byte) int {
	return u.PutFunc(r, func(dst []byte) []byte { return append(dst, syntax...) })
}

// PutFunc is PutRaw with a function that appends the syntax.
func (u *Update) PutFunc(r Ref, syntax func(dst []byte) []byte) int {
	u.begin(r)
	offset := u.base + len(u.tail)
	u.tail = syntax(u.tail)
	u.end()
	return offset
}

func (u *Update) begin(r Ref) {
	u.at[r.Num] = Location{Kind: InFile, Offset: u.base + len(u.tail), Gen: r.Gen}
	u.tail = strconv.AppendInt(u.tail, int64(r.Num), 10)
	u.tail = append(u.tail, ' ')
	u.tail = strconv.AppendInt(u.tail, int64(r.Gen), 10)
	u.tail = append(u.tail, " obj\n"...)
}

func (u *Update) end() { u.tail = append(u.tail, "\nendobj\n"...) }

// Finish writes the cross-reference table and returns the whole file in a
// buffer of its own, the only copy of the file that an update makes.
func (u *Update) Finish() []byte {
	u.finish()
	return slices.Concat(u.doc.buf, u.tail)
}

// AppendTo is Finish for who makes several updates one after another and wants
// one copy for all: file must hold the bytes of the document, and room behind
// them if they are not to be copied.
func (u *Update) AppendTo(file []byte) []byte {
	if len(file) != u.base {
		panic("pdf: update of another file")
	}
	u.finish()
	return append(file, u.tail...)
}

// Grow makes room for n more bytes at once.
func (u *Update) Grow(n int) { u.tail = slices.Grow(u.tail, n) }

func (u *Update) finish() {
	start := u.base + len(u.tail)
	u.tail = append(u.tail, "xref\n"...)
	numbers := slices.Sorted(maps.Keys(u.at))
	for len(numbers) > 0 {
		n := 1
		for n < len(numbers) && numbers[n] == numbers[0]+n {
			n++
		}
		u.tail = fmt.Appendf(u.tail, "%d %d\n", numbers[0], n)
		for _, num := range numbers[:n] {
			u.tail = fmt.Appendf(u.tail, "%010d %05d n\r\n", u.at[num].Offset, u.at[num].Gen)
		}
		numbers = numbers[n:]
	}
	u.tail = append(u.tail, "trailer\n"...)
	u.tail = AppendObject(u.tail, u.trailer())
	u.tail = fmt.Appendf(u.tail, "\nstartxref\n%d\n%%%%EOF\n", start)
}

// trailer renews the second half of ID. It is derived from the first half and
// what is appended, so that one input gives one output.
func (u *Update) trailer() *Dict {
	old := u.doc.Trailer()
	t := NewDict(Entry{"Size", int64(u.next)}, Entry{"Root", old.Get("Root")})
	if info := old.Get("Info"); info != nil {
		t.Set("Info", info)
	}
	sum := sha256.Sum256(u.tail)
	id := Array{String(sum[:16]), String(sum[:16])}
	if a, err := u.doc.Array(old.Get("ID")); err == nil && len(a) == 2 {
		id[0] = a[0]
	}
	t.Set("ID", id)
	t.Set("Prev", int64(u.doc.sections[0].offset))
	return t
}
