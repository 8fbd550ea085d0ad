package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // the digests of Algorithm.Hash
	_ "crypto/sha512"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Algorithm is a way of signing that docsvc itself uses.
type Algorithm string

// The suites follow ETSI TS 119 312: key sizes for use beyond 2030.
const (
	ECDSAP256 Algorithm = "ECDSA-P256-SHA256"
	ECDSAP384 Algorithm = "ECDSA-P384-SHA384"
	RSA       Algorithm = "RSA-PKCS1v15-SHA256"
	RSAPSS    Algorithm = "RSA-PSS-SHA256"
)

const minRSABits = 3072

// AlgorithmFor derives the algorithm from a public key; pss chooses RSASSA-PSS
// for an RSA key and is an error for any other.
func AlgorithmFor(pub crypto.PublicKey, pss bool) (Algorithm, error) {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		switch {
		case pss:
			return "", fmt.Errorf("PSS needs an RSA key")
		case k.Curve == elliptic.P256():
			return ECDSAP256, nil
		case k.Curve == elliptic.P384():
			return ECDSAP384, nil
		}
	case *rsa.PublicKey:
		switch {
		case k.N.BitLen() < minRSABits:
			return "", fmt.Errorf("RSA key of %d bits, at least %d", k.N.BitLen(), minRSABits)
		case pss:
			return RSAPSS, nil
		}
		return RSA, nil
	}
	return "", fmt.Errorf("unsupported key %T", pub)
}

// Hash is the digest that the algorithm signs.
func (a Algorithm) Hash() crypto.Hash {
	if a == ECDSAP384 {
		return crypto.SHA384
	}
	return crypto.SHA256
}

// SignerOpts are what a crypto.Signer needs beside the digest.
func (a Algorithm) SignerOpts() crypto.SignerOpts {
	if a == RSAPSS {
		return &rsa.PSSOptions{SaltLength: a.Hash().Size(), Hash: a.Hash()}
	}
	return a.Hash()
}

// Verify checks a signature over digest, which must be of length Hash.
func (a Algorithm) Verify(pub crypto.PublicKey, digest, signature []byte) error {
	if len(digest) != a.Hash().Size() {
		return fmt.Errorf("%w: digest of %d bytes", ErrSignature, len(digest))
	}
	return check(pub, a.Hash(), a == RSAPSS, a.Hash().Size(), digest, signature)
}

func check(pub crypto.PublicKey, h crypto.Hash, pss bool, salt int, digest, signature []byte) error {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		if !ecdsa.VerifyASN1(k, digest, signature) {
			return ErrSignature
		}
		return nil
	case *rsa.PublicKey:
		var err error
		if pss {
			err = rsa.VerifyPSS(k, h, digest, signature, &rsa.PSSOptions{SaltLength: salt, Hash: h})
		} else {
			err = rsa.VerifyPKCS1v15(k, h, digest, signature)
		}
		if err != nil {
			return ErrSignature
		}
		return nil
	}
	return fmt.Errorf("%w: key %T", ErrAlgorithm, pub)
}

// maxSignature is the longest value the key can produce, in bytes.
func maxSignature(pub crypto.PublicKey) int {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		n := (k.Curve.Params().BitSize + 7) / 8
		return 2*(n+3) + 4 // SEQUENCE of two INTEGERs, each with a sign byte
	case *rsa.PublicKey:
		return k.Size()
	}
	return 0
}

// addIdentifier writes the AlgorithmIdentifier under the given tag, which is
// SEQUENCE but for the implicit tag of RFC 6211.
func (a Algorithm) addIdentifier(b *cryptobyte.Builder, tag cbasn1.Tag) {
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		switch a {
		case ECDSAP256:
			b.AddASN1ObjectIdentifier(oidECDSAWithSHA256)
		case ECDSAP384:
			b.AddASN1ObjectIdentifier(oidECDSAWithSHA384)
		case RSA:
			b.AddASN1ObjectIdentifier(oidRSAWithSHA256)
			b.AddASN1NULL() // RFC 4055 § 5: present
		case RSAPSS:
			b.AddASN1ObjectIdentifier(oidPSS)
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				explicit(b, 0, func(b *cryptobyte.Builder) { addHash(b, a.Hash(), true) })
				explicit(b, 1, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(oidMGF1)
						addHash(b, a.Hash(), true)
					})
				})
				explicit(b, 2, func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(a.Hash().Size())) })
			})
		}
	})
}

// addHash writes the AlgorithmIdentifier of a digest; RFC 5754 § 2 leaves the
// parameters out, RFC 4055 § 2.1 wants NULL inside PSS parameters.
func addHash(b *cryptobyte.Builder, h crypto.Hash, null bool) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidOf(h))
		if null {
			b.AddASN1NULL()
		}
	})
}
