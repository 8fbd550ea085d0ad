package signing

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/pdf"
)

// Verifier validates signatures against a fixed policy, stricter than ETSI EN
// 319 102-1 demands in three points: a time-stamp that is present but not valid
// keeps the signature from passing, every certificate below a root needs a
// revocation status, and only the changes that package revision lists may
// follow a signature.
//
// It is safe for concurrent use. Cost is bounded by Limits, by at most 64
// signature fields with a value and by hashing at most 2 GB; a 110 MB file with
// one signature takes about a second, most of it SHA-256.
type Verifier struct {
	Roots    *x509.CertPool   // trust anchors of signers; required
	TSARoots *x509.CertPool   // trust anchors of time-stamps; nil: Roots
	Now      func() time.Time // required
	Limits   pdf.Limits
	// Intermediates may stand in a path between a certificate and a root, as
	// those that the file brings: time-stamping authorities leave theirs out.
	Intermediates []*x509.Certificate
	// Revocation supplies CRLs and OCSP responses; nil: only what the file
	// brings.
	Revocation Revocation
	// RevocationOptional lets a certificate without revocation status pass,
	// with a reason that says so: for checking a file alone, offline.
	RevocationOptional bool
}

const (
	maxSignatures = 64
	maxHashed     = 2 << 30
	clockSkew     = 5 * time.Minute
)

// Verify gives the verdict on a file as of a time; the zero time means now.
// What is wrong with the file is in the report: a damaged file is TOTAL-FAILED
// with FORMAT_FAILURE, one that cannot be judged (encrypted, over the limits)
// INDETERMINATE with GENERIC, one without a signature INDETERMINATE with
// NO_SIGNATURE_FOUND. The error is for the verifier's own trouble: a cancelled
// context, a missing root, a Revocation source that does not answer.
func (v *Verifier) Verify(ctx context.Context, file []byte, at time.Time) (*Report, error) {
	if v.Roots == nil || v.Now == nil {
		return nil, errors.New("signing: verifier without roots or clock")
	}
	if at.IsZero() {
		at = v.Now()
	}
	report := &Report{Signatures: []Signature{}}
	doc, err := pdf.Open(file, v.Limits)
	if err != nil {
		report.set(fileFailure(err))
		return report, nil
	}
	fields, err := signatureFields(doc)
	if err != nil {
		report.set(fileFailure(err))
		return report, nil
	}
	run := &validation{Verifier: v, ctx: ctx, at: at, doc: doc, hashLeft: maxHashed, lists: map[string]*List{}}
	if err := run.all(fields, report); err != nil {
		return nil, err
	}
	return report, nil
}

// fileFailure translates the parser's errors.
func fileFailure(err error) *failure {
	if errors.Is(err, pdf.ErrEncrypted) || errors.Is(err, pdf.ErrLimit) {
		return indeterminate(Generic, err.Error())
	}
	return failed(FormatFailure, err.Error())
}

// validation is one run of Verify.
type validation struct {
	*Verifier
	ctx      context.Context // of the one call of Verify
	at       time.Time
	doc      *pdf.Document
	hashLeft int
	embedded evidence // from the DSS
	lists    map[string]*List
}

func (v *validation) all(fields []field, report *Report) error {
	var err error
	if v.embedded, err = readStore(v.doc); err != nil {
		report.set(fileFailure(err))
		return nil
	}
	uses := map[pdf.Object]int{}
	signed := 0
	for _, f := range fields {
		if ref, ok := f.value.(pdf.Ref); ok {
			uses[ref]++
		}
		if f.value != nil {
			signed++
		}
	}
	if signed > maxSignatures {
		report.set(indeterminate(Generic, fmt.Sprintf("%d signatures, at most %d are checked", signed, maxSignatures)))
		return nil
	}
	for _, f := range fields {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		if f.value == nil {
			report.UnsignedFields = append(report.UnsignedFields, f.name)
			continue
		}
		if err := v.one(f, uses, report); err != nil {
			return err
		}
	}
	report.conclude()
	return nil
}

// one judges a signature or document time-stamp and adds it to the report.
func (v *validation) one(f field, uses map[pdf.Object]int, report *Report) error {
	l, fail := v.locate(f)
	if ref, ok := f.value.(pdf.Ref); fail == nil && ok && uses[ref] > 1 {
		fail = failed(FormatFailure, "one signature stands in several fields")
	}
	changes := []string{}
	if fail == nil {
		changes, fail = v.changesAfter(l)
	}
	if l != nil && l.subFilter == documentTimestamp {
		t := DocumentTimestamp{Field: f.name, ChangesAfter: changes, CoversWholeFile: l.coversWholeFile}
		err := v.documentTimestamp(l, fail, &t)
		report.DocumentTimestamps = append(report.DocumentTimestamps, t)
		return err
	}
	s := Signature{Field: f.name, ChangesAfter: changes}
	if l != nil {
		s.CoversWholeFile, s.SigningTime = l.coversWholeFile, l.claimed
	}
	err := v.signature(l, fail, &s)
	report.Signatures = append(report.Signatures, s)
	return err
}
