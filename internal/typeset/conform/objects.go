package conform

import (
	"slices"

	"docsvc/internal/pdf"
)

// objects looks at every object that can be reached from the trailer.
func (r *report) objects() {
	seen := map[int]bool{}
	var walk func(o pdf.Object)
	walk = func(o pdf.Object) {
		switch o := o.(type) {
		case pdf.Ref:
			if seen[o.Num] {
				return
			}
			seen[o.Num] = true
			value, err := r.doc.Object(o.Num)
			if err != nil || value == nil {
				r.fault("ISO 32000-1", "object %d: %v", o.Num, err)
				return
			}
			walk(value)
		case pdf.Array:
			for _, item := range o {
				walk(item)
			}
		case *pdf.Stream:
			r.streamDict(o.Dict)
			walk(o.Dict)
		case *pdf.Dict:
			r.forbidden(o)
			if o.Get("Type") == pdf.Name("Font") {
				r.font(o)
			}
			for _, e := range o.Entries {
				walk(e.Value)
			}
		}
	}
	walk(r.doc.Trailer())
}

// streamDict checks filters and references to the outside (§ 6.1.7).
func (r *report) streamDict(d *pdf.Dict) {
	if f := d.Get("Filter"); f != nil && f != pdf.Name("FlateDecode") {
		r.fault("PDF/A 6.1.7.2", "filter %v", f)
	}
	for _, key := range []pdf.Name{"F", "FFilter", "FDecodeParms"} {
		if d.Get(key) != nil {
			r.fault("PDF/A 6.1.7.1", "a stream has %s", key)
		}
	}
	if d.Get("Subtype") == pdf.Name("PS") || d.Get("OPI") != nil || d.Get("Ref") != nil {
		r.fault("PDF/A 6.2.9", "a form XObject has PS, OPI or Ref")
	}
	if d.Get("Interpolate") == true || d.Get("Alternates") != nil {
		r.fault("PDF/A 6.2.8", "an image has Interpolate or Alternates")
	}
}

var actions = []pdf.Name{
	"Launch", "Sound", "Movie", "ResetForm", "ImportData", "Hide", "SetOCGState", "Rendition", "Trans", "GoTo3DView", "JavaScript",
}

// forbidden finds actions, additional actions and scripts (§ 6.5).
func (r *report) forbidden(d *pdf.Dict) {
	if s, ok := d.Get("S").(pdf.Name); ok && slices.Contains(actions, s) {
		r.fault("PDF/A 6.5.1", "action %s", s)
	}
	for _, key := range []pdf.Name{"JS", "AA", "OpenAction", "XFA", "NeedAppearances", "OCProperties"} {
		if d.Get(key) != nil {
			r.fault("PDF/A 6.4, 6.5, 6.9", "%s", key)
		}
	}
}

// font checks that a font is embedded and says what its glyphs mean (§ 6.2.11).
func (r *report) font(d *pdf.Dict) {
	switch d.Get("Subtype") {
	case pdf.Name("Type0"):
		if d.Get("ToUnicode") == nil {
			r.fault("PDF/A 6.2.11.7", "font %v has no ToUnicode", d.Get("BaseFont"))
		}
	case pdf.Name("CIDFontType2"):
		if _, file := r.stream(r.dict(d.Get("FontDescriptor")).Get("FontFile2")); len(file) == 0 {
			r.fault("PDF/A 6.2.11.4", "font %v is not embedded", d.Get("BaseFont"))
		}
	default:
		r.fault("PDF/A 6.2.11.4", "font %v of type %v", d.Get("BaseFont"), d.Get("Subtype"))
	}
}
