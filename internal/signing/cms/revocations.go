package cms

import (
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

const maxRevocations = 64

// Revocations is revocation data that a message brings, in DER and unchecked.
type Revocations struct {
	CRLs [][]byte // CertificateList
	OCSP [][]byte // OCSPResponse
}

// Revocations returns what stands in the field crls (RFC 5652 § 5.1, RFC 5940),
// and in Adobe's signed attribute (ISO 32000-1 § 12.8.3.3.2). Kinds that are
// not known are passed over: they can only be missed. The error is ErrFormat.
func (s *SignedData) Revocations() (Revocations, error) {
	var r Revocations
	for in := s.crls; !in.Empty(); {
		var one cryptobyte.String
		var tag cbasn1.Tag
		if !in.ReadAnyASN1Element(&one, &tag) || r.full() {
			return Revocations{}, formatError("revocation data")
		}
		switch tag {
		case cbasn1.SEQUENCE:
			r.CRLs = append(r.CRLs, one)
		case context1: // OtherRevocationInfoFormat
			var other, response cryptobyte.String
			var oid OID
			if !one.ReadASN1(&other, context1) || !other.ReadASN1ObjectIdentifier(&oid) {
				return Revocations{}, formatError("revocation data")
			}
			if oid.Equal(oidOCSPResponse) && other.ReadASN1Element(&response, cbasn1.SEQUENCE) && other.Empty() {
				r.OCSP = append(r.OCSP, response)
			}
		}
	}
	if s.signed.has(oidAdobeRevocation) {
		if err := r.readArchival(s.signed); err != nil {
			return Revocations{}, err
		}
	}
	return r, nil
}

func (r *Revocations) full() bool { return len(r.CRLs)+len(r.OCSP) >= maxRevocations }

// readArchival reads RevocationInfoArchival.
func (r *Revocations) readArchival(signed attributes) error {
	malformed := formatError("revocation-information attribute")
	var archival cryptobyte.String
	v, ok := signed.single(oidAdobeRevocation, cbasn1.SEQUENCE)
	if !ok || !v.ReadASN1(&archival, cbasn1.SEQUENCE) {
		return malformed
	}
	for _, part := range []struct {
		tag  cbasn1.Tag
		into *[][]byte
	}{{context0, &r.CRLs}, {context1, &r.OCSP}} {
		var wrapped, list cryptobyte.String
		var present bool
		if !archival.ReadOptionalASN1(&wrapped, &present, part.tag) {
			return malformed
		}
		if !present {
			continue
		}
		if !wrapped.ReadASN1(&list, cbasn1.SEQUENCE) || !wrapped.Empty() {
			return malformed
		}
		for !list.Empty() {
			var one cryptobyte.String
			if r.full() || !list.ReadASN1Element(&one, cbasn1.SEQUENCE) {
				return malformed
			}
			*part.into = append(*part.into, one)
		}
	}
	return nil
}
