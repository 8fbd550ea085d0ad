package signing

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing/cms"
)

// signed is a signature or document time-stamp of a file that is to be
// augmented. Nothing of it is checked here but that it can be read: what comes
// out is judged by the verifier.
type signed struct {
	field   string
	end     int // of the revision that it covers
	message *cms.SignedData
	// stamp is the signature time-stamp, or of a document time-stamp the token
	// itself; nil when the signature has none.
	stamp    *cms.Token
	document bool // a document time-stamp
}

// survey lists what a file has, in the order in which it was added.
func survey(doc *pdf.Document) ([]signed, error) {
	fields, err := signatureFields(doc)
	if err != nil {
		return nil, err
	}
	var all []signed
	for _, f := range fields {
		if f.value == nil {
			continue
		}
		if len(all) == maxSignatures {
			return nil, fmt.Errorf("%w: more than %d signatures", pdf.ErrLimit, maxSignatures)
		}
		s, err := readSigned(doc, f)
		if err != nil {
			return nil, fmt.Errorf("reading the signature in %q: %w", f.name, err)
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b signed) int { return a.end - b.end })
	return all, nil
}

func readSigned(doc *pdf.Document, f field) (signed, error) {
	dict, err := doc.Dict(f.value)
	if err != nil {
		return signed{}, err
	}
	s := signed{field: f.name, document: dict.Get("SubFilter") == documentTimestamp}
	if s.end, err = signedEnd(dict, len(doc.Bytes())); err != nil {
		return signed{}, err
	}
	contents, ok := dict.Get("Contents").(pdf.String)
	if !ok {
		return signed{}, errors.New("the entry Contents is not a string")
	}
	if s.document {
		if s.stamp, err = cms.ParseToken(contents); err != nil {
			return signed{}, err
		}
		s.message = s.stamp.SignedData
		return s, nil
	}
	if s.message, err = cms.Parse(contents); err != nil {
		return signed{}, err
	}
	if s.message.Signer == nil {
		return signed{}, cms.ErrNoSigner
	}
	token, err := s.message.SignatureTimestamp()
	if err != nil || token == nil {
		return s, err
	}
	s.stamp, err = cms.ParseToken(token)
	return s, err
}

// signedEnd is where the bytes end that a signature covers.
func signedEnd(dict *pdf.Dict, size int) (int, error) {
	if r, ok := dict.Get("ByteRange").(pdf.Array); ok && len(r) == 4 {
		start, ok1 := r[2].(int64)
		length, ok2 := r[3].(int64)
		if ok1 && ok2 && start >= 0 && length >= 0 && start <= int64(size) && length <= int64(size)-start {
			return int(start + length), nil
		}
	}
	return 0, errors.New("ByteRange is malformed or outside the file")
}

// existed is when the file proves that all[i] existed: the time of the first
// document time-stamp over it; now when there is none yet.
func existed(all []signed, i int, now time.Time) (at time.Time, proven bool) {
	for _, s := range all[i+1:] {
		if s.document && s.end > all[i].end {
			return s.stamp.Time, true
		}
	}
	return now, false
}

// stamped says whether a document time-stamp covers everything in the file.
func stamped(all []signed, doc *pdf.Document) bool {
	if len(all) == 0 {
		return false
	}
	last := all[len(all)-1]
	return last.document && last.end == len(doc.Bytes())
}

// stampHash is the digest of the next document time-stamp: SHA-256, or SHA-384
// where a signature uses more than SHA-256, so that what protects it for
// decades is not the weaker of the two.
func stampHash(all []signed) (crypto.Hash, error) {
	for _, s := range all {
		h, err := s.message.Hash()
		if err != nil {
			return 0, err
		}
		if h.Size() > crypto.SHA256.Size() {
			return crypto.SHA384, nil
		}
	}
	return crypto.SHA256, nil
}

// stampRoom is the room for the token of the next document time-stamp: what the
// longest in the file would need, since the authority is mostly the same. An
// archive of acts is a tenth smaller for it.
func stampRoom(all []signed) int {
	room := 0
	for _, s := range all {
		if s.stamp != nil {
			room = max(room, len(s.stamp.Raw)+spareRoom)
		}
	}
	if room == 0 {
		return tokenRoom
	}
	return room
}
