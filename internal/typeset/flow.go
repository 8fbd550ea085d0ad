package typeset

import "context"

// itemKind says what an item of a flow is.
type itemKind uint8

const (
	itemLine  itemKind = iota // a line of a paragraph
	itemRow                   // a row of a table
	itemField                 // a signature field
	itemOpen                  // the upper border and padding of a block
	itemClose                 // the lower border and padding of a block
	itemSpace                 // room
)

// item is a piece of a vertical flow that is not divided between pages (but
// for a row that is taller than a page).
type item struct {
	kind  itemKind
	keep  bool // with the next item
	page  bool // begins a page
	h     float64
	gap   float64 // before it, unless it begins a page
	x     float64 // of its left edge
	para  *para
	line  int
	row   *row
	box   *box
	field *field
}

// box is a block with a background or a border.
type box struct {
	style    *style
	x, width float64
	lower    float64 // height of its lower border and padding
}

// flow is a column being filled.
type flow struct {
	items []item
	gap   float64 // margin that waits for the next item
	page  bool    // the next item begins a page
}

func (f *flow) margin(m float64) { f.gap = max(f.gap, m) }

func (f *flow) push(it item) {
	it.gap, it.page = f.gap, f.page
	f.gap, f.page = 0, false
	f.items = append(f.items, it)
}

// height is the sum of all items, as when they are drawn in one place.
func (f *flow) height() float64 {
	h := 0.0
	for i := range f.items {
		h += f.items[i].h + f.items[i].gap
	}
	return h
}

// layout holds what one Render needs while it turns the tree into items.
type layout struct {
	ctx context.Context
	e   *Engine
	doc *Document
	css cascade

	page, pages int // of the running element being set; 0 elsewhere
	heading     int // level of the last heading
	fields      []*field
	names       map[string]bool // of fields
	label       *label          // waits for the first paragraph of a list item
	res         resources
	ticks       int

	elems  []elem // slabs
	frags  []frag
	words  []word
	cost   []float64
	prev   []int
	breaks []int
	free   []*collector
}

// tick looks at the context now and then.
func (l *layout) tick() error {
	if l.ticks++; l.ticks%256 == 0 {
		return l.ctx.Err()
	}
	return nil
}

// collect and release keep collectors for reuse; they nest with cells.
func (l *layout) collect() *collector {
	if n := len(l.free); n > 0 {
		c := l.free[n-1]
		l.free = l.free[:n-1]
		return c
	}
	return &collector{l: l}
}

func (l *layout) release(c *collector) {
	c.frags, c.words, c.glue = c.frags[:0], c.words[:0], false
	l.free = append(l.free, c)
}

// children sets the content of n into f: text as anonymous paragraphs, blocks
// each by its kind. direct says that text may belong to el itself.
func (l *layout) children(n *node, f *flow, x, width float64, el *elem, direct bool) error {
	c := l.collect()
	defer l.release(c)
	blocks := false
	for _, k := range n.kids {
		blocks = blocks || k.tag != "" && !elements[k.tag].inline
	}
	flush := func() error {
		if len(c.words) == 0 {
			return nil
		}
		pe := el
		if blocks || !direct {
			pe = l.newElem("P", el)
			reparent(c.frags, el, pe)
		}
		return l.para(c.take(&n.ctx.style, pe), f, x, width)
	}
	for _, k := range n.kids {
		if k.tag == "" || elements[k.tag].inline {
			if k.tag == "" && len(c.words) == 0 && k.blank() {
				continue
			}
			if err := c.node(k, n.ctx, el); err != nil {
				return err
			}
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		if err := l.css.resolve(k, n.ctx); err != nil {
			return err
		}
		if err := l.block(k, f, x, width, el); err != nil {
			return err
		}
	}
	return flush()
}

// reparent moves frags that were collected for from into its new child to.
func reparent(frags []frag, from, to *elem) {
	for i := range frags {
		f := &frags[i]
		if f.el == from {
			f.el = to
		} else if f.el.parent == from {
			f.el.parent = to
		}
	}
}

// block sets the block element n, whose style is resolved.
func (l *layout) block(n *node, f *flow, x, width float64, el *elem) error {
	st := &n.ctx.style
	m := st.edge(&st.margin, width)
	switch {
	case st.breakBefore == breakAlways:
		f.page = true
	case st.breakBefore == breakAvoid && len(f.items) > 0:
		f.items[len(f.items)-1].keep = true
	}
	f.margin(m[top])
	inner := width - m[left] - m[right]
	if st.width.u != auto && n.tag != "signature-field" {
		inner = min(inner, st.width.of(st.size, width))
	}
	if inner < 1 {
		return errorAt(n.pos, "no width is left for <%s>", n.tag)
	}
	first := len(f.items)
	if err := l.blockKind(n, f, x+m[left], inner, el); err != nil {
		return err
	}
	if st.keepInside {
		for i := first; i < len(f.items)-1; i++ {
			f.items[i].keep = true
		}
	}
	if len(f.items) > first {
		switch st.breakAfter {
		case breakAvoid:
			f.items[len(f.items)-1].keep = true
		case breakAlways:
			f.page = true
		}
	}
	f.margin(m[bottom])
	return l.tick()
}

func (l *layout) blockKind(n *node, f *flow, x, width float64, el *elem) error {
	switch n.tag {
	case "ol", "ul":
		return l.list(n, f, x, width, el)
	case "table":
		return l.table(n, f, x, width, el)
	case "signature-field":
		return l.signatureField(n, f, x, width, el)
	case "header", "footer":
		if hasWord(n.attr("class"), "running") {
			return errorAt(n.pos, "a running <%s> stands directly in <body>", n.tag)
		}
	}
	e := l.newElem(elements[n.tag].role, el)
	if err := l.language(n, e); err != nil {
		return err
	}
	if err := l.checkHeading(n); err != nil {
		return err
	}
	return l.framed(n, f, x, width, func(x, width float64) error {
		return l.children(n, f, x, width, e, elements[n.tag].content == phrasing)
	})
}

func (l *layout) language(n *node, e *elem) error {
	if e.lang = n.attr("lang"); e.lang != "" && !langTag.MatchString(e.lang) {
		return errorAt(n.pos, "lang=%q is not a language tag", e.lang)
	}
	return nil
}

// checkHeading holds the headings to ISO 14289-1 § 7.4.2: the first is of
// level 1 and no level is skipped.
func (l *layout) checkHeading(n *node) error {
	if len(n.tag) != 2 || n.tag[0] != 'h' {
		return nil
	}
	level := int(n.tag[1] - '0')
	if level > l.heading+1 {
		return errorAt(n.pos, "<%s> skips a level of headings", n.tag)
	}
	l.heading = level
	return nil
}

// framed sets body inside the padding and border of n.
func (l *layout) framed(n *node, f *flow, x, width float64, body func(x, width float64) error) error {
	st := &n.ctx.style
	pad := st.edge(&st.padding, width)
	var side edges
	for i := range side {
		side[i] = pad[i] + st.border[i].width
	}
	inner := width - side[left] - side[right]
	if inner < 1 {
		return errorAt(n.pos, "no width is left inside <%s>", n.tag)
	}
	painted := st.filled || st.hasBorder()
	framed := painted || side[top] > 0 || side[bottom] > 0
	b := &box{style: st, x: x, width: width, lower: side[bottom]}
	first := len(f.items)
	if framed {
		f.push(item{kind: itemOpen, keep: true, h: side[top], x: x, box: b})
	}
	if err := body(x+side[left], inner); err != nil {
		return err
	}
	l.minimum(n, f, first, side)
	if framed {
		f.items[len(f.items)-1].keep = true
		f.gap, f.page = 0, false
		f.push(item{kind: itemClose, h: side[bottom], x: x, box: b})
	}
	return nil
}

// minimum adds room until the block is as high as its style asks.
func (l *layout) minimum(n *node, f *flow, first int, side edges) {
	st := &n.ctx.style
	want := max(st.minHeight.of(st.size, 0), st.height.of(st.size, 0)) - side[bottom]
	if want <= 0 {
		return
	}
	part := flow{items: f.items[first:]}
	have := part.height()
	if len(part.items) > 0 {
		have -= part.items[0].gap
	}
	if have < want {
		if n := len(f.items); n > first {
			f.items[n-1].keep = true
		}
		f.push(item{kind: itemSpace, h: want - have - f.gap})
	}
}

// para breaks p into lines and pushes them.
func (l *layout) para(p *para, f *flow, x, width float64) error {
	if l.label != nil {
		p.label, l.label = l.label, nil
	}
	if a := p.onlyAtom(); a != nil && p.label == nil && a.el.parent == p.el && p.el.role == "P" {
		a.el.parent = p.el.parent // a figure alone needs no paragraph
	}
	if err := l.breakLines(p, width); err != nil {
		return err
	}
	n := len(p.lines)
	for i := range p.lines {
		ln := &p.lines[i]
		f.push(item{
			kind: itemLine, para: p, line: i, x: x, h: ln.above + ln.below,
			keep: i+1 < n && (i+1 < p.style.orphans || n-1-i < p.style.widows),
		})
	}
	return nil
}
