package typeset

import (
	"slices"
	"strings"
)

// running is an element that is drawn in the margin of every page.
type running struct {
	node   *node
	bottom bool
	first  bool // on the first page
	rest   bool // on the others
}

// takeRunning removes the running elements from the body.
func (l *layout) takeRunning(body *node) ([]running, error) {
	var out []running
	kept := body.kids[:0]
	for _, k := range body.kids {
		if k.tag != "header" && k.tag != "footer" || !hasWord(k.attr("class"), "running") {
			if k.has("pages") {
				return nil, errorAt(k.pos, "pages is for running elements only")
			}
			kept = append(kept, k)
			continue
		}
		r := running{node: k, bottom: k.tag == "footer"}
		switch k.attr("pages") {
		case "", "all":
			r.first, r.rest = true, true
		case "first":
			r.first = true
		case "rest":
			r.rest = true
		default:
			return nil, errorAt(k.pos, "pages=%q is none of all, first, rest", k.attr("pages"))
		}
		for _, other := range out {
			if other.bottom == r.bottom && (other.first && r.first || other.rest && r.rest) {
				return nil, errorAt(k.pos, "two running <%s> share a page", k.tag)
			}
		}
		if slices.ContainsFunc(l.css.sheet.page.boxes, func(b marginBox) bool { return b.bottom == r.bottom }) {
			return nil, errorAt(k.pos, "a running <%s> and an @page margin box share a margin", k.tag)
		}
		out = append(out, r)
	}
	body.kids = kept
	return out, nil
}

// margins draws the running elements and margin boxes of a page.
func (l *layout) margins(p *painter, all []running, body *styleContext) error {
	for i := range all {
		r := &all[i]
		if p.index == 0 && !r.first || p.index > 0 && !r.rest {
			continue
		}
		if err := l.running(p, r, body); err != nil {
			return err
		}
	}
	for i := range l.css.sheet.page.boxes {
		if err := l.marginBox(p, &l.css.sheet.page.boxes[i]); err != nil {
			return err
		}
	}
	return nil
}

// running sets r for one page and centres it in its margin.
func (l *layout) running(p *painter, r *running, body *styleContext) error {
	page := &l.css.sheet.page
	if err := l.css.resolve(r.node, body); err != nil {
		return err
	}
	st := &r.node.ctx.style
	width := page.width - page.margin[left] - page.margin[right]
	m := st.edge(&st.margin, width)
	var f flow
	err := l.framed(r.node, &f, m[left], width-m[left]-m[right], func(x, w float64) error {
		return l.children(r.node, &f, x, w, l.newElem("Div", nil), false)
	})
	if err != nil {
		return err
	}
	h := f.height() + m[top] + m[bottom]
	room, y, kind := page.margin[top], page.height, "Header"
	if r.bottom {
		room, kind = page.margin[bottom], "Footer"
		y = room
	}
	if h > room {
		return errorAt(r.node.pos, "the running <%s> is %.1fpt high, the margin %.1fpt", r.node.tag, h, room)
	}
	y -= (room-h)/2 + m[top]
	p.pagination(kind, func() { p.items(f.items, page.margin[left], y) })
	return nil
}

// marginBox draws a line of text in the middle of a margin.
func (l *layout) marginBox(p *painter, b *marginBox) error {
	page := &l.css.sheet.page
	st := l.css.base
	run(b.decls, &st, st.size, true)
	run(b.decls, &st, st.size, false)
	st.align = b.align
	if st.face = l.e.face(st.family, st.bold, st.italic); st.face == nil {
		return errorAt(0, "@page: there is no font %q with bold %t, italic %t", st.family, st.bold, st.italic)
	}
	var text strings.Builder
	for _, part := range b.parts {
		switch part.counter {
		case pageNumber:
			text.WriteString(itoa(l.page))
		case pageCount:
			text.WriteString(itoa(l.pages))
		case noCounter:
			text.WriteString(part.text)
		}
	}
	c := l.collect()
	defer l.release(c)
	if err := c.text(text.String(), 0, &st, nothingTagged); err != nil {
		return err
	}
	if len(c.words) == 0 {
		return nil
	}
	pa := c.take(&st, nothingTagged)
	if err := l.breakLines(pa, page.width-page.margin[left]-page.margin[right]); err != nil {
		return err
	}
	room, y, kind := page.margin[top], page.height, "Header"
	if b.bottom {
		room, kind = page.margin[bottom], "Footer"
		y = room
	}
	h := 0.0
	for _, ln := range pa.lines {
		h += ln.above + ln.below
	}
	if h > room {
		return errorAt(0, "@page: a margin box is higher than its margin")
	}
	y -= (room - h) / 2
	p.pagination(kind, func() {
		for i, ln := range pa.lines {
			p.line(pa, i, page.margin[left], y)
			y -= ln.above + ln.below
		}
	})
	return nil
}
