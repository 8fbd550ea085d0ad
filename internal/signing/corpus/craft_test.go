package corpus_test

import (
	"crypto"
	"encoding/hex"
	"fmt"
	"strings"

	"docsvc/internal/pdf"
)

// crafted signs the act by hand: dictionary is a template of the signature
// dictionary in which RANGE and HOLE are replaced, and ranges computes ByteRange.
// The officer's signature then is right over just those bytes.
func (v *victim) crafted(dictionary string, ranges func(start, end, size int) []int) []byte {
	v.Helper()
	return v.craft(v.blank(), dictionary, ranges, v.forger().message)
}

// craft is crafted in any file and with any message.
func (v *victim) craft(file []byte, dictionary string, ranges func(start, end, size int) []int, message func(digest []byte) []byte) []byte {
	v.Helper()
	return v.craftBehind("", file, dictionary, ranges, message)
}

// craftBehind is craft with bytes before the header.
func (v *victim) craftBehind(junk string, file []byte, dictionary string, ranges func(start, end, size int) []int, message func(digest []byte) []byte) []byte {
	v.Helper()
	room := max(len(message(make([]byte, 32)))+20, 1500) // signatures differ by a few bytes
	blank := strings.Repeat(" ", 100)
	syntax := strings.Replace(strings.Replace(dictionary, "RANGE", blank, 1), "HOLE", "<"+strings.Repeat("0", 2*room)+">", 1)
	var offset int
	out := edit(v.T, file, func(ed *editor) {
		value := ed.Update.New()
		offset = ed.Update.PutRaw(value, []byte(syntax))
		ed.Set(ed.Fields()[0].(pdf.Ref), "V", value)
	})
	out = append([]byte(junk), out...)
	offset += len(junk)
	start := offset + strings.Index(syntax, "<"+strings.Repeat("0", 2*room))
	end := start + 2*room + 2
	n := ranges(start, end, len(out))
	if at := strings.Index(syntax, blank); at >= 0 {
		copy(out[offset+at:], fmt.Sprint(n))
	}
	h := crypto.SHA256.New()
	for i := 0; i+1 < len(n); i += 2 {
		if n[i] >= 0 && n[i+1] >= 0 && n[i] <= len(out) && n[i+1] <= len(out)-n[i] {
			h.Write(out[n[i] : n[i]+n[i+1]])
		}
	}
	der := message(h.Sum(nil))
	if len(der) > room {
		v.Fatalf("the message has %d bytes, there is room for %d", len(der), room)
	}
	hex.Encode(out[start+1:], der)
	return out
}

// craftShifted signs a file that has junk before its header; offsets count from
// there, ByteRange from the first byte.
func (v *victim) craftShifted(junk string, file []byte) []byte {
	v.Helper()
	return v.craftBehind(junk, file, plainDictionary, plainRange, v.forger().message)
}

const plainDictionary = "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(D:20261125093000Z)/ByteRange RANGE/Contents HOLE>>"

func plainRange(start, end, size int) []int { return []int{0, start, end, size - end} }

// forgeSHA1 signs with SHA-1 throughout.
func (v *victim) forgeSHA1() []byte {
	v.Helper()
	f := v.forger()
	f.digest, f.signature, f.hash = oidDigestSHA1, oidSignECDSASHA1, crypto.SHA1
	var out []byte
	var start, end int
	draft := v.craft(v.blank(), plainDictionary, func(s, e, n int) []int {
		start, end = s, e
		return plainRange(s, e, n)
	}, func([]byte) []byte { return nil })
	h := crypto.SHA1.New()
	h.Write(draft[:start])
	h.Write(draft[end:])
	out = draft
	hex.Encode(out[start+1:], f.message(h.Sum(nil)))
	return out
}
