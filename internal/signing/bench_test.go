package signing_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// The file has about 100 KB, as an act of two pages with its fonts.
const benchSize = 100_000

// cpu reports CPU time beside wall time, which says little on a busy machine.
func cpu(b *testing.B) func() {
	spent := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u.Utime.Nano() + u.Stime.Nano()
	}
	begin := spent()
	return func() { b.ReportMetric(float64(spent()-begin)/float64(b.N), "cpu-ns/op") }
}

// BenchmarkSign makes a file of each level in one go: the key in memory, the
// time-stamping authority of the tests in the same process, validation data as
// kept since it was first collected.
func BenchmarkSign(b *testing.B) {
	p := signingtest.New(b, nil)
	file := signingtest.PDF(benchSize, "imza1")
	augmenter := p.Augmenter()
	for _, c := range []struct {
		level signing.Level
		kind  signingtest.KeyKind
	}{
		{signing.LevelBB, kind("P-256")}, {signing.LevelBB, kind("P-384")},
		{signing.LevelBB, kind("RSA-3072")}, {signing.LevelBB, kind("RSA-4096")},
		{signing.LevelBT, kind("P-256")},
		{signing.LevelBLT, kind("P-256")},
		{signing.LevelBLTA, kind("P-256")}, {signing.LevelBLTA, kind("RSA-3072")},
	} {
		e := p.Officer(b, c.kind.New(b))
		r := request(file, p, e, c.level)
		b.Run(string(c.level)+"/"+c.kind.Name, func(b *testing.B) {
			b.ReportAllocs()
			defer cpu(b)()
			for b.Loop() {
				signed, err := signing.Sign(b.Context(), r, signing.SignerKey(e.Key), p)
				if err == nil && c.level.AtLeast(signing.LevelBLT) {
					signed, err = augmenter.Augment(b.Context(), signed, c.level)
				}
				if err != nil || len(signed) < len(file) {
					b.Fatal(err)
				}
			}
		})
	}
}

func kind(name string) signingtest.KeyKind {
	all := signingtest.KeyKinds()
	return all[slices.IndexFunc(all, func(k signingtest.KeyKind) bool { return k.Name == name })]
}

// BenchmarkSteps shows where the time of BenchmarkSign goes.
func BenchmarkSteps(b *testing.B) {
	p := signingtest.New(b, nil)
	e := p.Officer(b, signingtest.P256(b))
	r := request(signingtest.PDF(benchSize, "imza1"), p, e, signing.LevelBB)
	prep, err := signing.Prepare(r)
	if err != nil {
		b.Fatal(err)
	}
	value, err := signing.SignerKey(e.Key).SignDigest(b.Context(), prep.Digest, prep.SignerOpts())
	if err != nil {
		b.Fatal(err)
	}
	state, err := prep.State()
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		step func() error
	}{
		{"prepare", func() error { _, err := signing.Prepare(r); return err }},
		{"restore", func() error { _, err := signing.RestorePrepared(prep.PDF, state); return err }},
		{"key", func() error {
			_, err := signing.SignerKey(e.Key).SignDigest(b.Context(), prep.Digest, prep.SignerOpts())
			return err
		}},
		{"complete", func() error { _, err := signing.Complete(b.Context(), prep, value, nil); return err }},
	} {
		b.Run(c.name, func(b *testing.B) {
			defer cpu(b)()
			for b.Loop() {
				if err := c.step(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerify judges a file of each level; B-LT and above with nothing but
// what it brings, the others with lists at hand.
func BenchmarkVerify(b *testing.B) {
	p := signingtest.New(b, nil)
	e := p.Officer(b, signingtest.P256(b))
	// One list for all runs, as the authority caches its own.
	var crls [][]byte
	for _, ca := range []*signingtest.Entity{p.Root, p.Issuing} {
		crl, err := p.CRL(ca, p.Now(), p.Now().AddDate(0, 0, 1))
		if err != nil {
			b.Fatal(err)
		}
		crls = append(crls, crl)
	}
	for _, c := range []struct {
		name  string
		size  int
		level signing.Level
	}{
		{"B-B", benchSize, signing.LevelBB}, {"B-T", benchSize, signing.LevelBT},
		{"B-LT", benchSize, signing.LevelBLT}, {"B-LTA", benchSize, signing.LevelBLTA},
		{"B-LTA/20MB", 20 << 20, signing.LevelBLTA},
	} {
		file := raise(b, p, signed(b, p, e, signingtest.PDF(c.size, "imza1", "imza2"), "imza1", c.level), c.level)
		v := p.Offline()
		if !c.level.AtLeast(signing.LevelBLT) {
			v.Revocation = fixed{crls: crls}
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			defer cpu(b)()
			for b.Loop() {
				r, err := v.Verify(b.Context(), file, time.Time{})
				if err != nil || r.Indication != signing.TotalPassed {
					b.Fatal(r, err)
				}
			}
		})
	}
}
