package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/testservers"
)

// TestKeyAttacks: no login but the officer's own, fresh, for exactly this
// batch, brings a key to sign through docsvc. What Vault itself refuses is in
// the tests of internal/signing/vault.
func TestKeyAttacks(t *testing.T) {
	p := newProduction(t)
	p.open(func(a *app) {
		nigar := p.sitDown(a)
		act, err := nigar.prepare(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		authorise := func() document.Authorisation {
			t.Helper()
			batch, _, err := a.Service.Authorise(ctx, nigar.s.actor, []document.Act{act})
			if err != nil {
				t.Fatal(err)
			}
			return batch
		}
		login := func(officer string, start auth.Start) auth.Identity {
			t.Helper()
			i, err := a.loginWith(nigar.e.stderr, browserOf(), officer)(ctx, start)
			if err != nil {
				t.Fatal(err)
			}
			return i
		}
		forBatch := func(b document.Authorisation) auth.Start {
			return auth.Start{Purpose: auth.PurposeAuthorise, Fresh: true, Authorisation: b.ID, Login: b.Login, Nonce: b.Nonce}
		}
		before := nigar.signCalls()
		refused := func(name, id string, proof document.Proof, i auth.Identity) {
			t.Helper()
			results, err := a.Service.SignAuthorised(ctx, nigar.s.actor, id, proof, a.unlockAtVault(i))
			for _, r := range results {
				if r.Err == nil {
					t.Errorf("%s: %s is signed", name, r.Act.Number)
				}
			}
			if err == nil && len(results) == 0 {
				t.Errorf("%s: nothing was refused", name)
			}
			if n := nigar.signCalls(); n != before {
				t.Errorf("%s: a key was used %d times", name, n-before)
			}
			t.Logf("%s: %v %v", name, err, results)
		}

		one, other := authorise(), authorise()
		vuqars := login("vuqar", forBatch(one))
		refused("another officer's login", one.ID, proof(vuqars), vuqars)
		claimed := proof(vuqars)
		claimed.Subject = nigar.s.account.Subject // as if our own check had failed: Vault has its own
		refused("another officer's token under nigar's name", one.ID, claimed, vuqars)

		plain := login("nigar", auth.Start{Purpose: auth.PurposeLogin, Fresh: true})
		refused("a login that is for no batch", other.ID, proof(plain), plain)
		strange := login("nigar", auth.Start{
			Purpose: auth.PurposeAuthorise, Fresh: true, Authorisation: other.ID, Login: "nigar",
			Nonce: document.BatchNonce([][]byte{[]byte("another batch")}),
		})
		refused("a login for another batch", other.ID, proof(strange), strange)
		right := login("nigar", forBatch(other))
		refused("a login for a batch that does not exist", uuid.NewString(), proof(right), right)
		forged := right
		forged.RawIDToken = auth.NewSecret(tampered(right.RawIDToken.Reveal()))
		refused("a token whose claims were changed", other.ID, proof(forged), forged)

		third := authorise()
		late := login("nigar", forBatch(third))
		now := a.Service.Now
		a.Service.Now = func() time.Time { return now().Add(10 * time.Minute) }
		refused("a login that comes too late", third.ID, proof(late), late)
		a.Service.Now = now

		// And the right one signs, once.
		last := authorise()
		mine := login("nigar", forBatch(last))
		results, err := a.Service.SignAuthorised(ctx, nigar.s.actor, last.ID, proof(mine), a.unlockAtVault(mine))
		if err != nil || len(results) != 1 || results[0].Err != nil {
			t.Fatalf("the officer's own login: %v %v", results, err)
		}
		before++
		refused("the same login again", last.ID, proof(mine), mine)
	})
}

// tampered changes the claims of a token.
func tampered(jwt string) string {
	parts := strings.Split(jwt, ".")
	claims := []byte(parts[1])
	claims[len(claims)/2] ^= 1
	return parts[0] + "." + string(claims) + "." + parts[2]
}

func browserOf() string { return os.Getenv("DOCSVC_BROWSER") }

// TestServeRefuses: serve does not start on parts that do not keep what they
// must, and says how to mend them.
func TestServeRefuses(t *testing.T) {
	p := newProduction(t)
	sql := func(statements ...string) {
		t.Helper()
		if _, err := p.set.Postgres.SQL(t.Context(), p.set.Postgres.DSNOf("docsvc"), statements...); err != nil {
			t.Fatal(err)
		}
	}
	vault := func(method, path string, body any) {
		t.Helper()
		if err := p.set.Vault.Call(t.Context(), p.set.Vault.RootToken, method, path, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	clock := fmt.Sprintf(`{"initialized":true,"sealed":false,"standby":false,"server_time_utc":%d,"version":"1"}`, time.Now().Add(-time.Hour).Unix())
	for _, c := range []struct {
		name         string
		spoil, mend  func()
		part, advice string
	}{
		{"a bucket without Object Lock", func() {
			if err := os.Mkdir(filepath.Join(p.dir, "minio", "data", "unlocked"), 0o700); err != nil { // MinIO takes it for a bucket
				t.Fatal(err)
			}
			p.reconfigure("archive", "s3", "bucket", "unlocked")
		}, nil, "archive:", "Object Lock"},
		{"no such bucket", func() { p.reconfigure("archive", "s3", "bucket", "nothere") }, nil, "archive:", "docsvc init"},
		{"a database behind its migrations", func() {
			sql("CREATE TABLE versions AS SELECT * FROM docsvc.goose_db_version",
				"DELETE FROM docsvc.goose_db_version WHERE version_id = (SELECT max(version_id) FROM docsvc.goose_db_version)")
		}, func() {
			sql("DELETE FROM docsvc.goose_db_version", "INSERT INTO docsvc.goose_db_version OVERRIDING SYSTEM VALUE SELECT * FROM versions")
		}, "register:", "docsvc migrate"},
		{"a role that may do more than it should", func() { p.reconfigure("register", "postgres", "dsn_file", "secrets/owner.dsn") },
			nil, "register:", "roles.sql"},
		{"a key that can leave Vault", func() { vault(http.MethodPost, "transit/keys/docsvc-seal/config", map[string]any{"exportable": true}) },
			func() { // which cannot be undone: another key
				vault(http.MethodPost, "transit/keys/docsvc-seal/config", map[string]any{"deletion_allowed": true})
				vault(http.MethodDelete, "transit/keys/docsvc-seal", nil)
				p.must(p.set.InitArguments()...)
			}, "keys:", "can be exported"},
		{"an officer's key that can leave Vault", func() {
			vault(http.MethodPost, "transit/keys/officer-2VQR7M4/config", map[string]any{"exportable": true})
		},
			func() {
				vault(http.MethodPost, "transit/keys/officer-2VQR7M4/config", map[string]any{"deletion_allowed": true})
				vault(http.MethodDelete, "transit/keys/officer-2VQR7M4", nil)
			}, "keys:", "officer-2VQR7M4"},
		{"a clock that is wrong", func() {
			p.proxies["vault"].Set(testservers.Fault{Mode: testservers.Answer, On: "/v1/sys/health", Status: 200, Body: clock})
		}, nil, "keys", "NTP"},
		{"a server that is down", func() { p.proxies["minio"].Set(testservers.Fault{Mode: testservers.Refuse}) }, nil, "archive:", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spoil()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := docsvc(ctx, nil, "serve", "--config", p.set.Config(), "--addr", freeAddress(t))
			p.heal()
			p.restore()
			if c.mend != nil {
				c.mend()
			}
			if err == nil || !strings.Contains(err.Error(), c.part) || !strings.Contains(err.Error(), c.advice) {
				t.Fatalf("want %q and %q in %v", c.part, c.advice, err)
			}
			t.Log(err)
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if err := docsvc(ctx, nil, "serve", "--config", p.set.Config(), "--addr", freeAddress(t)); err != nil {
		t.Errorf("with all mended: %v", err)
	}
}

// reconfigure sets one setting of the configuration, until restore.
func (p *productionOffice) reconfigure(section, part, key string, value any) {
	p.t.Helper()
	p.editConfig(func(c map[string]any) {
		parts, _ := c[section].(map[string]any)
		settings, ok := parts[part].(map[string]any)
		if !ok {
			p.t.Fatalf("the configuration has no %s.%s", section, part)
		}
		settings[key] = value
	})
}
