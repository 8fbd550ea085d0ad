package conform

import (
	"slices"

	"docsvc/internal/pdf"
)

// pages gives the pages of a page tree without branches, as the typesetter
// makes it.
func (r *report) pages() []*pdf.Dict {
	cat, err := r.doc.Catalog()
	if err != nil {
		return nil
	}
	root := r.dict(cat.Get("Pages"))
	var pages []*pdf.Dict
	for _, kid := range r.array(root.Get("Kids")) {
		page := r.dict(kid)
		if page.Get("StructParents") == nil {
			r.fault("PDF/UA 7.1", "page %d has no marked content", len(pages)+1)
		}
		if page.Get("Annots") != nil && page.Get("Tabs") != pdf.Name("S") {
			r.fault("PDF/UA 7.18.3", "tab order of page %d is not that of the structure", len(pages)+1)
		}
		pages = append(pages, page)
	}
	if root.Get("Count") != int64(len(pages)) {
		r.fault("ISO 32000-1", "%v pages counted", root.Get("Count"))
	}
	return pages
}

// form checks the interactive form (§ 6.4.1).
func (r *report) form() {
	cat, err := r.doc.Catalog()
	if err != nil || cat.Get("AcroForm") == nil {
		return
	}
	form := r.dict(cat.Get("AcroForm"))
	for _, e := range form.Entries {
		if !slices.Contains([]pdf.Name{"Fields", "SigFlags"}, e.Key) {
			r.fault("PDF/A 6.4.1", "the form has %s", e.Key)
		}
	}
	names := map[string]bool{}
	for _, f := range r.array(form.Get("Fields")) {
		field := r.dict(f)
		name, _ := field.Get("T").(pdf.String)
		if field.Get("FT") != pdf.Name("Sig") || len(name) == 0 || names[string(name)] {
			r.fault("ISO 32000-1", "field %q is no signature field, or its name stands twice", name)
		}
		names[string(name)] = true
		if tu, _ := field.Get("TU").(pdf.String); len(tu) == 0 {
			r.fault("PDF/UA 7.18.1", "field %q has no description", name)
		}
		r.signature(name, field.Get("V"))
	}
}

// signature checks the dictionary of a signature (§ 6.4.3).
func (r *report) signature(name pdf.String, v pdf.Object) {
	if v == nil {
		return
	}
	sig := r.dict(v)
	span := r.array(sig.Get("ByteRange"))
	hole, _ := sig.Get("Contents").(pdf.String)
	if len(span) != 4 || span[0] != int64(0) || len(hole) == 0 || sig.Get("SubFilter") == nil {
		r.fault("PDF/A 6.4.3", "signature in %q", name)
		return
	}
	// All but the value is covered: it is two hexadecimal digits a byte, in
	// angle brackets.
	first, _ := span[1].(int64)
	if second, _ := span[2].(int64); second-first != int64(2*len(hole)+2) {
		r.fault("PDF/A 6.4.3", "the signature in %q leaves out %d bytes for a value of %d", name, second-first, len(hole))
	}
}

// The flags of ISO 32000-1 table 165 that PDF/A wants clear, and the one it
// wants set.
const (
	flagPrint  = 1 << 2
	flagsClear = 1<<0 | 1<<1 | 1<<5 | 1<<8 // Invisible, Hidden, NoView, ToggleNoView
)

// annotations checks every annotation, and that the structure tree knows those
// that one sees.
func (r *report) annotations(pages []*pdf.Dict) {
	parents := r.parentTree()
	var seen pdf.Array
	for i, page := range pages {
		for _, a := range r.array(page.Get("Annots")) {
			seen = append(seen, a)
			annot := r.dict(a)
			name, _ := annot.Get("T").(pdf.String)
			if annot.Get("Subtype") != pdf.Name("Widget") {
				r.fault("PDF/A 6.3.1", "an annotation on page %d is no widget", i+1)
			}
			if flags, ok := annot.Get("F").(int64); !ok || flags&flagPrint == 0 || flags&flagsClear != 0 {
				r.fault("PDF/A 6.3.2", "flags of widget %q are %v", name, annot.Get("F"))
			}
			if annot.Get("A") != nil || annot.Get("AA") != nil {
				r.fault("PDF/A 6.4.1", "widget %q has an action", name)
			}
			if !empty(r.array(annot.Get("Rect"))) { // one that nobody sees has no place in the tree
				r.visible(name, a, annot, parents)
			}
		}
	}
	cat, err := r.doc.Catalog()
	if err != nil || cat.Get("AcroForm") == nil {
		return
	}
	for _, f := range r.array(r.dict(cat.Get("AcroForm")).Get("Fields")) {
		if !slices.Contains(seen, f) {
			r.fault("ISO 32000-1", "field %v is on no page", f)
		}
	}
}

// empty says whether a rectangle has no area: such a widget needs no appearance
// (PDF/A 6.3.3), and it lies outside of every page (PDF/UA 7.18.1).
func empty(rect pdf.Array) bool {
	return len(rect) == 4 && rect[0] == rect[2] && rect[1] == rect[3]
}

// visible checks appearance and tag of a widget that one sees.
func (r *report) visible(name pdf.String, ref pdf.Object, annot *pdf.Dict, parents map[int64]pdf.Object) {
	ap := r.dict(annot.Get("AP"))
	if len(ap.Entries) != 1 || ap.Get("N") == nil {
		r.fault("PDF/A 6.3.3", "appearance of widget %q", name)
	} else if d, _ := r.stream(ap.Get("N")); d.Get("Subtype") != pdf.Name("Form") {
		r.fault("PDF/A 6.3.3", "appearance of widget %q is no form", name)
	}
	key, ok := annot.Get("StructParent").(int64)
	if !ok {
		r.fault("PDF/UA 7.18.1", "widget %q is not in the structure tree", name)
		return
	}
	el := r.dict(parents[key])
	if el.Get("S") != pdf.Name("Form") {
		r.fault("PDF/UA 7.18.4", "widget %q is in %v, not in Form", name, el.Get("S"))
	}
	if alt, _ := el.Get("Alt").(pdf.String); len(alt) == 0 {
		r.fault("PDF/UA 7.18.1", "the Form of widget %q has no text", name)
	}
	for _, k := range r.array(el.Get("K")) {
		if d, ok := k.(*pdf.Dict); ok && d.Get("Type") == pdf.Name("OBJR") && d.Get("Obj") == ref {
			return
		}
	}
	r.fault("PDF/UA 7.18.4", "the Form of widget %q does not refer to it", name)
}

// parentTree reads the number tree of the structure.
func (r *report) parentTree() map[int64]pdf.Object {
	cat, err := r.doc.Catalog()
	if err != nil {
		return nil
	}
	root := r.dict(cat.Get("StructTreeRoot"))
	if len(r.array(root.Get("K"))) == 0 {
		r.fault("PDF/UA 7.1", "the structure tree is empty")
	}
	parents := map[int64]pdf.Object{}
	nums := r.array(r.dict(root.Get("ParentTree")).Get("Nums"))
	for i := 0; i+1 < len(nums); i += 2 {
		if key, ok := nums[i].(int64); ok {
			parents[key] = nums[i+1]
		}
	}
	return parents
}
