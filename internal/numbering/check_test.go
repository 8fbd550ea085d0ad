package numbering

import (
	"math/rand/v2"
	"testing"
)

func TestCheckVectors(t *testing.T) {
	tests := []struct{ check, text, want string }{
		{"37,36", "EI2611000000001", "T"},
		{"37,36", "EI2611000000002", "R"},
		{"37,36", "EI2611000000003", "P"},
		{"37,36", "EI2611000000123", "9"},
		{"97-10", "2611000000123", "60"},
		{"11,10", "2611000000123", "8"},
		{"11,10", "0794", "5"},                        // ISO 7064, example of clause 9
		{"37,36", "A12425GABC1234002", "M"},           // ISO 7064, global release identifier
		{"97-10", "5493001KJTIIGC8Y1R", "12"},         // ISO 17442, an LEI
		{"97-10", "TSTADEP00000000000000001AZ", "29"}, // ISO 13616, the sample deposit account
		{"37,36", "EI-26(110)/00.000001", "T"},        // separators do not count
		{"11,10", "EI2611000000123", "8"},             // nor letters, for digits only
	}
	for _, tt := range tests {
		c, ok := checkNamed(tt.check)
		if !ok {
			t.Fatalf("no check %s", tt.check)
		}
		if got := c.compute(tt.text); got != tt.want {
			t.Errorf("%s of %s = %s, want %s", tt.check, tt.text, got, tt.want)
		}
	}
}

// TestCheckDetects counts the errors that each system misses: all single
// substitutions must be found; of adjacent transpositions ISO 7064 promises
// all for the pure system and nearly all for the hybrid ones.
func TestCheckDetects(t *testing.T) {
	tests := []struct {
		scheme string
		missed float64 // share of adjacent transpositions, at most
	}{
		{"n: EI{yy}{office:3}{serial:8}{check:37,36}", 0.01},
		{"n: EI{yy}{office:3}{serial:8}{check:97-10}", 0},
		{"n: {yy}{office:3}{serial:8}{check:97-10}", 0},
		{"n: {yy}{office:3}{serial:8}{check:11,10}", 0.03},
		{"n: {yy}{office:3a}{serial:8}{check:37,36}", 0.01},
	}
	for _, tt := range tests {
		t.Run(tt.scheme, func(t *testing.T) {
			s := mustScheme(t, tt.scheme)
			rnd := rand.New(rand.NewPCG(1, 2))
			swaps, missed := 0, 0
			for range 100 {
				text := randomNumber(t, s, rnd)
				for i := range len(text) {
					for _, c := range []byte(alphabet) {
						wrong := text[:i] + string(c) + text[i+1:]
						if _, err := s.Parse(wrong); c != text[i] && err == nil {
							t.Fatalf("%s passes for %s", wrong, text)
						}
					}
					if i == 0 || text[i-1] == text[i] {
						continue
					}
					swapped := text[:i-1] + text[i:i+1] + text[i-1:i] + text[i+1:]
					swaps++
					if _, err := s.Parse(swapped); err == nil {
						missed++
					}
				}
			}
			share := float64(missed) / float64(swaps)
			t.Logf("adjacent transpositions missed: %d of %d (%.2f %%)", missed, swaps, 100*share)
			if share > tt.missed {
				t.Errorf("missed %.4f of adjacent transpositions, want at most %.4f", share, tt.missed)
			}
		})
	}
}

func mustScheme(t testing.TB, text string) Scheme {
	t.Helper()
	s, err := ParseScheme(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func randomNumber(t *testing.T, s Scheme, rnd *rand.Rand) string {
	t.Helper()
	office := ""
	for _, f := range s.fields {
		if f.kind != officeField {
			continue
		}
		set := alphabet[:10]
		if f.letters {
			set = alphabet
		}
		for range f.width {
			office += string(set[rnd.IntN(len(set))])
		}
	}
	text, err := s.Format(2000+rnd.IntN(100), office, 1+rnd.Int64N(s.MaxSerial()))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
