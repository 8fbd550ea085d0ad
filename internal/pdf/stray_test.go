package pdf

import (
	"bytes"
	"testing"
)

// strayFile is a document of one revision, and the same with an update that
// rewrites object 2, and one more that does so again.
func strayFile(t *testing.T) (first int, file []byte) {
	t.Helper()
	w := NewWriter(0)
	root, other := w.Reserve(), w.Reserve()
	w.Put(root, NewDict(Entry{"Type", Name("Catalog")}, Entry{"X", other}))
	w.Put(other, String("one"))
	info := w.Add(&Dict{})
	file, err := w.Finish(root, info)
	if err != nil {
		t.Fatal(err)
	}
	first = len(file)
	for _, text := range []string{"two", "three"} {
		d, err := Open(file, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		u, err := NewUpdate(d)
		if err != nil {
			t.Fatal(err)
		}
		u.Put(other, String(text))
		file = u.Finish()
	}
	return first, file
}

func TestStray(t *testing.T) {
	first, file := strayFile(t)
	start := bytes.Index(file[first:], []byte("2 0 obj")) + first
	for _, c := range []struct {
		name, insert string
		found        bool
	}{
		{"nothing", "", false},
		{"white space", "\r\n \t\x00\f", false},
		{"comment", "%made by a program\n", false},
		{"end of file", "%%EOF\n", false},
		{"object in no table", "2 0 obj\n(evil)\nendobj\n", true},
		{"object in a comment", "%2 0 obj (evil) endobj\n", true},
		{"stream in a comment", "%<<>> stream\n", true},
		{"long comment", "%" + string(bytes.Repeat([]byte("x"), 300)) + "\n", true},
		{"words", "evil\n", true},
		{"trailer", "trailer <</Root 9 0 R>>\n", true},
		{"startxref elsewhere", "startxref\n9\n", true},
		{"startxref without a number", "startxref\nx\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := Open(shifted(t, file, start, c.insert), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			at, err := d.Stray(first)
			if err != nil {
				t.Fatal(err)
			}
			if (at >= 0) != c.found || c.found && at != start {
				t.Errorf("at %d, the insertion is at %d", at, start)
			}
		})
	}
}

// shifted puts text in front of the first update, whose table then is made anew.
func shifted(t *testing.T, file []byte, at int, text string) []byte {
	t.Helper()
	first, _ := strayFile(t)
	out := append(bytes.Clone(file[:at]), text...)
	d, err := Open(file[:first], Limits{})
	if err != nil {
		t.Fatal(err)
	}
	prev := d.Sections()[0]
	for _, value := range []string{"(two)", "(three)"} {
		object := len(out)
		out = append(out, "2 0 obj\n"+value+"\nendobj\n"...)
		table := len(out)
		out = append(out, "xref\n2 1\n"...)
		out = appendXrefEntry(out, object)
		out = append(out, "trailer\n<</Size 4/Root 1 0 R/Prev "...)
		out = AppendObject(out, int64(prev))
		out = append(out, ">>\nstartxref\n"...)
		out = AppendObject(out, int64(table))
		out = append(out, "\n%%EOF\n"...)
		prev = table
	}
	return out
}
