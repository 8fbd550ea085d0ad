package vault

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"time"
)

// Config says where Vault is and how its mounts are called. The environment
// (VAULT_ADDR, VAULT_TOKEN, proxies) is not asked.
type Config struct {
	// Address is https://HOST:PORT; http only on this machine's loopback, for
	// a Vault Agent or a test.
	Address string
	// CAFile has the certificates (PEM) that may vouch for Vault; empty means
	// those of the operating system.
	CAFile string
	// Namespace of Vault Enterprise; usually empty.
	Namespace string

	TransitMount string // default transit
	PKIMount     string // default pki
	JWTMount     string // default jwt
	AppRoleMount string // default approle
	OfficerRole  string // role of the JWT mount; default officer
	PKIRole      string // role of the PKI mount; default officer

	// Timeout bounds each call, connection included; default 10 s. A batch gets
	// 20 ms more for each digest.
	Timeout time.Duration

	// Observe, if set, learns of every call: what it was for, how long it took,
	// and its error. It must not block.
	Observe func(op string, took time.Duration, err error)
	Log     *slog.Logger     // default: discards
	Now     func() time.Time // default: time.Now

	// wrap lets a test stand between the client and the network.
	wrap func(http.RoundTripper) http.RoundTripper
}

const (
	defaultTimeout = 10 * time.Second
	perDigest      = 20 * time.Millisecond // RSA-4096 on a slow machine
	maxCAFile      = 1 << 20
)

var mountForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*){0,4}$`)

// withDefaults fills what was left out.
func (c Config) withDefaults() Config {
	c.TransitMount = cmp.Or(c.TransitMount, "transit")
	c.PKIMount = cmp.Or(c.PKIMount, "pki")
	c.JWTMount = cmp.Or(c.JWTMount, "jwt")
	c.AppRoleMount = cmp.Or(c.AppRoleMount, "approle")
	c.OfficerRole = cmp.Or(c.OfficerRole, "officer")
	c.PKIRole = cmp.Or(c.PKIRole, "officer")
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	if c.Observe == nil {
		c.Observe = func(string, time.Duration, error) {}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// validate lists all that is wrong with a configuration.
func (c Config) validate() error {
	var errs []error
	for what, mount := range map[string]string{
		"transit mount": c.TransitMount, "PKI mount": c.PKIMount, "JWT mount": c.JWTMount,
		"AppRole mount": c.AppRoleMount, "officers' role": c.OfficerRole, "PKI role": c.PKIRole,
	} {
		if !mountForm.MatchString(mount) || len(mount) > 64 {
			errs = append(errs, fmt.Errorf("%s %q: letters, digits, - and _, parts divided by /", what, mount))
		}
	}
	if c.Timeout < 0 {
		errs = append(errs, fmt.Errorf("timeout %v", c.Timeout))
	}
	if err := checkAddress(c.Address); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// checkAddress wants TLS wherever a token would cross a network.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Path != "" && u.Path != "/") {
		return errors.New("address: https://HOST:PORT is wanted, without more") // it may hold a password
	}
	ip, ipErr := netip.ParseAddr(u.Hostname())
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && (u.Hostname() == "localhost" || ipErr == nil && ip.IsLoopback()):
		return nil
	}
	return fmt.Errorf("address %s: https is wanted, since keys are used and tokens sent there", address)
}

// transport is a pool of connections to Vault alone.
func (c Config) transport() (http.RoundTripper, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pool, err := readRoots(c.CAFile)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = pool
	}
	dial := &net.Dialer{Timeout: c.Timeout, KeepAlive: 30 * time.Second}
	var t http.RoundTripper = &http.Transport{
		DialContext: dial.DialContext, TLSClientConfig: conf, TLSHandshakeTimeout: c.Timeout,
		ResponseHeaderTimeout: 0, // the context of each call bounds it
		MaxIdleConnsPerHost:   16, MaxConnsPerHost: 64, IdleConnTimeout: time.Minute,
		DisableCompression: true,
	}
	if c.wrap != nil {
		t = c.wrap(t)
	}
	return &limited{t}, nil
}

func readRoots(path string) (*x509.CertPool, error) {
	pem, err := readSmall(path, maxCAFile)
	if err != nil {
		return nil, fmt.Errorf("certificates of Vault: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificates of Vault: %s has none (PEM)", path)
	}
	return pool, nil
}

// readSmall reads a file that must not be longer than limit.
func readSmall(path string, limit int64) ([]byte, error) {
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
		return nil, fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return b, nil
}
