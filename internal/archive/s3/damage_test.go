package s3

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"docsvc/internal/archive"
	"docsvc/internal/testservers"
)

// TestDamagedDisk changes what the server keeps on its disk. What comes of it
// is the server's to choose; that it is never the wrong bytes is ours.
func TestDamagedDisk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		start func(testing.TB, bool) *testservers.S3Server
		size  int
		file  string // that holds the bytes
		text  string // of which a byte is changed
		want  error
	}{
		{"versitygw", testservers.NewVersityGW, 60_000, "a.txt", "34567", archive.ErrDamaged},
		{"MinIO, small", testservers.NewMinIO, 10_000, "xl.meta", "34567", archive.ErrUnavailable},
		{"MinIO, large", testservers.NewMinIO, 600_000, "part.1", "34567", archive.ErrUnavailable}, // it notices, and gives nothing
		// Without its head the file is none: to MinIO on one disk the object is gone.
		{"MinIO, head", testservers.NewMinIO, 10_000, "xl.meta", "XL2 ", archive.ErrNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := c.start(t, true) // its certificate shows where it lives
			s := open(t, config(t, server))
			data := bytes.Repeat([]byte("0123456789"), c.size/10)
			put, err := s.Put(t.Context(), "d/a.txt", data, benchOptions())
			if err != nil {
				t.Fatal(err)
			}
			flip(t, filepath.Join(filepath.Dir(filepath.Dir(server.CA)), "data", s.bucket, "d"), c.file, []byte(c.text))
			for range 2 {
				if data, _, err := s.Get(t.Context(), "d/a.txt"); !errors.Is(err, c.want) {
					t.Errorf("Get = %d bytes, %v; want %v", len(data), err, c.want)
				}
			}
			if errors.Is(c.want, archive.ErrNotFound) {
				return
			}
			if o, err := s.Put(t.Context(), "d/a.txt", data, benchOptions()); !errors.Is(err, c.want) {
				t.Errorf("Put again = %+v, %v; want %v", o, err, c.want)
			}
			for o, err := range s.List(t.Context(), "d/") {
				if err != nil || o.VersionID != put.VersionID {
					t.Errorf("List gives %+v, %v", o, err)
				}
			}
		})
	}
}

// flip changes a byte in the middle of the last place of text in the named file below dir.
func flip(t *testing.T, dir, name string, text []byte) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != name {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		at := bytes.LastIndex(data, text)
		if at < 0 {
			return errors.New(path + " does not hold the content")
		}
		n++
		data[at] ^= 1
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt(data[at:at+1], int64(at))
		return errors.Join(err, f.Close())
	})
	if err != nil || n != 1 {
		t.Fatalf("%d files changed, %v", n, err)
	}
}
