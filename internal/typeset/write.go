package typeset

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"docsvc/internal/pdf"
)

// output writes a painted document as a file.
type output struct {
	l     *layout
	w     *pdf.Writer
	pages []*painter
	refs  []pdf.Ref // of the pages
	root  *elem     // of the structure tree
	buf   []byte
}

// file writes everything. The order of the objects is fixed, so that equal
// documents give equal bytes.
func (o *output) file() ([]byte, error) {
	w, d := o.w, o.l.doc
	catalog, pages, tree := w.Reserve(), w.Reserve(), w.Reserve()
	res, err := o.l.res.write(w)
	if err != nil {
		return nil, err
	}
	for range o.pages {
		o.refs = append(o.refs, w.Reserve())
	}
	widgets := o.widgets(res)
	for i := range o.pages {
		o.page(i, pages, res, widgets)
	}
	kids := make(pdf.Array, len(o.refs))
	for i, r := range o.refs {
		kids[i] = r
	}
	w.Put(pages, pdf.NewDict(
		pdf.Entry{Key: "Type", Value: pdf.Name("Pages")},
		pdf.Entry{Key: "Kids", Value: kids},
		pdf.Entry{Key: "Count", Value: int64(len(kids))},
	))
	o.structure(tree, widgets)

	cat := pdf.NewDict(
		pdf.Entry{Key: "Type", Value: pdf.Name("Catalog")},
		pdf.Entry{Key: "Pages", Value: pages},
		pdf.Entry{Key: "Lang", Value: pdf.TextString(d.Lang)},
		pdf.Entry{Key: "MarkInfo", Value: pdf.NewDict(pdf.Entry{Key: "Marked", Value: true})},
		pdf.Entry{Key: "StructTreeRoot", Value: tree},
		pdf.Entry{Key: "ViewerPreferences", Value: pdf.NewDict(pdf.Entry{Key: "DisplayDocTitle", Value: true})},
		pdf.Entry{Key: "Metadata", Value: o.metadata()},
		pdf.Entry{Key: "OutputIntents", Value: pdf.Array{o.intent()}},
	)
	if len(widgets) > 0 {
		fields := make(pdf.Array, len(widgets))
		for i, r := range widgets {
			fields[i] = r
		}
		// SignaturesExist and AppendOnly (ISO 32000-1 table 219): signing then
		// changes nothing but the value of its field.
		cat.Set("AcroForm", w.Add(pdf.NewDict(
			pdf.Entry{Key: "Fields", Value: fields},
			pdf.Entry{Key: "SigFlags", Value: int64(3)},
		)))
	}
	o.attachments(cat)
	w.Put(catalog, cat)
	return w.Finish(catalog, o.info())
}

func (o *output) page(i int, parent, res pdf.Ref, widgets []pdf.Ref) {
	p, page := o.pages[i], &o.l.css.sheet.page
	content := o.w.Reserve()
	o.w.PutStream(content, "/Filter/FlateDecode", deflate(p.c))
	b := append(o.buf[:0], "<</Type/Page/Parent "...)
	b = pdf.AppendObject(b, parent)
	b = append(b, "/MediaBox[0 0 "...)
	b = append(pdf.AppendReal(b, page.width), ' ')
	b = append(pdf.AppendReal(b, page.height), "]/Resources "...)
	b = pdf.AppendObject(b, res)
	b = append(b, "/Contents "...)
	b = pdf.AppendObject(b, content)
	b = append(b, "/StructParents "...)
	b = strconv.AppendInt(b, int64(i), 10)
	b = append(b, "/Tabs/S"...)
	if len(p.fields) > 0 {
		b = append(b, "/Annots["...)
		for _, f := range p.fields {
			b = append(pdf.AppendObject(b, widgets[o.l.fieldIndex(f)]), ' ')
		}
		b = append(b, ']')
	}
	b = append(b, ">>"...)
	o.w.PutRaw(o.refs[i], b)
	o.buf = b
}

// widgets writes the signature fields, each merged with its only widget.
func (o *output) widgets(res pdf.Ref) []pdf.Ref {
	out := make([]pdf.Ref, 0, len(o.l.fields))
	for i, f := range o.l.fields {
		ap := o.w.Reserve()
		b := append([]byte("/Type/XObject/Subtype/Form/BBox[0 0 "), pdf.AppendReal(nil, f.width)...)
		b = append(pdf.AppendReal(append(b, ' '), f.height), "]/Resources "...)
		b = append(pdf.AppendObject(b, res), "/Filter/FlateDecode"...)
		o.w.PutStream(ap, string(b), deflate(f.ap))
		rect := make(pdf.Array, len(f.rect))
		for k, v := range f.rect {
			rect[k] = pdf.Real(pdf.AppendReal(nil, v))
		}
		const print = 4 // the only annotation flag that PDF/A-3 asks for
		out = append(out, o.w.Add(pdf.NewDict(
			pdf.Entry{Key: "Type", Value: pdf.Name("Annot")},
			pdf.Entry{Key: "Subtype", Value: pdf.Name("Widget")},
			pdf.Entry{Key: "FT", Value: pdf.Name("Sig")},
			pdf.Entry{Key: "T", Value: pdf.TextString(f.name)},
			pdf.Entry{Key: "TU", Value: pdf.TextString(f.label)},
			pdf.Entry{Key: "Contents", Value: pdf.TextString(f.label)},
			pdf.Entry{Key: "Rect", Value: rect},
			pdf.Entry{Key: "F", Value: int64(print)},
			pdf.Entry{Key: "P", Value: o.refs[f.page]},
			pdf.Entry{Key: "AP", Value: pdf.NewDict(pdf.Entry{Key: "N", Value: ap})},
			pdf.Entry{Key: "StructParent", Value: int64(len(o.pages) + i)},
		)))
		f.el.alt = f.label
	}
	return out
}

// structure writes the structure tree and its parent tree.
func (o *output) structure(tree pdf.Ref, widgets []pdf.Ref) {
	o.root.attach()
	o.number(o.root)
	o.element(o.root, tree.Num, widgets)
	b := append(o.buf[:0], "<</Type/StructTreeRoot/K["...)
	b = appendRef(b, o.root.obj)
	b = append(b, "]/ParentTree<</Nums["...)
	for i, p := range o.pages {
		b = append(strconv.AppendInt(b, int64(i), 10), '[')
		for _, e := range p.marked {
			b = append(appendRef(b, e.obj), ' ')
		}
		b = append(b, ']')
	}
	for i, f := range o.l.fields {
		b = append(strconv.AppendInt(b, int64(len(o.pages)+i), 10), ' ')
		b = append(appendRef(b, f.el.obj), ' ')
	}
	b = append(b, "]>>/ParentTreeNextKey "...)
	b = strconv.AppendInt(b, int64(len(o.pages)+len(o.l.fields)), 10)
	o.w.PutRaw(tree, append(b, ">>"...))
	o.buf = b
}

func (o *output) number(e *elem) {
	e.obj = o.w.Reserve().Num
	for _, k := range e.kids {
		if k.elem != nil {
			o.number(k.elem)
		}
	}
}

// element writes e and, after it, its descendants.
func (o *output) element(e *elem, parent int, widgets []pdf.Ref) {
	b := append(o.buf[:0], "<</Type/StructElem/S/"...)
	b = append(b, e.role...)
	b = append(b, "/P "...)
	b = appendRef(b, parent)
	if e.attrs != nil {
		b = append(append(b, "/A"...), e.attrs...)
	}
	if e.alt != "" {
		b = pdf.AppendObject(append(b, "/Alt"...), pdf.TextString(e.alt))
	}
	if e.lang != "" {
		b = pdf.AppendObject(append(b, "/Lang"...), pdf.TextString(e.lang))
	}
	b = append(b, "/K["...)
	page := -1
	for _, k := range e.kids {
		switch {
		case k.elem != nil:
			b = append(appendRef(b, k.elem.obj), ' ')
		case k.annot:
			b = appendRef(append(b, "<</Type/OBJR/Pg "...), o.refs[k.page].Num)
			b = append(appendRef(append(b, "/Obj "...), widgets[k.id].Num), ">>"...)
		case page < 0 || page == k.page:
			page = k.page
			b = append(strconv.AppendInt(b, int64(k.id), 10), ' ')
		default:
			b = appendRef(append(b, "<</Type/MCR/Pg "...), o.refs[k.page].Num)
			b = append(strconv.AppendInt(append(b, "/MCID "...), int64(k.id), 10), ">>"...)
		}
	}
	b = append(b, ']')
	if page >= 0 {
		b = appendRef(append(b, "/Pg "...), o.refs[page].Num)
	}
	o.w.PutRaw(pdf.Ref{Num: e.obj}, append(b, ">>"...))
	o.buf = b
	for _, k := range e.kids {
		if k.elem != nil {
			o.element(k.elem, e.obj, widgets)
		}
	}
}

// intent is the sRGB output intent (ISO 19005-3 § 6.2.3).
func (o *output) intent() pdf.Ref {
	icc := o.w.Reserve()
	o.w.PutStream(icc, "/N 3/Filter/FlateDecode", o.l.e.icc)
	return o.w.Add(pdf.NewDict(
		pdf.Entry{Key: "Type", Value: pdf.Name("OutputIntent")},
		pdf.Entry{Key: "S", Value: pdf.Name("GTS_PDFA1")},
		pdf.Entry{Key: "OutputConditionIdentifier", Value: pdf.String("sRGB")},
		pdf.Entry{Key: "Info", Value: pdf.String("sRGB IEC61966-2.1")},
		pdf.Entry{Key: "RegistryName", Value: pdf.String("http://www.color.org")},
		pdf.Entry{Key: "DestOutputProfile", Value: icc},
	))
}

// attachments embeds the files and associates them with the document
// (ISO 19005-3 § 6.8).
func (o *output) attachments(cat *pdf.Dict) {
	files := slices.Clone(o.l.doc.Attachments)
	if len(files) == 0 {
		return
	}
	slices.SortFunc(files, func(a, b Attachment) int { // a name tree is sorted
		return cmp.Compare(string(pdf.TextString(a.Name)), string(pdf.TextString(b.Name)))
	})
	var names, af pdf.Array
	for _, f := range files {
		stream := o.w.Reserve()
		b := pdf.AppendObject([]byte("/Type/EmbeddedFile/Subtype"), pdf.Name(f.MIME))
		b = strconv.AppendInt(append(b, "/Params<</Size "...), int64(len(f.Data)), 10)
		b = pdf.AppendObject(append(b, "/ModDate"...), pdf.String(pdfDate(f.Modified)))
		o.w.PutStream(stream, string(append(b, ">>/Filter/FlateDecode"...)), deflate(f.Data))
		spec := o.w.Add(pdf.NewDict(
			pdf.Entry{Key: "Type", Value: pdf.Name("Filespec")},
			pdf.Entry{Key: "F", Value: pdf.TextString(f.Name)},
			pdf.Entry{Key: "UF", Value: pdf.TextString(f.Name)},
			pdf.Entry{Key: "Desc", Value: pdf.TextString(f.Description)},
			pdf.Entry{Key: "AFRelationship", Value: pdf.Name(f.Relationship)},
			pdf.Entry{Key: "EF", Value: pdf.NewDict(pdf.Entry{Key: "F", Value: stream}, pdf.Entry{Key: "UF", Value: stream})},
		))
		names = append(names, pdf.TextString(f.Name), spec)
		af = append(af, spec)
	}
	cat.Set("AF", af)
	cat.Set("Names", pdf.NewDict(pdf.Entry{
		Key: "EmbeddedFiles", Value: pdf.NewDict(pdf.Entry{Key: "Names", Value: names}),
	}))
}

// info is the document information dictionary; metadata says the same.
func (o *output) info() pdf.Ref {
	d := o.l.doc
	info := pdf.NewDict(pdf.Entry{Key: "Title", Value: pdf.TextString(d.Title)})
	if d.Author != "" {
		info.Set("Author", pdf.TextString(d.Author))
	}
	if d.Subject != "" {
		info.Set("Subject", pdf.TextString(d.Subject))
	}
	info.Set("Producer", pdf.TextString(o.l.e.producer))
	info.Set("CreationDate", pdf.String(pdfDate(d.Created)))
	info.Set("ModDate", pdf.String(pdfDate(d.Created)))
	return o.w.Add(info)
}

func pdfDate(t time.Time) string {
	s := t.Format("D:20060102150405-07:00")
	n := len(s)
	return s[:n-3] + "'" + s[n-2:] + "'"
}
