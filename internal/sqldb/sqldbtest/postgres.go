package sqldbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Postgres is a throw-away server of its own: it listens on a socket in a
// folder of its own and keeps nothing.
type Postgres struct {
	dir     string
	schemas atomic.Int64
}

// StartPostgres starts a server that ends with the test. Without PostgreSQL's
// programs the test is skipped, or fails if DOCSVC_MUST_RUN names postgres.
func StartPostgres(t *testing.T) *Postgres {
	t.Helper()
	bin, err := postgresBin()
	if err != nil {
		if strings.Contains(os.Getenv("DOCSVC_MUST_RUN"), "postgres") {
			t.Fatal(err)
		}
		t.Skipf("not tested on PostgreSQL: %v", err)
	}
	p, err := startPostgres(t, bin)
	if err != nil {
		t.Fatalf("starting PostgreSQL: %v", err)
	}
	return p
}

// postgresBin finds the folder of initdb and postgres; Debian keeps it off PATH.
func postgresBin() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is right
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	for _, path := range found {
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "postgres")); err == nil {
			return filepath.Dir(path), nil
		}
	}
	return "", errors.New("initdb was not found on PATH or under /usr/lib/postgresql")
}

func startPostgres(t *testing.T, bin string) (*Postgres, error) {
	// Not t.TempDir: another user must get in, and socket paths must be short.
	dir, err := os.MkdirTemp("", "docsvc-pg")
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	owner, err := serverOwner()
	if err != nil {
		return nil, err
	}
	if owner != nil {
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(t.Context(), filepath.Join(bin, "initdb"), "-D", data,
		"-U", "docsvc", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
	initdb.Dir, initdb.SysProcAttr = dir, &syscall.SysProcAttr{Credential: owner}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=100")
	server.Dir = dir
	server.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Pdeathsig: syscall.SIGQUIT}
	if err := runBeside(t, server); err != nil {
		return nil, err
	}
	p := &Postgres{dir: dir}
	return p, p.await(t.Context())
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
	return nil, errors.New("no user to run it as")
}

// runBeside starts a command that is stopped at the end of the test. The
// system stops it too if this process dies; to that end the thread that
// started it has to live on.
func runBeside(t *testing.T, cmd *exec.Cmd) error {
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // it is ended by a signal
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT) // at once: nothing is kept; fails if it has ended
		<-ended
	})
	return nil
}

func (p *Postgres) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, p.dsn())
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *Postgres) dsn() string { return "host=" + p.dir + " user=docsvc dbname=postgres" }

// NewDatabase makes an empty place for one register and returns its connection
// string. It is a schema: to make a database takes half a second.
func (p *Postgres) NewDatabase(tb testing.TB) (dsn string) {
	tb.Helper()
	c, err := pgx.Connect(tb.Context(), p.dsn())
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = c.Close(context.WithoutCancel(tb.Context())) }()
	name := fmt.Sprintf("register%d", p.schemas.Add(1))
	if _, err := c.Exec(tb.Context(), "CREATE SCHEMA "+name); err != nil {
		tb.Fatal(err)
	}
	return p.dsn() + " search_path=" + name
}
