package signing

import (
	"crypto"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing/cms"
	"docsvc/internal/signing/revision"
)

// located is a signature whose place in the file is proven: the hole is its
// Contents and nothing else, and what it signs is a whole revision that has it.
type located struct {
	signed          *pdf.Document // the revision that is signed
	dict            *pdf.Dict
	subFilter       pdf.Name
	start, end      int // the hole
	message         *cms.SignedData
	claimed         time.Time
	coversWholeFile bool
	permits         int // DocMDP's P; 0 when the signature does not certify
}

const (
	padesSignature    pdf.Name = "ETSI.CAdES.detached"
	pkcs7Signature    pdf.Name = "adbe.pkcs7.detached"
	documentTimestamp pdf.Name = "ETSI.RFC3161"
)

// locate is the format check of one signature (EN 319 102-1 § 5.2.2) with the
// rules of ISO 32000-2 § 12.8.1 on ByteRange. Besides the failure it may return
// what it knows so far.
func (v *validation) locate(f field) (*located, *failure) {
	malformed := func(cause string, err error) *failure {
		if errors.Is(err, pdf.ErrLimit) {
			return indeterminate(Generic, CauseFileLimit, err.Error())
		}
		return failed(FormatFailure, cause, err.Error())
	}
	ref, ok := f.value.(pdf.Ref)
	if !ok {
		return nil, failed(FormatFailure, CauseLayout, "the signature dictionary is not an indirect object")
	}
	dict, err := v.doc.Dict(ref)
	if err != nil {
		return nil, malformed(CauseLayout, err)
	}
	l := &located{dict: dict}
	if m, ok := dict.Get("M").(pdf.String); ok {
		l.claimed = parseDate(string(m)) // zero when unreadable: it is only a claim
	}
	l.subFilter, _ = dict.Get("SubFilter").(pdf.Name)
	switch l.subFilter {
	case padesSignature, pkcs7Signature, documentTimestamp:
	default:
		return l, indeterminate(Generic, CauseKind, fmt.Sprintf("signatures of kind %.40q are not supported", string(l.subFilter)))
	}
	if err := v.signedRevision(l, f, ref); err != nil {
		return l, malformed(CauseLayout, err)
	}
	contents, ok := dict.Get("Contents").(pdf.String)
	if !ok {
		return l, failed(FormatFailure, CauseLayout, "Contents is not a string")
	}
	if l.message, err = cms.Parse(contents); err != nil {
		return l, messageFailure(err)
	}
	return l, nil
}

// revisionEnd is where the signed revision ends; 0 when it was not found.
func (l *located) revisionEnd() int {
	if l.signed == nil {
		return 0
	}
	return len(l.signed.Bytes())
}

func (v *validation) signedRevision(l *located, f field, ref pdf.Ref) error {
	first, second, end, err := byteRange4(l.dict, len(v.doc.Bytes()))
	if err != nil {
		return err
	}
	if l.signed, err = v.doc.Revision(end); err != nil {
		return fmt.Errorf("the signed range is not a whole revision: %w", err)
	}
	if at := l.signed.Location(ref.Num); at.Kind != pdf.InFile || at != v.doc.Location(ref.Num) {
		return errors.New("the signature dictionary is not in the signed revision, or was replaced later")
	}
	if l.start, l.end, err = l.signed.EntrySpan(ref.Num, "Contents"); err != nil {
		return err
	}
	if first != l.start || second != l.end {
		return fmt.Errorf("ByteRange leaves out [%d,%d), Contents is [%d,%d)", first, second, l.start, l.end)
	}
	if !plainHex(v.doc.Bytes()[l.start:l.end]) {
		return errors.New("the hole is not plain hexadecimal")
	}
	l.coversWholeFile = end == len(v.doc.Bytes())
	return v.ownedBy(l.signed, f)
}

// byteRange4 reads [0 first second length] with second+length within the file.
func byteRange4(dict *pdf.Dict, size int) (first, second, end int, err error) {
	a, ok := dict.Get("ByteRange").(pdf.Array)
	if !ok || len(a) != 4 {
		return 0, 0, 0, errors.New("ByteRange is not an array of four numbers")
	}
	var n [4]int
	for i := range n {
		x, ok := a[i].(int64)
		if !ok || x < 0 || x > int64(size) {
			return 0, 0, 0, errors.New("ByteRange is outside the file")
		}
		n[i] = int(x)
	}
	if end = n[2] + n[3]; n[0] != 0 || n[1] >= n[2] || end > size {
		return 0, 0, 0, errors.New("ByteRange does not begin at 0, or is outside the file")
	}
	return n[1], n[2], end, nil
}

// plainHex admits nothing in the hole but one hexadecimal string: even white
// space could hold an object for a lenient reader.
func plainHex(b []byte) bool {
	if len(b) < 2 || b[0] != '<' || b[len(b)-1] != '>' || len(b)%2 != 0 {
		return false
	}
	for _, c := range b[1 : len(b)-1] {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// ownedBy requires that the signed revision has the same field with the same
// value: a signature may not be hung into another field later.
func (v *validation) ownedBy(signed *pdf.Document, f field) error {
	fields, err := signatureFields(signed)
	if err != nil {
		return err
	}
	for _, g := range fields {
		if g.name == f.name && g.ref == f.ref && g.value == f.value {
			return nil
		}
	}
	return errors.New("the signed revision has no such field with this signature")
}

// changesAfter applies the policy on later changes, and what the signature
// itself permits.
func (v *validation) changesAfter(l *located) ([]string, *failure) {
	list := []string{}
	changes, err := revision.Compare(l.signed, v.doc)
	switch {
	case errors.Is(err, revision.ErrForbidden):
		return list, failed(FormatFailure, CauseChanged, err.Error(), "change", err.Error())
	case err != nil:
		return list, fileFailure(err)
	}
	mdp, err := v.modificationRules(l.dict)
	if err != nil {
		return list, indeterminate(Generic, CauseKind, err.Error())
	}
	for _, c := range changes {
		if c.Kind == revision.Signature && !mdp.maySign(c.Field) {
			return list, failed(FormatFailure, CausePermitted, "the signature permits no further one in field "+c.Field, "change", c.String())
		}
		list = append(list, c.String())
	}
	l.permits = mdp.p
	return list, nil
}

// digest hashes what the signature covers.
func (v *validation) digest(l *located, h crypto.Hash) ([]byte, *failure) {
	file := l.signed.Bytes()
	if v.hashLeft -= len(file); v.hashLeft < 0 {
		return nil, indeterminate(Generic, CauseFileLimit, "too much data to hash")
	}
	d := h.New()
	d.Write(file[:l.start])
	d.Write(file[l.end:])
	return d.Sum(nil), nil
}

// digestOf is digest for a time-stamp over the same bytes; nil over the limit:
// then nothing matches.
func (v *validation) digestOf(l *located) func(crypto.Hash) []byte {
	return func(h crypto.Hash) []byte {
		digest, _ := v.digest(l, h)
		return digest
	}
}

// parseDate reads a date of ISO 32000-1 § 7.9.4 that has seconds.
func parseDate(s string) time.Time {
	for _, layout := range []string{"D:20060102150405-07'00'", "D:20060102150405-07'00", "D:20060102150405Z", "D:20060102150405Z00'00'", "D:20060102150405"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}
