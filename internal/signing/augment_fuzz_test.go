package signing_test

import (
	"bytes"
	"testing"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// The seeds are files of testdata, as in fuzz_test.go: the workers of one fuzz
// run must agree on them.

// fuzzAugmenter takes files of the golden archive, an hour after the renewal.
func fuzzAugmenter(f *testing.F) *signing.Augmenter {
	f.Helper()
	clock := signingtest.NewClock(goldenTime.AddDate(5, 0, 0).Add(time.Hour))
	p := signingtest.New(f, clock.Now)
	a := p.Augmenter()
	a.Roots = goldenPool(f, goldenArchivedRoot)
	a.TSARoots = a.Roots.Clone()
	a.TSARoots.AddCert(p.Root.Cert) // of the new time-stamps
	a.Limits = pdf.Limits{FileSize: 1 << 20, Inflated: 1 << 20, Values: 100_000}
	return a
}

// FuzzAugment: whatever a file is, it is refused or only appended to, and what
// comes out can be opened.
func FuzzAugment(f *testing.F) {
	a := fuzzAugmenter(f)
	for _, path := range []string{goldenOnce, goldenTwice, goldenArchived} {
		f.Add(read(f, path))
	}
	if _, err := a.Renew(f.Context(), read(f, goldenArchived)); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		before := bytes.Clone(file)
		out, err := a.Renew(t.Context(), file)
		if !bytes.Equal(before, file) {
			t.Fatal("the file was changed")
		}
		if err != nil {
			if out != nil {
				t.Fatal("a result beside an error")
			}
			return
		}
		if !bytes.HasPrefix(out, file) || len(out) == len(file) {
			t.Fatal("the result does not begin with the file, or adds nothing")
		}
		if _, err := pdf.Open(out, pdf.Limits{}); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzAugmentResponse: whatever a responder says of the golden signer, it is
// refused or stored as it is.
func FuzzAugmentResponse(f *testing.F) {
	d, store := dss(f, read(f, goldenArchived))
	list, err := d.Array(store.Get("OCSPs"))
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range list {
		o, err := d.Resolve(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(o.(*pdf.Stream).Raw)
	}
	a := fuzzAugmenter(f)
	a.Roots = goldenPool(f, goldenRoot)
	a.TSARoots = nil
	a.Now = func() time.Time { return goldenTime.Add(time.Minute) }
	file := read(f, goldenOnce)
	f.Fuzz(func(t *testing.T, der []byte) {
		a := *a
		a.Collector = collectFunc(func() (signing.Proof, error) { return signing.Proof{OCSP: der}, nil })
		out, err := a.Augment(t.Context(), file, signing.LevelBLT)
		if err == nil && !bytes.Contains(out, der) {
			t.Fatal("not stored")
		}
	})
}
