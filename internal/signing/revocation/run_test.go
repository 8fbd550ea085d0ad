package revocation_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"strings"
	"testing"
	"time"

	"docsvc/internal/signing/revocation"
	"docsvc/internal/signing/signingtest"
)

// TestRun refreshes in the background, and stops.
func TestRun(t *testing.T) {
	w := newWorld(t)
	e := w.Officer(t, signingtest.P256(t)).Cert
	s := w.open(t, func(c *revocation.Config) { c.Refresh = time.Second })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	until := func(what string, ok func() bool) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s did not happen", what)
			}
		}
	}
	until("the first fetch", func() bool { return s.Check(ctx) == nil })
	w.expect(t, s, e, good)
	w.pass(2 * time.Second)
	w.publish(t, e)
	until("the refresh", func() bool { return state(t, s.Usable(ctx, e, w.now())) == revocation.Revoked })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	n := w.count(issuingList)
	if time.Sleep(50 * time.Millisecond); w.count(issuingList) != n {
		t.Error("goes on after its end")
	}
}

func TestConfig(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		edit func(*revocation.Config)
	}{
		{"no anchors", func(c *revocation.Config) { c.Anchors = nil }},
		{"no roots", func(c *revocation.Config) { c.Anchors = &revocation.Anchors{} }},
		{"no clock", func(c *revocation.Config) { c.Now = nil }},
		{"ldap", func(c *revocation.Config) { c.CRLs = []string{"ldap://crl.example.az/cn=x"} }},
		{"credentials", func(c *revocation.Config) { c.CRLs = []string{"http://u:pw@crl.example.az/x"} }},
		{"twice", func(c *revocation.Config) { c.CRLs = append(c.CRLs, c.CRLs[0]) }},
		{"too many", func(c *revocation.Config) { c.CRLs = make([]string, 257) }},
		{"refreshed each day", func(c *revocation.Config) { c.Refresh = 24 * time.Hour }},
		{"refreshed without pause", func(c *revocation.Config) { c.Refresh = time.Millisecond }},
		{"age below refresh", func(c *revocation.Config) { c.MaxAge = time.Minute }},
		{"negative timeout", func(c *revocation.Config) { c.Timeout = -1 }},
		{"lists of 1 GB", func(c *revocation.Config) { c.MaxSize = 1 << 30 }},
		{"no CA file", func(c *revocation.Config) { c.CAFile = "none.pem" }},
		{"cache below a file", func(c *revocation.Config) { c.CacheDir = "feed_test.go/cache" }},
	} {
		conf := w.config()
		c.edit(&conf)
		if _, err := revocation.Open(conf); err == nil || strings.Contains(err.Error(), "pw") {
			t.Errorf("%s: taken, or tells the password: %v", c.name, err)
		}
	}
}

// TestBounds: lists that are good one by one do not fill the memory together.
func TestBounds(t *testing.T) {
	w := newWorld(t)
	s := w.open(t, func(c *revocation.Config) {
		c.CRLs, c.MaxSize = nil, 400
		for i := range 8 {
			c.CRLs = append(c.CRLs, w.url(fmt.Sprintf("/%d.crl", i)))
		}
	})
	for i := range 8 {
		w.put(fmt.Sprintf("/%d.crl", i), page(w.list(t, w.Issuing, func(l *x509.RevocationList) {
			name := fmt.Sprintf("http://x/%d", i)
			full := append([]byte{0x86, byte(len(name))}, name...)
			full = append([]byte{0xa0, byte(len(full))}, full...)
			full = append([]byte{0xa0, byte(len(full))}, full...)
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: append([]byte{0x30, byte(len(full))}, full...)}}
		})))
	}
	err := s.Refresh(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no room") {
		t.Error(err)
	}
}
