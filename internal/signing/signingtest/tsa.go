package signingtest

import (
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"docsvc/internal/signing/cms"
)

// TSATemplate is a certificate for time-stamping.
func TSATemplate(until time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: "Test TSA"}, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{
			Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true,
			Value: []byte{0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08}, // id-kp-timeStamping
		}},
	}
}

// NewTSA replaces the time-stamping unit by another one with the given key, as
// happens every few years.
func (p *PKI) NewTSA(tb testing.TB, key crypto.Signer, until time.Time) {
	tb.Helper()
	p.TSA = p.Issue(tb, p.tsaCA, key, TSATemplate(until))
}

// NewTSARoot puts a new time-stamping unit directly under a root of its own,
// valid for twenty years from now, and later units under that too. Signers are
// not certified by it.
func (p *PKI) NewTSARoot(tb testing.TB, key crypto.Signer) {
	tb.Helper()
	p.tsaCA = p.CA(tb, nil, P256(tb), "Test TSA Root "+p.Now().Format("2006"), 0)
	p.tsaRoots = append(p.tsaRoots, p.tsaCA)
	p.NewTSA(tb, key, p.Now().AddDate(10, 0, 0))
}

// TSARoots are the trust anchors of time-stamps: the root, and every root that
// NewTSARoot made.
func (p *PKI) TSARoots() *x509.CertPool {
	pool := p.Roots()
	for _, r := range p.tsaRoots {
		pool.AddCert(r.Cert)
	}
	return pool
}

// Timestamp implements signing.Timestamper.
func (p *PKI) Timestamp(_ context.Context, digest []byte, h crypto.Hash) ([]byte, error) {
	var chain []*x509.Certificate
	if p.tsaCA == p.Issuing {
		chain = p.Chain()
	}
	return Token(p.TSA, chain, p.Now(), digest, h)
}

// Token makes a time-stamp token with any certificate and time.
func Token(tsa *Entity, chain []*x509.Certificate, at time.Time, digest []byte, h crypto.Hash) ([]byte, error) {
	t := timestamp.Timestamp{
		HashAlgorithm: h, HashedMessage: digest, Time: at.UTC().Truncate(time.Second),
		Policy: asn1.ObjectIdentifier{2, 999, 1}, AddTSACertificate: true, Certificates: chain,
	}
	reply, err := t.CreateResponseWithOpts(tsa.Cert, tsa.Key, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return cms.TimestampReply(reply)
}
