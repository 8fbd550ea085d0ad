package cms

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var context0, context1 = contextTag(0), contextTag(1)

// contextTag is of a constructed element.
func contextTag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).Constructed().ContextSpecific() }

// SignedAttributes builds the attributes that are signed in place of the
// document (EN 319 122-1 § 5.1, EN 319 142-1 § 6.3): content-type,
// message-digest, signing-certificate-v2 and CMS algorithm protection. The
// time of signing stands in the PDF, not here. The result is the DER SET whose
// digest is signed.
func SignedAttributes(alg Algorithm, signer *x509.Certificate, documentDigest []byte) ([]byte, error) {
	attrs := make([][]byte, 0, 4)
	var failed error
	add := func(oid OID, value cryptobyte.BuilderContinuation) {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid)
			b.AddASN1(cbasn1.SET, value)
		})
		der, err := b.Bytes()
		if err != nil {
			failed = err
		}
		attrs = append(attrs, der)
	}
	add(oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
	add(oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(documentDigest) })
	add(oidSigningCertV2, func(b *cryptobyte.Builder) { addSigningCertificate(b, alg, signer) })
	add(oidAlgorithmProtect, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addHash(b, alg.Hash(), false)
			alg.addIdentifier(b, context1)
		})
	})
	if failed != nil {
		return nil, fmt.Errorf("building signed attributes: %w", failed)
	}
	slices.SortFunc(attrs, bytes.Compare) // DER order of a SET OF
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(attrs...)) })
	return b.Bytes()
}

// addSigningCertificate writes SigningCertificateV2 (RFC 5035 § 3) with one
// ESSCertIDv2. The default hash algorithm, SHA-256, must be left out in DER.
func addSigningCertificate(b *cryptobyte.Builder, alg Algorithm, cert *x509.Certificate) {
	seq := func(b *cryptobyte.Builder, f cryptobyte.BuilderContinuation) { b.AddASN1(cbasn1.SEQUENCE, f) }
	h := alg.Hash().New()
	h.Write(cert.Raw)
	seq(b, func(b *cryptobyte.Builder) { // SigningCertificateV2
		seq(b, func(b *cryptobyte.Builder) { // certs
			seq(b, func(b *cryptobyte.Builder) { // ESSCertIDv2
				if alg.Hash() != hashes[0].hash {
					addHash(b, alg.Hash(), false)
				}
				b.AddASN1OctetString(h.Sum(nil))
				seq(b, func(b *cryptobyte.Builder) { // IssuerSerial
					seq(b, func(b *cryptobyte.Builder) { // GeneralNames
						b.AddASN1(contextTag(4), func(b *cryptobyte.Builder) {
							b.AddBytes(cert.RawIssuer)
						})
					})
					b.AddASN1BigInt(cert.SerialNumber)
				})
			})
		})
	})
}

// Assemble builds the ContentInfo of a detached SignedData with one signer.
// chain goes beside the signer's certificate; token, when not nil, is the
// signature time-stamp (EN 319 122-1 § 5.3).
func Assemble(alg Algorithm, signer *x509.Certificate, chain []*x509.Certificate, attributes, signature, token []byte) ([]byte, error) {
	if len(attributes) == 0 || attributes[0] != byte(cbasn1.SET) {
		return nil, fmt.Errorf("assembling the signature: attributes are not a SET")
	}
	implicit := append([]byte{byte(context0)}, attributes[1:]...) // signedAttrs [0] IMPLICIT
	certs := [][]byte{signer.Raw}
	for _, c := range chain {
		if !c.Equal(signer) {
			certs = append(certs, c.Raw)
		}
	}
	slices.SortFunc(certs, bytes.Compare)

	var b cryptobyte.Builder
	seq := func(b *cryptobyte.Builder, f cryptobyte.BuilderContinuation) { b.AddASN1(cbasn1.SEQUENCE, f) }
	signerInfo := func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		seq(b, func(b *cryptobyte.Builder) {
			b.AddBytes(signer.RawIssuer)
			b.AddASN1BigInt(signer.SerialNumber)
		})
		addHash(b, alg.Hash(), false)
		b.AddBytes(implicit)
		alg.addIdentifier(b, cbasn1.SEQUENCE)
		b.AddASN1OctetString(signature)
		if token != nil {
			b.AddASN1(context1, func(b *cryptobyte.Builder) {
				seq(b, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidSignatureTimeStmp)
					b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(token) })
				})
			})
		}
	}
	seq(&b, func(b *cryptobyte.Builder) { // ContentInfo
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(context0, func(b *cryptobyte.Builder) {
			seq(b, func(b *cryptobyte.Builder) { // SignedData
				b.AddASN1Int64(1)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { addHash(b, alg.Hash(), false) })
				seq(b, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
				b.AddASN1(context0, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(certs...)) })
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { seq(b, signerInfo) })
			})
		})
	})
	der, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("assembling the signature: %w", err)
	}
	return der, nil
}

// Size is the greatest length that Assemble can return without a token.
func Size(alg Algorithm, signer *x509.Certificate, chain []*x509.Certificate) (int, error) {
	attrs, err := SignedAttributes(alg, signer, make([]byte, alg.Hash().Size()))
	if err != nil {
		return 0, err
	}
	der, err := Assemble(alg, signer, chain, attrs, make([]byte, maxSignature(signer.PublicKey)), nil)
	return len(der), err
}
