package signing_test

import (
	"runtime"
	"testing"

	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
)

// TestCopies: a file is copied once to be signed and once to be raised, however
// large it is; a step that another process takes up again copies it once.
func TestCopies(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector changes what is allocated")
	}
	const size = 8 << 20
	p := signingtest.New(t, signingtest.NewClock(actDay).Now)
	e := p.Officer(t, signingtest.P256(t))
	file := signingtest.PDF(size, "imza1")
	r := request(file, p, e, signing.LevelBLTA)
	augmenter := p.Augmenter()
	var bt, lta []byte
	var prep *signing.Prepared
	for _, c := range []struct {
		name   string
		copies float64
		step   func() error
	}{
		{"Sign", 1, func() (err error) { bt, err = signing.Sign(t.Context(), r, signing.SignerKey(e.Key), p); return err }},
		{"Augment to B-LTA", 1, func() (err error) {
			lta, err = augmenter.Augment(t.Context(), bt, signing.LevelBLTA)
			return err
		}},
		{"Augment what is there", 0, func() (err error) {
			_, err = augmenter.Augment(t.Context(), lta, signing.LevelBLTA)
			return err
		}},
		{"Renew", 1, func() (err error) { _, err = augmenter.Renew(t.Context(), lta); return err }},
		{"Prepare", 1, func() (err error) { prep, err = signing.Prepare(r); return err }},
		{"Complete", 1, func() error {
			value, err := signing.SignerKey(e.Key).SignDigest(t.Context(), prep.Digest, prep.SignerOpts())
			if err != nil {
				return err
			}
			_, err = signing.Complete(t.Context(), prep, value, p)
			return err
		}},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := c.step()
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(c.name, err)
		}
		got := float64(after.TotalAlloc-before.TotalAlloc) / size
		if got > c.copies+0.3 {
			t.Errorf("%s allocates %.2f times the file", c.name, got)
		}
		t.Logf("%s: %.2f times the file", c.name, got)
	}
}
