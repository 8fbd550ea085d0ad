package signing

import (
	"errors"
	"fmt"

	"docsvc/internal/pdf"
)

// ErrCertify says that a file cannot be certified any more: it has a signature.
var ErrCertify = errors.New("signing: only the first signature of a file can certify it")

// permittedChanges is P of DocMDP: filling in forms and signing, which the
// signatures and document time-stamps that follow are.
const permittedChanges = 2

// docMDP is the entry Reference of a certification signature (ISO 32000-1 §
// 12.8.2.2). PDF/A forbids the entries of object digests in it, DigestMethod
// among them, and any key of Perms but DocMDP and UR3 (ISO 19005-3 § 6.1.12).
func docMDP() pdf.Array {
	return pdf.Array{pdf.NewDict(
		pdf.Entry{Key: "Type", Value: pdf.Name("SigRef")},
		pdf.Entry{Key: "TransformMethod", Value: pdf.Name("DocMDP")},
		pdf.Entry{Key: "TransformParams", Value: pdf.NewDict(
			pdf.Entry{Key: "Type", Value: pdf.Name("TransformParams")},
			pdf.Entry{Key: "P", Value: int64(permittedChanges)},
			pdf.Entry{Key: "V", Value: pdf.Name("1.2")},
		)},
	)}
}

// permit enters the certification signature under Perms in the catalog (ISO
// 32000-1 § 12.8.4), without which it is an ordinary one.
func permit(doc *pdf.Document, u *pdf.Update, signature pdf.Ref) error {
	fields, err := signatureFields(doc)
	if err != nil {
		return err
	}
	for _, f := range fields {
		if f.value != nil {
			return fmt.Errorf("%w: %q is signed", ErrCertify, f.name)
		}
	}
	catalog, err := doc.Catalog()
	if err != nil {
		return err
	}
	if catalog.Get("Perms") != nil {
		return fmt.Errorf("%w: the catalog has Perms", ErrCertify)
	}
	catalog = catalog.Clone()
	catalog.Set("Perms", pdf.NewDict(pdf.Entry{Key: "DocMDP", Value: signature}))
	u.Put(doc.Root(), catalog)
	return nil
}
