package signing_test

import (
	"crypto"
	"testing"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// The file has about 100 KB, as an act of two pages with its fonts.
const benchSize = 100_000

func BenchmarkSign(b *testing.B) {
	p := signingtest.New(b, nil)
	file := signingtest.PDF(benchSize, "imza1")
	for _, c := range []struct {
		name  string
		key   crypto.Signer
		level signing.Level
	}{
		{"B-B/P-256", signingtest.P256(b), signing.LevelBB},
		{"B-B/P-384", signingtest.P384(b), signing.LevelBB},
		{"B-B/RSA-3072", signingtest.RSA3072(b), signing.LevelBB},
		{"B-T/P-256", signingtest.P256(b), signing.LevelBT},
	} {
		e := p.Officer(b, c.key)
		r := request(file, p, e, c.level)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := signing.Sign(b.Context(), r, signing.SignerKey(e.Key), p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
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
			for b.Loop() {
				if err := c.step(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	p := signingtest.New(b, nil)
	e := p.Officer(b, signingtest.P256(b))
	file := signingtest.PDF(benchSize, "imza1", "imza2")
	v := verifier(p)
	for _, level := range []signing.Level{signing.LevelBB, signing.LevelBT} {
		signed, err := signing.Sign(b.Context(), request(file, p, e, level), signing.SignerKey(e.Key), p)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(level), func(b *testing.B) {
			for b.Loop() {
				r, err := v.Verify(b.Context(), signed, time.Time{})
				if err != nil || r.Indication != signing.TotalPassed {
					b.Fatal(r, err)
				}
			}
		})
	}
}
