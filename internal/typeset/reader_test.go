package typeset

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"docsvc/internal/pdf"
)

// reader reads a rendered file back for the tests.
type reader struct {
	t     testing.TB
	doc   *pdf.Document
	fonts map[pdf.Name]map[uint16]string // ToUnicode by resource name
	texts map[[2]int]string              // by page index and MCID
	owner map[[2]int]int                 // object of the elem, by the parent tree
	pages []*pdf.Dict
	refs  []pdf.Ref
}

func read(t testing.TB, file []byte) *reader {
	t.Helper()
	doc, err := pdf.Open(file, pdf.DefaultLimits())
	if err != nil {
		t.Fatalf("our own parser refuses the file: %v", err)
	}
	r := &reader{t: t, doc: doc, texts: map[[2]int]string{}, owner: map[[2]int]int{}}
	for _, k := range r.array(r.dict(r.catalog().Get("Pages")).Get("Kids")) {
		r.pages = append(r.pages, r.dict(k))
		r.refs = append(r.refs, k.(pdf.Ref))
	}
	for i, p := range r.pages {
		if r.fonts == nil {
			r.readFonts(r.dict(r.dict(p.Get("Resources")).Get("Font")))
		}
		r.content(i, r.stream(p.Get("Contents")))
	}
	return r
}

func (r *reader) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *reader) catalog() *pdf.Dict { d, err := r.doc.Catalog(); r.must(err); return d }
func (r *reader) dict(o pdf.Object) *pdf.Dict {
	r.t.Helper()
	d, err := r.doc.Dict(o)
	r.must(err)
	return d
}
func (r *reader) array(o pdf.Object) pdf.Array {
	r.t.Helper()
	a, err := r.doc.Array(o)
	r.must(err)
	return a
}
func (r *reader) stream(o pdf.Object) []byte {
	r.t.Helper()
	o, err := r.doc.Resolve(o)
	r.must(err)
	s, ok := o.(*pdf.Stream)
	if !ok {
		r.t.Fatalf("%T is no stream", o)
	}
	b, err := r.doc.Decode(s)
	r.must(err)
	return b
}

func (r *reader) readFonts(fonts *pdf.Dict) {
	r.fonts = map[pdf.Name]map[uint16]string{}
	for _, e := range fonts.Entries {
		m := map[uint16]string{}
		for line := range strings.Lines(string(r.stream(r.dict(e.Value).Get("ToUnicode")))) {
			var glyph uint16
			var text string
			if n, _ := fmt.Sscanf(line, "<%04X><%s", &glyph, &text); n != 2 {
				continue
			}
			raw, err := hex.DecodeString(strings.TrimSuffix(text, ">"))
			r.must(err)
			var u []uint16
			for i := 0; i+1 < len(raw); i += 2 {
				u = append(u, uint16(raw[i])<<8|uint16(raw[i+1]))
			}
			m[glyph] = string(utf16.Decode(u))
		}
		r.fonts[e.Key] = m
	}
}

// content runs through a content stream, gathers the text of each MCID, and
// fails when anything is painted outside marked content.
func (r *reader) content(page int, b []byte) {
	type mark struct {
		mcid   int
		actual bool
	}
	var stack []mark
	var operands []string
	font := pdf.Name("")
	for len(b) > 0 {
		var tok string
		tok, b = contentToken(r.t, b)
		switch tok {
		case "":
		case "BMC", "BDC":
			m := mark{mcid: -1}
			props := strings.Join(operands, " ")
			if i := strings.Index(props, "/MCID "); i >= 0 {
				m.mcid, _ = strconv.Atoi(strings.Fields(strings.Trim(props[i+6:], ">"))[0])
				if len(stack) > 0 {
					r.t.Errorf("page %d: MCID %d inside other marked content", page, m.mcid)
				}
				r.texts[[2]int{page, m.mcid}] = ""
			}
			if i := strings.Index(props, "/ActualText<"); i >= 0 {
				raw, err := hex.DecodeString(props[i+12 : i+strings.IndexByte(props[i:], '>')])
				r.must(err)
				r.texts[[2]int{page, stack[len(stack)-1].mcid}] += pdf.DecodeText(raw)
				m = mark{stack[len(stack)-1].mcid, true}
			}
			stack, operands = append(stack, m), nil
		case "EMC":
			if len(stack) == 0 {
				r.t.Fatalf("page %d: EMC without BDC", page)
			}
			stack, operands = stack[:len(stack)-1], nil
		case "Tf":
			font, operands = pdf.Name(operands[0][1:]), nil
		case "TJ", "Do", "f", "S":
			if len(stack) == 0 {
				r.t.Errorf("page %d: %s paints outside marked content", page, tok)
			}
			if tok == "TJ" && len(stack) > 0 && !stack[len(stack)-1].actual {
				key := [2]int{page, stack[len(stack)-1].mcid}
				r.texts[key] += r.shown(font, operands)
			}
			operands = nil
		case "BT", "ET", "Td", "Tc", "Ts", "g", "G", "rg", "RG", "w", "re", "m", "l", "q", "Q", "cm":
			operands = nil
		default:
			operands = append(operands, tok)
		}
	}
	if len(stack) > 0 {
		r.t.Errorf("page %d: marked content is not closed", page)
	}
}

func (r *reader) shown(font pdf.Name, operands []string) string {
	var out strings.Builder
	for _, o := range operands {
		if !strings.HasPrefix(o, "(") {
			continue
		}
		for i := 1; i+1 < len(o); i += 2 {
			g := uint16(o[i])<<8 | uint16(o[i+1])
			s, ok := r.fonts[font][g]
			if !ok {
				r.t.Errorf("glyph %d of %s has no Unicode", g, font)
			}
			out.WriteString(s)
		}
	}
	return out.String()
}

// contentToken cuts a token off b; strings come unescaped after a "(".
func contentToken(t testing.TB, b []byte) (string, []byte) {
	b = bytes.TrimLeft(b, " \n[]")
	if len(b) == 0 {
		return "", nil
	}
	switch {
	case b[0] == '(':
		out := []byte{'('}
		for i := 1; i < len(b); i++ {
			switch b[i] {
			case ')':
				return string(out), b[i+1:]
			case '\\':
				i++
				out = append(out, map[byte]byte{'r': '\r', 'n': '\n', '(': '(', ')': ')', '\\': '\\'}[b[i]])
			default:
				out = append(out, b[i])
			}
		}
		t.Fatal("a string is not closed")
	case bytes.HasPrefix(b, []byte("<<")):
		end := bytes.Index(b, []byte(">>"))
		if bytes.HasPrefix(b[end:], []byte(">>>")) { // a string is the last value
			end++
		}
		return string(b[:end+2]), b[end+2:]
	}
	end := 1
	for end < len(b) && !bytes.ContainsRune([]byte(" \n[](</"), rune(b[end])) {
		end++
	}
	return string(b[:end]), b[end:]
}

// outline writes the structure tree with its text, one element a line.
func (r *reader) outline() string {
	root := r.dict(r.catalog().Get("StructTreeRoot"))
	r.parentTree(root)
	var b strings.Builder
	for _, k := range r.array(root.Get("K")) {
		r.element(&b, k.(pdf.Ref), 0)
	}
	for key := range r.texts {
		if key[1] >= 0 {
			r.t.Errorf("page %d: MCID %d is in no element", key[0], key[1])
		}
	}
	return b.String()
}

func (r *reader) parentTree(root *pdf.Dict) {
	nums := r.array(r.dict(root.Get("ParentTree")).Get("Nums"))
	for i := 0; i+1 < len(nums); i += 2 {
		if int(nums[i].(int64)) < len(r.pages) {
			for id, e := range r.array(nums[i+1]) {
				r.owner[[2]int{int(nums[i].(int64)), id}] = e.(pdf.Ref).Num
			}
		}
	}
}

func (r *reader) element(b *strings.Builder, ref pdf.Ref, depth int) {
	e := r.dict(ref)
	var below strings.Builder
	text, extra := "", ""
	page := -1
	if e.Get("Pg") != nil {
		page = r.pageIndex(e.Get("Pg"))
	}
	mcid := func(page, id int) {
		key := [2]int{page, id}
		if r.owner[key] != ref.Num {
			r.t.Errorf("parent tree gives %d for page %d MCID %d of element %d", r.owner[key], page, id, ref.Num)
		}
		text += r.texts[key]
		delete(r.texts, key)
	}
	for _, k := range r.array(e.Get("K")) {
		switch k := k.(type) {
		case int64:
			mcid(page, int(k))
		case pdf.Ref:
			if r.dict(k).Get("P") != ref {
				r.t.Errorf("element %d has another parent than %d", k.Num, ref.Num)
			}
			r.element(&below, k, depth+1)
		case *pdf.Dict:
			if k.Get("Type") == pdf.Name("OBJR") {
				extra += " OBJR:" + pdf.DecodeText(r.dict(k.Get("Obj")).Get("T").(pdf.String))
				continue
			}
			mcid(r.pageIndex(k.Get("Pg")), int(k.Get("MCID").(int64)))
		}
	}
	if a, ok := e.Get("Alt").(pdf.String); ok {
		extra += " alt=" + pdf.DecodeText(a)
	}
	if l, ok := e.Get("Lang").(pdf.String); ok {
		extra += " lang=" + pdf.DecodeText(l)
	}
	if a, ok := e.Get("A").(*pdf.Dict); ok && a.Get("BBox") == nil {
		extra += " " + string(pdf.AppendObject(nil, a))
	}
	fmt.Fprintf(b, "%s%s%s", strings.Repeat("  ", depth), e.Get("S"), extra)
	if text != "" {
		fmt.Fprintf(b, " |%s|", text)
	}
	b.WriteString("\n" + below.String())
}

func (r *reader) pageIndex(o pdf.Object) int {
	for i, ref := range r.refs {
		if ref == o {
			return i
		}
	}
	r.t.Fatalf("%v is no page", o)
	return -1
}
