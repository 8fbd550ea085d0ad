package cms

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/crypto/cryptobyte"
)

func wrap(tag byte, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	return append(appendHeader(nil, tag, len(content)), content...)
}

func oidBytes(oid OID) []byte {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(oid)
	return b.BytesOrPanic()
}

// TestRevocations: lists and responses from both places, and nothing else.
func TestRevocations(t *testing.T) {
	list, response := wrap(0x30, []byte{2, 1, 1}), wrap(0x30, []byte{10, 1, 0})
	many := slices.Repeat(list, maxRevocations+1)
	for _, c := range []struct {
		name         string
		field, adobe []byte // adobe: the values of the attribute
		lists, ocsp  int
		want         error
	}{
		{name: "none"},
		{name: "in the field", field: slices.Concat(list, wrap(0xa1, oidBytes(oidOCSPResponse), response)), lists: 1, ocsp: 1},
		{name: "of another kind", field: wrap(0xa1, oidBytes(oidData), response)},
		{name: "OCSP with something behind", field: wrap(0xa1, oidBytes(oidOCSPResponse), response, list)},
		{name: "OCSP without a type", field: wrap(0xa1, response), want: ErrFormat},
		{name: "cut off", field: []byte{0x30, 5, 1}, want: ErrFormat},
		{name: "too many", field: many, want: ErrFormat},
		{name: "Adobe's", adobe: wrap(0x30, wrap(0xa0, wrap(0x30, list, list)), wrap(0xa1, wrap(0x30, response))), lists: 2, ocsp: 1},
		{name: "Adobe's with responses only", adobe: wrap(0x30, wrap(0xa1, wrap(0x30, response))), ocsp: 1},
		{name: "Adobe's with another kind", adobe: wrap(0x30, wrap(0xa2, wrap(0x30, response)))},
		{name: "Adobe's, empty", adobe: wrap(0x30)},
		{name: "Adobe's twice", adobe: slices.Concat(wrap(0x30), wrap(0x30)), want: ErrFormat},
		{name: "Adobe's without the sequence", adobe: wrap(0x30, wrap(0xa0, list[2:])), want: ErrFormat},
		{name: "Adobe's with a number", adobe: wrap(0x30, wrap(0xa0, wrap(0x30, []byte{2, 1, 1}))), want: ErrFormat},
		{name: "Adobe's, too many", adobe: wrap(0x30, wrap(0xa0, wrap(0x30, many))), want: ErrFormat},
	} {
		s := &SignedData{crls: c.field, signed: attributes{}}
		if c.adobe != nil {
			s.signed[oidAdobeRevocation.String()] = c.adobe
		}
		r, err := s.Revocations()
		if len(r.CRLs) != c.lists || len(r.OCSP) != c.ocsp || !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %d lists, %d responses, %v", c.name, len(r.CRLs), len(r.OCSP), err)
		}
	}
}

// TestTokenAttributes: content time-stamps are signed, signature time-stamps
// are not; neither is taken from the other's place, and of several none.
func TestTokenAttributes(t *testing.T) {
	token := wrap(0x30)
	at := func(oid OID, values []byte) attributes { return attributes{oid.String(): values} }
	for _, c := range []struct {
		name                       string
		s                          SignedData
		content, signature, policy bool
		wrong                      bool
	}{
		{name: "none"},
		{name: "content", s: SignedData{signed: at(oidContentTimeStamp, token)}, content: true},
		{name: "content, unsigned", s: SignedData{unsigned: at(oidContentTimeStamp, token)}},
		{name: "signature", s: SignedData{unsigned: at(oidSignatureTimeStmp, token)}, signature: true},
		{name: "signature, signed", s: SignedData{signed: at(oidSignatureTimeStmp, token)}},
		{name: "policy", s: SignedData{signed: at(oidSignaturePolicy, token)}, policy: true},
		{name: "two", s: SignedData{signed: at(oidContentTimeStamp, slices.Concat(token, token))}, wrong: true},
		{name: "no token", s: SignedData{unsigned: at(oidSignatureTimeStmp, nil)}, wrong: true},
	} {
		content, err1 := c.s.ContentTimestamp()
		signature, err2 := c.s.SignatureTimestamp()
		if (content != nil) != c.content || (signature != nil) != c.signature || c.s.HasSignaturePolicy() != c.policy ||
			(err1 != nil || err2 != nil) != c.wrong {
			t.Errorf("%s: %x %x %v %v", c.name, content, signature, err1, err2)
		}
	}
}
