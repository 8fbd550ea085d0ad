package typeset

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestPlainShaping holds the quick path to what the shaper does, over the
// words of the sample and random strings of the whole fixed repertoire.
func TestPlainShaping(t *testing.T) {
	runes := append(coreRunes(), wideRunes()...)
	rnd := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields(decisionHTML)
	for range 3000 {
		var b strings.Builder
		for range 2 + rnd.IntN(9) {
			b.WriteRune(runes[rnd.IntN(len(runes))])
		}
		words = append(words, b.String())
	}
	for _, f := range testEngine(t).faces {
		f.mu.Lock()
		plain := 0
		for _, w := range words {
			if !f.plain(w) {
				continue
			}
			plain++
			quick := f.shapePlain(w)
			full, missing := f.shapeFully(w)
			if missing != 0 || !bytes.Equal(quick.tj, full.tj) || math.Abs(quick.width-full.width) > 1e-6 || quick.tier != full.tier || quick.glyphs != full.glyphs || full.raised != nil {
				t.Errorf("%s bold %t italic %t: %q: quick %q %.3f, shaper %q %.3f", f.family, f.bold, f.italic, w, quick.tj, quick.width, full.tj, full.width)
			}
			if full.actual {
				t.Errorf("%s: %q would need an ActualText", f.family, w)
			}
		}
		f.mu.Unlock()
		if plain < len(words)/2 {
			t.Errorf("%s: only %d of %d words are plain", f.family, plain, len(words))
		}
	}
}
