package signing_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

func TestClockSkew(t *testing.T) {
	start := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	p := signingtest.New(t, func() time.Time { return start })
	for _, c := range []struct {
		name      string
		authority time.Duration // its clock, against ours when the answer is made
		trip      time.Duration // which is in the middle of this
		accuracy  time.Duration
		want      time.Duration
	}{
		{"the same", 0, 0, 0, 0},
		{"it cuts the second down", 0, 900 * time.Millisecond, 0, 0},
		{"within the accuracy", 1500 * time.Millisecond, 0, time.Second, 0},
		{"within half the round trip", 2 * time.Second, 4 * time.Second, 0, 0},
		{"ours is behind", 30 * time.Second, 0, 0, -30 * time.Second},
		{"ours is ahead", -30 * time.Second, 0, 0, 29 * time.Second},
		{"ours is behind, round trip", 30 * time.Second, 4 * time.Second, 0, -28 * time.Second},
		{"ours is ahead, accuracy", -30 * time.Second, 0, 3 * time.Second, 26 * time.Second},
		{"accuracy beyond use", -30 * time.Second, 0, time.Hour, 19 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := start
			ts := tsaFunc(func(d []byte, h crypto.Hash) ([]byte, error) {
				now = now.Add(c.trip)
				stamp := timestamp.Timestamp{
					HashAlgorithm: h, HashedMessage: d, Policy: asn1.ObjectIdentifier{2, 999, 1}, AddTSACertificate: true,
					Time: start.Add(c.trip/2 + c.authority).Truncate(time.Second), Accuracy: c.accuracy,
				}
				reply, err := stamp.CreateResponseWithOpts(p.TSA.Cert, p.TSA.Key, crypto.SHA256)
				if err != nil {
					return nil, err
				}
				return reply[bytes.Index(reply, []byte{2, 1, 0})+3:], nil // behind the status
			})
			got, err := signing.ClockSkew(t.Context(), ts, func() time.Time { return now })
			if err != nil || (got-c.want).Abs() > 500*time.Millisecond {
				t.Errorf("%v %v, want %v", got, err, c.want)
			}
			if c.want == 0 && got != 0 {
				t.Errorf("%v, want none", got)
			}
		})
	}
	if _, err := signing.ClockSkew(t.Context(), tsaFunc(func([]byte, crypto.Hash) ([]byte, error) { return nil, errBroken }), p.Now); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	if _, err := signing.ClockSkew(t.Context(), tsaFunc(func(_ []byte, h crypto.Hash) ([]byte, error) {
		return p.Timestamp(t.Context(), make([]byte, 32), h) // prepared long ago
	}), p.Now); err == nil {
		t.Error("a token over other data told the time")
	}
	steps := []time.Time{start, start.Add(-time.Minute)}
	if _, err := signing.ClockSkew(t.Context(), p, func() (now time.Time) { now, steps = steps[0], steps[1:]; return now }); err == nil {
		t.Error("our clock was set back meanwhile")
	}
}

func TestFitForSigning(t *testing.T) {
	p := signingtest.New(t, nil)
	issue := func(key crypto.Signer, edit func(*x509.Certificate)) *x509.Certificate {
		c := signingtest.OfficerTemplate("X")
		edit(c)
		return p.Issue(t, p.Issuing, key, c).Cert
	}
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		cert *x509.Certificate
		fit  bool
	}{
		{"officer", p.Officer(t, signingtest.P256(t)).Cert, true},
		{"RSA", p.Officer(t, signingtest.RSA3072(t)).Cert, true},
		{"CA", p.Issuing.Cert, false},
		{"time-stamping", p.TSA.Cert, false},
		{"key usage", issue(signingtest.P256(t), func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }), false},
		{"P-521", issue(p521, func(*x509.Certificate) {}), false},
	} {
		if err := signing.FitForSigning(c.cert); (err == nil) != c.fit {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
