package fsworm_test

import (
	"path/filepath"
	"testing"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/archive/fsworm"
)

func create(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "archive")
	if err := fsworm.Create(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t testing.TB, dir string) *fsworm.Store {
	t.Helper()
	s, err := fsworm.Open(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestContract(t *testing.T) {
	archivetest.Run(t, func(t *testing.T) archive.Store { return open(t, create(t)) })
}
