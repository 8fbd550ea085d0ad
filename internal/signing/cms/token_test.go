package cms_test

import (
	"crypto"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"docsvc/internal/signing/cms"
	"docsvc/internal/signing/signingtest"
)

// TestTokenTime reads the accuracy as another program writes it.
func TestTokenTime(t *testing.T) {
	p := signingtest.New(t, nil)
	for _, accuracy := range []time.Duration{
		0, time.Second, 250 * time.Millisecond, 3 * time.Microsecond,
		time.Hour + 999*time.Millisecond + 999*time.Microsecond,
	} {
		at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		stamp := timestamp.Timestamp{
			HashAlgorithm: crypto.SHA256, HashedMessage: make([]byte, 32), Time: at, Accuracy: accuracy,
			Policy: asn1.ObjectIdentifier{2, 999, 1}, AddTSACertificate: true,
		}
		reply, err := stamp.CreateResponseWithOpts(p.TSA.Cert, p.TSA.Key, crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		der, err := cms.TimestampReply(reply)
		if err != nil {
			t.Fatal(err)
		}
		token, err := cms.ParseToken(der)
		if err != nil || token.Accuracy != accuracy || token.Precise || !token.Time.Equal(at) {
			t.Errorf("%v: %+v %v", accuracy, token, err)
		}
	}
}
