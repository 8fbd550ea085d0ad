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
		stream := func(b []byte) pdf.Ref { return e.Add(&pdf.Stream{Dict: &pdf.Dict{}, Raw: b}) }
		list := e.Add(pdf.Array{stream(crl)})
		e.Set(e.Doc.Root(), "DSS", e.Add(dict("Type", name("DSS"), "CRLs", list, "Certs", pdf.Array{stream(p.Issuing.Cert.Raw)},
			"VRI", dict(strings.Repeat("A", 40), dict("CRL", list)))))
	})
	grown := edit(t, withStore, func(e *editor) {
		store := e.Catalog().Get("DSS").(pdf.Ref)
		list := e.Dict(store).Get("CRLs").(pdf.Ref)
		old, err := e.Doc.Array(list)
		if err != nil {
			t.Fatal(err)
		}
		e.Update.Put(list, append(append(pdf.Array{}, old...), e.Add(&pdf.Stream{Dict: &pdf.Dict{}, Raw: crl})))
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
			r, page := e.Page()
			e.Update.Put(r, page)
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
	r = verify(t, verifier(p), edit(t, stamped, func(e *editor) {
		_, p := e.Page()
		e.Update.Put(p.Get("Contents").(pdf.Ref), &pdf.Stream{Dict: &pdf.Dict{}, Raw: []byte("BT ET")})
	}))
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
		v := e.Update.New()
		offset = e.Update.PutRaw(v, []byte(syntax))
		r, page := e.Page()
		w := e.Add(dict("Type", name("Annot"), "Subtype", name("Widget"), "FT", name("Sig"), "T", pdf.String("ts1"), "F", int64(132),
			"Rect", pdf.Array{int64(0), int64(0), int64(0), int64(0)}, "P", r, "V", v))
		page.Set("Annots", append(append(pdf.Array{}, page.Get("Annots").(pdf.Array)...), w))
		e.Update.Put(r, page)
		e.SetForm("Fields", append(e.Fields(), w))
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
