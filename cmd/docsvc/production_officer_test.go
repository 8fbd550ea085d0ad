package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/signing/authority"
	"docsvc/internal/signing/keyfile"
)

// TestOfficerKeys takes an officer's key through its life: certified anew,
// made anew, revoked.
func TestOfficerKeys(t *testing.T) {
	p := newProduction(t)
	issue := func(key string) error { return p.issueQuery(key) }
	account := func() (a document.Account) {
		t.Helper()
		p.open(func(app *app) {
			var err error
			if a, err = app.Service.Account(t.Context(), "nigar"); err != nil {
				t.Fatal(err)
			}
		})
		return a
	}
	first := account()
	if err := issue("first"); err != nil {
		t.Fatal(err)
	}

	p.do(append([]string{"officer", "renew", "--login", "nigar"}, p.set.EnrolIdentity()...)...)
	renewed := account()
	if renewed.KeyID != first.KeyID || bytes.Equal(renewed.Certificate[0], first.Certificate[0]) {
		t.Errorf("renewed: key %s after %s, the same certificate: %v", renewed.KeyID, first.KeyID, bytes.Equal(renewed.Certificate[0], first.Certificate[0]))
	}
	p.do(append([]string{"officer", "renew", "--new-key", "--login", "nigar"}, p.set.EnrolIdentity()...)...)
	rotated := account()
	if rotated.KeyID != "vault:officer-3NGR5S2:2" {
		t.Errorf("the new key is %s", rotated.KeyID)
	}
	if err := issue("second"); err != nil {
		t.Error(err)
	}

	time.Sleep(1100 * time.Millisecond) // a list tells whole seconds: the act above is from one before
	p.do(append([]string{"officer", "revoke", "--login", "nigar"}, p.set.EnrolIdentity()...)...)
	if err := issue("third"); err == nil || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("with a revoked certificate: %v", err)
	}
	p.do("officer", "disable", "--login", "nigar")
	if err := issue("fourth"); err == nil || !strings.Contains(err.Error(), "disabled") {
		t.Errorf("with a disabled account: %v", err)
	}
	for i := range 2 { // what was signed before stays good
		p.do("lookup", p.numbers[i])
	}
}

// issueQuery issues an act of the first sample case by nigar.
func (p *productionOffice) issueQuery(key string) error {
	p.t.Helper()
	list, err := samples()
	if err != nil {
		p.t.Fatal(err)
	}
	form := filepath.Join(p.dir, "case.json")
	if err := os.WriteFile(form, list[0].Case, 0o600); err != nil {
		p.t.Fatal(err)
	}
	if p.kase == "" {
		p.kase = strings.TrimSpace(p.do("case", "register", "--officer", "nigar", "--input", form))
	}
	input := p.file("act.json", issueInput{Case: p.kase, Key: key, Date: list[0].Acts[1].Date, Input: list[0].Acts[1].Input})
	var out bytes.Buffer
	err = docsvc(p.t.Context(), &out, "issue", "--config", p.set.Config(), "--template", "query", "--input", input, "--officer", "nigar")
	if err == nil {
		number, _, _ := strings.Cut(out.String(), " ")
		p.numbers = append(p.numbers, number)
	}
	return err
}

// TestForeignAuthorities: officers certified by an authority that docsvc does
// not run, by a request that is carried there and a certificate that is carried
// back, and time-stamps of an authority elsewhere, whose clock counts.
func TestForeignAuthorities(t *testing.T) {
	p := newProduction(t)
	national := newNational(t, p.dir)
	p.editConfig(func(c map[string]any) {
		c["authority"] = map[string]any{
			"certificates": map[string]any{"roots_file": national.roots, "crls": []string{national.url + "/crl"}, "cache_dir": "national-crl"},
			"timestamps":   map[string]any{"authorities": []any{map[string]any{"url": national.url + "/tsa"}}, "roots_file": national.roots},
		}
	})
	request, certificate := filepath.Join(p.dir, "nigar.csr"), filepath.Join(p.dir, "nigar.pem")
	renew := append([]string{"officer", "renew", "--new-key", "--login", "nigar", "--csr-out", request}, p.set.EnrolIdentity()...)
	said := p.do(renew...)
	if !strings.Contains(said, "--key vault:officer-3NGR5S2:2") {
		t.Errorf("renew says %q", said)
	}
	national.certify(request, certificate)
	imports := func(login, key string) error {
		args := append([]string{"officer", "import", "--login", login, "--key", key, "--certificate", certificate}, p.set.EnrolIdentity()...)
		return docsvc(t.Context(), nil, append(args, "--config", p.set.Config())...)
	}
	if err := imports("nigar", "vault:officer-3NGR5S2:1"); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("a certificate for another version: %v", err)
	}
	if err := imports("vuqar", "vault:officer-2VQR7M4:1"); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("a certificate of another officer: %v", err)
	}
	if err := imports("nigar", "vault:officer-3NGR5S2:2"); err != nil {
		t.Fatal(err)
	}
	if err := p.issueQuery("national"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(p.dir, "act.pdf")
	p.do("archive", "get", p.numbers[0], "--out", file)
	p.do("verify", file)

	national.behind = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := docsvc(ctx, nil, "serve", "--config", p.set.Config(), "--addr", freeAddress(t))
	if err == nil || !strings.Contains(err.Error(), "clock") {
		t.Errorf("serve with a time-stamping authority an hour behind: %v", err)
	}
}

// national stands for an authority that others run.
type national struct {
	t      *testing.T
	own    *authority.Authority
	roots  string // file
	url    string
	behind time.Duration // its clock
}

func newNational(t *testing.T, dir string) *national {
	t.Helper()
	n := &national{t: t, roots: filepath.Join(dir, "national-roots.pem")}
	key := filepath.Join(dir, "national.key")
	if err := keyfile.CreateApplianceKey(key); err != nil {
		t.Fatal(err)
	}
	appliance, err := keyfile.OpenApplianceKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	n.url = server.URL
	c := authority.Config{
		Dir: filepath.Join(dir, "national"), ApplianceKey: appliance, BaseURL: server.URL,
		Now: func() time.Time { return time.Now().Add(-n.behind) },
	}
	if err := authority.Create(c); err != nil {
		t.Fatal(err)
	}
	if n.own, err = authority.Open(c); err != nil {
		t.Fatal(err)
	}
	handler = n.own.Handler()
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: n.own.Root().Raw})
	if err := os.WriteFile(n.roots, root, 0o600); err != nil {
		t.Fatal(err)
	}
	return n
}

// certify answers a request as the authority's clerk would.
func (n *national) certify(request, certificate string) {
	n.t.Helper()
	data, err := os.ReadFile(request)
	if err != nil {
		n.t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err == nil {
		err = csr.CheckSignature()
	}
	if err != nil {
		n.t.Fatal(err)
	}
	person := authority.Person{CommonName: csr.Subject.CommonName, Organization: slices.Concat(csr.Subject.Organization, []string{""})[0]}
	cert, err := n.own.Issue(person, csr.PublicKey, time.Now().AddDate(1, 0, 0))
	if err != nil {
		n.t.Fatal(err)
	}
	if err := os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o600); err != nil {
		n.t.Fatal(err)
	}
}
