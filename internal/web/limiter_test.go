package web_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/verify"
	"docsvc/internal/web"
)

// keys is a limiter that lets everyone through and remembers the last key.
type keys struct{ last string }

func (k *keys) Allow(_ context.Context, key string, _ int, _ time.Duration) (bool, time.Duration, error) {
	k.last = key
	return true, 0, nil
}

func downArchive(*verify.Verifier) archive.Store {
	down := &archivetest.Fake{}
	down.SetDown(true)
	return down
}

func TestProcessLimiter(t *testing.T) {
	now := time.Date(2026, 11, 22, 7, 15, 0, 0, time.UTC)
	l := &web.ProcessLimiter{Now: func() time.Time { return now }}
	allow := func(key string) (bool, time.Duration) {
		ok, after, err := l.Allow(t.Context(), key, 2, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return ok, after
	}
	for i, want := range []bool{true, true, false, false} {
		if ok, after := allow("a"); ok != want || !ok && after != time.Minute {
			t.Errorf("%d: %v, %v", i, ok, after)
		}
	}
	if ok, _ := allow("b"); !ok {
		t.Error("one key counts for another")
	}
	now = now.Add(59 * time.Second)
	if ok, after := allow("a"); ok || after != time.Second {
		t.Errorf("%v, %v", ok, after)
	}
	now = now.Add(time.Second)
	if ok, _ := allow("a"); !ok {
		t.Error("the window does not end")
	}
	for i := range 300_000 { // memory stays bounded; see maxCounted
		allow(fmt.Sprint(i))
	}
}
