package signing

import (
	"fmt"

	"docsvc/internal/pdf"
)

// field is one signature field of the AcroForm.
type field struct {
	name  string // fully qualified, ISO 32000-1 § 12.7.3.2
	ref   pdf.Ref
	dict  *pdf.Dict
	value pdf.Object // V as it stands: nil, or a reference if all is well
}

const (
	maxFields     = 10_000
	maxFieldDepth = 16
)

// signatureFields lists the signature fields in the order of the form.
func signatureFields(d *pdf.Document) ([]field, error) {
	form, err := acroForm(d)
	if err != nil || form == nil {
		return nil, err
	}
	w := fieldWalk{doc: d, seen: map[int]bool{}}
	if err := w.kids(form.Get("Fields"), "", nil, 0); err != nil {
		return nil, fmt.Errorf("reading the form's fields: %w", err)
	}
	return w.found, nil
}

// acroForm returns nil when the file has no form.
func acroForm(d *pdf.Document) (*pdf.Dict, error) {
	catalog, err := d.Catalog()
	if err != nil {
		return nil, err
	}
	if catalog.Get("AcroForm") == nil {
		return nil, nil
	}
	form, err := d.Dict(catalog.Get("AcroForm"))
	if err != nil {
		return nil, fmt.Errorf("reading the form: %w", err)
	}
	return form, nil
}

type fieldWalk struct {
	doc   *pdf.Document
	seen  map[int]bool
	found []field
}

func (w *fieldWalk) kids(o pdf.Object, prefix string, inherited pdf.Object, depth int) error {
	list, err := w.doc.Array(o)
	if err != nil {
		return err
	}
	if depth > maxFieldDepth {
		return fmt.Errorf("%w: nesting of fields", pdf.ErrLimit)
	}
	for _, k := range list {
		ref, ok := k.(pdf.Ref)
		if !ok || w.seen[ref.Num] {
			return fmt.Errorf("%w: fields must be distinct indirect objects", pdf.ErrSyntax)
		}
		if len(w.seen) >= maxFields {
			return fmt.Errorf("%w: fields", pdf.ErrLimit)
		}
		w.seen[ref.Num] = true
		if err := w.field(ref, prefix, inherited, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *fieldWalk) field(ref pdf.Ref, prefix string, kind pdf.Object, depth int) error {
	dict, err := w.doc.Dict(ref)
	if err != nil {
		return fmt.Errorf("field %d: %w", ref.Num, err)
	}
	name := prefix
	partial, err := w.doc.Resolve(dict.Get("T"))
	if err != nil {
		return err
	}
	if t, ok := partial.(pdf.String); ok {
		if name != "" {
			name += "."
		}
		name += pdf.DecodeText(t)
	}
	if ft := dict.Get("FT"); ft != nil {
		kind = ft
	}
	if kind == pdf.Name("Sig") && (dict.Get("T") != nil || dict.Get("V") != nil) {
		w.found = append(w.found, field{name, ref, dict, dict.Get("V")})
	}
	if dict.Get("Kids") == nil {
		return nil
	}
	return w.kids(dict.Get("Kids"), name, kind, depth+1)
}
