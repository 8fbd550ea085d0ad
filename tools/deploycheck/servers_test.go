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

// postgres is the server of the compose file.
type postgres struct {
	t    *testing.T
	dir  string // of prepare.sh
	port int
	as   *syscall.Credential
}

// command runs a program as the server's user.
func (p *postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: p.as}
	cmd.Env = append(os.Environ(), "PGHOST="+p.dir+"/data/postgres", fmt.Sprint("PGPORT=", p.port))
	return cmd
}

// local runs SQL as the superuser, from inside the container as it were.
func (p *postgres) local(sql string) (string, error) {
	out, err := p.command("psql", "-X", "-U", "postgres", "-At", "-c", sql).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), err
}

// dsn is a connection string of prepare.sh, with the port of the test.
func (p *postgres) dsn(name string) string {
	secrets := p.dir + "/secrets/"
	return replace(p.t, string(read(p.t, secrets+"docsvc/"+name)),
		"port=5432", fmt.Sprint("hostaddr=127.0.0.1 port=", p.port), "/run/secrets/", secrets)
}

// remote runs SQL over the network.
func (p *postgres) remote(dsn, change, sql string) (string, error) {
	return run(p.t, "psql", p.dsn(dsn)+" "+change, "-X", "-Atc", sql)
}

// server runs the server over a data directory, with the compose file's arguments.
func (p *postgres) server(data string, more ...string) {
	p.t.Helper()
	args := arguments(p.t, "postgres", "/run/secrets/", p.dir+"/secrets/", "/etc/postgresql/", p.dir+"/", "/wal/", p.dir+"/data/wal/")
	args = append(args[1:], "-D", data, "-p", strconv.Itoa(p.port), "-h", "127.0.0.1", "-k", p.dir+"/data/postgres")
	start(p.t, p.command(program(p.t, "postgres"), append(args, more...)...), func() error {
		_, err := p.local("select 1")
		return err
	})
}

// startPostgres makes a database as the image does, and starts it.
func startPostgres(t *testing.T, dir string) *postgres {
	t.Helper()
	initdb := program(t, "initdb")
	program(t, "psql")
	secrets := dir + "/secrets/"
	as := postgresUser(t, dir+"/data/postgres", dir+"/data/wal", secrets+"postgres.key", secrets+"owner_password", secrets+"service_password")
	p := &postgres{t: t, dir: dir, port: freePort(t), as: as.Credential}
	data := dir + "/data/postgres/pgdata"
	options := strings.Fields(*project(t, ".").Services["postgres"].Environment["POSTGRES_INITDB_ARGS"])
	if out, err := p.command(initdb, append(options, "-D", data, "-U", "postgres", "--no-sync")...).CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	for name, from := range map[string]string{"pg_hba.conf": "compose/pg_hba.conf", "roles.sql": "postgres/roles.sql"} {
		if err := os.WriteFile(dir+"/"+name, read(t, deploy+"/"+from), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p.server(data)
	roles := replace(t, string(read(t, deploy+"/compose/postgres-roles.sh")), "/run/secrets/", secrets, "/etc/postgresql/", dir+"/")
	if out, err := p.command("bash", "-c", roles).CombinedOutput(); err != nil {
		t.Fatalf("postgres-roles.sh: %v\n%s", err, out)
	}
	return p
}

// TestPostgres: who gets in, and who does not.
func TestPostgres(t *testing.T) {
	p := startPostgres(t, prepared(t))
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
		out, err := p.remote(c.dsn, c.change, c.sql)
		fault, refused := strings.CutPrefix(c.want, "!")
		if refused != (err != nil) || !strings.Contains(out, fault) {
			t.Errorf("%s: %v, %s", c.name, err, out)
		}
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

// vaultServer is the Vault of the compose file.
type vaultServer struct {
	t           *testing.T
	dir, binary string
	port        int
	client      *http.Client
	token       string // of the administrator
}

func startVault(t *testing.T, dir string) *vaultServer {
	t.Helper()
	v := &vaultServer{t: t, dir: dir, binary: server(t, "vault"), port: freePort(t), client: client(t, dir)}
	cluster := freePort(t)
	text := replace(t, string(read(t, deploy+"/compose/vault.hcl")), "/run/secrets/", dir+"/secrets/", "/vault/file", dir+"/data/vault",
		"0.0.0.0:8200", fmt.Sprint("127.0.0.1:", v.port), "0.0.0.0:8201", fmt.Sprint("127.0.0.1:", cluster),
		"https://vault:8201", fmt.Sprint("https://127.0.0.1:", cluster))
	conf := dir + "/vault.hcl"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(v.binary, arguments(t, "vault", "/etc/vault/vault.hcl", conf)...)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	start(t, cmd, func() error { return status(v.client, v.url("sys/health"), http.StatusNotImplemented) }) // not initialised
	return v
}

func (v *vaultServer) url(path string) string {
	return fmt.Sprintf("https://vault:%d/v1/%s", v.port, path)
}

// command is Vault's own command line.
func (v *vaultServer) command(args ...string) *exec.Cmd {
	cmd := exec.Command(v.binary, args...)
	cmd.Env = append(os.Environ(), "HOME="+v.dir, fmt.Sprint("VAULT_ADDR=https://127.0.0.1:", v.port),
		"VAULT_CACERT="+v.dir+"/secrets/ca.pem", "VAULT_TOKEN="+v.token)
	return cmd
}

// put calls the API.
func (v *vaultServer) put(path string, in, out any) {
	v.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		v.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPut, v.url(path), bytes.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("X-Vault-Token", v.token)
	resp, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		v.t.Fatalf("%s: status %d", path, resp.StatusCode)
	}
	if out != nil {
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
			v.t.Fatal(err)
		}
	}
}

// initialise makes the key that unseals and an administrator.
func (v *vaultServer) initialise() (key string) {
	v.t.Helper()
	var made struct {
		Keys  []string
		Token string `json:"root_token"`
	}
	v.put("sys/init", map[string]int{"secret_shares": 1, "secret_threshold": 1}, &made)
	v.token = made.Token
	return made.Keys[0]
}

func (v *vaultServer) unseal(key string) {
	v.t.Helper()
	v.put("sys/unseal", map[string]string{"key": key}, nil)
	deadline := time.Now().Add(30 * time.Second)
	for status(v.client, v.url("sys/health"), http.StatusOK) != nil {
		if time.Now().After(deadline) {
			v.t.Fatal("it stays sealed")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestVault: the health check of the compose file tells sealed from unsealed.
func TestVault(t *testing.T) {
	v := startVault(t, prepared(t))
	healthy := func() bool { return v.command("status").Run() == nil }
	if healthy() {
		t.Error("healthy before it is initialised")
	}
	key := v.initialise()
	if healthy() {
		t.Error("healthy while it is sealed")
	}
	v.unseal(key)
	if !healthy() {
		t.Error("unsealed and not healthy")
	}
	v.put("sys/audit/file", map[string]any{"type": "file", "options": map[string]string{"file_path": v.dir + "/data/vault-audit/audit.log"}}, nil)
}
