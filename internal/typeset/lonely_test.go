package typeset

import "testing"

// TestNoLonelyWord: a line is rather loose than cut after its first word.
func TestNoLonelyWord(t *testing.T) {
	const width = 476
	lonely := demerits(440, 0, width, false, true, true)
	for _, slack := range []float64{20, 60, 110} {
		if loose := demerits(slack, 13.5, width, false, false, true); loose >= lonely {
			t.Errorf("a line of six words with %v pt to spare costs %g, one word alone %g", slack, loose, lonely)
		}
	}
	if full := demerits(0.5, 0, width, false, true, true); full > 100 {
		t.Errorf("a long word that fills its line costs %g", full)
	}
}
