package cms

import (
	"encoding/asn1"
	"fmt"

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
		!tbs.SkipOptionalASN1(contextTag(0)) || // version
		!tbs.SkipOptionalASN1(contextTag(1)) || // requestorName
		!tbs.SkipASN1(cbasn1.SEQUENCE) { // requestList
		return nil, fmt.Errorf("%w: malformed request", ErrOCSPNonce)
	}
	return ocspNonce(tbs, contextTag(2))
}

// OCSPResponseNonce finds the nonce of a ResponseData; nil when it has none.
func OCSPResponseNonce(data []byte) ([]byte, error) {
	in := cryptobyte.String(data)
	var tbs cryptobyte.String
	var tag cbasn1.Tag
	var responder cryptobyte.String
	if !in.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(contextTag(0)) || // version
		!tbs.ReadAnyASN1(&responder, &tag) ||
		!tbs.SkipASN1(cbasn1.GeneralizedTime) || !tbs.SkipASN1(cbasn1.SEQUENCE) {
		return nil, fmt.Errorf("%w: malformed response", ErrOCSPNonce)
	}
	return ocspNonce(tbs, contextTag(1))
}

func contextTag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).Constructed().ContextSpecific() }

// ocspNonce reads Extensions under a tag, if they are there.
func ocspNonce(in cryptobyte.String, tag cbasn1.Tag) ([]byte, error) {
	var wrapped, list cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&wrapped, &present, tag) || present && !wrapped.ReadASN1(&list, cbasn1.SEQUENCE) {
		return nil, fmt.Errorf("%w: malformed extensions", ErrOCSPNonce)
	}
	for n := 0; !list.Empty(); n++ {
		var extension, value cryptobyte.String
		var id asn1.ObjectIdentifier
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
