// Package cms builds and parses the Cryptographic Message Syntax (RFC 5652) as
// far as PAdES needs it: SignedData with exactly one signer, in DER, with
// signed attributes (EN 319 122-1), and the time-stamp tokens of RFC 3161.
// Parsing is strict; what it does not understand it refuses.
package cms

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"

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
	// ErrNoSigner says that the signer's certificate is not in the message.
	ErrNoSigner = errors.New("cms: the signer's certificate is missing")
	// ErrBinding says that the signing-certificate attribute is missing or
	// names another certificate than the signer's.
	ErrBinding = errors.New("cms: signing-certificate attribute")
)

const maxCertificates = 32

// SignedData is a parsed message.
type SignedData struct {
	Raw          []byte // DER of the ContentInfo, without padding after it
	ContentType  OID
	Content      []byte // nil when detached
	Certificates []*x509.Certificate
	Signer       *x509.Certificate // by the signer identifier; nil when absent
	Signature    []byte

	digestAlgorithm    algorithmIdentifier
	signatureAlgorithm algorithmIdentifier
	signedRaw          []byte // as in the message, tag [0]
	signed, unsigned   attributes
}

type algorithmIdentifier struct {
	oid        OID
	parameters cryptobyte.String
	raw        []byte
}

func formatError(what string) error { return fmt.Errorf("%w: %s", ErrFormat, what) }

// Parse reads a ContentInfo. It may be followed by zero bytes only: the padding
// of a PDF's Contents.
func Parse(der []byte) (*SignedData, error) {
	in := cryptobyte.String(der)
	var info, wrapped, sd, encap cryptobyte.String
	var whole cryptobyte.String
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
	var version int
	var digests, certs, crls, signers, si cryptobyte.String
	var hasCerts, hasCRLs bool
	if !sd.ReadASN1Integer(&version) || !sd.ReadASN1(&digests, cbasn1.SET) || !sd.ReadASN1(&encap, cbasn1.SEQUENCE) ||
		!sd.ReadOptionalASN1(&certs, &hasCerts, context0) || !sd.ReadOptionalASN1(&crls, &hasCRLs, context1) ||
		!sd.ReadASN1(&signers, cbasn1.SET) || !sd.Empty() {
		return nil, formatError("SignedData")
	}
	if version != 1 && version != 3 { // RFC 5652 § 5.1, without attribute certificates
		return nil, formatError("version of SignedData")
	}
	var announced algorithmIdentifier
	if !readAlgorithm(&digests, &announced) || !digests.Empty() {
		return nil, formatError("exactly one digest algorithm is required")
	}
	if !signers.ReadASN1(&si, cbasn1.SEQUENCE) || !signers.Empty() {
		return nil, formatError("exactly one signer is required")
	}
	if err := s.readContent(encap); err != nil {
		return nil, err
	}
	if err := s.readCertificates(certs); err != nil {
		return nil, err
	}
	if err := s.readSigner(si); err != nil {
		return nil, err
	}
	if !announced.oid.Equal(s.digestAlgorithm.oid) {
		return nil, formatError("the digest algorithm is not the announced one")
	}
	return s, nil
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
// are passed over, an unreadable X.509 certificate too: it can only be missed.
func (s *SignedData) readCertificates(certs cryptobyte.String) error {
	for n := 0; !certs.Empty(); n++ {
		var c cryptobyte.String
		var tag cbasn1.Tag
		if n == maxCertificates || !certs.ReadAnyASN1Element(&c, &tag) {
			return formatError("certificates")
		}
		if tag == cbasn1.SEQUENCE {
			if cert, err := x509.ParseCertificate(c); err == nil {
				s.Certificates = append(s.Certificates, cert)
			}
		}
	}
	return nil
}

func (s *SignedData) readSigner(si cryptobyte.String) error {
	var version int
	var sid, signed, unsigned, signature cryptobyte.String
	var sidTag cbasn1.Tag
	var hasUnsigned bool
	if !si.ReadASN1Integer(&version) || !si.ReadAnyASN1Element(&sid, &sidTag) ||
		!readAlgorithm(&si, &s.digestAlgorithm) || !si.ReadASN1Element(&signed, context0) ||
		!readAlgorithm(&si, &s.signatureAlgorithm) || !si.ReadASN1(&signature, cbasn1.OCTET_STRING) ||
		!si.ReadOptionalASN1(&unsigned, &hasUnsigned, context1) || !si.Empty() {
		return formatError("SignerInfo, or it has no signed attributes")
	}
	if byName := sidTag == cbasn1.SEQUENCE; byName && version != 1 || !byName && version != 3 { // RFC 5652 § 5.3
		return formatError("version of SignerInfo")
	}
	s.Signature, s.signedRaw = signature, signed
	var values cryptobyte.String
	if !signed.ReadASN1(&values, context0) {
		return formatError("signed attributes")
	}
	var err error
	if s.signed, err = readAttributes(values); err != nil {
		return err
	}
	if s.unsigned, err = readAttributes(unsigned); err != nil {
		return err
	}
	return s.findSigner(sid, sidTag)
}

func (s *SignedData) findSigner(sid cryptobyte.String, tag cbasn1.Tag) error {
	var issuer cryptobyte.String
	serial := new(big.Int)
	byName := tag == cbasn1.SEQUENCE
	if byName {
		var ias cryptobyte.String
		if !sid.ReadASN1(&ias, cbasn1.SEQUENCE) || !ias.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
			!ias.ReadASN1Integer(serial) || !ias.Empty() {
			return formatError("signer identifier")
		}
	} else if !sid.ReadASN1(&issuer, cbasn1.Tag(0).ContextSpecific()) {
		return formatError("signer identifier")
	}
	for _, c := range s.Certificates {
		if byName && bytes.Equal(c.RawIssuer, issuer) && c.SerialNumber.Cmp(serial) == 0 ||
			!byName && len(issuer) > 0 && bytes.Equal(c.SubjectKeyId, issuer) {
			s.Signer = c
			return nil
		}
	}
	return nil
}

func readAlgorithm(in *cryptobyte.String, a *algorithmIdentifier) bool {
	var whole, body cryptobyte.String
	if !in.ReadASN1Element(&whole, cbasn1.SEQUENCE) {
		return false
	}
	a.raw = whole
	if !whole.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1ObjectIdentifier(&a.oid) {
		return false
	}
	a.parameters = body
	return true
}
