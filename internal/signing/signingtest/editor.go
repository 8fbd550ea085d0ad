package signingtest

import (
	"testing"

	"docsvc/internal/pdf"
)

// Editor is an incremental update under construction, by whoever. Its methods
// fail the test where the file is not as they need it.
type Editor struct {
	T      *testing.T
	Doc    *pdf.Document
	Update *pdf.Update
}

// Dict is a dictionary of keys (string) and values (pdf.Object), one after the other.
func Dict(kv ...any) *pdf.Dict {
	d := &pdf.Dict{}
	for i := 0; i < len(kv); i += 2 {
		d.Set(pdf.Name(kv[i].(string)), kv[i+1])
	}
	return d
}

// Open reads a file with the default limits.
func Open(t testing.TB, file []byte) *pdf.Document {
	t.Helper()
	d, err := pdf.Open(file, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Edit appends to a file what f puts into the update.
func Edit(t *testing.T, file []byte, f func(e *Editor)) []byte {
	t.Helper()
	e := &Editor{T: t, Doc: Open(t, file)}
	var err error
	if e.Update, err = pdf.NewUpdate(e.Doc); err != nil {
		t.Fatal(err)
	}
	f(e)
	return e.Update.Finish()
}

// Dict is a copy of a dictionary of the file.
func (e *Editor) Dict(o pdf.Object) *pdf.Dict {
	e.T.Helper()
	d, err := e.Doc.Dict(o)
	if err != nil {
		e.T.Fatal(err)
	}
	return d.Clone()
}

// Catalog is a copy of the catalog.
func (e *Editor) Catalog() *pdf.Dict { return e.Dict(e.Doc.Root()) }

// Page is the first page: where it is, and a copy.
func (e *Editor) Page() (pdf.Ref, *pdf.Dict) {
	kids, err := e.Doc.Array(e.Dict(e.Catalog().Get("Pages")).Get("Kids"))
	if err != nil {
		e.T.Fatal(err)
	}
	return kids[0].(pdf.Ref), e.Dict(kids[0])
}

// Add gives an object the next number.
func (e *Editor) Add(o pdf.Object) pdf.Ref {
	r := e.Update.New()
	e.Update.Put(r, o)
	return r
}

// Set changes one entry of an existing dictionary.
func (e *Editor) Set(r pdf.Ref, key string, v pdf.Object) {
	d := e.Dict(r)
	d.Set(pdf.Name(key), v)
	e.Update.Put(r, d)
}

// Fields is a copy of the form's list of fields.
func (e *Editor) Fields() pdf.Array {
	a, err := e.Doc.Array(e.Dict(e.Catalog().Get("AcroForm")).Get("Fields"))
	if err != nil {
		e.T.Fatal(err)
	}
	return append(pdf.Array{}, a...)
}

// SetForm rewrites the catalog, in which the form is direct.
func (e *Editor) SetForm(key string, v pdf.Object) {
	c := e.Catalog()
	form := e.Dict(c.Get("AcroForm"))
	form.Set(pdf.Name(key), v)
	c.Set("AcroForm", form)
	e.Update.Put(e.Doc.Root(), c)
}
