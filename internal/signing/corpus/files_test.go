package corpus_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
)

func broken(name, attack, indication, sub, reason string, build func(v *victim) []byte) corpusCase {
	return corpusCase{name, attack, indication, sub, reason, build, 0}
}

func malformed(name, attack, reason string, build func(v *victim) []byte) corpusCase {
	return broken(name, attack, signing.TotalFailed, formatFailure, reason, build)
}

// corpusFiles are not well-formed, or not for every reader in the same way.
var corpusFiles = []corpusCase{
	malformed("empty", "no bytes", "it is no PDF", func(*victim) []byte { return nil }),
	malformed("web page", "HTML", "it is no PDF", func(*victim) []byte { return []byte("<html><body>imza</body></html>") }),
	malformed("cut off", "the last hundred bytes are missing", "the file does not end with its end", func(v *victim) []byte {
		s := v.signed()
		return s[:len(s)-100]
	}),
	malformed("cut off in the hole", "the file ends in the signature", "the file does not end with its end", func(v *victim) []byte {
		s := v.signed()
		start, _ := lastHole(s)
		return s[:start+100]
	}),
	malformed("cut off at the first revision", "the last revision's end stands in a comment", "the cross-reference section is not where the end says", func(v *victim) []byte {
		s := v.signed()
		return fmt.Appendf(slices.Clip(s[:len(s)-200]), "\nstartxref\n%d\n%%%%EOF\n", len(s)-300)
	}),
	malformed("polyglot", "a PDF that is a shell script too, offsets as without it", "the header is not where offsets count from", func(v *victim) []byte {
		return append([]byte("#!/bin/sh\nexit 0\n"), v.signed()...)
	}),
	malformed("two ways of counting", "offsets lead to one document from the first byte and to another from the header", "two readers would see two documents", func(v *victim) []byte {
		signed := v.signed()
		return append(append([]byte("%PDF-1.4\n"), bytes.Repeat([]byte(" "), 1100)...), signed...)
	}),
	malformed("header missing", "no header", "it is no PDF", func(v *victim) []byte { return v.signed()[9:] }),
	broken("encrypted", "the trailer of the update says Encrypt", signing.Indeterminate, signing.Generic, "what is encrypted cannot be judged", func(v *victim) []byte {
		return rawUpdate(v.T, v.signed(), "/Encrypt 5 0 R", map[int]string{})
	}),
	malformed("page tree in a circle", "Kids of the page tree refer to the tree", "it was changed", func(v *victim) []byte {
		return edit(v.T, v.signed(), func(e *editor) {
			r := e.Catalog().Get("Pages").(pdf.Ref)
			e.Set(r, "Kids", pdf.Array{r})
		})
	}),
	malformed("field in a circle", "Kids of a field refer to the field", "the fields are no tree", func(v *victim) []byte {
		return edit(v.T, v.signed(), func(e *editor) { e.Set(e.Fields()[1].(pdf.Ref), "Kids", e.Fields()[1:]) })
	}),
	malformed("field listed twice", "the signed field stands twice in the form", "fields are distinct objects", func(v *victim) []byte {
		return edit(v.T, v.signed(), func(e *editor) { e.SetForm("Fields", append(e.Fields(), e.Fields()[0])) })
	}),
	malformed("references in a circle", "an object is a reference to itself", "references lead nowhere", func(v *victim) []byte {
		file := edit(v.T, v.signed(), func(e *editor) { e.SetForm("Fields", pdf.Ref{Num: 60}) })
		return rawUpdate(v.T, file, "", map[int]string{60: "60 0 R"})
	}),
	malformed("length of itself", "the Length of a stream is that stream", "the object needs itself", func(v *victim) []byte {
		return rawUpdate(v.T, v.signed(), "", map[int]string{14: "<</Type/DSS/OCSPs[60 0 R]>>", 60: "<</Length 60 0 R>>\nstream\nx\nendstream"})
	}),
	malformed("object stream in itself", "an object stream that is in itself", "an object stream is not in an object stream", func(v *victim) []byte {
		return streamOfItself(v)
	}),
	malformed("wrong object at the offset", "the table leads to an object of another number", "the object is not where the table says", func(v *victim) []byte {
		signed := v.signed()
		out := append(slices.Clip(signed), "61 0 obj\n<<>>\nendobj\n"...)
		return rawEnd(out, fmt.Sprintf("14 1\n%010d 00000 n\r\n", len(signed)), fmt.Sprintf("/Size 70/Root 1 0 R/Prev %d", open(v.T, signed).Sections()[0]))
	}),
	malformed("key twice", "a dictionary of the update has a key twice", "which of the two counts depends on the reader", func(v *victim) []byte {
		return rawUpdate(v.T, v.signed(), "", map[int]string{14: "<</Type/DSS/OCSPs[10 0 R 11 0 R 12 0 R 13 0 R]/OCSPs[]>>"})
	}),
	malformed("entries of 19 bytes", "the table of the update has entries that are too short", "readers differ in how they read it", func(v *victim) []byte {
		out := rawUpdate(v.T, v.signed(), "", map[int]string{4: evilContent})
		return bytes.Replace(out, []byte(" 00000 n\r\n4"), []byte(" 00000 n\n4"), 1)
	}),
	broken("DSS is no dictionary", "the catalog's DSS is a number", signing.TotalFailed, formatFailure, "it is not readable", func(v *victim) []byte {
		return edit(v.T, v.signed(), func(e *editor) { e.Set(e.Doc.Root(), "DSS", int64(1)) })
	}),
	malformed("form is no dictionary", "the form is an array", "it is not readable", func(v *victim) []byte {
		return edit(v.T, v.signed(), func(e *editor) { e.Set(e.Doc.Root(), "AcroForm", pdf.Array{}) })
	}),
	broken("deep brackets", "arrays in arrays, beyond any depth", signing.Indeterminate, signing.Generic, "deeper than is read", func(v *victim) []byte {
		return rawUpdate(v.T, v.signed(), "", map[int]string{14: "<</Type/DSS/OCSPs" + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + ">>"})
	}),
	malformed("signed twice by one", "two signatures, the second one over a file from which the first was taken", "nobody can take a signature out", func(v *victim) []byte {
		file := edit(v.T, v.signed(), func(e *editor) { e.SetForm("Fields", e.Fields()[1:]) })
		return v.signBy(v.head, file, signing.LevelBB, nil, second)
	}),
	malformed("other act under the signature", "the head signs after the content was replaced", "the first signature does not cover what the second one signs", func(v *victim) []byte {
		file := edit(v.T, v.signed(), func(e *editor) {
			_, p := e.Page()
			e.Update.Put(p.Get("Contents").(pdf.Ref), evil)
		})
		return v.signBy(v.head, file, signing.LevelBB, nil, second)
	}),
}

// streamOfItself has object 14 in object stream 14.
func streamOfItself(v *victim) []byte {
	signed := v.signed()
	out := slices.Clip(signed)
	x := len(out)
	out = fmt.Appendf(out, "60 0 obj\n<</Type/XRef/Size 61/W[1 4 1]/Index[14 1 60 1]/Root 1 0 R/Prev %d/Length 12>>\nstream\n", open(v.T, signed).Sections()[0])
	for _, e := range [][2]int{{2, 14}, {1, x}} {
		out = append(out, byte(e[0]), byte(e[1]>>24), byte(e[1]>>16), byte(e[1]>>8), byte(e[1]), 0)
	}
	return fmt.Appendf(out, "\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", x)
}
