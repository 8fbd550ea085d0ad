package signing

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing/cms"
)

// question is what is asked of the certificate of a signature or time-stamp.
type question struct {
	message *cms.SignedData
	roots   *x509.CertPool
	// best is when the signature was made, as far as is proven, or what the
	// time-stamp says: revocation data must tell about that time.
	best time.Time
	// as is the time as of which certificates and algorithms must be good.
	as time.Time
	// revokedBefore: a revocation at or before this time counts. For a
	// time-stamp that is when it is proven to have existed: who has the key can
	// write any time into a token.
	revokedBefore time.Time
	// after is when the signature was not there yet, as a content time-stamp
	// proves; zero: nothing is known.
	after      time.Time
	primitives []primitive // that the signature itself is made with
	proven     bool        // a time-stamp shows best
	stamp      bool
	notes      *Verdict // takes notes, if not nil
}

// answer is a path that passed.
type answer struct {
	path []PathCertificate
	// held is where in the file the revocation data of the path ends; nowhere if
	// the file does not bring all of it.
	held  int
	until time.Time // first end of a certificate or algorithm
}

const (
	nowhere  = int(^uint(0) >> 1) // beyond every file
	maxPaths = 4
)

// trust validates the signer's certificate up to a root (EN 319 102-1 § 5.2.6
// and § 5.6.2.1).
func (v *validation) trust(q question) (*answer, *failure, error) {
	leaf := q.message.Signer
	if q.after.After(leaf.NotAfter) {
		return nil, failed(SubExpired, CauseExpired, "the signature is younger than the end of its certificate",
			"name", displayName(leaf), "time", leaf.NotAfter.UTC().Format(time.RFC3339)), nil
	}
	early := q.tooEarly()
	if early != nil && !q.stamp { // what is claimed of a stranger's time-stamp says nothing
		return nil, early, nil
	}
	if fail := v.suitability.allReliable(q.primitives, q.as); fail != nil {
		return nil, fail, nil
	}
	paths, fail := v.paths(q)
	if fail != nil {
		return nil, fail, nil
	}
	if early != nil {
		return nil, early, nil
	}
	for _, path := range paths[:min(len(paths), maxPaths)] {
		a, f, err := v.judge(q, path)
		if err != nil || f == nil {
			return a, nil, err
		}
		if fail == nil {
			fail = f
		}
	}
	return nil, fail, nil
}

// tooEarly fails what is proven to be older than its certificate.
func (q question) tooEarly() *failure {
	leaf := q.message.Signer
	if !q.proven || !q.best.Before(leaf.NotBefore) {
		return nil
	}
	return failed(NotYetValid, CauseNotYetValid, "the signature is older than the certificate",
		"name", displayName(leaf), "time", leaf.NotBefore.UTC().Format(time.RFC3339))
}

// paths builds the ways from the signer to a root, valid at q.as.
func (v *validation) paths(q question) ([][]*x509.Certificate, *failure) {
	pool := x509.NewCertPool()
	for _, c := range slices.Concat(q.message.Certificates, v.embedded.certificates, v.Intermediates) {
		pool.AddCert(c)
	}
	leaf := q.message.Signer
	paths, err := leaf.Verify(x509.VerifyOptions{
		Roots: q.roots, Intermediates: pool, CurrentTime: q.as,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // judged by unfitForSigning and cms.ParseToken
	})
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	name := displayName(leaf)
	switch {
	case err == nil:
		return paths, nil
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && q.as.Before(invalid.Cert.NotBefore):
		return nil, indeterminate(OutOfBoundsNoPOE, CauseNotYetValid, err.Error(), "name", name, "time", invalid.Cert.NotBefore.UTC().Format(time.RFC3339))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return nil, indeterminate(OutOfBoundsNoPOE, CauseExpired, err.Error(), "name", name, "time", invalid.Cert.NotAfter.UTC().Format(time.RFC3339))
	case errors.As(err, &unknown):
		return nil, indeterminate(NoCertificateChain, CauseNoChain, err.Error(), "name", name)
	}
	return nil, indeterminate(ChainConstraintsFailure, CauseChain, err.Error(), "name", name)
}

// judge looks at each certificate of a path.
func (v *validation) judge(q question, path []*x509.Certificate) (*answer, *failure, error) {
	a := &answer{until: v.suitability.end(q.primitives)}
	for i, c := range path {
		a.until = earlier(a.until, c.NotAfter)
		entry := PathCertificate{Subject: c.Subject.String(), Serial: c.SerialNumber.Text(16), NotBefore: c.NotBefore, NotAfter: c.NotAfter, Certificate: c}
		if i+1 < len(path) {
			used := certificatePrimitives(c, path[i+1])
			if fail := v.suitability.allReliable(used, q.as); fail != nil {
				return nil, fail, nil
			}
			a.until = earlier(a.until, v.suitability.end(used))
			st, err := v.status(c, path[i+1], q.best, q.as, 0)
			if err != nil {
				return nil, nil, fmt.Errorf("revocation status of %s: %w", c.Subject, err)
			}
			if fail := v.judgeStatus(q, st, c, i); fail != nil {
				return nil, fail, nil
			}
			a.held = max(a.held, st.heldAt)
			entry.Status = st.told
		}
		a.path = append(a.path, entry)
	}
	return a, nil, nil
}

func (v *validation) judgeStatus(q question, st status, c *x509.Certificate, depth int) *failure {
	name := displayName(c)
	before := q.revokedBefore
	if q.stamp && harmless(st.reason) {
		before = q.best
	}
	switch {
	case st.known && (st.revokedAt.IsZero() || before.Before(st.revokedAt)):
		return nil
	case st.known:
		when := st.revokedAt.UTC().Format(time.RFC3339)
		if depth == 0 && !q.after.Before(st.revokedAt) {
			return failed(SubRevoked, CauseRevoked, fmt.Sprintf("%s was revoked at %s, before the signature", c.Subject, when), "name", name, "time", when)
		}
		if depth > 0 {
			return indeterminate(RevokedCANoPOE, CauseCARevoked, fmt.Sprintf("the CA %s was revoked at %s", c.Subject, when), "name", name, "time", when)
		}
		return indeterminate(RevokedNoPOE, CauseRevoked, fmt.Sprintf("%s was revoked at %s", c.Subject, when), "name", name, "time", when)
	case v.RevocationOptional:
		if q.notes != nil {
			q.notes.note(NoteStatusUnchecked, fmt.Sprintf("revocation of %s was not checked", c.Subject), "name", name)
		}
		return nil
	}
	return indeterminate(TryLater, CauseNoStatus, fmt.Sprintf("no fresh revocation data for %s", c.Subject), "name", name)
}

// harmless says whether a time-stamping unit that was revoked for this reason
// keeps the tokens that it made before (RFC 3161 § 4, item 1): its key did not
// fall into other hands.
func harmless(reason int) bool {
	return reason == ocsp.AffiliationChanged || reason == ocsp.Superseded || reason == ocsp.CessationOfOperation
}

// displayName is how people call the holder of a certificate.
func displayName(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return c.Subject.CommonName
	}
	return c.Subject.String()
}

func outside(c *x509.Certificate, t time.Time) bool {
	return t.Before(c.NotBefore) || t.After(c.NotAfter)
}

// outdated says that nobody should sign with an algorithm any more.
func outdated(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA:
		return true
	}
	return false
}

// weak says why nothing new may be built on a certificate below the root, or "".
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
	if outdated(c.SignatureAlgorithm) {
		return "a certificate is signed with " + c.SignatureAlgorithm.String()
	}
	return ""
}
