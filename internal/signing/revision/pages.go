package revision

import "docsvc/internal/pdf"

// explainPages allows the annotations of a page to grow by the widgets of
// signature fields that were added. It walks the page tree only when something
// is still to be explained.
func (c *comparison) explainPages() error {
	if len(c.widgets) == 0 {
		return nil // then no page may change, and checkLeftOver says so
	}
	catalog, err := c.old.Catalog()
	if err != nil {
		return err
	}
	return c.pageNode(catalog.Get("Pages"), 0, map[int]bool{})
}

func (c *comparison) pageNode(o pdf.Object, depth int, seen map[int]bool) error {
	r, ok := o.(pdf.Ref)
	if !ok || seen[r.Num] || depth > maxDepth {
		return forbidden("the page tree is not a tree")
	}
	seen[r.Num] = true
	node, err := c.old.Dict(r)
	if err != nil {
		return err
	}
	if node.Get("Type") != pdf.Name("Pages") {
		return c.page(r, node)
	}
	kids, err := c.old.Array(node.Get("Kids"))
	if err != nil {
		return err
	}
	for _, k := range kids {
		if err := c.pageNode(k, depth+1, seen); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) page(r pdf.Ref, before *pdf.Dict) error {
	now, err := c.new.Dict(r)
	if err != nil {
		return err
	}
	if _, ok := c.isChanged(r); ok {
		for _, d := range differences(before, now) {
			if _, isRef := d.now.(pdf.Ref); d.key != "Annots" || isRef {
				return forbidden("page %d, entry %s", r.Num, d.key)
			}
		}
		c.explained[r.Num] = true
	}
	a, err := c.old.Array(before.Get("Annots"))
	if err != nil {
		return err
	}
	b, err := c.new.Array(now.Get("Annots"))
	if err != nil {
		return err
	}
	if !hasPrefix(b, a) {
		return forbidden("annotations of page %d were removed or replaced", r.Num)
	}
	for _, w := range b[len(a):] {
		if ref, ok := w.(pdf.Ref); !ok || !c.widgets[ref] {
			return forbidden("page %d received an annotation that is no signature field", r.Num)
		}
	}
	if list, ok := c.isChanged(before.Get("Annots")); ok {
		c.own(list)
	}
	return nil
}
