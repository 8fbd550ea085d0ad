package pdf

import (
	"errors"
	"slices"
)

var (
	// ErrSyntax marks a file that is not well-formed by ISO 32000-1, or uses
	// one of the freedoms that this parser refuses on purpose.
	ErrSyntax = errors.New("pdf: malformed file")
	// ErrEncrypted marks a file with an Encrypt entry in its trailer.
	ErrEncrypted = errors.New("pdf: encrypted files are not supported")
	// ErrLimit marks a file that would need more than Limits allow.
	ErrLimit = errors.New("pdf: limit exceeded")
)

// Limits bound what one Document may cost, whatever the file says. A zero
// field takes the value of DefaultLimits.
type Limits struct {
	FileSize  int // bytes of the file
	Objects   int // highest object number plus one
	Sections  int // cross-reference sections, which is about the number of revisions
	Depth     int // nesting of arrays and dictionaries
	Values    int // array elements and dictionary entries parsed, over all revisions opened
	Inflated  int // bytes out of the decoders, over all revisions opened
	Entries   int // entries of cross-reference sections, over all revisions opened
	Container int // objects in one object stream
}

// DefaultLimits read a 110 MB file. Beside the file itself a hostile one costs
// at most about 300 MB: 64 MB of inflated data, and 4 million values at some
// 50 bytes each.
func DefaultLimits() Limits {
	return Limits{
		FileSize:  110 << 20,
		Objects:   500_000,
		Sections:  1000,
		Depth:     64,
		Values:    4_000_000,
		Inflated:  64 << 20,
		Entries:   8_000_000,
		Container: 100_000,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	for _, f := range []struct{ v, def *int }{
		{&l.FileSize, &d.FileSize}, {&l.Objects, &d.Objects}, {&l.Sections, &d.Sections},
		{&l.Depth, &d.Depth}, {&l.Values, &d.Values}, {&l.Inflated, &d.Inflated}, {&l.Entries, &d.Entries}, {&l.Container, &d.Container},
	} {
		if *f.v <= 0 {
			*f.v = *f.def
		}
	}
	return l
}

// budget is what is left of the limits that are sums; a document and its
// earlier revisions share one, and what saves the parser from allocating.
type budget struct {
	values, inflated, entries int
	scratch
}

func newBudget(l Limits) *budget {
	return &budget{values: l.Values, inflated: l.Inflated, entries: l.Entries}
}

// scratch is where arrays and dictionaries grow before their length is known,
// and the short names that were met: a file has few, thousands of times each.
type scratch struct {
	objects []Object
	entries []Entry
	names   map[string]Object
}

const (
	maxKnownName  = 32
	maxKnownNames = 1000
)

// name is Name(raw) as an Object.
func (s *scratch) name(raw []byte) Object {
	if o, ok := s.names[string(raw)]; ok {
		return o
	}
	n := Name(raw)
	if len(raw) > maxKnownName || len(s.names) >= maxKnownNames {
		return n
	}
	if s.names == nil {
		s.names = map[string]Object{}
	}
	o := Object(n)
	s.names[string(n)] = o
	return o
}

// array takes out what was put behind mark.
func (s *scratch) array(mark int) Array {
	a := make(Array, len(s.objects)-mark)
	copy(a, s.objects[mark:])
	clear(s.objects[mark:])
	s.objects = s.objects[:mark]
	return a
}

// dict is array for entries.
func (s *scratch) dict(mark int) *Dict {
	d := &Dict{}
	if len(s.entries) > mark {
		d.Entries = slices.Clone(s.entries[mark:])
	}
	clear(s.entries[mark:])
	s.entries = s.entries[:mark]
	return d
}
