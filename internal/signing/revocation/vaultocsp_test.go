package revocation_test

import (
	"testing"
	"time"

	"docsvc/internal/signing/revocation"
)

// TestVaultOCSP: Vault's PKI answers for its certificates, and what it says goes
// into a file.
func TestVaultOCSP(t *testing.T) {
	ca := newVaultCA(t)
	for _, m := range []string{ca.root, ca.mount} {
		ca.put(m+"/config/urls", map[string]any{"ocsp_servers": []string{ca.Address + "/v1/" + m + "/ocsp"}, "crl_distribution_points": []string{}})
	}
	nigar, aysel := ca.officer(t), ca.officer(t)
	if len(nigar.Cert.OCSPServer) != 1 {
		t.Fatalf("responders %v", nigar.Cert.OCSPServer)
	}
	var asked []revocation.Exchange
	open := func() *revocation.Source {
		return ca.open(t, func(c *revocation.Config) {
			c.CRLs = []string{ca.Address + "/v1/" + ca.root + "/crl"} // the CA's own certificate names no responder
			c.Observe = func(x revocation.Exchange) { asked = append(asked, x) }
			c.Timeout = 5 * time.Second
		})
	}
	s := open()
	usable(t, s, nigar.Cert, good)
	usable(t, s, aysel.Cert, good)
	anchors, err := revocation.ParseRoots([]byte(ca.bundle))
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Collect(t.Context(), nigar.Cert, anchors.Intermediates[0], time.Now())
	if err != nil || len(p.OCSP) == 0 {
		t.Fatalf("no proof: %v", err)
	}
	ca.revoke(nigar.Cert)
	s = open()
	usable(t, s, nigar.Cert, revocation.Revoked)
	usable(t, s, aysel.Cert, good)
	for _, x := range asked {
		if x.Err != nil {
			t.Errorf("%s: %v", x.URL, x.Err)
		}
	}
}
