package typeset

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"unicode/utf16"

	"docsvc/internal/pdf"

	"github.com/boxesandglue/textshape/ot"
	"github.com/boxesandglue/textshape/subset"
)

// fontSubset is a part of a face, ready to be embedded. Glyph numbers stay
// those of the whole font, so that shaped words are good for every subset.
type fontSubset struct {
	face *face
	tag  string // six capitals before the font's name (ISO 32000-1 § 9.6.4)

	once       sync.Once
	err        error
	file       []byte // deflated
	fileLength int
	toUnicode  []byte // deflated
	widths     []byte // W array
}

// fixed returns a fixed subset, made when it is first asked for.
func (f *face) fixed(tier int) (*fontSubset, error) {
	s := f.subsets[tier]
	s.once.Do(func() {
		var glyphs []ot.GlyphID
		for g, t := range f.tier {
			if int(t) <= tier {
				glyphs = append(glyphs, ot.GlyphID(g))
			}
		}
		s.err = s.build(glyphs, nil)
	})
	return s, s.err
}

// own makes a subset for one document: the wide one plus extra.
func (f *face) own(extra map[ot.GlyphID]string) (*fontSubset, error) {
	var glyphs []ot.GlyphID
	for g, t := range f.tier {
		if _, ok := extra[ot.GlyphID(g)]; ok || t <= tierWide {
			glyphs = append(glyphs, ot.GlyphID(g))
		}
	}
	h := sha256.New()
	for _, g := range glyphs {
		h.Write(binary.BigEndian.AppendUint16(nil, uint16(g)))
	}
	tag := h.Sum(nil)[:6]
	for i := range tag {
		tag[i] = 'A' + tag[i]%26
	}
	s := &fontSubset{face: f, tag: string(tag)}
	return s, s.build(glyphs, extra)
}

// build makes the font file, its widths and its ToUnicode map. glyphs rise.
func (s *fontSubset) build(glyphs []ot.GlyphID, extra map[ot.GlyphID]string) error {
	in := subset.NewInput()
	in.Flags = subset.FlagNoHinting | subset.FlagDropLayoutTables | subset.FlagNoLayoutClosure | subset.FlagNotdefOutline | subset.FlagRetainGIDs
	in.AddGlyphs(glyphs...)
	plan, err := subset.CreatePlan(s.face.font, in)
	if err != nil {
		return fmt.Errorf("planning the subset of %s: %w", s.face.ot.PostscriptName(), err)
	}
	file, err := plan.Execute()
	if err != nil {
		return fmt.Errorf("subsetting %s: %w", s.face.ot.PostscriptName(), err)
	}
	s.fileLength = len(file)
	s.file = deflateBest(file)
	s.widths = s.face.widthArray(glyphs)
	s.toUnicode = deflateBest(s.face.unicodeMap(glyphs, extra))
	return nil
}

// widthArray is the W entry: runs of neighbouring glyphs with their widths.
func (f *face) widthArray(glyphs []ot.GlyphID) []byte {
	b := []byte{'['}
	for i, g := range glyphs {
		if i == 0 || glyphs[i-1]+1 != g {
			if i > 0 {
				b = append(b, ']')
			}
			b = strconv.AppendInt(b, int64(g), 10)
			b = append(b, '[')
		} else {
			b = append(b, ' ')
		}
		b = pdf.AppendReal(b, f.advance(g))
	}
	return append(b, "]]"...)
}

// unicodeMap is the ToUnicode CMap (ISO 32000-1 § 9.10.3).
func (f *face) unicodeMap(glyphs []ot.GlyphID, extra map[ot.GlyphID]string) []byte {
	type mapping struct {
		glyph ot.GlyphID
		text  string
	}
	var all []mapping
	for _, g := range glyphs {
		text := extra[g]
		if u := f.uni[g]; text == "" && u != 0 && f.tier[g] != tierOwn {
			text = string(u)
		}
		if text != "" && g != 0 {
			all = append(all, mapping{g, text})
		}
	}
	b := []byte("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def /CMapName/Adobe-Identity-UCS def /CMapType 2 def\n1 begincodespacerange\n<0000><FFFF>\nendcodespacerange\n")
	for part := range slices.Chunk(all, 100) {
		b = fmt.Appendf(b, "%d beginbfchar\n", len(part))
		for _, m := range part {
			b = fmt.Appendf(b, "<%04X><", m.glyph)
			for _, u := range utf16.Encode([]rune(m.text)) {
				b = fmt.Appendf(b, "%04X", u)
			}
			b = append(b, ">\n"...)
		}
		b = append(b, "endbfchar\n"...)
	}
	return append(b, "endcmap CMapName currentdict /CMap defineresource pop end end\n"...)
}

// write adds the font's objects to w and returns the font dictionary.
func (s *fontSubset) write(w *pdf.Writer) pdf.Ref {
	f := s.face
	file, cmap := w.Reserve(), w.Reserve()
	w.PutStream(file, "/Length1 "+strconv.Itoa(s.fileLength)+"/Filter/FlateDecode", s.file)
	w.PutStream(cmap, "/Filter/FlateDecode", s.toUnicode)
	name := pdf.Name(s.tag + "+" + f.ot.PostscriptName())
	descriptor := w.Add(pdf.NewDict(
		pdf.Entry{Key: "Type", Value: pdf.Name("FontDescriptor")},
		pdf.Entry{Key: "FontName", Value: name},
		pdf.Entry{Key: "Flags", Value: int64(f.flags())},
		pdf.Entry{Key: "FontBBox", Value: f.bbox()},
		pdf.Entry{Key: "ItalicAngle", Value: int64(f.ot.ItalicAngle() >> 16)},
		pdf.Entry{Key: "Ascent", Value: int64(f.asc)},
		pdf.Entry{Key: "Descent", Value: int64(float64(f.ot.Descender()) * f.scale)},
		pdf.Entry{Key: "CapHeight", Value: int64(f.cap)},
		pdf.Entry{Key: "StemV", Value: int64(f.stem())},
		pdf.Entry{Key: "FontFile2", Value: file},
	))
	system := pdf.NewDict(
		pdf.Entry{Key: "Registry", Value: pdf.String("Adobe")},
		pdf.Entry{Key: "Ordering", Value: pdf.String("Identity")},
		pdf.Entry{Key: "Supplement", Value: int64(0)},
	)
	cid := w.Reserve()
	b := pdf.AppendObject(nil, pdf.NewDict(
		pdf.Entry{Key: "Type", Value: pdf.Name("Font")},
		pdf.Entry{Key: "Subtype", Value: pdf.Name("CIDFontType2")},
		pdf.Entry{Key: "BaseFont", Value: name},
		pdf.Entry{Key: "CIDSystemInfo", Value: system},
		pdf.Entry{Key: "FontDescriptor", Value: descriptor},
		pdf.Entry{Key: "CIDToGIDMap", Value: pdf.Name("Identity")},
		pdf.Entry{Key: "DW", Value: int64(0)},
	))
	b = append(b[:len(b)-2], "/W"...)
	b = append(b, s.widths...)
	w.PutRaw(cid, append(b, ">>"...))
	return w.Add(pdf.NewDict(
		pdf.Entry{Key: "Type", Value: pdf.Name("Font")},
		pdf.Entry{Key: "Subtype", Value: pdf.Name("Type0")},
		pdf.Entry{Key: "BaseFont", Value: name},
		pdf.Entry{Key: "Encoding", Value: pdf.Name("Identity-H")},
		pdf.Entry{Key: "DescendantFonts", Value: pdf.Array{cid}},
		pdf.Entry{Key: "ToUnicode", Value: cmap},
	))
}

// flags: symbolic, because the encoding is the font's own; italic.
func (f *face) flags() int {
	if f.italic {
		return 4 | 64
	}
	return 4
}

func (f *face) stem() int {
	if f.bold {
		return 140
	}
	return 80
}

func (f *face) bbox() pdf.Array {
	x0, y0, x1, y1 := f.ot.BBox()
	k := func(v int16) pdf.Object { return int64(math.Round(float64(v) * f.scale)) }
	return pdf.Array{k(x0), k(y0), k(x1), k(y1)}
}
