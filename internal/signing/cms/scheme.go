package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha1" // the digest of signatures from before 2012, see VerifyByDate
	"crypto/x509"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Sizes of keys. The least of today is for Verify, the least ever for
// VerifyByDate; the most is what a check may cost.
const (
	minRSAToday   = 2048
	minRSAEver    = 1024
	maxRSA        = 16384
	minECDSAToday = 256
)

// Scheme is what a signature was made with.
type Scheme struct {
	Hash crypto.Hash // of the content and of the signed attributes
	Key  string      // RSA or ECDSA
	Bits int         // of the key
	PSS  bool

	salt int
}

func (c Scheme) String() string {
	key := c.Key
	if c.PSS {
		key += "-PSS"
	}
	return fmt.Sprintf("%s with %d bits, %v", key, c.Bits, c.Hash)
}

// Acceptable says why a signature that is made today may not be made like this:
// ErrAlgorithm with the reason.
func (c Scheme) Acceptable() error {
	switch {
	case c.Hash == formerly.hash:
		return fmt.Errorf("%w: digest %v", ErrAlgorithm, c.Hash)
	case c.Key == "RSA" && c.Bits < minRSAToday, c.Key == "ECDSA" && c.Bits < minECDSAToday:
		return fmt.Errorf("%w: %s key of %d bits", ErrAlgorithm, c.Key, c.Bits)
	}
	return nil
}

// Scheme reports what the signature was made with, also when that was good
// enough in former times only: SHA-1, RSA keys from 1024 bits. The error is
// ErrAlgorithm for what is not known at all, or was never good enough.
func (s *SignedData) Scheme() (Scheme, error) {
	d, ok := findDigest(s.digestAlgorithm.oid, true)
	if !ok {
		return Scheme{}, fmt.Errorf("%w: digest %v", ErrAlgorithm, s.digestAlgorithm.oid)
	}
	if s.Signer == nil {
		return Scheme{}, ErrNoSigner
	}
	c := Scheme{Hash: d.hash}
	alg := s.signatureAlgorithm
	refuse := fmt.Errorf("%w: signature %v with %v key", ErrAlgorithm, alg.oid, s.Signer.PublicKeyAlgorithm)
	switch k := s.Signer.PublicKey.(type) {
	case *ecdsa.PublicKey:
		c.Key, c.Bits = "ECDSA", k.Curve.Params().BitSize
		// Some name the key alone, or the digest: the digest algorithm completes it.
		if !alg.oid.Equal(d.ecdsa) && !alg.oid.Equal(oidECKey) && !alg.oid.Equal(d.oid) {
			return c, refuse
		}
	case *rsa.PublicKey:
		c.Key, c.Bits = "RSA", k.N.BitLen()
		if c.Bits < minRSAEver || c.Bits > maxRSA {
			return c, fmt.Errorf("%w: RSA key of %d bits", ErrAlgorithm, c.Bits)
		}
		if alg.oid.Equal(oidPSS) {
			var err error
			c.PSS = true
			c.salt, err = pssSalt(alg.parameters, d)
			return c, err
		}
		if !alg.oid.Equal(oidRSA) && !alg.oid.Equal(d.rsa) && !alg.oid.Equal(d.oid) {
			return c, refuse
		}
	default:
		return c, refuse
	}
	return c, nil
}

// SignatureAlgorithmName describes the scheme, or names what is not known.
func (s *SignedData) SignatureAlgorithmName() string {
	c, err := s.Scheme()
	if err != nil {
		return s.signatureAlgorithm.oid.String()
	}
	return c.String()
}

func (c Scheme) check(signer *x509.Certificate, digest, signature []byte) error {
	return check(signer.PublicKey, c.Hash, c.PSS, c.salt, digest, signature)
}

// pssSalt reads RSASSA-PSS-params (RFC 4055 § 3.1). Digest and mask digest must
// be h; what is left out means SHA-1, and a salt of its length.
func pssSalt(in cryptobyte.String, h digest) (int, error) {
	refuse := fmt.Errorf("%w: PSS parameters", ErrAlgorithm)
	var p, hash, mask, mgf, salt, trailer cryptobyte.String
	var hasHash, hasMask, hasSalt, hasTrailer bool
	if !in.ReadASN1(&p, cbasn1.SEQUENCE) || !in.Empty() ||
		!p.ReadOptionalASN1(&hash, &hasHash, context0) || !p.ReadOptionalASN1(&mask, &hasMask, context1) ||
		!p.ReadOptionalASN1(&salt, &hasSalt, contextTag(2)) ||
		!p.ReadOptionalASN1(&trailer, &hasTrailer, contextTag(3)) || !p.Empty() {
		return 0, refuse
	}
	own, masks := algorithmIdentifier{oid: oidSHA1}, algorithmIdentifier{oid: oidSHA1}
	if hasHash && (!readAlgorithm(&hash, &own) || !hash.Empty()) {
		return 0, refuse
	}
	var mgfOID OID
	if hasMask && (!mask.ReadASN1(&mgf, cbasn1.SEQUENCE) || !mask.Empty() || !mgf.ReadASN1ObjectIdentifier(&mgfOID) ||
		!mgfOID.Equal(oidMGF1) || !readAlgorithm(&mgf, &masks) || !mgf.Empty()) {
		return 0, refuse
	}
	n, one := 20, 1
	if hasSalt && (!salt.ReadASN1Integer(&n) || !salt.Empty() || n < 0 || n > 512) ||
		hasTrailer && (!trailer.ReadASN1Integer(&one) || !trailer.Empty() || one != 1) ||
		!own.oid.Equal(h.oid) || !masks.oid.Equal(h.oid) {
		return 0, refuse
	}
	if n == 0 { // crypto/rsa takes 0 for any length
		return 0, fmt.Errorf("%w: PSS without salt", ErrAlgorithm)
	}
	return n, nil
}
