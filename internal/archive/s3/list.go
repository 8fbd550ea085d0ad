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
// of a key from the newest to the oldest. It stops after an error.
func (s *Store) versions(ctx context.Context, prefix string) iter.Seq2[minio.ObjectInfo, error] {
	return func(yield func(minio.ObjectInfo, error) bool) {
		last := ""
		o := minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: true}
		for v := range s.core.ListObjectsIter(ctx, s.bucket, o) {
			err := v.Err
			switch {
			case err != nil:
				err = failure("listing "+prefix, err)
			case !strings.HasPrefix(v.Key, prefix) || v.Key < last || !plausible(v.VersionID):
				err = fmt.Errorf("%w: the server's list of %q is out of order at %q", archive.ErrUnavailable, prefix, v.Key)
			}
			last = v.Key
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
	var h history
	n := 0
	for v, err := range s.versions(ctx, key) {
		if err != nil {
			return incarnation{}, err
		}
		if v.Key != key {
			break // a longer one
		}
		if n++; n > maxVersions {
			return incarnation{}, fmt.Errorf("%w: %s has more than %d versions", archive.ErrUnavailable, key, maxVersions)
		}
		h.add(v)
	}
	if h.first == nil {
		return incarnation{}, fmt.Errorf("%w: %s", archive.ErrNotFound, key)
	}
	s.note(key, h)
	return incarnation{h.first.VersionID, h.shadowed()}, nil
}

// history is what a list tells of one key.
type history struct {
	latest string            // version id of what other tools see
	first  *minio.ObjectInfo // what was put first; nil if only deletions are listed
}

func (h *history) add(v minio.ObjectInfo) {
	if h.latest == "" {
		h.latest = v.VersionID
	}
	if !v.IsDeleteMarker {
		h.first = &v
	}
}

func (h *history) shadowed() bool { return h.first.VersionID != h.latest }

// note remembers the object of a key if nothing lies over it.
func (s *Store) note(key string, h history) {
	if !h.shadowed() {
		s.known.add(key, h.first.VersionID)
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
		var h history
		key, foreign := "", 0
		flush := func() bool {
			if h.first == nil {
				return true
			}
			s.note(key, h)
			o := archive.Object{Key: key, VersionID: h.first.VersionID, Size: h.first.Size, Shadowed: h.shadowed()}
			s.warn(ctx, o)
			return yield(o, nil)
		}
		for v, err := range s.versions(ctx, prefix) {
			if err != nil {
				yield(archive.Object{}, err)
				return
			}
			if own(v.Key) || archive.CheckKey(v.Key) != nil {
				if !own(v.Key) {
					foreign++
				}
				continue
			}
			if v.Key != key {
				if !flush() {
					return
				}
				key, h = v.Key, history{}
			}
			h.add(v)
		}
		flush()
		if foreign > 0 {
			s.log.LogAttrs(ctx, slog.LevelWarn, "the bucket has objects that are not of this archive",
				slog.String("prefix", prefix), slog.Int("versions", foreign))
		}
	}
}
