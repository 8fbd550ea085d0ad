package web

import (
	"fmt"
	"testing"
)

// TestUploadsOfOne: one client cannot take every place, and places come back.
func TestUploadsOfOne(t *testing.T) {
	c := newChecks()
	for i := range maxUploadsOfOne {
		if !c.begin("a") {
			t.Fatalf("upload %d refused", i+1)
		}
	}
	if c.begin("a") {
		t.Error("one client has more than its share")
	}
	for i := maxUploadsOfOne; i < maxUploads; i++ {
		if !c.begin(fmt.Sprint(i)) {
			t.Fatalf("another client's upload refused after %d", i)
		}
	}
	if c.begin("z") {
		t.Error("more uploads than there are places")
	}
	c.end("a")
	if !c.begin("z") {
		t.Error("a place that was left is not given again")
	}
	for range maxUploadsOfOne - 1 {
		c.end("a")
	}
	if _, ok := c.uploads["a"]; ok {
		t.Error("a client that has left is remembered")
	}
}
