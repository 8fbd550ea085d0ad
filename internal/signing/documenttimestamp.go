package signing

import (
	"errors"
	"fmt"
	"slices"

	"docsvc/internal/pdf"
)

// What readers of the form are told of a document time-stamp: the start of its
// field's name, and the words for who hears the page (PDF/UA-1 § 7.18.1).
const (
	timestampField   = "vaxt"
	timestampTooltip = "Arxiv vaxt möhürü"
)

// reserveTimestamp adds a document time-stamp over the whole file in an update
// of its own (EN 319 142-1 § 5.4.3), with a hole for the token. file may be
// appended to in place.
func reserveTimestamp(file []byte, room int, limits pdf.Limits) ([]byte, hole, error) {
	doc, err := pdf.Open(file, limits)
	if err != nil {
		return nil, hole{}, err
	}
	u, err := pdf.NewUpdate(doc)
	if err != nil {
		return nil, hole{}, err
	}
	u.Grow(2*room + 2*holeOverhead)
	value := u.New()
	if err := addInvisibleField(doc, u, value); err != nil {
		return nil, hole{}, err
	}
	h := putHole(u, value, pdf.NewDict(
		pdf.Entry{Key: "Type", Value: pdf.Name("DocTimeStamp")},
		pdf.Entry{Key: "Filter", Value: pdf.Name("Adobe.PPKLite")},
		pdf.Entry{Key: "SubFilter", Value: documentTimestamp},
		pdf.Entry{Key: "V", Value: int64(0)},
	), room)
	file = u.AppendTo(file)
	h.setRange(file)
	return file, h, nil
}

// addInvisibleField hangs a signature field with its value into the form and
// on the first page. Both lists are written where they are used, in the page
// and in the form, even if they had objects of their own: such an object may
// serve both, and must then not change.
func addInvisibleField(doc *pdf.Document, u *pdf.Update, value pdf.Ref) error {
	catalog, err := doc.Catalog()
	if err != nil {
		return err
	}
	form, err := acroForm(doc)
	if err != nil {
		return err
	}
	if form == nil {
		return ErrForm
	}
	fields, err := doc.Array(form.Get("Fields"))
	if err != nil {
		return fmt.Errorf("reading the form's fields: %w", err)
	}
	name, err := freeName(doc, fields)
	if err != nil {
		return err
	}
	page, at, err := firstPage(doc, catalog)
	if err != nil {
		return err
	}
	annots, err := doc.Array(page.Get("Annots"))
	if err != nil {
		return fmt.Errorf("reading the page's annotations: %w", err)
	}
	widget := u.New()
	u.Put(widget, pdf.NewDict(
		pdf.Entry{Key: "Type", Value: pdf.Name("Annot")},
		pdf.Entry{Key: "Subtype", Value: pdf.Name("Widget")},
		pdf.Entry{Key: "FT", Value: pdf.Name("Sig")},
		pdf.Entry{Key: "T", Value: pdf.TextString(name)},
		pdf.Entry{Key: "TU", Value: pdf.TextString(timestampTooltip)},
		pdf.Entry{Key: "F", Value: int64(132)}, // Print and Locked, as PDF/A wants
		pdf.Entry{Key: "Rect", Value: pdf.Array{int64(0), int64(0), int64(0), int64(0)}},
		pdf.Entry{Key: "P", Value: at},
		pdf.Entry{Key: "V", Value: value},
	))
	page = page.Clone()
	page.Set("Annots", append(slices.Clone(annots), widget))
	u.Put(at, page)

	form = form.Clone()
	form.Set("Fields", append(slices.Clone(fields), widget))
	form.Set("SigFlags", int64(3)) // ISO 32000-1 table 219: signatures exist, append only
	if r, ok := catalog.Get("AcroForm").(pdf.Ref); ok {
		u.Put(r, form)
		return nil
	}
	catalog = catalog.Clone()
	catalog.Set("AcroForm", form)
	u.Put(doc.Root(), catalog)
	return nil
}

// freeName is a name that no field of the form begins with.
func freeName(doc *pdf.Document, fields pdf.Array) (string, error) {
	if len(fields) > maxFields {
		return "", fmt.Errorf("%w: fields", pdf.ErrLimit)
	}
	taken := map[string]bool{}
	for _, f := range fields {
		d, err := doc.Dict(f)
		if err != nil {
			return "", fmt.Errorf("reading a field: %w", err)
		}
		name, err := doc.Resolve(d.Get("T"))
		if err != nil {
			return "", fmt.Errorf("reading a field's name: %w", err)
		}
		if t, ok := name.(pdf.String); ok {
			taken[pdf.DecodeText(t)] = true
		}
	}
	for n := 1; ; n++ {
		if name := fmt.Sprintf("%s%d", timestampField, n); !taken[name] {
			return name, nil
		}
	}
}

// firstPage goes down the page tree on its left side.
func firstPage(doc *pdf.Document, catalog *pdf.Dict) (*pdf.Dict, pdf.Ref, error) {
	next := catalog.Get("Pages")
	for range maxPageDepth {
		at, ok := next.(pdf.Ref)
		if !ok {
			break
		}
		node, err := doc.Dict(at)
		if err != nil {
			return nil, at, fmt.Errorf("reading the page tree: %w", err)
		}
		if node.Get("Type") != pdf.Name("Pages") {
			return node, at, nil
		}
		kids, err := doc.Array(node.Get("Kids"))
		if err != nil {
			return nil, at, fmt.Errorf("reading the page tree: %w", err)
		}
		if len(kids) == 0 {
			break
		}
		next = kids[0]
	}
	return nil, pdf.Ref{}, errors.New("the file has no first page")
}

const maxPageDepth = 32 // as package revision, which has to find the page again
