package signing_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"slices"

	"docsvc/internal/signing"
)

type tsaFunc func(digest []byte, h crypto.Hash) ([]byte, error)

func (f tsaFunc) Timestamp(_ context.Context, digest []byte, h crypto.Hash) ([]byte, error) {
	return f(digest, h)
}

// fixed gives the same evidence for every certificate.
type fixed struct{ crls, ocsps [][]byte }

func (f fixed) Evidence(context.Context, *x509.Certificate, *x509.Certificate) (crls, ocsps [][]byte, err error) {
	return f.crls, f.ocsps, nil
}

// both joins two sources.
type both struct{ a, b signing.Revocation }

func (s both) Evidence(ctx context.Context, c, issuer *x509.Certificate) (crls, ocsps [][]byte, err error) {
	c1, o1, err := s.a.Evidence(ctx, c, issuer)
	if err != nil {
		return nil, nil, err
	}
	c2, o2, err := s.b.Evidence(ctx, c, issuer)
	return slices.Concat(c1, c2), slices.Concat(o1, o2), err
}

var errBroken = errors.New("the source is down")

type broken struct{}

func (broken) Evidence(context.Context, *x509.Certificate, *x509.Certificate) (crls, ocsps [][]byte, err error) {
	return nil, nil, errBroken
}
