package typeset

import (
	"context"
	"strconv"
	"strings"
	"testing"
)

// vary changes the sample's text, so that a benchmark does not measure how
// well one and the same document is cached.
func vary(d Document, n int) Document {
	s := strconv.Itoa(100000 + n)
	d.HTML = strings.NewReplacer("EI2611000000001T", "EI26"+s+"01T", "Məmmədov Ömər", "Məmmədov"+s+" Ömər", "10\u00a0307,05", s+",05").Replace(d.HTML)
	return d
}

func BenchmarkTwoPages(b *testing.B) {
	e := testEngine(b)
	d := sample()
	if _, err := e.Render(context.Background(), d); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r, err := e.Render(context.Background(), vary(d, n))
		if err != nil {
			b.Fatal(err)
		}
		if n == 0 {
			b.ReportMetric(float64(len(r.PDF))/1024, "KB/doc")
		}
		n++
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		if _, err := Default(); err != nil {
			b.Fatal(err)
		}
	}
}
