package s3

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"strings"

	"github.com/minio/minio-go/v7"

	"docsvc/internal/archive"
)

// maxVersions bounds how many versions of one key are looked through for the
// oldest. Only someone who means harm puts as many over an object.
const maxVersions = 100_000

// incarnation is the version of a key that is the object.
type incarnation struct {
	version  string
	shadowed bool
}

// versions lists what is below prefix: by key in byte order, and the versions
// of a key from the newest to the oldest. Marks of deletion come anywhere: not
// every server sorts them in. It stops after an error.
func (s *Store) versions(ctx context.Context, prefix string) iter.Seq2[minio.ObjectInfo, error] {
	return func(yield func(minio.ObjectInfo, error) bool) {
		last := ""
		o := minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: true}
		for v := range s.core.ListObjectsIter(ctx, s.bucket, o) {
			err := v.Err
			switch {
			case err != nil:
				err = failure("listing "+prefix, err)
			case !strings.HasPrefix(v.Key, prefix) || v.Key < last && !v.IsDeleteMarker || !plausible(v.VersionID):
				err = fmt.Errorf("%w: the server's list of %q is out of order at %q", archive.ErrUnavailable, prefix, v.Key)
			}
			if !v.IsDeleteMarker {
				last = v.Key
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
		if err := ctx.Err(); err != nil { // the client ends as if there were no more
			yield(minio.ObjectInfo{}, failure("listing "+prefix, err))
		}
	}
}

// oldest finds the object among the versions of its key. ErrNotFound is
// certain: the server has listed the bucket, and this key is not in it.
func (s *Store) oldest(ctx context.Context, key string) (incarnation, error) {
	var first *minio.ObjectInfo
	n := 0
	for v, err := range s.versions(ctx, key) {
		if err != nil {
			return incarnation{}, err
		}
		if v.Key > key {
			break // a longer one
		}
		if n++; n > maxVersions {
			return incarnation{}, fmt.Errorf("%w: %s has more than %d versions", archive.ErrUnavailable, key, maxVersions)
		}
		if !v.IsDeleteMarker {
			first = &v
		}
	}
	if first == nil {
		return incarnation{}, fmt.Errorf("%w: %s", archive.ErrNotFound, key)
	}
	s.note(first)
	return incarnation{first.VersionID, !first.IsLatest}, nil
}

// note remembers the object of a key if nothing lies over it.
func (s *Store) note(first *minio.ObjectInfo) {
	if first.IsLatest {
		s.known.add(first.Key, first.VersionID)
	}
}

// List implements archive.Store. What is in the bucket under keys that are not
// ours, the probes among it, is left out.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[archive.Object, error] {
	return func(yield func(archive.Object, error) bool) {
		if err := archive.CheckPrefix(prefix); err != nil {
			yield(archive.Object{}, err)
			return
		}
		var first *minio.ObjectInfo // of the versions of a key, so far
		foreign := 0
		flush := func() bool {
			if first == nil {
				return true
			}
			s.note(first)
			o := archive.Object{Key: first.Key, VersionID: first.VersionID, Size: first.Size, Shadowed: !first.IsLatest}
			s.warn(ctx, o)
			return yield(o, nil)
		}
		for v, err := range s.versions(ctx, prefix) {
			switch {
			case err != nil:
				yield(archive.Object{}, err)
				return
			case v.IsDeleteMarker || own(v.Key):
				continue
			case archive.CheckKey(v.Key) != nil:
				foreign++
				continue
			case first != nil && first.Key != v.Key && !flush():
				return
			}
			first = &v
		}
		if !flush() {
			return
		}
		if foreign > 0 {
			s.log.LogAttrs(ctx, slog.LevelWarn, "the bucket has objects that are not of this archive",
				slog.String("prefix", prefix), slog.Int("versions", foreign))
		}
	}
}
