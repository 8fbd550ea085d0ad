package typeset

import (
	"fmt"
	"slices"
)

// placed is an item on a page; y is its upper edge.
type placed struct {
	item     *item
	x, y     float64
	h        float64 // of a block's part on this page
	repeated bool    // a header row shown again
}

// pager distributes a flow over pages.
type pager struct {
	l      *layout
	page   *pageRule
	limit  int
	pages  [][]placed
	y      float64
	atTop  bool
	blocks []openBlock
	// lower is what the open blocks need for their lower borders and padding.
	lower float64
}

// openBlock is a framed block that is not closed yet.
type openBlock struct {
	item  *item
	index int // in the page's placed
}

const tolerance = 0.01 // points

func (l *layout) paginate(items []item) ([][]placed, error) {
	p := &pager{l: l, page: &l.css.sheet.page, limit: l.doc.MaxPages}
	if p.limit <= 0 {
		p.limit = defaultPages
	}
	if err := p.next(nil); err != nil {
		return nil, err
	}
	need := needs(items)
	for i := range items {
		it := &items[i]
		if err := p.put(it, need[i]); err != nil {
			return nil, err
		}
		if err := l.tick(); err != nil {
			return nil, err
		}
	}
	return p.pages, nil
}

// needs returns for each item the height of it and of all that is kept with it.
func needs(items []item) []float64 {
	need := make([]float64, len(items))
	for i := len(items) - 1; i >= 0; i-- {
		need[i] = items[i].h
		if items[i].keep && i+1 < len(items) && !items[i+1].page {
			need[i] += items[i+1].gap + need[i+1]
		}
	}
	return need
}

func (p *pager) top() float64    { return p.page.height - p.page.margin[top] }
func (p *pager) bottom() float64 { return p.page.margin[bottom] + p.lower }

// next ends the page, closing the parts of framed blocks on it and opening
// them again. it is the item that opens the new one: before the row of
// a table its header comes again.
func (p *pager) next(it *item) error {
	for _, b := range p.blocks {
		last := p.pages[len(p.pages)-1]
		last[b.index].h = last[b.index].y - p.y + b.item.box.lower
	}
	if len(p.pages) >= p.limit {
		return &Error{Message: fmt.Sprintf("the document has more than %d pages", p.limit)}
	}
	p.pages = append(p.pages, nil)
	p.y, p.atTop = p.top(), true
	for i := range p.blocks {
		open := p.blocks[i].item
		p.blocks[i].index = p.add(placed{item: open, x: open.x, y: p.y})
		p.y -= open.h
	}
	if it == nil || it.kind != itemRow || it.row.header {
		return nil
	}
	for _, r := range it.row.table.header {
		p.add(placed{item: &item{kind: itemRow, row: r}, x: it.x, y: p.y, repeated: true})
		p.y -= r.h
		p.atTop = false
	}
	return nil
}

func (p *pager) add(pl placed) int {
	page := &p.pages[len(p.pages)-1]
	*page = append(*page, pl)
	return len(*page) - 1
}

// room is the height left for an item with the given gap before it.
func (p *pager) room(gap float64) float64 {
	if p.atTop {
		gap = 0
	}
	return p.y - gap - p.bottom() + tolerance
}

// put places it, on a new page if it or what is kept with it does not fit.
func (p *pager) put(it *item, need float64) error {
	if it.kind == itemClose {
		p.close(it)
		return nil
	}
	full := p.top() - p.bottom() + tolerance
	for _, b := range p.blocks {
		full -= b.item.h
	}
	if it.kind == itemRow && it.h > full-headerHeight(it.row) {
		return p.divide(it)
	}
	if it.page && !p.atTop {
		if err := p.next(it); err != nil {
			return err
		}
	}
	if room := p.room(it.gap); !p.atTop && need > room && (need <= full || it.h > room) {
		if err := p.next(it); err != nil {
			return err
		}
	}
	if it.h > p.room(it.gap) {
		return &Error{Message: "a line, an image or a signature field is higher than the page"}
	}
	p.place(it)
	return nil
}

func (p *pager) place(it *item) {
	if !p.atTop {
		p.y -= it.gap
	}
	i := p.add(placed{item: it, x: it.x, y: p.y})
	p.y -= it.h
	p.atTop = p.atTop && it.kind == itemOpen
	if it.kind == itemOpen {
		p.blocks = append(p.blocks, openBlock{it, i})
		p.lower += it.box.lower
	}
}

// close ends the innermost block; room for that was kept.
func (p *pager) close(it *item) {
	n := len(p.blocks) - 1
	b := &p.pages[len(p.pages)-1][p.blocks[n].index]
	p.y -= it.h
	b.h = b.y - p.y
	p.blocks = p.blocks[:n]
	p.lower -= it.box.lower
	p.atTop = false
}

func headerHeight(r *row) float64 {
	h := 0.0
	for _, hr := range r.table.header {
		h += hr.h
	}
	return h
}

// divide places a row that is higher than a page, in parts.
func (p *pager) divide(it *item) error {
	const least = 72 // points worth beginning on a page
	if it.row.header || it.row.joined || headerHeight(it.row) > p.top()-p.bottom()-least {
		return &Error{Message: "a header row or a row with rowspan is higher than the page"}
	}
	if p.room(it.gap) < least || it.page && !p.atTop {
		if err := p.next(it); err != nil {
			return err
		}
	}
	rest := it.row
	for first := true; ; first = false {
		part := &item{kind: itemRow, x: it.x}
		if first {
			part.gap = it.gap
		}
		if rest.h <= p.room(part.gap) {
			part.row, part.h = rest, rest.h
			p.place(part)
			return nil
		}
		head, tail := rest.cut(p.room(part.gap))
		if head == nil {
			return &Error{Message: "a line, an image or a signature field in a table is higher than the page"}
		}
		part.row, part.h = head, head.h
		p.place(part)
		if err := p.next(it); err != nil {
			return err
		}
		rest = tail
	}
}

// cut divides r so that its first part is at most h high, or returns nil when
// not even one item of any cell fits.
func (r *row) cut(h float64) (head, tail *row) {
	head, tail = &row{table: r.table, el: r.el}, &row{table: r.table, el: r.el}
	moved := false
	for _, c := range r.cells {
		a, b := *c, *c
		used, n := c.pad[top]+c.pad[bottom], 0
		for n < len(c.items) && used+c.items[n].gap+c.items[n].h <= h {
			used += c.items[n].gap + c.items[n].h
			n++
		}
		moved = moved || n > 0
		a.items, b.items = c.items[:n], slices.Clone(c.items[n:])
		if len(b.items) > 0 {
			b.items[0].gap = 0
		}
		a.content = used
		b.content = (&flow{items: b.items}).height() + c.pad[top] + c.pad[bottom]
		head.h, tail.h = max(head.h, a.content), max(tail.h, b.content)
		head.cells, tail.cells = append(head.cells, &a), append(tail.cells, &b)
	}
	if !moved {
		return nil, nil
	}
	for i := range head.cells {
		head.cells[i].full, tail.cells[i].full = head.h, tail.h
	}
	return head, tail
}
