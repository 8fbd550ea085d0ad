package start

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// certificates are the files of a server that speaks TLS, issued by an
// authority of its own.
type certificates struct{ ca, cert, key string }

// newCertificates makes the files in dir, unless they are there. MinIO asks for
// these names.
func newCertificates(dir string) (certificates, error) {
	c := certificates{ca: filepath.Join(dir, "ca.pem"), cert: filepath.Join(dir, "public.crt"), key: filepath.Join(dir, "private.key")}
	if _, err := os.Stat(c.cert); err == nil {
		return c, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return c, err
	}
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "docsvc test servers"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	caKey, caErr := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	leafKey, leafErr := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(caErr, leafErr); err != nil {
		return c, err
	}
	caDER, caErr := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	leafDER, leafErr := x509.CreateCertificate(rand.Reader, leaf, ca, leafKey.Public(), caKey)
	keyDER, keyErr := x509.MarshalPKCS8PrivateKey(leafKey)
	if err := errors.Join(caErr, leafErr, keyErr); err != nil {
		return c, err
	}
	return c, errors.Join(
		writePEM(c.ca, "CERTIFICATE", caDER), writePEM(c.key, "PRIVATE KEY", keyDER),
		writePEM(c.cert, "CERTIFICATE", leafDER)) // last: it says that the others are there
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// webClient asks a server on this machine; ca is the file of its authority, or
// empty for plain HTTP.
func webClient(ca string) (*http.Client, error) {
	transport := &http.Transport{DisableKeepAlives: true} // no proxy of the environment
	if ca != "" {
		roots, err := os.ReadFile(ca)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(roots) {
			return nil, fmt.Errorf("%s has no certificate", ca)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}, nil
}

// answers wants a status from an address.
func answers(ctx context.Context, client *http.Client, url string, status int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != status {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}

// scheme is how an address with or without an authority begins.
func scheme(ca string) string {
	if ca == "" {
		return "http://"
	}
	return "https://"
}
