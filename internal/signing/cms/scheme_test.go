package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// TestScheme has the ways in which producers name their algorithms. Only
// crypto.SHA256 and longer may be acceptable.
func TestScheme(t *testing.T) {
	rsaKey := func(bits uint) any {
		return &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), bits-1), E: 65537}
	}
	p256, p224 := &ecdsa.PublicKey{Curve: elliptic.P256()}, &ecdsa.PublicKey{Curve: elliptic.P224()}
	const unknown, past, today = 0, 1, 2
	for _, c := range []struct {
		name              string
		digest, signature OID
		key               any
		want              int
	}{
		{"ECDSA", oidSHA256, oidECDSAWithSHA256, p256, today},
		{"ECDSA by its key", oidSHA384, oidECKey, p256, today},
		{"ECDSA by the digest", oidSHA512, oidSHA512, p256, today},
		{"ECDSA with another digest", oidSHA512, oidECDSAWithSHA256, p256, unknown},
		{"ECDSA as RSA", oidSHA256, oidRSAWithSHA256, p256, unknown},
		{"ECDSA with SHA-1", oidSHA1, oidECDSAWithSHA1, p256, past},
		{"ECDSA of 224 bits", oidSHA256, oidECDSAWithSHA256, p224, past},
		{"RSA", oidSHA256, oidRSA, rsaKey(2048), today},
		{"RSA with the digest", oidSHA384, oidRSAWithSHA384, rsaKey(2048), today},
		{"RSA by the digest", oidSHA256, oidSHA256, rsaKey(2048), today},
		{"RSA by another digest", oidSHA256, oidSHA384, rsaKey(2048), unknown},
		{"RSA with another digest", oidSHA384, oidRSAWithSHA256, rsaKey(2048), unknown},
		{"RSA with SHA-1", oidSHA1, oidRSAWithSHA1, rsaKey(4096), past},
		{"RSA of 2047 bits", oidSHA256, oidRSA, rsaKey(2047), past},
		{"RSA of 1024 bits", oidSHA256, oidRSA, rsaKey(1024), past},
		{"RSA of 1023 bits", oidSHA256, oidRSA, rsaKey(1023), unknown},
		{"RSA beyond measure", oidSHA256, oidRSA, rsaKey(maxRSA + 1), unknown},
		{"PSS without parameters", oidSHA256, oidPSS, rsaKey(2048), unknown},
		{"MD5", OID{1, 2, 840, 113549, 2, 5}, oidRSA, rsaKey(2048), unknown},
		{"Ed25519", oidSHA512, OID{1, 3, 101, 112}, ed25519.PublicKey(make([]byte, 32)), unknown},
		{"RSA as Ed25519", oidSHA512, OID{1, 3, 101, 112}, rsaKey(2048), unknown},
	} {
		s := &SignedData{
			Signer:             &x509.Certificate{PublicKey: c.key},
			digestAlgorithm:    algorithmIdentifier{oid: c.digest},
			signatureAlgorithm: algorithmIdentifier{oid: c.signature},
		}
		got := unknown
		scheme, err := s.Scheme()
		if err == nil {
			got = past
			if err = scheme.Acceptable(); err == nil {
				got = today
			}
		}
		if got != c.want || err != nil && !errors.Is(err, ErrAlgorithm) {
			t.Errorf("%s: %d, want %d: %v %v", c.name, got, c.want, scheme, err)
		}
	}
}

// TestPSSParameters: RFC 4055 § 3.1, where what is left out means SHA-1.
func TestPSSParameters(t *testing.T) {
	sha1, sha256 := formerly, hashes[0]
	type params struct {
		hash, mask, mgf OID
		salt, trailer   int64
	}
	for _, c := range []struct {
		name string
		p    params
		h    digest
		want int // salt; -1: refused
	}{
		{"SHA-256", params{hash: oidSHA256, mask: oidSHA256, salt: 32}, sha256, 32},
		{"trailer written", params{hash: oidSHA256, mask: oidSHA256, salt: 32, trailer: 1}, sha256, 32},
		{"another trailer", params{hash: oidSHA256, mask: oidSHA256, salt: 32, trailer: 2}, sha256, -1},
		{"salt left out", params{hash: oidSHA256, mask: oidSHA256}, sha256, 20},
		{"salt of no length", params{hash: oidSHA256, mask: oidSHA256, salt: -1}, sha256, -1},
		{"long salt", params{hash: oidSHA256, mask: oidSHA256, salt: 513}, sha256, -1},
		{"another digest", params{hash: oidSHA384, mask: oidSHA384, salt: 32}, sha256, -1},
		{"another mask digest", params{hash: oidSHA256, mask: oidSHA1, salt: 32}, sha256, -1},
		{"mask left out", params{hash: oidSHA256, salt: 32}, sha256, -1},
		{"another mask function", params{hash: oidSHA256, mask: oidSHA256, mgf: oidRSA, salt: 32}, sha256, -1},
		{"all left out", params{}, sha256, -1},
		{"all left out, SHA-1", params{}, sha1, 20},
	} {
		var b cryptobyte.Builder
		explicit := func(b *cryptobyte.Builder, n uint8, f cryptobyte.BuilderContinuation) {
			b.AddASN1(cbasn1.Tag(n).Constructed().ContextSpecific(), f)
		}
		algorithm := func(b *cryptobyte.Builder, oid OID) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid); b.AddASN1NULL() })
		}
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if c.p.hash != nil {
				explicit(b, 0, func(b *cryptobyte.Builder) { algorithm(b, c.p.hash) })
			}
			if c.p.mask != nil {
				mgf := oidMGF1
				if c.p.mgf != nil {
					mgf = c.p.mgf
				}
				explicit(b, 1, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(mgf); algorithm(b, c.p.mask) })
				})
			}
			if c.p.salt != 0 {
				explicit(b, 2, func(b *cryptobyte.Builder) { b.AddASN1Int64(max(c.p.salt, 0)) })
			}
			if c.p.trailer != 0 {
				explicit(b, 3, func(b *cryptobyte.Builder) { b.AddASN1Int64(c.p.trailer) })
			}
		})
		got, err := pssSalt(b.BytesOrPanic(), c.h)
		if c.want < 0 && !errors.Is(err, ErrAlgorithm) || c.want >= 0 && (err != nil || got != c.want) {
			t.Errorf("%s: %d %v", c.name, got, err)
		}
	}
}

// TestHashStrict: what callers of Hash rest on.
func TestHashStrict(t *testing.T) {
	s := &SignedData{digestAlgorithm: algorithmIdentifier{oid: oidSHA1}}
	if h, err := s.Hash(); h != 0 || !errors.Is(err, ErrAlgorithm) {
		t.Errorf("%v %v", h, err)
	}
	s.digestAlgorithm.oid = oidSHA256
	if h, err := s.Hash(); h != crypto.SHA256 || err != nil {
		t.Errorf("%v %v", h, err)
	}
}
