package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// TestHeader: offsets may count from the header or from byte 0, but only one of
// the two may give a document.
func TestHeader(t *testing.T) {
	good := file(catalog, "(x)")
	junk := []byte("From: someone\n\n")
	shifted := func(n int) []byte { // offsets from byte 0 behind n bytes
		b := bytes.Repeat([]byte("\n"), n)
		b = append(b, "%PDF-1.7\n"...)
		at := len(b)
		b = append(b, "1 0 obj\n<</Type/Catalog>>\nendobj\n"...)
		start := len(b)
		return fmt.Appendf(b, "xref\n0 2\n0000000000 65535 f\r\n%010d 00000 n\r\ntrailer\n<</Size 2/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", at, start)
	}
	for _, c := range []struct {
		name   string
		file   []byte
		origin int
		want   error
	}{
		{"at byte 0", good, 0, nil},
		{"offsets from the header", append(bytes.Clone(junk), good...), len(junk), nil},
		{"offsets from byte 0", shifted(100), 0, nil},
		{"header at the last place", append(bytes.Repeat([]byte{'\n'}, 1019), good...), 1019, nil},
		{"header behind it", append(bytes.Repeat([]byte{'\n'}, 1020), good...), 0, ErrSyntax},
		{"object streams, offsets from the header", append(bytes.Clone(junk), xrefStreamFile(t)...), len(junk), nil},
		{"both ways", bothWays(t), 0, ErrSyntax},
		{"both ways, one encrypted", bytes.Replace(bothWays(t), []byte("/Size 0002"), []byte("/Encrypt 7"), 1), 0, ErrSyntax},
		{"neither way", append([]byte("x"), bytes.Replace(good, []byte("xref\n0"), []byte("xxxx\n0"), 1)...), 0, ErrSyntax},
		{"encrypted", append(bytes.Clone(junk), bytes.Replace(good, []byte("/Size 3"), []byte("/Encrypt 7/Size 3"), 1)...), 0, ErrEncrypted},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Open(c.file, Limits{})
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Fatalf("%v", err)
			}
			if err != nil {
				return
			}
			if d.origin != c.origin {
				t.Errorf("offsets count from %d", d.origin)
			}
			if at := d.Sections()[0]; !bytes.HasPrefix(c.file[at:], []byte("xref")) && !bytes.HasPrefix(c.file[at:], []byte("4 0 obj")) {
				t.Errorf("no section at byte %d", at)
			}
			if l := d.Location(1); l.Kind == InFile && !bytes.HasPrefix(c.file[l.Offset:], []byte("1 0 obj")) {
				t.Errorf("no object at byte %d", l.Offset)
			}
		})
	}
}

// bothWays builds a file that shows one catalog to who counts from the header
// and another to who counts from byte 0.
func bothWays(t *testing.T) []byte {
	t.Helper()
	const shift = 512
	part := func(at int, name string) []byte {
		b := fmt.Appendf(nil, "1 0 obj\n<</Type/Catalog/Name(%s)>>\nendobj\nxref\n0 2\n0000000000 65535 f\r\n%010d 00000 n\r\ntrailer\n<</Size 0002/Root 1 0 R>>\n", name, at)
		return append(b, bytes.Repeat([]byte{' '}, shift-len(b))...)
	}
	b := append(bytes.Repeat([]byte{'\n'}, shift), "%PDF-1.7\n"...)
	at := len(b)
	b = append(b, part(at, "from byte 0")...)
	b = append(b, part(at, "from header")...) // shift bytes further on
	b = fmt.Appendf(b, "startxref\n%d\n%%%%EOF\n", bytes.Index(b, []byte("xref")))
	for _, origin := range []int{0, shift} { // each way alone would do
		limits := Limits{}.withDefaults()
		if _, err := open(b, origin, limits, newBudget(limits)); err != nil {
			t.Fatalf("from %d: %v", origin, err)
		}
	}
	return b
}
