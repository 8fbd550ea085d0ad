// Package conform says what in the structure of a file breaks PDF/A-3a (ISO
// 19005-3) or PDF/UA-1 (ISO 14289-1), as far as acts are concerned: the file as
// it was typeset and as it is after every signature, validation data and
// time-stamp. It is for tests. It does not look at glyphs and content streams,
// which signing never touches: [Kept] says whether that is so.
package conform

import (
	"bytes"
	"fmt"
	"slices"

	"docsvc/internal/pdf"
)

// report gathers faults.
type report struct {
	doc    *pdf.Document
	faults []string
}

func (r *report) fault(clause, format string, args ...any) {
	r.faults = append(r.faults, clause+": "+fmt.Sprintf(format, args...))
}

// dict, array and stream resolve an object. What is missing gives an empty one,
// what is something else a fault besides.
func (r *report) dict(o pdf.Object) *pdf.Dict {
	if o == nil {
		return &pdf.Dict{}
	}
	d, err := r.doc.Dict(o)
	if err != nil {
		r.fault("ISO 32000-1", "%v", err)
	}
	if d == nil {
		return &pdf.Dict{}
	}
	return d
}

func (r *report) array(o pdf.Object) pdf.Array {
	if o == nil {
		return nil
	}
	a, err := r.doc.Array(o)
	if err != nil {
		r.fault("ISO 32000-1", "%v", err)
	}
	return a
}

func (r *report) stream(o pdf.Object) (*pdf.Dict, []byte) {
	o, err := r.doc.Resolve(o)
	if err != nil {
		r.fault("ISO 32000-1", "%v", err)
	}
	s, ok := o.(*pdf.Stream)
	if !ok {
		r.fault("ISO 32000-1", "%T is no stream", o)
		return &pdf.Dict{}, nil
	}
	b, err := r.doc.Decode(s)
	if err != nil {
		r.fault("ISO 32000-1", "%v", err)
	}
	return s.Dict, b
}

// Faults lists what breaks the rules, with the clause of each; none for a file
// that keeps them.
func Faults(file []byte) []string {
	doc, err := pdf.Open(file, pdf.DefaultLimits())
	if err != nil {
		return []string{"ISO 32000-1: " + err.Error()}
	}
	r := &report{doc: doc}
	r.file(file)
	r.catalog()
	r.form()
	pages := r.pages()
	r.annotations(pages)
	r.objects()
	return r.faults
}

// file checks header, end and trailer (ISO 19005-3 § 6.1.2, 6.1.3).
func (r *report) file(file []byte) {
	if !header(file) {
		r.fault("PDF/A 6.1.2", "header %q", file[:min(len(file), 16)])
	}
	if !bytes.HasSuffix(bytes.TrimRight(file, "\r\n"), []byte("%%EOF")) {
		r.fault("PDF/A 6.1.3", "data after the end of the file")
	}
	trailer := r.doc.Trailer()
	if id := r.array(trailer.Get("ID")); len(id) != 2 {
		r.fault("PDF/A 6.1.3", "ID has %d parts", len(id))
	}
	if trailer.Get("Encrypt") != nil {
		r.fault("PDF/A 6.1.3", "the file is encrypted")
	}
}

// header says whether a file begins with its version and a comment of four
// bytes above 127.
func header(file []byte) bool {
	if len(file) < 14 || !bytes.HasPrefix(file, []byte("%PDF-1.")) || file[7] < '0' || file[7] > '7' || string(file[8:10]) != "\n%" {
		return false
	}
	return !slices.ContainsFunc(file[10:14], func(b byte) bool { return b < 128 })
}

// catalogKeys are those that an act has from the start, and those that signing
// adds.
var catalogKeys = []pdf.Name{
	"Type", "Pages", "Lang", "MarkInfo", "StructTreeRoot", "ViewerPreferences", "Metadata", "OutputIntents",
	"AcroForm", "AF", "Names", "DSS", "Perms", "Extensions", "Version",
}

// catalog checks the entries of the document as a whole.
func (r *report) catalog() {
	cat, err := r.doc.Catalog()
	if err != nil {
		r.fault("ISO 32000-1", "%v", err)
		return
	}
	for _, e := range cat.Entries {
		if !slices.Contains(catalogKeys, e.Key) {
			r.fault("PDF/A 6.6.1, 6.9", "the catalog has %s", e.Key)
		}
	}
	if r.dict(cat.Get("MarkInfo")).Get("Marked") != true {
		r.fault("PDF/A 6.7.2", "not marked as tagged")
	}
	if lang, ok := cat.Get("Lang").(pdf.String); !ok || len(lang) == 0 {
		r.fault("PDF/UA 7.2", "no language")
	}
	if r.dict(cat.Get("ViewerPreferences")).Get("DisplayDocTitle") != true {
		r.fault("PDF/UA 7.1", "the title is not displayed")
	}
	intents := r.array(cat.Get("OutputIntents"))
	if len(intents) != 1 || r.dict(intents[0]).Get("S") != pdf.Name("GTS_PDFA1") {
		r.fault("PDF/A 6.2.3", "%d output intents, or another kind", len(intents))
	} else if _, icc := r.stream(r.dict(intents[0]).Get("DestOutputProfile")); len(icc) < 128 || string(icc[36:40]) != "acsp" {
		r.fault("PDF/A 6.2.3", "no colour profile")
	}
	r.metadata(cat)
	r.attachments(cat)
	r.permissions(cat)
}

func (r *report) metadata(cat *pdf.Dict) {
	d, xmp := r.stream(cat.Get("Metadata"))
	if d.Get("Type") != pdf.Name("Metadata") || d.Get("Subtype") != pdf.Name("XML") {
		r.fault("PDF/A 6.6.2", "metadata of another type")
	}
	for _, want := range []string{"<pdfaid:part>3<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<", "<dc:title>"} {
		if !bytes.Contains(xmp, []byte(want)) {
			r.fault("PDF/A 6.6.4, PDF/UA 5", "metadata lack %s", want)
		}
	}
}

// attachments checks that every embedded file is associated (§ 6.8).
func (r *report) attachments(cat *pdf.Dict) {
	names := r.dict(cat.Get("Names"))
	for _, e := range names.Entries {
		if e.Key != "EmbeddedFiles" {
			r.fault("PDF/A 6.6.1", "a name tree %s", e.Key)
		}
	}
	associated := r.array(cat.Get("AF"))
	list := r.array(r.dict(names.Get("EmbeddedFiles")).Get("Names"))
	for i := 1; i < len(list); i += 2 {
		spec := r.dict(list[i])
		if !slices.Contains(associated, list[i]) || spec.Get("AFRelationship") == nil || spec.Get("UF") == nil || spec.Get("F") == nil {
			r.fault("PDF/A 6.8", "attachment %d is not associated, or lacks F, UF or AFRelationship", i/2+1)
		}
		d, _ := r.stream(r.dict(spec.Get("EF")).Get("F"))
		if d.Get("Subtype") == nil || r.dict(d.Get("Params")).Get("ModDate") == nil {
			r.fault("PDF/A 6.8", "attachment %d lacks its type or date", i/2+1)
		}
	}
}

// permissions checks a certification signature (§ 6.1.12).
func (r *report) permissions(cat *pdf.Dict) {
	for _, e := range r.dict(cat.Get("Perms")).Entries {
		if e.Key != "DocMDP" {
			r.fault("PDF/A 6.1.12", "permission %s", e.Key)
			continue
		}
		for _, ref := range r.array(r.dict(e.Value).Get("Reference")) {
			for _, key := range []pdf.Name{"DigestLocation", "DigestMethod", "DigestValue"} {
				if r.dict(ref).Get(key) != nil {
					r.fault("PDF/A 6.1.12", "a signature reference has %s", key)
				}
			}
		}
	}
}
