package conform

import (
	"bytes"

	"docsvc/internal/pdf"
)

// Kept lists what a later revision of a file changed of an earlier one, apart
// from what signing may: values of fields, the list of fields and of the first
// page's annotations, DSS and Perms of the catalog.
func Kept(before, after []byte) []string {
	if !bytes.HasPrefix(after, before) {
		return []string{"the later file does not begin with the earlier one"}
	}
	a, err := pdf.Open(before, pdf.DefaultLimits())
	if err != nil {
		return []string{err.Error()}
	}
	b, err := pdf.Open(after, pdf.DefaultLimits())
	if err != nil {
		return []string{err.Error()}
	}
	c := &comparison{report: report{doc: b}, old: a}
	idA, idB := c.array(a.Trailer().Get("ID")), c.array(b.Trailer().Get("ID"))
	if len(idA) != 2 || len(idB) != 2 || !same(idA[0], idB[0]) {
		c.fault("PDF/A 6.1.3", "the first part of ID changed")
	}
	if !same(a.Trailer().Get("Info"), b.Trailer().Get("Info")) {
		c.fault("PDF/A 6.6.3", "another Info")
	}
	for num := 1; num < a.Len(); num++ {
		c.object(num)
	}
	return c.faults
}

type comparison struct {
	report
	old *pdf.Document
}

// object compares one object of the earlier revision with its later self.
func (c *comparison) object(num int) {
	if c.old.Location(num) == c.doc.Location(num) {
		return
	}
	x, err1 := c.old.Object(num)
	y, err2 := c.doc.Object(num)
	was, ok1 := x.(*pdf.Dict)
	is, ok2 := y.(*pdf.Dict)
	if err1 != nil || err2 != nil || !ok1 || !ok2 {
		if !same(x, y) {
			c.fault("object", "%d changed", num)
		}
		return
	}
	free := map[pdf.Name]bool{}
	for _, key := range mayChange(was) {
		free[key] = true
	}
	for _, d := range []*pdf.Dict{was, is} {
		for _, e := range d.Entries {
			if !free[e.Key] && !same(was.Get(e.Key), is.Get(e.Key)) {
				c.fault("object", "%d: %s changed", num, e.Key)
				free[e.Key] = true // told once
			}
		}
	}
}

// mayChange names the entries of a dictionary that signing changes.
func mayChange(d *pdf.Dict) []pdf.Name {
	switch {
	case d.Get("Type") == pdf.Name("Catalog"):
		return []pdf.Name{"DSS", "Perms", "Extensions"}
	case d.Get("Type") == pdf.Name("Page"):
		return []pdf.Name{"Annots"}
	case d.Get("FT") == pdf.Name("Sig"):
		return []pdf.Name{"V"}
	case d.Get("SigFlags") != nil:
		return []pdf.Name{"Fields"}
	case d.Get("Type") == pdf.Name("DSS"), d.Get("Certs") != nil, d.Get("OCSPs") != nil, d.Get("CRLs") != nil:
		return []pdf.Name{"Certs", "OCSPs", "CRLs"}
	}
	return nil
}

func same(x, y pdf.Object) bool {
	return bytes.Equal(pdf.AppendObject(nil, x), pdf.AppendObject(nil, y))
}
