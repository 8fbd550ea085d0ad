package testservers

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// trusting returns a client that trusts the authority in file ca alone.
func trusting(t *testing.T, ca string) *http.Client {
	t.Helper()
	roots, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(roots) {
		t.Fatalf("%s has no certificate", ca)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, Timeout: 10 * time.Second}
}

// status asks an address; 0 stands for no answer.
func status(t *testing.T, client *http.Client, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestS3(t *testing.T) {
	for name, server := range map[string]struct {
		shared func(testing.TB) *S3Server
		own    func(testing.TB, bool) *S3Server
	}{"MinIO": {MinIO, NewMinIO}, "versitygw": {VersityGW, NewVersityGW}} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			s := server.shared(t)
			t.Logf("%s %s ready after %v", name, s.Version, time.Since(began))
			if server.shared(t) != s {
				t.Error("a second server for the same test binary")
			}
			own := server.own(t, true)
			if own.Endpoint == s.Endpoint || own.SecretKey == s.SecretKey {
				t.Errorf("two servers are alike: %s, %s", own.Endpoint, s.Endpoint)
			}
			// Neither lists its buckets to a stranger.
			if got := status(t, http.DefaultClient, "http://"+s.Endpoint+"/"); got != http.StatusForbidden {
				t.Errorf("status %d", got)
			}
			client := trusting(t, own.CA)
			if got := status(t, client, "https://"+own.Endpoint+"/"); got != http.StatusForbidden {
				t.Errorf("status %d over TLS", got)
			}
			if got := status(t, http.DefaultClient, "https://"+own.Endpoint+"/"); got != 0 {
				t.Errorf("status %d for who does not trust its authority", got)
			}
			own.Kill()
			if got := status(t, client, "https://"+own.Endpoint+"/"); got != 0 {
				t.Errorf("status %d from a server that was killed", got)
			}
			if err := own.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := status(t, client, "https://"+own.Endpoint+"/"); got != http.StatusForbidden {
				t.Errorf("status %d after a new start", got)
			}
			if files, err := filepath.Glob(filepath.Dir(own.Log()) + "/*.json"); err != nil || len(files) != 1 {
				t.Errorf("%q, %v", files, err)
			}
		})
	}
}
