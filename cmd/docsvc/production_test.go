package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/testservers"
	"docsvc/internal/testservers/production"
)

// productionOffice is docsvc over real servers, behind proxies that fail when
// they are told to.
type productionOffice struct {
	t       *testing.T
	dir     string
	set     *production.Set
	proxies map[string]*testservers.FaultProxy
	// original is the configuration before the first change.
	original []byte

	kase    string   // of the acts that issueQuery issues
	numbers []string // theirs
}

// newProduction starts the servers, initialises them and enrols the demo
// officers. A server that cannot be had skips the test, or fails it where
// DOCSVC_MUST_RUN names the server.
func newProduction(t *testing.T) *productionOffice {
	t.Helper()
	needProduction(t)
	// Not t.TempDir: PostgreSQL runs as another user, and socket paths are short.
	dir, err := os.MkdirTemp("", "docsvc-prod")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p := &productionOffice{t: t, dir: dir, proxies: map[string]*testservers.FaultProxy{}}
	ctx := context.WithoutCancel(t.Context())
	p.set, err = production.Start(ctx, production.Options{Dir: dir, Address: freeAddress(t), Plain: true, Through: p.through})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.set.Stop)
	t.Setenv("DOCSVC_BROWSER", "docsvc-log-in "+p.set.Secret("officers.json")+" {officer}")
	p.must(p.set.InitArguments()...)
	officers, err := production.Officers()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range officers {
		p.must(p.set.EnrolArguments(o)...)
	}
	return p
}

// needProduction skips the test where a server or its program is missing.
func needProduction(t *testing.T) {
	t.Helper()
	testservers.Need(t, "postgres", "minio", "vault", "oidc")
}

// through puts a proxy before each server: over PostgreSQL's protocol it sees
// bytes, over HTTP requests.
func (p *productionOffice) through(server, address string) string {
	if proxy, ok := p.proxies[server]; ok {
		return proxy.Addr
	}
	newProxy := testservers.HTTPProxy
	if server == "postgres" {
		newProxy = testservers.Proxy
	}
	p.proxies[server] = newProxy(p.t, address)
	return p.proxies[server].Addr
}

// heal makes every proxy pass all.
func (p *productionOffice) heal() {
	for _, proxy := range p.proxies {
		proxy.Set(testservers.Fault{})
	}
}

// must runs a subcommand, which has to succeed, and returns what it prints.
func (p *productionOffice) must(args ...string) string {
	p.t.Helper()
	var out bytes.Buffer
	if err := docsvc(p.t.Context(), &out, args...); err != nil {
		p.t.Fatal(err)
	}
	return out.String()
}

// file writes what a command is to read, as JSON.
func (p *productionOffice) file(name string, content any) string {
	p.t.Helper()
	data, err := json.Marshal(content)
	if err != nil {
		p.t.Fatal(err)
	}
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// do is must with the configuration.
func (p *productionOffice) do(args ...string) string {
	p.t.Helper()
	return p.must(append(args, "--config", p.set.Config())...)
}

// acts runs a subcommand that prints acts.
func (p *productionOffice) acts(args ...string) []actJSON {
	p.t.Helper()
	var printed actsJSON
	if err := json.Unmarshal([]byte(p.do(append(args, "--json")...)), &printed); err != nil {
		p.t.Fatal(err)
	}
	return printed.Acts
}

// open opens the application over the servers for fn.
func (p *productionOffice) open(fn func(*app)) {
	p.t.Helper()
	c, err := loadConfig(&flags{config: p.set.Config()})
	if err != nil {
		p.t.Fatal(err)
	}
	a, err := openApp(p.t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		p.t.Fatal(err)
	}
	fn(a)
	if err := a.close(); err != nil {
		p.t.Error(err)
	}
}

// TestProduction takes the sample acts through the real servers, a second time
// without effect, and what the archive has into an empty register.
func TestProduction(t *testing.T) {
	p := newProduction(t)
	acts := p.acts("demo")
	if len(acts) != 10 {
		t.Fatalf("%d acts", len(acts))
	}
	again := p.acts("demo")
	for i, act := range acts {
		if act.State != "archived" || again[i].Number != act.Number || again[i].SHA256 != act.SHA256 {
			t.Errorf("act %+v, and then %+v", act, again[i])
		}
	}
	file := filepath.Join(p.dir, "act.pdf")
	p.do("archive", "get", acts[0].Number, "--out", file)
	p.do("verify", file)
	p.do("migrate") // changes nothing
	p.do("annul", acts[1].Number, "--reason", "sınaq", "--officer", "vuqar")
	time.Sleep(time.Second) // tokens tell whole seconds, and a later one is to be later
	p.do("keys", "rotate", "tsa")
	p.do("archive", "renew", acts[0].Number)

	if _, err := p.set.Postgres.SQL(t.Context(), p.set.Postgres.DSNOf("docsvc"), "DROP SCHEMA docsvc CASCADE; CREATE SCHEMA docsvc AUTHORIZATION docsvc_owner; GRANT USAGE ON SCHEMA docsvc TO docsvc_service"); err != nil {
		t.Fatal(err)
	}
	p.do("migrate")
	p.do("rebuild")
	for i, act := range acts {
		out := p.do("lookup", act.Number)
		if want := fmt.Sprintf("%s %s", act.Number, map[bool]string{true: "annulled", false: "valid"}[i == 1]); !bytes.Contains([]byte(out), []byte(want)) {
			t.Errorf("after the rebuild: want %q in %s", want, out)
		}
	}
	renewed := filepath.Join(p.dir, "renewed.pdf")
	p.do("archive", "get", acts[0].Number, "--out", renewed)
	if first, second := size(t, file), size(t, renewed); second <= first || !strings.Contains(p.do("verify", renewed, "--json"), `"TOTAL-PASSED"`) {
		t.Errorf("the renewal is lost: %d bytes, then %d", first, second)
	}
	p.open(func(a *app) {
		if err := a.checkClocks(t.Context()); err != nil {
			t.Error(err)
		}
		if took, max := len(a.clocks), 2; took < max {
			t.Errorf("%d clocks are compared, want at least %d", took, max)
		}
	})
}

func size(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestReconcile: a key used at Vault with a token that was stolen is found in
// Vault's log, and nothing else is.
func TestReconcile(t *testing.T) {
	p := newProduction(t)
	p.acts("demo")
	log := p.set.Vault.AuditLog
	p.do("keys", "reconcile", "--vault-audit", log)

	p.open(func(a *app) {
		var stolen string
		officer := p.sitDown(a)
		identity, err := officer.s.login(t.Context(), auth.Start{Purpose: auth.PurposeLogin, Fresh: true})
		if err != nil {
			t.Fatal(err)
		}
		stolen = identity.RawIDToken.Reveal()
		key, err := a.Vault.Unlock(t.Context(), stolen, officer.s.account.KeyID)
		if err != nil {
			t.Fatal(err)
		}
		digest := sha256.Sum256([]byte("an act that docsvc never saw"))
		if _, _, err := key.Sign(t.Context(), [][]byte{digest[:]}, crypto.SHA256); err != nil {
			t.Fatal(err)
		}
	})
	var out bytes.Buffer
	err := docsvc(t.Context(), &out, "keys", "reconcile", "--config", p.set.Config(), "--vault-audit", log)
	if err == nil || !strings.Contains(out.String(), "officer-3NGR5S2") || strings.Count(out.String(), "NOT KNOWN HERE") != 1 {
		t.Errorf("found: %v\n%s", err, out.String())
	}
}

// editConfig changes the configuration; restore takes all changes back.
func (p *productionOffice) editConfig(change func(map[string]any)) {
	p.t.Helper()
	data, err := os.ReadFile(p.set.Config())
	if err != nil {
		p.t.Fatal(err)
	}
	if p.original == nil {
		p.original = data
	}
	var c map[string]any
	if err := json.Unmarshal(data, &c); err != nil {
		p.t.Fatal(err)
	}
	change(c)
	if data, err = json.Marshal(c); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.set.Config(), data, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *productionOffice) restore() {
	p.t.Helper()
	if p.original == nil {
		return
	}
	if err := os.WriteFile(p.set.Config(), p.original, 0o600); err != nil {
		p.t.Fatal(err)
	}
}
