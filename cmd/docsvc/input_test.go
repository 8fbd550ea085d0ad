package main

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"docsvc/internal/numbering"
)

// FuzzBatch: a batch file gives lines or faults, each with its place; a line
// that is taken has all that Issue needs, and the same file the same keys.
func FuzzBatch(f *testing.F) {
	for _, seed := range []string{
		"", "\n\n", `{"template":"query","case":"EI2611000000001T","input":{}}`,
		`{"template":"query","case":"x","input":{},"key":"k"}` + "\n" + `{"case":"x","input":{}}`,
		`{"case":"x","input":null}`, `{"cese":1}`, "[]", "\xff", `{"template":"q","case":"x","input":{}} trailing`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := parseBatch(data)
		if err != nil {
			if !strings.Contains(err.Error(), "line ") {
				t.Errorf("a fault without its line: %v", err)
			}
			return
		}
		again, err := parseBatch(data)
		if err != nil || len(again) != len(lines) {
			t.Fatalf("%d lines, then %d, %v", len(lines), len(again), err)
		}
		for i, l := range lines {
			if l.number < 1 || l.draft.Case == "" || l.draft.Template == "" || l.draft.Input == nil || l.draft.RequestKey == "" {
				t.Errorf("line %+v", l)
			}
			if again[i].draft.RequestKey != l.draft.RequestKey {
				t.Errorf("line %d has the keys %q and %q", l.number, l.draft.RequestKey, again[i].draft.RequestKey)
			}
		}
	})
}

// FuzzConfig: a configuration is valid or refused with reasons.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"address":"127.0.0.1:8080"}`, `{"adress":1}`, `{"numbers":""}`, `{"numbers":null}`, "[]",
		`{"register":{"sqlite":"a","postgres":{"dsn_file":"b"}},"keys":{"vault":{"address":"https://v"}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseConfig(data)
		if err != nil {
			return
		}
		if c.Workers < 1 || c.LeaseSeconds < 1 || c.RetentionYears[""] < 1 ||
			(c.Register.SQLite == "") == (c.Register.Postgres == nil) || (c.Archive.Directory == "") == (c.Archive.S3 == nil) ||
			(c.Keys.Directory == "") == (c.Keys.Vault == nil) {
			t.Errorf("accepted: %+v", c)
		}
	})
}

// TestConfig: all that is wrong is listed at once.
func TestConfig(t *testing.T) {
	if _, err := parseConfig([]byte(`{"login":{"local":true,"oidc":{"issuer":"https://login.example"}}}`)); err == nil ||
		!strings.Contains(err.Error(), "login.oidc or login.local: two are configured") {
		t.Errorf("two ways to log in: %v", err)
	}
	_, err := parseConfig([]byte(`{"address":"x","origin":"ftp://x","level":"B-X","lease_seconds":0,"workers":0,
		"levels":{"query":"b-t","":"B-T"},"certify":{"":true},"renew_before_days":9999,"status_age_hours":-1,
		"production":true,"authority":{"evaluation":"a"},"offices":[{"code":"1","name":"a"},{"code":"1","name":"b"}]}`))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"address", "origin", "register.sqlite or register.postgres is missing", "archive.directory or archive.s3 is missing", "keys.directory or keys.vault is missing",
		"keys.appliance_key is missing", "production refuses authority.evaluation", `level "B-X": want one of [B-B B-T B-LT B-LTA]`, "retention_years",
		`levels: "query": "b-t"`, `levels: "": "B-T"`, "certify: want", "renew_before_days: 9999", "status_age_hours: -1",
		`office "1"`, "lease_seconds: 0", "workers: 0",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the list lacks %s:\n%v", want, err)
		}
	}
	for name, text := range map[string]string{
		"unknown key": `{"adress":"127.0.0.1:8080"}`, "another type": `{"workers":"many"}`, "no object": `[]`, "nothing": ``, "a second object": `{"workers":1} {"workers":2}`,
	} {
		if _, err := parseConfig([]byte(text)); err == nil || name == "a second object" && !strings.Contains(err.Error(), "more than one") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// productionConfig is a configuration of the production set that is right.
const productionConfig = `{
	"production": true, "address": "127.0.0.1:8080", "origin": "https://icra.example.az", "level": "B-T",
	"register": {"postgres": {"dsn_file": "service.dsn"}},
	"archive": {"s3": {"endpoint": "minio:9000", "bucket": "acts", "access_key_file": "a", "secret_key_file": "s"}},
	"keys": {"vault": {"address": "https://vault:8200", "role_id_file": "r", "secret_id_file": "s"}},
	"authority": {
		"certificates": {"roots_file": "roots.pem"},
		"timestamps": {"authorities": [{"url": "http://tsa.example.az"}], "roots_file": "tsa.pem"}
	},
	"login": {"oidc": {"issuer": "https://login.example.az", "client_id": "docsvc", "strong_values": ["high"]}},
	"retention_years": {"": 100}, "lease_seconds": 45, "workers": 4
}`

// TestProductionConfig: each part that is missing, doubled or unsafe is named.
func TestProductionConfig(t *testing.T) {
	var base map[string]any
	if err := json.Unmarshal([]byte(productionConfig), &base); err != nil {
		t.Fatal(err)
	}
	base["numbers"] = numbering.DefaultCase
	parse := func(set map[string]any) error {
		c := maps.Clone(base)
		maps.Copy(c, set)
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		_, err = parseConfig(data)
		return err
	}
	if err := parse(nil); err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	for _, c := range []struct {
		set  object
		want string
	}{
		{object{"register": object{"sqlite": "a", "postgres": object{"dsn_file": "b"}}}, "register.sqlite or register.postgres: two are configured"},
		{object{"register": object{"postgres": object{}}}, "register.postgres.dsn_file is missing"},
		{object{"register": object{"postgres": object{"dsn_file": "b", "allow_owner": true}}}, "allow_owner"},
		{object{"archive": object{"directory": "a", "s3": object{}}}, "archive.directory or archive.s3: two are configured"},
		{object{"archive": object{"s3": object{"endpoint": "minio:9000"}}}, "archive.s3.bucket is missing"},
		{object{"archive": object{"s3": object{"plain": true}}}, "use TLS"},
		{object{"keys": object{"directory": "k", "vault": object{}}}, "keys.directory or keys.vault: two are configured"},
		{object{"keys": object{"vault": object{"address": "http://vault", "token_file": "t"}}}, "production wants https"},
		{object{"keys": object{"vault": object{"address": "https://u:p@vault", "token_file": "t"}}}, "keys.vault.address"},
		{object{"keys": object{"vault": object{"address": "https://vault"}}}, "keys.vault.role_id_file is missing"},
		{object{"login": object{}}, "keys.vault needs login.oidc"},
		{object{"login": object{"oidc": object{"issuer": "https://l", "client_id": "d"}}}, "strong_values"},
		{object{"login": object{"oidc": object{"issuer": "http://l", "client_id": "d", "strong_values": []string{"h"}}}}, "production wants https"},
		{object{"authority": object{"certificates": object{"roots_file": "r"}}}, "authority.certificates and authority.timestamps"},
		{object{"authority": object{"evaluation": "e"}}, "production refuses authority.evaluation"},
		{object{"tls": object{"cert_file": "c"}}, "tls.key_file is missing"},
	} {
		if err := parse(c.set); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: want %q in\n%v", c.set, c.want, err)
		}
	}
}
