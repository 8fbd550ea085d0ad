package signingtest

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/pdf"
	"docsvc/internal/signing"
)

// collector is the state of PKI as a signing.Collector, under PKI.mu.
type collector struct {
	unavailable, lists bool
	asked              int
	kept               map[string]keptProof
}

type keptProof struct {
	proof        signing.Proof
	since, until time.Time
}

// SetUnavailable makes Collect fail, as when the authority is down.
func (p *PKI) SetUnavailable(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unavailable = down
}

// UseLists makes Collect return revocation lists in place of OCSP responses.
func (p *PKI) UseLists(lists bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lists, p.kept = lists, nil
}

// Asked counts the calls of Collect.
func (p *PKI) Asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// Forget lets Collect make every proof anew; it keeps each for a day.
func (p *PKI) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = nil
}

// Collect implements signing.Collector.
func (p *PKI) Collect(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) (signing.Proof, error) {
	if err := ctx.Err(); err != nil {
		return signing.Proof{}, err
	}
	p.mu.Lock()
	p.asked++
	down, lists, old := p.unavailable, p.lists, p.kept[string(cert.Raw)]
	p.mu.Unlock()
	if down {
		return signing.Proof{}, fmt.Errorf("%w: the authority of %s is down", signing.ErrValidationData, cert.Subject)
	}
	if !old.until.IsZero() && !at.Before(old.since) && !at.After(old.until) {
		return old.proof, nil
	}
	ca := p.issuer(cert)
	if ca == nil || !ca.Cert.Equal(issuer) {
		return signing.Proof{}, fmt.Errorf("%w: nobody knows the issuer of %s", signing.ErrValidationData, cert.Subject)
	}
	proof, err := p.prove(cert, ca, lists, at)
	if err != nil {
		return signing.Proof{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept = map[string]keptProof{}
	}
	since := at.Truncate(time.Second)
	p.kept[string(cert.Raw)] = keptProof{proof, since, since.Add(validity)}
	return proof, nil
}

func (p *PKI) prove(cert *x509.Certificate, ca *Entity, lists bool, at time.Time) (signing.Proof, error) {
	if r := p.responders[ca]; lists || r != nil && r.Cert.Equal(cert) { // a responder does not vouch for itself
		crl, err := p.CRL(ca, at, at.Add(validity))
		return signing.Proof{CRL: crl}, err
	}
	p.mu.Lock()
	revokedAt, revoked := p.revoked[cert.SerialNumber.String()]
	p.mu.Unlock()
	a := OCSPAnswer{ThisUpdate: at}
	if revoked {
		a.Status, a.RevokedAt = ocsp.Revoked, revokedAt
	}
	der, err := p.OCSP(cert, a)
	return signing.Proof{OCSP: der}, err
}

// Augmenter raises files to B-LT and B-LTA with the data of this PKI.
func (p *PKI) Augmenter() *signing.Augmenter {
	return &signing.Augmenter{
		Roots: p.Roots(), TSARoots: p.TSARoots(), Collector: p, Timestamps: p, Now: p.Now, Limits: pdf.Limits{},
	}
}

// Verifier trusts this PKI and takes its lists for current.
func (p *PKI) Verifier() *signing.Verifier {
	v := p.Offline()
	v.Revocation = p
	return v
}

// Offline trusts this PKI and knows nothing but what the file brings: how a
// B-LT file is judged later.
func (p *PKI) Offline() *signing.Verifier {
	return &signing.Verifier{Roots: p.Roots(), TSARoots: p.TSARoots(), Now: p.Now}
}
