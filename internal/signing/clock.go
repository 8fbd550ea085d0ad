package signing

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"time"

	"docsvc/internal/signing/cms"
)

// Reading compares our clock with a time-stamping authority's.
type Reading struct {
	// Skew is how far our clock is ahead of the authority's (negative: behind)
	// beyond what Uncertainty explains; zero when the two may agree.
	Skew time.Duration
	// Uncertainty is half the round trip, the token's accuracy, and half a
	// second where its time has no fraction.
	Uncertainty time.Duration
	// Authority is the certificate of the token's signer. Whether it is trusted
	// is for the Timestamper or the verifier to judge.
	Authority *x509.Certificate
	// Chain are the other certificates of the token.
	Chain []*x509.Certificate
}

// maxAccuracy bounds what a token may excuse: an authority that promises less
// is none to set a clock by.
const maxAccuracy = 10 * time.Second

// ReadClock asks for a token over random data and compares its time with now.
func ReadClock(ctx context.Context, ts Timestamper, now func() time.Time) (Reading, error) {
	var digest [32]byte
	if _, err := rand.Read(digest[:]); err != nil {
		return Reading{}, fmt.Errorf("comparing clocks: %w", err)
	}
	before := now()
	der, err := ts.Timestamp(ctx, digest[:], crypto.SHA256)
	trip := now().Sub(before)
	if err != nil {
		return Reading{}, fmt.Errorf("comparing clocks: %w", err)
	}
	token, err := checkToken(der, digest[:], crypto.SHA256)
	if err != nil {
		return Reading{}, fmt.Errorf("comparing clocks: %w", err)
	}
	if trip < 0 {
		return Reading{}, fmt.Errorf("comparing clocks: ours was set back by %s meanwhile", -trip)
	}
	r := Reading{Authority: token.Signer}
	for _, c := range token.Certificates {
		if !bytes.Equal(c.Raw, token.Signer.Raw) {
			r.Chain = append(r.Chain, c)
		}
	}
	r.Skew, r.Uncertainty = skew(before.Add(trip/2).Sub(token.Time), trip, token)
	return r, nil
}

// ClockSkew is the Skew of ReadClock.
func ClockSkew(ctx context.Context, ts Timestamper, now func() time.Time) (time.Duration, error) {
	r, err := ReadClock(ctx, ts, now)
	return r.Skew, err
}

// skew takes from an offset what does not need a wrong clock to explain it.
func skew(offset, trip time.Duration, t *cms.Token) (rest, uncertainty time.Duration) {
	uncertainty = trip/2 + min(t.Accuracy, maxAccuracy)
	if !t.Precise {
		// The authority cut its time down to the second: on average it was half
		// a second later.
		offset -= time.Second / 2
		uncertainty += time.Second / 2
	}
	switch {
	case offset > uncertainty:
		rest = offset - uncertainty
	case offset < -uncertainty:
		rest = offset + uncertainty
	}
	return rest, uncertainty
}
