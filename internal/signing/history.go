package signing

import (
	"bytes"
	"fmt"

	"docsvc/internal/pdf"
	"docsvc/internal/signing/revision"
)

// Package revision compares each signed revision with the file. What it cannot
// see are signatures that are gone: nobody asks about theirs. Nor does it see
// bytes that no object has.

// checkAppended fails the signatures that are followed by bytes which belong to
// nothing.
func (v *validation) checkAppended(list []candidate) {
	first := v.firstSigned(list)
	at, err := v.doc.Stray(first)
	if err == nil && at < 0 {
		at = v.doc.Hidden(first)
	}
	if err == nil && at < 0 {
		return
	}
	fail := failed(FormatFailure, CauseChanged, fmt.Sprintf("%v: byte %d was appended and belongs to no object", revision.ErrForbidden, at),
		"change", fmt.Sprintf("byte %d", at))
	if err != nil {
		fail = fileFailure(err)
	}
	for i := range list {
		if c := &list[i]; c.fail == nil && c.located.revisionEnd() <= at {
			c.fail = fail
		}
	}
}

// firstSigned is where the first signed revision ends that was found; the end of
// the file when there is none.
func (v *validation) firstSigned(list []candidate) int {
	first := len(v.doc.Bytes())
	for _, c := range list {
		if c.fail == nil {
			first = min(first, c.located.revisionEnd())
		}
	}
	return first
}

// removed looks for a signature of an earlier revision that the file no longer
// has: taken away, perhaps before somebody else signed. Revisions from the first
// signed one on need no look: package revision lets no signature disappear. One
// that cannot be opened never was a document.
func (v *validation) removed(fields []field, list []candidate) *failure {
	has := map[pdf.Ref]pdf.Object{}
	for _, f := range fields {
		has[f.ref] = f.value
	}
	first := v.firstSigned(list)
	for _, section := range v.doc.Sections() {
		end := endOfRevision(v.doc.Bytes(), section)
		if end == 0 || end >= first {
			continue
		}
		old, err := v.doc.Revision(end)
		if err != nil {
			continue
		}
		was, err := signatureFields(old)
		if err != nil {
			continue
		}
		for _, f := range was {
			if ref, ok := f.value.(pdf.Ref); ok && isSignature(old, ref) &&
				(has[f.ref] != f.value || v.doc.Location(ref.Num) != old.Location(ref.Num)) {
				text := fmt.Sprintf("the signature in field %q was removed", f.name)
				return failed(FormatFailure, CauseChanged, text, "change", text)
			}
		}
	}
	return nil
}

func isSignature(doc *pdf.Document, ref pdf.Ref) bool {
	d, err := doc.Dict(ref)
	return err == nil && d.Get("ByteRange") != nil && d.Get("Contents") != nil
}

// endOfRevision is after the first end-of-file marker behind a section and its
// line end; 0 when there is none.
func endOfRevision(file []byte, section int) int {
	const marker = "%%EOF"
	i := bytes.Index(file[section:], []byte(marker))
	if i < 0 {
		return 0
	}
	end := section + i + len(marker)
	if end < len(file) && file[end] == '\r' {
		end++
	}
	if end < len(file) && file[end] == '\n' {
		end++
	}
	return end
}
