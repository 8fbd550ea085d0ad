package cms

import (
	"bytes"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// readSigner takes the SignerInfo apart (RFC 5652 § 5.3).
func (s *SignedData) readSigner(si cryptobyte.String) error {
	var version int
	var sid, signed, unsigned, signature cryptobyte.String
	var sidTag cbasn1.Tag
	var hasUnsigned bool
	if !si.ReadASN1Integer(&version) || !si.ReadAnyASN1Element(&sid, &sidTag) ||
		!readAlgorithm(&si, &s.digestAlgorithm) || !si.ReadASN1Element(&signed, context0) ||
		!readAlgorithm(&si, &s.signatureAlgorithm) || !si.ReadASN1(&signature, cbasn1.OCTET_STRING) ||
		!si.ReadOptionalASN1(&unsigned, &hasUnsigned, context1) || !si.Empty() {
		return formatError("SignerInfo, or it has no signed attributes")
	}
	if byName := sidTag == cbasn1.SEQUENCE; byName && version != 1 || !byName && version != 3 { // RFC 5652 § 5.3
		return formatError("version of SignerInfo")
	}
	s.Signature, s.signedRaw = signature, signed
	var values cryptobyte.String
	if !signed.ReadASN1(&values, context0) {
		return formatError("signed attributes")
	}
	var err error
	if s.signed, err = readAttributes(values); err != nil {
		return err
	}
	if s.unsigned, err = readAttributes(unsigned); err != nil {
		return err
	}
	return s.findSigner(sid, sidTag)
}

func (s *SignedData) findSigner(sid cryptobyte.String, tag cbasn1.Tag) error {
	var issuer cryptobyte.String
	serial := new(big.Int)
	byName := tag == cbasn1.SEQUENCE
	if byName {
		var ias cryptobyte.String
		if !sid.ReadASN1(&ias, cbasn1.SEQUENCE) || !ias.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
			!ias.ReadASN1Integer(serial) || !ias.Empty() {
			return formatError("signer identifier")
		}
	} else if !sid.ReadASN1(&issuer, cbasn1.Tag(0).ContextSpecific()) {
		return formatError("signer identifier")
	}
	for _, c := range s.Certificates {
		if byName && bytes.Equal(c.RawIssuer, issuer) && c.SerialNumber.Cmp(serial) == 0 ||
			!byName && len(issuer) > 0 && bytes.Equal(c.SubjectKeyId, issuer) {
			s.Signer = c
			return nil
		}
	}
	return nil
}

func readAlgorithm(in *cryptobyte.String, a *algorithmIdentifier) bool {
	var whole, body cryptobyte.String
	if !in.ReadASN1Element(&whole, cbasn1.SEQUENCE) {
		return false
	}
	a.raw = whole
	if !whole.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1ObjectIdentifier(&a.oid) {
		return false
	}
	a.parameters = body
	return true
}
