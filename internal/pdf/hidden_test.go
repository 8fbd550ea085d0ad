package pdf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
)

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

// TestWithinFromTheStart: reading an older section needs an object, the length of
// its stream. What that section names is looked for in later objects all the same.
func TestWithinFromTheStart(t *testing.T) {
	b := []byte("%PDF-1.7\n")
	at := map[int]int{}
	object := func(num int, text string) {
		at[num] = len(b)
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", num, text)
	}
	object(1, catalog)
	const inner = "6 0 obj\n(x)\nendobj\n"
	object(5, fmt.Sprintf("<</Length %d>>\nstream\n%sendstream", len(inner), inner))
	at[6] = bytes.Index(b, []byte(inner))
	object(7, "18")
	var entries []byte
	for _, num := range []int{1, 5, 6} {
		entries = append(binary.BigEndian.AppendUint32(append(entries, 1), uint32(at[num])), 0)
	}
	object(8, "<</Type/XRef/Size 9/W[1 4 1]/Index[1 1 5 2]/Root 1 0 R/Length 7 0 R>>\nstream\n"+string(entries)+"\nendstream")
	newest := len(b)
	b = fmt.Appendf(b, "xref\n7 1\n%010d 00000 n\r\ntrailer\n<</Size 9/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", at[7], at[8], newest)
	d := mustOpen(t, b)
	if o, err := d.Object(6); err != nil || string(o.(String)) != "x" {
		t.Fatalf("%v, %v", o, err)
	}
	if o, err := d.Object(5); err == nil {
		t.Errorf("an object in another one: %v", o)
	}
}
