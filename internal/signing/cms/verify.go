package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// IsDetachedData reports the shape that a PDF signature must have: no content
// in the message, content type id-data.
func (s *SignedData) IsDetachedData() bool { return s.Content == nil && s.ContentType.Equal(oidData) }

// Hash is the digest algorithm over the content.
func (s *SignedData) Hash() (crypto.Hash, error) {
	h := hashOf(s.digestAlgorithm.oid)
	if h == 0 {
		return 0, fmt.Errorf("%w: digest %v", ErrAlgorithm, s.digestAlgorithm.oid)
	}
	return h, nil
}

// Verify checks the signed attributes against the digest of the content, and
// the signature value over the attributes against the signer's certificate. It
// says nothing about trust in that certificate.
func (s *SignedData) Verify(contentDigest []byte) error {
	h, err := s.Hash()
	if err != nil {
		return err
	}
	if s.Signer == nil {
		return ErrNoSigner
	}
	if err := s.checkAttributes(contentDigest); err != nil {
		return err
	}
	d := h.New()
	d.Write([]byte{byte(cbasn1.SET)}) // RFC 5652 § 5.4: signed with the explicit tag
	d.Write(s.signedRaw[1:])
	return s.checkValue(h, d.Sum(nil))
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

func (s *SignedData) checkValue(h crypto.Hash, digest []byte) error {
	alg := s.signatureAlgorithm
	refuse := fmt.Errorf("%w: signature %v", ErrAlgorithm, alg.oid)
	var want struct{ rsa, ecdsa OID }
	for _, x := range hashes {
		if x.hash == h {
			want.rsa, want.ecdsa = x.rsa, x.ecdsa
		}
	}
	switch k := s.Signer.PublicKey.(type) {
	case *ecdsa.PublicKey:
		if !alg.oid.Equal(want.ecdsa) || k.Curve.Params().BitSize < 256 {
			return refuse
		}
		return check(k, h, false, 0, digest, s.Signature)
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 || k.N.BitLen() > 16384 {
			return refuse
		}
		if alg.oid.Equal(oidPSS) {
			salt, err := pssSalt(alg.parameters, h)
			if err != nil {
				return err
			}
			return check(k, h, true, salt, digest, s.Signature)
		}
		if !alg.oid.Equal(oidRSA) && !alg.oid.Equal(want.rsa) {
			return refuse
		}
		return check(k, h, false, 0, digest, s.Signature)
	}
	return refuse
}

// pssSalt reads RSASSA-PSS-params (RFC 4055 § 3.1). All defaults mean SHA-1 and
// are refused; digest and mask digest must be h.
func pssSalt(in cryptobyte.String, h crypto.Hash) (int, error) {
	refuse := fmt.Errorf("%w: PSS parameters", ErrAlgorithm)
	var p, hash, mask, salt, mgf cryptobyte.String
	var digest, maskDigest algorithmIdentifier
	if !in.ReadASN1(&p, cbasn1.SEQUENCE) || !in.Empty() ||
		!p.ReadASN1(&hash, context0) || !readAlgorithm(&hash, &digest) ||
		!p.ReadASN1(&mask, context1) || !mask.ReadASN1(&mgf, cbasn1.SEQUENCE) ||
		!p.ReadASN1(&salt, cbasn1.Tag(2).Constructed().ContextSpecific()) {
		return 0, refuse
	}
	var mgfOID OID
	var n int
	if !mgf.ReadASN1ObjectIdentifier(&mgfOID) || !mgfOID.Equal(oidMGF1) || !readAlgorithm(&mgf, &maskDigest) ||
		!salt.ReadASN1Integer(&n) || n < 0 || n > 512 || hashOf(digest.oid) != h || hashOf(maskDigest.oid) != h {
		return 0, refuse
	}
	if !p.Empty() { // trailerField, DEFAULT 1
		var trailer cryptobyte.String
		var one int
		if !p.ReadASN1(&trailer, cbasn1.Tag(3).Constructed().ContextSpecific()) || !trailer.ReadASN1Integer(&one) || one != 1 || !p.Empty() {
			return 0, refuse
		}
	}
	return n, nil
}
