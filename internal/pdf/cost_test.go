package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// allocated is what f allocates in all: unlike time it is the same on every
// machine.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// readAll opens a file and reads all its objects and streams until the first
// error.
func readAll(b []byte, l Limits) (*Document, error) {
	d, err := Open(b, l)
	if err != nil {
		return nil, err
	}
	for n := range d.Len() {
		o, err := d.Object(n)
		if err != nil {
			return d, err
		}
		if s, ok := o.(*Stream); ok {
			if _, err := d.Decode(s); err != nil {
				return d, err
			}
		}
	}
	return d, nil
}

// TestBombs: small files that ask for much. Each has its bound on what may be
// allocated, in MB; the error is ErrLimit unless something else is stated.
func TestBombs(t *testing.T) {
	flate := func(b []byte) string {
		z := deflate(t, b)
		return fmt.Sprintf("<</Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", len(z), z)
	}
	many := func(n int, o string) []string {
		list := []string{catalog}
		for range n {
			list = append(list, o)
		}
		return list
	}
	deep := func(open, shut string, n int) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	head := func(n int) []byte {
		var b []byte
		for i := range n {
			b = fmt.Appendf(b, "%d %d ", i+10, i*2)
		}
		return b
	}
	for _, c := range []struct {
		name string
		file []byte
		mega int
		want error
	}{
		{"flate", file(many(30, flate(make([]byte, 8<<20)))...), 500, ErrLimit},
		{"object number", bytes.Replace(file(catalog), []byte("0 2\n"), []byte("9999999999 1\n"), 1), 1, ErrLimit},
		{"object count", bytes.Replace(file(catalog), []byte("0 2\n"), []byte("0 499999\n"), 1), 1, ErrSyntax},
		{"highest object number", bytes.Replace(file(catalog), []byte("0 2\n0"), []byte("499998 1\n0"), 1), 40, ErrSyntax},
		{"object count of a stream", streamed(t, "/Size 5/Index[0 500000]/W[1 2 1]/Root 1 0 R", nil), 2, ErrSyntax},
		{"entries", streamed(t, "/Size 5/W[1 2 1]/Root 1 0 R", func([][4]byte) [][4]byte { return make([][4]byte, 5) }), 2, ErrSyntax},
		{"objects in a stream", contained(t, string(head(2000)), 100_001, len(head(2000))), 2, ErrLimit},
		{"values", file(append([]string{"<</Type/Catalog/A[" + strings.Repeat("[]", 1_000_000) + "]>>"}, catalog)...), 200, nil},
		{"too many values", file("<</Type/Catalog/A[" + strings.Repeat("[]", 4_000_001) + "]>>"), 800, ErrLimit},
		{"nested arrays", file(many(1, deep("[", "]", 100_000))...), 1, ErrLimit},
		{"nested dictionaries", file(many(1, deep("<</A", ">>", 100_000))...), 1, ErrLimit},
		{"nested strings", file(many(1, deep("(", ")", 1_000_000))...), 20, nil},
		{"arrays that stay open", file(many(1, strings.Repeat("[", 1_000_000))...), 1, ErrLimit},
		{"string that stays open", file(many(1, "<"+strings.Repeat("00", 1_000_000))...), 6, ErrSyntax},
		{"one long keyword", file(many(1, strings.Repeat("x", 5_000_000))...), 1, ErrSyntax},
		{"one long number", file(many(1, strings.Repeat("1", 5_000_000))...), 25, ErrSyntax},
		{"one long name", file(many(1, "/"+strings.Repeat("#41", 1_000_000))...), 20, nil},
		{"one long comment", file(many(1, "%"+strings.Repeat("x", 5_000_000)+"\nnull")...), 1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var err error
			got := allocated(func() { _, err = readAll(c.file, Limits{}) })
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("%v", err)
			}
			if got > c.mega<<20 {
				t.Errorf("%d MB allocated, at most %d", got>>20, c.mega)
			}
			t.Logf("%d bytes of file, %d KB allocated", len(c.file), got>>10)
		})
	}
}

// TestEntriesOverRevisions: revisions that are opened again and again share the
// limit on entries.
func TestEntriesOverRevisions(t *testing.T) {
	b := file(catalog, "(x)")
	u, err := NewUpdate(mustOpen(t, b))
	if err != nil {
		t.Fatal(err)
	}
	u.Put(u.New(), nil)
	d, err := Open(u.Finish(), Limits{Entries: 13}) // 4 of the file, 3 of each revision
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if _, err := d.Revision(len(b)); (err == nil) != (i < 3) || err != nil && !errors.Is(err, ErrLimit) {
			t.Errorf("revision %d: %v", i, err)
		}
	}
}

// TestLinear: what reading costs grows with the file, not faster, and a stream
// is not copied.
func TestLinear(t *testing.T) {
	objects := func(n int) []byte {
		list := []string{catalog}
		for range n {
			list = append(list, "<</Type/Page/Parent 1 0 R/MediaBox[0 0 595 842]/Contents<41>>>")
		}
		return file(list...)
	}
	for name, shape := range map[string]func(n int) []byte{
		"objects":    objects,
		"dictionary": func(n int) []byte { return file(dictionary(20 * n)) },
		"string":     func(n int) []byte { return file(catalog, "("+strings.Repeat("x", 100*n)+")") },
		"sections": func(n int) []byte {
			return file(catalog, strings.Repeat("[", 10)+strings.Repeat("1 0 R ", 20*n)+strings.Repeat("]", 10))
		},
	} {
		cost := func(n int) int {
			b := shape(n)
			return allocated(func() {
				if _, err := readAll(b, Limits{}); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			})
		}
		if small, large := cost(500), cost(8000); large > 24*small {
			t.Errorf("%s: %d bytes, %d for 16 times as much", name, small, large)
		}
	}
	b := file(catalog, fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", 20<<20, make([]byte, 20<<20)))
	if got := allocated(func() {
		if _, err := readAll(b, Limits{}); err != nil {
			t.Error(err)
		}
	}); got > 64<<10 {
		t.Errorf("%d bytes allocated for a stream of 20 MB", got)
	}
}

func dictionary(n int) string {
	var s strings.Builder
	s.WriteString("<</Type/Catalog")
	for i := range n {
		fmt.Fprintf(&s, "/K%d 1", i)
	}
	return s.String() + ">>"
}

func benchmarkRead(b *testing.B, file []byte) {
	b.Helper()
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readAll(file, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads every object of files of several shapes.
func BenchmarkRead(b *testing.B) {
	page := "<</Type/Page/Parent 1 0 R/MediaBox[0 0 595.28 841.89]/Resources<</Font<</F1 3 0 R>>>>/Contents 4 0 R>>"
	objects := func(n int) []byte {
		list := []string{catalog}
		for range n {
			list = append(list, page)
		}
		return file(list...)
	}
	b.Run("300 objects", func(b *testing.B) { benchmarkRead(b, objects(300)) })
	b.Run("150000 objects, 20 MB", func(b *testing.B) { benchmarkRead(b, objects(150_000)) })
	b.Run("one stream of 20 MB", func(b *testing.B) {
		benchmarkRead(b, file(catalog, fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", 20<<20, make([]byte, 20<<20))))
	})
	b.Run("object streams", func(b *testing.B) { benchmarkRead(b, xrefStreamFile(b)) })
	b.Run("hexadecimal of 64 KB", func(b *testing.B) { benchmarkRead(b, file(catalog, "<"+strings.Repeat("0a", 32<<10)+">")) })
}
