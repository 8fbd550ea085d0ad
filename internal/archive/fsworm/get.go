package fsworm

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"docsvc/internal/archive"
)

// Get implements archive.Store.
func (s *Store) Get(ctx context.Context, key string) ([]byte, archive.Object, error) {
	if err := check(ctx, key); err != nil {
		return nil, archive.Object{}, err
	}
	return s.read(objectsDir+"/"+key, key)
}

// Stat implements archive.Store.
func (s *Store) Stat(ctx context.Context, key string) (archive.Object, error) {
	if err := check(ctx, key); err != nil {
		return archive.Object{}, err
	}
	f, object, recorded, err := s.open(objectsDir+"/"+key, key)
	if err != nil {
		return archive.Object{}, err
	}
	_ = f.Close() // only read from
	if !recorded {
		_, object, err = s.read(objectsDir+"/"+key, key)
	}
	return object, err
}

func check(ctx context.Context, key string) error {
	if err := archive.CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	return nil
}

// open opens an object's file and reads its attribute.
func (s *Store) open(name, key string) (*os.File, archive.Object, bool, error) {
	// Without O_NONBLOCK a named pipe in a file's place would wait for a writer.
	f, err := s.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR):
		return nil, archive.Object{}, false, fmt.Errorf("%w: %s", archive.ErrNotFound, key)
	case err != nil:
		return nil, archive.Object{}, false, unavailable(err)
	}
	info, err := f.Stat()
	object := archive.Object{Key: key}
	recorded := false
	switch {
	case err != nil:
		err = unavailable(err)
	case info.IsDir():
		err = fmt.Errorf("%w: %s", archive.ErrNotFound, key)
	case !info.Mode().IsRegular() || info.Size() > archive.MaxObject:
		err = fmt.Errorf("%w: %s is not a file of this archive", archive.ErrDamaged, key)
	default:
		object.Size, object.Created = info.Size(), info.ModTime().UTC()
		recorded, err = getAttribute(f, &object)
	}
	if err != nil {
		_ = f.Close() // only read from
		return nil, archive.Object{}, false, err
	}
	return f, object, recorded, nil
}

// read returns an object's bytes after comparing them with the recorded hash.
func (s *Store) read(name, key string) ([]byte, archive.Object, error) {
	f, object, recorded, err := s.open(name, key)
	if err != nil {
		return nil, archive.Object{}, err
	}
	defer func() { _ = f.Close() }() // only read from
	data := make([]byte, object.Size)
	switch _, err := io.ReadFull(f, data); {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, archive.Object{}, fmt.Errorf("%w: %s became shorter while it was read", archive.ErrDamaged, key)
	case err != nil:
		return nil, archive.Object{}, unavailable(err)
	}
	sum := archive.Digest(sha256.Sum256(data))
	if !recorded {
		object.SHA256, object.VersionID = sum, sum.String()
	}
	if sum != object.SHA256 {
		return nil, archive.Object{}, fmt.Errorf("%w: %s has SHA-256 %s, recorded is %s", archive.ErrDamaged, key, sum, object.SHA256)
	}
	return data, object, nil
}

// List implements archive.Store. It holds the names of one directory for each
// level in memory.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[archive.Object, error] {
	return func(yield func(archive.Object, error) bool) {
		if err := archive.CheckPrefix(prefix); err != nil {
			yield(archive.Object{}, err)
			return
		}
		if _, err := s.root.Lstat(path.Join(objectsDir, prefix)); errors.Is(err, fs.ErrNotExist) {
			return
		}
		s.list(ctx, prefix, yield)
	}
}

// list yields the objects below dir ("" or ending in '/') and reports whether
// to go on.
func (s *Store) list(ctx context.Context, dir string, yield func(archive.Object, error) bool) bool {
	stop := func(err error) bool {
		yield(archive.Object{}, unavailable(err))
		return false
	}
	if err := ctx.Err(); err != nil {
		return stop(err)
	}
	entries, err := fs.ReadDir(s.root.FS(), path.Join(objectsDir, dir))
	if err != nil {
		return stop(err)
	}
	// In the order of keys a directory's name counts with the '/' after it.
	name := func(e fs.DirEntry) string {
		if e.IsDir() {
			return e.Name() + "/"
		}
		return e.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(name(a), name(b)) })
	for _, e := range entries {
		if e.IsDir() {
			if !s.list(ctx, dir+name(e), yield) {
				return false
			}
			continue
		}
		info, err := e.Info()
		if err != nil {
			return stop(err)
		}
		if !yield(archive.Object{Key: dir + e.Name(), Size: info.Size()}, nil) {
			return false
		}
	}
	return true
}
