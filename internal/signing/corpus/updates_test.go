package corpus_test

import (
	"fmt"
	"slices"
	"strings"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// failedUpdate is an act, signed once, with an update that may not follow.
func failedUpdate(name, attack, reason string, change func(e *editor)) corpusCase {
	return corpusCase{name, attack, signing.TotalFailed, formatFailure, reason, func(v *victim) []byte {
		return edit(v.T, v.signed(), change)
	}, 0}
}

// rawCase is the same with an update that no honest program writes.
func rawCase(name, attack, reason string, change func(v *victim, signed []byte) []byte) corpusCase {
	return corpusCase{name, attack, signing.TotalFailed, formatFailure, reason, func(v *victim) []byte { return change(v, v.signed()) }, 0}
}

func formXObject(content string) *pdf.Stream {
	return &pdf.Stream{Dict: dict("Type", name("XObject"), "Subtype", name("Form"), "BBox", numbers(0, 0, 595, 842)), Raw: []byte(content)}
}

func numbers(n ...int64) pdf.Array {
	var a pdf.Array
	for _, x := range n {
		a = append(a, x)
	}
	return a
}

// annotate adds an annotation with an appearance to the page.
func annotate(kind string, kv ...any) func(e *editor) {
	return func(e *editor) {
		r, p := e.Page()
		a := dict(append([]any{"Type", name("Annot"), "Subtype", name(kind), "Rect", numbers(50, 600, 500, 760), "F", int64(4),
			"AP", dict("N", e.Add(formXObject("1 g 0 0 595 842 re f")))}, kv...)...)
		e.Set(r, "Annots", append(slices.Clone(p.Get("Annots").(pdf.Array)), e.Add(a)))
	}
}

// entry sets one entry of the catalog to a new object.
func entry(key string, o func(e *editor) pdf.Object) func(e *editor) {
	return func(e *editor) { e.Set(e.Doc.Root(), key, o(e)) }
}

func pageEntry(key string, o func(e *editor) pdf.Object) func(e *editor) {
	return func(e *editor) {
		r, _ := e.Page()
		e.Set(r, key, o(e))
	}
}

func constant(o pdf.Object) func(e *editor) pdf.Object { return func(*editor) pdf.Object { return o } }

func newObject(o pdf.Object) func(e *editor) pdf.Object {
	return func(e *editor) pdf.Object { return e.Add(o) }
}

func addField(kv ...any) func(e *editor) {
	return func(e *editor) {
		r, p := e.Page()
		w := e.Add(dict(append([]any{"Type", name("Annot"), "Subtype", name("Widget"), "T", pdf.String("x"), "Rect", numbers(0, 0, 300, 300)}, kv...)...))
		e.Set(r, "Annots", append(slices.Clone(p.Get("Annots").(pdf.Array)), w))
		e.SetForm("Fields", append(e.Fields(), w))
	}
}

const (
	isa        = "incremental saving attack: "
	eaa        = "evil annotation attack: "
	onlyListed = "only signatures, document time-stamps and validation data may follow a signature; this is something else"
	shownLater = "what is shown is not what was signed: " + onlyListed
)

var javascript = dict("S", name("JavaScript"), "JS", pdf.String("app.alert(1)"))

var corpusUpdates = slices.Concat(knownUpdates(), changedPages, changedCatalog, changedSections)

var changedPages = []corpusCase{
	failedUpdate("stamp", eaa+"a stamp over the amount", shownLater, annotate("Stamp")),
	failedUpdate("link", eaa+"a link", shownLater, annotate("Link", "A", dict("S", name("URI"), "URI", pdf.String("http://evil.example")))),
	failedUpdate("popup", eaa+"a pop-up note", shownLater, annotate("Popup", "Open", true)),
	failedUpdate("file attachment", eaa+"a file", shownLater, annotate("FileAttachment")),
	failedUpdate("redaction", eaa+"a redaction", shownLater, annotate("Redact")),
	failedUpdate("hidden annotation", eaa+"an annotation that is hidden for now", shownLater, annotate("Square", "F", int64(2))),
	failedUpdate("button added", eaa+"a button with a script", shownLater, addField("FT", name("Btn"), "A", javascript)),
	failedUpdate("choice added", eaa+"a choice field", shownLater, addField("FT", name("Ch"), "V", pdf.String("1000000"))),
	failedUpdate("widget of no field", eaa+"a widget that the form does not list", shownLater, annotate("Widget", "FT", name("Tx"))),
	failedUpdate("page removed", isa+"the page is taken out", shownLater, func(e *editor) {
		r := e.Catalog().Get("Pages").(pdf.Ref)
		e.Update.Put(r, dict("Type", name("Pages"), "Kids", pdf.Array{}, "Count", int64(0)))
	}),
	failedUpdate("page replaced", isa+"another page in the place of the signed one", shownLater, func(e *editor) {
		r := e.Catalog().Get("Pages").(pdf.Ref)
		_, p := e.Page()
		p.Set("Contents", e.Add(evil))
		e.Set(r, "Kids", pdf.Array{e.Add(p)})
	}),
	failedUpdate("page count", isa+"Count of the page tree", shownLater, func(e *editor) { e.Set(e.Catalog().Get("Pages").(pdf.Ref), "Count", int64(2)) }),
	failedUpdate("page cropped", isa+"CropBox leaves out half of the page", shownLater, pageEntry("CropBox", constant(numbers(0, 0, 595, 300)))),
	failedUpdate("page turned", isa+"Rotate", shownLater, pageEntry("Rotate", constant(int64(180)))),
	failedUpdate("page action", isa+"a script when the page opens", onlyListed, pageEntry("AA", constant(dict("O", javascript)))),
	failedUpdate("page contents in two parts", isa+"Contents becomes an array with the old stream and another", shownLater, func(e *editor) {
		r, p := e.Page()
		e.Set(r, "Contents", pdf.Array{p.Get("Contents"), e.Add(evil)})
	}),
	failedUpdate("resources replaced", isa+"the page's resources", shownLater, pageEntry("Resources", newObject(dict("Font", dict())))),
	failedUpdate("appearance state", isa+"AS of the signed widget", shownLater, func(e *editor) { e.Set(e.Fields()[0].(pdf.Ref), "AS", name("Off")) }),
	failedUpdate("widget hidden", isa+"the signed widget gets the flag Hidden", shownLater, func(e *editor) { e.Set(e.Fields()[0].(pdf.Ref), "F", int64(6)) }),
	failedUpdate("signed field renamed", isa+"another T", onlyListed, func(e *editor) { e.Set(e.Fields()[0].(pdf.Ref), "T", pdf.String("imza9")) }),
	failedUpdate("empty field renamed", isa+"another T of the empty field", onlyListed, func(e *editor) { e.Set(e.Fields()[1].(pdf.Ref), "T", pdf.String("imza9")) }),
	failedUpdate("empty field enlarged", isa+"the empty signature field covers the page", shownLater, func(e *editor) { e.Set(e.Fields()[1].(pdf.Ref), "Rect", numbers(0, 0, 595, 842)) }),
	failedUpdate("fields swapped", isa+"the order of the fields", onlyListed, func(e *editor) {
		f := e.Fields()
		e.SetForm("Fields", pdf.Array{f[1], f[0]})
	}),
	failedUpdate("signature cleared", isa+"V of the signed field becomes null", "the earlier signature was removed: "+onlyListed, func(e *editor) {
		w := e.Dict(e.Fields()[0])
		w.Set("V", nil)
		e.Update.Put(e.Fields()[0].(pdf.Ref), w)
	}),
	{"two pages exchanged", isa + "the order of the pages", signing.TotalFailed, formatFailure, shownLater, func(v *victim) []byte {
		file := edit(v.T, signingtest.PDF(64, "imza1", "imza2"), func(e *editor) {
			r := e.Catalog().Get("Pages").(pdf.Ref)
			second := e.Add(dict("Type", name("Page"), "Parent", r, "MediaBox", numbers(0, 0, 595, 842), "Contents", e.Add(evil)))
			tree := e.Dict(r)
			tree.Set("Kids", append(slices.Clone(tree.Get("Kids").(pdf.Array)), second))
			tree.Set("Count", int64(2))
			e.Update.Put(r, tree)
		})
		return edit(v.T, v.sign(v.prepared(file), signing.LevelBB), func(e *editor) {
			r := e.Catalog().Get("Pages").(pdf.Ref)
			tree := e.Dict(r)
			kids := slices.Clone(tree.Get("Kids").(pdf.Array))
			slices.Reverse(kids)
			tree.Set("Kids", kids)
			e.Update.Put(r, tree)
		})
	}, 0},
}

var changedCatalog = []corpusCase{
	failedUpdate("document action", isa+"a script when the document is printed", onlyListed, entry("AA", constant(dict("WP", javascript)))),
	failedUpdate("named script", isa+"Names/JavaScript", onlyListed, entry("Names", func(e *editor) pdf.Object {
		return e.Add(dict("JavaScript", dict("Names", pdf.Array{pdf.String("a"), e.Add(javascript)})))
	})),
	failedUpdate("embedded file", isa+"Names/EmbeddedFiles", onlyListed, entry("Names", func(e *editor) pdf.Object {
		return dict("EmbeddedFiles", dict("Names", pdf.Array{pdf.String("a"), e.Add(dict("Type", name("Filespec"), "EF", dict("F", e.Add(evil))))}))
	})),
	failedUpdate("outlines", isa+"bookmarks", onlyListed, entry("Outlines", newObject(dict("Type", name("Outlines"))))),
	failedUpdate("page labels", isa+"PageLabels", onlyListed, entry("PageLabels", constant(dict("Nums", pdf.Array{int64(0), dict("P", pdf.String("7"))})))),
	failedUpdate("viewer preferences", isa+"ViewerPreferences", onlyListed, entry("ViewerPreferences", constant(dict("HideToolbar", true)))),
	failedUpdate("metadata", isa+"XMP metadata", onlyListed, entry("Metadata", newObject(&pdf.Stream{Dict: dict("Type", name("Metadata"), "Subtype", name("XML")), Raw: []byte("<x/>")}))),
	failedUpdate("structure tree", isa+"another StructTreeRoot, for who has the page read aloud", shownLater, entry("StructTreeRoot", newObject(dict("Type", name("StructTreeRoot"))))),
	failedUpdate("language", isa+"Lang", onlyListed, entry("Lang", constant(pdf.String("xx")))),
	failedUpdate("version", isa+"Version of the catalog", onlyListed, entry("Version", constant(name("2.0")))),
	failedUpdate("collection", isa+"the file becomes a portfolio that opens an attachment", shownLater, entry("Collection", constant(dict("View", name("H"))))),
	failedUpdate("associated file", isa+"AF", onlyListed, entry("AF", func(e *editor) pdf.Object { return pdf.Array{e.Add(dict("Type", name("Filespec")))} })),
	failedUpdate("destinations", isa+"Dests", onlyListed, entry("Dests", newObject(dict()))),
	failedUpdate("permissions added", isa+"Perms names the signature as a certification", onlyListed, func(e *editor) {
		e.Set(e.Doc.Root(), "Perms", dict("DocMDP", e.Dict(e.Fields()[0]).Get("V")))
	}),
	failedUpdate("usage rights", isa+"Perms with UR3", onlyListed, entry("Perms", constant(dict("UR3", dict("Type", name("Sig")))))),
	failedUpdate("extension replaced by a reference", isa+"Extensions carries an object", onlyListed, entry("Extensions", newObject(dict("X", dict())))),
	failedUpdate("DSS removed", isa+"the validation data is taken out", "what proved the signature is gone: "+onlyListed, entry("DSS", constant(nil))),
	failedUpdate("DSS replaced", isa+"another DSS in the place of the signed one", "what proved the signature is gone: "+onlyListed, entry("DSS", newObject(dict("Type", name("DSS"))))),
	failedUpdate("DSS data removed", isa+"one OCSP response fewer", "what proved the signature is gone: "+onlyListed, func(e *editor) {
		r := e.Catalog().Get("DSS").(pdf.Ref)
		store := e.Dict(r)
		store.Set("OCSPs", store.Get("OCSPs").(pdf.Array)[1:])
		e.Update.Put(r, store)
	}),
	failedUpdate("DSS data replaced", isa+"the bytes of an OCSP response", "what proved the signature is another: "+onlyListed, func(e *editor) {
		e.Update.Put(e.Dict(e.Catalog().Get("DSS")).Get("OCSPs").(pdf.Array)[0].(pdf.Ref), &pdf.Stream{Dict: dict(), Raw: []byte("x")})
	}),
	failedUpdate("DSS stream of a kind", isa+"a stream with Type and Subtype among the validation data", "a stream that could be shown elsewhere is no validation data", addData(func(e *editor) pdf.Ref {
		return e.Add(&pdf.Stream{Dict: dict("Type", name("XObject"), "Subtype", name("Image")), Raw: []byte("x")})
	})),
	failedUpdate("DSS VRI of a name", isa+"VRI with a key that is no digest", onlyListed, func(e *editor) {
		e.Set(e.Catalog().Get("DSS").(pdf.Ref), "VRI", dict("Evil", dict("TU", pdf.String("D:2026"))))
	}),
	failedUpdate("DSS VRI with more", isa+"an entry of VRI that nobody knows", onlyListed, func(e *editor) {
		e.Set(e.Catalog().Get("DSS").(pdf.Ref), "VRI", dict(strings.Repeat("A", 40), dict("X", e.Add(evil))))
	}),
	failedUpdate("DSS is the page", isa+"the page stands in the DSS", onlyListed, addData(func(e *editor) pdf.Ref {
		r, p := e.Page()
		p.Set("Rotate", int64(90))
		e.Update.Put(r, p)
		return r
	})),
}

// addData adds an object to the OCSP responses.
func addData(what func(e *editor) pdf.Ref) func(e *editor) {
	return func(e *editor) {
		r := e.Catalog().Get("DSS").(pdf.Ref)
		store := e.Dict(r)
		store.Set("OCSPs", append(slices.Clone(store.Get("OCSPs").(pdf.Array)), what(e)))
		e.Update.Put(r, store)
	}
}

const evilContent = "<</Length 43>>\nstream\nBT /F1 40 Tf 50 700 Td (Borc 1000000) Tj ET\nendstream"

var changedSections = []corpusCase{
	rawCase("another root", isa+"the new trailer has another Root", shownLater, func(v *victim, signed []byte) []byte {
		out := rawUpdate(v.T, signed, "", map[int]string{20: "<</Type/Catalog/Pages 2 0 R>>"})
		return splice(v.T, out, "/Root 1 0 R", "/Root 20 0 R")
	}),
	rawCase("another info", isa+"the new trailer has another Info", onlyListed, func(v *victim, signed []byte) []byte {
		return rawUpdate(v.T, signed, "/Info 20 0 R", map[int]string{20: "<</Title(X)>>"})
	}),
	rawCase("object deleted", isa+"the font is freed", shownLater, func(v *victim, signed []byte) []byte {
		return rawEnd(signed, "5 1\n0000000000 00001 f\r\n", fmt.Sprintf("/Size 20/Root 1 0 R/Prev %d", open(v.T, signed).Sections()[0]))
	}),
	rawCase("object of another generation", isa+"the content stream as 4 1 obj", shownLater, func(v *victim, signed []byte) []byte {
		out := rawUpdate(v.T, signed, "", map[int]string{4: evilContent})
		out = splice(v.T, out, "4 0 obj", "4 1 obj")
		return splice(v.T, out, " 00000 n", " 00001 n")
	}),
	rawCase("Size too small", isa+"Size of the new trailer leaves the signed objects out", "objects at or above Size do not exist for strict readers: the update hides the page from them", func(v *victim, signed []byte) []byte {
		return splice(v.T, rawUpdate(v.T, signed, "", map[int]string{}), fmt.Sprintf("/Size %d", open(v.T, signed).Len()), "/Size 3")
	}),
	rawCase("objects in no table", isa+"an object stands in the update that its table does not list", "a reader that rebuilds the table shows it: every appended byte must belong to something", func(v *victim, signed []byte) []byte {
		return rawBehind(v.T, signed, []byte("4 0 obj\n"+evilContent+"\nendobj\n"), "", map[int]string{})
	}),
	rawCase("objects after a comment", isa+"the same behind a percent sign", "a reader that rebuilds the table shows it: every appended byte must belong to something", func(v *victim, signed []byte) []byte {
		return rawBehind(v.T, signed, []byte("%\r4 0 obj\n"+evilContent+"\nendobj\n"), "", map[int]string{})
	}),
	rawCase("appended without a table", isa+"objects and the old startxref", "a reader that rebuilds the table shows them", func(v *victim, signed []byte) []byte {
		return fmt.Appendf(append(slices.Clip(signed), "4 0 obj\n"+evilContent+"\nendobj\n"...), "startxref\n%d\n%%%%EOF\n", open(v.T, signed).Sections()[0])
	}),
	rawCase("object in validation data", isa+"a stream of the DSS whose bytes look like an object", "a reader that rebuilds the table shows it", func(v *victim, signed []byte) []byte {
		return edit(v.T, signed, addData(func(e *editor) pdf.Ref {
			return e.Add(&pdf.Stream{Dict: dict(), Raw: []byte("x\n4 0 obj\n" + evilContent + "\nendobj\n")})
		}))
	}),
	rawCase("object in a string", isa+"a string of the DSS that looks like an object", "a reader that rebuilds the table shows it", func(v *victim, signed []byte) []byte {
		return rawUpdate(v.T, signed, "", map[int]string{
			14: "<</Type/DSS/OCSPs[10 0 R 11 0 R 12 0 R 13 0 R]/VRI<</" + strings.Repeat("0A", 20) + " 60 0 R>>>>",
			60: "<</TU(x\n4 0 obj\n" + evilContent + "\nendobj\n)>>",
		})
	}),
	rawCase("appended without an end", isa+"objects alone", "the file does not end with its end", func(_ *victim, signed []byte) []byte {
		return append(slices.Clip(signed), "4 0 obj\n"+evilContent+"\nendobj\n"...)
	}),
	rawCase("bytes after the end", "what was appended is no update", "the file does not end with its end", func(_ *victim, signed []byte) []byte {
		return append(slices.Clip(signed), "<html><script>alert(1)</script>"...)
	}),
	{"fork past the signature", isa + "Prev of the update leaves the signature's section out", signing.Indeterminate, signing.NoSignatureFound, "nothing of the signed revision is left", func(v *victim) []byte {
		signed := v.signed()
		s := open(v.T, signed).Sections()
		out := rawUpdate(v.T, signed, "", map[int]string{4: evilContent})
		return splice(v.T, out, fmt.Sprintf("/Prev %d", s[0]), fmt.Sprintf("/Prev %d", s[1]))
	}, 0},
	rawCase("Prev loop", "Prev points to the update itself", "cross-reference sections form a loop", func(v *victim, signed []byte) []byte {
		out := rawUpdate(v.T, signed, "", map[int]string{})
		return splice(v.T, out, fmt.Sprintf("/Prev %d", open(v.T, signed).Sections()[0]), fmt.Sprintf("/Prev %d", len(signed)))
	}),
	rawCase("Prev missing", isa+"a whole document behind the signed one", "nothing of the signed revision is left", func(_ *victim, signed []byte) []byte {
		return rawEnd(signed, "0 1\n0000000000 65535 f\r\n", "/Size 20/Root 1 0 R")
	}),
	rawCase("hybrid section", isa+"a table that says nothing, and XRefStm that replaces the content for who reads it", "one reader sees the signed content, another one something else", func(v *victim, signed []byte) []byte {
		out, stream := hiddenStream(signed)
		return rawEnd(out, "0 1\n0000000000 65535 f\r\n", fmt.Sprintf("/Size 21/Root 1 0 R/Prev %d/XRefStm %d", open(v.T, signed).Sections()[0], stream))
	}),
	rawCase("table against stream", isa+"table and XRefStm of one section give two places of the content", "one reader sees the signed content, another one something else", func(v *victim, signed []byte) []byte {
		out, stream := hiddenStream(signed)
		d := open(v.T, signed)
		return rawEnd(out, fmt.Sprintf("4 1\n%010d 00000 n\r\n", d.Location(4).Offset), fmt.Sprintf("/Size 21/Root 1 0 R/Prev %d/XRefStm %d", d.Sections()[0], stream))
	}),
	rawCase("one number twice", isa+"the table lists the content stream twice", "which of the two counts depends on the reader", func(v *victim, signed []byte) []byte {
		out := append(slices.Clip(signed), "4 0 obj\n"+evilContent+"\nendobj\n"...)
		d := open(v.T, signed)
		return rawEnd(out, fmt.Sprintf("4 1\n%010d 00000 n\r\n4 1\n%010d 00000 n\r\n", len(signed), d.Location(4).Offset), fmt.Sprintf("/Size 20/Root 1 0 R/Prev %d", d.Sections()[0]))
	}),
	rawCase("object inside a stream", isa+"an update's object is the inside of an update's stream", "one reader sees a stream, another one an object", func(v *victim, signed []byte) []byte {
		inner := "4 0 obj\n" + evilContent + "\nendobj\n"
		out := append(slices.Clip(signed), fmt.Sprintf("20 0 obj\n<</Length %d>>\nstream\n", len(inner))...)
		at := len(out)
		out = append(out, inner+"\nendstream\nendobj\n"...)
		return rawEnd(out, fmt.Sprintf("4 1\n%010d 00000 n\r\n20 1\n%010d 00000 n\r\n", at, len(signed)), fmt.Sprintf("/Size 21/Root 1 0 R/Prev %d", open(v.T, signed).Sections()[0]))
	}),
	rawCase("objects in an object stream", isa+"the page's content in an object stream of the update", shownLater, func(v *victim, signed []byte) []byte {
		out := slices.Clip(signed)
		body := "3 0 <</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>"
		out = fmt.Appendf(out, "20 0 obj\n<</Type/ObjStm/N 1/First 4/Length %d>>\nstream\n%s\nendstream\nendobj\n", len(body), body)
		x := len(out)
		out = append(out, "21 0 obj\n<</Type/XRef/Size 22/W[1 4 1]/Index[3 1 20 2]/Root 1 0 R/Length 18"...)
		out = fmt.Appendf(out, "/Prev %d>>\nstream\n", open(v.T, signed).Sections()[0])
		for _, e := range [][2]int{{2, 20}, {1, len(signed)}, {1, x}} {
			out = append(out, byte(e[0]), byte(e[1]>>24), byte(e[1]>>16), byte(e[1]>>8), byte(e[1]), 0)
		}
		return fmt.Appendf(out, "\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", x)
	}),
}

// hiddenStream appends other content, and the cross-reference stream that gives
// its place.
func hiddenStream(signed []byte) (out []byte, stream int) {
	out = slices.Clip(signed)
	content := len(out)
	out = append(out, "4 0 obj\n"+evilContent+"\nendobj\n"...)
	stream = len(out)
	out = append(out, "20 0 obj\n<</Type/XRef/Size 21/W[1 4 1]/Index[4 1]/Root 1 0 R/Length 6>>\nstream\n"...)
	out = append(out, 1, byte(content>>24), byte(content>>16), byte(content>>8), byte(content), 0)
	return append(out, "\nendstream\nendobj\n"...), stream
}
