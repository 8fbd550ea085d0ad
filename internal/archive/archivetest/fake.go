package archivetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"docsvc/internal/archive"
)

// Stage is a moment of an operation at which a Fake can fail.
type Stage int

const (
	// Before: the operation was never done.
	Before Stage = iota
	// After: it was done, but its answer is lost.
	After
)

// Op is an operation about to be done, or just done, by a Fake.
type Op struct {
	Name  string // "put", "get", "stat", "list"
	Key   string // or the prefix of a list
	Stage Stage
}

// Fake is a strict archive.Store in memory that fails when told to. Its zero
// value is ready for use.
type Fake struct {
	// Now gives the time of creation; time.Now when nil.
	Now func() time.Time
	// Fail is asked before and after each operation; an error that it returns
	// is returned to the caller, as archive.ErrUnavailable. It may be nil, is
	// called without a lock held, and must not be changed while in use.
	Fail func(Op) error

	mu      sync.Mutex
	down    bool
	objects map[string]stored
}

type stored struct {
	data   []byte
	object archive.Object
}

// SetDown makes every operation fail before it does anything, or ends that.
func (f *Fake) SetDown(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

// Corrupt changes the stored bytes of key behind the store's back.
func (f *Fake) Corrupt(key string, change func([]byte) []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.objects[key]
	if !ok {
		panic("archivetest: no object " + key + " to corrupt")
	}
	s.data = change(bytes.Clone(s.data))
	f.objects[key] = s
}

// Lose removes key as no store may.
func (f *Fake) Lose(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.objects, key)
}

// Keys returns the keys of all objects in order.
func (f *Fake) Keys() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.objects))
}

func (f *Fake) fail(ctx context.Context, op Op) error {
	f.mu.Lock()
	down := f.down
	f.mu.Unlock()
	switch {
	case ctx.Err() != nil && op.Stage == Before:
		return fmt.Errorf("%w: %w", archive.ErrUnavailable, ctx.Err())
	case down && op.Stage == Before:
		return fmt.Errorf("%w: the fake is down", archive.ErrUnavailable)
	case f.Fail != nil:
		if err := f.Fail(op); err != nil {
			return fmt.Errorf("%w: %w", archive.ErrUnavailable, err)
		}
	}
	return nil
}

// Put implements archive.Store.
func (f *Fake) Put(ctx context.Context, key string, data []byte, o archive.PutOptions) (archive.Object, error) {
	if err := archive.CheckPut(key, data, o); err != nil {
		return archive.Object{}, err
	}
	if err := f.fail(ctx, Op{"put", key, Before}); err != nil {
		return archive.Object{}, err
	}
	object, err := f.put(key, data, o)
	if err != nil {
		return archive.Object{}, err
	}
	if err := f.fail(ctx, Op{"put", key, After}); err != nil {
		return archive.Object{}, err
	}
	return object, nil
}

func (f *Fake) put(key string, data []byte, o archive.PutOptions) (archive.Object, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s, ok := f.objects[key]; ok {
		switch {
		case archive.Digest(sha256.Sum256(s.data)) != s.object.SHA256:
			return archive.Object{}, fmt.Errorf("%w: %s", archive.ErrDamaged, key)
		case !bytes.Equal(s.data, data):
			return archive.Object{}, fmt.Errorf("%w: %s", archive.ErrConflict, key)
		}
		object := s.object
		object.Existed = true
		return object, nil
	}
	now := time.Now
	if f.Now != nil {
		now = f.Now
	}
	object := archive.Object{
		Key:         key,
		VersionID:   fmt.Sprintf("v%d", len(f.objects)+1),
		Size:        int64(len(data)),
		SHA256:      sha256.Sum256(data),
		RetainUntil: o.RetainUntil.UTC().Truncate(time.Second),
		Created:     now().UTC().Truncate(time.Microsecond),
	}
	if f.objects == nil {
		f.objects = make(map[string]stored)
	}
	f.objects[key] = stored{bytes.Clone(data), object}
	return object, nil
}

// Get implements archive.Store.
func (f *Fake) Get(ctx context.Context, key string) ([]byte, archive.Object, error) {
	s, err := f.look(ctx, "get", key)
	if err != nil {
		return nil, archive.Object{}, err
	}
	if archive.Digest(sha256.Sum256(s.data)) != s.object.SHA256 {
		return nil, archive.Object{}, fmt.Errorf("%w: %s", archive.ErrDamaged, key)
	}
	return bytes.Clone(s.data), s.object, nil
}

// Stat implements archive.Store.
func (f *Fake) Stat(ctx context.Context, key string) (archive.Object, error) {
	s, err := f.look(ctx, "stat", key)
	return s.object, err
}

func (f *Fake) look(ctx context.Context, name, key string) (stored, error) {
	if err := archive.CheckKey(key); err != nil {
		return stored{}, err
	}
	if err := f.fail(ctx, Op{name, key, Before}); err != nil {
		return stored{}, err
	}
	f.mu.Lock()
	s, ok := f.objects[key]
	f.mu.Unlock()
	if err := f.fail(ctx, Op{name, key, After}); err != nil {
		return stored{}, err
	}
	if !ok {
		return stored{}, fmt.Errorf("%w: %s", archive.ErrNotFound, key)
	}
	return s, nil
}

// List implements archive.Store.
func (f *Fake) List(ctx context.Context, prefix string) iter.Seq2[archive.Object, error] {
	return func(yield func(archive.Object, error) bool) {
		err := archive.CheckPrefix(prefix)
		if err == nil {
			err = f.fail(ctx, Op{"list", prefix, Before})
		}
		if err != nil {
			yield(archive.Object{}, err)
			return
		}
		for _, key := range f.Keys() {
			if !strings.HasPrefix(key, prefix) {
				continue
			}
			f.mu.Lock()
			size := f.objects[key].object.Size
			f.mu.Unlock()
			if !yield(archive.Object{Key: key, Size: size}, nil) {
				return
			}
		}
		if err := f.fail(ctx, Op{"list", prefix, After}); err != nil {
			yield(archive.Object{}, err)
		}
	}
}
