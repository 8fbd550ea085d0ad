package s3

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"docsvc/internal/testservers"
)

// server is one of those that the whole contract is tested on.
type server struct {
	name  string
	start func(testing.TB) *testservers.S3Server
}

func servers() []server {
	return []server{{"MinIO", testservers.MinIO}, {"versitygw", testservers.VersityGW}}
}

// onEach runs a test on every server, beside the other tests: most of their
// time they wait.
func onEach(t *testing.T, test func(t *testing.T, s *testservers.S3Server, name string)) {
	t.Helper()
	t.Parallel()
	for _, s := range servers() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			test(t, s.start(t), s.name)
		})
	}
}

// config names a bucket of the test's own, and root's credentials.
func config(tb testing.TB, s *testservers.S3Server) Config {
	tb.Helper()
	return Config{
		Endpoint: s.Endpoint, Bucket: bucketName(tb), AccessKey: s.AccessKey, SecretKey: s.SecretKey,
		Plain: s.CA == "", CAFile: s.CA, Timeout: 20 * time.Second,
	}
}

// bucketName is different for each call.
func bucketName(tb testing.TB) string {
	tb.Helper()
	return fmt.Sprintf("archive-%x", time.Now().UnixNano())
}

// open makes the bucket and opens it.
func open(tb testing.TB, c Config) *Store {
	tb.Helper()
	if err := Create(tb.Context(), c); err != nil {
		tb.Fatal(err)
	}
	return reopen(tb, c)
}

func reopen(tb testing.TB, c Config) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// through is c by way of a proxy.
func through(c Config, addr string) Config {
	c.Endpoint = addr
	return c
}

// mustSay wants each of the words in an error.
func mustSay(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%v, want a word of %q", err, w)
		}
	}
}
