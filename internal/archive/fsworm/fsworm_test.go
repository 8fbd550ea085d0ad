package fsworm_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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

func mustOpen(t testing.TB, dir string) *fsworm.Store {
	t.Helper()
	s, err := fsworm.Open(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open returns a store that the end of the test closes.
func open(t testing.TB, dir string) *fsworm.Store {
	t.Helper()
	s := mustOpen(t, dir)
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

func TestOpenRefuses(t *testing.T) {
	empty := t.TempDir()
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "docsvc-archive.json"), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"empty": empty, "missing": empty + "/none", "other format": other} {
		if _, err := fsworm.Open(dir, time.Now); !errors.Is(err, fsworm.ErrNotArchive) {
			t.Errorf("%s: %v, want ErrNotArchive", name, err)
		}
	}
	if err := fsworm.Create(other); err == nil {
		t.Error("Create took a directory with files in it")
	}
	archived := create(t)
	if err := fsworm.Create(archived); err == nil {
		t.Error("Create took an archive")
	}
	if err := os.RemoveAll(filepath.Join(archived, "tmp")); err != nil {
		t.Fatal(err)
	}
	if _, err := fsworm.Open(archived, time.Now); err == nil {
		t.Error("Open took an archive without tmp/")
	}
}

// TestDamage changes stored files behind the store's back.
func TestDamage(t *testing.T) {
	content := bytes.Repeat([]byte("content "), 100)
	for _, c := range []struct {
		name   string
		damage func(path string) error
		want   error
	}{
		{"bit flipped", func(p string) error { return rewrite(p, func(b []byte) []byte { b[100] ^= 4; return b }) }, archive.ErrDamaged},
		{"byte appended", func(p string) error { return rewrite(p, func(b []byte) []byte { return append(b, 0) }) }, archive.ErrDamaged},
		{"cut short", func(p string) error { return os.Truncate(p, 10) }, archive.ErrDamaged},
		{"emptied", func(p string) error { return os.Truncate(p, 0) }, archive.ErrDamaged},
		{"grown beyond all limits", func(p string) error { return os.Truncate(p, archive.MaxObject+1) }, archive.ErrDamaged},
		{"attribute changed", func(p string) error { return unix.Setxattr(p, "user.docsvc", make([]byte, 49), 0) }, archive.ErrDamaged},
		{"attribute too long", func(p string) error { return unix.Setxattr(p, "user.docsvc", make([]byte, 99), 0) }, archive.ErrDamaged},
		{"removed", os.Remove, archive.ErrNotFound},
		{"a directory", func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o755)) }, archive.ErrNotFound},
		{"a named pipe", func(p string) error { return errors.Join(os.Remove(p), unix.Mkfifo(p, 0o644)) }, archive.ErrDamaged},
		{"a link out of the archive", func(p string) error { return errors.Join(os.Remove(p), os.Symlink("/etc/passwd", p)) }, archive.ErrUnavailable},
	} {
		dir := create(t)
		s := open(t, dir)
		if _, err := s.Put(t.Context(), "a/b.txt", content, options); err != nil {
			t.Fatal(err)
		}
		if err := c.damage(filepath.Join(dir, "objects/a/b.txt")); err != nil {
			t.Fatal(c.name, err)
		}
		if data, _, err := s.Get(t.Context(), "a/b.txt"); !errors.Is(err, c.want) {
			t.Errorf("%s: Get = %d bytes, %v; want %v", c.name, len(data), err, c.want)
		}
		if o, err := s.Put(t.Context(), "a/b.txt", content, options); err == nil && !errors.Is(c.want, archive.ErrNotFound) {
			t.Errorf("%s: Put says %+v", c.name, o)
		}
	}
}

func rewrite(path string, change func([]byte) []byte) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o644); err != nil {
		return err
	}
	return os.WriteFile(path, change(data), 0o644)
}

// TestLostAttribute is an archive that was copied by a tool which left the
// attributes behind.
func TestLostAttribute(t *testing.T) {
	dir := create(t)
	s := open(t, dir)
	put, err := s.Put(t.Context(), "a/b.txt", []byte("content"), options)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Removexattr(filepath.Join(dir, "objects/a/b.txt"), "user.docsvc"); err != nil {
		t.Fatal(err)
	}
	data, got, err := s.Get(t.Context(), "a/b.txt")
	if err != nil || string(data) != "content" || got.VersionID != put.VersionID || got.SHA256 != put.SHA256 || !got.RetainUntil.IsZero() {
		t.Errorf("Get = %q, %+v, %v", data, got, err)
	}
	if stat, err := s.Stat(t.Context(), "a/b.txt"); err != nil || stat.SHA256 != put.SHA256 {
		t.Errorf("Stat = %+v, %v", stat, err)
	}
	if o, err := s.Put(t.Context(), "a/b.txt", []byte("content"), options); err != nil || !o.Existed {
		t.Errorf("Put = %+v, %v", o, err)
	}
}

// TestReadOnly takes the right to write away, from root too, and gives it back.
func TestReadOnly(t *testing.T) {
	dir := create(t)
	s := open(t, dir)
	if _, err := s.Put(t.Context(), "a/b.txt", []byte("content"), options); err != nil {
		t.Fatal(err)
	}
	chmod := func(mode os.FileMode) {
		for _, d := range []string{"objects/a", "objects", "tmp", "."} {
			if err := os.Chmod(filepath.Join(dir, d), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	chmod(0o555)
	asNobody(t, func() {
		for _, key := range []string{"a/c.txt", "new/c.txt"} {
			if _, err := s.Put(t.Context(), key, []byte("x"), options); !errors.Is(err, archive.ErrUnavailable) || !errors.Is(err, os.ErrPermission) {
				t.Errorf("Put %s: %v", key, err)
			}
		}
		if data, _, err := s.Get(t.Context(), "a/b.txt"); err != nil || string(data) != "content" {
			t.Errorf("Get = %q, %v", data, err)
		}
	})
	chmod(0o755)
	if _, err := s.Put(t.Context(), "new/c.txt", []byte("x"), options); err != nil {
		t.Errorf("Put once it may: %v", err)
	}
}

// asNobody runs f on a thread whose file accesses are not root's. For other
// users than root it changes nothing, nor need it.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		if os.Getuid() == 0 {
			if err := unix.Setfsuid(65534); err != nil {
				t.Error(err)
				return
			}
		}
		f()
	}()
	<-done
}

func TestFilesAreReadOnly(t *testing.T) {
	dir := create(t)
	s := open(t, dir)
	if _, err := s.Put(t.Context(), "a/b.txt", []byte("x"), options); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "objects/a/b.txt"))
	if err != nil || info.Mode().Perm()&0o222 != 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// BenchmarkPut puts 60-KB objects, each in a directory of its own, from as many
// goroutines as a worker may have.
func BenchmarkPut(b *testing.B) {
	for _, workers := range []int{1, 4} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			s := open(b, create(b))
			data := bytes.Repeat([]byte("0123456789"), 6000)
			before, n := s.Syncs(), atomic.Int64{}
			b.SetParallelism(workers)
			b.SetBytes(int64(len(data)))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					key := fmt.Sprintf("acts/2026/EI%d/0001.pdf", n.Add(1))
					if _, err := s.Put(b.Context(), key, data, options); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(s.Syncs()-before)/float64(b.N), "fsyncs/op")
		})
	}
}

// BenchmarkRecord writes whole records: rendition and manifest, both read back.
func BenchmarkRecord(b *testing.B) {
	for _, workers := range []int{1, 4} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			s := open(b, create(b))
			data := bytes.Repeat([]byte("0123456789"), 6000)
			before, n := s.Syncs(), atomic.Int64{}
			b.SetParallelism(workers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					m := archivetest.Manifest(fmt.Sprintf("EI%d", n.Add(1)), data)
					if _, err := archive.WriteRecord(b.Context(), s, m, [][]byte{data}); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(s.Syncs()-before)/float64(b.N), "fsyncs/op")
		})
	}
}
