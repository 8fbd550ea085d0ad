package s3

import (
	"context"
	"errors"
	"time"

	"github.com/minio/minio-go/v7"
)

// Create makes the bucket, with Object Lock, or confirms that it was made so.
// It sets no default retention: every object states its own, and a default
// would also lock what only passes through, a probe that is to be deleted or an
// upload that was cut, for as long as an act.
func Create(ctx context.Context, c Config) error {
	s, err := connect(c)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // only gives up idle connections
	err = s.proveMade(ctx)
	if answer(err).Code != minio.NoSuchBucket {
		return err
	}
	region := c.Region
	if region == "" {
		region = defaultRegion
	}
	err = s.core.MakeBucket(ctx, s.bucket, minio.MakeBucketOptions{Region: region, ObjectLocking: true})
	if proved := s.proveMade(ctx); err == nil || proved == nil { // made by someone else meanwhile
		return proved
	}
	return cannot("making bucket "+s.bucket, err)
}

// proveMade is proveBucket with patience: while somebody else makes the bucket
// there is a moment in which it is there and has no Object Lock yet.
func (s *Store) proveMade(ctx context.Context) error {
	const tries, pause = 10, 200 * time.Millisecond
	for n := 1; ; n++ {
		err := s.proveBucket(ctx)
		if n == tries || !errors.Is(err, ErrUnfit) || answer(err).Code == minio.NoSuchBucket {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}
