package typeset

import (
	"strconv"
)

// table is a table while it is set.
type table struct {
	cols   []float64 // widths
	rows   []*row
	header []*row // repeated on every page that the table continues on
}

// row is a row of a table; spanned rows are kept with the next.
type row struct {
	table  *table
	header bool
	el     *elem
	cells  []*cell
	h      float64
	joined bool // a cell spans this row and the next
}

// cell is a cell of a table, or a part of one that was divided.
type cell struct {
	node            *node
	style           *style
	el              *elem
	col, cols, rows int
	x, width        float64
	content         float64 // height of the content with its padding
	height          float64 // that, or what the style asks for
	full            float64 // height when painted
	pad             edges
	items           []item
}

// table sets <table>.
func (l *layout) table(n *node, f *flow, x, width float64, el *elem) error {
	role := n.attr("role")
	if role != "" && role != "presentation" {
		return errorAt(n.pos, "role=%q is unknown", role)
	}
	t := &table{}
	if err := l.rows(n, t, el, role == ""); err != nil {
		return err
	}
	if len(t.rows) == 0 {
		return errorAt(n.pos, "the table has no rows")
	}
	if err := l.columns(n, t, width); err != nil {
		return err
	}
	for _, r := range t.rows {
		if err := l.row(r, t); err != nil {
			return err
		}
	}
	t.heights()
	for i, r := range t.rows {
		f.push(item{kind: itemRow, row: r, x: x, h: r.h, keep: r.joined || i+1 < len(t.rows) && t.keeps(i)})
	}
	return nil
}

// keeps says whether row i stays with the next: headers do, and neither the
// first nor the last row of the body stands alone.
func (t *table) keeps(i int) bool {
	body := i - len(t.header)
	return t.rows[i].header || body == 0 || i == len(t.rows)-2
}

// rows builds the grid: which cell stands where.
func (l *layout) rows(n *node, t *table, el *elem, data bool) error {
	te := l.newElem("Div", el)
	if data {
		te.role = "Table"
	}
	g := &grid{l: l, t: t, data: data}
	if err := sections(n); err != nil {
		return err
	}
	for _, k := range n.kids {
		if err := l.css.resolve(k, n.ctx); err != nil {
			return err
		}
		if k.tag == "tr" {
			if err := g.row(k, te, false); err != nil {
				return err
			}
			continue
		}
		section := te
		if data {
			section = l.newElem(elements[k.tag].role, te)
		}
		for _, tr := range k.kids {
			if err := l.css.resolve(tr, k.ctx); err != nil {
				return err
			}
			if err := g.row(tr, section, k.tag == "thead"); err != nil {
				return err
			}
		}
		if err := g.finish(k); err != nil {
			return err
		}
	}
	return g.finish(n)
}

// sections checks that n holds either rows, or a thead and tbodys in this
// order (ISO 32000-1 table 337).
func sections(n *node) error {
	rows, bodies := 0, 0
	for i, k := range n.kids {
		switch k.tag {
		case "tr":
			rows++
		case "tbody":
			bodies++
		case "thead":
			if i > 0 {
				return errorAt(k.pos, "<thead> must come first in its table")
			}
			if len(n.kids) == 1 {
				return errorAt(k.pos, "a table with <thead> needs a <tbody>")
			}
		}
		if rows > 0 && rows <= i {
			return errorAt(k.pos, "a table holds either rows or sections, not both")
		}
		if len(k.kids) == 0 {
			return errorAt(k.pos, "<%s> is empty", k.tag)
		}
	}
	return nil
}

// grid places the cells of one table's rows.
type grid struct {
	l     *layout
	t     *table
	data  bool
	width int   // columns; 0 before the first row
	taken []int // by column: rows still covered from above
}

func (g *grid) row(n *node, section *elem, header bool) error {
	r := &row{table: g.t, header: header}
	if len(g.t.rows) >= maxRows {
		return errorAt(n.pos, "the table has more than %d rows", maxRows)
	}
	re := section
	if g.data {
		re = g.l.newElem("TR", section)
		r.el = re
	}
	col := 0
	for _, k := range n.kids {
		for col < len(g.taken) && g.taken[col] > 0 {
			col++
		}
		c, err := g.cell(k, n.ctx, re, col)
		if err != nil {
			return err
		}
		if g.width > 0 && col+c.cols > g.width || col+c.cols > maxColumns {
			return errorAt(k.pos, "the row has more columns than the table")
		}
		for len(g.taken) < col+c.cols {
			g.taken = append(g.taken, 0)
		}
		for i := col; i < col+c.cols; i++ {
			if g.taken[i] > 0 {
				return errorAt(k.pos, "two cells overlap")
			}
			g.taken[i] = c.rows
		}
		r.cells = append(r.cells, c)
		col += c.cols
	}
	for _, left := range g.taken {
		if left == 0 {
			return errorAt(n.pos, "the row has fewer columns than the table")
		}
	}
	if g.width == 0 {
		g.width = len(g.taken)
	}
	if g.width == 0 {
		return errorAt(n.pos, "the row has no cells")
	}
	for i := range g.taken {
		g.taken[i]--
		r.joined = r.joined || g.taken[i] > 0
	}
	g.t.rows = append(g.t.rows, r)
	if header {
		g.t.header = append(g.t.header, r)
	}
	return nil
}

// finish checks that no cell reaches beyond the rows of n.
func (g *grid) finish(n *node) error {
	for _, left := range g.taken {
		if left > 0 {
			return errorAt(n.pos, "a rowspan reaches beyond the end of <%s>", n.tag)
		}
	}
	return nil
}

func (g *grid) cell(n *node, parent *styleContext, re *elem, col int) (*cell, error) {
	if err := g.l.css.resolve(n, parent); err != nil {
		return nil, err
	}
	c := &cell{node: n, style: &n.ctx.style, el: re, col: col}
	var err error
	if c.cols, err = span(n, "colspan", maxColumns); err != nil {
		return nil, err
	}
	if c.rows, err = span(n, "rowspan", 1000); err != nil {
		return nil, err
	}
	if !g.data {
		if n.tag == "th" {
			return nil, errorAt(n.pos, "<th> in a table with role=\"presentation\"")
		}
		return c, nil
	}
	c.el = g.l.newElem(elements[n.tag].role, re)
	c.el.attrs, err = cellAttrs(n, c)
	return c, err
}

func span(n *node, attr string, most int) (int, error) {
	v := n.attr(attr)
	if v == "" {
		return 1, nil
	}
	k, err := strconv.Atoi(v)
	if err != nil || k < 1 || k > most {
		return 0, errorAt(n.pos, "%s=%q is not a number from 1 to %d", attr, v, most)
	}
	return k, nil
}

// cellAttrs are the table attributes of ISO 32000-1 § 14.8.5.7. Every header
// cell has a Scope, which ISO 14289-1 § 7.5 asks for.
func cellAttrs(n *node, c *cell) ([]byte, error) {
	if n.tag == "td" && c.cols == 1 && c.rows == 1 {
		return nil, nil
	}
	b := []byte("<</O/Table")
	if n.tag == "th" {
		switch n.attr("scope") {
		case "", "col":
			b = append(b, "/Scope/Column"...)
		case "row":
			b = append(b, "/Scope/Row"...)
		default:
			return nil, errorAt(n.pos, "scope=%q is neither row nor col", n.attr("scope"))
		}
	}
	if c.cols > 1 {
		b = strconv.AppendInt(append(b, "/ColSpan "...), int64(c.cols), 10)
	}
	if c.rows > 1 {
		b = strconv.AppendInt(append(b, "/RowSpan "...), int64(c.rows), 10)
	}
	return append(b, ">>"...), nil
}

// row sets the cells of r in their columns.
func (l *layout) row(r *row, t *table) error {
	for _, c := range r.cells {
		for i := range c.col {
			c.x += t.cols[i]
		}
		for i := c.col; i < c.col+c.cols; i++ {
			c.width += t.cols[i]
		}
		c.pad = c.padding(c.width)
		fields := len(l.fields)
		inner := c.width - c.pad[left] - c.pad[right]
		if inner < 1 {
			return errorAt(c.node.pos, "no width is left in the cell")
		}
		var f flow
		if err := l.children(c.node, &f, c.pad[left], inner, c.el, r.el != nil); err != nil {
			return err
		}
		if r.header && len(l.fields) > fields {
			return errorAt(c.node.pos, "a signature field cannot stand in a repeated header row")
		}
		c.items = f.items
		c.content = f.height() + c.pad[top] + c.pad[bottom]
		c.height = max(c.content, c.style.height.of(c.style.size, 0), c.style.minHeight.of(c.style.size, 0))
	}
	return l.tick()
}

// padding of a cell includes half of its borders, which neighbours share.
func (c *cell) padding(width float64) edges {
	p := c.style.edge(&c.style.padding, width)
	for i := range p {
		p[i] += c.style.border[i].width / 2
	}
	return p
}

// heights gives each row the height of its highest cell, and the last row of
// a spanning cell what that cell still needs.
func (t *table) heights() {
	ending := map[int][]*cell{} // cells that span rows, by their last row
	starts := map[*cell]int{}
	for i, r := range t.rows {
		for _, c := range r.cells {
			if c.rows == 1 {
				r.h = max(r.h, c.height)
				continue
			}
			starts[c] = i
			ending[i+c.rows-1] = append(ending[i+c.rows-1], c)
		}
		for _, c := range ending[i] {
			have := 0.0
			for _, above := range t.rows[starts[c]:i] {
				have += above.h
			}
			r.h = max(r.h, c.height-have)
		}
	}
	for i, r := range t.rows {
		for _, c := range r.cells {
			for _, covered := range t.rows[i : i+c.rows] {
				c.full += covered.h
			}
		}
	}
}
