package s3

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"docsvc/internal/archive"
)

const (
	metaSum        = "Sha256" // our name for the hash among an object's metadata
	maxVersionID   = 1024     // as S3 has it
	headerSum      = "X-Amz-Meta-Sha256"
	headerVersion  = "X-Amz-Version-Id"
	headerMode     = "X-Amz-Object-Lock-Mode"
	headerUntil    = "X-Amz-Object-Lock-Retain-Until-Date"
	headerSSE      = "X-Amz-Server-Side-Encryption"
	modeCompliance = "COMPLIANCE"
)

// stored is a version as the server describes it.
type stored struct {
	archive.Object
	mode       string // of its retention
	encryption string
}

// describe reads an answer's headers. They are input from outside.
func describe(key string, info minio.ObjectInfo, h http.Header) (stored, error) {
	o := stored{mode: h.Get(headerMode), encryption: h.Get(headerSSE)}
	o.Object = archive.Object{Key: key, VersionID: h.Get(headerVersion), Size: info.Size, Created: info.LastModified.UTC()}
	if !plausible(o.VersionID) {
		return o, fmt.Errorf("%w: the server gives %s no usable version id", archive.ErrUnavailable, key)
	}
	if text := h.Get(headerSum); text != "" {
		if err := o.SHA256.UnmarshalText([]byte(text)); err != nil {
			return o, fmt.Errorf("%w: recorded hash of %s: %w", archive.ErrDamaged, key, err)
		}
	}
	if text := h.Get(headerUntil); text != "" {
		until, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return o, fmt.Errorf("%w: retention of %s: %w", archive.ErrUnavailable, key, err)
		}
		o.RetainUntil = until.UTC()
	}
	if o.Size < 0 {
		return o, fmt.Errorf("%w: the server does not tell the length of %s", archive.ErrUnavailable, key)
	}
	if o.Size > archive.MaxObject {
		return o, fmt.Errorf("%w: %s has %d bytes, which no object of this archive has", archive.ErrDamaged, key, o.Size)
	}
	return o, nil
}

// plausible reports whether a version id can be written down anywhere.
func plausible(version string) bool {
	for i := range len(version) {
		if c := version[i]; c <= ' ' || c > '~' {
			return false
		}
	}
	return version != "" && len(version) <= maxVersionID
}

// lockedUntil refuses an object that is not under COMPLIANCE retention, or not
// for as long as was asked.
func (o stored) lockedUntil(until time.Time) error {
	if o.mode != modeCompliance || o.RetainUntil.IsZero() || o.RetainUntil.Before(until) {
		return fmt.Errorf("%w: the server retains %s as %q until %v, asked was %s until %v "+
			"(or our credentials lack s3:GetObjectRetention)",
			archive.ErrUnlocked, o.Key, o.mode, o.RetainUntil, modeCompliance, until)
	}
	return nil
}

// fetch gets a version, or the latest, and compares it with the recorded hash.
// What it returns besides the errors of an archive is the server's answer.
func (s *Store) fetch(ctx context.Context, key, version string) ([]byte, stored, error) {
	body, info, header, err := s.core.GetObject(ctx, s.bucket, key, minio.GetObjectOptions{VersionID: version})
	if err != nil {
		return nil, stored{}, err
	}
	defer func() { _ = body.Close() }() // only read from
	o, err := describe(key, info, header)
	if err != nil {
		return nil, o, err
	}
	if version != "" && o.VersionID != version {
		return nil, o, fmt.Errorf("%w: asked for version %s of %s the server gives %s", archive.ErrUnavailable, version, key, o.VersionID)
	}
	data := make([]byte, o.Size)
	if _, err := io.ReadFull(body, data); err != nil { // shorter: the connection was cut
		return nil, o, err
	}
	sum := archive.Digest(sha256.Sum256(data))
	if o.SHA256.IsZero() { // a copy that lost its metadata is still read, as its bytes are
		o.SHA256 = sum
	}
	if sum != o.SHA256 {
		return nil, o, fmt.Errorf("%w: %s has SHA-256 %s, recorded is %s", archive.ErrDamaged, key, sum, o.SHA256)
	}
	if o.mode == "" { // not every server tells the retention together with the bytes
		described, err := s.head(ctx, key, o.VersionID)
		if err != nil {
			return nil, o, err
		}
		o.mode, o.RetainUntil = described.mode, described.RetainUntil
	}
	return data, o, nil
}

// head is fetch without the bytes. The hash may be zero.
func (s *Store) head(ctx context.Context, key, version string) (stored, error) {
	info, err := s.core.StatObject(ctx, s.bucket, key, minio.StatObjectOptions{VersionID: version})
	if err != nil {
		return stored{}, err
	}
	o, err := describe(key, info, info.Headers)
	if err == nil && version != "" && o.VersionID != version {
		err = fmt.Errorf("%w: asked for version %s of %s the server describes %s", archive.ErrUnavailable, version, key, o.VersionID)
	}
	return o, err
}

// Get implements archive.Store.
func (s *Store) Get(ctx context.Context, key string) ([]byte, archive.Object, error) {
	var data []byte
	o, err := s.look(ctx, key, func(version string) (o stored, err error) {
		data, o, err = s.fetch(ctx, key, version)
		return o, err
	})
	if err != nil {
		return nil, archive.Object{}, err
	}
	return data, o.Object, nil
}

// Stat implements archive.Store.
func (s *Store) Stat(ctx context.Context, key string) (archive.Object, error) {
	o, err := s.look(ctx, key, func(version string) (stored, error) { return s.head(ctx, key, version) })
	if err == nil && o.SHA256.IsZero() {
		_, object, err := s.Get(ctx, key)
		return object, err
	}
	return o.Object, err
}

// look finds the object among the versions of a key and reads it with read,
// which takes a version id, or none for the latest.
func (s *Store) look(ctx context.Context, key string, read func(version string) (stored, error)) (stored, error) {
	if err := check(ctx, key); err != nil {
		return stored{}, err
	}
	if version, ok := s.known.get(key); ok {
		o, err := read("")
		if o.VersionID == version {
			return o, wrap("reading "+key, err)
		}
		if err != nil && !missing(err) && o.VersionID == "" {
			return stored{}, wrap("reading "+key, err)
		}
		s.known.forget(key) // something lies over it, or it was destroyed
	}
	at, err := s.oldest(ctx, key)
	if err != nil {
		return stored{}, err
	}
	o, err := read(at.version)
	if err != nil {
		return stored{}, wrap("reading "+key, err)
	}
	o.Shadowed = at.shadowed
	s.warn(ctx, o.Object)
	return o, nil
}

func (s *Store) warn(ctx context.Context, o archive.Object) {
	if o.Shadowed {
		s.log.LogAttrs(ctx, slog.LevelWarn, "archived object is shadowed: a newer version or a mark of deletion lies over it",
			slog.String("key", o.Key), slog.String("version", o.VersionID))
	}
}

// wrap makes an error of an archive of what read returned.
func wrap(doing string, err error) error {
	for _, known := range []error{
		archive.ErrDamaged, archive.ErrUnavailable, archive.ErrNotFound, archive.ErrUnlocked, archive.ErrInvalid,
	} {
		if errors.Is(err, known) {
			return err
		}
	}
	if err == nil {
		return nil
	}
	return failure(doing, err)
}
