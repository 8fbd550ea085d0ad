package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"docsvc/internal/archive"
)

// write is an object on its way into the bucket.
type write struct {
	key         string
	data        []byte
	sum         archive.Digest
	until       time.Time // zero: without retention, which only a probe is
	contentType string
}

func newWrite(key string, data []byte, o archive.PutOptions) write {
	return write{
		key: key, data: data, sum: sha256.Sum256(data),
		until: time.Unix(o.RetainUntil.Unix(), 0).UTC(), contentType: o.ContentType,
	}
}

// Put implements archive.Store. One call is one conditional request, so that
// whatever became of it, and however often it is repeated, there is one version
// of the key. Only a key that had been marked as deleted by someone with that
// right, before Put is repeated, gets a second one; the first stays the object.
func (s *Store) Put(ctx context.Context, key string, data []byte, o archive.PutOptions) (archive.Object, error) {
	if err := archive.CheckPut(key, data, o); err != nil {
		return archive.Object{}, err
	}
	if err := check(ctx, key); err != nil {
		return archive.Object{}, err
	}
	w := newWrite(key, data, o)
	switch {
	case own(key):
		return archive.Object{}, fmt.Errorf("%w: key %s is among those of the probe", archive.ErrInvalid, key)
	case !w.until.After(s.now()):
		return archive.Object{}, fmt.Errorf("%w: the retention of %s, until %v, is over", archive.ErrInvalid, key, w.until)
	}
	version, err := s.create(ctx, w)
	switch {
	case taken(err):
		return s.settle(ctx, w)
	case cutOff(err):
		// The answer is lost. Often it was that the key is in use: a server says
		// so before it has read a large object, and closes the connection, which
		// takes the answer along. So look, once, before giving up.
		if object, settled := s.settle(ctx, w); settled == nil || errors.Is(settled, archive.ErrConflict) {
			return object, settled
		}
		return archive.Object{}, failure("putting "+key, err)
	case err != nil:
		return archive.Object{}, failure("putting "+key, err)
	}
	object, err := s.readBack(ctx, w, version)
	return object, wrap("reading back "+key, err)
}

// create puts a version if the key has none and returns its id.
func (s *Store) create(ctx context.Context, w write) (string, error) {
	o := minio.PutObjectOptions{
		ContentType:          w.contentType,
		ServerSideEncryption: s.sse,
		// The hash goes three ways: in the signature, so that the server checks
		// what arrives, as checksum, so that it can check what it keeps, and as
		// metadata, which every server gives back. Never as a trailer behind the
		// body, which not every server understands.
		DisableContentSha256: true,
		UserMetadata: map[string]string{
			"x-amz-checksum-sha256": base64.StdEncoding.EncodeToString(w.sum[:]),
			metaSum:                 w.sum.String(),
		},
	}
	if !w.until.IsZero() {
		o.Mode, o.RetainUntilDate = minio.Compliance, w.until
	}
	o.SetMatchETagExcept("*")
	body := &loan{data: w.data}
	defer body.end()
	info, err := s.core.PutObject(ctx, s.bucket, w.key, body, int64(len(w.data)), "", w.sum.String(), o)
	return info.VersionID, err
}

// loan reads bytes that belong to the caller of Put. net/http may still send a
// request whose end it has reported; after end it cannot.
type loan struct {
	mu   sync.Mutex
	data []byte
	over bool
}

// Read implements io.Reader.
func (l *loan) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.over:
		return 0, io.ErrClosedPipe
	case len(l.data) == 0:
		return 0, io.EOF
	}
	n := copy(p, l.data)
	l.data = l.data[n:]
	return n, nil
}

func (l *loan) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.data, l.over = nil, true
}

// readBack gets the version that was just put and compares everything: a server
// may accept what it does not keep.
func (s *Store) readBack(ctx context.Context, w write, version string) (archive.Object, error) {
	if version == "" || version == "null" {
		return archive.Object{}, fmt.Errorf("%w: the server gave %s no version", archive.ErrUnlocked, w.key)
	}
	data, seen, err := s.fetch(ctx, w.key, version)
	switch {
	case missing(err):
		return archive.Object{}, fmt.Errorf("%w: the server took %s and does not have it", archive.ErrDamaged, w.key)
	case err != nil:
		return archive.Object{}, err
	case !bytes.Equal(data, w.data) || seen.SHA256 != w.sum:
		return archive.Object{}, fmt.Errorf("%w: reading back %s gave other content than was put", archive.ErrDamaged, w.key)
	}
	if err := seen.lockedUntil(w.until); err != nil {
		return archive.Object{}, err
	}
	seen.ReadBack = true
	return seen.Object, nil
}

// settle is a put whose key is in use: by this put when its first answer was
// lost, by another of the same content, or by something else.
func (s *Store) settle(ctx context.Context, w write) (archive.Object, error) {
	at, err := s.oldest(ctx, w.key)
	if errors.Is(err, archive.ErrNotFound) {
		return archive.Object{}, fmt.Errorf("%w: the server says that %s exists and lists no version", archive.ErrUnavailable, w.key)
	} else if err != nil {
		return archive.Object{}, err
	}
	data, seen, err := s.fetch(ctx, w.key, at.version)
	if err != nil {
		return archive.Object{}, wrap("reading "+w.key, err)
	}
	if !bytes.Equal(data, w.data) {
		return archive.Object{}, fmt.Errorf("%w: %s", archive.ErrConflict, w.key)
	}
	if err := seen.lockedUntil(time.Time{}); err != nil {
		return archive.Object{}, err
	}
	seen.Existed, seen.ReadBack, seen.Shadowed = true, true, at.shadowed
	s.warn(ctx, seen.Object)
	return seen.Object, nil
}
