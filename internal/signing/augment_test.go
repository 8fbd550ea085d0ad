package signing_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

var actDay = time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)

// raised signs imza1 and raises the file to a level.
func raised(t testing.TB, p *signingtest.PKI, e *signingtest.Entity, level signing.Level) []byte {
	t.Helper()
	return raise(t, p, signed(t, p, e, signingtest.PDF(1000, "imza1", "imza2"), "imza1", level), level)
}

func signed(t testing.TB, p *signingtest.PKI, e *signingtest.Entity, file []byte, field string, level signing.Level) []byte {
	t.Helper()
	r := request(file, p, e, level)
	r.Field = field
	out, err := signing.Sign(t.Context(), r, signing.SignerKey(e.Key), p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func raise(t testing.TB, p *signingtest.PKI, file []byte, level signing.Level) []byte {
	t.Helper()
	if !level.AtLeast(signing.LevelBLT) {
		return file
	}
	out, err := p.Augmenter().Augment(t.Context(), file, level)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(out, file) {
		t.Fatal("the result does not begin with the file")
	}
	return out
}

// stored counts the streams of the DSS: certificates, OCSP responses, lists.
func stored(t testing.TB, file []byte) [3]int {
	t.Helper()
	var n [3]int
	d, store := dss(t, file)
	for i, key := range []pdf.Name{"Certs", "OCSPs", "CRLs"} {
		list, err := d.Array(store.Get(key))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, r := range list {
			o, err := d.Resolve(r)
			if err != nil {
				t.Fatal(err)
			}
			raw := string(o.(*pdf.Stream).Raw)
			if seen[raw] {
				t.Errorf("%s holds one stream twice", key)
			}
			seen[raw] = true
		}
		n[i] = len(list)
	}
	return n
}

func dss(t testing.TB, file []byte) (*pdf.Document, *pdf.Dict) {
	t.Helper()
	d, err := pdf.Open(file, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := d.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	if catalog.Get("DSS") == nil {
		return d, nil
	}
	store, err := d.Dict(catalog.Get("DSS"))
	if err != nil {
		t.Fatal(err)
	}
	return d, store
}

func passes(t testing.TB, v *signing.Verifier, file []byte, signatures, stamps int) *signing.Report {
	t.Helper()
	r, err := v.Verify(t.Context(), file, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Indication != signing.TotalPassed || len(r.Signatures) != signatures || len(r.DocumentTimestamps) != stamps {
		t.Fatalf("%d signatures, %d time-stamps: %+v", len(r.Signatures), len(r.DocumentTimestamps), r)
	}
	return r
}

func TestAugment(t *testing.T) {
	p := signingtest.New(t, signingtest.NewClock(actDay).Now)
	e := p.Officer(t, signingtest.P256(t))
	bt := raised(t, p, e, signing.LevelBT)
	lt := raise(t, p, bt, signing.LevelBLT)
	passes(t, p.Offline(), lt, 1, 0)
	// The root of both paths; what the messages bring is not stored again. One
	// response each for officer, time-stamping unit and issuing CA.
	if n := stored(t, lt); n != [3]int{1, 3, 0} {
		t.Errorf("DSS %v", n)
	}
	if _, store := dss(t, lt); store.Get("VRI") != nil || store.Get("Type") != pdf.Name("DSS") {
		t.Errorf("%v", store)
	}
	lta := raise(t, p, lt, signing.LevelBLTA)
	passes(t, p.Offline(), lta, 1, 1)
	if n := stored(t, lta); n != [3]int{1, 3, 0} {
		t.Errorf("DSS %v", n)
	}
	asked := p.Asked()
	for _, again := range []signing.Level{signing.LevelBLT, signing.LevelBLTA} {
		if out := raise(t, p, lta, again); len(out) != len(lta) {
			t.Errorf("%s again: %d bytes more", again, len(out)-len(lta))
		}
	}
	if direct := raise(t, p, bt, signing.LevelBLTA); len(revisions(t, direct)) != len(revisions(t, lta)) {
		t.Error("B-LTA at once has other revisions than by B-LT")
	}
	if p.Asked() != asked+3 {
		t.Errorf("asked %d times more, want 3 for the file at B-T alone", p.Asked()-asked)
	}
}

func revisions(t testing.TB, file []byte) []int {
	t.Helper()
	d, err := pdf.Open(file, pdf.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Sections()
}

// TestAugmentPaths: what goes into the store for other shapes of paths.
func TestAugmentPaths(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*testing.T, *signingtest.PKI)
		want [3]int
	}{
		{"lists", func(_ *testing.T, p *signingtest.PKI) { p.UseLists(true) }, [3]int{1, 0, 2}}, // one a CA
		{"time-stamps of another root", func(t *testing.T, p *signingtest.PKI) { p.NewTSARoot(t, signingtest.P256(t)) }, [3]int{2, 3, 0}},
		{"RSA time-stamps", func(t *testing.T, p *signingtest.PKI) { p.NewTSA(t, signingtest.RSA4096(t), actDay.AddDate(9, 0, 0)) }, [3]int{1, 3, 0}},
		{"responder with a status of its own", func(t *testing.T, p *signingtest.PKI) { p.NewResponder(t, p.Issuing, false) }, [3]int{1, 2, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := signingtest.New(t, signingtest.NewClock(actDay).Now)
			c.set(t, p)
			e := p.Officer(t, signingtest.P256(t))
			lta := raised(t, p, e, signing.LevelBLTA)
			if n := stored(t, lta); n != c.want {
				t.Errorf("DSS %v, want %v", n, c.want)
			}
			passes(t, p.Offline(), lta, 1, 1)
		})
	}
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

type collectFunc func() (signing.Proof, error)

func (f collectFunc) Collect(context.Context, *x509.Certificate, *x509.Certificate, time.Time) (signing.Proof, error) {
	return f()
}

// TestRenew: twice over, years apart, the time-stamping unit and its root
// replaced, everybody's certificate expired.
func TestRenew(t *testing.T) {
	clock := signingtest.NewClock(actDay)
	p := signingtest.New(t, clock.Now)
	e := p.Officer(t, signingtest.P256(t))
	p.NewTSA(t, signingtest.P256(t), actDay.AddDate(6, 0, 0))
	file := raised(t, p, e, signing.LevelBLTA)
	passes(t, p.Offline(), file, 1, 1)
	for round := range 3 {
		clock.Years(5)
		p.NewTSARoot(t, signingtest.P256(t))
		out, err := p.Augmenter().Renew(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(out, file) {
			t.Fatal("the renewal changed the file")
		}
		r := passes(t, p.Offline(), out, 1, round+2)
		if !r.Signatures[0].BestTime.Equal(actDay) {
			t.Errorf("best time %s", r.Signatures[0].BestTime)
		}
		last := r.DocumentTimestamps[len(r.DocumentTimestamps)-1]
		if want := fmt.Sprintf("vaxt%d", round+2); last.Field != want || !last.CoversWholeFile || !last.Time.Equal(clock.Now()) {
			t.Errorf("%+v", last)
		}
		stored(t, out)
		file = out
	}
}
