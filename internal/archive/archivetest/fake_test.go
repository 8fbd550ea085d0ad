package archivetest_test

import (
	"errors"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
)

func TestFake(t *testing.T) {
	archivetest.Run(t, func(*testing.T) archive.Store { return &archivetest.Fake{} })
}

func TestFakeFails(t *testing.T) {
	lost := errors.New("lost")
	var stage archivetest.Stage
	var fake archivetest.Fake
	fake.Fail = func(op archivetest.Op) error {
		if op.Name == "put" && op.Stage == stage {
			return lost
		}
		return nil
	}
	put := func() error {
		_, err := fake.Put(t.Context(), "a.txt", []byte("x"), archive.PutOptions{RetainUntil: time.Unix(1, 0)})
		return err
	}
	for _, c := range []struct {
		stage archivetest.Stage
		keys  int
	}{{archivetest.Before, 0}, {archivetest.After, 1}} {
		stage = c.stage
		if err := put(); !errors.Is(err, lost) || !errors.Is(err, archive.ErrUnavailable) {
			t.Errorf("stage %d: %v", stage, err)
		}
		if got := len(fake.Keys()); got != c.keys {
			t.Errorf("stage %d: %d objects, want %d", stage, got, c.keys)
		}
	}
	fake.Fail = nil
	fake.SetDown(true)
	if _, _, err := fake.Get(t.Context(), "a.txt"); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("Get while down: %v", err)
	}
	fake.SetDown(false)
	fake.Corrupt("a.txt", func(b []byte) []byte { b[0] ^= 1; return b })
	if _, _, err := fake.Get(t.Context(), "a.txt"); !errors.Is(err, archive.ErrDamaged) {
		t.Errorf("Get of corrupted bytes: %v", err)
	}
	fake.Lose("a.txt")
	if _, err := fake.Stat(t.Context(), "a.txt"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("Stat of a lost object: %v", err)
	}
}
