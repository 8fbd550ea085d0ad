package corpus_test

import (
	"testing"

	"docsvc/internal/pdf"
)

// editor is an incremental update under construction, by whoever.
type editor struct {
	t   *testing.T
	doc *pdf.Document
	u   *pdf.Update
}

func name(s string) pdf.Name { return pdf.Name(s) }

func dict(kv ...any) *pdf.Dict {
	d := &pdf.Dict{}
	for i := 0; i < len(kv); i += 2 {
		d.Set(pdf.Name(kv[i].(string)), kv[i+1])
	}
	return d
}

func open(t *testing.T, file []byte) *pdf.Document {
	t.Helper()
	d, err := pdf.Open(file, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func edit(t *testing.T, file []byte, f func(e *editor)) []byte {
	t.Helper()
	e := &editor{t: t, doc: open(t, file)}
	var err error
	if e.u, err = pdf.NewUpdate(e.doc); err != nil {
		t.Fatal(err)
	}
	f(e)
	return e.u.Finish()
}

func (e *editor) dict(o pdf.Object) *pdf.Dict {
	e.t.Helper()
	d, err := e.doc.Dict(o)
	if err != nil {
		e.t.Fatal(err)
	}
	return d.Clone()
}

func (e *editor) catalog() *pdf.Dict { return e.dict(e.doc.Root()) }
func (e *editor) page() (pdf.Ref, *pdf.Dict) {
	kids, err := e.doc.Array(e.dict(e.catalog().Get("Pages")).Get("Kids"))
	if err != nil {
		e.t.Fatal(err)
	}
	return kids[0].(pdf.Ref), e.dict(kids[0])
}

func (e *editor) add(o pdf.Object) pdf.Ref {
	r := e.u.New()
	e.u.Put(r, o)
	return r
}

// set changes one entry of an existing dictionary.
func (e *editor) set(r pdf.Ref, key string, v pdf.Object) {
	d := e.dict(r)
	d.Set(pdf.Name(key), v)
	e.u.Put(r, d)
}

func (e *editor) fields() pdf.Array {
	a, err := e.doc.Array(e.dict(e.catalog().Get("AcroForm")).Get("Fields"))
	if err != nil {
		e.t.Fatal(err)
	}
	return append(pdf.Array{}, a...)
}

// setForm rewrites the catalog, in which the form is direct.
func (e *editor) setForm(key string, v pdf.Object) {
	c := e.catalog()
	form := e.dict(c.Get("AcroForm"))
	form.Set(pdf.Name(key), v)
	c.Set("AcroForm", form)
	e.u.Put(e.doc.Root(), c)
}
