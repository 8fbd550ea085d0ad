package revision

import (
	"slices"

	"docsvc/internal/pdf"
)

// checkSections requires that the file continues the signed revision: its
// chain of cross-reference sections ends with the signed one, and the sections
// before that lie in the appended bytes.
func (c *comparison) checkSections() error {
	before, after := c.old.Sections(), c.new.Sections()
	extra := len(after) - len(before)
	if extra < 0 || !slices.Equal(after[extra:], before) {
		return forbidden("the appended part does not continue the signed revision")
	}
	for _, offset := range after[:extra] {
		if offset < c.oldEnd {
			return forbidden("a cross-reference section points into the signed bytes")
		}
	}
	for _, offset := range c.new.Hybrid() { // poppler and MuPDF show different pages of one
		if offset >= c.oldEnd {
			return forbidden("an appended cross-reference section has a stream beside its table")
		}
	}
	return nil
}

// collect finds the objects that were added or changed.
func (c *comparison) collect() error {
	for num := range max(c.old.Len(), c.new.Len()) {
		a, b := c.old.Location(num), c.new.Location(num)
		if a == b && !c.movedContainer(b) {
			continue
		}
		if b.Kind == pdf.Free {
			return forbidden("object %d was deleted", num)
		}
		if b.Kind == pdf.InFile && b.Offset < c.oldEnd || b.Kind == pdf.InStream && c.old.Location(b.Offset) == c.new.Location(b.Offset) {
			return forbidden("object %d was redirected into the signed bytes", num)
		}
		if a.Kind == pdf.Free {
			c.touched[num] = added
			continue
		}
		if a.Gen != b.Gen {
			return forbidden("object %d has another generation", num)
		}
		c.touched[num] = changed
	}
	return nil
}

func (c *comparison) movedContainer(l pdf.Location) bool {
	return l.Kind == pdf.InStream && c.old.Location(l.Offset) != c.new.Location(l.Offset)
}

func (c *comparison) checkTrailer() error {
	for _, key := range []pdf.Name{"Root", "Info"} {
		if !equal(c.old.Trailer().Get(key), c.new.Trailer().Get(key)) {
			return forbidden("the trailer has another %s", key)
		}
	}
	// Objects from Size on do not exist for strict readers (ISO 32000-1 table
	// 15): a smaller one hides what was signed from them.
	size, ok := c.new.Trailer().Get("Size").(int64)
	if before, _ := c.old.Trailer().Get("Size").(int64); !ok || size < before {
		return forbidden("the trailer has a smaller Size")
	}
	return nil
}

// explainInfrastructure accepts new cross-reference and object streams: no page
// can show them, and what object streams hold is judged object by object.
func (c *comparison) explainInfrastructure() error {
	sections := c.new.Sections()
	for num, t := range c.touched {
		if t != added || c.explained[num] {
			continue
		}
		o, err := c.new.Object(num)
		if err != nil {
			return err
		}
		s, ok := o.(*pdf.Stream)
		if !ok {
			continue
		}
		switch s.Dict.Get("Type") {
		case pdf.Name("XRef"):
			c.explained[num] = slices.Contains(sections, c.new.Location(num).Offset)
		case pdf.Name("ObjStm"):
			c.explained[num] = true
		}
	}
	return nil
}

// checkReferences walks everything that the signed revision shows. It must not
// refer to an object that was added later, and must refer only once to a
// changed container.
func (c *comparison) checkReferences() error {
	w := referenceWalk{doc: c.old, count: map[int]int{}}
	for _, key := range []pdf.Name{"Root", "Info"} {
		if err := w.visit(c.old.Trailer().Get(key)); err != nil {
			return err
		}
	}
	for num := range w.count {
		if c.touched[num] == added {
			return forbidden("object %d, missing when the file was signed, was supplied later", num)
		}
	}
	for _, num := range c.single {
		if w.count[num] > 1 {
			return forbidden("object %d was changed and is used in several places", num)
		}
	}
	return nil
}

// referenceWalk counts the references to each object. It keeps a list of what
// to visit: a long chain of references must not become a deep stack.
type referenceWalk struct {
	doc   *pdf.Document
	count map[int]int
	skip  func(num int) bool // when not nil: references that are not followed
	todo  []int
}

// visit follows references from root to everything below.
func (w *referenceWalk) visit(root pdf.Object) error {
	w.note(root)
	for len(w.todo) > 0 {
		num := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		o, err := w.doc.Object(num)
		if err != nil {
			return err
		}
		w.note(o)
	}
	return nil
}

// note recurses into direct objects only, whose depth the parser bounds.
func (w *referenceWalk) note(o pdf.Object) {
	switch o := o.(type) {
	case pdf.Ref:
		if w.skip != nil && w.skip(o.Num) {
			return
		}
		if w.count[o.Num]++; w.count[o.Num] == 1 {
			w.todo = append(w.todo, o.Num)
		}
	case pdf.Array:
		for _, e := range o {
			w.note(e)
		}
	case *pdf.Dict:
		for _, e := range o.Entries {
			w.note(e.Value)
		}
	case *pdf.Stream:
		w.note(o.Dict)
	}
}
