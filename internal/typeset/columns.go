package typeset

// columns finds the widths of t's columns: those given by cells, then the rest
// shared by what the cells of the other columns need.
func (l *layout) columns(n *node, t *table, width float64) error {
	count := 0
	for _, c := range t.rows[0].cells {
		count = max(count, c.col+c.cols)
	}
	t.cols = make([]float64, count)
	given := make([]bool, count)
	rest, open := width, count
	for _, r := range t.rows {
		for _, c := range r.cells {
			w := c.style.width
			if w.u == auto || c.cols > 1 || given[c.col] {
				continue
			}
			t.cols[c.col] = w.of(c.style.size, width)
			given[c.col] = true
			rest -= t.cols[c.col]
			open--
		}
	}
	if rest < -0.5 {
		return errorAt(n.pos, "the columns are together wider than the table")
	}
	if open == 0 {
		// Percentages that do not add up to 100 are stretched to the width.
		k := width / (width - rest)
		for i := range t.cols {
			t.cols[i] *= k
		}
		return nil
	}
	least, most, err := l.needs(t, given)
	if err != nil {
		return err
	}
	share(t.cols, given, least, most, rest)
	for _, w := range t.cols {
		if w < 1 {
			return errorAt(n.pos, "a column has no width")
		}
	}
	return nil
}

// needs measures the columns whose width is not given: the widest
// unbreakable word and the widest line of their single-column cells.
func (l *layout) needs(t *table, given []bool) (least, most []float64, err error) {
	least, most = make([]float64, len(given)), make([]float64, len(given))
	for _, r := range t.rows {
		for _, c := range r.cells {
			if c.cols > 1 || given[c.col] {
				continue
			}
			lo, hi, err := l.extent(c.node)
			if err != nil {
				return nil, nil, err
			}
			p := c.padding(0)
			least[c.col] = max(least[c.col], lo+p[left]+p[right])
			most[c.col] = max(most[c.col], hi+p[left]+p[right])
		}
	}
	return least, most, nil
}

// share divides rest among the columns not given: their full need if there is
// room, else at least their widest word, else what is fair.
func share(cols []float64, given []bool, least, most []float64, rest float64) {
	var open []int
	sumLeast, sumMost := 0.0, 0.0
	for i := range cols {
		if !given[i] {
			open = append(open, i)
			sumLeast += least[i]
			sumMost += most[i]
		}
	}
	if sumLeast > rest {
		squeeze(cols, open, least, rest)
		return
	}
	for _, i := range open {
		switch {
		case sumMost <= 0:
			cols[i] = rest / float64(len(open))
		case sumMost <= rest:
			cols[i] = most[i] * rest / sumMost
		default:
			cols[i] = least[i] + (most[i]-least[i])*(rest-sumLeast)/(sumMost-sumLeast)
		}
	}
}

// squeeze gives narrow columns what they need and lets the others, whose
// words will be cut, share the rest evenly.
func squeeze(cols []float64, open []int, least []float64, rest float64) {
	for len(open) > 0 {
		fair := rest / float64(len(open))
		var wide []int
		for _, i := range open {
			if least[i] > fair {
				wide = append(wide, i)
				continue
			}
			cols[i] = least[i]
			rest -= least[i]
		}
		if len(wide) == len(open) {
			for _, i := range wide {
				cols[i] = fair
			}
			return
		}
		open = wide
	}
}

// extent measures the content of n: its widest unbreakable piece and its
// widest line.
func (l *layout) extent(n *node) (least, most float64, err error) {
	c := l.collect()
	defer l.release(c)
	scratch := l.newElem("Div", nil)
	flush := func() {
		if len(c.words) > 0 {
			a, b := c.take(&n.ctx.style, scratch).extent()
			least, most = max(least, a), max(most, b+0.01)
		}
	}
	for _, k := range n.kids {
		if k.tag == "" || elements[k.tag].inline {
			if err := c.node(k, n.ctx, scratch); err != nil {
				return 0, 0, err
			}
			continue
		}
		flush()
		if err := l.css.resolve(k, n.ctx); err != nil {
			return 0, 0, err
		}
		a, b, err := l.extent(k)
		if err != nil {
			return 0, 0, err
		}
		st := &k.ctx.style
		m, p := st.edge(&st.margin, 0), st.edge(&st.padding, 0)
		side := m[left] + m[right] + p[left] + p[right] + st.border[left].width + st.border[right].width
		if st.width.u == points || st.width.u == ems {
			w := st.width.of(st.size, 0)
			a, b = max(a, w), max(a, w)
		}
		least, most = max(least, a+side), max(most, b+side)
	}
	flush()
	return least, most, l.tick()
}
