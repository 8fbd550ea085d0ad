// Package s3 keeps the archive in a bucket of an S3 server with Object Lock.
//
// Object Lock protects versions, not keys: whoever has the rights can still put
// a newer version or a mark of deletion over an object. So every put is
// conditional on the key being free, carries its retention (COMPLIANCE, which
// no one can shorten) instead of relying on the bucket's default, and is read
// back by its version; and reading takes the oldest version of a key, whatever
// lies over it. What the server promises is proved with a probe when the
// archive is opened, and an archive that fails the proof is not opened.
//
// On the way of an act into the archive stand two requests an object: the put
// and the reading back of exactly that version. A read of an object whose
// versions this process has seen is one request, any other is two.
//
// Nothing here is particular to MinIO; the tests run against a second server.
package s3

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/encrypt"

	"docsvc/internal/archive"
)

// The interfaces that Store fulfils.
var (
	_ archive.Store  = (*Store)(nil)
	_ archive.Holder = (*Store)(nil)
)

// Store is an archive.Store and archive.Holder in a bucket.
type Store struct {
	core   *minio.Core
	meter  *meter
	bucket string
	sse    encrypt.ServerSide // nil: as the bucket has it
	now    func() time.Time
	log    *slog.Logger
	known  known
}

// Open opens the archive in a bucket made by Create, after proving that the
// server keeps what D5 of the design asks: see prove. An error that is not
// archive.ErrUnavailable is ErrUnfit and stays until someone mends what it says.
func Open(ctx context.Context, c Config) (*Store, error) {
	s, err := connect(c)
	if err != nil {
		return nil, err
	}
	if err := s.prove(ctx, c.random()); err != nil {
		_ = s.Close() // only gives up idle connections
		return nil, err
	}
	return s, nil
}

// connect makes a Store that has proved nothing and asked for nothing.
func connect(c Config) (*Store, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m, err := c.meter()
	if err != nil {
		return nil, err
	}
	core, err := c.client(m)
	if err != nil {
		return nil, err
	}
	sse, err := c.encryption()
	if err != nil {
		return nil, err
	}
	return &Store{core: core, meter: m, bucket: c.Bucket, sse: sse, now: c.now(), log: c.log()}, nil
}

// Path names the object for people and other tools.
func (s *Store) Path(key string) string { return "s3://" + s.bucket + "/" + key }

// Syncs is 0: the server does them.
func (s *Store) Syncs() uint64 { return 0 }

// Close gives the connections up; no other method may run or follow.
func (s *Store) Close() error {
	s.meter.base.CloseIdleConnections()
	return nil
}

// check refuses what no call is made for.
func check(ctx context.Context, key string) error {
	if err := archive.CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return failure("asking for "+key, err)
	}
	return nil
}

// own reports whether a key is one of the probe's or could be taken for one.
func own(key string) bool { return strings.HasPrefix(key, probeDir) }
