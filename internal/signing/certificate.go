package signing

import (
	"crypto/x509"
	"errors"

	"docsvc/internal/signing/cms"
)

// FitForSigning says why a certificate may not sign documents here, whoever
// issued it and whenever, or nil: a CA certificate, another key usage, a weak
// key or signature, an algorithm that docsvc does not sign with.
func FitForSigning(c *x509.Certificate) error {
	if reason := unfitForSigning(c); reason != "" {
		return errors.New(reason)
	}
	if err := Weak(c); err != nil {
		return err
	}
	_, err := cms.AlgorithmFor(c.PublicKey, false)
	return err
}

// Weak says why nothing may be built on a certificate below the root, or nil.
func Weak(c *x509.Certificate) error {
	if reason := weak(c); reason != "" {
		return errors.New(reason)
	}
	return nil
}
