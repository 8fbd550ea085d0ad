package signing

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// response is what an augmenter reads of an OCSP response (RFC 6960 § 4.2.1).
type response struct {
	producedAt time.Time
	responder  *x509.Certificate // nil when the response brings none
}

// readResponse reads a response that a Collector has checked.
// golang.org/x/crypto/ocsp would check both signatures again, which is most of
// the work on a file; the verifier does that.
func readResponse(der []byte) (response, error) {
	var r response
	malformed := errors.New("malformed")
	in := cryptobyte.String(der)
	var outer, wrapped, typed, octets, basic, data, list, certs, first cryptobyte.String
	var present bool
	explicit0 := cbasn1.Tag(0).Constructed().ContextSpecific()
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !in.Empty() || !outer.SkipASN1(cbasn1.ENUM) ||
		!outer.ReadASN1(&wrapped, explicit0) || !wrapped.ReadASN1(&typed, cbasn1.SEQUENCE) ||
		!typed.SkipASN1(cbasn1.OBJECT_IDENTIFIER) || !typed.ReadASN1(&octets, cbasn1.OCTET_STRING) ||
		!octets.ReadASN1(&basic, cbasn1.SEQUENCE) || !basic.ReadASN1(&data, cbasn1.SEQUENCE) ||
		!basic.SkipASN1(cbasn1.SEQUENCE) || !basic.SkipASN1(cbasn1.BIT_STRING) ||
		!basic.ReadOptionalASN1(&list, &present, explicit0) {
		return r, malformed
	}
	if !data.SkipOptionalASN1(explicit0) || !data.SkipASN1(responderTag(data)) {
		return r, malformed
	}
	if !data.ReadASN1GeneralizedTime(&r.producedAt) {
		return r, malformed
	}
	if !present {
		return r, nil
	}
	if !list.ReadASN1(&certs, cbasn1.SEQUENCE) || !certs.ReadASN1Element(&first, cbasn1.SEQUENCE) {
		return r, malformed
	}
	var err error
	if r.responder, err = x509.ParseCertificate(first); err != nil {
		return r, fmt.Errorf("responder: %w", err)
	}
	return r, nil
}
