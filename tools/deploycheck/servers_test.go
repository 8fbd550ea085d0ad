package deploycheck

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests of this file start PostgreSQL, MinIO and Vault as the compose file
// does: its arguments, its configuration and what prepare.sh made, with the
// paths and ports of the test put in.

// arguments returns the command of a service.
func arguments(t *testing.T, service string, pairs ...string) []string {
	t.Helper()
	command := slices.Clone(project(t, ".").Services[service].Command)
	for i := range command {
		command[i] = strings.NewReplacer(pairs...).Replace(command[i])
	}
	return command
}

// postgresUser gives what the server needs to the user of the Debian package.
func postgresUser(t *testing.T, paths ...string) *syscall.SysProcAttr {
	t.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		if err := os.Chown(p, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

func TestPostgres(t *testing.T) {
	initdb, postgres, psql := program(t, "initdb"), program(t, "postgres"), program(t, "psql")
	dir := prepared(t)
	secrets := dir + "/secrets/"
	as := postgresUser(t, dir+"/data/postgres", dir+"/data/wal", secrets+"postgres.key", secrets+"owner_password", secrets+"service_password")
	shell := func(name string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: as.Credential}
		return cmd
	}
	data := dir + "/data/postgres/pgdata"
	options := strings.Fields(*project(t, ".").Services["postgres"].Environment["POSTGRES_INITDB_ARGS"])
	if out, err := shell(initdb, append(options, "-D", data, "-U", "postgres", "--no-sync")...).CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	port := freePort(t)
	args := arguments(t, "postgres", "/run/secrets/", secrets, "/etc/postgresql/", dir+"/", "/wal/", dir+"/data/wal/")
	if err := os.WriteFile(dir+"/pg_hba.conf", read(t, deploy+"/compose/pg_hba.conf"), 0o644); err != nil {
		t.Fatal(err)
	}
	local := func(sql string) error {
		out, err := shell(psql, "-h", dir+"/data/postgres", "-p", strconv.Itoa(port), "-U", "postgres", "-Atc", sql).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	server := shell(postgres, append(args[1:], "-D", data, "-p", strconv.Itoa(port), "-h", "127.0.0.1", "-k", dir+"/data/postgres")...)
	start(t, server, func() error { return local("select 1") })
	roles := shell("bash", "-c", replace(t, string(read(t, deploy+"/compose/postgres-roles.sh")), "/run/secrets/", secrets))
	roles.Env = append(os.Environ(), "PGHOST="+dir+"/data/postgres", fmt.Sprint("PGPORT=", port))
	if out, err := roles.CombinedOutput(); err != nil {
		t.Fatalf("postgres-roles.sh: %v\n%s", err, out)
	}

	remote := func(dsn, change, sql string) (string, error) {
		text := replace(t, string(read(t, secrets+dsn)), "port=5432", fmt.Sprint("hostaddr=127.0.0.1 port=", port), "/run/secrets/", secrets)
		return run(t, psql, text+" "+change, "-Atc", sql)
	}
	for _, c := range []struct {
		name, dsn, change, sql string
		want                   string // output, or part of the error after "!"
	}{
		{"the service connects with TLS", "dsn", "", "select ssl from pg_stat_ssl where pid = pg_backend_pid()", "t"},
		{"the owner makes tables", "owner_dsn", "", "create table t (a int)", "CREATE TABLE"},
		{"the service makes none", "dsn", "", "create table u (a int)", "!permission denied"},
		{"the service reads what it was not granted", "dsn", "", "select * from t", "!permission denied"},
		{"without TLS", "dsn", "sslmode=disable", "select 1", "!no encryption"},
		{"with a wrong password", "dsn", "password=x", "select 1", "!password authentication failed"},
		{"another name", "dsn", "host=vault", "select 1", "!does not match host name"},
		{"the superuser from the network", "dsn", "user=postgres", "select 1", "!no pg_hba.conf entry"},
		{"another database", "dsn", "dbname=postgres", "select 1", "!no pg_hba.conf entry"},
	} {
		out, err := remote(c.dsn, c.change, c.sql)
		fault, refused := strings.CutPrefix(c.want, "!")
		if refused != (err != nil) || !strings.Contains(out, fault) {
			t.Errorf("%s: %v, %s", c.name, err, out)
		}
	}
	if err := local("select pg_switch_wal()"); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		if files, _ := filepath.Glob(dir + "/data/wal/0*[0-9A-F]"); len(files) > 0 { // the pattern is well-formed
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no write-ahead log is copied away")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestMinIO(t *testing.T) {
	minio := server(t, "minio")
	dir := prepared(t)
	for name, target := range map[string]string{"minio.crt": "public.crt", "minio.key": "private.key", "ca.pem": "CAs/ca.crt"} {
		if err := os.MkdirAll(filepath.Dir(dir+"/certs/"+target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/certs/"+target, read(t, dir+"/secrets/"+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port := freePort(t)
	args := arguments(t, "minio", "/certs", dir+"/certs", "/data", dir+"/data/minio")
	args[slices.Index(args, ":9000")] = fmt.Sprint("127.0.0.1:", port)
	cmd := exec.Command(minio, args...)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	for key, value := range project(t, ".").Services["minio"].Environment {
		cmd.Env = append(cmd.Env, key+"="+strings.Replace(*value, "/run/secrets/", dir+"/secrets/", 1))
	}
	c := client(t, dir)
	start(t, cmd, func() error {
		return status(c, fmt.Sprintf("https://minio:%d/minio/health/ready", port), http.StatusOK)
	})
	if err := status(c, fmt.Sprintf("https://minio:%d/", port), http.StatusForbidden); err != nil {
		t.Errorf("without credentials: %v", err)
	}
	if err := status(c, fmt.Sprintf("https://vault:%d/minio/health/ready", port), http.StatusOK); err == nil {
		t.Error("the certificate is good for another server")
	}
	// The credentials of the files are those of the administrator, not the default.
	for _, secret := range []string{"minio_root_user", "minio_root_password"} {
		if len(read(t, dir+"/secrets/"+secret)) < 20 {
			t.Errorf("%s is short", secret)
		}
	}
}

func TestVault(t *testing.T) {
	vault := server(t, "vault")
	dir := prepared(t)
	port, cluster := freePort(t), freePort(t)
	text := replace(t, string(read(t, deploy+"/compose/vault.hcl")), "/run/secrets/", dir+"/secrets/", "/vault/file", dir+"/data/vault",
		"0.0.0.0:8200", fmt.Sprint("127.0.0.1:", port), "0.0.0.0:8201", fmt.Sprint("127.0.0.1:", cluster),
		"https://vault:8201", fmt.Sprint("https://127.0.0.1:", cluster))
	conf := dir + "/vault.hcl"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := client(t, dir)
	base := fmt.Sprintf("https://vault:%d/v1/", port)
	cmd := exec.Command(vault, arguments(t, "vault", "/etc/vault/vault.hcl", conf)...)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	start(t, cmd, func() error { return status(c, base+"sys/health", http.StatusNotImplemented) }) // not initialised

	health := func() error { // the health check of the compose file
		check := exec.Command(vault, "status")
		check.Env = append(os.Environ(), "HOME="+dir, fmt.Sprint("VAULT_ADDR=https://127.0.0.1:", port), "VAULT_CACERT="+dir+"/secrets/ca.pem")
		return check.Run()
	}
	if health() == nil {
		t.Error("healthy before it is initialised")
	}
	post := func(path, token string, in, out any) {
		t.Helper()
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(http.MethodPut, base+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Vault-Token", token)
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			t.Fatalf("%s: status %d", path, resp.StatusCode)
		}
		if out != nil {
			if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
				t.Fatal(err)
			}
		}
	}
	var made struct {
		Keys  []string
		Token string `json:"root_token"`
	}
	post("sys/init", "", map[string]int{"secret_shares": 1, "secret_threshold": 1}, &made)
	if health() == nil {
		t.Error("healthy while it is sealed")
	}
	post("sys/unseal", "", map[string]string{"key": made.Keys[0]}, nil)
	deadline := time.Now().Add(30 * time.Second)
	for status(c, base+"sys/health", http.StatusOK) != nil {
		if time.Now().After(deadline) {
			t.Fatal("it stays sealed")
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := health(); err != nil {
		t.Errorf("unsealed and not healthy: %v", err)
	}
	post("sys/audit/file", made.Token, map[string]any{"type": "file", "options": map[string]string{"file_path": dir + "/data/vault-audit/audit.log"}}, nil)
}
