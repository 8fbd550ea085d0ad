package revocation

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"docsvc/internal/signing"
)

// Anchors are the certificates of authorities that trust rests on.
type Anchors struct {
	Roots         []*x509.Certificate // self-signed
	Intermediates []*x509.Certificate // each leads to one of Roots
	// KeepExpired says that these authorities leave revoked certificates on
	// their lists after they expire, as Vault does unless tidy_revoked_certs is
	// used. Their lists then prove an act's signature for ever; without it, and
	// without the extension expiredCertsOnCRL, the verifier cannot tell any more
	// once the signer's certificate has expired.
	KeepExpired bool
}

const (
	maxBundle       = 1 << 20
	maxCertificates = 256
)

// LoadRoots reads a PEM file with the certificates of roots and of the
// authorities below them, in any order, at least one root. Expired ones are
// taken: old acts need them.
func LoadRoots(path string) (*Anchors, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("trust anchors: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	b, err := io.ReadAll(io.LimitReader(f, maxBundle+1))
	if err != nil {
		return nil, fmt.Errorf("trust anchors: reading %s: %w", path, err)
	}
	a, err := ParseRoots(b)
	if err != nil {
		return nil, fmt.Errorf("trust anchors in %s: %w", path, err)
	}
	return a, nil
}

var beginMark = []byte("-----BEGIN")

// ParseRoots does what LoadRoots does with the file's content. Text between
// the certificates is ignored, a block that cannot be read is not.
func ParseRoots(bundle []byte) (*Anchors, error) {
	if len(bundle) > maxBundle {
		return nil, fmt.Errorf("longer than %d bytes", maxBundle)
	}
	var all []*x509.Certificate
	rest := bundle
	for {
		block, behind := pem.Decode(rest)
		// pem.Decode skips blocks that it cannot read without a word.
		skipped := bytes.Count(rest[:len(rest)-len(behind)], beginMark) > 1
		if block == nil {
			skipped = bytes.Contains(rest, beginMark)
		}
		if skipped {
			return nil, fmt.Errorf("the PEM block after certificate %d is damaged", len(all))
		}
		if block == nil {
			break
		}
		rest = behind
		if len(all) == maxCertificates {
			return nil, fmt.Errorf("more than %d certificates", maxCertificates)
		}
		c, err := parseAuthority(block)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(all)+1, err)
		}
		all = append(all, c)
	}
	return sortAnchors(all)
}

// parseAuthority takes a CA certificate that a path can be built with.
func parseAuthority(block *pem.Block) (*x509.Certificate, error) {
	if block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("a block %q: only certificates belong here", block.Type)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	switch {
	case err != nil:
		return nil, err
	case c.Version != 3 || !c.BasicConstraintsValid || !c.IsCA:
		return nil, fmt.Errorf("%s is not the certificate of a CA", c.Subject)
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return nil, fmt.Errorf("%s may not sign certificates", c.Subject)
	case len(c.UnhandledCriticalExtensions) > 0:
		return nil, fmt.Errorf("%s has the critical extension %v, which is not understood", c.Subject, c.UnhandledCriticalExtensions[0])
	}
	return c, nil
}

// sortAnchors tells roots from what hangs below them.
func sortAnchors(all []*x509.Certificate) (*Anchors, error) {
	a := &Anchors{}
	var open []*x509.Certificate
	for _, c := range all {
		switch {
		case slices.ContainsFunc(a.Roots, c.Equal) || slices.ContainsFunc(open, c.Equal):
		case isRoot(c):
			a.Roots = append(a.Roots, c)
		default:
			open = append(open, c)
		}
	}
	if len(a.Roots) == 0 {
		return nil, errors.New("no root (a CA certificate signed with its own key)")
	}
	for len(open) > 0 {
		known := slices.Concat(a.Roots, a.Intermediates)
		below, rest := partition(open, func(c *x509.Certificate) bool {
			return slices.ContainsFunc(known, func(p *x509.Certificate) bool {
				return bytes.Equal(c.RawIssuer, p.RawSubject) && c.CheckSignatureFrom(p) == nil
			})
		})
		if len(below) == 0 {
			return nil, fmt.Errorf("%s leads to none of the roots here", rest[0].Subject)
		}
		for _, c := range below {
			if err := signing.Weak(c); err != nil {
				return nil, fmt.Errorf("%s: %w", c.Subject, err)
			}
		}
		a.Intermediates, open = append(a.Intermediates, below...), rest
	}
	return a, nil
}

func partition(list []*x509.Certificate, pick func(*x509.Certificate) bool) (in, out []*x509.Certificate) {
	for _, c := range list {
		if pick(c) {
			in = append(in, c)
		} else {
			out = append(out, c)
		}
	}
	return in, out
}

// isRoot says whether a certificate is signed with its own key. Old roots did
// that with SHA-1: nothing rests on this signature.
func isRoot(c *x509.Certificate) bool {
	return bytes.Equal(c.RawSubject, c.RawIssuer) &&
		c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// Pool has the roots, for signing.Verifier and signing.TimestampConfig.
func (a *Anchors) Pool() *x509.CertPool { return poolOf(a.Roots) }

func poolOf(list []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range list {
		pool.AddCert(c)
	}
	return pool
}
