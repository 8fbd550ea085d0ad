package fsworm_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"docsvc/internal/archive/fsworm"
)

// TestOrdinaryUser works without the rights of root, which hide what a file's
// mode refuses. As root, this thread's file operations are done as nobody.
func TestOrdinaryUser(t *testing.T) {
	dir := t.TempDir()
	if os.Getuid() == 0 {
		const nobody = 65534
		if err := errors.Join(os.Chown(dir, nobody, nobody), os.Chmod(filepath.Dir(dir), 0o755)); err != nil {
			t.Fatal(err)
		}
		runtime.LockOSThread() // never unlocked: the thread ends with the test
		if err := syscall.Setfsuid(nobody); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Setfsuid(0) })
	}
	if err := fsworm.Create(dir); err != nil {
		t.Fatal(err)
	}
	s, err := fsworm.Open(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	want := []byte("act")
	if _, err := s.Put(t.Context(), "acts/2026/X/0001.pdf", want, options); err != nil {
		t.Fatal(err)
	}
	got, object, err := s.Get(t.Context(), "acts/2026/X/0001.pdf")
	if err != nil || !bytes.Equal(got, want) || object.RetainUntil.IsZero() {
		t.Errorf("%q, %+v, %v", got, object, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
