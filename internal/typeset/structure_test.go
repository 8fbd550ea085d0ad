package typeset

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"docsvc/internal/pdf"
	"docsvc/internal/typeset/conform"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

func render(t testing.TB, d Document) *Result {
	t.Helper()
	r, err := testEngine(t).Render(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestStructure compares the structure trees, with all their text in reading
// order, with the golden files. Reading checks that every mark on the pages is
// tagged or an artifact and that tree and parent tree agree.
func TestStructure(t *testing.T) {
	for name, d := range map[string]Document{"decision": sample(), "stress": stress()} {
		t.Run(name, func(t *testing.T) {
			file := render(t, d).PDF
			for _, fault := range conform.Faults(file) {
				t.Error(fault)
			}
			got := read(t, file).outline()
			path := filepath.Join("testdata", name+".structure.txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("structure differs from %s (-want +got):\n%s", path, diff)
			}
		})
	}
}

// TestCatalog checks what PDF/A-3a and PDF/UA-1 ask of the document as a whole.
func TestCatalog(t *testing.T) {
	d := sample()
	res := render(t, d)
	r := read(t, res.PDF)
	cat := r.catalog()
	if lang := pdf.DecodeText(cat.Get("Lang").(pdf.String)); lang != "az" {
		t.Errorf("Lang is %q", lang)
	}
	if r.dict(cat.Get("MarkInfo")).Get("Marked") != true || r.dict(cat.Get("ViewerPreferences")).Get("DisplayDocTitle") != true {
		t.Error("MarkInfo or ViewerPreferences is wrong")
	}
	intent := r.dict(r.array(cat.Get("OutputIntents"))[0])
	if intent.Get("S") != pdf.Name("GTS_PDFA1") || len(r.stream(intent.Get("DestOutputProfile"))) < 1000 {
		t.Error("the output intent is wrong")
	}
	for i, p := range r.pages {
		if p.Get("Tabs") != pdf.Name("S") || p.Get("StructParents") != int64(i) {
			t.Errorf("page %d lacks Tabs or StructParents", i)
		}
	}
	names := r.array(r.dict(r.dict(cat.Get("Names")).Get("EmbeddedFiles")).Get("Names"))
	spec := r.dict(names[1])
	if spec.Get("AFRelationship") != pdf.Name("Data") || r.array(cat.Get("AF"))[0] != names[1] {
		t.Error("the attachment is not associated")
	}
	if data := r.stream(r.dict(spec.Get("EF")).Get("F")); !bytes.Equal(data, d.Attachments[0].Data) {
		t.Errorf("the attachment holds %q", data)
	}
}

// TestMetadata compares XMP and Info entry by entry (ISO 19005-3 § 6.6.2.2).
func TestMetadata(t *testing.T) {
	d := sample()
	d.Title = `Qərar <№ 1> & "əlavə"`
	r := read(t, render(t, d).PDF)
	info := r.dict(r.doc.Trailer().Get("Info"))
	xmp := string(r.stream(r.catalog().Get("Metadata")))
	text := func(key pdf.Name) string { return pdf.DecodeText(info.Get(key).(pdf.String)) }
	for _, want := range []string{
		`<dc:title><rdf:Alt><rdf:li xml:lang="x-default">` + escape(text("Title")) + `</rdf:li></rdf:Alt></dc:title>`,
		`<dc:description><rdf:Alt><rdf:li xml:lang="x-default">` + escape(text("Subject")) + `</rdf:li></rdf:Alt></dc:description>`,
		`<dc:creator><rdf:Seq><rdf:li>` + escape(text("Author")) + `</rdf:li></rdf:Seq></dc:creator>`,
		`<pdf:Producer>` + text("Producer") + `</pdf:Producer>`,
		`<xmp:CreateDate>2026-11-22T10:00:00+04:00</xmp:CreateDate>`,
		`<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>`,
		`<act:ActNumber>EI2611000000001T-003</act:ActNumber>`,
		`<act:Evaluation>True</act:Evaluation>`,
	} {
		if !strings.Contains(xmp, want) {
			t.Errorf("XMP lacks %s", want)
		}
	}
	if text("CreationDate") != "D:20261122100000+04'00'" || text("ModDate") != text("CreationDate") || text("Title") != d.Title {
		t.Errorf("Info is %s", pdf.AppendObject(nil, info))
	}
	for _, p := range []string{"TemplateID", "TemplateVersion", "EngineVersion", "ActNumber", "Evaluation"} {
		if strings.Count(xmp, "<act:"+p+">") != 1 || strings.Count(xmp, "<pdfaProperty:name>"+p+"<") != 1 {
			t.Errorf("property %s is not both given and described", p)
		}
	}
}

// TestFonts checks that all fonts are embedded subsets and that every glyph
// shown has a width.
func TestFonts(t *testing.T) {
	r := read(t, render(t, stress()).PDF)
	fonts := r.dict(r.dict(r.pages[0].Get("Resources")).Get("Font"))
	if len(fonts.Entries) != 6 {
		t.Errorf("%d fonts are embedded, not 6", len(fonts.Entries))
	}
	for _, e := range fonts.Entries {
		cid := r.dict(r.array(r.dict(e.Value).Get("DescendantFonts"))[0])
		desc := r.dict(cid.Get("FontDescriptor"))
		if file := r.stream(desc.Get("FontFile2")); len(file) < 1000 || len(file) > 100_000 {
			t.Errorf("font file of %s has %d bytes", e.Key, len(file))
		}
		if name := desc.Get("FontName").(pdf.Name); name[6] != '+' || cid.Get("BaseFont") != name {
			t.Errorf("font is called %s", name)
		}
		if len(r.array(cid.Get("W"))) == 0 || len(r.fonts[e.Key]) < 50 {
			t.Errorf("%s has no widths or no Unicode map", e.Key)
		}
	}
}

// TestFields checks the reserved signature fields: visible, empty, tagged.
func TestFields(t *testing.T) {
	res := render(t, stress())
	r := read(t, res.PDF)
	form := r.dict(r.catalog().Get("AcroForm"))
	fields := r.array(form.Get("Fields"))
	if len(fields) != 2 || len(res.Fields) != 2 || form.Get("SigFlags") != int64(3) {
		t.Fatalf("form is %s", pdf.AppendObject(nil, form))
	}
	for i, f := range fields {
		w := r.dict(f)
		if w.Get("FT") != pdf.Name("Sig") || w.Get("V") != nil || w.Get("F") != int64(4) || w.Get("Subtype") != pdf.Name("Widget") {
			t.Errorf("widget is %s", pdf.AppendObject(nil, w))
		}
		if name := pdf.DecodeText(w.Get("T").(pdf.String)); name != res.Fields[i].Name {
			t.Errorf("field %d is called %q", i, name)
		}
		page := r.pages[res.Fields[i].Page-1]
		if w.Get("P") != r.refs[res.Fields[i].Page-1] || r.array(page.Get("Annots"))[i] != f {
			t.Errorf("field %d is not on page %d", i, res.Fields[i].Page)
		}
		for k, v := range r.array(w.Get("Rect")) {
			if got := string(pdf.AppendObject(nil, v)); got != string(pdf.AppendReal(nil, res.Fields[i].Rect[k])) {
				t.Errorf("Rect of field %d is %s, not %v", i, got, res.Fields[i].Rect)
			}
		}
	}
	ap := string(r.stream(r.dict(r.dict(fields[0]).Get("AP")).Get("N")))
	if !strings.HasPrefix(ap, "/Artifact BMC\n") || strings.Count(ap, "TJ") != 2 || !strings.HasSuffix(ap, "EMC\n") {
		t.Errorf("the appearance is %q", ap)
	}
}
