package corpus_test

import (
	"strings"

	"docsvc/internal/pdf"
)

var evil = &pdf.Stream{Dict: &pdf.Dict{}, Raw: []byte("BT /F1 40 Tf 50 700 Td (Borc 1000000) Tj ET")}

// updates are attacks by what is appended to an act signed in imza1, with imza2
// still empty.
var updates = []struct {
	name string
	edit func(e *editor)
}{
	{"content stream replaced", func(e *editor) {
		_, p := e.Page()
		e.Update.Put(p.Get("Contents").(pdf.Ref), evil)
	}},
	{"page shows a new stream", func(e *editor) {
		r, _ := e.Page()
		e.Set(r, "Contents", e.Add(evil))
	}},
	{"free text over the page", func(e *editor) {
		r, p := e.Page()
		ap := e.Add(&pdf.Stream{Dict: dict("Type", name("XObject"), "Subtype", name("Form")), Raw: []byte("0 0 400 400 re f")})
		a := e.Add(dict("Type", name("Annot"), "Subtype", name("FreeText"), "AP", dict("N", ap)))
		e.Set(r, "Annots", append(append(pdf.Array{}, p.Get("Annots").(pdf.Array)...), a))
	}},
	{"annotation removed", func(e *editor) {
		r, p := e.Page()
		e.Set(r, "Annots", p.Get("Annots").(pdf.Array)[:1])
	}},
	{"font replaced", func(e *editor) {
		_, p := e.Page()
		fonts := e.Dict(e.Dict(p.Get("Resources")).Get("Font"))
		e.Set(fonts.Get("F1").(pdf.Ref), "BaseFont", name("Courier"))
	}},
	{"appearance of the signature replaced", func(e *editor) {
		w := e.Dict(e.Fields()[0])
		e.Update.Put(e.Dict(w.Get("AP")).Get("N").(pdf.Ref), evil)
	}},
	{"signed widget moved", func(e *editor) {
		e.Set(e.Fields()[0].(pdf.Ref), "Rect", pdf.Array{int64(0), int64(0), int64(9), int64(9)})
	}},
	{"empty widget given another appearance", func(e *editor) {
		e.Set(e.Fields()[1].(pdf.Ref), "AP", dict("N", e.Add(evil)))
	}},
	{"pages added", func(e *editor) {
		c := e.Catalog()
		tree := e.Dict(c.Get("Pages"))
		_, p := e.Page()
		p.Set("Contents", e.Add(evil))
		tree.Set("Kids", append(append(pdf.Array{}, tree.Get("Kids").(pdf.Array)...), e.Add(p)))
		e.Update.Put(c.Get("Pages").(pdf.Ref), tree)
	}},
	{"text field added", func(e *editor) {
		w := e.Add(dict("Type", name("Annot"), "Subtype", name("Widget"), "FT", name("Tx"), "T", pdf.String("x"), "V", pdf.String("pay")))
		e.SetForm("Fields", append(e.Fields(), w))
	}},
	{"visible signature field added", func(e *editor) {
		w := e.Add(dict("Type", name("Annot"), "Subtype", name("Widget"), "FT", name("Sig"), "T", pdf.String("x"),
			"Rect", pdf.Array{int64(0), int64(0), int64(500), int64(500)}, "AP", dict("N", e.Add(evil))))
		e.SetForm("Fields", append(e.Fields(), w))
	}},
	{"signed field removed from the form", func(e *editor) { e.SetForm("Fields", e.Fields()[1:]) }},
	{"signature value removed", func(e *editor) {
		w := e.Dict(e.Fields()[0])
		w.Set("V", nil)
		e.Update.Put(e.Fields()[0].(pdf.Ref), w)
	}},
	{"signature dictionary replaced", func(e *editor) {
		w := e.Dict(e.Fields()[0])
		v := e.Dict(w.Get("V"))
		v.Set("Reason", pdf.String("forged"))
		e.Update.Put(w.Get("V").(pdf.Ref), v)
	}},
	{"signature hung into a second field", func(e *editor) {
		v := e.Dict(e.Fields()[0]).Get("V")
		e.Set(e.Fields()[1].(pdf.Ref), "V", v)
	}},
	{"NeedAppearances", func(e *editor) { e.SetForm("NeedAppearances", true) }},
	{"XFA form added", func(e *editor) { e.SetForm("XFA", e.Add(evil)) }},
	{"open action", func(e *editor) {
		e.Set(e.Doc.Root(), "OpenAction", dict("S", name("JavaScript"), "JS", pdf.String("app.alert(1)")))
	}},
	{"another page tree", func(e *editor) {
		e.Set(e.Doc.Root(), "Pages", e.Add(dict("Type", name("Pages"), "Kids", pdf.Array{}, "Count", int64(0))))
	}},
	{"layers switched", func(e *editor) { e.Set(e.Doc.Root(), "OCProperties", dict("D", dict("BaseState", name("OFF")))) }},
	{"DSS with a foreign entry", func(e *editor) { e.Set(e.Doc.Root(), "DSS", e.Add(dict("Type", name("DSS"), "Evil", e.Add(evil)))) }},
	{"DSS stream that is a form", func(e *editor) {
		s := e.Add(&pdf.Stream{Dict: dict("Type", name("XObject"), "Subtype", name("Form")), Raw: evil.Raw})
		e.Set(e.Doc.Root(), "DSS", e.Add(dict("Type", name("DSS"), "Certs", pdf.Array{s})))
	}},
	{"orphan object", func(e *editor) { e.Add(evil) }},
}

// knownUpdates makes cases of them.
func knownUpdates() []corpusCase {
	var list []corpusCase
	for _, u := range updates {
		list = append(list, failedUpdate(strings.ToLower(u.name), isa+u.name, onlyListed, u.edit))
	}
	return list
}
