package signingtest

import (
	"bytes"
	"fmt"

	"docsvc/internal/pdf"
)

// PDF makes a small file of one page with reserved, visible signature fields of
// the given names, as the typesetter would. size pads it with an uncompressed
// attachment-like stream to about that many bytes.
func PDF(size int, fields ...string) []byte {
	const (
		catalog = iota + 1
		pages
		page
		content
		font
		appearance
		padding
		firstField
	)
	ref := func(n int) pdf.Ref { return pdf.Ref{Num: n} }
	dict := func(kv ...any) *pdf.Dict {
		d := &pdf.Dict{}
		for i := 0; i < len(kv); i += 2 {
			d.Set(pdf.Name(kv[i].(string)), kv[i+1])
		}
		return d
	}
	name := func(s string) pdf.Name { return pdf.Name(s) }
	rect := func(a, b, c, d int64) pdf.Array { return pdf.Array{a, b, c, d} }
	var widgets pdf.Array
	for i := range fields {
		widgets = append(widgets, ref(firstField+i))
	}
	line := []byte("0123456789abcdef\n")
	pad := bytes.Repeat(line, size/len(line)+1)[:size]
	objects := []pdf.Object{
		nil,
		dict("Type", name("Catalog"), "Pages", ref(pages), "AcroForm", dict("Fields", widgets, "SigFlags", int64(3)), "Padding", ref(padding)),
		dict("Type", name("Pages"), "Kids", pdf.Array{ref(page)}, "Count", int64(1)),
		dict("Type", name("Page"), "Parent", ref(pages), "MediaBox", rect(0, 0, 595, 842), "Contents", ref(content),
			"Resources", dict("Font", dict("F1", ref(font))), "Annots", widgets),
		&pdf.Stream{Dict: dict(), Raw: []byte("BT /F1 24 Tf 72 720 Td (Borc 6180,45) Tj ET")},
		dict("Type", name("Font"), "Subtype", name("Type1"), "BaseFont", name("Helvetica")),
		&pdf.Stream{Dict: dict("Type", name("XObject"), "Subtype", name("Form"), "BBox", rect(0, 0, 200, 40)), Raw: []byte("0 0 200 40 re S")},
		&pdf.Stream{Dict: dict(), Raw: pad},
	}
	for i, f := range fields {
		y := int64(100 + 50*i)
		objects = append(objects, dict("Type", name("Annot"), "Subtype", name("Widget"), "FT", name("Sig"), "T", pdf.TextString(f),
			"F", int64(4), "P", ref(page), "Rect", rect(72, y, 272, y+40), "AP", dict("N", ref(appearance))))
	}
	return write(objects, catalog)
}

func write(objects []pdf.Object, root int) []byte {
	b := []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, len(objects))
	for i, o := range objects[1:] {
		offsets[i+1] = len(b)
		b = fmt.Appendf(b, "%d 0 obj\n", i+1)
		b = pdf.AppendObject(b, o)
		b = append(b, "\nendobj\n"...)
	}
	start := len(b)
	b = fmt.Appendf(b, "xref\n0 %d\n0000000000 65535 f\r\n", len(objects))
	for _, o := range offsets[1:] {
		b = fmt.Appendf(b, "%010d 00000 n\r\n", o)
	}
	return fmt.Appendf(b, "trailer\n<</Size %d/Root %d 0 R/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]>>\nstartxref\n%d\n%%%%EOF\n", len(objects), root, start)
}
