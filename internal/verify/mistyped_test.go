package verify

import (
	"math/rand"
	"slices"
	"strings"
	"testing"

	"docsvc/internal/codes"
)

func newCode(tb testing.TB, seed int64) string {
	tb.Helper()
	code, err := codes.NewCode(rand.New(rand.NewSource(seed)))
	if err != nil {
		tb.Fatal(err)
	}
	return code.String()
}

func TestSuspectsSeen(t *testing.T) {
	for typed, want := range map[string][]int{
		"7KQ2-M9X-4T1B-R0ZC":      {2},
		"7KQ2 M9XDD 4T1B R0ZC":    {2},
		"7KQ2-M9X?-4T1B-R0UC":     {2, 4},
		"7KQ2–M9XD–4TƏB–R0ZC":     {3},
		"":                        nil,
		"hello":                   nil,
		"----":                    nil,
		"\xff\xfe":                nil,
		strings.Repeat("7", 1000): nil,
	} {
		if got := suspects(typed); !slices.Equal(got, want) {
			t.Errorf("suspects(%q) = %v, want %v", typed, got, want)
		}
	}
}

// TestSuspectsGuessed: of codes in which two neighbours changed places, the
// group is named, if any is, in nearly every case.
func TestSuspectsGuessed(t *testing.T) {
	named, right := 0, 0
	for seed := range int64(500) {
		code := newCode(t, seed)
		b := []byte(code)
		i := []int{0, 1, 2, 5, 6, 7, 10, 11, 12, 15, 16, 17}[seed%12]
		b[i], b[i+1] = b[i+1], b[i]
		if string(b) == code {
			continue
		}
		if _, err := codes.ParseCode(string(b)); err == nil {
			t.Fatalf("%s passes for %s", b, code)
		}
		if got := suspects(string(b)); got != nil {
			named++
			if slices.Contains(got, i/5+1) {
				right++
			}
		}
	}
	if named < 300 || right != named {
		t.Errorf("of 500 codes with neighbours exchanged a group was named for %d, rightly for %d", named, right)
	}
}

func FuzzSuspects(f *testing.F) {
	f.Add("7KQ2-M9XD-4T1B-R0ZC")
	f.Add("ııııİİİİııııİİİİ")
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, typed string) {
		got := suspects(typed)
		if !slices.IsSorted(got) || len(got) > groups || len(got) > 0 && (got[0] < 1 || got[len(got)-1] > groups) {
			t.Errorf("suspects(%q) = %v", typed, got)
		}
	})
}
