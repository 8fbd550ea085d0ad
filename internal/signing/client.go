package signing

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

const (
	maxRedirects = 3
	maxCAFile    = 1 << 20
)

// NewHTTPClient makes the client for certification and time-stamping
// authorities. caFile, when given, replaces the system's roots for TLS. The
// client follows redirects within one host only, never from https to http, and
// does not unpack compressed answers: a small one could grow without end. It has
// no limit of time for a whole exchange; that is the request's context.
func NewHTTPClient(caFile string) (*http.Client, error) {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   8,
		DisableCompression:    true,
		ForceAttemptHTTP2:     true,
		// Headers of authorities are short; 1 MB is the default.
		MaxResponseHeaderBytes: 64 << 10,
	}
	if caFile != "" {
		pem, err := readLimited(caFile, maxCAFile)
		if err != nil {
			return nil, fmt.Errorf("certificates for TLS: %w", err)
		}
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificates for TLS: %s holds none", caFile)
		}
	}
	return &http.Client{Transport: t, CheckRedirect: sameHost}, nil
}

// sameHost refuses what would let an authority send us elsewhere.
func sameHost(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errors.New("too many redirects")
	}
	from := via[0].URL
	switch {
	case r.URL.Hostname() != from.Hostname():
		return fmt.Errorf("redirect to another host, %s: configure that address if it is right", r.URL.Hostname())
	case from.Scheme == r.URL.Scheme && from.Port() == r.URL.Port():
		return nil
	case from.Scheme == "http" && r.URL.Scheme == "https":
		return nil
	}
	return fmt.Errorf("redirect to another service of the host, %s://%s", r.URL.Scheme, r.URL.Host)
}

// CheckURL says why an address of an authority cannot be used, or nil.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return errors.New("not a URL") // err repeats the address, which may hold a password
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("scheme %q: http and https are supported", u.Scheme)
	case u.Hostname() == "":
		return errors.New("no host")
	case u.User != nil:
		return errors.New("holds credentials: name files with them instead")
	case u.Fragment != "":
		return errors.New("has a fragment")
	}
	return nil
}

// readLimited reads a file of the configuration.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s is longer than %d bytes", path, limit)
	}
	return b, nil
}
