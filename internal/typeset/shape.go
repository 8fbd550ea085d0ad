package typeset

import (
	"sort"
	"strconv"
	"strings"
	"sync"

	"docsvc/internal/pdf"

	"github.com/boxesandglue/textshape/ot"
	"golang.org/x/text/unicode/norm"
)

// shaped is a word, or a part of one, set in one face. It is immutable and
// shared between documents.
type shaped struct {
	face   *face
	text   string  // in NFC
	tj     []byte  // elements of a TJ array
	width  float64 // thousandths of an em, without letter-spacing
	glyphs int
	// tier is the smallest subset that has all glyphs; extra lists those
	// outside the fixed subsets with the text they stand for.
	tier  uint8
	extra []glyphText
	// actual is set when ToUnicode would not give back text, so that the
	// word needs an ActualText (ISO 32000-1 § 14.9.4).
	actual bool
	// raised is set when marks are moved up or down; then tj is empty.
	raised []raisedGlyphs
	// next is the rest of the word in another face.
	next *shaped
}

type glyphText struct {
	glyph ot.GlyphID
	text  string
}

// raisedGlyphs is a run of glyphs with one text rise, in thousandths of an em.
type raisedGlyphs struct {
	rise float64
	tj   []byte
}

// wordCache remembers shaped words in two generations, so that its size is
// bounded and words in steady use stay.
type wordCache struct {
	mu       sync.RWMutex
	new, old map[string]*shaped
}

const cachedWords = 2000 // a generation

func (c *wordCache) get(s string) *shaped {
	c.mu.RLock()
	r, old := c.new[s], (*shaped)(nil)
	if r == nil {
		old = c.old[s]
	}
	c.mu.RUnlock()
	if old != nil {
		c.put(s, old)
		return old
	}
	return r
}

func (c *wordCache) put(s string, r *shaped) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.new) >= cachedWords || c.new == nil {
		c.old, c.new = c.new, make(map[string]*shaped, 256)
	}
	c.new[s] = r
}

// word shapes a word in f, and the characters that f lacks in the first other
// face that has them. It returns the character that no face has, or 0.
func (e *Engine) word(f *face, s string) (*shaped, rune) {
	if r := f.words.get(s); r != nil {
		return r, 0
	}
	s = strings.Clone(s) // it is a slice of a whole document, which the cache must not keep
	text := strings.ReplaceAll(norm.NFC.String(s), string(softHyphen), "")
	if text == "" {
		text = " " // a word of soft hyphens only
	}
	var first, last *shaped
	for text != "" {
		used, n, missing := e.run(f, text)
		if missing != 0 {
			return nil, missing
		}
		r, missing := used.shape(text[:n])
		if missing != 0 {
			return nil, missing
		}
		if first == nil {
			first = r
		} else {
			last.next = r
		}
		last = r
		text = text[n:]
	}
	f.words.put(s, first)
	return first, 0
}

// run finds the face for the start of text and how many bytes of it to set.
func (e *Engine) run(f *face, text string) (used *face, n int, missing rune) {
	for i, r := range text {
		g := e.faceFor(f, r)
		if g == nil {
			return nil, 0, r
		}
		if used == nil {
			used = g
		} else if g != used {
			return used, i, 0
		}
	}
	return used, len(text), 0
}

// faceFor returns f if it has r, else the face that is most like it, else nil.
func (e *Engine) faceFor(f *face, r rune) *face {
	if f.has(r) {
		return f
	}
	for _, strict := range []bool{true, false} {
		for _, g := range e.faces {
			if g.has(r) && (!strict || g.bold == f.bold && g.italic == f.italic) {
				return g
			}
		}
	}
	return nil
}

// shape sets text in f. All its characters must be in f.
func (f *face) shape(text string) (*shaped, rune) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.plain(text) {
		return f.shapePlain(text), 0
	}
	return f.shapeFully(text)
}

// run puts text through the shaper; the result is in f.buffer.
func (f *face) run(text string) {
	f.buffer.Reset()
	f.buffer.AddString(text)
	f.buffer.Direction = ot.DirectionLTR
	f.buffer.GuessSegmentProperties()
	// Ligatures would blur the difference between i and ı after f.
	f.shaper.Shape(f.buffer, []ot.Feature{ot.NewFeatureOff(ot.TagLiga)})
}

// plain reports whether text is made of characters of the fixed repertoire,
// which the shaper only kerns.
func (f *face) plain(text string) bool {
	for _, r := range text {
		if g := f.glyph(r); g == 0 || f.tier[g] == tierOwn || f.uni[g] != r {
			return false
		}
	}
	return true
}

// shapePlain sets text by kerning each pair of neighbours. It gives what the
// shaper gives (TestPlainShaping), at a twentieth of the time.
func (f *face) shapePlain(text string) *shaped {
	r := &shaped{face: f, text: text, tj: make([]byte, 0, 3*len(text)+2)}
	enc := tjEncoder{out: r.tj}
	prev := rune(-1)
	var last ot.GlyphID
	put := func(next rune) {
		if prev < 0 {
			return
		}
		kern := 0.0
		if next >= 0 {
			kern = f.kern(prev, next)
		}
		enc.glyph(last, 0, 0, kern)
		r.width += f.advance(last) + kern
		r.tier = max(r.tier, f.tier[last])
		r.glyphs++
	}
	for _, c := range text {
		put(c)
		prev, last = c, f.glyph(c)
	}
	put(-1)
	r.tj, r.raised = enc.finish()
	return r
}

// kern is what the shaper adds to the advance of a before b.
func (f *face) kern(a, b rune) float64 {
	key := [2]rune{a, b}
	k, ok := f.kerns[key]
	if !ok {
		f.run(string(key[:]))
		if len(f.buffer.Pos) == 2 {
			k = float64(f.buffer.Pos[0].XAdvance)*f.scale - f.advance(f.buffer.Info[0].GlyphID)
		}
		f.kerns[key] = k
	}
	return k
}

// shapeFully sets any text that f has the characters of.
func (f *face) shapeFully(text string) (*shaped, rune) {
	f.run(text)
	r := &shaped{face: f, text: text, glyphs: len(f.buffer.Info)}
	enc := tjEncoder{}
	var plain strings.Builder
	moved := false
	for i, info := range f.buffer.Info {
		g, pos := info.GlyphID, f.buffer.Pos[i]
		if g == 0 || int(g) >= len(f.tier) {
			return nil, firstRune(text, info.Cluster)
		}
		r.tier = max(r.tier, f.tier[g])
		u := f.uni[g]
		if f.tier[g] == tierOwn {
			t := string(u)
			if u == 0 {
				t = clusterText(text, f.buffer.Info, i)
			}
			r.extra = append(r.extra, glyphText{g, t})
		}
		plain.WriteRune(u)
		moved = moved || pos.XOffset != 0 || pos.YOffset != 0
		advance := float64(pos.XAdvance) * f.scale
		enc.glyph(g, float64(pos.XOffset)*f.scale, float64(pos.YOffset)*f.scale, advance-f.advance(g))
		r.width += advance
	}
	r.tj, r.raised = enc.finish()
	// Readers take the moves around a mark for spaces.
	r.actual = moved || plain.String() != text && plain.String() != strings.ReplaceAll(text, "\u00a0", " ")
	return r, 0
}

func firstRune(text string, cluster int) rune {
	for i, r := range []rune(text) {
		if i >= cluster {
			return r
		}
	}
	return '\ufffd'
}

// clusterText is the part of text that the glyph at i and its cluster show.
func clusterText(text string, info []ot.GlyphInfo, i int) string {
	starts := make([]int, 0, len(info))
	for _, g := range info {
		starts = append(starts, g.Cluster)
	}
	sort.Ints(starts)
	from := info[i].Cluster
	runes := []rune(text)
	to := len(runes)
	if k := sort.SearchInts(starts, from+1); k < len(starts) {
		to = starts[k]
	}
	if from < 0 || from >= len(runes) || to <= from {
		return "\ufffd"
	}
	return string(runes[from:min(to, len(runes))])
}

// tjEncoder writes glyphs as the strings and numbers of a TJ array.
type tjEncoder struct {
	out    []byte
	open   bool
	rise   float64
	raised []raisedGlyphs
}

// glyph appends a glyph moved by (dx, dy), whose advance differs from that of
// the font by extra; all in thousandths of an em.
func (t *tjEncoder) glyph(g ot.GlyphID, dx, dy, extra float64) {
	if dy != t.rise {
		t.close()
		if len(t.out) > 0 {
			t.raised = append(t.raised, raisedGlyphs{t.rise, t.out})
			t.out = nil
		}
		t.rise = dy
	}
	t.adjust(dx)
	if !t.open {
		t.out = append(t.out, '(')
		t.open = true
	}
	t.out = appendStringByte(t.out, byte(g>>8))
	t.out = appendStringByte(t.out, byte(g))
	t.adjust(extra - dx)
}

// adjust moves the next glyph right by d.
func (t *tjEncoder) adjust(d float64) {
	if d > -0.5 && d < 0.5 {
		return
	}
	t.close()
	t.out = pdf.AppendReal(t.out, -d)
}

func (t *tjEncoder) close() {
	if t.open {
		t.out = append(t.out, ')')
		t.open = false
	}
}

func (t *tjEncoder) finish() ([]byte, []raisedGlyphs) {
	t.close()
	if t.raised == nil && t.rise == 0 {
		return t.out, nil
	}
	return nil, append(t.raised, raisedGlyphs{t.rise, t.out})
}

// appendStringByte appends a byte of a literal string (ISO 32000-1 § 7.3.4.2).
func appendStringByte(dst []byte, b byte) []byte {
	switch b {
	case '(', ')', '\\':
		return append(dst, '\\', b)
	case '\r':
		return append(dst, '\\', 'r')
	case '\n':
		return append(dst, '\\', 'n')
	}
	return append(dst, b)
}

func itoa(n int) string { return strconv.Itoa(n) }
