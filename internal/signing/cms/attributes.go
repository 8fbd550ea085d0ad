package cms

import (
	"bytes"
	"crypto/sha1" // only to compare references of RFC 2634 in old tokens, never for trust
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// attributes maps the type, as text, to the content of its SET of values.
type attributes map[string]cryptobyte.String

// readAttributes refuses a type that stands twice (RFC 5652 § 11).
func readAttributes(in cryptobyte.String) (attributes, error) {
	attrs := attributes{}
	for !in.Empty() {
		var a, values cryptobyte.String
		var oid OID
		if !in.ReadASN1(&a, cbasn1.SEQUENCE) || !a.ReadASN1ObjectIdentifier(&oid) || !a.ReadASN1(&values, cbasn1.SET) || !a.Empty() {
			return nil, formatError("attribute")
		}
		key := oid.String()
		if _, twice := attrs[key]; twice {
			return nil, formatError("attribute " + key + " stands twice")
		}
		attrs[key] = values
	}
	return attrs, nil
}

func (a attributes) has(oid OID) bool { _, ok := a[oid.String()]; return ok }

// single returns the one value of an attribute as a whole element.
func (a attributes) single(oid OID, tag cbasn1.Tag) (cryptobyte.String, bool) {
	values := a[oid.String()]
	var v cryptobyte.String
	ok := values.ReadASN1Element(&v, tag) && values.Empty()
	return v, ok
}

// HasSigningTime reports the signed signing-time attribute, which EN 319 142-1
// § 6.3 forbids in PAdES.
func (s *SignedData) HasSigningTime() bool {
	return s.signed.has(oidSigningTime)
}

// HasSignaturePolicy reports the signature-policy-identifier attribute (EN 319
// 122-1 § 5.2.9): the signer bound the signature to rules that stand elsewhere.
func (s *SignedData) HasSignaturePolicy() bool { return s.signed.has(oidSignaturePolicy) }

// ContentTimestamp returns the token of the content time-stamp attribute (EN 319
// 122-1 § 5.2.8), which proves that the content existed before it was signed, or
// nil.
func (s *SignedData) ContentTimestamp() ([]byte, error) {
	return oneToken(s.signed, oidContentTimeStamp, "content time-stamp attribute")
}

// SignatureTimestamp returns the token of the signature time-stamp attribute,
// or nil. More than one token is refused: which one counts would be a guess.
func (s *SignedData) SignatureTimestamp() ([]byte, error) {
	return oneToken(s.unsigned, oidSignatureTimeStmp, "signature time-stamp attribute")
}

func oneToken(a attributes, oid OID, what string) ([]byte, error) {
	if !a.has(oid) {
		return nil, nil
	}
	token, ok := a.single(oid, cbasn1.SEQUENCE)
	if !ok {
		return nil, formatError(what)
	}
	return token, nil
}

// CheckBinding verifies that the signing-certificate attribute (version 2, or
// version 1 in old tokens when allowV1) names the signer's certificate first:
// otherwise the certificate could be exchanged for another with the same key.
func (s *SignedData) CheckBinding(allowV1 bool) error {
	if s.Signer == nil {
		return ErrNoSigner
	}
	v2, ok2 := s.signed.single(oidSigningCertV2, cbasn1.SEQUENCE)
	if s.signed.has(oidSigningCertV2) && !ok2 {
		return fmt.Errorf("%w is malformed", ErrBinding)
	}
	if ok2 {
		return s.checkESS(v2, true)
	}
	v1, ok1 := s.signed.single(oidSigningCertV1, cbasn1.SEQUENCE)
	if !ok1 || !allowV1 {
		return fmt.Errorf("%w is missing", ErrBinding)
	}
	return s.checkESS(v1, false)
}

// checkESS compares the first ESSCertID (RFC 2634 § 5.4.1) or ESSCertIDv2 (RFC
// 5035 § 4) with the signer's certificate.
func (s *SignedData) checkESS(value cryptobyte.String, v2 bool) error {
	var sc, certs, id, hash, issuerSerial cryptobyte.String
	malformed := fmt.Errorf("%w is malformed", ErrBinding)
	if !value.ReadASN1(&sc, cbasn1.SEQUENCE) || !sc.ReadASN1(&certs, cbasn1.SEQUENCE) || !certs.ReadASN1(&id, cbasn1.SEQUENCE) {
		return malformed
	}
	want := func() []byte { d := sha1.Sum(s.Signer.Raw); return d[:] }
	if v2 {
		h := hashes[0].hash
		if id.PeekASN1Tag(cbasn1.SEQUENCE) {
			var alg algorithmIdentifier
			if !readAlgorithm(&id, &alg) {
				return malformed
			}
			if h = hashOf(alg.oid); h == 0 {
				return fmt.Errorf("%w: digest %v", ErrAlgorithm, alg.oid)
			}
		}
		want = func() []byte { d := h.New(); d.Write(s.Signer.Raw); return d.Sum(nil) }
	}
	if !id.ReadASN1(&hash, cbasn1.OCTET_STRING) {
		return malformed
	}
	if !bytes.Equal(hash, want()) {
		return fmt.Errorf("%w names another certificate than the signer's", ErrBinding)
	}
	if id.Empty() {
		return nil
	}
	var names, name cryptobyte.String
	var serial cryptobyte.String
	if !id.ReadASN1(&issuerSerial, cbasn1.SEQUENCE) || !issuerSerial.ReadASN1(&names, cbasn1.SEQUENCE) ||
		!issuerSerial.ReadASN1Element(&serial, cbasn1.INTEGER) || !names.ReadASN1(&name, contextTag(4)) {
		return malformed
	}
	var own cryptobyte.Builder
	own.AddASN1BigInt(s.Signer.SerialNumber)
	der, err := own.Bytes()
	if err != nil || !bytes.Equal(serial, der) || !bytes.Equal(name, s.Signer.RawIssuer) {
		return fmt.Errorf("%w names another issuer or serial number", ErrBinding)
	}
	return nil
}
