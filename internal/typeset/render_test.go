package typeset

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

var zeroTime time.Time

// pngHeaderCRC mends the checksum of a changed IHDR.
func pngHeaderCRC(b []byte) []byte {
	binary.BigEndian.PutUint32(b[29:33], crc32.ChecksumIEEE(b[12:29]))
	return b
}

// TestDeterminism renders with engines of different history and compares the
// bytes.
func TestDeterminism(t *testing.T) {
	fresh := func() *Engine {
		e, err := Default()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	a, b := fresh(), fresh()
	for i := range 5 {
		if _, err := b.Render(context.Background(), vary(sample(), i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []Document{stress(), sample()} {
		ra, err := a.Render(context.Background(), d)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			rb, err := b.Render(context.Background(), d)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(ra.PDF, rb.PDF) {
				t.Error("two engines give different bytes")
			}
		}
	}
}

// TestConcurrency renders different documents at once and compares each with
// what it gives alone.
func TestConcurrency(t *testing.T) {
	e := testEngine(t)
	const n = 8
	want := make([][]byte, n)
	for i := range want {
		want[i] = render(t, vary(sample(), i)).PDF
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			for range 4 {
				r, err := e.Render(context.Background(), vary(sample(), i))
				if err != nil {
					t.Error(err)
					return
				}
				if !bytes.Equal(r.PDF, want[i]) {
					t.Errorf("document %d differs when others are made at once", i)
				}
				if _, err := e.Render(context.Background(), stress()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestMemory renders documents with ever new words and looks whether the heap
// stays flat.
func TestMemory(t *testing.T) {
	e := testEngine(t)
	heap := func(from, to int) float64 {
		for i := from; i < to; i++ {
			d := page("", "<p>"+strings.Repeat("söz"+strings.Repeat("a", i%7), 1)+itoa(i)+" "+itoa(i*7)+"</p>")
			if _, err := e.Render(context.Background(), d); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / (1 << 20)
	}
	first := heap(0, 300)
	if last := heap(300, 900); last > first+8 {
		t.Errorf("the heap grew from %.1f to %.1f MB", first, last)
	}
	for _, f := range e.faces {
		if n := len(f.words.new) + len(f.words.old); n > 2*cachedWords {
			t.Errorf("the cache holds %d words", n)
		}
	}
}

// TestWordCache fills a cache beyond its bound: it must forget what is old and
// keep what is used.
func TestWordCache(t *testing.T) {
	var c wordCache
	kept := &shaped{text: "kept"}
	c.put("kept", kept)
	for i := range 3 * cachedWords {
		c.put(itoa(i), &shaped{})
		if c.get("kept") != kept {
			t.Fatalf("a word in use is forgotten after %d others", i)
		}
	}
	if c.get("0") != nil || len(c.new)+len(c.old) > 2*cachedWords+2 {
		t.Errorf("nothing is forgotten: %d words", len(c.new)+len(c.old))
	}
}

// TestSubsets checks that a document embeds the smallest subset that does.
func TestSubsets(t *testing.T) {
	for text, tag := range map[string]string{
		"Əliyeva Gülşən ₼": "DOCSVA+", "Иванов Ёжик": "DOCSVB+", "naïve": "DOCSVB+",
	} {
		if got := render(t, page("", "<p>"+text+"</p>")).PDF; !bytes.Contains(got, []byte(tag)) {
			t.Errorf("%q: no font is called %s…", text, tag)
		}
	}
	got := render(t, page("", "<p>αβγ</p>")).PDF
	if bytes.Contains(got, []byte("DOCSV")) {
		t.Error("Greek text is set in a fixed subset")
	}
}

// TestLines checks that no line is wider than its column and that justified
// lines fill it.
func TestLines(t *testing.T) {
	e := testEngine(t)
	words := strings.Fields(strings.Repeat("Məhkəmənin qanuni qüvvəyə minmiş qətnaməsinə əsasən borclu ÇoxUzunBölünməzSözÇoxUzunBölünməzSöz tələbkarın xeyrinə ", 20))
	for _, width := range []float64{60, 90, 140, 300, 500} {
		for _, al := range []align{alignLeft, alignJustify} {
			sh, err := parseSheet("", 0)
			if err != nil {
				t.Fatal(err)
			}
			l := &layout{ctx: context.Background(), e: e, doc: &Document{}}
			l.css = cascade{sheet: sh, engine: e, base: initial("Noto Serif")}
			st := l.css.base
			st.face, st.align = e.faces[0], al
			c := l.collect()
			if err := c.text(strings.Join(words, " "), 0, &st, nothingTagged); err != nil {
				t.Fatal(err)
			}
			p := c.take(&st, nothingTagged)
			if err := l.breakLines(p, width); err != nil {
				t.Fatal(err)
			}
			seen := ""
			for i, ln := range p.lines {
				x := ln.x - ln.track // none after the last letter
				for k := ln.lo; k < ln.hi; k++ {
					for _, f := range p.frags[p.words[k].lo:p.words[k].hi] {
						seen += f.text.text
						x += ln.track * float64(f.text.glyphs)
					}
					x += p.words[k].width
					if k < ln.hi-1 && p.words[k].space > 0 {
						x += p.words[k].space + ln.extra + ln.track
					}
				}
				if x > width+0.01 {
					t.Errorf("width %v: line %d reaches to %.2f", width, i, x)
				}
				if al == alignJustify && i+1 < len(p.lines) && ln.extra > 0 && x < width-0.01 {
					t.Errorf("width %v: justified line %d ends at %.2f", width, i, x)
				}
			}
			if seen != strings.Join(words, "") {
				t.Errorf("width %v: text was lost", width)
			}
		}
	}
}
