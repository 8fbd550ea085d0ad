package typeset

import "strconv"

// list sets <ol> and <ul>.
func (l *layout) list(n *node, f *flow, x, width float64, el *elem) error {
	e := l.newElem("L", el)
	number := 1
	if v := n.attr("start"); v != "" {
		var err error
		if number, err = strconv.Atoi(v); err != nil || number < 0 || number > 99999 {
			return errorAt(n.pos, "start=%q is not a number", v)
		}
	}
	return l.framed(n, f, x, width, func(x, width float64) error {
		for _, li := range n.kids {
			if err := l.css.resolve(li, n.ctx); err != nil {
				return err
			}
			kind := li.ctx.style.list
			if kind == listAuto {
				kind = listDecimal
				if n.tag == "ul" {
					kind = listDisc
				}
			}
			e.attrs = listAttrs[kind]
			if err := l.listItem(li, f, x, width, e, marker(kind, number)); err != nil {
				return err
			}
			number++
		}
		return nil
	})
}

func (l *layout) listItem(li *node, f *flow, x, width float64, list *elem, mark string) error {
	st := &li.ctx.style
	item := l.newElem("LI", list)
	lbl, body := l.newElem("Lbl", item), l.newElem("LBody", item)
	if mark != "" {
		sh, missing := l.e.word(st.face, mark)
		if missing != 0 {
			return &glyphError{li.pos, missing, mark}
		}
		l.label = &label{text: sh, width: sh.width * st.size / 1000, style: st, el: lbl}
	}
	m := st.edge(&st.margin, width)
	f.margin(m[top])
	first := len(f.items)
	err := l.framed(li, f, x+m[left], width-m[left]-m[right], func(x, width float64) error {
		return l.children(li, f, x, width, body, true)
	})
	l.label = nil
	if st.keepInside {
		for i := first; i < len(f.items)-1; i++ {
			f.items[i].keep = true
		}
	}
	f.margin(m[bottom])
	return err
}

// listAttrs are the list attributes of ISO 32000-1 § 14.8.5.5.
var listAttrs = map[listKind][]byte{
	listDecimal: []byte("<</O/List/ListNumbering/Decimal>>"),
	listAlpha:   []byte("<</O/List/ListNumbering/LowerAlpha>>"),
	listDisc:    []byte("<</O/List/ListNumbering/Disc>>"),
	listDash:    []byte("<</O/List/ListNumbering/Disc>>"),
	listNone:    []byte("<</O/List/ListNumbering/None>>"),
}

func marker(kind listKind, n int) string {
	switch kind {
	case listDecimal:
		return itoa(n) + "."
	case listAlpha:
		if n >= 1 && n <= 26 {
			return string(rune('a'+n-1)) + ")"
		}
		return itoa(n) + ")"
	case listDisc:
		return "•"
	case listDash:
		return "–"
	}
	return ""
}
