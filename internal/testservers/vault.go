package testservers

import (
	"context"
	"testing"

	"docsvc/internal/testservers/start"
)

// VaultServer is an unsealed Vault with a file audit device.
type VaultServer struct{ *start.Vault }

// Vault returns the Vault that the tests of this binary share: it keeps all in
// memory. Mounts and policies of one test are there for the next.
func Vault(tb testing.TB) *VaultServer {
	tb.Helper()
	need(tb, "vault", "vault")
	return shared(tb, "vault", func(ctx context.Context, dir string) (*VaultServer, error) {
		v, err := start.NewVault(ctx, start.VaultOptions{Dir: dir})
		return &VaultServer{v}, err
	})
}

// NewVault starts a Vault for this test alone. One that keeps (a raft node) has
// its keys again after Kill and Start.
func NewVault(tb testing.TB, tls, keep bool) *VaultServer {
	tb.Helper()
	need(tb, "vault", "vault")
	return own(tb, "vault", func(ctx context.Context, dir string) (*VaultServer, error) {
		v, err := start.NewVault(ctx, start.VaultOptions{Dir: dir, TLS: tls, Keep: keep})
		return &VaultServer{v}, err
	})
}
