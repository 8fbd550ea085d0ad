package cms

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxOCSPExtensions bounds what is looked through for a nonce.
const maxOCSPExtensions = 16

// OCSPRequestNonce finds the nonce of an OCSPRequest; nil when it has none. What
// the request is about is not looked at.
func OCSPRequestNonce(der []byte) ([]byte, error) {
	in := cryptobyte.String(der)
	var outer, tbs cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !outer.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(context0) || // version
		!tbs.SkipOptionalASN1(context1) || // requestorName
		!tbs.SkipASN1(cbasn1.SEQUENCE) { // requestList
		return nil, fmt.Errorf("%w: malformed request", ErrOCSPNonce)
	}
	return ocspNonce(tbs, contextTag(2))
}

// OCSPResponseNonce finds the nonce of a ResponseData; nil when it has none.
func OCSPResponseNonce(data []byte) ([]byte, error) {
	r, ok := readResponseData(data)
	if !ok {
		return nil, fmt.Errorf("%w: malformed response", ErrOCSPNonce)
	}
	return ocspNonce(r.rest, context1)
}

// responseData is a ResponseData (RFC 6960 § 4.2.1) taken apart.
type responseData struct {
	producedAt cryptobyte.String // GeneralizedTime
	answers    cryptobyte.String // of SingleResponse
	rest       cryptobyte.String // extensions, if any
}

func readResponseData(data cryptobyte.String) (r responseData, ok bool) {
	if !data.ReadASN1(&r.rest, cbasn1.SEQUENCE) || !r.rest.SkipOptionalASN1(context0) { // version
		return r, false
	}
	responder := context1 // byName
	if byKey := contextTag(2); r.rest.PeekASN1Tag(byKey) {
		responder = byKey
	}
	ok = r.rest.SkipASN1(responder) && r.rest.ReadASN1Element(&r.producedAt, cbasn1.GeneralizedTime) &&
		r.rest.ReadASN1(&r.answers, cbasn1.SEQUENCE)
	return r, ok
}

// OCSPSigner is who made an OCSP response, and when.
type OCSPSigner struct {
	ProducedAt  time.Time
	Certificate *x509.Certificate // nil when the response brings none
}

// ReadOCSPSigner reads it of a response that has been checked already.
// golang.org/x/crypto/ocsp would check both signatures again, which is most of
// the work on a file.
func ReadOCSPSigner(der []byte) (OCSPSigner, error) {
	var s OCSPSigner
	malformed := errors.New("malformed")
	in := cryptobyte.String(der)
	var outer, wrapped, typed, octets, basic, data, list, certs, first cryptobyte.String
	var present bool
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !in.Empty() || !outer.SkipASN1(cbasn1.ENUM) ||
		!outer.ReadASN1(&wrapped, context0) || !wrapped.ReadASN1(&typed, cbasn1.SEQUENCE) ||
		!typed.SkipASN1(cbasn1.OBJECT_IDENTIFIER) || !typed.ReadASN1(&octets, cbasn1.OCTET_STRING) ||
		!octets.ReadASN1(&basic, cbasn1.SEQUENCE) || !basic.ReadASN1Element(&data, cbasn1.SEQUENCE) ||
		!basic.SkipASN1(cbasn1.SEQUENCE) || !basic.SkipASN1(cbasn1.BIT_STRING) ||
		!basic.ReadOptionalASN1(&list, &present, context0) {
		return s, malformed
	}
	r, ok := readResponseData(data)
	if !ok || !r.producedAt.ReadASN1GeneralizedTime(&s.ProducedAt) {
		return s, malformed
	}
	if !present {
		return s, nil
	}
	if !list.ReadASN1(&certs, cbasn1.SEQUENCE) || !certs.ReadASN1Element(&first, cbasn1.SEQUENCE) {
		return s, malformed
	}
	var err error
	if s.Certificate, err = x509.ParseCertificate(first); err != nil {
		return s, fmt.Errorf("responder: %w", err)
	}
	return s, nil
}

// ocspNonce reads Extensions under a tag, if they are there.
func ocspNonce(in cryptobyte.String, tag cbasn1.Tag) ([]byte, error) {
	var wrapped, list cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&wrapped, &present, tag) || present && !wrapped.ReadASN1(&list, cbasn1.SEQUENCE) {
		return nil, fmt.Errorf("%w: malformed extensions", ErrOCSPNonce)
	}
	for n := 0; !list.Empty(); n++ {
		var extension, value cryptobyte.String
		var id OID
		if n == maxOCSPExtensions || !list.ReadASN1(&extension, cbasn1.SEQUENCE) || !extension.ReadASN1ObjectIdentifier(&id) ||
			!extension.SkipOptionalASN1(cbasn1.BOOLEAN) || !extension.ReadASN1(&value, cbasn1.OCTET_STRING) {
			return nil, fmt.Errorf("%w: malformed extensions", ErrOCSPNonce)
		}
		if !id.Equal(oidOCSPNonce) {
			continue
		}
		var nonce cryptobyte.String
		if !value.ReadASN1(&nonce, cbasn1.OCTET_STRING) || !value.Empty() || len(nonce) == 0 || len(nonce) > MaxOCSPNonce {
			return nil, fmt.Errorf("%w: of %d bytes", ErrOCSPNonce, len(nonce))
		}
		return nonce, nil
	}
	return nil, nil
}
