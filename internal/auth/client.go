package auth

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

const (
	providerTimeout = 10 * time.Second // of one request
	maxAnswer       = 1 << 20          // of one answer, in bytes
	maxFile         = 1 << 20          // of certificates or a secret
)

// errAnswerTooBig stands for the rest of an answer that is too long.
var errAnswerTooBig = fmt.Errorf("answer of more than %d bytes", maxAnswer)

// newClient makes the client for all that is asked of the provider.
func newClient(caFile string) (*http.Client, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		pem, err := readFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("certificates of the login provider: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificates of the login provider: no certificate in %s", caFile)
		}
	}
	return &http.Client{
		Transport: limited{&http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: providerTimeout / 2}).DialContext,
			TLSClientConfig:        config,
			TLSHandshakeTimeout:    providerTimeout / 2,
			ResponseHeaderTimeout:  providerTimeout,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns:           4,
			IdleConnTimeout:        time.Minute,
			ForceAttemptHTTP2:      true,
		}},
		Timeout: providerTimeout,
		// A redirect would take a code, or the client's secret, to an address
		// that discovery did not name.
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("the provider answered with a redirect")
		},
	}, nil
}

// limited bounds the answers that are read, and makes errors of those with
// which a server says that it is out of order.
type limited struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode == http.StatusTooManyRequests {
		_ = resp.Body.Close() // nothing is read of it
		return nil, fmt.Errorf("the provider answered %d", resp.StatusCode)
	}
	resp.Body = &limitedBody{resp.Body, maxAnswer}
	return resp, nil
}

// limitedBody fails where io.LimitReader would pretend that the answer ends.
type limitedBody struct {
	io.ReadCloser
	left int
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errAnswerTooBig
	}
	if len(p) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= n
	if b.left < 0 {
		return n, errAnswerTooBig
	}
	return n, err
}

// readFile reads a file of the configuration.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is longer than %d bytes", path, maxFile)
	}
	return data, err
}
