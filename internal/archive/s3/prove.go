package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/minio/minio-go/v7"

	"docsvc/internal/archive"
)

const (
	// probeDir holds the probes. Their names have no dot, so none is ever the
	// key of an archived object, and the service may delete there only.
	probeDir = "probe/"
	// probeLife is how long a probe is locked. It stays until a later start.
	probeLife = 2 * time.Minute
	// maxSkew is how far the server's clock may be off: retention ends by it.
	maxSkew = 5 * time.Second
)

// prove finds out by trying whether the bucket keeps what is put into it. It
// makes a dozen requests and leaves one small locked object behind.
func (s *Store) prove(ctx context.Context, random io.Reader) error {
	if err := s.proveBucket(ctx); err != nil {
		return err
	}
	s.meter.mu.Lock()
	skew := s.meter.skew
	s.meter.mu.Unlock()
	if skew.Abs() > maxSkew {
		return unfit("the server's clock is %v off this machine's: set both by NTP", skew.Round(time.Second))
	}
	id := make([]byte, 8)
	if _, err := io.ReadFull(random, id); err != nil {
		return fmt.Errorf("naming the probe: %w", err)
	}
	name := probeDir + s.now().UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(id)
	if err := s.proveDelete(ctx, name+"-free"); err != nil {
		return err
	}
	if err := s.proveLock(ctx, name); err != nil {
		return err
	}
	s.sweep(ctx)
	return nil
}

// proveBucket asks how the bucket is set up.
func (s *Store) proveBucket(ctx context.Context) error {
	// Versioning first: of a bucket that is not there, some servers say only
	// that it has no Object Lock.
	v, err := s.core.GetBucketVersioning(ctx, s.bucket)
	if err != nil {
		return cannot("asking for the versioning of bucket "+s.bucket, err)
	}
	locked, mode, _, _, err := s.core.GetObjectLockConfig(ctx, s.bucket)
	if answer(err).Code == "ObjectLockConfigurationNotFoundError" || err == nil && locked != "Enabled" {
		return unfit("bucket %s has no Object Lock, which a bucket can only be made with: "+
			"name another bucket and let docsvc init make it", s.bucket)
	}
	switch {
	case err != nil:
		return cannot("asking for the Object Lock of bucket "+s.bucket, err)
	case !v.Enabled() || v.ExcludeFolders || len(v.ExcludedPrefixes) > 0:
		return unfit("versioning of bucket %s is suspended or does not cover all of it: enable it for the whole bucket", s.bucket)
	case mode != nil && *mode != "":
		return unfit("bucket %s locks by default what comes without retention: remove its default retention, "+
			"every archived object states its own", s.bucket)
	}
	return nil
}

// proveDelete deletes a version that is not locked. Without that the refusal of
// a locked one would prove only that our credentials may not delete.
func (s *Store) proveDelete(ctx context.Context, name string) error {
	w := newWrite(name, []byte("docsvc probe, not locked\n"), archive.PutOptions{})
	w.until = time.Time{}
	version, err := s.create(ctx, w)
	if err != nil {
		return cannot("putting a probe", err)
	}
	if err := s.remove(ctx, name, version); err != nil {
		return cannot("deleting a probe that is not locked", err)
	}
	return nil
}

// proveLock does to a locked version what nobody may be able to do.
func (s *Store) proveLock(ctx context.Context, name string) error {
	start := s.now()
	w := newWrite(name, []byte("docsvc probe, locked\n"), archive.PutOptions{RetainUntil: start.Add(probeLife / 2)})
	version, err := s.create(ctx, w)
	if err != nil {
		return cannot("putting a locked probe", err)
	}
	if err := s.proveRead(ctx, w, version); err != nil {
		return err
	}
	again := w
	again.data = bytes.ToUpper(w.data)
	again.sum = sha256.Sum256(again.data)
	if _, err := s.create(ctx, again); err == nil {
		return unfit("the server ignores If-None-Match: a second put hides the first; its version or software must be another")
	} else if !taken(err) {
		return cannot("putting a second time", err)
	}
	if err := s.remove(ctx, name, version); err == nil {
		return unfit("the server deleted a locked version: bucket %s does not protect what is in it", s.bucket)
	} else if !refused(err) {
		return cannot("trying to delete a locked version", err)
	}
	longer := w.until.Add(probeLife / 2)
	if err := s.retain(ctx, name, version, longer); missing(err) {
		return unfit("the server deleted a locked version and said that it did not: bucket %s does not protect what is in it", s.bucket)
	} else if err != nil {
		return cannot("making retention longer", err)
	}
	if err := s.retain(ctx, name, version, w.until); err == nil {
		return unfit("the server shortened a retention: bucket %s does not protect what is in it", s.bucket)
	} else if !refused(err) {
		return cannot("trying to shorten a retention", err)
	}
	// The server has refused; now see whether it has also not done it.
	w.until = longer
	return s.proveRead(ctx, w, version)
}

func (s *Store) proveRead(ctx context.Context, w write, version string) error {
	_, err := s.readBack(ctx, w, version)
	if errors.Is(err, archive.ErrUnlocked) || errors.Is(err, archive.ErrDamaged) {
		return unfit("the server did not keep what it accepted: %w", err)
	}
	if err != nil {
		return cannot("reading back a probe", err)
	}
	if s.sse == nil {
		return nil
	}
	o, err := s.head(ctx, w.key, version)
	if err != nil {
		return cannot("reading a probe", err)
	}
	if o.encryption == "" {
		return unfit("the server accepted and did not encrypt: set up its key service, or do not ask for encryption")
	}
	return nil
}

func (s *Store) remove(ctx context.Context, key, version string) error {
	return s.core.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{VersionID: version})
}

// sweep deletes the probes of earlier starts. What it leaves does no harm.
func (s *Store) sweep(ctx context.Context) {
	const most = 1000
	n := 0
	for v, err := range s.versions(ctx, probeDir) {
		if n++; n > most {
			return
		}
		if err == nil && s.now().Sub(v.LastModified) > 2*probeLife {
			err = s.remove(ctx, v.Key, v.VersionID)
		}
		if err != nil {
			s.log.LogAttrs(ctx, slog.LevelWarn, "an old probe stays in the archive", slog.String("key", v.Key), slog.Any("error", err))
		}
	}
}

func unfit(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnfit}, args...)...)
}

// cannot is a step of the proof that failed: for good when the server refused
// it or could not be trusted, for now otherwise.
func cannot(doing string, err error) error {
	if wrapped := wrap(doing, err); !refused(err) && !untrusted(err) {
		return wrapped
	}
	if advice := explain(err); advice != "" {
		return unfit("%s: %s (%w)", doing, advice, err)
	}
	return unfit("%s: %w", doing, err)
}
