package typeset

import (
	"strconv"

	"docsvc/internal/pdf"
)

// painter writes the content stream of one page, or of one appearance.
type painter struct {
	l        *layout
	index    int // of the page
	c        []byte
	marked   []*elem // by MCID
	cur      *elem   // whose marked content is open
	artifact bool    // everything is one artifact: no tags
	fields   []*field

	inText, inArray bool
	font            *face // state of the text, kept between text objects
	size, tracking  float64
	fill            rgb
}

// nothingTagged is the current elem while an artifact is open.
var nothingTagged = &elem{role: "Artifact"}

// tag opens the marked content of e, if it is not open.
func (p *painter) tag(e *elem) {
	if p.artifact || p.cur == e {
		return
	}
	p.end()
	e.attach()
	id := len(p.marked)
	p.marked = append(p.marked, e)
	e.kids = append(e.kids, kid{page: p.index, id: id})
	p.c = append(p.c, '/')
	p.c = append(p.c, e.role...)
	p.c = append(p.c, "<</MCID "...)
	p.c = strconv.AppendInt(p.c, int64(id), 10)
	p.c = append(p.c, ">>BDC\n"...)
	p.cur = e
}

// decoration opens an artifact of layout.
func (p *painter) decoration() {
	if p.artifact || p.cur == nothingTagged {
		return
	}
	p.end()
	p.c = append(p.c, "/Artifact BMC\n"...)
	p.cur = nothingTagged
}

// pagination draws body as a pagination artifact: nothing in it is tagged.
func (p *painter) pagination(subtype string, body func()) {
	p.end()
	p.c = append(p.c, "/Artifact<</Type/Pagination/Subtype/"...)
	p.c = append(p.c, subtype...)
	p.c = append(p.c, ">>BDC\n"...)
	p.artifact = true
	body()
	p.endText()
	p.artifact = false
	p.c = append(p.c, "EMC\n"...)
}

// end closes the open marked content.
func (p *painter) end() {
	p.endText()
	if p.cur != nil {
		p.c = append(p.c, "EMC\n"...)
		p.cur = nil
	}
}

// op appends numbers and an operator.
func (p *painter) op(name string, v ...float64) {
	for _, f := range v {
		p.c = pdf.AppendReal(p.c, f)
		p.c = append(p.c, ' ')
	}
	p.c = append(p.c, name...)
	p.c = append(p.c, '\n')
}

// page draws all items of a page.
func (p *painter) page(items []placed) {
	for i := range items {
		pl := &items[i]
		switch {
		case pl.repeated:
			p.pagination("Header", func() { p.row(pl.item.row, pl.x, pl.y) })
		case pl.item.kind == itemOpen:
			p.block(pl.item.box, pl.x, pl.y, pl.h)
		default:
			p.item(pl.item, pl.x, pl.y)
		}
	}
}

// items draws a column that is not divided, such as a cell's.
func (p *painter) items(items []item, x, y float64) {
	for i := range items {
		it := &items[i]
		y -= it.gap
		if it.kind == itemOpen {
			p.block(it.box, x+it.x, y, blockHeight(items[i:]))
		} else {
			p.item(it, x+it.x, y)
		}
		y -= it.h
	}
}

// blockHeight is the height of the block that items begins with, up to its
// close or the end of the column.
func blockHeight(items []item) float64 {
	h, depth := 0.0, 0
	for i := range items {
		if i > 0 {
			h += items[i].gap
		}
		h += items[i].h
		switch items[i].kind {
		case itemOpen:
			depth++
		case itemClose:
			if depth--; depth == 0 {
				return h
			}
		}
	}
	return h
}

func (p *painter) item(it *item, x, y float64) {
	switch it.kind {
	case itemLine:
		p.line(it.para, it.line, x, y)
	case itemRow:
		p.row(it.row, x, y)
	case itemField:
		p.field(it.field, x, y)
	}
}

// block draws the background and the border of a block.
func (p *painter) block(b *box, x, y, h float64) {
	if !b.style.filled && !b.style.hasBorder() {
		return
	}
	p.decoration()
	p.endText()
	p.c = append(p.c, "q\n"...)
	p.background(b.style, x, y, b.width, h)
	var s stroke
	p.frame(b.style, x, y, b.width, h, true, &s)
	p.c = append(p.c, "Q\n"...)
}

func (p *painter) row(r *row, x, y float64) {
	p.grid(r, x, y)
	if r.el != nil && !p.artifact {
		r.el.attach()
	}
	for _, c := range r.cells {
		if r.el != nil && !p.artifact {
			c.el.attach() // an empty cell, too, is part of the table
		}
		free := c.full - c.content
		switch c.style.valign {
		case valignTop:
			free = 0
		case valignMiddle:
			free /= 2
		}
		p.items(c.items, x+c.x, y-c.pad[top]-free)
	}
}

// grid draws the backgrounds and then the borders of a row's cells.
func (p *painter) grid(r *row, x, y float64) {
	filled, framed := false, false
	for _, c := range r.cells {
		filled = filled || c.style.filled
		framed = framed || c.style.hasBorder()
	}
	if !filled && !framed {
		return
	}
	p.decoration()
	p.endText()
	p.c = append(p.c, "q\n"...)
	for _, c := range r.cells {
		p.background(c.style, x+c.x, y, c.width, c.full)
	}
	var s stroke
	for _, c := range r.cells {
		p.frame(c.style, x+c.x, y, c.width, c.full, false, &s)
	}
	p.c = append(p.c, "Q\n"...)
}

func (p *painter) background(st *style, x, y, w, h float64) {
	if !st.filled {
		return
	}
	p.paint(st.background, 'r', 'g')
	p.op("re f", x, y-h, w, h)
}

// paint appends a colour operator: rgbOp and grayOp are the first letters of the
// operators for fill (r, g) or stroke (R, G).
func (p *painter) paint(c rgb, rgbOp, grayOp byte) {
	if c.r == c.g && c.g == c.b {
		p.op(string(grayOp), float64(c.r)/255)
		return
	}
	op := "rg"
	if rgbOp == 'R' {
		op = "RG"
	}
	p.op(op, float64(c.r)/255, float64(c.g)/255, float64(c.b)/255)
}

// stroke is the state of the pen.
type stroke struct {
	set bool
	border
}

func (p *painter) pen(b border, s *stroke) {
	if !s.set || s.color != b.color {
		p.paint(b.color, 'R', 'G')
	}
	if !s.set || s.width != b.width {
		p.op("w", b.width)
	}
	s.set, s.border = true, b
}

// frame strokes the border of a box: inside its edges, or centred on them as
// neighbouring cells share theirs.
func (p *painter) frame(st *style, x, y, w, h float64, inside bool, s *stroke) {
	b := &st.border
	var in edges
	if inside {
		for i := range in {
			in[i] = b[i].width / 2
		}
	}
	x0, x1, y0, y1 := x+in[left], x+w-in[right], y-h+in[bottom], y-in[top]
	if b[top].width > 0 && b[top] == b[right] && b[top] == b[bottom] && b[top] == b[left] {
		p.pen(b[top], s)
		p.op("re S", x0, y0, x1-x0, y1-y0)
		return
	}
	side := func(b border, ax, ay, bx, by float64) {
		if b.width > 0 {
			p.pen(b, s)
			p.op("m", ax, ay)
			p.op("l S", bx, by)
		}
	}
	side(b[top], x, y1, x+w, y1)
	side(b[right], x1, y, x1, y-h)
	side(b[bottom], x, y0, x+w, y0)
	side(b[left], x0, y, x0, y-h)
}

// field draws nothing on the page: the widget shows the appearance.
func (p *painter) field(f *field, x, y float64) {
	f.page = p.index
	f.rect = [4]float64{x, y - f.height, x + f.width, y}
	if !p.artifact {
		f.el.attach()
	}
	f.el.kids = append(f.el.kids, kid{annot: true, page: p.index, id: p.l.fieldIndex(f)})
	p.fields = append(p.fields, f)
	ap := &painter{l: p.l, artifact: true}
	ap.c = append(ap.c, "/Artifact BMC\nq\n"...)
	ap.background(f.style, 0, f.height, f.width, f.height)
	var s stroke
	ap.frame(f.style, 0, f.height, f.width, f.height, true, &s)
	ap.c = append(ap.c, "Q\n"...)
	content := (&flow{items: f.items}).height()
	free := f.height - f.pad[top] - f.pad[bottom] - content
	switch f.style.valign {
	case valignTop:
		free = 0
	case valignMiddle:
		free /= 2
	}
	ap.items(f.items, 0, f.height-f.pad[top]-free)
	ap.endText()
	ap.c = append(ap.c, "EMC\n"...)
	f.ap = ap.c
}

func (l *layout) fieldIndex(f *field) int {
	for i := range l.fields {
		if l.fields[i] == f {
			return i
		}
	}
	return -1
}
