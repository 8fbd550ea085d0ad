package start

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
)

// S3Options says where an S3 server lives.
type S3Options struct {
	Dir  string // made if missing; data and credentials that are there are used again
	Port int    // 0: a free one
	TLS  bool
}

// S3 is a running S3 server with Object Lock. The keys are those of its root
// account.
type S3 struct {
	*Process
	Endpoint             string // 127.0.0.1:PORT
	AccessKey, SecretKey string
	CA                   string // file with the authority's certificate; empty without TLS
	Version              string
}

// s3Secrets are kept beside the data.
type s3Secrets struct {
	AccessKey     string `json:"access_key"`
	SecretKey     string `json:"secret_key"`
	EncryptionKey string `json:"encryption_key"`
}

// NewMinIO starts MinIO. It can encrypt objects on the server (SSE-S3) when
// asked to.
func NewMinIO(ctx context.Context, o S3Options) (*S3, error) {
	return newS3(ctx, "minio", o, func(s *spec, addr, data string, c certificates, secrets s3Secrets) {
		s.args = []string{"server", "--quiet", "--address", addr, data}
		if o.TLS {
			s.args = append(s.args, "--certs-dir", filepath.Dir(c.cert))
		}
		s.env = []string{
			"MINIO_ROOT_USER=" + secrets.AccessKey, "MINIO_ROOT_PASSWORD=" + secrets.SecretKey,
			"MINIO_KMS_SECRET_KEY=docsvc:" + secrets.EncryptionKey, "MINIO_BROWSER=off", "MINIO_UPDATE=off",
		}
	})
}

// NewVersityGW starts versitygw over a directory. It does not wait for the disk.
func NewVersityGW(ctx context.Context, o S3Options) (*S3, error) {
	return newS3(ctx, "versitygw", o, func(s *spec, addr, data string, c certificates, secrets s3Secrets) {
		s.args = []string{"--port", addr, "--quiet"}
		if o.TLS {
			s.args = append(s.args, "--cert", c.cert, "--key", c.key)
		}
		s.args = append(s.args, "posix", "--versioning-dir", filepath.Join(o.Dir, "versions"), data)
		s.env = []string{"ROOT_ACCESS_KEY=" + secrets.AccessKey, "ROOT_SECRET_KEY=" + secrets.SecretKey}
	})
}

// newS3 starts the server that complete describes.
func newS3(
	ctx context.Context, name string, o S3Options,
	complete func(s *spec, addr, data string, c certificates, secrets s3Secrets),
) (*S3, error) {
	program, err := Find(ctx, name)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(o.Dir, "data")
	for _, dir := range []string{data, filepath.Join(o.Dir, "versions")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	secrets, err := loadSecrets(filepath.Join(o.Dir, "credentials.json"), func() s3Secrets {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		return s3Secrets{AccessKey: rand.Text(), SecretKey: rand.Text(), EncryptionKey: base64.StdEncoding.EncodeToString(key)}
	})
	if err != nil {
		return nil, err
	}
	var c certificates
	if o.TLS {
		if c, err = newCertificates(filepath.Join(o.Dir, "certs")); err != nil {
			return nil, err
		}
	}
	client, err := webClient(c.ca)
	if err != nil {
		return nil, err
	}
	server := &S3{AccessKey: secrets.AccessKey, SecretKey: secrets.SecretKey, CA: c.ca, Version: program.Version}
	return onPort(o.Port, func(port int) (*S3, error) {
		server.Endpoint = loopback(port)
		s := spec{name: name, path: program.Path, dir: o.Dir, port: port, stop: syscall.SIGTERM, death: syscall.SIGKILL}
		s.ready = func(ctx context.Context) error {
			// Refusing a stranger the list of buckets needs all parts; MinIO calls
			// itself ready (/minio/health/ready) before it does.
			return answers(ctx, client, scheme(c.ca)+server.Endpoint+"/", http.StatusForbidden)
		}
		complete(&s, server.Endpoint, data, c, secrets)
		server.Process, err = run(ctx, s)
		return server, err
	})
}

// loadSecrets reads the secrets kept in a file, or makes and keeps them.
func loadSecrets[S any](path string, make func() S) (S, error) {
	var secrets S
	kept, err := os.ReadFile(path)
	if err == nil {
		return secrets, json.Unmarshal(kept, &secrets)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return secrets, err
	}
	secrets = make()
	return secrets, saveSecrets(path, secrets)
}

func saveSecrets(path string, secrets any) error {
	text, err := json.MarshalIndent(secrets, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}
