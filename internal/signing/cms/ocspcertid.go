package cms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// CertID (RFC 6960 § 4.1.1) names a certificate by digests of its issuer's name
// and key, SHA-1 mostly: names, not proofs.

// ocspCertID makes one; h zero is SHA-1.
func ocspCertID(issuer *x509.Certificate, serial *big.Int, h crypto.Hash) ([]byte, error) {
	oid := oidOf(h)
	if h == 0 || h == formerly.hash {
		h, oid = formerly.hash, formerly.oid
	}
	if oid == nil {
		return nil, fmt.Errorf("OCSP: certificates are not named with %s", h)
	}
	name, key, err := issuerDigests(issuer, h)
	if err != nil {
		return nil, err
	}
	var out cryptobyte.Builder
	out.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid)
			b.AddASN1NULL()
		})
		b.AddASN1OctetString(name)
		b.AddASN1OctetString(key)
		b.AddASN1BigInt(serial)
	})
	return out.Bytes()
}

// issuerDigests are of the name, and of the key without algorithm and unused
// bits.
func issuerDigests(issuer *x509.Certificate, h crypto.Hash) (name, key []byte, err error) {
	var info struct {
		Algorithm asn1.RawValue
		PublicKey asn1.BitString
	}
	if _, err := asn1.Unmarshal(issuer.RawSubjectPublicKeyInfo, &info); err != nil {
		return nil, nil, fmt.Errorf("OCSP: key of %s: %w", issuer.Subject, err)
	}
	digest := func(b []byte) []byte { d := h.New(); d.Write(b); return d.Sum(nil) }
	return digest(issuer.RawSubject), digest(info.PublicKey.RightAlign()), nil
}

// maxOCSPAnswers is how many answers of a response are looked at.
const maxOCSPAnswers = 256

// OCSPIdentifies says whether what a ResponseData says of the certificate's
// serial number is about this very issuer's, and is a status: package ocsp
// compares the number only (RFC 6960 § 3.2, item 1).
func OCSPIdentifies(data []byte, c, issuer *x509.Certificate) bool {
	r, ok := readResponseData(data)
	if !ok {
		return false
	}
	found := false
	for n := 0; !r.answers.Empty() && n < maxOCSPAnswers; n++ {
		var single, id cryptobyte.String
		if !r.answers.ReadASN1(&single, cbasn1.SEQUENCE) || !single.ReadASN1(&id, cbasn1.SEQUENCE) {
			return false
		}
		ours, named := sameCertificate(id, c, issuer)
		if named && (!ours || !hasStatus(single)) {
			return false
		}
		found = found || ours
	}
	return found
}

// hasStatus says whether a SingleResponse, behind its CertID, has one status and
// a time. Package ocsp takes one without a status for revoked.
func hasStatus(single cryptobyte.String) bool {
	var content cryptobyte.String
	var tag cbasn1.Tag
	if !single.ReadAnyASN1(&content, &tag) || !single.PeekASN1Tag(cbasn1.GeneralizedTime) {
		return false
	}
	return tag == cbasn1.Tag(OCSPGood).ContextSpecific() || tag == contextTag(uint8(OCSPRevoked)) ||
		tag == cbasn1.Tag(OCSPUnknown).ContextSpecific()
}

// sameCertificate compares a CertID: whether it has the certificate's serial
// number, and whether it is the certificate's.
func sameCertificate(id cryptobyte.String, c, issuer *x509.Certificate) (same, serialNumber bool) {
	var algorithm, name, key cryptobyte.String
	var oid OID
	serial := new(big.Int)
	if !id.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!id.ReadASN1(&name, cbasn1.OCTET_STRING) || !id.ReadASN1(&key, cbasn1.OCTET_STRING) || !id.ReadASN1Integer(serial) {
		return false, false
	}
	if serial.Cmp(c.SerialNumber) != 0 {
		return false, false
	}
	d, ok := findDigest(oid, true)
	if !ok {
		return false, true
	}
	wantName, wantKey, err := issuerDigests(issuer, d.hash)
	return err == nil && bytes.Equal(name, wantName) && bytes.Equal(key, wantKey), true
}
