package fsworm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"docsvc/internal/archive"
)

// TestSyncFails lets each fsync of a put fail in turn.
func TestSyncFails(t *testing.T) {
	options := archive.PutOptions{RetainUntil: time.Unix(2e9, 0)}
	for _, cause := range []error{unix.ENOSPC, unix.EIO} {
		for failing := 1; failing <= 4; failing++ { // parents of a/, a/b/, the file, its directory
			t.Run(fmt.Sprintf("%v at fsync %d", cause, failing), func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "archive")
				if err := Create(dir); err != nil {
					t.Fatal(err)
				}
				s, err := Open(dir, time.Now)
				if err != nil {
					t.Fatal(err)
				}
				n, wasFile := 0, false
				s.sync = func(f *os.File) error {
					if n++; n != failing {
						return f.Sync()
					}
					info, err := f.Stat()
					wasFile = err == nil && info.Mode().IsRegular()
					return cause
				}
				put := func() error {
					_, err := s.Put(t.Context(), "a/b/c.txt", []byte("content"), options)
					return err
				}
				if err := put(); !errors.Is(err, archive.ErrUnavailable) || !errors.Is(err, cause) {
					t.Fatalf("Put: %v", err)
				}
				if left, err := fs.ReadDir(s.root.FS(), tmpDir); err != nil || len(left) > 0 {
					t.Errorf("%d leftovers, %v", len(left), err)
				}
				// A file is written anew; a directory is not trusted again.
				if err := put(); wasFile != (err == nil) || err != nil && !errors.Is(err, archive.ErrUnavailable) {
					t.Errorf("Put again (after a file's fsync: %v): %v", wasFile, err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if s, err = Open(dir, time.Now); err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(put(), s.Close()); err != nil {
					t.Errorf("Put after opening again: %v", err)
				}
			})
		}
	}
}

// TestSyncOrder is the order on which durability rests: the content before its
// name, each name before success, also when another process linked it.
func TestSyncOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	if err := Create(dir); err != nil {
		t.Fatal(err)
	}
	for run, want := range [][]string{
		{"objects", "objects/a", "file", "objects/a/b"},
		{"objects", "objects/a", "objects/a/b"}, // already there, by a process that may have crashed
	} {
		s, err := Open(dir, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		s.sync = func(f *os.File) error {
			name, err := filepath.Rel(dir, f.Name())
			if err != nil {
				return err
			}
			if filepath.Dir(name) == tmpDir {
				if _, err := s.root.Stat("objects/a/b/c.txt"); !errors.Is(err, fs.ErrNotExist) {
					t.Error("the file had its name before it was synced")
				}
				name = "file"
			}
			got = append(got, name)
			return f.Sync()
		}
		_, err = s.Put(t.Context(), "a/b/c.txt", []byte("x"), archive.PutOptions{RetainUntil: time.Unix(2e9, 0)})
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("run %d synced %v, want %v", run, got, want)
		}
	}
}

func TestKnownDirsAreBounded(t *testing.T) {
	var k knownDirs
	for i := range 3 * maxKnown {
		k.add(fmt.Sprint(i))
	}
	if len(k.dirs) > maxKnown || !k.has(fmt.Sprint(3*maxKnown-1)) {
		t.Errorf("%d directories known", len(k.dirs))
	}
}
