package pdf

import (
	"bytes"
	"testing"
)

// TestAppendTo: several updates in one buffer give the bytes that one after
// another give, without a copy where there is room.
func TestAppendTo(t *testing.T) {
	original := file(catalog)
	buffer := append(make([]byte, 0, len(original)+4096), original...)
	want := original
	for i := range 3 {
		a, err := NewUpdate(mustOpen(t, want))
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewUpdate(mustOpen(t, buffer))
		if err != nil {
			t.Fatal(err)
		}
		b.Grow(100)
		for _, u := range []*Update{a, b} {
			u.Put(u.New(), String{byte(i)})
		}
		grown := b.AppendTo(buffer)
		if &grown[0] != &buffer[0] {
			t.Error("copied though there was room")
		}
		want, buffer = a.Finish(), grown
		if !bytes.Equal(want, buffer) {
			t.Fatalf("update %d differs", i)
		}
	}
	u, err := NewUpdate(mustOpen(t, original))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("appended to another file")
		}
	}()
	u.AppendTo(buffer)
}
