package cms

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// IsDetachedData reports the shape that a PDF signature must have: no content
// in the message, content type id-data.
func (s *SignedData) IsDetachedData() bool { return s.Content == nil && s.ContentType.Equal(oidData) }

// Hash is the digest algorithm over the content; ErrAlgorithm when it is not
// acceptable today. See Scheme.
func (s *SignedData) Hash() (crypto.Hash, error) {
	h := hashOf(s.digestAlgorithm.oid)
	if h == 0 {
		return 0, fmt.Errorf("%w: digest %v", ErrAlgorithm, s.digestAlgorithm.oid)
	}
	return h, nil
}

// Verify checks the signed attributes against the digest of the content, and
// the signature value over the attributes against the signer's certificate. It
// says nothing about trust in that certificate, and refuses with ErrAlgorithm
// what nobody should sign with today.
func (s *SignedData) Verify(contentDigest []byte) error { return s.verify(contentDigest, false) }

// VerifyByDate is Verify for who judges by Scheme and by a proof of existence
// whether the algorithms could still be relied on when the signature was made
// (EN 319 102-1 § 5.2.8): alone, its answer proves nothing.
func (s *SignedData) VerifyByDate(contentDigest []byte) error { return s.verify(contentDigest, true) }

func (s *SignedData) verify(contentDigest []byte, past bool) error {
	if _, ok := findDigest(s.digestAlgorithm.oid, past); !ok {
		return fmt.Errorf("%w: digest %v", ErrAlgorithm, s.digestAlgorithm.oid)
	}
	if s.Signer == nil {
		return ErrNoSigner
	}
	if err := s.checkAttributes(contentDigest); err != nil {
		return err
	}
	c, err := s.Scheme()
	if err != nil {
		return err
	}
	if !past {
		if err := c.Acceptable(); err != nil {
			return err
		}
	}
	return s.checkValue(c)
}

// checkValue takes the attributes in the order in which they stand, and in that
// of DER: signers differ in what they digest. Both are the same attributes.
func (s *SignedData) checkValue(c Scheme) error {
	raw := s.signedRaw
	digest := func(values []byte) []byte {
		d := c.Hash.New()
		d.Write([]byte{byte(cbasn1.SET)}) // RFC 5652 § 5.4: signed with the explicit tag
		d.Write(raw[1 : len(raw)-len(values)])
		d.Write(values)
		return d.Sum(nil)
	}
	whole := cryptobyte.String(raw)
	var values cryptobyte.String
	if !whole.ReadASN1(&values, context0) {
		return formatError("signed attributes")
	}
	err := c.check(s.Signer, digest(values), s.Signature)
	if err == nil {
		return nil
	}
	if sorted := derOrder(values); !bytes.Equal(sorted, values) {
		return c.check(s.Signer, digest(sorted), s.Signature)
	}
	return err
}

func (s *SignedData) checkAttributes(contentDigest []byte) error {
	var digest cryptobyte.String
	v, ok := s.signed.single(oidMessageDigest, cbasn1.OCTET_STRING)
	if !ok || !v.ReadASN1(&digest, cbasn1.OCTET_STRING) {
		return formatError("message-digest attribute")
	}
	if !bytes.Equal(digest, contentDigest) {
		return ErrDigest
	}
	var contentType OID
	v, ok = s.signed.single(oidContentType, cbasn1.OBJECT_IDENTIFIER)
	if !ok || !v.ReadASN1ObjectIdentifier(&contentType) || !contentType.Equal(s.ContentType) {
		return formatError("content-type attribute")
	}
	return s.checkProtection()
}

// checkProtection compares the algorithms with their signed copy (RFC 6211).
func (s *SignedData) checkProtection() error {
	if !s.signed.has(oidAlgorithmProtect) {
		return nil
	}
	var p, signature cryptobyte.String
	var digest algorithmIdentifier
	v, ok := s.signed.single(oidAlgorithmProtect, cbasn1.SEQUENCE)
	if !ok || !v.ReadASN1(&p, cbasn1.SEQUENCE) || !readAlgorithm(&p, &digest) || !p.ReadASN1Element(&signature, context1) {
		return formatError("algorithm-protection attribute")
	}
	if !digest.oid.Equal(s.digestAlgorithm.oid) || !bytes.Equal(signature[1:], s.signatureAlgorithm.raw[1:]) {
		return formatError("algorithms differ from their signed copy")
	}
	return nil
}

// derOrder is the same SET with its values in the order of DER (X.690 § 11.6),
// which is what RFC 5652 § 5.4 has signed even if the message is not in DER.
func derOrder(values cryptobyte.String) []byte {
	var list [][]byte
	for in := values; !in.Empty(); {
		var one cryptobyte.String
		var tag cbasn1.Tag
		if !in.ReadAnyASN1Element(&one, &tag) {
			return values
		}
		list = append(list, one)
	}
	slices.SortFunc(list, bytes.Compare)
	return slices.Concat(list...)
}
