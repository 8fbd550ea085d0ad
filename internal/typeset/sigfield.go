package typeset

import "regexp"

// field is a reserved signature field: a widget whose appearance is drawn when
// the document is made, because adding a visible one later would leave it out
// of the structure tree (ISO 14289-1 § 7.18).
type field struct {
	name, label   string
	width, height float64
	style         *style
	items         []item
	el            *elem
	pad           edges

	page int // index; set when painted
	rect [4]float64
	ap   []byte
}

var fieldName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

const maxFields = 64

// signatureField sets <signature-field name label>.
func (l *layout) signatureField(n *node, f *flow, x, width float64, el *elem) error {
	if l.page > 0 {
		return errorAt(n.pos, "a signature field cannot stand in a running header or footer")
	}
	fd := &field{name: n.attr("name"), label: n.attr("label"), style: &n.ctx.style}
	switch {
	case !fieldName.MatchString(fd.name):
		return errorAt(n.pos, "name=%q is not a name of letters, digits, - and _", fd.name)
	case l.names[fd.name]:
		return errorAt(n.pos, "two signature fields are called %q", fd.name)
	case fd.label == "":
		return errorAt(n.pos, "the signature field has no label")
	case len(l.fields) >= maxFields:
		return errorAt(n.pos, "the document has more than %d signature fields", maxFields)
	}
	l.names[fd.name] = true
	w, h, err := l.boxSize(n, width)
	if err != nil {
		return err
	}
	fd.width = width
	if w > 0 {
		fd.width = min(w, width)
	}
	st := fd.style
	fd.pad = st.edge(&st.padding, fd.width)
	for i := range fd.pad {
		fd.pad[i] += st.border[i].width
	}
	inner := fd.width - fd.pad[left] - fd.pad[right]
	if inner < 1 {
		return errorAt(n.pos, "no width is left in the signature field")
	}
	fd.el = l.newElem("Form", el)
	var content flow
	before := len(l.fields)
	if err := l.children(n, &content, fd.pad[left], inner, fd.el, true); err != nil {
		return err
	}
	if len(l.fields) != before {
		return errorAt(n.pos, "signature fields cannot be nested")
	}
	fd.items = content.items
	fd.height = max(h, st.minHeight.of(st.size, 0), content.height()+fd.pad[top]+fd.pad[bottom])
	if fd.height < 1 {
		return errorAt(n.pos, "the signature field has no height")
	}
	l.fields = append(l.fields, fd)
	f.push(item{kind: itemField, field: fd, x: x, h: fd.height})
	return nil
}

// boxSize reads width and height of an image or a field from its style, else
// from its attributes; 0 is not given.
func (l *layout) boxSize(n *node, whole float64) (w, h float64, err error) {
	read := func(attr string, fromStyle length) (float64, error) {
		v := fromStyle
		if s := n.attr(attr); v.u == auto && s != "" {
			var ok bool
			if v, ok = parseLength(s); !ok || v.v < 0 || v.u == auto {
				return 0, errorAt(n.pos, "%s=%q is not a length", attr, s)
			}
			if v.u == bare { // HTML counts pixels
				v = length{v.v * 0.75, points}
			}
		}
		if v.u == percent && attr == "height" || v.u == percent && whole == 0 {
			return 0, errorAt(n.pos, "%s cannot be a percentage here", attr)
		}
		return v.of(n.ctx.style.size, whole), nil
	}
	if w, err = read("width", n.ctx.style.width); err != nil {
		return 0, 0, err
	}
	h, err = read("height", n.ctx.style.height)
	return w, h, err
}
