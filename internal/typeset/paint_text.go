package typeset

import (
	"strconv"

	"docsvc/internal/pdf"
)

// line draws line i of pa with its upper left corner at x, y.
func (p *painter) line(pa *para, i int, x, y float64) {
	ln := &pa.lines[i]
	base := y - ln.above
	if i == 0 && pa.label != nil {
		p.label(pa.label, x, base)
	}
	x += ln.x
	under := underliner{base: base}
	for k := ln.lo; k < ln.hi; k++ {
		w := &pa.words[k]
		for j := w.lo; j < w.hi; j++ {
			f := &pa.frags[j]
			p.tag(f.el)
			under.extend(f, x)
			if f.atom != nil {
				p.endText()
				p.atom(f.atom, x, base)
			} else {
				p.setText(f.style, f.text.face, ln.track, x, base)
				p.glyphs(f.text, f.style.size)
				x += ln.track * float64(f.text.glyphs)
			}
			x += f.width
		}
		if k < ln.hi-1 && w.space > 0 {
			p.space(w.space + ln.extra + ln.track)
			x += w.space + ln.extra + ln.track
		}
	}
	if ln.more {
		p.space(-1)
	}
	p.endText()
	under.draw(p)
}

// label draws the marker of a list item so that it ends left of x.
func (p *painter) label(lb *label, x, base float64) {
	const gap = 0.4 // em between the marker and the text
	p.tag(lb.el)
	p.setText(lb.style, lb.text.face, 0, x-lb.width-gap*lb.style.size, base)
	p.glyphs(lb.text, lb.style.size)
	p.space(-1)
	p.endText()
}

// setText makes sure that a text object with this style is open, its letters
// spaced by track more; x and base are where it begins if it is not.
func (p *painter) setText(st *style, f *face, track, x, base float64) {
	tracking := st.tracking() + track
	if p.inText && (p.font != f || p.size != st.size || p.tracking != tracking || p.fill != st.color) {
		p.endArray()
	}
	if !p.inText {
		p.c = append(p.c, "BT\n"...)
		p.op("Td", x, base)
		p.inText = true
	}
	if p.font != f || p.size != st.size {
		p.c = append(p.c, "/F"...)
		p.c = strconv.AppendInt(p.c, int64(f.index), 10)
		p.c = append(p.c, ' ')
		p.op("Tf", st.size)
		p.font, p.size = f, st.size
		p.l.res.fonts.use(f)
	}
	if p.tracking != tracking {
		p.op("Tc", tracking)
		p.tracking = tracking
	}
	if p.fill != st.color {
		p.paint(st.color, 'r', 'g')
		p.fill = st.color
	}
}

func (p *painter) startArray() {
	if !p.inArray {
		p.c = append(p.c, '[')
		p.inArray = true
	}
}

func (p *painter) endArray() {
	if p.inArray {
		p.c = append(p.c, "]TJ\n"...)
		p.inArray = false
	}
}

func (p *painter) endText() {
	p.endArray()
	if p.inText {
		p.c = append(p.c, "ET\n"...)
		p.inText = false
	}
}

// glyphs shows shaped text in the open text object.
func (p *painter) glyphs(s *shaped, size float64) {
	p.l.res.fonts.text(s)
	actual := s.actual && !p.artifact
	if actual {
		p.endArray()
		p.c = append(p.c, "/Span<</ActualText"...)
		p.c = pdf.AppendObject(p.c, pdf.TextString(s.text))
		p.c = append(p.c, ">>BDC\n"...)
	}
	if s.raised == nil {
		p.startArray()
		p.c = append(p.c, s.tj...)
	}
	for _, r := range s.raised {
		p.endArray()
		p.op("Ts", r.rise*size/1000)
		p.startArray()
		p.c = append(p.c, r.tj...)
	}
	if s.raised != nil {
		p.endArray()
		p.op("Ts", 0)
	}
	if actual {
		p.endArray()
		p.c = append(p.c, "EMC\n"...)
	}
}

// space shows a space of the given width, or of its own when negative. The
// glyph is there for readers and for copying; its width is adjusted.
func (p *painter) space(width float64) {
	if !p.inText {
		return // after an image: what follows is placed by its coordinates
	}
	p.startArray()
	p.l.res.fonts.text(p.font.space)
	p.c = append(p.c, p.font.space.tj...)
	if width < 0 {
		return
	}
	own := p.font.space.width*p.size/1000 + p.tracking
	if d := (own - width) * 1000 / p.size; d > 0.05 || d < -0.05 {
		p.c = pdf.AppendReal(p.c, d)
	}
}

// atom draws an image standing on the baseline.
func (p *painter) atom(a *atom, x, base float64) {
	p.c = append(p.c, "q\n"...)
	p.op("cm", a.width, 0, 0, a.height, x, base)
	p.c = append(p.c, '/')
	p.c = append(p.c, a.name...)
	p.c = append(p.c, " Do\nQ\n"...)
	if p.artifact {
		return
	}
	b := []byte("<</O/Layout/Placement/Block/BBox[")
	for _, v := range [4]float64{x, base, x + a.width, base + a.height} {
		b = append(pdf.AppendReal(b, v), ' ')
	}
	a.el.attrs = append(b, "]>>"...)
}

// underliner gathers the underlined stretches of a line.
type underliner struct {
	base  float64
	runs  []underline
	style *style // of the run that may still grow
}

type underline struct {
	from, to float64
	style    *style
}

func (u *underliner) extend(f *frag, x float64) {
	if !f.style.underline {
		u.style = nil
		return
	}
	if u.style != f.style {
		u.runs = append(u.runs, underline{from: x, style: f.style})
		u.style = f.style
	}
	u.runs[len(u.runs)-1].to = x + f.width
}

func (u *underliner) draw(p *painter) {
	for _, r := range u.runs {
		if p.fill != r.style.color {
			p.paint(r.style.color, 'r', 'g')
			p.fill = r.style.color
		}
		p.op("re f", r.from, u.base-0.14*r.style.size, r.to-r.from, 0.055*r.style.size)
	}
}
