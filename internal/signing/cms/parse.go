// Package cms builds and parses the Cryptographic Message Syntax (RFC 5652) as
// far as PAdES needs it: SignedData with exactly one signer and with signed
// attributes (EN 319 122-1), and the time-stamp tokens of RFC 3161. It writes
// DER, and reads BER too. Parsing is strict; what it does not understand it
// refuses.
package cms

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	// ErrFormat marks bytes that are not the one SignedData expected here.
	ErrFormat = errors.New("cms: malformed")
	// ErrDigest says that the content is not what was signed.
	ErrDigest = errors.New("cms: the content does not match the signed digest")
	// ErrSignature says that the signature value is not by the signer's key.
	ErrSignature = errors.New("cms: the signature value is wrong")
	// ErrAlgorithm marks an algorithm that is unknown or too weak.
	ErrAlgorithm = errors.New("cms: algorithm is not acceptable")
	// ErrSigners says that a message has not exactly one signer: whose signature
	// a verdict is about would be a guess.
	ErrSigners = errors.New("cms: not exactly one signer")
	// ErrNoSigner says that the signer's certificate is not in the message.
	ErrNoSigner = errors.New("cms: the signer's certificate is missing")
	// ErrBinding says that the signing-certificate attribute is missing or
	// names another certificate than the signer's.
	ErrBinding = errors.New("cms: signing-certificate attribute")
)

const (
	maxCertificates = 32
	maxDigests      = 8
)

// SignedData is a parsed message.
type SignedData struct {
	Raw          []byte // the ContentInfo in DER, without padding after it
	BER          bool   // it was not in DER; Raw and the rest are as rewritten
	ContentType  OID
	Content      []byte // nil when detached
	Certificates []*x509.Certificate
	Signer       *x509.Certificate // by the signer identifier; nil when absent
	Signature    []byte

	digestAlgorithm    algorithmIdentifier
	signatureAlgorithm algorithmIdentifier
	signedRaw          []byte // as in the message, tag [0]
	signed, unsigned   attributes
	crls               cryptobyte.String
}

type algorithmIdentifier struct {
	oid        OID
	parameters cryptobyte.String
	raw        []byte
}

func formatError(what string) error { return fmt.Errorf("%w: %s", ErrFormat, what) }

// Parse reads a ContentInfo. It may be followed by zero bytes only: the padding
// of a PDF's Contents. What is not in DER is rewritten first.
func Parse(message []byte) (*SignedData, error) {
	s, err := parseDER(message)
	if err == nil || !errors.Is(err, ErrFormat) {
		return s, err
	}
	der, rest, berErr := toDER(message)
	if berErr != nil {
		return nil, berErr
	}
	if bytes.HasPrefix(message, der) { // it was in DER
		return nil, err
	}
	if len(bytes.Trim(rest, "\x00")) != 0 {
		return nil, formatError("bytes other than zero after the message")
	}
	if s, err = parseDER(der); err != nil {
		return nil, err
	}
	s.BER = true
	return s, nil
}

func parseDER(der []byte) (*SignedData, error) {
	in := cryptobyte.String(der)
	var info, wrapped, sd, whole cryptobyte.String
	if !in.ReadASN1Element(&whole, cbasn1.SEQUENCE) {
		return nil, formatError("not a DER sequence")
	}
	if len(bytes.Trim(in, "\x00")) != 0 {
		return nil, formatError("bytes other than zero after the message")
	}
	s := &SignedData{Raw: whole}
	var oid OID
	if !whole.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidSignedData) ||
		!info.ReadASN1(&wrapped, context0) || !info.Empty() || !wrapped.ReadASN1(&sd, cbasn1.SEQUENCE) || !wrapped.Empty() {
		return nil, formatError("not SignedData")
	}
	return s, s.read(sd)
}

// read takes SignedData apart (RFC 5652 § 5.1).
func (s *SignedData) read(sd cryptobyte.String) error {
	var version int
	var digests, encap, certs, signers, si cryptobyte.String
	var hasCerts, hasCRLs bool
	if !sd.ReadASN1Integer(&version) || !sd.ReadASN1(&digests, cbasn1.SET) || !sd.ReadASN1(&encap, cbasn1.SEQUENCE) ||
		!sd.ReadOptionalASN1(&certs, &hasCerts, context0) || !sd.ReadOptionalASN1(&s.crls, &hasCRLs, context1) ||
		!sd.ReadASN1(&signers, cbasn1.SET) || !sd.Empty() {
		return formatError("SignedData")
	}
	if err := s.readContent(encap); err != nil {
		return err
	}
	foreign, err := s.readCertificates(certs)
	if err != nil {
		return err
	}
	// RFC 5652 § 5.1: 4 and 5 are for other forms of certificates and of
	// revocation data. Some write 1 where 3 is due.
	if version != 1 && version != 3 && (version != 4 && version != 5 || !foreign && !hasCRLs) {
		return formatError("version of SignedData")
	}
	if signers.Empty() {
		return fmt.Errorf("%w: there is none", ErrSigners)
	}
	if !signers.ReadASN1(&si, cbasn1.SEQUENCE) {
		return formatError("SignerInfo")
	}
	if !signers.Empty() {
		return fmt.Errorf("%w: there are several", ErrSigners)
	}
	if err := s.readSigner(si); err != nil {
		return err
	}
	return s.announced(digests)
}

// announced requires the signer's digest algorithm among those in front.
func (s *SignedData) announced(digests cryptobyte.String) error {
	found := false
	for n := 0; !digests.Empty(); n++ {
		var a algorithmIdentifier
		if n == maxDigests || !readAlgorithm(&digests, &a) {
			return formatError("digest algorithms")
		}
		found = found || a.oid.Equal(s.digestAlgorithm.oid)
	}
	if !found {
		return formatError("the digest algorithm is not an announced one")
	}
	return nil
}

func (s *SignedData) readContent(encap cryptobyte.String) error {
	var wrapped, content cryptobyte.String
	var present bool
	if !encap.ReadASN1ObjectIdentifier(&s.ContentType) || !encap.ReadOptionalASN1(&wrapped, &present, context0) || !encap.Empty() {
		return formatError("encapsulated content")
	}
	if present {
		if !wrapped.ReadASN1(&content, cbasn1.OCTET_STRING) || !wrapped.Empty() {
			return formatError("encapsulated content")
		}
		s.Content = content
	}
	return nil
}

// readCertificates keeps X.509 certificates; other choices of CertificateChoices
// are passed over and reported as foreign, an unreadable X.509 certificate is passed
// over too: it can only be missed.
func (s *SignedData) readCertificates(certs cryptobyte.String) (foreign bool, err error) {
	for n := 0; !certs.Empty(); n++ {
		var c cryptobyte.String
		var tag cbasn1.Tag
		if n == maxCertificates || !certs.ReadAnyASN1Element(&c, &tag) {
			return false, formatError("certificates")
		}
		if tag != cbasn1.SEQUENCE {
			foreign = true
			continue
		}
		if cert, err := x509.ParseCertificate(c); err == nil {
			s.Certificates = append(s.Certificates, cert)
		}
	}
	return foreign, nil
}
