package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// certificateFile is the certificate of serve, read again when its file has
// changed: a renewal needs no restart.
type certificateFile struct {
	cert, key string

	mu      sync.Mutex
	loaded  *tls.Certificate
	changed time.Time
}

// serverTLS opens the certificate that the configuration names.
func (c Config) serverTLS() (*tls.Config, error) {
	f := &certificateFile{cert: c.path(c.TLS.CertFile), key: c.path(c.TLS.KeyFile)}
	if _, err := f.get(nil); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: f.get, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// get goes on with the certificate it has when the new one cannot be read yet,
// as between the writing of its two files.
func (f *certificateFile) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.cert)
	if err == nil && (f.loaded == nil || !info.ModTime().Equal(f.changed)) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(f.cert, f.key); err == nil {
			f.loaded, f.changed = &pair, info.ModTime()
		}
	}
	if f.loaded == nil {
		return nil, fmt.Errorf("certificate of serve: %w", err)
	}
	return f.loaded, nil
}
