package signing

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"time"

	"docsvc/internal/signing/cms"
)

// CSR is a request for a certificate (PKCS #10, RFC 2986) that waits for the
// signature of its own key, wherever that key is. It holds nothing random: the
// same name and key give the same Digest in another process, so that only
// these two need to be remembered while the officer authenticates.
type CSR struct {
	Digest    []byte // to be signed
	Algorithm Algorithm

	template x509.CertificateRequest
	public   crypto.PublicKey
}

// keyUsageCommitment is KeyUsage with contentCommitment alone (RFC 5280
// § 4.2.1.3), asked for as critical. An authority may answer with another.
func keyUsageCommitment() pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true, Value: []byte{3, 2, 6, 0x40}}
}

// PrepareCSR builds the request of a key for signing documents: ECDSA P-256 or
// P-384, or RSA of at least 3072 bits with PKCS #1 v1.5.
func PrepareCSR(subject pkix.Name, public crypto.PublicKey) (*CSR, error) {
	alg, err := cms.AlgorithmFor(public, false)
	if err != nil {
		return nil, fmt.Errorf("certificate request: %w", err)
	}
	if subject.CommonName == "" {
		return nil, errors.New("certificate request: the subject has no common name")
	}
	c := &CSR{Algorithm: alg, public: public, template: x509.CertificateRequest{
		Subject: subject, ExtraExtensions: []pkix.Extension{keyUsageCommitment()},
	}}
	asked := &stopSigner{public: public}
	_, err = x509.CreateCertificateRequest(nil, &c.template, asked)
	if !errors.Is(err, errStopped) {
		return nil, fmt.Errorf("certificate request: %w", err)
	}
	if asked.opts.HashFunc() != alg.Hash() {
		return nil, fmt.Errorf("certificate request: %v to be signed, the key signs %v", asked.opts.HashFunc(), alg.Hash())
	}
	c.Digest = asked.digest
	return c, nil
}

// SignerOpts are to be given to the key with Digest.
func (c *CSR) SignerOpts() crypto.SignerOpts { return c.Algorithm.SignerOpts() }

// Complete puts the signature in and returns the request as DER. A signature
// by another key, or over another digest, is an error.
func (c *CSR) Complete(signature []byte) ([]byte, error) {
	der, err := x509.CreateCertificateRequest(nil, &c.template, &replaySigner{c.public, c.Digest, signature})
	if err != nil {
		return nil, fmt.Errorf("certificate request: %w", err)
	}
	return der, nil
}

var errStopped = errors.New("signing: the digest is known")

// stopSigner notes what it is asked to sign, and does not.
type stopSigner struct {
	public crypto.PublicKey
	digest []byte
	opts   crypto.SignerOpts
}

func (s *stopSigner) Public() crypto.PublicKey { return s.public }

func (s *stopSigner) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	s.digest, s.opts = bytes.Clone(digest), opts
	return nil, errStopped
}

// replaySigner answers the one digest with the signature made elsewhere.
type replaySigner struct {
	public            crypto.PublicKey
	digest, signature []byte
}

func (s *replaySigner) Public() crypto.PublicKey { return s.public }

func (s *replaySigner) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	if !bytes.Equal(digest, s.digest) {
		return nil, errors.New("the request has changed since it was prepared")
	}
	return s.signature, nil
}

// CheckIssued says whether a certificate that an authority issued, with the
// certificates above it, can be used with a key: it is the key's, valid at the
// given time, made for signing documents, and leads to one of the roots. It
// returns the parsed chain without the root, the signer's certificate first.
func CheckIssued(chain [][]byte, public crypto.PublicKey, roots *x509.CertPool, at time.Time) ([]*x509.Certificate, error) {
	if len(chain) == 0 || len(chain) > maxChain {
		return nil, fmt.Errorf("certificate: chain of %d", len(chain))
	}
	pool := x509.NewCertPool()
	var leaf *x509.Certificate
	for i, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the chain: %w", i+1, err)
		}
		if i == 0 {
			leaf = c
			continue
		}
		pool.AddCert(c)
	}
	key, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !key.Equal(public) {
		return nil, errors.New("certificate: it belongs to another key")
	}
	if _, err := cms.AlgorithmFor(leaf.PublicKey, false); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if reason := unfitForSigning(leaf); reason != "" {
		return nil, errors.New("certificate: " + reason)
	}
	found, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	path := found[0][:len(found[0])-1] // the root stays out
	for _, c := range path {
		if reason := weak(c); reason != "" {
			return nil, errors.New("certificate: " + reason)
		}
	}
	return path, nil
}

// maxChain bounds the certificates that are looked at.
const maxChain = 8
