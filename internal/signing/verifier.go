package signing

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"docsvc/internal/pdf"
)

// Verifier validates signatures against a fixed policy (EN 319 102-1 § 5.6,
// signatures with archive data), stricter than the standard demands in three
// points: a time-stamp that is present but not valid keeps the signature from
// passing, every certificate below a root needs a revocation status, and only
// the changes that package revision lists may follow a signature.
//
// Document time-stamps are judged from the newest to the oldest. One that
// passes proves that everything before it existed at its time, and what it
// covers is then judged as of that time: certificates may have expired and
// algorithms weakened since.
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
	// StatusAge is how old revocation data may be at the time of the signature;
	// zero: as old as it says itself by its nextUpdate (EN 319 102-1 § 5.2.5.4).
	StatusAge time.Duration
	// Suitability is until when algorithms count; nil: DefaultSuitability.
	Suitability Suitability
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
	report := &Report{At: at.UTC(), Signatures: []Signature{}}
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
	run := &validation{
		Verifier: v, ctx: ctx, at: at, doc: doc, hashLeft: maxHashed,
		lists: map[listKey]*List{}, suitability: v.Suitability.orDefault(),
	}
	if err := run.all(fields, report); err != nil {
		return nil, err
	}
	return report, nil
}

// fileFailure translates the parser's errors.
func fileFailure(err error) *failure {
	switch {
	case errors.Is(err, pdf.ErrEncrypted):
		return indeterminate(Generic, CauseFileEncrypted, err.Error())
	case errors.Is(err, pdf.ErrLimit):
		return indeterminate(Generic, CauseFileLimit, err.Error())
	}
	return failed(FormatFailure, CauseFileMalformed, err.Error())
}

// validation is one run of Verify.
type validation struct {
	*Verifier
	ctx         context.Context // of the one call of Verify
	at          time.Time
	doc         *pdf.Document
	hashLeft    int
	suitability Suitability
	embedded    evidence // from the DSS
	stamps      []proof  // document time-stamps that passed, newest first
	lists       map[listKey]*List
	responses   map[responseKey]*believed
}

// proof is a document time-stamp that passed.
type proof struct {
	end  int // of the revision that it covers
	time time.Time
}

// candidate is a field with a value, and what is known of it.
type candidate struct {
	field   field
	located *located
	fail    *failure
	changes []string
}

// all judges the document time-stamps, newest first, and then the signatures.
// The report has both in the order of the form.
func (v *validation) all(fields []field, report *Report) error {
	_, held, err := readStore(v.doc)
	if err != nil {
		report.set(fileFailure(err))
		return nil
	}
	v.embedded = newEvidence(held)
	list, err := v.candidates(fields, report)
	if err != nil || list == nil {
		return err
	}
	v.checkAppended(list)
	if fail := v.certification(list); fail != nil {
		report.set(fail)
	}
	if fail := v.removed(fields, list); fail != nil {
		report.set(fail)
	}
	stamps := map[pdf.Ref]DocumentTimestamp{}
	for _, c := range newestFirst(list) {
		t := DocumentTimestamp{Field: c.field.name, ChangesAfter: c.changes, CoversWholeFile: c.located.coversWholeFile}
		if err := v.documentTimestamp(c, &t, report); err != nil {
			return err
		}
		stamps[c.field.ref] = t
	}
	for _, c := range list {
		if t, ok := stamps[c.field.ref]; ok {
			report.DocumentTimestamps = append(report.DocumentTimestamps, t)
			continue
		}
		s := Signature{Field: c.field.name, ChangesAfter: c.changes}
		if err := v.signature(c, &s, report); err != nil {
			return err
		}
		report.Signatures = append(report.Signatures, s)
	}
	report.conclude()
	return nil
}

// candidates finds the fields with values and their places; nil with a verdict
// in the report when there are too many.
func (v *validation) candidates(fields []field, report *Report) ([]candidate, error) {
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
		report.set(indeterminate(Generic, CauseTooMany, fmt.Sprintf("%d signatures, at most %d are checked", signed, maxSignatures)))
		return nil, nil
	}
	list := []candidate{}
	for _, f := range fields {
		if err := v.ctx.Err(); err != nil {
			return nil, err
		}
		if f.value == nil {
			report.UnsignedFields = append(report.UnsignedFields, f.name)
			continue
		}
		c := candidate{field: f, changes: []string{}}
		c.located, c.fail = v.locate(f)
		if c.fail == nil {
			v.takeEvidence(c.located)
		}
		if ref, ok := f.value.(pdf.Ref); c.fail == nil && ok && uses[ref] > 1 {
			c.fail = failed(FormatFailure, CauseShared, "one signature stands in several fields")
		}
		if c.fail == nil {
			c.changes, c.fail = v.changesAfter(c.located)
		}
		list = append(list, c)
	}
	return list, nil
}

// takeEvidence adds the revocation data that a message brings itself. What
// cannot be read can only be missed.
func (v *validation) takeEvidence(l *located) {
	r, err := l.message.Revocations()
	if err != nil {
		return
	}
	for _, der := range r.CRLs {
		v.embedded.crls = append(v.embedded.crls, item{der, l.start})
	}
	for _, der := range r.OCSP {
		v.embedded.ocsps = append(v.embedded.ocsps, item{der, l.start})
	}
}

// newestFirst picks the document time-stamps.
func newestFirst(list []candidate) []candidate {
	var stamps []candidate
	for _, c := range list {
		if c.located != nil && c.located.subFilter == documentTimestamp {
			stamps = append(stamps, c)
		}
	}
	slices.SortStableFunc(stamps, func(a, b candidate) int { return b.located.revisionEnd() - a.located.revisionEnd() })
	return stamps
}

// existed is when something in a revision that ends at a byte is proven to have
// existed: the time of the first document time-stamp over it, else the time of
// validation. What is proven is judged as of then.
func (v *validation) existed(end int) (at time.Time, proven bool) {
	at = v.at
	for _, p := range v.stamps { // newest first: the last one found is the first over it
		if p.end > end && !p.time.After(at) {
			at, proven = p.time, true
		}
	}
	return at, proven
}
