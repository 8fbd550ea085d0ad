package revocation_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"docsvc/internal/signing/revocation"
	"docsvc/internal/testservers"
)

// TestOpenSSLResponds: OpenSSL as an independent responder, the CA's own and a
// delegated one.
func TestOpenSSLResponds(t *testing.T) {
	testservers.Tool(t, "openssl")
	for _, delegated := range []bool{true, false} {
		w := newWorld(t)
		fine, bad, strange := w.named(t), w.named(t), w.named(t)
		dir := t.TempDir()
		write := func(name, content string) string {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		stamp := func(at time.Time) string { return at.UTC().Format("060102150405Z") }
		index := fmt.Sprintf("V\t%s\t\t%X\tunknown\t/CN=a\nR\t%s\t%s,keyCompromise\t%X\tunknown\t/CN=b\n",
			stamp(fine.NotAfter), fine.SerialNumber, stamp(bad.NotAfter), stamp(w.now().Add(-time.Minute)), bad.SerialNumber)
		signer := w.Issuing
		if delegated {
			signer = w.NewResponder(t, w.Issuing, true)
		}
		args := []string{
			"ocsp", "-index", write("index.txt", index), "-CA", write("ca.pem", encode(w.Issuing.Cert)), "-rsigner", write("r.pem", encode(signer.Cert)),
			"-rkey", write("r.key", keyPEM(t, signer.Key)), "-nmin", "60",
		}
		var mu sync.Mutex
		w.put(responderPath, func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			query, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			in, out := filepath.Join(dir, "q.der"), filepath.Join(dir, "a.der")
			if err := os.WriteFile(in, query, 0o600); err != nil {
				t.Error(err)
			}
			if text, err := exec.CommandContext(r.Context(), "openssl", append(args, "-reqin", in, "-respout", out)...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
			answer, err := os.ReadFile(out)
			if err != nil {
				t.Error(err)
			}
			_, _ = rw.Write(answer)
		})
		s := w.onlyOCSP(t, func(c *revocation.Config) { c.OCSP.Nonce, c.Timeout = revocation.NonceRequire, 5*time.Second })
		w.expect(t, s, fine, good)
		w.expect(t, s, bad, revocation.Revoked)
		w.expect(t, s, strange, revocation.Unknown)
		if p, err := w.collect(t, s, fine); err != nil || len(p.OCSP) == 0 {
			t.Errorf("no proof: %v", err)
		}
	}
}

func keyPEM(t *testing.T, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
