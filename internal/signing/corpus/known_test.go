package corpus_test

import (
	"strings"

	"docsvc/internal/pdf"
)

var evil = &pdf.Stream{Dict: &pdf.Dict{}, Raw: []byte("BT /F1 40 Tf 50 700 Td (Borc 1000000) Tj ET")}

// updates are attacks by what is appended to a act signed in imza1, with imza2
// still empty.
var updates = []struct {
	name string
	edit func(e *editor)
}{
	{"content stream replaced", func(e *editor) {
		_, p := e.page()
		e.u.Put(p.Get("Contents").(pdf.Ref), evil)
	}},
	{"page shows a new stream", func(e *editor) {
		r, _ := e.page()
		e.set(r, "Contents", e.add(evil))
	}},
	{"free text over the page", func(e *editor) {
		r, p := e.page()
		ap := e.add(&pdf.Stream{Dict: dict("Type", name("XObject"), "Subtype", name("Form")), Raw: []byte("0 0 400 400 re f")})
		a := e.add(dict("Type", name("Annot"), "Subtype", name("FreeText"), "AP", dict("N", ap)))
		e.set(r, "Annots", append(append(pdf.Array{}, p.Get("Annots").(pdf.Array)...), a))
	}},
	{"annotation removed", func(e *editor) {
		r, p := e.page()
		e.set(r, "Annots", p.Get("Annots").(pdf.Array)[:1])
	}},
	{"font replaced", func(e *editor) {
		_, p := e.page()
		fonts := e.dict(e.dict(p.Get("Resources")).Get("Font"))
		e.set(fonts.Get("F1").(pdf.Ref), "BaseFont", name("Courier"))
	}},
	{"appearance of the signature replaced", func(e *editor) {
		w := e.dict(e.fields()[0])
		e.u.Put(e.dict(w.Get("AP")).Get("N").(pdf.Ref), evil)
	}},
	{"signed widget moved", func(e *editor) {
		e.set(e.fields()[0].(pdf.Ref), "Rect", pdf.Array{int64(0), int64(0), int64(9), int64(9)})
	}},
	{"empty widget given another appearance", func(e *editor) {
		e.set(e.fields()[1].(pdf.Ref), "AP", dict("N", e.add(evil)))
	}},
	{"pages added", func(e *editor) {
		c := e.catalog()
		tree := e.dict(c.Get("Pages"))
		_, p := e.page()
		p.Set("Contents", e.add(evil))
		tree.Set("Kids", append(append(pdf.Array{}, tree.Get("Kids").(pdf.Array)...), e.add(p)))
		e.u.Put(c.Get("Pages").(pdf.Ref), tree)
	}},
	{"text field added", func(e *editor) {
		w := e.add(dict("Type", name("Annot"), "Subtype", name("Widget"), "FT", name("Tx"), "T", pdf.String("x"), "V", pdf.String("pay")))
		e.setForm("Fields", append(e.fields(), w))
	}},
	{"visible signature field added", func(e *editor) {
		w := e.add(dict("Type", name("Annot"), "Subtype", name("Widget"), "FT", name("Sig"), "T", pdf.String("x"),
			"Rect", pdf.Array{int64(0), int64(0), int64(500), int64(500)}, "AP", dict("N", e.add(evil))))
		e.setForm("Fields", append(e.fields(), w))
	}},
	{"signed field removed from the form", func(e *editor) { e.setForm("Fields", e.fields()[1:]) }},
	{"signature value removed", func(e *editor) {
		w := e.dict(e.fields()[0])
		w.Set("V", nil)
		e.u.Put(e.fields()[0].(pdf.Ref), w)
	}},
	{"signature dictionary replaced", func(e *editor) {
		w := e.dict(e.fields()[0])
		v := e.dict(w.Get("V"))
		v.Set("Reason", pdf.String("forged"))
		e.u.Put(w.Get("V").(pdf.Ref), v)
	}},
	{"signature hung into a second field", func(e *editor) {
		v := e.dict(e.fields()[0]).Get("V")
		e.set(e.fields()[1].(pdf.Ref), "V", v)
	}},
	{"NeedAppearances", func(e *editor) { e.setForm("NeedAppearances", true) }},
	{"XFA form added", func(e *editor) { e.setForm("XFA", e.add(evil)) }},
	{"open action", func(e *editor) {
		e.set(e.doc.Root(), "OpenAction", dict("S", name("JavaScript"), "JS", pdf.String("app.alert(1)")))
	}},
	{"another page tree", func(e *editor) {
		e.set(e.doc.Root(), "Pages", e.add(dict("Type", name("Pages"), "Kids", pdf.Array{}, "Count", int64(0))))
	}},
	{"layers switched", func(e *editor) { e.set(e.doc.Root(), "OCProperties", dict("D", dict("BaseState", name("OFF")))) }},
	{"DSS with a foreign entry", func(e *editor) { e.set(e.doc.Root(), "DSS", e.add(dict("Type", name("DSS"), "Evil", e.add(evil)))) }},
	{"DSS stream that is a form", func(e *editor) {
		s := e.add(&pdf.Stream{Dict: dict("Type", name("XObject"), "Subtype", name("Form")), Raw: evil.Raw})
		e.set(e.doc.Root(), "DSS", e.add(dict("Type", name("DSS"), "Certs", pdf.Array{s})))
	}},
	{"orphan object", func(e *editor) { e.add(evil) }},
}

// knownUpdates makes cases of them.
func knownUpdates() []corpusCase {
	var list []corpusCase
	for _, u := range updates {
		list = append(list, failedUpdate(strings.ReplaceAll(strings.ToLower(u.name), "openaction", "open action"), isa+u.name, onlyListed, u.edit))
	}
	return list
}
