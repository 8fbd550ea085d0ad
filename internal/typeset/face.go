package typeset

import (
	"fmt"
	"sync"
	"unicode"

	"github.com/boxesandglue/textshape/ot"
)

// FaceSource is one font file with the name that style sheets call it by.
type FaceSource struct {
	Family string
	Bold   bool
	Italic bool
	TTF    []byte
}

// face is a parsed font: its metrics, its shaper, the words already shaped,
// and the subsets of it that documents embed.
type face struct {
	index        int // in Engine.faces; names the font resource
	family       string
	bold, italic bool

	font     *ot.Font
	ot       *ot.Face
	cmap     *ot.Cmap
	scale    float64 // font units to thousandths of an em
	asc, cap float64 // thousandths of an em
	uni      []rune  // by glyph: the character that ToUnicode gives, or 0
	tier     []uint8 // by glyph: the smallest fixed subset that has it
	subsets  [2]*fontSubset

	space *shaped

	mu     sync.Mutex // guards shaper, buffer and kerns
	shaper *ot.Shaper
	buffer *ot.Buffer
	kerns  map[[2]rune]float64
	words  wordCache
}

// The fixed subsets. The first has what nearly every act needs; the second
// adds Russian and the rest of Europe's Latin letters. A document that needs
// more gets a subset of its own.
const (
	tierCore = iota
	tierWide
	tierOwn
)

const coreCharacters = " \u00a0!\"#%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz" +
	"§«»°–—‘’“”„•…№₼€ÇÖÜçöüĞğİıŞşƏə"

func coreRunes() []rune { return []rune(coreCharacters) }

// wideRunes are the characters of the second subset besides the first's.
func wideRunes() []rune {
	var out []rune
	add := func(from, to rune) {
		for r := from; r <= to; r++ {
			out = append(out, r)
		}
	}
	add('А', 'я')
	out = append(out, 'Ё', 'ё')
	add(0x21, 0x7e)
	add(0xa1, 0xac)
	add(0xae, 0x17f)
	return append(out, 'Ș', 'ș', 'Ț', 'ț', '‐', '‑', '‒', '‚', '†', '‡', '‰', '′', '″', '‹', '›', '−', '×', '₽')
}

func newFace(index int, src FaceSource) (*face, error) {
	f := &face{index: index, family: src.Family, bold: src.Bold, italic: src.Italic}
	var err error
	if f.font, err = ot.ParseFont(src.TTF, 0); err != nil {
		return nil, fmt.Errorf("parsing font: %w", err)
	}
	if f.ot, err = ot.NewFace(f.font); err != nil {
		return nil, fmt.Errorf("reading font tables: %w", err)
	}
	if f.shaper, err = ot.NewShaper(f.font); err != nil {
		return nil, fmt.Errorf("reading layout tables: %w", err)
	}
	if f.ot.IsCFF() || f.ot.Upem() == 0 || f.ot.Cmap() == nil {
		return nil, fmt.Errorf("font %s has no TrueType outlines or no character map", src.Family)
	}
	f.cmap = f.ot.Cmap()
	f.buffer = ot.NewBuffer()
	f.kerns = map[[2]rune]float64{}
	f.scale = 1000 / float64(f.ot.Upem())
	f.asc, f.cap = float64(f.ot.Ascender())*f.scale, float64(f.ot.CapHeight())*f.scale
	f.mapCharacters()
	f.subsets[tierCore] = &fontSubset{face: f, tag: "DOCSVA"}
	f.subsets[tierWide] = &fontSubset{face: f, tag: "DOCSVB"}
	space, missing := f.shape(" ")
	if missing != 0 {
		return nil, fmt.Errorf("font %s has no space", src.Family)
	}
	f.space = space
	return f, nil
}

// mapCharacters fills uni and tier. A glyph that serves several characters
// stands for the first of the fixed repertoire, else for the lowest.
func (f *face) mapCharacters() {
	n := f.font.NumGlyphs()
	f.uni = make([]rune, n)
	f.tier = make([]uint8, n)
	for g := range f.tier {
		f.tier[g] = tierOwn
	}
	for r, g := range f.cmap.CollectMapping() {
		if int(g) < n && (f.uni[g] == 0 || r < f.uni[g]) {
			f.uni[g] = r
		}
	}
	fixed := func(runes []rune, tier uint8) {
		for _, r := range runes {
			if g := f.glyph(r); g != 0 && int(g) < n && f.tier[g] == tierOwn {
				f.tier[g], f.uni[g] = tier, r
			}
		}
	}
	fixed(coreRunes(), tierCore)
	fixed(wideRunes(), tierWide)
	f.tier[0] = tierCore
}

// glyph returns the glyph of r, or 0.
func (f *face) glyph(r rune) ot.GlyphID {
	g, ok := f.cmap.Lookup(ot.Codepoint(r))
	if !ok || int(g) >= f.font.NumGlyphs() {
		return 0
	}
	return g
}

// has reports whether f shows r. Controls, invisible and direction-changing
// characters are never shown: on paper they would hide what was signed. Nor is
// the replacement character, which stands for damage.
func (f *face) has(r rune) bool {
	if r == softHyphen {
		return true
	}
	if r == unicode.ReplacementChar || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || ot.IsDefaultIgnorable(ot.Codepoint(r)) {
		return false
	}
	return f.glyph(r) != 0
}

// softHyphen is accepted and not shown: words are not yet hyphenated.
const softHyphen = '\u00ad'

// advance is the width of a glyph in thousandths of an em.
func (f *face) advance(g ot.GlyphID) float64 {
	return float64(f.ot.HorizontalAdvance(g)) * f.scale
}
