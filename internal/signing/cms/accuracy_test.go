package cms

import (
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
)

func TestReadAccuracy(t *testing.T) {
	const bad = -1
	for _, c := range []struct {
		name string
		der  []byte
		want time.Duration
	}{
		{"absent", nil, 0},
		{"empty", []byte{0x30, 0}, 0},
		{"seconds", []byte{0x30, 3, 2, 1, 5}, 5 * time.Second},
		{"all", []byte{0x30, 10, 2, 1, 1, 0x80, 2, 3, 0xe7, 0x81, 1, 7}, time.Second + 999*time.Millisecond + 7*time.Microsecond},
		{"seconds below zero", []byte{0x30, 3, 2, 1, 0xff}, bad},
		{"1000 milliseconds", []byte{0x30, 4, 0x80, 2, 3, 0xe8}, bad},
		{"milliseconds below zero", []byte{0x30, 3, 0x80, 1, 0xff}, bad},
		{"seconds beyond measure", []byte{0x30, 10, 2, 8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, bad},
		{"wrong order", []byte{0x30, 6, 0x81, 1, 1, 0x80, 1, 1}, bad},
		{"something else", []byte{0x30, 2, 5, 0}, bad},
		{"cut off", []byte{0x30, 3, 2, 1}, bad},
	} {
		in := cryptobyte.String(c.der)
		got, err := readAccuracy(&in)
		if c.want == bad && err == nil || c.want != bad && (err != nil || got != c.want) {
			t.Errorf("%s: %v %v", c.name, got, err)
		}
	}
}
