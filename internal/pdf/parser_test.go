package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// file writes objects 1… with a table; the first is the catalog.
func file(objects ...string) []byte {
	b := []byte("%PDF-1.7\n")
	table := fmt.Appendf(nil, "xref\n0 %d\n0000000000 65535 f\r\n", len(objects)+1)
	for i, o := range objects {
		table = fmt.Appendf(table, "%010d 00000 n\r\n", len(b))
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := len(b)
	b = append(b, table...)
	return fmt.Appendf(b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
}

const catalog = "<</Type/Catalog>>"

func mustOpen(t *testing.T, b []byte) *Document {
	t.Helper()
	d, err := Open(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestObjects(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Object
	}{
		{"null", nil},
		{"true", true},
		{"-17", int64(-17)},
		{"+17", int64(17)},
		{"007", int64(7)},
		{"-.5", Real("-.5")},
		{"4.", Real("4.")},
		{"12 0 R", Ref{12, 0}},
		{"[1 2 3 0 R 4]", Array{int64(1), int64(2), Ref{3, 0}, int64(4)}},
		{"[1 0 Rx]", nil},
		{"/A#20B", Name("A B")},
		{"/", Name("")},
		{`(a\(b\)\\(c)\101\n\
d)`, String("a(b)\\(c)A\nd")},
		{"(a\r\nb\rc)", String("a\nb\nc")},
		{`(\0053)`, String("\x053")},
		{"<48 65 6c6C 6>", String("Hell`")},
		{"<<>>", &Dict{}},
		{"<</A<</B[true]>>/C % comment\n(x)>>", NewDict(Entry{"A", NewDict(Entry{"B", Array{true}})}, Entry{"C", String("x")})},
	} {
		t.Run(c.in, func(t *testing.T) {
			d, err := Open(file(catalog, c.in), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := d.Object(2)
			if c.in == "[1 0 Rx]" {
				if !errors.Is(err, ErrSyntax) {
					t.Fatalf("%v %v", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestMalformed has one violation each; none of them is repaired.
func TestMalformed(t *testing.T) {
	good := string(file(catalog, "(x)"))
	replace := func(old, new string) string {
		s := strings.Replace(good, old, new, 1)
		if s == good {
			t.Fatalf("%q does not occur", old)
		}
		return s
	}
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for _, c := range []struct {
		name, file string
		want       error
	}{
		{"empty", "", ErrSyntax},
		{"no header", good[1:], ErrSyntax},
		{"header too far in", strings.Repeat("\n", 1020) + good, ErrSyntax},
		{"no white space after xref", replace("xref\n0 3\n", "xref0 3\n"), ErrSyntax},
		{"data after the end", good + "x", ErrSyntax},
		{"no end", strings.TrimSuffix(good, "%%EOF\n"), ErrSyntax},
		{"no startxref", replace("startxref", "startxxxx"), ErrSyntax},
		{"startxref beyond the file", replace("startxref\n", "startxref\n9"), ErrSyntax},
		{"startxref elsewhere", replace("startxref\n", "startxref\n1 %"), ErrSyntax},
		{"junk after startxref", replace("%%EOF", "x %%EOF"), ErrSyntax},
		{"free entry of wrong width", replace("0000000000 65535 f\r\n", "0000000000 65535 f\n"), ErrSyntax},
		{"letters in the table", replace("0000000000 65535 f", "000000000a 65535 f"), ErrSyntax},
		{"unknown type in the table", replace("65535 f", "65535 x"), ErrSyntax},
		{"too many entries", replace("0 3\n", "0 4\n"), ErrSyntax},
		{"huge table", replace("0 3\n", "0 9999999999\n"), ErrLimit},
		{"huge object number", replace("0 3\n", "9999999 3\n"), ErrLimit},
		{"trailer is missing", replace("trailer", "trailxx"), ErrSyntax},
		{"trailer is no dictionary", replace("trailer\n<<", "trailer\n[]<<"), ErrSyntax},
		{"no root", replace("/Root", "/Roof"), ErrSyntax},
		{"root is direct", replace("1 0 R", "(1)"), ErrSyntax},
		{"root is missing", replace("1 0 R", "9 0 R"), ErrSyntax},
		{"root of another generation", replace("1 0 R", "1 5 R"), ErrSyntax},
		{"encrypted", replace("/Root 1 0 R", "/Root 1 0 R/Encrypt 2 0 R"), ErrEncrypted},
		{"Prev is itself", strings.Replace(good, "/Root", fmt.Sprintf("/Prev %d/Root", strings.Index(good, "xref\n0")), 1), ErrSyntax},
		{"Prev is no number", replace("/Root", "/Prev(x)/Root"), ErrSyntax},
		{"Prev is negative", replace("/Root", "/Prev -1/Root"), ErrSyntax},
		{"another object stands there", replace("1 0 obj", "7 0 obj"), ErrSyntax},
		{"another generation stands there", replace("1 0 obj", "1 1 obj"), ErrSyntax},
		{"no endobj", replace("endobj", "endxxx"), ErrSyntax},
		{"key twice", string(file("<</Type/Catalog/A 1/A 2>>")), ErrSyntax},
		{"key twice by escape", string(file("<</Type/Catalog/A 1/#41 2>>")), ErrSyntax},
		{"key is no name", string(file("<<(Type)/Catalog>>")), ErrSyntax},
		{"bad escape in a name", string(file("<</Type/Cat#zz>>")), ErrSyntax},
		{"open dictionary", string(file("<</Type/Catalog")), ErrSyntax},
		{"open string", string(file("<</A(x>>")), ErrSyntax},
		{"bad hexadecimal", string(file("<</A<4x>>>")), ErrSyntax},
		{"exponent", string(file("<</A 1e5>>")), ErrSyntax},
		{"infinity", string(file("<</A .inf>>")), ErrSyntax},
		{"unknown keyword", string(file("<</A xyz>>")), ErrSyntax},
		{"deep nesting", string(file("<</A" + deep + ">>")), ErrLimit},
		{"stream without length", string(file("<</A 1>>\nstream\nabc\nendstream")), ErrSyntax},
		{"stream of wrong length", string(file("<</Length 2>>\nstream\nabc\nendstream")), ErrSyntax},
		{"stream length beyond the file", string(file("<</Length 99999999>>\nstream\nabc\nendstream")), ErrSyntax},
		{"stream length is itself", string(file("<</Length 1 0 R>>\nstream\nabc\nendstream")), ErrSyntax},
		{"references in a circle", strings.Replace(string(file(catalog, "3 0 R", "2 0 R")), "/Root 1 0 R", "/Root 2 0 R", 1), ErrSyntax},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Open([]byte(c.file), Limits{}); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	many := string(file("<</A[" + strings.Repeat("1 ", 1000) + "]>>"))
	for _, c := range []struct {
		name   string
		file   string
		limits Limits
	}{
		{"file size", many, Limits{FileSize: 1000}},
		{"values", many, Limits{Values: 500}},
		{"objects", many, Limits{Objects: 1}},
		{"depth", many, Limits{Depth: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Open([]byte(c.file), c.limits); !errors.Is(err, ErrLimit) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := Open(make([]byte, DefaultLimits().FileSize+1), Limits{}); !errors.Is(err, ErrLimit) {
		t.Errorf("a file of more than 110 MB: %v", err)
	}
}

func TestText(t *testing.T) {
	for _, s := range []string{"", "plain", "Əliyeva Günəş ₼", "𝄞"} {
		if got := DecodeText(TextString(s)); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	}
	if got := DecodeText(String("\xef\xbb\xbfə")); got != "ə" {
		t.Errorf("UTF-8: %q", got)
	}
}

func TestUpdate(t *testing.T) {
	old := file(catalog, "(old)", "(kept)")
	for _, base := range [][]byte{old, bytes.TrimSuffix(old, []byte("\n"))} {
		u, err := NewUpdate(mustOpen(t, base))
		if err != nil {
			t.Fatal(err)
		}
		fresh := u.New()
		u.Put(Ref{2, 0}, String("new"))
		at := u.PutRaw(fresh, []byte("<</Raw(x)>>"))
		out := u.Finish()
		if !bytes.HasPrefix(out, base) || !bytes.HasPrefix(out[at:], []byte("<</Raw")) {
			t.Error("the earlier bytes changed, or the offset is wrong")
		}
		d := mustOpen(t, out)
		for num, want := range map[int]Object{2: String("new"), 3: String("kept"), fresh.Num: NewDict(Entry{"Raw", String("x")})} {
			if got, err := d.Object(num); err != nil || !cmp.Equal(got, want) {
				t.Errorf("object %d: %v %v", num, got, err)
			}
		}
		before, err := d.Revision(len(base))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := before.Object(2); err != nil || !cmp.Equal(got, Object(String("old"))) {
			t.Errorf("earlier revision: %v %v", got, err)
		}
		if start, end, err := d.EntrySpan(fresh.Num, "Raw"); err != nil || string(out[start:end]) != "(x)" {
			t.Errorf("span [%d,%d) %v", start, end, err)
		}
	}
}

// TestRoundTrip: what the parser accepts is written back as the same object.
func FuzzObject(f *testing.F) {
	for _, s := range []string{"<</A[1 -2 .5 (x) <41> /N true null 3 0 R]>>", "(\\101\\\n)", "/#41", "<</A<</B<<>>>>>>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		parse := func(b []byte) (Object, error) {
			p := &parser{buf: b, max: 20, budget: &budget{values: 10_000}}
			return p.object()
		}
		o, err := parse(in)
		if err != nil {
			return
		}
		again, err := parse(append(AppendObject(nil, o), ' '))
		if err != nil || !cmp.Equal(o, again) {
			t.Errorf("%v became %v, %v", o, again, err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	f.Add(file(catalog, "(x)", "<</Length 3>>\nstream\nabc\nendstream"))
	f.Add(xrefStreamFile(f))
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := Open(in, Limits{Objects: 2000, Inflated: 1 << 20, Values: 50_000})
		if err != nil {
			if !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrEncrypted) {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		for n := range d.Len() {
			o, err := d.Object(n)
			if s, ok := o.(*Stream); ok && err == nil {
				_, _ = d.Decode(s) // only that it returns
			}
		}
		if u, err := NewUpdate(d); err == nil {
			u.Put(u.New(), String("x"))
			if _, err := Open(u.Finish(), Limits{}); err != nil {
				t.Errorf("an update made the file unreadable: %v", err)
			}
		}
	})
}
