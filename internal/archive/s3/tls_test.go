package s3

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"docsvc/internal/archive"
	"docsvc/internal/testservers"
)

// TestTLS: the server's certificate is from an authority of the office's own.
func TestTLS(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB, bool) *testservers.S3Server{
		"MinIO": testservers.NewMinIO, "versitygw": testservers.NewVersityGW,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, true)
			c := config(t, server)
			s := open(t, c)
			put, err := s.Put(t.Context(), "a.txt", []byte("content"), benchOptions())
			if err != nil {
				t.Fatal(err)
			}
			if data, o, err := s.Get(t.Context(), "a.txt"); err != nil || string(data) != "content" || o.VersionID != put.VersionID {
				t.Errorf("Get = %q, %+v, %v", data, o, err)
			}
			other := start(t, true).CA
			for what, try := range map[string]struct {
				change func(*Config)
				says   string
			}{
				"the machine's authorities": {func(c *Config) { c.CAFile = "" }, "CA file"},
				"another authority":         {func(c *Config) { c.CAFile = other }, "CA file"},
				"another name":              {func(c *Config) { c.Endpoint = sameCertificate(t, server.CA) }, "another name"},
			} {
				bad := c
				try.change(&bad)
				_, err := Open(t.Context(), bad)
				if !errors.Is(err, ErrUnfit) || errors.Is(err, archive.ErrUnavailable) {
					t.Errorf("%s: %v, want ErrUnfit", what, err)
				}
				mustSay(t, err, try.says)
			}
			plain := c
			plain.Plain, plain.CAFile = true, ""
			if _, err := Open(t.Context(), plain); err == nil {
				t.Error("plain HTTP to a server of HTTPS")
			} else if name == "MinIO" { // the other closes the connection
				mustSay(t, err, "speaks HTTPS")
			}
		})
	}
}

// sameCertificate serves the certificate beside that of its authority under an
// address that it does not name.
func sameCertificate(t *testing.T, ca string) (addr string) {
	t.Helper()
	certificate, err := tls.LoadX509KeyPair(filepath.Dir(ca)+"/public.crt", filepath.Dir(ca)+"/private.key")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	_ = server.Listener.Close()
	if server.Listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.2:0"); err != nil {
		t.Fatal(err)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // of refused handshakes
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// TestEncryption: the server encrypts, or the archive is not opened.
func TestEncryption(t *testing.T) {
	t.Parallel()
	for encryption, header := range map[string]string{"SSE-S3": "AES256", "SSE-KMS:docsvc": "aws:kms"} {
		c := config(t, testservers.MinIO(t))
		c.Encryption = encryption
		s := open(t, c)
		put, err := s.Put(t.Context(), "acts/a.txt", benchData(1), benchOptions())
		if err != nil {
			t.Fatal(err)
		}
		o, err := s.head(t.Context(), put.Key, put.VersionID)
		if err != nil || o.encryption != header || o.SHA256 != put.SHA256 {
			t.Errorf("%s: %+v, %v; want %s", encryption, o, err, header)
		}
		again, err := s.Put(t.Context(), "acts/a.txt", benchData(1), benchOptions())
		if err != nil || !again.Existed || again.VersionID != put.VersionID {
			t.Errorf("%s: again %+v, %v", encryption, again, err)
		}
		if _, err := s.Put(t.Context(), "acts/a.txt", benchData(2), benchOptions()); !errors.Is(err, archive.ErrConflict) {
			t.Errorf("%s: other bytes: %v", encryption, err)
		}
		cannot := config(t, testservers.VersityGW(t))
		cannot.Encryption = encryption
		if err := Create(t.Context(), cannot); err != nil {
			t.Fatal(err)
		}
		_, err = Open(t.Context(), cannot)
		if !errors.Is(err, ErrUnfit) {
			t.Errorf("%s on a server that cannot: %v, want ErrUnfit", encryption, err)
		}
		mustSay(t, err, "did not encrypt")
	}
	c := config(t, testservers.MinIO(t))
	c.Encryption = "SSE-KMS:no-such-key"
	if err := Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), c); !errors.Is(err, ErrUnfit) {
		t.Errorf("a key that the key service does not have: %v, want ErrUnfit", err)
	}
}
