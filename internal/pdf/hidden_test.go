package pdf

import "testing"

func TestHeadBefore(t *testing.T) {
	for text, want := range map[string]int{
		"12 0 ": 0, "x\n4 0 ": 2, "7\r\n0\n": 0, "/Length 5 4 0 ": 10,
		"": -1, "end": -1, "4 0": -1, "4  ": -1, " 0 ": -1, "x0 ": -1, "4 x ": -1,
	} {
		if got := headBefore([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
