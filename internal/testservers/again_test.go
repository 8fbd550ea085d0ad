package testservers

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"docsvc/internal/testservers/start"
)

// TestAgain starts servers that keep their data once more, as another run of
// the program does: same folder, same port, nothing else.
func TestAgain(t *testing.T) {
	needPostgres(t)
	need(t, "vault", "vault")
	need(t, "minio", "minio")
	dir, err := newDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ctx := t.Context()

	t.Run("PostgreSQL", func(t *testing.T) {
		begin := func(port int) *start.Postgres {
			p, err := start.NewPostgres(ctx, start.PostgresOptions{Dir: filepath.Join(dir, "postgres"), Port: port, Durable: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.Stop)
			return p
		}
		first := begin(0)
		if _, err := first.SQL(ctx, first.DSN(), "CREATE DATABASE kept"); err != nil {
			t.Fatal(err)
		}
		first.Stop()
		second := begin(portOf(t, first.Addr))
		if _, err := second.SQL(ctx, first.Via(first.DSNOf("kept"), second.Addr), "SELECT 1"); err != nil {
			t.Errorf("with the password of the first start: %v", err)
		}
	})
	t.Run("Vault", func(t *testing.T) {
		begin := func(port int) *start.Vault {
			v, err := start.NewVault(ctx, start.VaultOptions{Dir: filepath.Join(dir, "vault"), Port: port, Keep: true, TLS: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(v.Stop)
			return v
		}
		first := begin(0)
		call(t, &VaultServer{first}, http.MethodPost, "sys/mounts/kept", map[string]any{"type": "transit"}, nil)
		first.Stop()
		second := begin(portOf(t, first.Address[len("https://"):]))
		if second.RootToken != first.RootToken {
			t.Error("another root token")
		}
		call(t, &VaultServer{second}, http.MethodGet, "sys/mounts/kept", nil, nil)
		for name, mode := range map[string]os.FileMode{"keys.json": 0o600, "audit.log": 0o600, "vault.json": 0o600} {
			if info, err := os.Stat(filepath.Join(dir, "vault", name)); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s: %v, %v", name, info.Mode(), err)
			}
		}
	})
	t.Run("MinIO", func(t *testing.T) {
		begin := func(port int) *start.S3 {
			s, err := start.NewMinIO(ctx, start.S3Options{Dir: filepath.Join(dir, "minio"), Port: port, TLS: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Stop)
			return s
		}
		first := begin(0)
		first.Stop()
		second := begin(portOf(t, first.Endpoint))
		if second.SecretKey != first.SecretKey || second.AccessKey != first.AccessKey || second.CA != first.CA {
			t.Error("other credentials")
		}
	})
}

// TestAgainTaken wants a fixed port that is taken to be an error, not another
// port.
func TestAgainTaken(t *testing.T) {
	need(t, "minio", "minio")
	s := MinIO(t)
	_, err := start.NewMinIO(t.Context(), start.S3Options{Dir: t.TempDir(), Port: portOf(t, s.Endpoint)})
	if err == nil || !strings.Contains(err.Error(), "listens at its port already") {
		t.Errorf("two servers at one port: %v", err)
	}
}

func portOf(t *testing.T, addr string) int {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
