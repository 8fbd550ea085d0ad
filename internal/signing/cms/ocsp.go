package cms

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// golang.org/x/crypto/ocsp reads OCSP messages, but knows no nonce, and dates
// the responses that it makes by the computer's clock.

// MaxOCSPNonce is the longest nonce, in bytes (RFC 9654 § 2.1).
const MaxOCSPNonce = 128

var (
	oidOCSPBasic = OID{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidOCSPNonce = OID{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
	// OIDOCSPArchiveCutoff is id-pkix-ocsp-archive-cutoff.
	OIDOCSPArchiveCutoff = OID{1, 3, 6, 1, 5, 5, 7, 48, 1, 6}
)

// ErrOCSPNonce marks a nonce that is not between 1 and MaxOCSPNonce bytes long,
// or is not encoded as one.
var ErrOCSPNonce = errors.New("cms: OCSP nonce")

// OCSPStatus is how a certificate stands (RFC 6960 § 4.2.1).
type OCSPStatus int

// The states, by their tags.
const (
	OCSPGood    OCSPStatus = 0
	OCSPRevoked OCSPStatus = 1
	OCSPUnknown OCSPStatus = 2
)

// OCSPResponse is what a response says of one certificate.
type OCSPResponse struct {
	Issuer     *x509.Certificate // of the certificate
	Serial     *big.Int
	Hash       crypto.Hash // of the certificate's identifier; 0: SHA-1
	Status     OCSPStatus
	RevokedAt  time.Time // of OCSPRevoked
	Reason     int       // CRLReason; 0 is left out
	ThisUpdate time.Time
	NextUpdate time.Time // zero: left out
	ProducedAt time.Time // zero: ThisUpdate
	// ArchiveCutoff says from when on the responder keeps what it knows of
	// certificates after they expire (RFC 6960 § 4.4.4); zero: left out.
	ArchiveCutoff time.Time
	Nonce         []byte // of the request; empty: left out
	// Responder signs. Embed adds its certificate, as a delegated one must.
	Responder *x509.Certificate
	Embed     bool
}

// Sign makes the response in DER with the responder's key.
func (r OCSPResponse) Sign(random io.Reader, key crypto.Signer) ([]byte, error) {
	alg, err := AlgorithmFor(key.Public(), false)
	if err != nil {
		return nil, fmt.Errorf("OCSP response: %w", err)
	}
	id, err := ocspCertID(r.Issuer, r.Serial, r.Hash)
	if err != nil {
		return nil, err
	}
	tbs, err := r.data(id)
	if err != nil {
		return nil, fmt.Errorf("OCSP response: %w", err)
	}
	h := alg.Hash().New()
	h.Write(tbs)
	value, err := key.Sign(random, h.Sum(nil), alg.SignerOpts())
	if err != nil {
		return nil, fmt.Errorf("signing an OCSP response: %w", err)
	}
	var basic cryptobyte.Builder
	basic.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		alg.addIdentifier(b, cbasn1.SEQUENCE)
		b.AddASN1BitString(value)
		if r.Embed {
			explicit(b, 0, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(r.Responder.Raw) })
			})
		}
	})
	body, err := basic.Bytes()
	if err != nil {
		return nil, fmt.Errorf("OCSP response: %w", err)
	}
	var out cryptobyte.Builder
	out.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Enum(0) // successful
		explicit(b, 0, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidOCSPBasic)
				b.AddASN1OctetString(body)
			})
		})
	})
	return out.Bytes()
}

// data is the ResponseData (RFC 6960 § 4.2.1).
func (r OCSPResponse) data(id []byte) ([]byte, error) {
	produced := r.ProducedAt
	if produced.IsZero() {
		produced = r.ThisUpdate
	}
	var out cryptobyte.Builder
	out.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		explicit(b, 1, func(b *cryptobyte.Builder) { b.AddBytes(r.Responder.RawSubject) })
		addSecond(b, produced)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { r.addSingle(b, id) })
		})
		if len(r.Nonce) > 0 {
			explicit(b, 1, func(b *cryptobyte.Builder) { addNonce(b, r.Nonce) })
		}
	})
	return out.Bytes()
}

// addSingle adds the content of the SingleResponse.
func (r OCSPResponse) addSingle(b *cryptobyte.Builder, id []byte) {
	b.AddBytes(id)
	switch r.Status {
	case OCSPRevoked:
		explicit(b, 1, func(b *cryptobyte.Builder) {
			addSecond(b, r.RevokedAt)
			if r.Reason != 0 { // RFC 5280 § 5.3.1: unspecified is left out
				explicit(b, 0, func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(r.Reason)) })
			}
		})
	default:
		b.AddASN1(cbasn1.Tag(r.Status).ContextSpecific(), func(*cryptobyte.Builder) {})
	}
	addSecond(b, r.ThisUpdate)
	if !r.NextUpdate.IsZero() {
		explicit(b, 0, func(b *cryptobyte.Builder) { addSecond(b, r.NextUpdate) })
	}
	if !r.ArchiveCutoff.IsZero() {
		explicit(b, 1, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(OIDOCSPArchiveCutoff)
					b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) { addSecond(b, r.ArchiveCutoff) })
				})
			})
		})
	}
}

func explicit(b *cryptobyte.Builder, tag uint8, f cryptobyte.BuilderContinuation) {
	b.AddASN1(contextTag(tag), f)
}

func addSecond(b *cryptobyte.Builder, t time.Time) {
	b.AddASN1GeneralizedTime(t.UTC().Truncate(time.Second))
}

// addNonce adds Extensions with the nonce alone (RFC 9654 § 2.1).
func addNonce(b *cryptobyte.Builder, nonce []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidOCSPNonce)
			b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
		})
	})
}

// OCSPRequest asks about one certificate of an issuer. SHA-1 names it: RFC 5019
// § 2.1.1 wants it, and every responder knows it. An empty nonce is left out.
func OCSPRequest(serial *big.Int, issuer *x509.Certificate, nonce []byte) ([]byte, error) {
	id, err := ocspCertID(issuer, serial, crypto.SHA1)
	if err != nil {
		return nil, err
	}
	var out cryptobyte.Builder
	out.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(id) })
			})
			if len(nonce) > 0 {
				explicit(b, 2, func(b *cryptobyte.Builder) { addNonce(b, nonce) })
			}
		})
	})
	return out.Bytes()
}
