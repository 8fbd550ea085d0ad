package authority

import (
	"context"
	"crypto"
	"encoding/asn1"
	"fmt"
	"time"

	"github.com/digitorus/timestamp"

	"docsvc/internal/signing/cms"
)

// policy is the time-stamp policy: an arc of ITU-T X.660's examples, which
// claims nothing.
var policy = asn1.ObjectIdentifier{2, 999, 3161, 1}

// Timestamp implements signing.Timestamper in process.
func (a *Authority) Timestamp(ctx context.Context, digest []byte, h crypto.Hash) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	reply, err := a.stamp(&timestamp.Request{HashAlgorithm: h, HashedMessage: digest, Certificates: true})
	if err != nil {
		return nil, err
	}
	return cms.TimestampReply(reply)
}

// stamp answers an acceptable request. Serial numbers are 160 random bits, so
// that they stay unique over restarts and processes (RFC 3161 § 2.4.2).
func (a *Authority) stamp(r *timestamp.Request) ([]byte, error) {
	t := timestamp.Timestamp{
		HashAlgorithm:     r.HashAlgorithm,
		HashedMessage:     r.HashedMessage,
		Time:              a.now().UTC().Truncate(time.Second),
		Accuracy:          time.Second,
		Nonce:             r.Nonce,
		Policy:            policy,
		AddTSACertificate: r.Certificates,
	}
	cert, key, err := a.unit()
	if err != nil {
		return nil, fmt.Errorf("making a time-stamp: %w", err)
	}
	reply, err := t.CreateResponseWithOpts(cert, key, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("making a time-stamp: %w", err)
	}
	return reply, nil
}

// answer handles a TimeStampReq; what cannot be granted gets a refusal in the
// protocol (RFC 3161 § 2.4.2).
func (a *Authority) answer(query []byte) ([]byte, error) {
	r, err := timestamp.ParseRequest(query)
	switch {
	case err != nil:
		return timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.BadDataFormat)
	case r.HashAlgorithm != crypto.SHA256 && r.HashAlgorithm != crypto.SHA384 && r.HashAlgorithm != crypto.SHA512:
		return timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.BadAlgorithm)
	case len(r.HashedMessage) != r.HashAlgorithm.Size():
		return timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.BadDataFormat)
	case r.TSAPolicyOID != nil && !r.TSAPolicyOID.Equal(policy):
		return timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.UnacceptedPolicy)
	case len(r.Extensions) > 0:
		return timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.UnacceptedExtension)
	}
	return a.stamp(r)
}
