package corpus_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

const (
	usf = "universal signature forgery: "
	swa = "signature wrapping attack: "
)

// layout is a file whose signature is right over just the bytes that its
// ByteRange names.
func layout(name, attack, reason, dictionary string, ranges func(start, end, size int) []int) corpusCase {
	return corpusCase{name, attack, signing.TotalFailed, formatFailure, reason, func(v *victim) []byte { return v.crafted(dictionary, ranges) }, 0}
}

// with is the plain dictionary with something else in one place.
func with(old, text string) string { return strings.Replace(plainDictionary, old, text, 1) }

// ranged is a file that has something else in the place of ByteRange.
func ranged(name, what, reason, value string) corpusCase {
	return layout(name, usf+what, reason, with("RANGE", value), plainRange)
}

const (
	rangeReason = "ByteRange must be four numbers: 0, where the hole begins, where it ends, and what is left of the revision"
	holeReason  = "the hole must be one direct hexadecimal string: Contents, and nothing beside it"
)

var corpusLayouts = slices.Concat(badRanges, badContents, wrappings)

var badRanges = []corpusCase{
	layout("range missing", usf+"no ByteRange", rangeReason, with("/ByteRange", "/Range"), plainRange),
	ranged("range null", "ByteRange is null", rangeReason, "null/X RANGE"),
	ranged("range empty", "ByteRange is an empty array", rangeReason, "[]/X RANGE"),
	ranged("range of reals", "reals", rangeReason, "[0.0 1.0 2.0 3.0]/X RANGE"),
	ranged("range of names", "names", rangeReason, "[/0 /1 /2 /3]/X RANGE"),
	ranged("range indirect", "a reference", "another object may change", "3 0 R/X RANGE"),
	ranged("range of references", "four references", "another object may change", "[3 0 R 3 0 R 3 0 R 3 0 R]/X RANGE"),
	ranged("range twice", "two ByteRange", "which of the two counts depends on the reader", "[0 1 2 3]/ByteRange RANGE"),
	ranged("range of huge numbers", "numbers beyond 64 bits", rangeReason, "[0 99999999999999999999 99999999999999999999 99999999999999999999]/X RANGE"),
	layout("range not at 0", usf+"the first bytes are left out", rangeReason, plainDictionary, func(s, e, n int) []int { return []int{10, s - 10, e, n - e} }),
	layout("range negative", usf+"a negative length", rangeReason, plainDictionary, func(s, e, _ int) []int { return []int{0, s, e, -1} }),
	layout("range of negative offset", usf+"a negative offset", rangeReason, plainDictionary, func(s, e, n int) []int { return []int{-5, s + 5, e, n - e} }),
	layout("range overlapping", usf+"the parts overlap", rangeReason, plainDictionary, func(s, _, n int) []int { return []int{0, s, s - 5, n - s + 5} }),
	layout("range reversed", usf+"the parts stand in the other order", rangeReason, plainDictionary, func(s, e, n int) []int { return []int{e, n - e, 0, s} }),
	layout("range of two numbers", usf+"the first part alone", rangeReason, plainDictionary, func(s, _, _ int) []int { return []int{0, s} }),
	layout("range of six numbers", usf+"three parts", rangeReason, plainDictionary, func(s, e, n int) []int { return []int{0, s, e, 10, e + 10, n - e - 10} }),
	layout("range without a hole", usf+"no hole", rangeReason, plainDictionary, func(s, _, n int) []int { return []int{0, s, s, n - s} }),
	layout("range of nothing", usf+"four zeros", rangeReason, plainDictionary, func(int, int, int) []int { return []int{0, 0, 0, 0} }),
	layout("range beyond the file", usf+"more than there is", rangeReason, plainDictionary, func(s, e, n int) []int { return []int{0, s, e, n} }),
	layout("range overflowing", usf+"the sum overflows", rangeReason, plainDictionary, func(s, _, _ int) []int { return []int{0, s, 1<<62 + 1, 1<<62 + 1} }),
	layout("range leaves out the end", swa+"the last bytes are not signed", "what is signed must be a whole revision", plainDictionary, func(s, e, n int) []int { return []int{0, s, e, n - e - 30} }),
	layout("hole begins early", swa+"the hole begins before Contents", holeReason, plainDictionary, func(s, e, n int) []int { return []int{0, s - 20, e, n - e} }),
	layout("hole ends late", swa+"the hole ends after Contents", holeReason, plainDictionary, func(s, e, n int) []int { return []int{0, s, e + 2, n - e - 2} }),
	layout("hole within Contents", swa+"the angle brackets are signed", holeReason, plainDictionary, func(s, e, n int) []int { return []int{0, s + 1, e - 1, n - e + 1} }),
	layout("hole holds the range", swa+"ByteRange stands in the hole", holeReason, "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/Contents HOLE/ByteRange RANGE>>",
		func(s, e, n int) []int { return []int{0, s, e + 120, n - e - 120} }),
	layout("hole with white space", swa+"a space in the hole", holeReason, with("HOLE", " HOLE"), func(s, e, n int) []int { return []int{0, s - 1, e, n - e} }),
}

// filled is the signed act with other things in the hole.
func filled(name, attack, reason string, content func(der []byte, room int) string) corpusCase {
	return corpusCase{name, attack, signing.TotalFailed, formatFailure, reason, func(v *victim) []byte {
		file := v.sign(v.blank(), signing.LevelBB, func(r *signing.Request) { r.ContentsSize = 3000 })
		start, end := lastHole(file)
		der, err := hex.DecodeString(string(file[start+1 : end-1]))
		if err != nil {
			v.Fatal(err)
		}
		copy(file[start:end], content(der, end-start-2))
		return file
	}, 0}
}

// lastHole finds the last Contents.
func lastHole(file []byte) (start, end int) {
	start = bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents ")
	return start, start + bytes.IndexByte(file[start:], '>') + 1
}

var badContents = []corpusCase{
	filled("contents of zeros", usf+"Contents is all zeros", "there is no message", func(_ []byte, room int) string { return "<" + strings.Repeat("0", room) }),
	filled("contents empty", usf+"Contents is an empty string", holeReason, func(_ []byte, room int) string { return "<>" + strings.Repeat(" ", room) }),
	filled("contents literal", usf+"Contents is a literal string", holeReason, func(_ []byte, room int) string { return "(" + strings.Repeat("a", room) + ")" }),
	filled("contents null", usf+"Contents is null", holeReason, func(_ []byte, room int) string { return "null" + strings.Repeat(" ", room-2) }),
	filled("contents of odd digits", "half a byte in the hole", holeReason, func(der []byte, room int) string { return fmt.Sprintf("<%x ", der)[:room] + " " }),
	filled("padding not zero", "bytes after the message", "padding is zeros, so that nothing can be kept in it", func(der []byte, room int) string {
		copy(der[len(der)-4:], "evil")
		return fmt.Sprintf("<%x", der)
	}),
	filled("padding is another message", "two messages in one hole", "padding is zeros, so that nothing can be kept in it", func(der []byte, room int) string {
		copy(der[len(der)-40:], der[:40])
		return fmt.Sprintf("<%x", der)
	}),
	filled("object in the hole", "the hole ends early, with an object in what is left", holeReason, func(der []byte, room int) string {
		s := fmt.Sprintf("<%x", der)
		i := len(s) - 60
		return s[:i] + ">/X(" + strings.Repeat("a", 50) + ")/Y<00"
	}),
	filled("message cut off", "the message is not whole", "not a message", func(der []byte, room int) string {
		clear(der[600:])
		return fmt.Sprintf("<%x", der)
	}),
	layout("contents missing", usf+"no Contents", holeReason, with("/Contents", "/Content"), plainRange),
	layout("contents twice", usf+"two Contents", "which of the two counts depends on the reader", with("/ByteRange", "/Contents<00>/ByteRange"), plainRange),
	layout("contents indirect", usf+"a reference", "another object may change", with("HOLE", "1 0 R/X HOLE"), plainRange),
	layout("contents in an array", usf+"an array", holeReason, with("HOLE", "[HOLE]"), plainRange),
	{"no such kind", "a SubFilter that nobody knows", signing.Indeterminate, signing.Generic, "what is not understood is not judged",
		func(v *victim) []byte { return v.crafted(with("ETSI.CAdES.detached", "ETSI.Evil"), plainRange) }, 0},
	{"kind of SHA-1", "SubFilter adbe.pkcs7.sha1, a digest in the message", signing.Indeterminate, signing.Generic, "what is not supported is not judged",
		func(v *victim) []byte { return v.crafted(with("ETSI.CAdES.detached", "adbe.pkcs7.sha1"), plainRange) }, 0},
	{"no kind", "no SubFilter", signing.Indeterminate, signing.Generic, "what is not understood is not judged",
		func(v *victim) []byte { return v.crafted(with("/SubFilter/ETSI.CAdES.detached", ""), plainRange) }, 0},
	{"signature as time-stamp", "an officer's signature under the SubFilter of document time-stamps", signing.Indeterminate, signing.SigConstraintsFailure, "it is no time-stamp",
		func(v *victim) []byte { return v.crafted(with("ETSI.CAdES.detached", "ETSI.RFC3161"), plainRange) }, 0},
}

var wrappings = []corpusCase{
	{"signature of another document", "swapped: the signature of one act in another", signing.TotalFailed, signing.HashFailure, "it was made over other bytes", func(v *victim) []byte {
		other := v.sign(v.prepared(signingtest.PDF(128, "imza1", "imza2")), signing.LevelBB, func(r *signing.Request) { r.ContentsSize = 2200 })
		file := v.sign(v.blank(), signing.LevelBB, func(r *signing.Request) { r.ContentsSize = 2200 })
		s, e := lastHole(other)
		at, _ := lastHole(file)
		copy(file[at:], other[s:e])
		return file
	}, 0},
	{"signature of another field", "swapped: the first signature's message in the second field", signing.TotalFailed, signing.HashFailure, "it was made over other bytes", func(v *victim) []byte {
		size := func(r *signing.Request) { r.ContentsSize = 2200 }
		file := v.sign(v.blank(), signing.LevelBB, size)
		s, e := lastHole(file)
		file = v.signBy(v.head, file, signing.LevelBB, nil, func(r *signing.Request) { r.Field, r.ContentsSize = "imza2", 2200 })
		at, _ := lastHole(file)
		copy(file[at:], file[s:e])
		return file
	}, 0},
	{"revision in a wider hole", swa + "the hole holds a foreign revision; the signed bytes are the old ones, moved", signing.TotalFailed, formatFailure, holeReason, func(v *victim) []byte {
		signed := v.signed()
		start, end := lastHole(signed)
		tail := signed[end:]
		out := fmt.Appendf(bytes.Clone(signed[:end]), "\n4 0 obj\n<</Length 3>>\nstream\nBT \nendstream\nendobj\n")
		mid := len(out)
		out = append(out, tail...)
		i := bytes.LastIndex(out[:start], []byte("/ByteRange ["))
		copy(out[i+len("/ByteRange "):], fmt.Sprintf("[0 %010d %010d %010d]", start, mid, len(tail)))
		return out
	}, 0},
	rawCase("signature moved by an update", swa+"the update holds another signature dictionary with the old Contents", "the signature dictionary is not in the signed revision", func(v *victim, signed []byte) []byte {
		return edit(v.T, signed, func(e *editor) {
			value := e.Dict(e.Dict(e.Fields()[0]).Get("V"))
			e.Set(e.Fields()[0].(pdf.Ref), "V", e.Add(value))
		})
	}),
	rawCase("one signature in two fields", "the second field has the first one's value", "one signature stands in several fields", func(v *victim, signed []byte) []byte {
		return edit(v.T, signed, func(e *editor) {
			e.Set(e.Fields()[1].(pdf.Ref), "V", e.Dict(e.Fields()[0]).Get("V"))
		})
	}),
	rawCase("signature copied to another field", "the second field has a copy of the first one's dictionary", "the signature dictionary is not in the signed revision", func(v *victim, signed []byte) []byte {
		return edit(v.T, signed, func(e *editor) {
			value := e.Dict(e.Dict(e.Fields()[0]).Get("V"))
			e.Set(e.Fields()[1].(pdf.Ref), "V", e.Add(value))
		})
	}),
	{"value in the field itself", "V is a direct dictionary", signing.TotalFailed, formatFailure, "the signature dictionary must be an indirect object", func(v *victim) []byte {
		return edit(v.T, v.blank(), func(e *editor) {
			e.Set(e.Fields()[0].(pdf.Ref), "V", dict("Type", name("Sig"), "SubFilter", name("ETSI.CAdES.detached"), "ByteRange", numbers(0, 1, 2, 3), "Contents", pdf.String("x")))
		})
	}, 0},
	{"value missing", "V refers to nothing", signing.TotalFailed, formatFailure, "there is no signature dictionary", func(v *victim) []byte {
		return edit(v.T, v.blank(), func(e *editor) { e.Set(e.Fields()[0].(pdf.Ref), "V", pdf.Ref{Num: 99}) })
	}, 0},
	{"no signature", "the act before it is signed", signing.Indeterminate, signing.NoSignatureFound, "there is nothing to judge", func(v *victim) []byte { return v.blank() }, 0},
	{"form removed", isa + "the catalog of the update has no form", signing.TotalFailed, formatFailure, "the earlier signature was removed", func(v *victim) []byte {
		return edit(v.T, v.signed(), func(e *editor) { e.Set(e.Doc.Root(), "AcroForm", nil) })
	}, 0},
}
