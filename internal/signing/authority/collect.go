package authority

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"time"

	"docsvc/internal/signing"
	"docsvc/internal/signing/cms"
)

// answer is an OCSP response that says good.
type answer struct {
	der  []byte
	made time.Time
}

const (
	// answerAge is how long a response is given again: a batch of acts asks for
	// the same certificates. Revocations are looked for before, so that none is
	// hidden by it.
	answerAge  = time.Minute
	maxAnswers = 10_000
)

// Collect implements signing.Collector by the authority's own OCSP, without the
// network.
func (a *Authority) Collect(ctx context.Context, cert, issuer *x509.Certificate, _ time.Time) (signing.Proof, error) {
	if err := ctx.Err(); err != nil {
		return signing.Proof{}, err
	}
	if !issuer.Equal(a.root) || cert.CheckSignatureFrom(a.root) != nil {
		return signing.Proof{}, fmt.Errorf("%w: %s is not by the evaluation authority", signing.ErrValidationData, cert.Subject)
	}
	// SHA-1 identifies the certificate and proves nothing; RFC 5019 § 2.1.1 asks
	// for it, and every reader knows it.
	der, err := a.respond(cert.SerialNumber, crypto.SHA1, nil)
	if err != nil {
		return signing.Proof{}, fmt.Errorf("%w: %w", signing.ErrValidationData, err)
	}
	return signing.Proof{OCSP: der}, nil
}

// respond makes an OCSP response about a serial number (RFC 6960 § 4.2), signed
// by the root itself: the evaluation authority has no need of a responder apart.
// It keeps all that it ever knew, which archiveCutoff says. A response with a
// nonce is of no use to others.
func (a *Authority) respond(serial *big.Int, h crypto.Hash, nonce []byte) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := a.readRevocations(); err != nil {
		return nil, err
	}
	now := a.now().UTC().Truncate(time.Second)
	key := serial.Text(16)
	revoked, isRevoked := a.revoked[key]
	shared := h == crypto.SHA1 && len(nonce) == 0
	if old, ok := a.answers[key]; ok && !isRevoked && shared {
		if age := now.Sub(old.made); age >= 0 && age < answerAge {
			return old.der, nil
		}
	}
	r := cms.OCSPResponse{
		Issuer: a.root, Serial: serial, Hash: h, Status: cms.OCSPUnknown, ThisUpdate: now, NextUpdate: now.Add(crlRefresh),
		ArchiveCutoff: a.root.NotBefore, Nonce: nonce, Responder: a.root,
	}
	issued, err := a.hasIssued(serial)
	switch {
	case err != nil:
		return nil, err
	case isRevoked:
		r.Status, r.RevokedAt, r.Reason = cms.OCSPRevoked, revoked.At, revoked.Reason
	case issued:
		r.Status = cms.OCSPGood
	}
	der, err := r.Sign(rand.Reader, a.rootKey)
	if err == nil && r.Status == cms.OCSPGood && shared {
		if len(a.answers) >= maxAnswers {
			clear(a.answers)
		}
		a.answers[key] = answer{der, now}
	}
	return der, err
}

// hasIssued says whether a serial number is of a certificate issued here.
func (a *Authority) hasIssued(serial *big.Int) (bool, error) {
	if serial.Cmp(a.tsa.SerialNumber) == 0 {
		return true, nil
	}
	if serial.Sign() <= 0 {
		return false, nil
	}
	_, err := os.Stat(a.issuedPath(serial))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
