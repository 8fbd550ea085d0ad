package hook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// errPrivate says that an address is not one of the public internet.
var errPrivate = errors.New("not a public address")

// special are networks that look public and are not: RFC 6890 and its registry,
// and what carries an address of IPv4 inside.
func special() []netip.Prefix {
	var list []netip.Prefix
	for _, p := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "240.0.0.0/4", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
		"2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
	} {
		list = append(list, netip.MustParsePrefix(p))
	}
	return list
}

// public refuses what this process could reach and a stranger could not.
func public(address netip.Addr, allowed []netip.Prefix) error {
	address = address.Unmap().WithZone("")
	for _, p := range allowed {
		if p.Contains(address) {
			return nil
		}
	}
	if !address.IsGlobalUnicast() || address.IsPrivate() {
		return fmt.Errorf("%s is %w", address, errPrivate)
	}
	for _, p := range special() {
		if p.Contains(address) {
			return fmt.Errorf("%s is %w", address, errPrivate)
		}
	}
	return nil
}

// newClient connects to what public allows, whatever a name resolves to: the
// address is judged when the socket is about to be connected.
func newClient(allowed []netip.Prefix, roots *x509.CertPool) *http.Client {
	dialer := &net.Dialer{
		Timeout: 5 * time.Second,
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return public(at.Addr(), allowed)
		},
	}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: nil, DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 10 * time.Second, MaxResponseHeaderBytes: 16 << 10,
			MaxIdleConns: atOnce, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		},
	}
}
