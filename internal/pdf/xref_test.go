package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"testing"
)

func deflate(tb testing.TB, b []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// streamed writes a file with an object stream (object 2: objects 3 and 1) and
// a cross-reference stream (object 4). dict and rows may be changed by a test.
func streamed(tb testing.TB, dict string, change func(rows [][4]byte) [][4]byte) []byte {
	tb.Helper()
	b := []byte("%PDF-1.7\n")
	content := "3 0 1 8 (three) <</Type/Catalog>>"
	body := deflate(tb, []byte(content))
	at2 := len(b)
	b = fmt.Appendf(b, "2 0 obj\n<</Type/ObjStm/N 2/First 8/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\n", len(body), body)
	at4 := len(b)
	rows := [][4]byte{{0, 0, 0, 0}, {2, 0, 2, 1}, {1, byte(at2 >> 8), byte(at2), 0}, {2, 0, 2, 0}, {1, byte(at4 >> 8), byte(at4), 0}}
	if change != nil {
		rows = change(rows)
	}
	var table []byte // with the PNG predictor Up
	above := [4]byte{}
	for _, r := range rows {
		table = append(table, 2)
		for i := range r {
			table = append(table, r[i]-above[i])
		}
		above = r
	}
	table = deflate(tb, table)
	if dict == "" {
		dict = "/Size 5/W[1 2 1]/Root 1 0 R"
	}
	b = fmt.Appendf(b, "4 0 obj\n<</Type/XRef%s/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 4>>/Length %d>>\nstream\n%s\nendstream\nendobj\n", dict, len(table), table)
	return fmt.Appendf(b, "startxref\n%d\n%%%%EOF\n", at4)
}

func xrefStreamFile(tb testing.TB) []byte { return streamed(tb, "", nil) }

func TestStreams(t *testing.T) {
	d := mustOpen(t, xrefStreamFile(t))
	if o, err := d.Object(3); err != nil || string(o.(String)) != "three" {
		t.Errorf("%v %v", o, err)
	}
	if l := d.Location(3); l.Kind != InStream || l.Offset != 2 {
		t.Errorf("%+v", l)
	}
	if _, _, err := d.EntrySpan(1, "Type"); !errors.Is(err, ErrSyntax) {
		t.Errorf("an object in a stream has no span: %v", err)
	}
	if _, err := NewUpdate(d); err == nil {
		t.Error("an update of a cross-reference stream is not supported and must say so")
	}
}

func TestStreamsMalformed(t *testing.T) {
	for _, c := range []struct {
		name, dict string
		change     func([][4]byte) [][4]byte
		want       error
	}{
		{name: "W is missing", dict: "/Size 5/Root 1 0 R", want: ErrSyntax},
		{name: "W is short", dict: "/Size 5/W[1 2]/Root 1 0 R", want: ErrSyntax},
		{name: "W is negative", dict: "/Size 5/W[1 -2 1]/Root 1 0 R", want: ErrSyntax},
		{name: "W is wide", dict: "/Size 5/W[1 9 1]/Root 1 0 R", want: ErrSyntax},
		{name: "W is zero", dict: "/Size 5/W[0 0 0]/Root 1 0 R", want: ErrSyntax},
		{name: "Index beyond the data", dict: "/Size 5/Index[0 50]/W[1 2 1]/Root 1 0 R", want: ErrSyntax},
		{name: "Index is odd", dict: "/Size 5/Index[0 5 1]/W[1 2 1]/Root 1 0 R", want: ErrSyntax},
		{name: "Index is huge", dict: "/Size 5/Index[999999999 1]/W[1 2 1]/Root 1 0 R", want: ErrLimit},
		{name: "Index overflows", dict: "/Size 5/Index[4611686018427387904 4611686018427387904]/W[1 2 1]/Root 1 0 R", want: ErrLimit},
		{name: "Index overlaps", dict: "/Size 5/Index[0 2 1 3]/W[1 2 1]/Root 1 0 R", want: ErrSyntax},
		{name: "no Size", dict: "/W[1 2 1]/Root 1 0 R", want: ErrSyntax},
		{name: "unknown type", change: func(r [][4]byte) [][4]byte { r[3][0] = 7; return r }, want: ErrSyntax},
		{name: "wrong index", change: func(r [][4]byte) [][4]byte { r[1][3] = 0; return r }, want: ErrSyntax},
		{name: "index beyond", change: func(r [][4]byte) [][4]byte { r[1][3] = 9; return r }, want: ErrSyntax},
		{name: "stream in a stream", change: func(r [][4]byte) [][4]byte { r[1][2] = 3; return r }, want: ErrSyntax},
		{name: "stream is no object stream", change: func(r [][4]byte) [][4]byte { r[1][2] = 4; return r }, want: ErrSyntax},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Open(streamed(t, c.dict, c.change), Limits{}); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// FuzzXrefStream changes the cross-reference stream itself, which in FuzzOpen
// hides behind its deflation.
func FuzzXrefStream(f *testing.F) {
	f.Add("/Size 5/W[1 2 1]/Root 1 0 R", []byte{0, 0, 0, 0, 2, 0, 2, 1, 1, 0, 9, 0, 2, 0, 2, 0, 1, 0, 150, 0})
	f.Add("/Size 5/Index[0 2 2 3]/W[1 2 1]/Root 1 0 R/Prev 9", []byte{0, 0, 0, 0, 2, 0, 2, 1})
	f.Fuzz(func(t *testing.T, dict string, table []byte) {
		b := streamed(t, dict, func([][4]byte) [][4]byte {
			var rows [][4]byte
			for ; len(table) >= 4; table = table[4:] {
				rows = append(rows, [4]byte(table))
			}
			return rows
		})
		d, err := Open(b, Limits{Objects: 2000, Inflated: 1 << 20, Values: 50_000})
		if err != nil {
			return
		}
		for n := range d.Len() {
			_, _ = d.Object(n) // only that it returns
		}
	})
}

// TestHybrid: the stream named by XRefStm supplies what the table leaves free.
func TestHybrid(t *testing.T) {
	base := xrefStreamFile(t)
	base = base[:bytes.LastIndex(base, []byte("startxref"))]
	at := bytes.Index(base, []byte("4 0 obj"))
	b := append(bytes.Clone(base), "5 0 obj\n(five)\nendobj\n"...)
	start := len(b)
	b = fmt.Appendf(b, "xref\n0 1\n0000000000 65535 f\r\n3 1\n0000000000 00000 f\r\n5 1\n%010d 00000 n\r\ntrailer\n<</Size 6/Root 1 0 R/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n", len(base), at, start)
	d := mustOpen(t, b)
	for num, want := range map[int]string{3: "three", 5: "five"} {
		if o, err := d.Object(num); err != nil || string(o.(String)) != want {
			t.Errorf("%d: %v %v", num, o, err)
		}
	}
}

func TestInflateBomb(t *testing.T) {
	bomb := deflate(t, make([]byte, 8<<20))
	b := file(catalog, fmt.Sprintf("<</Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", len(bomb), bomb))
	d, err := Open(b, Limits{Inflated: 8<<20 - 1})
	if err != nil {
		t.Fatal(err)
	}
	o, err := d.Object(2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Decode(o.(*Stream)); !errors.Is(err, ErrLimit) {
		t.Errorf("8 MB from %d bytes: %v", len(bomb), err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, dict := range map[string]string{
		"unknown filter":    "/Filter/LZWDecode",
		"chain of filters":  "/Filter[/FlateDecode/FlateDecode]",
		"not deflated":      "/Filter/FlateDecode",
		"TIFF predictor":    "/Filter/FlateDecode/DecodeParms<</Predictor 2>>",
		"negative columns":  "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns -1>>",
		"row is incomplete": "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 7>>",
	} {
		t.Run(name, func(t *testing.T) {
			data := deflate(t, []byte("abc"))
			if name == "not deflated" {
				data = []byte("abc")
			}
			d := mustOpen(t, file(catalog, fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)))
			o, err := d.Object(2)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := d.Decode(o.(*Stream)); !errors.Is(err, ErrSyntax) {
				t.Errorf("%q %v", got, err)
			}
		})
	}
}

// TestManySections bounds the chain of updates.
func TestManySections(t *testing.T) {
	b := file(catalog)
	for range 20 {
		u, err := NewUpdate(mustOpen(t, b))
		if err != nil {
			t.Fatal(err)
		}
		u.Put(u.New(), nil)
		b = u.Finish()
	}
	if d := mustOpen(t, b); len(d.Sections()) != 21 {
		t.Errorf("%d sections", len(d.Sections()))
	}
	if _, err := Open(b, Limits{Sections: 20}); !errors.Is(err, ErrLimit) {
		t.Errorf("%v", err)
	}
}

func TestPNGFilters(t *testing.T) {
	rows := []byte{
		0, 10, 20, 30,
		1, 10, 10, 10,
		2, 1, 1, 1,
		3, 5, 5, 5,
		4, 1, 1, 1,
	}
	want := []byte{10, 20, 30, 10, 20, 30, 11, 21, 31, 10, 20, 30, 11, 21, 31}
	got, err := unpredict(rows, 3)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, want %v (%v)", got, want, err)
	}
	if _, err := unpredict([]byte{9, 0, 0, 0}, 3); err == nil {
		t.Error("filter 9")
	}
}
