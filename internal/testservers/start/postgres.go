package start

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// superuser owns the databases of the server.
const superuser = "docsvc"

// longestSocketDir leaves room for /.s.PGSQL.NNNNN in the 107 bytes of a
// socket's path (unix(7)).
const longestSocketDir = 90

// PostgresOptions says where a PostgreSQL server lives.
type PostgresOptions struct {
	Dir     string // made if missing; data that are there are used again
	Port    int    // 0: a free one
	Durable bool   // commits reach the disk, as in production
}

// Postgres is a running PostgreSQL server. Through its socket anybody who may
// enter the directory is trusted, through TCP a password is asked.
type Postgres struct {
	*Process
	Addr    string // 127.0.0.1:PORT
	Version string

	bin, dir, password string
}

// FindPostgres finds the folder of initdb, postgres and psql; Debian keeps it
// off PATH.
func FindPostgres() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is right
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	for _, path := range found {
		if path, err := filepath.EvalSymlinks(path); err == nil && isProgram(filepath.Join(filepath.Dir(path), "postgres")) {
			return filepath.Dir(path), nil
		}
	}
	return "", errors.New("initdb was not found on PATH or under /usr/lib/postgresql (tools/install.sh brings it)")
}

// NewPostgres starts a server.
func NewPostgres(ctx context.Context, o PostgresOptions) (*Postgres, error) {
	bin, err := FindPostgres()
	if err != nil {
		return nil, err
	}
	version, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("asking PostgreSQL its version: %w", err)
	}
	p := &Postgres{bin: bin, dir: o.Dir}
	// postgres (PostgreSQL) 15.13 (Debian …)
	if words := strings.Fields(string(version)); len(words) >= 3 {
		p.Version = words[2]
	}
	owner, err := serverOwner()
	if err != nil {
		return nil, err
	}
	if err := p.initialise(ctx, owner, o.Durable); err != nil {
		return nil, err
	}
	return onPort(o.Port, func(port int) (*Postgres, error) {
		p.Addr = loopback(port)
		p.Process, err = run(ctx, p.spec(owner, port, o.Durable))
		return p, err
	})
}

func (p *Postgres) spec(owner *syscall.Credential, port int, durable bool) spec {
	args := []string{
		"-D", p.data(), "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=" + p.socketDir(), "-c", "max_connections=200",
	}
	if !durable {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	return spec{
		name: "postgres", path: filepath.Join(p.bin, "postgres"), args: args, dir: p.dir, port: port, owner: owner,
		stop: syscall.SIGINT, death: syscall.SIGQUIT, // fast, immediate shutdown
		ready: func(ctx context.Context) error {
			_, err := p.SQL(ctx, p.DSN(), "SELECT 1")
			return err
		},
	}
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

// socketDir is empty, and TCP is used, where a socket's path would be too long.
func (p *Postgres) socketDir() string {
	if len(p.dir) > longestSocketDir {
		return ""
	}
	return p.dir
}

// initialise makes the cluster, unless it is there.
func (p *Postgres) initialise(ctx context.Context, owner *syscall.Credential, durable bool) error {
	passwordFile := filepath.Join(p.dir, "password")
	if _, err := os.Stat(filepath.Join(p.data(), "PG_VERSION")); err == nil {
		password, err := os.ReadFile(passwordFile)
		p.password = string(password)
		return err
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	p.password = rand.Text()
	if err := os.WriteFile(passwordFile, []byte(p.password), 0o600); err != nil {
		return err
	}
	if owner != nil {
		err := errors.Join(os.Chown(p.dir, int(owner.Uid), int(owner.Gid)), os.Chown(passwordFile, int(owner.Uid), int(owner.Gid)))
		if err != nil {
			return err
		}
	}
	args := []string{
		"-D", p.data(), "-U", superuser, "-E", "UTF8", "--locale=C.UTF-8",
		"--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile=" + passwordFile,
	}
	if !durable {
		args = append(args, "--no-sync")
	}
	initdb := exec.CommandContext(ctx, filepath.Join(p.bin, "initdb"), args...)
	initdb.Dir, initdb.SysProcAttr = p.dir, &syscall.SysProcAttr{Credential: owner}
	out, err := initdb.CombinedOutput()
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("initdb: the user of PostgreSQL cannot enter %s: every folder above it must let others pass: %w", p.dir, err)
	}
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// serverOwner returns whom the server must run as: it refuses to run as root.
func serverOwner() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(uidErr, gidErr)
	}
	return nil, errors.New("no user to run PostgreSQL as")
}

// DSN is the connection string of the superuser for the database "postgres".
func (p *Postgres) DSN() string { return p.DSNOf("postgres") }

// DSNOf is the connection string of the superuser for a database.
func (p *Postgres) DSNOf(database string) string {
	_, port, _ := strings.Cut(p.Addr, ":")
	dsn := "host=" + p.dir + " port=" + port + " user=" + superuser + " dbname=" + database + " sslmode=disable"
	if p.socketDir() == "" {
		return p.Via(dsn, p.Addr)
	}
	return dsn
}

// Via is dsn through TCP at addr, the server's own or that of a proxy. The
// password is the superuser's.
func (p *Postgres) Via(dsn, addr string) string {
	host, port, _ := strings.Cut(addr, ":")
	return dsn + " host=" + host + " port=" + port + " password=" + p.password // the last word of a kind counts
}

// SQL runs statements through psql and returns what they answer, fields
// separated by | and rows by line ends. The connection string has words without
// spaces.
func (p *Postgres) SQL(ctx context.Context, dsn string, statements ...string) (string, error) {
	psql := exec.CommandContext(ctx, filepath.Join(p.bin, "psql"), "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-f", "-")
	psql.Env = append(psqlEnv(dsn), "PATH="+os.Getenv("PATH"), "PGCONNECT_TIMEOUT=5")
	psql.Stdin = strings.NewReader(strings.Join(statements, ";\n") + ";\n")
	var complaint strings.Builder
	psql.Stderr = &complaint
	out, err := psql.Output()
	if err != nil {
		return "", fmt.Errorf("psql: %w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// psqlEnv hands a connection string to psql: what stands among its arguments,
// everybody on the machine can read.
func psqlEnv(dsn string) []string {
	var env, settings []string
	for _, word := range strings.Fields(dsn) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "host", "port", "user", "password", "sslmode":
			env = append(env, "PG"+strings.ToUpper(key)+"="+value)
		case "dbname":
			env = append(env, "PGDATABASE="+value)
		default:
			settings = append(settings, "-c "+key+"="+value)
		}
	}
	return append(env, "PGOPTIONS="+strings.Join(settings, " "))
}
