package signing_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
	"testing"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

type collectFunc func() (signing.Proof, error)

func (f collectFunc) Collect(context.Context, *x509.Certificate, *x509.Certificate, time.Time) (signing.Proof, error) {
	return f()
}

func TestAugmentRefuses(t *testing.T) {
	clock := signingtest.NewClock(actDay)
	p, other := signingtest.New(t, clock.Now), signingtest.New(t, clock.Now)
	e := p.Officer(t, signingtest.P256(t))
	bt := raised(t, p, e, signing.LevelBT)
	down := errors.New("connection refused")
	stale := tsaFunc(func(digest []byte, h crypto.Hash) ([]byte, error) {
		return signingtest.Token(p.TSA, nil, p.Now(), make([]byte, len(digest)), h)
	})
	for _, c := range []struct {
		name string
		file []byte
		to   signing.Level
		edit func(*signing.Augmenter)
		want error
	}{
		{"level that is no goal", bt, signing.LevelBT, nil, signing.ErrLevel},
		{"unknown level", bt, "B-X", nil, signing.ErrLevel},
		{"no signature", signingtest.PDF(10, "imza1"), signing.LevelBLT, nil, signing.ErrLevel},
		{"signature without time-stamp", raised(t, p, e, signing.LevelBB), signing.LevelBLT, nil, signing.ErrLevel},
		{"truncated", bt[:len(bt)-9], signing.LevelBLT, nil, pdf.ErrSyntax},
		{"too large", bt, signing.LevelBLT, func(a *signing.Augmenter) { a.Limits.FileSize = 100 }, pdf.ErrLimit},
		{"another root", bt, signing.LevelBLT, func(a *signing.Augmenter) { a.Roots, a.TSARoots = other.Roots(), other.Roots() }, signing.ErrNoPath},
		{"time-stamps of another root", bt, signing.LevelBLT, func(a *signing.Augmenter) { a.TSARoots = other.Roots() }, signing.ErrNoPath},
		{"no collector", bt, signing.LevelBLT, func(a *signing.Augmenter) { a.Collector = nil }, nil},
		{"collector that does not know", bt, signing.LevelBLT, func(a *signing.Augmenter) { a.Collector = other }, signing.ErrValidationData},
		{"collector that fails", bt, signing.LevelBLT, func(a *signing.Augmenter) {
			a.Collector = collectFunc(func() (signing.Proof, error) { return signing.Proof{}, down })
		}, signing.ErrValidationData},
		{"collector that has nothing", bt, signing.LevelBLT, func(a *signing.Augmenter) {
			a.Collector = collectFunc(func() (signing.Proof, error) { return signing.Proof{}, nil })
		}, signing.ErrValidationData},
		{"collector of garbage", bt, signing.LevelBLT, func(a *signing.Augmenter) {
			a.Collector = collectFunc(func() (signing.Proof, error) { return signing.Proof{OCSP: []byte("garbage")}, nil })
		}, signing.ErrValidationData},
		{"no time-stamps", bt, signing.LevelBLTA, func(a *signing.Augmenter) { a.Timestamps = nil }, nil},
		{"time-stamps that fail", bt, signing.LevelBLTA, func(a *signing.Augmenter) {
			a.Timestamps = tsaFunc(func([]byte, crypto.Hash) ([]byte, error) { return nil, down })
		}, signing.ErrTimestamp},
		{"time-stamp over other data", bt, signing.LevelBLTA, func(a *signing.Augmenter) { a.Timestamps = stale }, signing.ErrTimestamp},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := p.Augmenter()
			if c.edit != nil {
				c.edit(a)
			}
			before := bytes.Clone(c.file)
			out, err := a.Augment(t.Context(), c.file, c.to)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || out != nil {
				t.Errorf("%d bytes, %v; want %v", len(out), err, c.want)
			}
			if !bytes.Equal(before, c.file) {
				t.Error("the file was changed")
			}
		})
	}
	// What failed leaves nothing behind: the next attempt works.
	passes(t, p.Offline(), raise(t, p, bt, signing.LevelBLTA), 1, 1)
}

// TestAugmentAsksAgain: for a token that does not fit, and when a unit answers
// that the file knows nothing of, so that the file can be checked alone.
func TestAugmentAsksAgain(t *testing.T) {
	p := signingtest.New(t, signingtest.NewClock(actDay).Now)
	e := p.Officer(t, signingtest.P256(t))
	lt := raised(t, p, e, signing.LevelBLT)
	unit := func(size int) *signingtest.Entity { // its certificate makes the token long
		template := signingtest.TSATemplate(actDay.AddDate(5, 0, 0))
		template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 999, 7}, Value: make([]byte, size)})
		return p.Issue(t, p.Issuing, signingtest.P256(t), template)
	}
	long := unit(10_000)
	for _, c := range []struct {
		name  string
		units []*signingtest.Entity // by call
		want  error
	}{
		{"known unit", []*signingtest.Entity{p.TSA}, nil},
		{"new unit", slices.Repeat([]*signingtest.Entity{unit(10)}, 2), nil},
		{"long tokens", slices.Repeat([]*signingtest.Entity{long}, 2), nil},
		{"taking turns", []*signingtest.Entity{unit(1), p.TSA}, nil},
		{"ever longer", []*signingtest.Entity{unit(1), unit(10_000), unit(20_000)}, signing.ErrTimestamp},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, calls := p.Augmenter(), 0
			a.Timestamps = tsaFunc(func(digest []byte, h crypto.Hash) ([]byte, error) {
				calls++
				return signingtest.Token(c.units[min(calls, len(c.units))-1], p.Chain(), p.Now(), digest, h)
			})
			out, err := a.Augment(t.Context(), lt, signing.LevelBLTA)
			if !errors.Is(err, c.want) || calls != len(c.units) {
				t.Fatalf("%v after %d calls", err, calls)
			}
			if err == nil {
				passes(t, p.Offline(), out, 1, 1)
			}
		})
	}
}
