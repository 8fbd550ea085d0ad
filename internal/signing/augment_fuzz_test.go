package signing_test

import (
	"bytes"
	"testing"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// FuzzAugment: whatever a file is, it is refused or only appended to, and what
// comes out can be opened.
func FuzzAugment(f *testing.F) {
	clock := signingtest.NewClock(goldenTime.Add(time.Hour))
	p := signingtest.New(f, clock.Now)
	e := p.Officer(f, signingtest.P256(f))
	for _, level := range signing.Levels() {
		f.Add(raised(f, p, e, level))
	}
	for _, path := range []string{goldenOnce, goldenTwice, goldenArchived} {
		f.Add(read(f, path))
	}
	limits := pdf.Limits{FileSize: 1 << 20, Inflated: 1 << 20, Values: 100_000}
	f.Fuzz(func(t *testing.T, file []byte) {
		a := p.Augmenter()
		a.Limits = limits
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

// FuzzAugmentResponse: whatever a responder says, it is refused or stored as it
// is.
func FuzzAugmentResponse(f *testing.F) {
	clock := signingtest.NewClock(goldenTime)
	p := signingtest.New(f, clock.Now)
	e := p.Officer(f, signingtest.P256(f))
	file := raised(f, p, e, signing.LevelBT)
	for _, a := range []signingtest.OCSPAnswer{{}, {Responder: p.Issuing}, {Status: 1, RevokedAt: goldenTime}} {
		der, err := p.OCSP(e.Cert, a)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		a := p.Augmenter()
		a.Collector = collectFunc(func() (signing.Proof, error) { return signing.Proof{OCSP: der}, nil })
		out, err := a.Augment(t.Context(), file, signing.LevelBLT)
		if err == nil && !bytes.Contains(out, der) {
			t.Fatal("not stored")
		}
	})
}
