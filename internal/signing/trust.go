package signing

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"docsvc/internal/signing/cms"
)

// trust validates the signer's certificate up to a root. best is when the
// signature is known to have existed; proven says that a time-stamp shows it,
// so that the certificate may have expired or been revoked since (EN 319 102-1
// § 5.5.4). s, when not nil, takes notes.
func (v *validation) trust(m *cms.SignedData, roots *x509.CertPool, best time.Time, proven bool, s *Signature) (*failure, error) {
	if proven && best.Before(m.Signer.NotBefore) {
		return failed(NotYetValid, "the signature is older than the certificate"), nil
	}
	chain, fail := v.chain(m, roots, v.at)
	if proven && fail != nil && fail.sub == OutOfBoundsNoPOE {
		chain, fail = v.chain(m, roots, best) // the chain of that time, the revocation data of now
	}
	if fail != nil {
		return fail, nil
	}
	for i, c := range chain[:len(chain)-1] {
		if reason := weak(c); reason != "" {
			return indeterminate(CryptoConstraints, reason), nil
		}
		st, err := v.status(c, chain[i+1], best)
		if err != nil {
			return nil, fmt.Errorf("revocation status of %s: %w", c.Subject, err)
		}
		switch {
		case st.known && (st.revokedAt.IsZero() || best.Before(st.revokedAt)):
		case st.known && i == 0:
			return indeterminate(RevokedNoPOE, fmt.Sprintf("%s was revoked at %s", c.Subject, st.revokedAt.UTC().Format(time.RFC3339))), nil
		case st.known:
			return indeterminate(RevokedCANoPOE, fmt.Sprintf("the CA %s was revoked at %s", c.Subject, st.revokedAt.UTC().Format(time.RFC3339))), nil
		case v.RevocationOptional:
			if s != nil {
				s.note(fmt.Sprintf("revocation of %s was not checked", c.Subject))
			}
		default:
			return indeterminate(TryLater, fmt.Sprintf("no fresh revocation data for %s", c.Subject)), nil
		}
	}
	return nil, nil
}

func outside(c *x509.Certificate, t time.Time) bool {
	return t.Before(c.NotBefore) || t.After(c.NotAfter)
}

// chain builds one path from the signer to a root, valid at a time.
func (v *validation) chain(m *cms.SignedData, roots *x509.CertPool, at time.Time) ([]*x509.Certificate, *failure) {
	pool := x509.NewCertPool()
	for _, c := range slices.Concat(m.Certificates, v.embedded.certificates, v.Intermediates) {
		pool.AddCert(c)
	}
	chains, err := m.Signer.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: pool, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // judged by unfitForSigning and cms.ParseToken
	})
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return chains[0], nil
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return nil, indeterminate(OutOfBoundsNoPOE, err.Error())
	case errors.As(err, &unknown):
		return nil, indeterminate(NoCertificateChain, err.Error())
	}
	return nil, indeterminate(ChainConstraintsFailure, err.Error())
}

// weak says why a certificate below the root cannot be relied on, or "".
func weak(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return fmt.Sprintf("RSA key of %d bits", k.N.BitLen())
		}
	case *ecdsa.PublicKey:
		if k.Curve.Params().BitSize < 256 {
			return fmt.Sprintf("EC key of %d bits", k.Curve.Params().BitSize)
		}
	}
	switch c.SignatureAlgorithm {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA, x509.DSAWithSHA1:
		return "a certificate is signed with " + c.SignatureAlgorithm.String()
	}
	return ""
}
