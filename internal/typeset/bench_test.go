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
	d.HTML = strings.NewReplacer(",0", ","+strconv.Itoa(n%9), "hissə", "hissə"+s).Replace(d.HTML)
	d.HTML = strings.NewReplacer("EI2611000000001T", "EI26"+s+"01T", "Məmmədov Ömər", "Məmmədov"+s+" Ömər", "10\u00a0307,05", s+",05").Replace(d.HTML)
	return d
}

// BenchmarkTwoPages typesets an act of two pages with new names, numbers and
// amounts each time. cpu-ms/doc counts both cores and the garbage collector
// and, unlike ns/op, does not count waiting for other programs.
func BenchmarkTwoPages(b *testing.B) {
	e := testEngine(b)
	docs := make([]Document, 64)
	for i := range docs {
		docs[i] = vary(sample(), i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	start, n, size := cpuTime(b), 0, 0
	for b.Loop() {
		r, err := e.Render(context.Background(), docs[n%len(docs)])
		if err != nil {
			b.Fatal(err)
		}
		size = len(r.PDF)
		if n++; n%len(docs) == 0 {
			for _, f := range e.faces { // names and amounts are new in each act
				f.words.forget()
			}
		}
	}
	b.ReportMetric(float64(cpuTime(b)-start)/1e6/float64(n), "cpu-ms/doc")
	b.ReportMetric(float64(size)/1024, "KB/doc")
}

// forget empties the cache.
func (c *wordCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.new, c.old = nil, nil
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		if _, err := Default(); err != nil {
			b.Fatal(err)
		}
	}
}
