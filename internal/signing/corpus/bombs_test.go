package corpus_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"slices"
	"strings"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
)

func deflated(b []byte) []byte {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err != nil {
		panic(err)
	}
	if _, err := w.Write(b); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// withStream appends object 60, a deflated object stream with n objects from
// 100 on, and the cross-reference stream 61 for them.
func withStream(v *victim, file []byte, update string, n int, object func(i int) string) []byte {
	v.Helper()
	var head, body strings.Builder
	for i := range n {
		fmt.Fprintf(&head, "%d %d ", 100+i, body.Len())
		body.WriteString(object(i) + " ")
	}
	out := slices.Clip(file)
	form := len(out)
	out = append(out, update...)
	stream := len(out)
	data := deflated([]byte(head.String() + body.String()))
	out = fmt.Appendf(out, "60 0 obj\n<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\n", n, head.Len(), len(data), data)
	x := len(out)
	var entries bytes.Buffer
	line := func(kind byte, at, index int) {
		entries.Write([]byte{kind, byte(at >> 24), byte(at >> 16), byte(at >> 8), byte(at), byte(index >> 16), byte(index >> 8), byte(index)})
	}
	line(1, form, 0)
	line(1, stream, 0)
	line(1, x, 0)
	for i := range n {
		line(2, 60, i)
	}
	data = deflated(entries.Bytes())
	out = fmt.Appendf(out, "61 0 obj\n<</Type/XRef/Size %d/W[1 4 3]/Index[1 1 60 2 100 %d]/Root 1 0 R/Prev %d/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n",
		100+n, n, open(v.T, file).Sections()[0], len(data), data, x)
	return out
}

func bomb(name, attack, indication, sub, reason string, build func(v *victim) []byte) corpusCase {
	return corpusCase{name, "bomb: " + attack, indication, sub, reason, build, 0}
}

const overLimit = "more than is read of any file"

// bigStream is a DSS stream that inflates to n bytes.
func bigStream(e *editor, n int) pdf.Ref {
	return e.Add(&pdf.Stream{Dict: dict("Filter", name("FlateDecode")), Raw: deflated(make([]byte, n))})
}

func number(n int) string {
	return fmt.Sprintf("1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm %d 0 R>>\nendobj\n", n)
}

var corpusBombs = []corpusCase{
	bomb("DSS stream", "thirty megabytes of zeros among the validation data, four times over", signing.Indeterminate, signing.Generic, overLimit, func(v *victim) []byte {
		return edit(v.T, v.signed(), func(e *editor) {
			one := bigStream(e, 30<<20)
			e.Set(e.Catalog().Get("DSS").(pdf.Ref), "CRLs", pdf.Array{one, one, one, one})
		})
	}),
	bomb("chain of filters", "a stream deflated twice", signing.TotalFailed, formatFailure, "chains of filters are not read", func(v *victim) []byte {
		return edit(v.T, v.signed(), addData(func(e *editor) pdf.Ref {
			return e.Add(&pdf.Stream{Dict: dict("Filter", pdf.Array{name("FlateDecode"), name("FlateDecode")}), Raw: deflated(deflated(make([]byte, 60<<20)))})
		}))
	}),
	bomb("ten thousand fields", "a form of more than ten thousand fields in one object stream", signing.Indeterminate, signing.Generic, overLimit, func(v *victim) []byte {
		const n = 10_100
		return withStream(v, v.signed(), number(100), n, func(i int) string {
			if i > 0 {
				return "<</FT/Sig/T(a)>>"
			}
			var s strings.Builder
			s.WriteString("<</SigFlags 3/Fields[8 0 R 9 0 R")
			for k := 1; k < n; k++ {
				fmt.Fprintf(&s, " %d 0 R", 100+k)
			}
			return s.String() + "]>>"
		})
	}),
	bomb("million entries", "a cross-reference stream of a million entries", signing.Indeterminate, signing.Generic, overLimit, func(v *victim) []byte {
		signed := v.signed()
		data := deflated(make([]byte, 4_000_000))
		out := slices.Clip(signed)
		return fmt.Appendf(out, "60 0 obj\n<</Type/XRef/Size 1000000/W[1 2 1]/Root 1 0 R/Prev %d/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n",
			open(v.T, signed).Sections()[0], len(data), data, len(signed))
	}),
	bomb("huge object number", "a table from object 4294967295", signing.Indeterminate, signing.Generic, overLimit, func(v *victim) []byte {
		signed := v.signed()
		return rawEnd(signed, "4294967295 1\n0000000020 00000 n\r\n", fmt.Sprintf("/Size 70/Root 1 0 R/Prev %d", open(v.T, signed).Sections()[0]))
	}),
	bomb("many values", "an array of five million numbers in an object stream", signing.Indeterminate, signing.Generic, overLimit, func(v *victim) []byte {
		return withStream(v, v.signed(), number(100), 1, func(int) string {
			return "<</SigFlags 3/Fields[8 0 R 9 0 R]/X[" + strings.Repeat("0 ", 5_000_000) + "]>>"
		})
	}),
	bomb("objects of one stream", "an object stream says that it has a billion objects", signing.Indeterminate, signing.Generic, overLimit, func(v *victim) []byte {
		signed := v.signed()
		out := append(slices.Clip(signed), "60 0 obj\n<</Type/ObjStm/N 999999999/First 6/Length 10>>\nstream\n14 0  <<>>\nendstream\nendobj\n"...)
		x := len(out)
		out = fmt.Appendf(out, "61 0 obj\n<</Type/XRef/Size 62/W[1 4 1]/Index[14 1 60 2]/Root 1 0 R/Prev %d/Length 18>>\nstream\n", open(v.T, signed).Sections()[0])
		for _, e := range [][2]int{{2, 60}, {1, len(signed)}, {1, x}} {
			out = append(out, byte(e[0]), byte(e[1]>>24), byte(e[1]>>16), byte(e[1]>>8), byte(e[1]), 0)
		}
		return fmt.Appendf(out, "\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", x)
	}),
	bomb("fields in depth", "a field below a field, a hundred times", signing.Indeterminate, signing.Generic, overLimit, func(v *victim) []byte {
		return withStream(v, v.signed(), number(100), 100, func(i int) string {
			if i == 0 {
				return "<</SigFlags 3/Fields[8 0 R 9 0 R 101 0 R]>>"
			}
			return fmt.Sprintf("<</T(a)/Kids[%d 0 R]>>", 101+i)
		})
	}),
	bomb("hundred signatures", "a form of a hundred signed fields", signing.Indeterminate, signing.Generic, overLimit, func(v *victim) []byte {
		return withStream(v, v.signed(), number(100), 101, func(i int) string {
			if i > 0 {
				return fmt.Sprintf("<</FT/Sig/T(%d)/V 15 0 R>>", i)
			}
			var s strings.Builder
			for k := 1; k <= 100; k++ {
				fmt.Fprintf(&s, " %d 0 R", 100+k)
			}
			return "<</SigFlags 3/Fields[8 0 R 9 0 R" + s.String() + "]>>"
		})
	}),
	bomb("ASN.1 in depth", "a message of nothing but nested elements of indefinite length", signing.TotalFailed, formatFailure, "deeper than is read", func(v *victim) []byte {
		return v.craft(v.blank(), plainDictionary, plainRange, func([]byte) []byte { return bytes.Repeat([]byte{0x30, 0x80}, 1000) })
	}),
	bomb("ASN.1 of huge length", "a message that says that it has four gigabytes", signing.TotalFailed, formatFailure, "not a message", func(v *victim) []byte {
		return v.craft(v.blank(), plainDictionary, plainRange, func([]byte) []byte { return []byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 6, 1} })
	}),
	bomb("a thousand revisions", "more updates than are read", signing.Indeterminate, signing.Generic, overLimit, func(v *victim) []byte {
		file := v.signed()
		prev := open(v.T, file).Sections()[0]
		for range 1010 { // short updates: what is in them does not matter
			at := len(file)
			file = fmt.Appendf(file, "xref\n0 0\ntrailer<</Prev %d>>\n", prev)
			prev = at
		}
		return rawEnd(file, "0 0\n", fmt.Sprintf("/Size 16/Root 1 0 R/Prev %d", prev))
	}),
	bomb("long chain of objects", "fifteen hundred objects below a signature that is added", signing.TotalFailed, formatFailure, "it is no signature", func(v *victim) []byte {
		return withStream(v, v.signed(), number(100), 1500, func(i int) string {
			if i == 0 {
				return "<</SigFlags 3/Fields[8 0 R 9 0 R 101 0 R]>>"
			}
			return fmt.Sprintf("<</FT/Sig/V %d 0 R/A[%d 0 R]>>", 101+i, 101+i)
		})
	}),
}
