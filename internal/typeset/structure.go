package typeset

// elem is an element of the structure tree (ISO 32000-1 § 14.7.2). It joins
// its parent when something of it is first painted, so the tree is in reading
// order and has no empty branches.
type elem struct {
	role     string
	parent   *elem
	kids     []kid
	attached bool
	alt      string
	lang     string
	attrs    []byte // value of the A entry
	obj      int    // object number while writing
}

// kid is a child of an elem: another elem, a piece of marked content, or an
// annotation.
type kid struct {
	elem  *elem
	page  int // index
	id    int // MCID, or index of the field
	annot bool
}

func (l *layout) newElem(role string, parent *elem) *elem {
	const chunk = 64
	if len(l.elems) == 0 {
		l.elems = make([]elem, chunk)
	}
	e := &l.elems[0]
	l.elems = l.elems[1:]
	e.role, e.parent = role, parent
	return e
}

// attach puts e, and first its ancestors, into the tree.
func (e *elem) attach() {
	if e.attached {
		return
	}
	e.attached = true
	if e.parent != nil {
		e.parent.attach()
		e.parent.kids = append(e.parent.kids, kid{elem: e})
	}
}
