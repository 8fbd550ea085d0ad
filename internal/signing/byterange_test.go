package signing_test

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/cms"
	"docsvc/internal/signing/signingtest"
)

// message signs a digest as a detached CMS with the officer's certificate.
func message(t *testing.T, e *signingtest.Entity, chain []*x509.Certificate, digest []byte) []byte {
	t.Helper()
	attrs, err := cms.SignedAttributes(signing.ECDSAP256, e.Cert, digest)
	if err != nil {
		t.Fatal(err)
	}
	h := crypto.SHA256.New()
	h.Write(attrs)
	value, err := signing.SignerKey(e.Key).SignDigest(t.Context(), h.Sum(nil), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	der, err := cms.Assemble(signing.ECDSAP256, e.Cert, chain, attrs, value, nil)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// forged signs by hand: dictionary is a template of the signature dictionary in
// which RANGE and HOLE are replaced, and ranges computes ByteRange. The
// officer's signature then is right over just those bytes.
func forged(t *testing.T, p *signingtest.PKI, e *signingtest.Entity, dictionary string, ranges func(start, end, size int) []int) []byte {
	t.Helper()
	return forgedIn(t, p, e, signingtest.PDF(500, "imza1", "imza2"), dictionary, ranges)
}

func forgedIn(t *testing.T, p *signingtest.PKI, e *signingtest.Entity, file []byte, dictionary string, ranges func(start, end, size int) []int) []byte {
	t.Helper()
	const room = 2000
	blank := strings.Repeat(" ", 100)
	syntax := strings.Replace(strings.Replace(dictionary, "RANGE", blank, 1), "HOLE", "<"+strings.Repeat("0", 2*room)+">", 1)
	var offset int
	out := edit(t, file, func(ed *editor) {
		v := ed.Update.New()
		offset = ed.Update.PutRaw(v, []byte(syntax))
		ed.Set(ed.Fields()[0].(pdf.Ref), "V", v)
	})
	start := offset + strings.Index(syntax, "<"+strings.Repeat("0", 2*room))
	end := start + 2*room + 2
	n := ranges(start, end, len(out))
	text := strings.Trim(strings.ReplaceAll(fmt.Sprint(n), "  ", " "), " ")
	copy(out[offset+strings.Index(syntax, blank):], text)
	h := crypto.SHA256.New()
	for i := 0; i+1 < len(n); i += 2 {
		if n[i] >= 0 && n[i+1] >= 0 && n[i] <= len(out) && n[i+1] <= len(out)-n[i] {
			h.Write(out[n[i] : n[i]+n[i+1]])
		}
	}
	hex.Encode(out[start+1:], message(t, e, p.Chain(), h.Sum(nil)))
	return out
}

const plainDictionary = "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(D:20261122000000Z)/ByteRange RANGE/Contents HOLE>>"

func plainRange(start, end, size int) []int { return []int{0, start, end, size - end} }

func TestByteRange(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	if r := verify(t, verifier(p), forged(t, p, e, plainDictionary, plainRange)); r.Indication != signing.TotalPassed {
		t.Fatalf("the forger's plain signature must pass, or the cases below prove nothing: %+v", r)
	}
	for _, c := range []struct {
		name       string
		dictionary string
		ranges     func(start, end, size int) []int
	}{
		{"does not begin at 0", plainDictionary, func(s, e, n int) []int { return []int{10, s - 10, e, n - e} }},
		{"leaves out the end", plainDictionary, func(s, e, n int) []int { return []int{0, s, e, n - e - 30} }},
		{"gap begins early", plainDictionary, func(s, e, n int) []int { return []int{0, s - 20, e, n - e} }},
		{"gap ends late", plainDictionary, func(s, e, n int) []int { return []int{0, s, e + 2, n - e - 2} }},
		{"covers the angle brackets", plainDictionary, func(s, e, n int) []int { return []int{0, s + 1, e - 1, n - e + 1} }},
		{"two numbers", plainDictionary, func(s, _, _ int) []int { return []int{0, s} }},
		{"six numbers", plainDictionary, func(s, e, n int) []int { return []int{0, s, e, 10, e + 10, n - e - 10} }},
		{"negative length", plainDictionary, func(s, e, _ int) []int { return []int{0, s, e, -1} }},
		{"beyond the file", plainDictionary, func(s, e, n int) []int { return []int{0, s, e, n} }},
		{"overflowing numbers", plainDictionary, func(s, _, _ int) []int { return []int{0, s, 1<<62 + 1, 1<<62 + 1} }},
		{"parts overlap", plainDictionary, func(s, _, n int) []int { return []int{0, s, s - 5, n - s + 5} }},
		{"gap holds ByteRange", "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/Contents HOLE/ByteRange RANGE>>",
			func(s, e, n int) []int { return []int{0, s, e + 120, n - e - 120} }},
		{"white space in the hole", strings.Replace(plainDictionary, "HOLE", " HOLE", 1),
			func(s, e, n int) []int { return []int{0, s - 1, e, n - e} }},
		{"Contents twice", strings.Replace(plainDictionary, "/ByteRange", "/Contents<00>/ByteRange", 1), plainRange},
		{"Contents is a reference", strings.Replace(plainDictionary, "HOLE", "1 0 R/X HOLE", 1), plainRange},
		{"no ByteRange", strings.Replace(plainDictionary, "/ByteRange", "/Range", 1), plainRange},
		{"unknown SubFilter", strings.Replace(plainDictionary, "ETSI.CAdES.detached", "adbe.pkcs7.sha1", 1), plainRange},
		{"no SubFilter", strings.Replace(plainDictionary, "/SubFilter/ETSI.CAdES.detached", "", 1), plainRange},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := verify(t, verifier(p), forged(t, p, e, c.dictionary, c.ranges))
			if r.Indication == signing.TotalPassed {
				t.Errorf("accepted: %+v", r.Signatures)
			}
			t.Log(r.SubIndication, r.Reasons, len(r.Signatures))
		})
	}
}

// TestHole puts things into the hole, which no signature covers.
func TestHole(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	r := request(signingtest.PDF(500, "imza1"), p, e, signing.LevelBB)
	r.ContentsSize = 4000
	signed, err := signing.Sign(t.Context(), r, signing.SignerKey(e.Key), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, end := hole(t, signed)
	for name, content := range map[string]string{
		"not zero":           "41",
		"an object":          ">/X(",
		"white space":        "  ",
		"half a byte":        "0 ",
		"a second update":    "\n%%EOF\n",
		"an end of the hole": "0>",
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(signed)
			copy(b[end-20:], content)
			if r := verify(t, verifier(p), b); r.Indication == signing.TotalPassed {
				t.Errorf("accepted: %+v", r)
			}
		})
	}
}

// TestWrapping moves a signature to other bytes.
func TestWrapping(t *testing.T) {
	p := signingtest.New(t, nil)
	e := p.Officer(t, signingtest.P256(t))
	signed, err := signing.Sign(t.Context(), request(signingtest.PDF(500, "imza1"), p, e, signing.LevelBT), signing.SignerKey(e.Key), p)
	if err != nil {
		t.Fatal(err)
	}
	start, end := hole(t, signed)

	t.Run("transplanted into another document", func(t *testing.T) {
		other, err := signing.Prepare(request(signingtest.PDF(600, "imza1"), p, e, signing.LevelBT))
		if err != nil {
			t.Fatal(err)
		}
		s, _ := hole(t, other.PDF)
		copy(other.PDF[s:], signed[start:end])
		r := verify(t, verifier(p), other.PDF)
		if r.Indication != signing.TotalFailed || r.SubIndication != signing.HashFailure {
			t.Errorf("%+v", r)
		}
	})
	t.Run("foreign revision in a wider hole", func(t *testing.T) {
		tail := signed[end:]
		evil := fmt.Appendf(bytes.Clone(signed[:end]), "\n4 0 obj\n<</Length 3>>\nstream\nBT \nendstream\nendobj\n")
		mid := len(evil)
		b := append(evil, tail...)
		i := bytes.LastIndex(b[:start], []byte("/ByteRange ["))
		copy(b[i+len("/ByteRange "):], fmt.Sprintf("[0 %010d %010d %010d]", start, mid, len(tail)))
		if r := verify(t, verifier(p), b); r.Indication == signing.TotalPassed {
			t.Errorf("%+v", r)
		}
	})
	t.Run("bytes after the end", func(t *testing.T) {
		b := append(bytes.Clone(signed), "1 0 obj\n<<>>\nendobj\n"...)
		if r := verify(t, verifier(p), b); r.Indication != signing.TotalFailed {
			t.Errorf("%+v", r)
		}
	})
	t.Run("line ends after the end", func(t *testing.T) { // mail gateways add them
		r := verify(t, verifier(p), append(bytes.Clone(signed), "\r\n"...))
		if r.Indication != signing.TotalPassed || r.Signatures[0].CoversWholeFile {
			t.Errorf("%+v", r)
		}
	})
	t.Run("bytes before the header", func(t *testing.T) {
		if r := verify(t, verifier(p), append([]byte("%!PS\n"), signed...)); r.Indication != signing.TotalFailed {
			t.Errorf("%+v", r)
		}
	})
	t.Run("truncated anywhere", func(t *testing.T) {
		for n := 0; n < len(signed); n += 97 {
			if r := verify(t, verifier(p), signed[:n]); r.Indication == signing.TotalPassed {
				t.Fatalf("at %d: %+v", n, r)
			}
		}
	})
}
