package signing_test

import (
	"bytes"
	"errors"
	"testing"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// rewritten appends an update to a file, in which edit puts what it likes.
func rewritten(t *testing.T, file []byte, edit func(u *pdf.Update, catalog, form, page *pdf.Dict)) []byte {
	t.Helper()
	d := signingtest.Open(t, file)
	u, err := pdf.NewUpdate(d)
	if err != nil {
		t.Fatal(err)
	}
	dict := func(o pdf.Object) *pdf.Dict {
		v, err := d.Dict(o)
		if err != nil {
			t.Fatal(err)
		}
		return v.Clone()
	}
	catalog := dict(d.Root())
	form, pages := dict(catalog.Get("AcroForm")), dict(catalog.Get("Pages"))
	at := pages.Get("Kids").(pdf.Array)[0].(pdf.Ref)
	page := dict(at)
	edit(u, catalog, form, page)
	if catalog.Get("AcroForm") != nil {
		if r, ok := catalog.Get("AcroForm").(pdf.Ref); ok {
			u.Put(r, form)
		} else {
			catalog.Set("AcroForm", form)
		}
	}
	u.Put(at, page)
	u.Put(d.Root(), catalog)
	return u.Finish()
}

func add(u *pdf.Update, o pdf.Object) pdf.Ref {
	r := u.New()
	u.Put(r, o)
	return r
}

// TestAugmentForms: files whose lists and dictionaries stand elsewhere than in
// ours are raised and renewed so that the verifier accepts every change.
func TestAugmentForms(t *testing.T) {
	clock := signingtest.NewClock(actDay)
	p := signingtest.New(t, clock.Now)
	e := p.Officer(t, signingtest.P256(t))
	other := p.Officer(t, signingtest.P256(t)).Cert.Raw
	stream := func(u *pdf.Update) pdf.Array { return pdf.Array{add(u, &pdf.Stream{Dict: &pdf.Dict{}, Raw: other})} }
	entry := func(k pdf.Name, v pdf.Object) pdf.Entry { return pdf.Entry{Key: k, Value: v} }
	for _, c := range []struct {
		name  string
		edit  func(u *pdf.Update, catalog, form, page *pdf.Dict)
		certs int // in the DSS
		stamp string
	}{
		{"as typeset", func(*pdf.Update, *pdf.Dict, *pdf.Dict, *pdf.Dict) {}, 1, "vaxt1"},
		{"lists with objects of their own", func(u *pdf.Update, _, form, page *pdf.Dict) {
			form.Set("Fields", add(u, form.Get("Fields")))
			page.Set("Annots", add(u, page.Get("Annots")))
		}, 1, "vaxt1"},
		{"one list for both", func(u *pdf.Update, _, form, page *pdf.Dict) {
			form.Set("Fields", add(u, form.Get("Fields")))
			page.Set("Annots", form.Get("Fields"))
		}, 1, "vaxt1"},
		{"form with an object of its own", func(u *pdf.Update, catalog, form, _ *pdf.Dict) {
			form.Set("Fields", add(u, form.Get("Fields")))
			catalog.Set("AcroForm", u.New())
		}, 1, "vaxt1"},
		{"page without annotations", func(_ *pdf.Update, _, _, page *pdf.Dict) { page.Entries = page.Entries[:len(page.Entries)-1] }, 1, "vaxt1"},
		{"name that is taken", func(u *pdf.Update, _, form, _ *pdf.Dict) {
			text := func(name string) pdf.Ref {
				return add(u, pdf.NewDict(entry("FT", pdf.Name("Tx")), entry("T", pdf.TextString(name))))
			}
			form.Set("Fields", append(form.Get("Fields").(pdf.Array), text("vaxt1"), text("vaxt3"), add(u, pdf.NewDict())))
		}, 1, "vaxt2"},
		{"extensions", func(_ *pdf.Update, catalog, _, _ *pdf.Dict) {
			catalog.Set("Extensions", pdf.NewDict(entry("ADBE", pdf.NewDict(entry("BaseVersion", pdf.Name("1.7")), entry("ExtensionLevel", int64(8))))))
		}, 1, "vaxt1"},
		{"extensions with an object of their own", func(u *pdf.Update, catalog, _, _ *pdf.Dict) {
			catalog.Set("Extensions", add(u, &pdf.Dict{}))
		}, 1, "vaxt1"},
		{"store in the catalog", func(u *pdf.Update, catalog, _, _ *pdf.Dict) {
			catalog.Set("DSS", pdf.NewDict(entry("Certs", stream(u))))
		}, 2, "vaxt1"},
		{"store with lists of their own", func(u *pdf.Update, catalog, _, _ *pdf.Dict) {
			catalog.Set("DSS", add(u, pdf.NewDict(entry("Certs", add(u, stream(u))), entry("OCSPs", add(u, pdf.Array{})))))
		}, 2, "vaxt1"},
		{"two pages", func(u *pdf.Update, catalog, _, page *pdf.Dict) {
			inner, pages := u.New(), catalog.Get("Pages")
			first := add(u, page)
			u.Put(inner, pdf.NewDict(entry("Type", pdf.Name("Pages")), entry("Parent", pages), entry("Kids", pdf.Array{first}), entry("Count", int64(1))))
			u.Put(pages.(pdf.Ref), pdf.NewDict(entry("Type", pdf.Name("Pages")), entry("Kids", pdf.Array{inner}), entry("Count", int64(1))))
		}, 1, "vaxt1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := rewritten(t, signingtest.PDF(100, "imza1", "imza2"), c.edit)
			file = bytes.TrimSuffix(file, []byte("\n")) // an update then begins on a line of its own
			file = signed(t, p, e, file, "imza1", signing.LevelBLTA)
			file = raise(t, p, file, signing.LevelBLTA)
			r := passes(t, p.Offline(), file, 1, 1)
			if r.Signatures[0].Level != signing.LevelBLTA || r.DocumentTimestamps[0].Field != c.stamp {
				t.Errorf("%+v", r)
			}
			if n := stored(t, file); n != [3]int{c.certs, 3, 0} {
				t.Errorf("DSS %v", n)
			}
			file = signed(t, p, e, file, "imza2", signing.LevelBLTA)
			file = raise(t, p, file, signing.LevelBLTA)
			passes(t, p.Offline(), file, 2, 2)
			out, err := p.Augmenter().Renew(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			passes(t, p.Offline(), out, 2, 3)
		})
	}
}

// TestAugmentDeclares compares the catalog with ISO 32000-1 § 7.12.
func TestAugmentDeclares(t *testing.T) {
	p := signingtest.New(t, signingtest.NewClock(actDay).Now)
	d, _ := dss(t, raised(t, p, p.Officer(t, signingtest.P256(t)), signing.LevelBLT))
	catalog, err := d.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	esic := catalog.Get("Extensions").(*pdf.Dict).Get("ESIC").(*pdf.Dict)
	if esic.Get("BaseVersion") != pdf.Name("1.7") || esic.Get("ExtensionLevel") != int64(5) {
		t.Errorf("%v", esic)
	}
}

// TestAugmentHostile: files that were made to trouble an augmenter are refused,
// or raised like any other; none makes it panic or run away.
func TestAugmentHostile(t *testing.T) {
	p := signingtest.New(t, signingtest.NewClock(actDay).Now)
	e := p.Officer(t, signingtest.P256(t))
	base := raised(t, p, e, signing.LevelBT)
	many := pdf.Array{}
	for range 257 {
		many = append(many, pdf.Ref{Num: 4})
	}
	for _, c := range []struct {
		name string
		edit func(u *pdf.Update, catalog, form, page *pdf.Dict)
		want error // nil: any
	}{
		{"page tree without end", func(u *pdf.Update, catalog, _, _ *pdf.Dict) {
			pages := catalog.Get("Pages").(pdf.Ref)
			u.Put(pages, pdf.NewDict(pdf.Entry{Key: "Type", Value: pdf.Name("Pages")}, pdf.Entry{Key: "Kids", Value: pdf.Array{pages}}))
		}, nil},
		{"no pages", func(_ *pdf.Update, catalog, _, _ *pdf.Dict) { catalog.Set("Pages", nil) }, nil},
		{"page tree without leaves", func(u *pdf.Update, catalog, _, _ *pdf.Dict) {
			u.Put(catalog.Get("Pages").(pdf.Ref), pdf.NewDict(pdf.Entry{Key: "Type", Value: pdf.Name("Pages")}))
		}, nil},
		{"store that is no dictionary", func(_ *pdf.Update, catalog, _, _ *pdf.Dict) { catalog.Set("DSS", int64(1)) }, pdf.ErrSyntax},
		{"store of no streams", func(_ *pdf.Update, catalog, _, _ *pdf.Dict) {
			catalog.Set("DSS", pdf.NewDict(pdf.Entry{Key: "Certs", Value: pdf.Array{int64(1)}}))
		}, pdf.ErrSyntax},
		{"store of too many streams", func(_ *pdf.Update, catalog, _, _ *pdf.Dict) {
			catalog.Set("DSS", pdf.NewDict(pdf.Entry{Key: "OCSPs", Value: many}))
		}, pdf.ErrLimit},
		{"full store", func(_ *pdf.Update, catalog, _, _ *pdf.Dict) {
			catalog.Set("DSS", pdf.NewDict(pdf.Entry{Key: "OCSPs", Value: many[:256]}))
		}, pdf.ErrLimit},
		{"annotations that are no list", func(_ *pdf.Update, _, _, page *pdf.Dict) { page.Set("Annots", int64(1)) }, pdf.ErrSyntax},
		{"field that is no dictionary", func(_ *pdf.Update, _, form, _ *pdf.Dict) {
			form.Set("Fields", append(form.Get("Fields").(pdf.Array), int64(1)))
		}, pdf.ErrSyntax},
		{"value that is no signature", func(u *pdf.Update, _, form, _ *pdf.Dict) {
			f := pdf.NewDict(pdf.Entry{Key: "FT", Value: pdf.Name("Sig")}, pdf.Entry{Key: "T", Value: pdf.String("x")}, pdf.Entry{Key: "V", Value: &pdf.Dict{}})
			form.Set("Fields", append(form.Get("Fields").(pdf.Array), add(u, f)))
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := p.Augmenter().Augment(t.Context(), rewritten(t, base, c.edit), signing.LevelBLTA)
			if err == nil || out != nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%d bytes, %v; want %v", len(out), err, c.want)
			}
		})
	}
}
