package revocation_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/signing/revocation"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/testservers"
)

// vault speaks to a real Vault with its root token.
type vault struct {
	*testservers.VaultServer
	tb testing.TB
}

func (v vault) do(method, path string, body map[string]any) map[string]any {
	v.tb.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		v.tb.Fatal(err)
	}
	req, err := http.NewRequestWithContext(v.tb.Context(), method, v.Address+"/v1/"+path, bytes.NewReader(b))
	if err != nil {
		v.tb.Fatal(err)
	}
	req.Header.Set("X-Vault-Token", v.RootToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		v.tb.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		v.tb.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, answer, err)
	}
	var out struct{ Data map[string]any }
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &out); err != nil {
			v.tb.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return out.Data
}

func (v vault) put(path string, body map[string]any) map[string]any { return v.do("POST", path, body) }

// vaultCA is an issuing CA below a root, each a mount of its own.
type vaultCA struct {
	vault
	root, mount string
	bundle      string // PEM of both
}

func newVaultCA(t *testing.T) *vaultCA {
	t.Helper()
	v := vault{testservers.Vault(t), t}
	t.Logf("Vault %s", v.Version)
	name := fmt.Sprintf("rev%d", time.Now().UnixNano())
	ca := &vaultCA{vault: v, root: name + "-root", mount: name + "-officers"}
	for _, m := range []string{ca.root, ca.mount} {
		v.put("sys/mounts/"+m, map[string]any{"type": "pki", "config": map[string]any{"max_lease_ttl": "87600h"}})
		t.Cleanup(func() { // the test's context has ended
			req, _ := http.NewRequest("DELETE", v.Address+"/v1/sys/mounts/"+m, nil)
			req.Header.Set("X-Vault-Token", v.RootToken)
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_ = resp.Body.Close()
			}
		})
		v.put(m+"/config/urls", map[string]any{"crl_distribution_points": []string{v.Address + "/v1/" + m + "/crl"}})
		v.put(m+"/config/crl", map[string]any{"expiry": "72h", "auto_rebuild": true, "auto_rebuild_grace_period": "24h", "enable_delta": true})
	}
	root := v.put(ca.root+"/root/generate/internal", map[string]any{"common_name": "Test Vault Root", "key_type": "ec", "key_bits": 384, "ttl": "87600h"})
	csr := v.put(ca.mount+"/intermediate/generate/internal", map[string]any{"common_name": "Test Vault Officers", "key_type": "ec"})
	signed := v.put(ca.root+"/root/sign-intermediate", map[string]any{"csr": csr["csr"], "common_name": "Test Vault Officers", "ttl": "43800h"})
	v.put(ca.mount+"/intermediate/set-signed", map[string]any{"certificate": signed["certificate"]})
	v.put(ca.mount+"/roles/officer", map[string]any{
		"allow_any_name": true, "enforce_hostnames": false, "cn_validations": []string{"disabled"}, "key_type": "any",
		"key_usage": []string{"ContentCommitment"}, "server_flag": false, "client_flag": false,
		"ext_key_usage_oids": []string{"1.3.6.1.5.5.7.3.36"}, "not_before_duration": "30s", "max_ttl": "8760h",
	})
	ca.bundle = root["certificate"].(string) + "\n" + signed["certificate"].(string)
	return ca
}

// officer has a key certified.
func (ca *vaultCA) officer(t *testing.T) *signingtest.Entity {
	t.Helper()
	return ca.officerFor(t, "24h")
}

func (ca *vaultCA) officerFor(t *testing.T, ttl string) *signingtest.Entity {
	t.Helper()
	key := signingtest.P256(t)
	c, err := signing.PrepareCSR(pkix.Name{CommonName: "Məmurzadə Nigar Sınaq qızı"}, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	value, err := signing.SignerKey(key).SignDigest(t.Context(), c.Digest, c.SignerOpts())
	if err != nil {
		t.Fatal(err)
	}
	der, err := c.Complete(value)
	if err != nil {
		t.Fatal(err)
	}
	answer := ca.put(ca.mount+"/sign/officer", map[string]any{
		"csr":         string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})),
		"common_name": "Məmurzadə Nigar Sınaq qızı", "exclude_cn_from_sans": true, "ttl": ttl,
	})
	block, _ := pem.Decode([]byte(answer["certificate"].(string)))
	if block == nil {
		t.Fatal("no certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return &signingtest.Entity{Cert: cert, Key: key}
}

func (ca *vaultCA) revoke(c *x509.Certificate) {
	ca.tb.Helper()
	b := c.SerialNumber.Bytes()
	var pairs []string
	for _, x := range b {
		pairs = append(pairs, fmt.Sprintf("%02x", x))
	}
	ca.put(ca.mount+"/revoke", map[string]any{"serial_number": strings.Join(pairs, ":")})
	ca.do("GET", ca.mount+"/crl/rotate", nil)
}

func (ca *vaultCA) open(t *testing.T, edit func(*revocation.Config)) *revocation.Source {
	t.Helper()
	anchors, err := revocation.ParseRoots([]byte(ca.bundle))
	if err != nil {
		t.Fatal(err)
	}
	c := revocation.Config{Anchors: anchors, Now: time.Now, Timeout: time.Second}
	if edit != nil {
		edit(&c)
	}
	s, err := revocation.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func usable(t *testing.T, s *revocation.Source, c *x509.Certificate, want revocation.State) {
	t.Helper()
	if err := s.Usable(t.Context(), c, time.Now()); state(t, err) != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestWithVault: the lists of Vault's PKI, found by the certificates'
// distribution points; an officer signs, is revoked, and can sign no more.
func TestWithVault(t *testing.T) {
	ca := newVaultCA(t)
	nigar, aysel := ca.officer(t), ca.officer(t)
	var asked atomic.Int32
	s := ca.open(t, func(c *revocation.Config) {
		c.Observe = func(revocation.Exchange) { asked.Add(1) }
		c.CacheDir = t.TempDir()
	})
	usable(t, s, nigar.Cert, good)
	usable(t, s, aysel.Cert, good)
	if n := asked.Load(); n != 2 { // of both CAs
		t.Errorf("%d lists were asked for", n)
	}
	anchors, err := revocation.ParseRoots([]byte(ca.bundle))
	if err != nil {
		t.Fatal(err)
	}
	v := &signing.Verifier{Roots: anchors.Pool(), Intermediates: anchors.Intermediates, Now: time.Now, Revocation: s}
	file, err := signing.Sign(t.Context(), signing.Request{
		PDF: signingtest.PDF(100, "imza1"), Field: "imza1", Certificate: nigar.Cert, Level: signing.LevelBB, Time: time.Now(),
	}, signing.SignerKey(nigar.Key), nil)
	if err != nil {
		t.Fatal(err)
	}
	verdict := func(indication, sub string) {
		t.Helper()
		r, err := v.Verify(t.Context(), file, time.Time{})
		if err != nil || r.Indication != indication || r.SubIndication != sub {
			t.Errorf("%v %+v, want %s %s", err, r, indication, sub)
		}
	}
	verdict(signing.TotalPassed, "")
	ca.revoke(nigar.Cert)
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	usable(t, s, nigar.Cert, revocation.Revoked)
	usable(t, s, aysel.Cert, good)
	verdict(signing.Indeterminate, signing.RevokedNoPOE)
	for _, st := range s.Status() {
		t.Logf("%s: %s, %d entries, from %s to %s", st.URL, st.Issuer, st.Entries, st.ThisUpdate, st.NextUpdate)
	}
}

// TestVaultBehindFaults: what stands between us and Vault's lists fails; the
// list that is held goes on, and without one nothing is good.
func TestVaultBehindFaults(t *testing.T) {
	ca := newVaultCA(t)
	nigar, aysel := ca.officer(t), ca.officer(t)
	ca.revoke(nigar.Cert)
	proxy := testservers.HTTPProxy(t, strings.TrimPrefix(ca.Address, "http://"))
	through := func(c *revocation.Config) {
		for _, m := range []string{ca.root, ca.mount} {
			c.CRLs = append(c.CRLs, "http://"+proxy.Addr+"/v1/"+m+"/crl")
		}
	}
	held := ca.open(t, through)
	if err := held.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		fault testservers.Fault
		fails bool
	}{
		{"refused", testservers.Fault{Mode: testservers.Refuse}, true},
		{"no answer", testservers.Fault{Mode: testservers.Blackhole}, true},
		{"answer lost", testservers.Fault{Mode: testservers.DropAnswer}, true},
		{"cut off", testservers.Fault{Mode: testservers.Cut, Bytes: 100}, true},
		{"drop by drop", testservers.Fault{Mode: testservers.Slow, Bytes: 20}, true},
		{"sealed", testservers.Fault{Mode: testservers.Answer, Status: 503, Body: `{"errors":["Vault is sealed"]}`}, true},
		{"standby's page", testservers.Fault{Mode: testservers.Answer, Status: 200, Body: "<!DOCTYPE html>"}, true},
		{"late", testservers.Fault{Mode: testservers.Delay, Wait: 200 * time.Millisecond}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxy.Set(c.fault)
			defer proxy.Set(testservers.Fault{})
			if err := held.Refresh(t.Context()); (err != nil) != c.fails {
				t.Errorf("refreshed: %v", err)
			}
			usable(t, held, aysel.Cert, good)
			usable(t, held, nigar.Cert, revocation.Revoked)
			fresh := ca.open(t, through)
			want := good
			if c.fails {
				want = unavailable
			}
			usable(t, fresh, aysel.Cert, want)
			if c.fails {
				err := fresh.Usable(t.Context(), nigar.Cert, time.Now())
				if document.KindOf(err) != document.Unavailable {
					t.Errorf("%v", err)
				}
			}
		})
	}
	if err := held.Refresh(t.Context()); err != nil || held.Check(t.Context()) != nil {
		t.Errorf("does not recover: %v", err)
	}
}

// TestVaultDelta: Vault's delta list is not taken for the whole.
func TestVaultDelta(t *testing.T) {
	ca := newVaultCA(t)
	e := ca.officer(t)
	ca.do("GET", ca.mount+"/crl/rotate-delta", nil)
	s := ca.open(t, func(c *revocation.Config) {
		c.CRLs = []string{ca.Address + "/v1/" + ca.root + "/crl", ca.Address + "/v1/" + ca.mount + "/crl/delta"}
	})
	usable(t, s, e.Cert, unavailable)
	if err := s.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "not a full one") {
		t.Error(err)
	}
}

// TestVaultListRunsOut: Vault without auto_rebuild lets its list run out.
func TestVaultListRunsOut(t *testing.T) {
	ca := newVaultCA(t)
	e := ca.officer(t)
	ca.put(ca.mount+"/config/crl", map[string]any{"expiry": "2s", "auto_rebuild": false, "enable_delta": false})
	ca.do("GET", ca.mount+"/crl/rotate", nil)
	s := ca.open(t, nil)
	usable(t, s, e.Cert, good)
	time.Sleep(3 * time.Second)
	usable(t, s, e.Cert, unavailable)
	err := s.Check(t.Context())
	if err == nil {
		t.Error("the probe is content")
	}
	t.Log(err)
	ca.put(ca.mount+"/config/crl", map[string]any{"expiry": "72h"})
	ca.do("GET", ca.mount+"/crl/rotate", nil)
	if err := s.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	usable(t, s, e.Cert, good)
}

// TestVaultKeepsExpired is what Anchors.KeepExpired relies on.
func TestVaultKeepsExpired(t *testing.T) {
	ca := newVaultCA(t)
	bad, other := ca.officerFor(t, "8s").Cert, ca.officerFor(t, "8s").Cert
	ca.revoke(bad)
	time.Sleep(time.Until(other.NotAfter) + time.Second)
	ca.do("GET", ca.mount+"/crl/rotate", nil)
	s := ca.open(t, nil)
	s.Watch(bad)
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	usable(t, s, other, revocation.Expired)
	usable(t, s, bad, revocation.Revoked)
	for _, st := range s.Status() {
		if strings.Contains(st.URL, ca.mount) && (st.Entries != 1 || !st.ThisUpdate.After(bad.NotAfter)) {
			t.Errorf("%+v", st)
		}
	}
}
