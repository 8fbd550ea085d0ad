package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDifferentials has what readers are known to differ in: one meaning, which
// all of them give it, or none.
func TestDifferentials(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Object
		bad  bool
	}{
		// Numbers.
		{in: "+1", want: int64(1)},
		{in: "1.", want: Real("1.")},
		{in: "-0", want: int64(0)},
		{in: "+.5", want: Real("+.5")},
		{in: "--1", bad: true},
		{in: "+-1", bad: true},
		{in: "1-2", bad: true},
		{in: "1.2.3", bad: true},
		{in: ".", bad: true},
		{in: "-", bad: true},
		{in: "-.", bad: true},
		{in: "0x1f", bad: true},
		{in: "1_000", bad: true},
		{in: "16#FF", bad: true},
		{in: "1,5", bad: true},
		{in: "1e3", bad: true},
		{in: "9223372036854775807", want: int64(9223372036854775807)},
		{in: "9223372036854775808", bad: true},
		// References.
		{in: "[1 0 R]", want: Array{Ref{1, 0}}},
		{in: "[1 %x\n0 %y\nR]", want: Array{Ref{1, 0}}},
		{in: "[1 0R]", bad: true},
		{in: "[1 0 r]", bad: true},
		{in: "[-1 0 R]", bad: true},
		{in: "[+1 0 R]", bad: true},
		{in: "[1 -0 R]", bad: true},
		{in: "[1 65536 R]", bad: true},
		{in: "[1.0 0 R]", bad: true},
		{in: "R", bad: true},
		// Keywords.
		{in: "True", bad: true},
		{in: "nul", bad: true},
		{in: "nullnull", bad: true},
		{in: "[true(x)null]", want: Array{true, String("x"), nil}},
		// Names.
		{in: "/A#42", want: Name("AB")},
		{in: "/A#4", bad: true},
		{in: "/A#", bad: true},
		{in: "/A##", bad: true},
		{in: "/A#00B", bad: true},
		{in: "/A#2FB", want: Name("A/B")},
		{in: "/A\x00", want: Name("A")},
		{in: "[/A/B]", want: Array{Name("A"), Name("B")}},
		{in: "[//A]", want: Array{Name(""), Name("A")}},
		{in: "/A{", bad: true},
		// Strings.
		{in: `(\1\12\123\1234)`, want: String("\x01\nSS4")},
		{in: `(\8)`, want: String("8")},
		{in: `(\377)`, want: String("\xff")},
		{in: `(\400)`, bad: true},
		{in: `(\777)`, bad: true},
		{in: `(a\)b)`, want: String("a)b")},
		{in: `(a(b)`, bad: true},
		{in: `(a)b)`, bad: true},
		{in: `(% no comment)`, want: String("% no comment")},
		{in: `(<</A)`, want: String("<</A")},
		{in: "<4>", want: String("@")},
		{in: "<>", want: String{}},
		{in: "<4 1\n4\t2>", want: String("AB")},
		{in: "<41%x\n42>", bad: true},
		{in: "<41", bad: true},
		// Dictionaries and arrays.
		{in: "<</A 1/A 1>>", bad: true},
		{in: "<</A 1/#41 2>>", bad: true},
		{in: "<</A>>", bad: true},
		{in: "<</A/B/C>>", bad: true},
		{in: "<</A 1 2>>", bad: true},
		{in: "<</A 1> >", bad: true},
		{in: "<</A null>>", want: NewDict(Entry{"A", nil})},
		{in: "<</ 1>>", want: NewDict(Entry{"", int64(1)})},
		{in: "<< %>>\n/A 1>>", want: NewDict(Entry{"A", int64(1)})},
		{in: "<< %>>\r/A 1>>", want: NewDict(Entry{"A", int64(1)})},
		{in: "[1 2", bad: true},
		{in: "[1>>", bad: true},
		{in: "[1]]", bad: true},
		{in: "1 2", bad: true}, // two values in one object
		{in: "", bad: true},
		{in: "[1 2] endobj 3 0 obj", want: Array{int64(1), int64(2)}},
	} {
		b := file(catalog, c.in)
		d, err := Open(b, Limits{})
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		got, err := d.Object(2)
		if c.bad && !errors.Is(err, ErrSyntax) || !c.bad && (err != nil || !cmp.Equal(got, c.want)) {
			t.Errorf("%q: %#v %v", c.in, got, err)
		}
	}
}

// TestXrefTricks: each is one object to one reader and another to another.
func TestXrefTricks(t *testing.T) {
	// point makes the entry of object num point to where text begins.
	point := func(b []byte, num int, text string) []byte {
		t.Helper()
		at := bytes.Index(b, []byte(text))
		entry := bytes.Index(b, []byte("xref\n")) + bytes.IndexByte(b[bytes.Index(b, []byte("xref\n"))+5:], '\n') + 6 + 20*num
		if at < 0 || entry < 0 {
			t.Fatalf("%q does not occur", text)
		}
		return append(append(bytes.Clone(b[:entry]), fmt.Sprintf("%010d", at)...), b[entry+10:]...)
	}
	stream := func(dict, data string) string {
		return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
	}
	for _, c := range []struct {
		name string
		file []byte
		num  int
	}{
		{"object in a string", point(file(catalog, "(3 0 obj(x)endobj)", "(y)"), 3, "3 0 obj(x)"), 2},
		{"object in a comment", point(file(catalog, "[%3 0 obj(x)endobj\n]", "(y)"), 3, "3 0 obj(x)"), 2},
		{"object in a stream", point(file(catalog, stream("", "3 0 obj(x)endobj"), "(y)"), 3, "3 0 obj(x)"), 2},
		{"two objects at one place", point(file(catalog, "(x)", "(y)"), 3, "2 0 obj"), 3},
		{"into the middle of a number", point(file(catalog, "(x)", "(y)", "(z)"), 2, "0 obj\n(x)"), 2},
		{"into the header", point(file(catalog, "(x)"), 2, "PDF"), 2},
		{"into the table", point(file(catalog, "(x)"), 2, "0000000000 65535"), 2},
		{"length too short", file(catalog, "<</Length 3>>\nstream\nabcdef\nendstream"), 2},
		{"length too long", file(catalog, "<</Length 17>>\nstream\nabcdef\nendstream"), 2},
		{"length over another object", file(catalog, "<</Length 55>>\nstream\nabcdef\nendstream\nendobj\n3 0 obj\n(yyyyyyyyyyy)endstream\nendobj\n"), 2},
		{"length negative", file(catalog, "<</Length -1>>\nstream\nabc\nendstream"), 2},
		{"length real", file(catalog, "<</Length 3.0>>\nstream\nabc\nendstream"), 2},
		{"length in a circle", file(catalog, "<</Length 3 0 R>>\nstream\nabc\nendstream", "<</Length 2 0 R>>\nstream\nabc\nendstream"), 2},
		{"length is the stream", file(catalog, "<</Length 2 0 R>>\nstream\nabc\nendstream"), 2},
		{"line end after stream is CR", file(catalog, "<</Length 3>>\nstream\rabc\nendstream"), 2},
		{"stream without line end", file(catalog, "<</Length 3>>\nstream abc\nendstream"), 2},
		{"stream of an array", file(catalog, "[]\nstream\nabc\nendstream"), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Open(c.file, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if o, err := d.Object(c.num); !errors.Is(err, ErrSyntax) {
				t.Errorf("%v %v", o, err)
			}
		})
	}
}

// TestEntryWidth: entries of 19 or 21 bytes, and white space around them.
func TestEntryWidth(t *testing.T) {
	good := string(file(catalog))
	const entry = "0000000000 65535 f\r\n"
	for name, other := range map[string]string{
		"19 bytes":       "0000000000 65535 f\n",
		"19 bytes, CR":   "0000000000 65535 f\r",
		"21 bytes":       "0000000000 65535 f \r\n",
		"space before":   " " + entry,
		"tab":            "0000000000\t65535 f\r\n",
		"comment":        "0000000000 65535 f%\n",
		"no line end":    "0000000000 65535 f  ",
		"LF before CR":   "0000000000 65535 f\n\r",
		"nine digits":    "000000000 65535 f \r\n",
		"sign":           "+000000000 65535 f\r\n",
		"capital letter": "0000000000 65535 F\r\n",
	} {
		b := strings.Replace(good, entry, other, 1)
		if _, err := Open([]byte(b), Limits{}); err == nil && !strings.HasPrefix(other, " ") || err != nil && !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestContainers has the ways in which object streams can lie.
func TestContainers(t *testing.T) {
	for _, c := range []struct {
		name, content string
		first, n      int
		good          bool
	}{
		{"as it should be", "3 0 1 8 (three) <</Type/Catalog>>", 8, 2, true},
		{"white space and comments", "3 0 1 8 (three)\n<</Type/Catalog>> %x\n", 8, 2, true},
		{"a number twice", "1 0 1 8 (three) <</Type/Catalog>>", 8, 2, false},
		{"offsets fall", "3 8 1 0 (three) <</Type/Catalog>>", 8, 2, false},
		{"one offset twice", "3 0 1 0 <</Type/Catalog>>        ", 8, 2, false},
		{"something after an object", "3 0 1 8 (th) /x <</Type/Catalog>>", 8, 2, false},
		{"an object ends in the next", "3 0 1 8 (three    ) <</Type/Catalog>>", 8, 2, false},
		{"stream", "3 0 1 8 (three) <</Type/Catalog>> stream\nendstream", 8, 2, false},
		{"indirect object", "3 0 1 8 (three) 1 0 obj<</Type/Catalog>>endobj", 8, 2, false},
		{"offset beyond the end", "3 0 1 99 (three) <</Type/Catalog>>", 9, 2, false},
		{"head cut off", "3 0 1 8 (three) <</Type/Catalog>>", 5, 2, false},
		{"fewer than N", "3 0 1 8 (three) <</Type/Catalog>>", 8, 3, false},
		{"First is negative", "3 0 1 8 (three) <</Type/Catalog>>", -1, 2, false},
		{"N is negative", "3 0 1 8 (three) <</Type/Catalog>>", 8, -1, false},
		{"reference to itself as an object", "3 0 1 8 (three) 1 0 R", 8, 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := contained(t, c.content, c.n, c.first)
			d, err := Open(b, Limits{})
			if err == nil {
				_, err = d.Object(3)
			}
			if c.good != (err == nil) || err != nil && !errors.Is(err, ErrSyntax) {
				t.Errorf("%v", err)
			}
		})
	}
}

// contained is streamed with another object stream, which is not deflated.
func contained(tb testing.TB, content string, n, first int) []byte {
	tb.Helper()
	b := []byte("%PDF-1.7\n")
	at2 := len(b)
	b = fmt.Appendf(b, "2 0 obj\n<</Type/ObjStm/N %d/First %d/Length %d>>\nstream\n%s\nendstream\nendobj\n", n, first, len(content), content)
	at4 := len(b)
	rows := []byte{0, 0, 0, 0, 2, 0, 2, 1, 1, byte(at2 >> 8), byte(at2), 0, 2, 0, 2, 0, 1, byte(at4 >> 8), byte(at4), 0}
	b = fmt.Appendf(b, "4 0 obj\n<</Type/XRef/Size 5/W[1 2 1]/Root 1 0 R/Length %d>>\nstream\n%s\nendstream\nendobj\n", len(rows), rows)
	return fmt.Appendf(b, "startxref\n%d\n%%%%EOF\n", at4)
}

// TestEncryptedEarlier: an Encrypt entry in any section counts.
func TestEncryptedEarlier(t *testing.T) {
	b := bytes.Replace(file(catalog), []byte("/Size 2"), []byte("/Encrypt 7 0 R/Size 2"), 1)
	at := bytes.Index(b, []byte("xref\n"))
	next := len(b)
	b = fmt.Appendf(b, "xref\n0 0\ntrailer\n<</Size 2/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", at, next)
	if _, err := Open(b, Limits{}); !errors.Is(err, ErrEncrypted) {
		t.Error(err)
	}
}

// TestHybridMalformed: what XRefStm may not be.
func TestHybridMalformed(t *testing.T) {
	good := string(file(catalog))
	for _, value := range []string{"(x)", "-1", "0", "99999999", "9", "1.5", "1 0 R"} {
		b := strings.Replace(good, "/Root", "/XRefStm "+value+"/Root", 1)
		if _, err := Open([]byte(b), Limits{}); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: %v", value, err)
		}
	}
}
