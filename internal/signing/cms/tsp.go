package cms

import (
	"crypto"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// TimestampRequest builds a TimeStampReq (RFC 3161 § 2.4.1) that asks for the
// authority's certificate.
func TimestampRequest(digest []byte, h crypto.Hash, nonce *big.Int) ([]byte, error) {
	if oidOf(h) == nil || len(digest) != h.Size() {
		return nil, fmt.Errorf("%w: imprint of %d bytes for %v", ErrAlgorithm, len(digest), h)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addHash(b, h, true)
			b.AddASN1OctetString(digest)
		})
		b.AddASN1BigInt(nonce)
		b.AddASN1Boolean(true)
	})
	return b.Bytes()
}

// TimestampReply takes the token out of a TimeStampResp (RFC 3161 § 2.4.2).
func TimestampReply(der []byte) ([]byte, error) {
	in := cryptobyte.String(der)
	var resp, status, token cryptobyte.String
	var code int
	if !in.ReadASN1(&resp, cbasn1.SEQUENCE) || !in.Empty() ||
		!resp.ReadASN1(&status, cbasn1.SEQUENCE) || !status.ReadASN1Integer(&code) {
		return nil, formatError("time-stamp response")
	}
	if code != 0 && code != 1 { // granted, grantedWithMods
		return nil, fmt.Errorf("time-stamp refused with status %d", code)
	}
	if !resp.ReadASN1Element(&token, cbasn1.SEQUENCE) || !resp.Empty() {
		return nil, formatError("time-stamp response")
	}
	return token, nil
}
