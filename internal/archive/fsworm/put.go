package fsworm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"

	"docsvc/internal/archive"
)

// Put implements archive.Store.
func (s *Store) Put(ctx context.Context, key string, data []byte, o archive.PutOptions) (archive.Object, error) {
	if err := archive.CheckPut(key, data, o); err != nil {
		return archive.Object{}, err
	}
	if err := s.writable(ctx); err != nil {
		return archive.Object{}, err
	}
	name := objectsDir + "/" + key
	switch _, err := s.root.Lstat(name); {
	case err == nil:
		return s.confirm(name, key, data)
	case !errors.Is(err, fs.ErrNotExist):
		return archive.Object{}, unavailable(err)
	}
	object := describe(key, data, s.now(), o.RetainUntil)
	if err := s.makeDir(path.Dir(name)); err != nil {
		return archive.Object{}, unavailable(err)
	}
	temp, err := s.writeTemp(data, object)
	if err != nil {
		return archive.Object{}, unavailable(err)
	}
	err = s.root.Link(temp, name)
	_ = s.root.Remove(temp) // if that fails the next Open does it
	switch {
	case errors.Is(err, fs.ErrExist): // another put was faster
		return s.confirm(name, key, data)
	case err != nil:
		return archive.Object{}, unavailable(err)
	}
	if err := s.syncDir(path.Dir(name)); err != nil {
		return archive.Object{}, unavailable(err)
	}
	return object, nil
}

// confirm is a put whose name exists. Whoever linked it has synced the file but
// perhaps, so far, not its directory nor the one above.
func (s *Store) confirm(name, key string, data []byte) (archive.Object, error) {
	stored, object, err := s.read(name, key)
	if err != nil {
		return archive.Object{}, err
	}
	if !bytes.Equal(stored, data) {
		return archive.Object{}, fmt.Errorf("%w: %s", archive.ErrConflict, key)
	}
	if err := s.makeDir(path.Dir(name)); err != nil {
		return archive.Object{}, unavailable(err)
	}
	if err := s.syncDir(path.Dir(name)); err != nil {
		return archive.Object{}, unavailable(err)
	}
	object.Existed = true
	return object, nil
}

// writeTemp writes and syncs a file in tmp/ and returns its name.
func (s *Store) writeTemp(data []byte, object archive.Object) (string, error) {
	name := fmt.Sprintf("%s/%d-%d", tmpDir, os.Getpid(), s.serial.Add(1))
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = setAttribute(f, object) // asks for the right to write, but of root
	}
	if err == nil {
		err = f.Chmod(0o444)
	}
	if err == nil {
		err = s.fsync(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = s.root.Remove(name) // the write's error is the one to tell
		return "", err
	}
	return name, nil
}

// makeDir creates dir and those above it as needed and makes their names
// durable. A directory that this process has not synced before is synced even
// if it exists: its maker may have crashed first.
func (s *Store) makeDir(dir string) error {
	if dir == objectsDir || s.known.has(dir) {
		return nil
	}
	parent := path.Dir(dir)
	if err := s.makeDir(parent); err != nil {
		return err
	}
	if err := s.root.Mkdir(dir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := s.syncDir(parent); err != nil {
		return err
	}
	s.known.add(dir)
	return nil
}

// syncDir makes the names in dir durable. After a failure the kernel may
// report the next fsync of the same directory as good although the names were
// lost, so no further put is taken until the archive is opened again.
func (s *Store) syncDir(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	if err := s.fsync(d); err != nil {
		err = fmt.Errorf("syncing directory %s: %w", strconv.Quote(dir), err)
		s.failed.CompareAndSwap(nil, &err)
		return errors.Join(err, d.Close())
	}
	return d.Close()
}
