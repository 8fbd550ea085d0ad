package signing

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // certificate identifiers of OCSP (RFC 6960 § 4.1.1): names, not proofs
	"crypto/x509"
	"encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// identifies says whether what a response says of the certificate's serial
// number is about this very issuer's: package ocsp compares the number only
// (RFC 6960 § 3.2, item 1).
func identifies(responseData []byte, c, issuer *x509.Certificate) bool {
	in := cryptobyte.String(responseData)
	var data, answers cryptobyte.String
	if !in.ReadASN1(&data, cbasn1.SEQUENCE) ||
		!data.SkipOptionalASN1(cbasn1.Tag(0).Constructed().ContextSpecific()) || // version
		!data.SkipASN1(responderTag(data)) ||
		!data.SkipASN1(cbasn1.GeneralizedTime) || !data.ReadASN1(&answers, cbasn1.SEQUENCE) {
		return false
	}
	found := false
	for n := 0; !answers.Empty() && n < maxEvidence; n++ {
		var single, id cryptobyte.String
		if !answers.ReadASN1(&single, cbasn1.SEQUENCE) || !single.ReadASN1(&id, cbasn1.SEQUENCE) {
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
	return tag == cbasn1.Tag(0).ContextSpecific() || tag == cbasn1.Tag(1).Constructed().ContextSpecific() ||
		tag == cbasn1.Tag(2).ContextSpecific()
}

// responderTag is the tag of the choice ResponderID.
func responderTag(data cryptobyte.String) cbasn1.Tag {
	if byKey := cbasn1.Tag(2).Constructed().ContextSpecific(); data.PeekASN1Tag(byKey) {
		return byKey
	}
	return cbasn1.Tag(1).Constructed().ContextSpecific()
}

// sameCertificate compares a CertID: whether it has the certificate's serial
// number, and whether it is the certificate's.
func sameCertificate(id cryptobyte.String, c, issuer *x509.Certificate) (same, serialNumber bool) {
	var algorithm, name, key cryptobyte.String
	var oid asn1.ObjectIdentifier
	serial := new(big.Int)
	if !id.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!id.ReadASN1(&name, cbasn1.OCTET_STRING) || !id.ReadASN1(&key, cbasn1.OCTET_STRING) || !id.ReadASN1Integer(serial) {
		return false, false
	}
	if serial.Cmp(c.SerialNumber) != 0 {
		return false, false
	}
	h, ok := identifierHash(oid)
	if !ok {
		return false, true
	}
	var info struct {
		Algorithm asn1.RawValue
		PublicKey asn1.BitString
	}
	if _, err := asn1.Unmarshal(issuer.RawSubjectPublicKeyInfo, &info); err != nil {
		return false, true
	}
	digest := func(b []byte) []byte { d := h.New(); d.Write(b); return d.Sum(nil) }
	return bytes.Equal(name, digest(issuer.RawSubject)) && bytes.Equal(key, digest(info.PublicKey.RightAlign())), true
}

func identifierHash(oid asn1.ObjectIdentifier) (crypto.Hash, bool) {
	for _, h := range []struct {
		oid  asn1.ObjectIdentifier
		hash crypto.Hash
	}{
		{asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, crypto.SHA1},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384},
		{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512},
	} {
		if h.oid.Equal(oid) {
			return h.hash, true
		}
	}
	return 0, false
}
