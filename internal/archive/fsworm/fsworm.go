// Package fsworm keeps the archive in a directory of write-once files.
//
// An object is one read-only file under objects/, named by its key, so that a
// person finds and opens it without docsvc. Its hash, retention and time of
// creation are an extended attribute of the same file, set before the file gets
// its name. There is thus never an object without them, nor a second file to
// keep in step, and the file's own fsync makes them durable; a sidecar file
// would cost one more fsync an object. Create refuses a file system without
// such attributes. Copies must carry them (cp -a, rsync -X, tar --xattrs); in a
// copy that lost them objects are still read, and still proved by manifest and
// ledger, but with no retention and no hash of their own.
//
// A put writes a file in tmp/, syncs it, links it to its name, which fails if
// the name exists, and syncs the directory: two fsyncs, and one more for each
// directory that is new. The order survives a crash at any point: a name only
// ever leads to complete, synced bytes.
//
// Retention is recorded, not enforced: whoever may write to the directory can
// delete from it. Where that matters, use an object store with Object Lock.
package fsworm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"docsvc/internal/archive"
)

const (
	markerName = "docsvc-archive.json"
	marker     = `{"format":"docsvc-archive-dir/1"}` + "\n"
	lockName   = "lock"
	tmpDir     = "tmp"
	objectsDir = "objects"
)

// ErrNotArchive: the directory was not made by Create.
var ErrNotArchive = errors.New("not an archive directory")

// Store is an archive.Store in a directory.
type Store struct {
	root *os.Root
	lock *os.File
	now  func() time.Time
	sync func(*os.File) error // (*os.File).Sync; tests make it fail

	syncs  atomic.Uint64
	serial atomic.Uint64         // of temporary files
	known  knownDirs             // directories whose names are durable
	failed atomic.Pointer[error] // set once a directory could not be synced
}

// Create makes dir an empty archive. The directory may exist if it is empty.
func Create(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("creating archive: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("creating archive: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("creating archive %s: the directory is not empty", dir)
	}
	for _, sub := range []string{tmpDir, objectsDir} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o750); err != nil {
			return fmt.Errorf("creating archive: %w", err)
		}
	}
	// The marker comes last: a directory with it is complete.
	for _, file := range []struct{ name, text string }{{lockName, ""}, {markerName, marker}} {
		if err := writeSynced(filepath.Join(dir, file.name), file.text); err != nil {
			return fmt.Errorf("creating archive: %w", err)
		}
	}
	for _, d := range []string{dir, filepath.Dir(filepath.Clean(dir))} {
		if err := syncPath(d); err != nil {
			return fmt.Errorf("creating archive: %w", err)
		}
	}
	s, err := Open(dir, time.Now)
	if err != nil {
		return err
	}
	return s.Close()
}

// Open opens an archive made by Create. It proves that files can be created,
// carry attributes and are not overwritten, and removes what a crash left in
// tmp/ unless another process has the archive open. The clock gives objects
// their time of creation.
func Open(dir string, now func() time.Time) (*Store, error) {
	text, err := os.ReadFile(filepath.Join(dir, markerName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s has no %s", ErrNotArchive, dir, markerName)
	} else if err != nil {
		return nil, fmt.Errorf("opening archive: %w", err)
	}
	if string(text) != marker {
		return nil, fmt.Errorf("%w: %s is of another format", ErrNotArchive, filepath.Join(dir, markerName))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening archive: %w", err)
	}
	s := &Store{root: root, now: now, sync: (*os.File).Sync}
	if err := s.start(); err != nil {
		_ = s.Close() // nothing was written yet
		return nil, fmt.Errorf("opening archive %s: %w", dir, err)
	}
	return s, nil
}

func (s *Store) start() error {
	lock, err := s.root.OpenFile(lockName, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	s.lock = lock
	// Only whoever is alone may take files in tmp/ for leftovers.
	err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case err == nil:
		if err := s.removeLeftovers(); err != nil {
			return err
		}
	case !errors.Is(err, unix.EWOULDBLOCK):
		return fmt.Errorf("locking: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_SH); err != nil {
		return fmt.Errorf("locking: %w", err)
	}
	return s.probe()
}

func (s *Store) removeLeftovers() error {
	entries, err := fs.ReadDir(s.root.FS(), tmpDir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.root.Remove(tmpDir + "/" + e.Name()); err != nil {
			return fmt.Errorf("removing leftover: %w", err)
		}
	}
	return nil
}

// probe does everything a put does, in tmp/.
func (s *Store) probe() error {
	probe := []byte("probe\n")
	name, err := s.writeTemp(probe, describe("probe", probe, s.now(), s.now()))
	if err != nil {
		return err
	}
	second := name + "-link"
	defer func() {
		_ = s.root.Remove(name) // a leftover in tmp/ is harmless
		_ = s.root.Remove(second)
	}()
	if err := s.root.Link(name, second); err != nil {
		return fmt.Errorf("linking a file: %w", err)
	}
	if err := s.root.Link(name, second); !errors.Is(err, fs.ErrExist) {
		return errors.Join(errors.New("the file system does not refuse to link over a file"), err)
	}
	if _, _, err := s.read(second, "probe"); err != nil {
		return fmt.Errorf("reading back: %w", err)
	}
	return nil
}

// Close gives the archive up; no other method may run or follow.
func (s *Store) Close() error {
	var err error
	if s.lock != nil {
		err = s.lock.Close() // releases the lock
	}
	return errors.Join(err, s.root.Close())
}

// Path is the file that holds the object with this key, for people who want to
// look at it with other tools.
func (s *Store) Path(key string) string {
	return filepath.Join(s.root.Name(), objectsDir, filepath.FromSlash(key))
}

// Syncs is the number of fsync calls made so far.
func (s *Store) Syncs() uint64 { return s.syncs.Load() }

func (s *Store) fsync(f *os.File) error {
	s.syncs.Add(1)
	return s.sync(f)
}

// writable returns why no more puts are taken, if so.
func (s *Store) writable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	if failed := s.failed.Load(); failed != nil {
		return unavailable(*failed)
	}
	return nil
}

func unavailable(err error) error {
	return fmt.Errorf("%w: %w", archive.ErrUnavailable, err)
}

func writeSynced(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncPath(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
