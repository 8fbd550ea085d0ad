package authority

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"docsvc/internal/signing"
	"docsvc/internal/signing/cms"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/testservers"
)

// TestResponse: what a response has beside the status.
func TestResponse(t *testing.T) {
	a, _, c := newAuthority(t)
	s, e := serve(t, a), officer(t, a)
	ask := func(nonce []byte) []byte {
		t.Helper()
		query, err := cms.OCSPRequest(e.Cert.SerialNumber, a.root, nonce)
		if err != nil {
			t.Fatal(err)
		}
		_, post := fetch(t, "POST", s.URL+"/pki/ocsp", query)
		_, get := fetch(t, "GET", s.URL+"/pki/ocsp/"+url.PathEscape(base64.StdEncoding.EncodeToString(query)), nil)
		if len(get) != len(post) && len(nonce) == 0 { // signatures differ by a byte or two otherwise
			t.Errorf("GET and POST differ: %d and %d bytes", len(get), len(post))
		}
		return post
	}
	nonce := bytes.Repeat([]byte{7}, 128)
	c.t = c.t.Truncate(time.Minute).Add(17 * time.Second)
	r, err := signing.ParseOCSP(ask(nonce), e.Cert, a.root)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Nonce(); err != nil || !bytes.Equal(got, nonce) {
		t.Errorf("nonce %x %v", got, err)
	}
	if !r.ProducedAt.Equal(c.t) || !r.ThisUpdate.Equal(c.t) || r.NextUpdate.Sub(c.t) != crlRefresh {
		t.Errorf("dated %s %s %s, now is %s", r.ProducedAt, r.ThisUpdate, r.NextUpdate, c.t)
	}
	short, err := cms.OCSPRequest(e.Cert.SerialNumber, a.root, []byte{9})
	if err != nil {
		t.Fatal(err)
	}
	long, err := cms.OCSPRequest(e.Cert.SerialNumber, a.root, make([]byte, 129))
	if err != nil {
		t.Fatal(err)
	}
	// An OCTET STRING of no bytes, and one more that fills the gap.
	empty := bytes.Replace(short, []byte{4, 3, 4, 1, 9}, []byte{4, 3, 4, 0, 9}, 1)
	for name, query := range map[string][]byte{"129 bytes": long, "empty": empty} {
		if _, b := fetch(t, "POST", s.URL+"/pki/ocsp", query); !bytes.Equal(b, ocsp.MalformedRequestErrorResponse) {
			t.Errorf("nonce of %s: %x", name, b)
		}
	}
	// A shared response has none.
	plain, err := signing.ParseOCSP(ask(nil), e.Cert, a.root)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := plain.Nonce(); got != nil || err != nil {
		t.Errorf("nonce %x %v", got, err)
	}
}

// TestExpiredIsRemembered: after the officer's certificate has expired, a good
// response still proves it, since the authority forgets nothing.
func TestExpiredIsRemembered(t *testing.T) {
	a, _, c := newAuthority(t)
	e := officer(t, a)
	signed, err := signing.Sign(t.Context(), signing.Request{
		PDF: signingtest.PDF(100, "imza1"), Field: "imza1", Certificate: e.Cert, Level: signing.LevelBT, Time: c.t,
	}, signing.SignerKey(e.Key), a)
	if err != nil {
		t.Fatal(err)
	}
	c.t = e.Cert.NotAfter.AddDate(1, 0, 0)
	out, err := augmenter(a, c).Augment(t.Context(), signed, signing.LevelBLT)
	if err != nil {
		t.Fatal(err)
	}
	if r := offline(t, a, c, out); r.Indication != signing.TotalPassed || r.Signatures[0].Level != signing.LevelBLT {
		t.Errorf("%+v", r)
	}
}

// TestAnotherUnit: a process that has the authority open stamps with the new
// unit as soon as another process has changed it, and the present unit cannot be
// revoked.
func TestAnotherUnit(t *testing.T) {
	a, cfg, _ := newAuthority(t)
	first := a.tsa
	if err := a.Revoke(first, ocsp.KeyCompromise); !errors.Is(err, ErrPresentUnit) {
		t.Errorf("revoking the present unit: %v", err)
	}
	if err := a.Revoke(a.root, ocsp.KeyCompromise); err == nil {
		t.Error("the root was revoked")
	}
	signer := func() string {
		t.Helper()
		der, err := a.Timestamp(t.Context(), make([]byte, 32), 5) // SHA-256
		if err != nil {
			t.Fatal(err)
		}
		token, err := cms.ParseToken(der)
		if err != nil {
			t.Fatal(err)
		}
		return token.Signer.SerialNumber.Text(16)
	}
	if signer() != first.SerialNumber.Text(16) {
		t.Error("not by the first unit")
	}
	if err := RenewTSA(cfg); err != nil {
		t.Fatal(err)
	}
	second := signer()
	if second == first.SerialNumber.Text(16) {
		t.Error("still by the old unit")
	}
	if err := a.Revoke(first, ocsp.KeyCompromise); err != nil {
		t.Errorf("revoking the old unit: %v", err)
	}
	if err := a.Revoke(a.tsa, ocsp.KeyCompromise); !errors.Is(err, ErrPresentUnit) {
		t.Errorf("revoking the new unit: %v", err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Dir, "authority.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Timestamp(t.Context(), make([]byte, 32), 5); err == nil {
		t.Error("stamped although the settings are damaged")
	}
}

// TestOpenSSLAsks: OpenSSL as an independent client, with its nonce.
func TestOpenSSLAsks(t *testing.T) {
	testservers.Tool(t, "openssl")
	a, _, _ := newAuthority(t)
	s, good, bad := serve(t, a), officer(t, a), officer(t, a)
	if err := a.Revoke(bad.Cert, ocsp.KeyCompromise); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	root := write("root.pem", encodePEM(a.root))
	out, err := exec.CommandContext(t.Context(), "openssl", "ocsp", "-issuer", root, "-CAfile", root, "-nonce", "-resp_text",
		"-cert", write("good.pem", encodePEM(good.Cert)), "-url", s.URL+"/pki/ocsp").CombinedOutput()
	for _, want := range []string{"Response verify OK", "good.pem: good", "OCSP Archive Cutoff", "OCSP Nonce"} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Fatalf("no %q: %v\n%s", want, err, out)
		}
	}
	if strings.Contains(string(out), "no nonce") {
		t.Errorf("%s", out)
	}
	out, err = exec.CommandContext(t.Context(), "openssl", "ocsp", "-issuer", root, "-CAfile", root,
		"-cert", write("bad.pem", encodePEM(bad.Cert)), "-url", s.URL+"/pki/ocsp").CombinedOutput()
	for _, want := range []string{"Response verify OK", "bad.pem: revoked", "keyCompromise"} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Fatalf("no %q: %v\n%s", want, err, out)
		}
	}
}
