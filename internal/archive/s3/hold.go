package s3

import (
	"context"
	"fmt"
	"time"

	"github.com/minio/minio-go/v7"

	"docsvc/internal/archive"
)

// Hold implements archive.Holder.
func (s *Store) Hold(ctx context.Context, key string, on bool) error {
	at, err := s.find(ctx, key)
	if err != nil {
		return err
	}
	status := minio.LegalHoldDisabled
	if on {
		status = minio.LegalHoldEnabled
	}
	err = s.core.PutObjectLegalHold(ctx, s.bucket, key, minio.PutObjectLegalHoldOptions{VersionID: at.version, Status: &status})
	if err != nil {
		return failure("legal hold of "+key, err)
	}
	held, err := s.held(ctx, key, at.version)
	if err == nil && held != on {
		err = fmt.Errorf("%w: the server was told legal hold %v for %s and says %v", archive.ErrUnlocked, on, key, held)
	}
	return err
}

// Held implements archive.Holder.
func (s *Store) Held(ctx context.Context, key string) (bool, error) {
	at, err := s.find(ctx, key)
	if err != nil {
		return false, err
	}
	return s.held(ctx, key, at.version)
}

func (s *Store) held(ctx context.Context, key, version string) (bool, error) {
	status, err := s.core.GetObjectLegalHold(ctx, s.bucket, key, minio.GetObjectLegalHoldOptions{VersionID: version})
	switch {
	case answer(err).Code == "NoSuchObjectLockConfiguration": // none was ever placed
		return false, nil
	case err != nil:
		return false, failure("legal hold of "+key, err)
	}
	return *status == minio.LegalHoldEnabled, nil
}

// Extend implements archive.Holder.
func (s *Store) Extend(ctx context.Context, key string, until time.Time) error {
	at, err := s.find(ctx, key)
	if err != nil {
		return err
	}
	until = time.Unix(until.Unix(), 0).UTC()
	o, err := s.head(ctx, key, at.version)
	if err != nil {
		return wrap("retention of "+key, err)
	}
	switch now := o.RetainUntil; {
	case o.lockedUntil(until) == nil && now.Equal(until):
		return nil
	case until.Before(now) || !until.After(s.now()):
		return fmt.Errorf("%w: the retention of %s is until %v and cannot end %v", archive.ErrInvalid, key, now, until)
	}
	if err := s.retain(ctx, key, at.version, until); err != nil {
		return failure("retention of "+key, err)
	}
	o, err = s.head(ctx, key, at.version)
	if err != nil {
		return wrap("retention of "+key, err)
	}
	return o.lockedUntil(until)
}

func (s *Store) retain(ctx context.Context, key, version string, until time.Time) error {
	mode := minio.Compliance
	return s.core.PutObjectRetention(ctx, s.bucket, key,
		minio.PutObjectRetentionOptions{VersionID: version, Mode: &mode, RetainUntilDate: &until})
}

func (s *Store) find(ctx context.Context, key string) (incarnation, error) {
	if err := check(ctx, key); err != nil {
		return incarnation{}, err
	}
	return s.oldest(ctx, key)
}
