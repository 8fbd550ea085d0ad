package s3

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/encrypt"
	"github.com/minio/minio-go/v7/pkg/s3utils"
)

// Config says where the archive is and as whom to open it.
type Config struct {
	Endpoint string // HOST:PORT or HOST of the server
	Bucket   string
	Region   string // as the server names it; "us-east-1" if empty

	// AccessKey and SecretKey are the service's own credentials. They need no
	// more than deploy/minio/policy-service.json grants.
	AccessKey, SecretKey string

	// Plain speaks HTTP instead of HTTPS: for a server on the same machine. The
	// credentials are never sent, but what is archived passes in the clear.
	Plain bool
	// CAFile holds the certificates (PEM) of the authorities trusted for the
	// server's; the machine's if empty.
	CAFile string

	// Encryption at the server: "" leaves it to the bucket, "SSE-S3" is with
	// the server's key, "SSE-KMS:KEY" with that key of its key service.
	Encryption string

	// Timeout bounds each request, a request for a large object in proportion
	// longer; 10 seconds if zero. A put is two requests, or three.
	Timeout time.Duration

	// Now is the clock that the server's is compared with; time.Now if nil.
	Now func() time.Time
	// Log gets warnings; they go nowhere if nil.
	Log *slog.Logger
	// Observe, if set, is told of every request to the server: what it was
	// (put, get, stat, list, retain, hold, delete, bucket), how long it took up
	// to the last byte of the answer, and why there was none. It is called by
	// many goroutines at once.
	Observe func(op string, took time.Duration, err error)

	session string    // token of temporary credentials, for tests
	entropy io.Reader // for names of probes; crypto/rand if nil
}

const (
	defaultTimeout = 10 * time.Second
	defaultRegion  = "us-east-1"
	maxCAFile      = 1 << 20

	sseS3  = "SSE-S3"
	sseKMS = "SSE-KMS:"
)

// Validate lists everything that is wrong.
func (c Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if host := c.host(); host == "" || strings.ContainsAny(c.Endpoint, "/@?# ") {
		fault("endpoint %q: want HOST:PORT", c.Endpoint)
	}
	if err := s3utils.CheckValidBucketNameStrict(c.Bucket); err != nil {
		fault("bucket %q: %w", c.Bucket, err)
	}
	if c.AccessKey == "" || c.SecretKey == "" {
		fault("the access key or the secret key is missing")
	}
	if c.Plain && c.CAFile != "" {
		fault("a CA file is of no use with plain HTTP")
	}
	if _, err := c.encryption(); err != nil {
		faults = append(faults, err)
	}
	if c.Timeout < 0 {
		fault("timeout %v", c.Timeout)
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("archive in S3: %w", err)
	}
	return nil
}

func (c Config) host() string {
	host, port, err := net.SplitHostPort(c.Endpoint)
	switch {
	case err == nil && port != "":
		return host
	case err == nil || strings.Contains(c.Endpoint, ":"):
		return ""
	}
	return c.Endpoint
}

func (c Config) encryption() (encrypt.ServerSide, error) {
	key, kms := strings.CutPrefix(c.Encryption, sseKMS)
	switch {
	case c.Encryption == "":
		return nil, nil
	case c.Encryption == sseS3:
		return encrypt.NewSSE(), nil
	case kms && key != "":
		return encrypt.NewSSEKMS(key, nil)
	}
	return nil, fmt.Errorf("encryption %q: want nothing, %s or %sKEY", c.Encryption, sseS3, sseKMS)
}

func (c Config) client(transport http.RoundTripper) (*minio.Core, error) {
	region := c.Region
	if region == "" {
		region = defaultRegion // set, so that the client does not ask for it
	}
	core, err := minio.NewCore(c.Endpoint, &minio.Options{
		Creds:     credentials.NewStaticV4(c.AccessKey, c.SecretKey, c.session),
		Secure:    !c.Plain,
		Transport: transport,
		Region:    region,
		// To try again is for the worker: after each failed attempt it must be
		// known what may have been done.
		MaxRetries: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("archive in S3: %w", err)
	}
	return core, nil
}

func (c Config) meter() (*meter, error) {
	m := &meter{timeout: c.Timeout, now: c.now(), observe: c.Observe}
	if m.timeout == 0 {
		m.timeout = defaultTimeout
	}
	if m.observe == nil {
		m.observe = func(string, time.Duration, error) {}
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		roots, err := readRoots(c.CAFile)
		if err != nil {
			return nil, err
		}
		settings.RootCAs = roots
	}
	dialer := &net.Dialer{Timeout: min(m.timeout, 5*time.Second)}
	m.base = &http.Transport{ // no proxy: the way to the archive is not the environment's to choose
		DialContext:            dialer.DialContext,
		TLSClientConfig:        settings,
		TLSHandshakeTimeout:    min(m.timeout, 5*time.Second),
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
	}
	return m, nil
}

func readRoots(path string) (*x509.CertPool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("CA file of the archive: %w", err)
	}
	defer func() { _ = f.Close() }() // only read from
	pem, err := io.ReadAll(io.LimitReader(f, maxCAFile))
	if err != nil {
		return nil, fmt.Errorf("CA file of the archive: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA file of the archive: %s has no certificate in PEM form", path)
	}
	return roots, nil
}

func (c Config) now() func() time.Time {
	if c.Now == nil {
		return time.Now
	}
	return c.Now
}

func (c Config) log() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}

func (c Config) random() io.Reader {
	if c.entropy == nil {
		return rand.Reader
	}
	return c.entropy
}
