package sqldb

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/testservers"
)

// TestNoPassword opens registers whose connection string is wrong, in every
// place where somebody might put a password. Each part of the password has the
// word by which it is looked for.
func TestNoPassword(t *testing.T) {
	for _, dsn := range []string{
		"host=127.0.0.1 port=1 user=x dbname=y password=hunter2",
		"host=127.0.0.1 port=1 user=x dbname=y password='hunter 2'",
		"postgres://x:hunter2@127.0.0.1:1/y",
		"postgres://x@127.0.0.1:1/y?password=hunter2",
		"postgres://x:hunter%2F2@127.0.0.1:1/y",
		// Malformed ones.
		"host=127.0.0.1 port=z user=x password=hunter2",
		"host=127.0.0.1 port=1 user=x password='hunter2",
		"host=127.0.0.1 port=1 user=x password=hunter2 sslmode=perhaps",
		"host=127.0.0.1 port=1 user=x password = hunter2 target_session_attrs=both",
		"host=127.0.0.1 port=1 password=a b=hunter2 dbname",
		"host=127.0.0.1 port=1 password=hunter2 sslmode=verify-full sslrootcert=/none/root.pem",
		"postgres://x:hunter2@127.0.0.1:port/y",
		"postgres://x:hunter2/hunter3@127.0.0.1:1/y",
		"postgres://x:1/hunter3@127.0.0.1:1/y",
		"postgres://x:hunter2#hunter3@127.0.0.1:1/y",
		"postgres://x:1#hunter3@127.0.0.1:1/y",
		"postgres://x:hunter2?hunter3@127.0.0.1:1/y",
		"postgres://x:hunter2@hunter3@127.0.0.1:1/y",
		"postgres://x:hunter2:hunter3@127.0.0.1:1/y",
		"postgres://x:hunter%zz@127.0.0.1:1/y",
		"postgres://x:hunter2 @127.0.0.1:1/y",
		"postgres://x:hunter2@[::1:1/y",
		"postgres:x:hunter2@127.0.0.1:1/y",
		"hunter2",
		"",
	} {
		o := Options{Engine: Postgres, DSN: dsn, ConnectTimeout: 100 * time.Millisecond, StatementTimeout: 200 * time.Millisecond}
		t.Setenv("PGHOST", "127.0.0.1")
		t.Setenv("PGPORT", "1")
		for name, try := range map[string]func(context.Context, Options) error{
			"Open": func(ctx context.Context, o Options) error {
				_, err := Open(ctx, o)
				return err
			},
			"Migrate": Migrate,
		} {
			err := try(t.Context(), o)
			if err == nil {
				t.Fatalf("%s with %q", name, dsn)
			}
			for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%q", err)} {
				if strings.Contains(text, "hunter") {
					t.Errorf("%s with %q shows %s", name, dsn, text)
				}
			}
		}
	}
}

// TestParseDSN: what can be said about a wrong string is said.
func TestParseDSN(t *testing.T) {
	if _, err := parseDSN("host=db sslmode=verify-full sslrootcert=/none/root.pem"); err == nil ||
		!strings.Contains(err.Error(), "/none/root.pem") {
		t.Errorf("a file that is missing: %v", err)
	}
	for _, dsn := range []string{
		"host=a,b port=1,2 dbname=y", "postgres://x@a,b/y", "host=/var/run/postgresql", "host=::1", "postgres://[::1]:5432/y",
		"host=db user=x@azure dbname=docsvc-1", "host=db.example.az hostaddr=10.0.0.1",
	} {
		if _, err := parseDSN(dsn); err != nil && !strings.Contains(dsn, "hostaddr") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

func testConnection(t *testing.T, server *testservers.PostgresServer) {
	t.Run("settings", func(t *testing.T) { testSettings(t, server) })
	t.Run("login refused", func(t *testing.T) { testLoginRefused(t, server) })
	t.Run("observed", func(t *testing.T) { testObserved(t, server) })
	t.Run("server settings", func(t *testing.T) {
		own := testservers.NewPostgres(t, false)
		t.Run("standby", func(t *testing.T) { testStandby(t, server, own) })
		t.Run("TLS", func(t *testing.T) { testTLS(t, own) })
		t.Run("becomes read-only", func(t *testing.T) { testBecomesReadOnly(t, own) })
		t.Run("too many connections", func(t *testing.T) { testTooMany(t, own) })
	})
}

func testSettings(t *testing.T, server *testservers.PostgresServer) {
	o := Options{
		Engine: Postgres, DSN: server.NewSchema(t) + " statement_timeout=0 synchronous_commit=off", AllowOwner: true,
		Process: "serve a.1", StatementTimeout: 7 * time.Second, LockTimeout: 3 * time.Second, IdleTimeout: 2 * time.Second,
	}
	if err := Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	settings := func(r *Register) map[string]string {
		got := map[string]string{}
		if err := r.engine.view(t.Context(), func(q querier) error {
			return (&tx{q: q}).each(t.Context(), func(s scan) error {
				var name, value string
				err := s(&name, &value)
				got[name] = value
				return err
			}, `SELECT name, current_setting(name) FROM pg_settings`)
		}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	for name, want := range map[*Register]map[string]string{
		open(t, o): {
			"application_name": "docsvc serve a.1", "statement_timeout": "7s", "lock_timeout": "3s",
			"idle_in_transaction_session_timeout": "2s", "synchronous_commit": "on", "TimeZone": "UTC",
		},
		open(t, Options{Engine: Postgres, DSN: o.DSN, AllowOwner: true}): {
			"application_name": "docsvc", "statement_timeout": "30s", "lock_timeout": "15s",
			"idle_in_transaction_session_timeout": "10s",
		},
	} {
		got := settings(name)
		for setting, value := range want {
			if got[setting] != value {
				t.Errorf("%s is %s, want %s", setting, got[setting], value)
			}
		}
	}
}

func testLoginRefused(t *testing.T, server *testservers.PostgresServer) {
	dsn := server.NewSchema(t)
	for what, dsn := range map[string]string{
		"password": server.Via(dsn, server.Addr) + " password=hunter2",
		"database": dsn + " dbname=none",
		"role":     dsn + " user=none",
	} {
		_, err := Open(t.Context(), Options{Engine: Postgres, DSN: dsn})
		if !isTrouble(err, refused) || strings.Contains(err.Error(), "hunter") {
			t.Errorf("a wrong %s: %v", what, err)
		}
	}
}

func testObserved(t *testing.T, server *testservers.PostgresServer) {
	var seen []string
	o := Options{Engine: Postgres, DSN: server.NewSchema(t), AllowOwner: true, Observe: func(op string, took time.Duration, err error) {
		if took <= 0 || took > time.Minute {
			t.Errorf("%s took %v", op, took)
		}
		seen = append(seen, fmt.Sprint(op, " ", err != nil))
	}}
	if err := Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	r := open(t, o)
	mine := errors.New("mine")
	_ = r.View(t.Context(), func(document.Tx) error { return nil })
	_ = r.Update(t.Context(), func(document.Tx) error { return mine })
	_, _, _ = r.Allow(t.Context(), "x", 1, time.Minute)
	_, _ = r.Purge(t.Context(), noon, noon)
	if got := strings.Join(seen, ", "); got != "view false, update true, count false" {
		t.Errorf("observed %s", got)
	}
}

// testStandby: a server that takes no writes is passed over, and refused when
// there is no other.
func testStandby(t *testing.T, server, primary *testservers.PostgresServer) {
	dsn := server.NewDatabase(t)
	name := server.Run(t, dsn, "SELECT current_database()")[0]
	server.Run(t, dsn, "ALTER DATABASE "+name+" SET default_transaction_read_only = on")
	primary.Run(t, primary.DSN(), "CREATE DATABASE "+name)
	for _, dsn := range []string{dsn + " default_transaction_read_only=off", primary.DSNOf(name)} {
		if err := Create(t.Context(), Options{Engine: Postgres, DSN: dsn}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Open(t.Context(), Options{Engine: Postgres, DSN: dsn, AllowOwner: true})
	if !isTrouble(err, standby) {
		t.Errorf("a server without writes: %v", err)
	}
	first, err := parseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	second, err := parseDSN(primary.DSNOf(name))
	if err != nil {
		t.Fatal(err)
	}
	both := fmt.Sprintf("%s host=%s,%s port=%d,%d", dsn, first.Host, second.Host, first.Port, second.Port)
	fill(t, open(t, Options{Engine: Postgres, DSN: both, AllowOwner: true}))
}

// testBecomesReadOnly: a server that takes no more writes while it is in use is
// an operator's case, and afterwards all goes on.
func testBecomesReadOnly(t *testing.T, server *testservers.PostgresServer) {
	o := Options{Engine: Postgres, DSN: server.NewSchema(t), AllowOwner: true}
	if err := Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	r := open(t, o)
	put := func() error {
		return r.Update(t.Context(), func(tx document.Tx) error { return tx.PutAccount(t.Context(), document.Account{Login: "x"}) })
	}
	within := func(what string, ok func(error) bool) {
		t.Helper()
		var err error
		for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
			if err = put(); ok(err) {
				return
			}
		}
		t.Errorf("%s: %v", what, err)
	}
	writable := server.DSN() + " default_transaction_read_only=off"
	server.Run(t, writable, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
	within("while the server is read-only", func(err error) bool {
		return isTrouble(err, standby) && document.KindOf(err) == document.Unavailable
	})
	server.Run(t, writable, "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
	within("afterwards", func(err error) bool { return err == nil })
}

// testTooMany: no connection is free at the server.
func testTooMany(t *testing.T, server *testservers.PostgresServer) {
	dsn := server.NewSchema(t)
	server.Run(t, dsn, "CREATE ROLE few LOGIN",
		"DO $$ BEGIN EXECUTE format('ALTER SCHEMA %I OWNER TO few', current_schema()); END $$")
	o := Options{Engine: Postgres, DSN: dsn + " user=few", AllowOwner: true}
	if err := Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	server.Run(t, dsn, "ALTER ROLE few CONNECTION LIMIT 1")
	hold := rawDB(t, o)
	for limit := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) { // until those of Create have ended
		err := hold.PingContext(t.Context())
		if err == nil {
			break
		}
		if time.Now().After(limit) {
			t.Fatal(err)
		}
	}
	if _, err := Open(t.Context(), o); !isTrouble(err, busy) {
		t.Errorf("a server without a free connection: %v", err)
	}
}

// testTLS connects to a server whose certificate an authority of our own has
// made.
func testTLS(t *testing.T, server *testservers.PostgresServer) {
	dir := t.TempDir()
	root, certificate, key := authority(t)
	_, stranger, _ := authority(t)
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rootFile, otherFile := write("root.pem", root), write("other.pem", stranger)
	// The server writes its own files: they must be its user's.
	for name, content := range map[string][]byte{"server.crt": certificate, "server.key": key} {
		server.Run(t, server.DSN(), fmt.Sprintf("COPY (SELECT 1) TO PROGRAM $$umask 077; cat > /dev/null; echo '%s' > %s$$", content, name))
	}
	server.Run(t, server.DSN(), "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")
	dsn := server.NewSchema(t)
	if err := Create(t.Context(), Options{Engine: Postgres, DSN: dsn}); err != nil {
		t.Fatal(err)
	}
	through := server.Via(dsn, server.Addr)
	var r *Register
	for limit := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) { // the server reads its settings soon
		var err error
		r, err = Open(t.Context(), Options{Engine: Postgres, AllowOwner: true, DSN: through + " sslmode=verify-full sslrootcert=" + rootFile})
		if err == nil {
			break
		}
		if time.Now().After(limit) {
			t.Fatal(err)
		}
	}
	defer func() { _ = r.Close() }()
	secure, err := rowsOf(t, r, `SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`)
	if err != nil || len(secure) != 1 || secure[0] != true {
		t.Errorf("encrypted: %v, %v", secure, err)
	}
	// The limit on an answer holds under TLS too.
	if err := r.engine.view(t.Context(), func(q querier) error {
		_, err := (&tx{q: q, writable: true}).exec(t.Context(), "SELECT pg_sleep(0.1)")
		return err
	}); err != nil {
		t.Error(err)
	}
	for what, settings := range map[string]string{
		"another authority": " sslmode=verify-full sslrootcert=" + otherFile,
		"another name":      " sslmode=verify-full host=localhost sslrootcert=" + rootFile,
	} {
		r, err := Open(t.Context(), Options{Engine: Postgres, DSN: through + settings, AllowOwner: true})
		if err == nil {
			_ = r.Close()
		}
		if !isTrouble(err, unreachable) || !strings.Contains(err.Error(), "x509") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// authority makes a root certificate, and by it one for 127.0.0.1 with its key.
func authority(t *testing.T) (root, certificate, key []byte) {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	made := func(template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	generate := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	rootKey, serverKey := generate(), generate()
	root = made(template, template, rootKey, rootKey)
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "db"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: template.NotBefore, NotAfter: template.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		t.Fatal(err)
	}
	return root, made(server, template, serverKey, rootKey), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
