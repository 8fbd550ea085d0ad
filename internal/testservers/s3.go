package testservers

import (
	"context"
	"testing"

	"docsvc/internal/testservers/start"
)

// S3Server is an S3 server with Object Lock. What is stored there under
// retention is gone when the server ends with the tests.
type S3Server struct{ *start.S3 }

// MinIO returns the MinIO that the tests of this binary share; each makes
// buckets of its own.
func MinIO(tb testing.TB) *S3Server {
	tb.Helper()
	need(tb, "minio", "minio")
	return shared(tb, "minio", s3(start.NewMinIO, false))
}

// NewMinIO starts a MinIO for this test alone.
func NewMinIO(tb testing.TB, tls bool) *S3Server {
	tb.Helper()
	need(tb, "minio", "minio")
	return own(tb, "minio", s3(start.NewMinIO, tls))
}

// VersityGW returns the versitygw that the tests of this binary share.
func VersityGW(tb testing.TB) *S3Server {
	tb.Helper()
	need(tb, "versitygw", "versitygw")
	return shared(tb, "versitygw", s3(start.NewVersityGW, false))
}

// NewVersityGW starts a versitygw for this test alone.
func NewVersityGW(tb testing.TB, tls bool) *S3Server {
	tb.Helper()
	need(tb, "versitygw", "versitygw")
	return own(tb, "versitygw", s3(start.NewVersityGW, tls))
}

func s3(
	start3 func(context.Context, start.S3Options) (*start.S3, error), tls bool,
) func(context.Context, string) (*S3Server, error) {
	return func(ctx context.Context, dir string) (*S3Server, error) {
		s, err := start3(ctx, start.S3Options{Dir: dir, TLS: tls})
		return &S3Server{s}, err
	}
}
