package signing_test

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
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

var evil = &pdf.Stream{Dict: &pdf.Dict{}, Raw: []byte("BT /F1 40 Tf 50 700 Td (Borc 1000000) Tj ET")}

// updates are attacks by what is appended to a file signed in imza1, with imza2
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

func TestUpdatesAfterSigning(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	file := signingtest.PDF(1000, "imza1", "imza2")
	signed, err := signing.Sign(t.Context(), request(file, p, e, signing.LevelBT), signing.SignerKey(e.Key), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range updates {
		t.Run(c.name, func(t *testing.T) {
			r := verify(t, verifier(p), edit(t, signed, c.edit))
			if r.Indication == signing.TotalPassed {
				t.Errorf("accepted: %+v", r.Signatures)
			}
			if len(r.Signatures) > 0 {
				t.Log(r.SubIndication, r.Signatures[0].Reasons)
			}
		})
	}
}

// TestPermittedUpdates guards against a policy that refuses everything.
func TestPermittedUpdates(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	file := signingtest.PDF(1000, "imza1", "imza2")
	signed, err := signing.Sign(t.Context(), request(file, p, e, signing.LevelBT), signing.SignerKey(e.Key), p)
	if err != nil {
		t.Fatal(err)
	}
	crl, err := p.CRL(p.Issuing, p.Now(), p.Now().AddDate(0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	withStore := edit(t, signed, func(e *editor) {
		stream := func(b []byte) pdf.Ref { return e.add(&pdf.Stream{Dict: &pdf.Dict{}, Raw: b}) }
		list := e.add(pdf.Array{stream(crl)})
		e.set(e.doc.Root(), "DSS", e.add(dict("Type", name("DSS"), "CRLs", list, "Certs", pdf.Array{stream(p.Issuing.Cert.Raw)},
			"VRI", dict(strings.Repeat("A", 40), dict("CRL", list)))))
	})
	grown := edit(t, withStore, func(e *editor) {
		store := e.catalog().Get("DSS").(pdf.Ref)
		list := e.dict(store).Get("CRLs").(pdf.Ref)
		old, err := e.doc.Array(list)
		if err != nil {
			t.Fatal(err)
		}
		e.u.Put(list, append(append(pdf.Array{}, old...), e.add(&pdf.Stream{Dict: &pdf.Dict{}, Raw: crl})))
	})
	stamped := addDocumentTimestamp(t, p, grown)
	for _, c := range []struct {
		name    string
		file    []byte
		changes string
	}{
		{"validation data", withStore, "validation-data"},
		{"more validation data", grown, "validation-data"},
		{"document time-stamp", stamped, "document-timestamp ts1,validation-data"},
		{"object written again unchanged", edit(t, signed, func(e *editor) {
			r, page := e.page()
			e.u.Put(r, page)
		}), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := verify(t, verifier(p), c.file)
			if r.Indication != signing.TotalPassed {
				t.Fatalf("%+v", r)
			}
			if got := strings.Join(r.Signatures[0].ChangesAfter, ","); got != c.changes {
				t.Errorf("changes %q, want %q", got, c.changes)
			}
		})
	}
	r := verify(t, verifier(p), stamped)
	if len(r.DocumentTimestamps) != 1 || !r.DocumentTimestamps[0].CoversWholeFile {
		t.Errorf("%+v", r.DocumentTimestamps)
	}
	r = verify(t, verifier(p), edit(t, stamped, updates[0].edit))
	if r.Indication != signing.TotalFailed || r.DocumentTimestamps[0].Indication != signing.TotalFailed {
		t.Errorf("tampered after the document time-stamp: %+v", r)
	}
}

// addDocumentTimestamp appends an invisible field with a time-stamp over the
// file.
func addDocumentTimestamp(t *testing.T, p *signingtest.PKI, file []byte) []byte {
	t.Helper()
	const room = 8192
	br := "[0 %010d %010d %010d]"
	syntax := "<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161/ByteRange " +
		fmt.Sprintf(br, 0, 0, 0) + "/Contents <" + strings.Repeat("0", 2*room) + ">>>"
	var offset int
	out := edit(t, file, func(e *editor) {
		v := e.u.New()
		offset = e.u.PutRaw(v, []byte(syntax))
		r, page := e.page()
		w := e.add(dict("Type", name("Annot"), "Subtype", name("Widget"), "FT", name("Sig"), "T", pdf.String("ts1"), "F", int64(132),
			"Rect", pdf.Array{int64(0), int64(0), int64(0), int64(0)}, "P", r, "V", v))
		page.Set("Annots", append(append(pdf.Array{}, page.Get("Annots").(pdf.Array)...), w))
		e.u.Put(r, page)
		e.setForm("Fields", append(e.fields(), w))
	})
	start := offset + strings.Index(syntax, "/Contents ") + len("/Contents ")
	end := start + 2*room + 2
	copy(out[offset+strings.Index(syntax, "[0 "):], fmt.Sprintf(br, start, end, len(out)-end))
	h := crypto.SHA256.New()
	h.Write(out[:start])
	h.Write(out[end:])
	token, err := p.Timestamp(t.Context(), h.Sum(nil), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	hex.Encode(out[start+1:], token)
	return out
}

// TestEveryByteCounts flips bytes over the whole signed file. What may happen
// without notice is that the unsigned time-stamp attribute becomes another
// attribute: then the level falls to B-B.
func TestEveryByteCounts(t *testing.T) {
	signed := read(t, goldenOnce)
	v := goldenVerifier(t)
	start, end := hole(t, signed)
	for i := 0; i < len(signed); i += 7 {
		if i > start && i < end-1 && signed[i] >= 'a' { // upper case is the same hexadecimal digit
			continue
		}
		broken := bytes.Clone(signed)
		broken[i] ^= 0x04
		if r := verify(t, v, broken); r.Indication == signing.TotalPassed && r.Signatures[0].Level == signing.LevelBT {
			t.Fatalf("byte %d of %d (%q) changed unnoticed", i, len(signed), signed[i])
		}
	}
}
