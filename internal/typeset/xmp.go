package typeset

import (
	"encoding/xml"
	"strings"

	"docsvc/internal/pdf"
)

// actNamespace names docsvc's own properties in the metadata.
const actNamespace = "urn:docsvc:xmp:act:1#"

const xmpHead = "<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
	`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""` +
	` xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"` +
	` xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"` +
	` xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"` +
	` xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" xmlns:act="` + actNamespace + `">` +
	"\n<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>\n<dc:format>application/pdf</dc:format>\n"

const xmpTail = "\n</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>"

// extensions describes the properties that PDF/A does not know
// (ISO 19005-3 § 6.6.2.3.3).
var extensions = "<pdfaExtension:schemas><rdf:Bag>" +
	schema("PDF/UA identification", "http://www.aiim.org/pdfua/ns/id/", "pdfuaid",
		[3]string{"part", "Integer", "Part of ISO 14289"}) +
	schema("Enforcement act", actNamespace, "act",
		[3]string{"TemplateID", "Text", "Template that the act was made from"},
		[3]string{"TemplateVersion", "Text", "Version of the template"},
		[3]string{"EngineVersion", "Text", "Version of the program that made the act"},
		[3]string{"ActNumber", "Text", "Number of the act"},
		[3]string{"Evaluation", "Boolean", "Made for evaluation, without legal force"}) +
	"</rdf:Bag></pdfaExtension:schemas>"

func schema(name, uri, prefix string, properties ...[3]string) string {
	var b strings.Builder
	b.WriteString(`<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>` + name + `</pdfaSchema:schema><pdfaSchema:namespaceURI>` + uri +
		`</pdfaSchema:namespaceURI><pdfaSchema:prefix>` + prefix + `</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>`)
	for _, p := range properties {
		b.WriteString(`<rdf:li rdf:parseType="Resource"><pdfaProperty:name>` + p[0] + `</pdfaProperty:name><pdfaProperty:valueType>` + p[1] +
			`</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category><pdfaProperty:description>` + p[2] + `</pdfaProperty:description></rdf:li>`)
	}
	b.WriteString(`</rdf:Seq></pdfaSchema:property></rdf:li>`)
	return b.String()
}

// metadata writes the XMP packet, uncompressed so that any tool finds it.
func (o *output) metadata() pdf.Ref {
	ref := o.w.Reserve()
	o.w.PutStream(ref, "/Type/Metadata/Subtype/XML", []byte(xmp(o.l.doc, o.l.e.producer)))
	return ref
}

func xmp(d *Document, producer string) string {
	var b strings.Builder
	b.WriteString(xmpHead)
	alt := func(name, value string) {
		b.WriteString("<" + name + `><rdf:Alt><rdf:li xml:lang="x-default">` + escape(value) + "</rdf:li></rdf:Alt></" + name + ">\n")
	}
	simple := func(name, value string) {
		if value != "" {
			b.WriteString("<" + name + ">" + escape(value) + "</" + name + ">\n")
		}
	}
	alt("dc:title", d.Title)
	if d.Subject != "" {
		alt("dc:description", d.Subject)
	}
	if d.Author != "" {
		b.WriteString("<dc:creator><rdf:Seq><rdf:li>" + escape(d.Author) + "</rdf:li></rdf:Seq></dc:creator>\n")
	}
	b.WriteString("<dc:language><rdf:Bag><rdf:li>" + d.Lang + "</rdf:li></rdf:Bag></dc:language>\n")
	date := d.Created.Format("2006-01-02T15:04:05-07:00")
	simple("xmp:CreateDate", date)
	simple("xmp:ModifyDate", date)
	simple("xmp:MetadataDate", date)
	simple("pdf:Producer", producer)
	simple("act:TemplateID", d.Meta.TemplateID)
	simple("act:TemplateVersion", d.Meta.TemplateVersion)
	simple("act:EngineVersion", d.Meta.EngineVersion)
	simple("act:ActNumber", d.Meta.ActNumber)
	evaluation := "False"
	if d.Meta.Evaluation {
		evaluation = "True"
	}
	simple("act:Evaluation", evaluation)
	b.WriteString(extensions)
	b.WriteString(xmpTail)
	return b.String()
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return b.String()
}
