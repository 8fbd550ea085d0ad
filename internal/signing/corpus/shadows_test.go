package corpus_test

import (
	"bytes"
	"fmt"
	"slices"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// shadow is a file that the attacker prepared, had signed, and then updated.
func shadow(name, attack, reason string, prepare func(e *editor), reveal func(v *victim, signed []byte) []byte) corpusCase {
	return corpusCase{name, attack, signing.TotalFailed, formatFailure, reason, func(v *victim) []byte {
		return reveal(v, v.sign(v.prepared(edit(v.T, signingtest.PDF(64, "imza1", "imza2"), prepare)), signing.LevelBB))
	}, 0}
}

// by makes an ordinary update.
func by(change func(e *editor)) func(v *victim, signed []byte) []byte {
	return func(v *victim, signed []byte) []byte { return edit(v.T, signed, change) }
}

// cover puts something over the page, as object 10.
func cover(o pdf.Object, key string) func(e *editor) {
	return func(e *editor) {
		r, p := e.Page()
		x := e.Add(o)
		if key == "Annots" {
			e.Set(r, key, append(slices.Clone(p.Get("Annots").(pdf.Array)), x))
			return
		}
		resources := e.Dict(p.Get("Resources"))
		resources.Set("XObject", dict("X", x))
		p.Set("Resources", resources)
		e.Update.Put(p.Get("Contents").(pdf.Ref), &pdf.Stream{Dict: dict(), Raw: append(bytes.Clone(evil.Raw), " /X Do"...)})
		e.Update.Put(r, p)
	}
}

const (
	saHide    = "shadow attack, hide: "
	saReplace = "shadow attack, replace: "
	saBoth    = "shadow attack, hide and replace: "
)

// field10 is a text field that shows one thing and holds another.
func field10(e *editor) {
	r, p := e.Page()
	w := e.Add(dict("Type", name("Annot"), "Subtype", name("Widget"), "FT", name("Tx"), "T", pdf.String("m"), "V", pdf.String("6180"),
		"Rect", numbers(50, 600, 300, 640), "AP", dict("N", e.Add(formXObject("")))))
	e.Set(r, "Annots", append(slices.Clone(p.Get("Annots").(pdf.Array)), w))
	e.SetForm("Fields", append(e.Fields(), w))
}

var corpusShadows = []corpusCase{
	shadow("hide by an annotation", saHide+"the signed file has a white square over the true text; the update takes it off", shownLater,
		cover(dict("Type", name("Annot"), "Subtype", name("Square"), "IC", numbers(1, 1, 1), "Rect", numbers(0, 600, 595, 842)), "Annots"),
		by(func(e *editor) {
			r, p := e.Page()
			a := p.Get("Annots").(pdf.Array)
			e.Set(r, "Annots", slices.Clone(a[:len(a)-1]))
		})),
	shadow("hide by an image", saHide+"the update makes the covering XObject empty", shownLater,
		cover(formXObject("1 g 0 0 595 842 re f"), "XObject"),
		by(func(e *editor) { e.Update.Put(pdf.Ref{Num: 10}, formXObject("")) })),
	shadow("hide by a deleted image", saHide+"the update frees the covering XObject", shownLater,
		cover(formXObject("1 g 0 0 595 842 re f"), "XObject"),
		func(v *victim, signed []byte) []byte {
			return rawEnd(signed, "10 1\n0000000000 00001 f\r\n", fmt.Sprintf("/Size 30/Root 1 0 R/Prev %d", open(v.T, signed).Sections()[0]))
		}),
	shadow("hide by another type", saHide+"the covering XObject becomes a dictionary that is no image", shownLater,
		cover(formXObject("1 g 0 0 595 842 re f"), "XObject"),
		by(func(e *editor) { e.Update.Put(pdf.Ref{Num: 10}, dict("Type", name("Nothing"))) })),
	shadow("replace the value of a field", saReplace+"the value of a text field", shownLater, field10,
		by(func(e *editor) { e.Set(pdf.Ref{Num: 11}, "V", pdf.String("1000000")) })),
	shadow("replace the appearance of a field", saReplace+"the appearance of a text field, value and all else as signed", shownLater, field10,
		by(func(e *editor) { e.Update.Put(pdf.Ref{Num: 10}, formXObject("BT (1000000) Tj ET")) })),
	shadow("replace by NeedAppearances", saReplace+"the form shall be drawn anew, from values that the appearances did not show", shownLater, field10,
		by(func(e *editor) { e.SetForm("NeedAppearances", true) })),
	shadow("replace a font", saReplace+"the glyphs of the signed text", shownLater, func(*editor) {},
		by(func(e *editor) {
			e.Update.Put(pdf.Ref{Num: 5}, dict("Type", name("Font"), "Subtype", name("Type1"), "BaseFont", name("Helvetica"),
				"Encoding", dict("Differences", pdf.Array{int64('6'), name("nine")})))
		})),
	shadow("hidden page tree", saBoth+"the signed file holds a second page tree that nothing refers to; the update turns to it", shownLater,
		func(e *editor) {
			r, p := e.Page()
			p.Set("Contents", e.Add(evil))
			_ = r
			e.Add(dict("Type", name("Pages"), "Count", int64(1), "Kids", pdf.Array{e.Add(p)}))
		},
		by(func(e *editor) { e.Set(e.Doc.Root(), "Pages", pdf.Ref{Num: 12}) })),
	shadow("hidden catalog", saBoth+"the signed file holds a second catalog; the update's trailer turns to it", shownLater,
		func(e *editor) {
			c := e.Catalog()
			e.Add(c)
		},
		func(v *victim, signed []byte) []byte {
			return splice(v.T, rawUpdate(v.T, signed, "", map[int]string{}), "/Root 1 0 R", "/Root 10 0 R")
		}),
	shadow("hidden version of an object", saBoth+"the signed file holds two versions of the content; the update's table turns to the other", shownLater,
		func(e *editor) {
			e.Update.Put(pdf.Ref{Num: 4}, &pdf.Stream{Dict: dict(), Raw: []byte("BT /F1 24 Tf 72 720 Td (Borc 1,00) Tj ET")})
		},
		func(v *victim, signed []byte) []byte {
			return rawEnd(signed, fmt.Sprintf("4 1\n%010d 00000 n\r\n", bytes.Index(signed, []byte("4 0 obj"))),
				fmt.Sprintf("/Size 30/Root 1 0 R/Prev %d", open(v.T, signed).Sections()[0]))
		}),
	shadow("missing object", saBoth+"the signed page refers to an object that does not exist; the update supplies it", shownLater,
		func(e *editor) {
			r, p := e.Page()
			e.Set(r, "Contents", pdf.Array{p.Get("Contents"), pdf.Ref{Num: 77}})
		},
		func(v *victim, signed []byte) []byte {
			return rawUpdate(v.T, signed, "", map[int]string{77: evilContent})
		}),
	shadow("missing object of another generation", saBoth+"the signed page refers to 77 3 R; the update supplies it", shownLater,
		func(e *editor) {
			r, p := e.Page()
			e.Set(r, "Contents", pdf.Array{p.Get("Contents"), pdf.Ref{Num: 77, Gen: 3}})
		},
		func(v *victim, signed []byte) []byte {
			out := splice(v.T, rawUpdate(v.T, signed, "", map[int]string{77: evilContent}), "77 0 obj", "77 3 obj")
			return splice(v.T, out, " 00000 n", " 00003 n")
		}),
	shadow("missing object in the DSS", saBoth+"the signed page refers to an object that the update supplies as validation data", shownLater,
		func(e *editor) {
			r, p := e.Page()
			e.Set(r, "Contents", pdf.Array{p.Get("Contents"), pdf.Ref{Num: 16}})
		},
		by(addData(func(e *editor) pdf.Ref {
			e.Update.Put(pdf.Ref{Num: 16}, &pdf.Stream{Dict: dict(), Raw: evil.Raw})
			return pdf.Ref{Num: 16}
		}))),
	shadow("layer switched on", saHide+"a hidden layer becomes visible", shownLater,
		func(e *editor) {
			ocg := e.Add(dict("Type", name("OCG"), "Name", pdf.String("x")))
			e.Set(e.Doc.Root(), "OCProperties", e.Add(dict("OCGs", pdf.Array{ocg}, "D", dict("OFF", pdf.Array{ocg}))))
			r, p := e.Page()
			a := e.Add(dict("Type", name("Annot"), "Subtype", name("Stamp"), "OC", ocg, "Rect", numbers(0, 0, 500, 500), "AP", dict("N", e.Add(evil))))
			e.Set(r, "Annots", append(slices.Clone(p.Get("Annots").(pdf.Array)), a))
		},
		by(func(e *editor) {
			e.Update.Put(pdf.Ref{Num: 11}, dict("OCGs", pdf.Array{pdf.Ref{Num: 10}}, "D", dict()))
		})),
	shadow("layer of an indirect state", saHide+"the list of hidden layers is an object of its own that the update empties", shownLater,
		func(e *editor) {
			ocg := e.Add(dict("Type", name("OCG"), "Name", pdf.String("x")))
			off := e.Add(pdf.Array{ocg})
			e.Set(e.Doc.Root(), "OCProperties", dict("OCGs", pdf.Array{ocg}, "D", dict("OFF", off)))
		},
		by(func(e *editor) { e.Update.Put(pdf.Ref{Num: 11}, pdf.Array{}) })),
	shadow("list of two uses", saBoth+"the array of the page's annotations is the array of hidden layers too; a signature field is added to it", shownLater,
		func(e *editor) {
			r, p := e.Page()
			list := e.Add(p.Get("Annots"))
			e.Set(r, "Annots", list)
			e.Set(e.Doc.Root(), "OCProperties", dict("OCGs", pdf.Array{}, "D", dict("OFF", list)))
		},
		func(v *victim, signed []byte) []byte {
			return edit(v.T, signed, func(e *editor) {
				value := e.Add(dict("Type", name("DocTimeStamp"), "SubFilter", name("ETSI.RFC3161"), "ByteRange", numbers(0, 1, 1<<30, 1), "Contents", pdf.String("x")))
				w := e.Add(dict("Type", name("Annot"), "Subtype", name("Widget"), "FT", name("Sig"), "T", pdf.String("z"), "Rect", numbers(0, 0, 0, 0), "V", value))
				_, p := e.Page()
				old, _ := e.Doc.Array(p.Get("Annots"))
				e.Update.Put(p.Get("Annots").(pdf.Ref), append(slices.Clone(old), w))
				e.SetForm("Fields", append(e.Fields(), w))
			})
		}),
	{"sneaky signature", "sneaky signature attack: the update adds a visible signature field with a text of the attacker's and signs it with a key of the attacker's",
		signing.TotalFailed, formatFailure, "a signature field that is added must be invisible", func(v *victim) []byte {
			file := edit(v.T, v.signed(), func(e *editor) {
				addField("FT", name("Sig"), "AP", dict("N", e.Add(evil)))(e)
			})
			return v.sign(file, signing.LevelBB, func(r *signing.Request) { r.Field = "x" })
		}, 0},
	{"appearance of the second signature", "shadow attack, replace: the empty second field gets an appearance of the attacker's and a signature by an unknown key",
		signing.Indeterminate, signing.NoCertificateChain, "the second signature may come and shows in its own field only, but nobody vouches for its key", func(v *victim) []byte {
			mallory := v.p.Issue(v.T, nil, signingtest.P256(v.T), signingtest.OfficerTemplate("Mallory"))
			return v.signBy(mallory, v.signed(), signing.LevelBB, nil, func(r *signing.Request) { r.Field, r.Chain = "imza2", nil })
		}, 0},
}
