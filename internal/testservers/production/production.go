// Package production puts the servers of the production set together on one
// machine, for tests of the whole and for trying it out: PostgreSQL with the
// roles of deploy/postgres, MinIO, Vault, an identity provider with the demo
// officers, and a configuration of docsvc over them. It is not for production:
// every secret lies in one directory, and everything ends with that machine.
package production

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"docsvc/deploy"
	"docsvc/internal/numbering"
	"docsvc/internal/testservers/start"
	"docsvc/templates"
)

// Options say where the servers live and what docsvc will be called.
type Options struct {
	Dir     string // made if missing; what is there is used again
	Address string // where serve listens, HOST:PORT
	// Ports of PostgreSQL, MinIO, Vault and the provider; 0 is a free one. Only
	// servers on ports of their own are found again after a restart.
	Ports [4]int
	// Keep makes servers that keep their data, durably. Without it Vault forgets
	// all, and PostgreSQL does not wait for the disk.
	Keep bool
	// Plain leaves TLS out between docsvc and MinIO and Vault.
	Plain bool
	// Through, if set, puts something between docsvc and a server (postgres,
	// minio, vault, oidc): it gets the server's address, HOST:PORT, and returns
	// the one that docsvc is to use. Vault reaches the provider so, too.
	Through func(server, address string) string
}

// Set is the running servers, and the configuration over them.
type Set struct {
	Postgres *start.Postgres
	MinIO    *start.S3
	Vault    *start.Vault
	OIDC     *start.OIDC
	Users    []start.OIDCUser // the officers, with their passwords

	dir, address string
	through      func(server, address string) string
}

// Client ids at the provider.
const (
	ClientID        = "docsvc"
	CommandClientID = "docsvc-command"
	strong          = "high" // claim acr
)

// Start starts the servers and writes docsvc.json with its files of secrets.
func Start(ctx context.Context, o Options) (_ *Set, err error) {
	s := &Set{dir: o.Dir, address: o.Address, through: o.Through}
	if s.through == nil {
		s.through = func(_, address string) string { return address }
	}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	// The user of PostgreSQL has to enter its own folder in here.
	if err := os.MkdirAll(s.path("secrets"), 0o755); err != nil {
		return nil, err
	}
	if s.Postgres, err = start.NewPostgres(ctx, start.PostgresOptions{Dir: s.path("postgres"), Port: o.Ports[0], Durable: o.Keep}); err != nil {
		return nil, err
	}
	if s.MinIO, err = start.NewMinIO(ctx, start.S3Options{Dir: s.path("minio"), Port: o.Ports[1], TLS: !o.Plain}); err != nil {
		return nil, err
	}
	if s.Vault, err = start.NewVault(ctx, start.VaultOptions{Dir: s.path("vault"), Port: o.Ports[2], TLS: !o.Plain, Keep: o.Keep}); err != nil {
		return nil, err
	}
	if err = s.startProvider(ctx, o.Ports[3]); err != nil {
		return nil, err
	}
	if err = s.database(ctx); err != nil {
		return nil, err
	}
	return s, s.configure()
}

// Stop ends the servers.
func (s *Set) Stop() {
	if s.OIDC != nil {
		s.OIDC.Stop()
	}
	if s.Vault != nil {
		s.Vault.Stop()
	}
	if s.MinIO != nil {
		s.MinIO.Stop()
	}
	if s.Postgres != nil {
		s.Postgres.Stop()
	}
}

// Config is the path of the configuration.
func (s *Set) Config() string { return s.path("docsvc.json") }

// Secret is the path of a file of secrets.
func (s *Set) Secret(name string) string { return s.path("secrets/" + name) }

func (s *Set) path(name string) string { return filepath.Join(s.dir, name) }

// keep writes a secret for its owner alone.
func (s *Set) keep(name, secret string) error {
	return os.WriteFile(s.Secret(name), []byte(secret+"\n"), 0o600)
}

// database makes the database with its roles, once, and the files by which
// docsvc connects.
func (s *Set) database(ctx context.Context) error {
	there, err := s.Postgres.SQL(ctx, s.Postgres.DSN(), "SELECT count(*) FROM pg_database WHERE datname = 'docsvc'")
	if err != nil {
		return err
	}
	if there == "0" {
		if _, err := s.Postgres.SQL(ctx, s.Postgres.DSN(), "CREATE DATABASE docsvc"); err != nil {
			return err
		}
		if _, err := s.Postgres.SQL(ctx, s.Postgres.DSNOf("docsvc"), deploy.PostgresRoles); err != nil {
			return err
		}
	}
	host, port, _ := strings.Cut(s.through("postgres", s.Postgres.Addr), ":")
	for _, role := range []string{"owner", "service"} {
		password := rand.Text()
		// Not in argv: the statement goes through a pipe.
		if _, err := s.Postgres.SQL(ctx, s.Postgres.DSN(), fmt.Sprintf("ALTER ROLE docsvc_%s PASSWORD '%s'", role, password)); err != nil {
			return err
		}
		dsn := fmt.Sprintf("host=%s port=%s dbname=docsvc user=docsvc_%s password=%s sslmode=disable", host, port, role, password)
		if err := s.keep(role+".dsn", dsn); err != nil {
			return err
		}
	}
	return errors.Join(
		s.keep("access-key", s.MinIO.AccessKey), s.keep("secret-key", s.MinIO.SecretKey), s.keep("vault-root-token", s.Vault.RootToken))
}

// office is what the sample office is read for.
type office struct {
	Offices  json.RawMessage `json:"offices"`
	Officers []Officer       `json:"officers"`
}

// Officer is a demo officer as the command line is told of one.
type Officer struct {
	Login   string `json:"login"`
	Subject string `json:"subject"`
	Name    string `json:"name"`
	Post    string `json:"post"`
	Office  string `json:"office"`
	Profile string `json:"profile"`
	TaxID   string `json:"tax_id"`
	Grants  []struct {
		Role string `json:"role"`
	} `json:"grants"`
}

func sample() (office, error) {
	var o office
	data, err := templates.FS.ReadFile("samples/office.json")
	if err != nil {
		return o, err
	}
	return o, json.Unmarshal(data, &o)
}

// Officers are the demo officers.
func Officers() ([]Officer, error) {
	o, err := sample()
	return o.Officers, err
}

// startProvider starts the identity provider with the officers as its users.
func (s *Set) startProvider(ctx context.Context, port int) error {
	officers, err := Officers()
	if err != nil {
		return err
	}
	if s.Users, err = s.users(officers); err != nil {
		return err
	}
	if port == 0 { // the issuer has to be known before
		if port, err = freePort(); err != nil {
			return err
		}
	}
	s.OIDC, err = start.NewOIDC(ctx, start.OIDCOptions{
		Dir: s.path("oidc"), Port: port, Users: s.Users, Issuer: "http://" + s.through("oidc", fmt.Sprintf("127.0.0.1:%d", port)),
		Clients: []start.OIDCClient{
			{ID: ClientID, Secret: s.clientSecret(), RedirectURIs: []string{s.origin() + "/login/callback"}},
			{ID: CommandClientID, Native: true, RedirectURIs: []string{"http://127.0.0.1/callback"}},
		},
	})
	return err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }() // it is only asked for its port
	address, err := netip.ParseAddrPort(l.Addr().String())
	return int(address.Port()), err
}

// users are the officers with passwords, which stay the same.
func (s *Set) users(officers []Officer) ([]start.OIDCUser, error) {
	var users []start.OIDCUser
	file := s.Secret("officers.json")
	if data, err := os.ReadFile(file); err == nil {
		return users, json.Unmarshal(data, &users)
	}
	for _, o := range officers {
		users = append(users, start.OIDCUser{
			Login: o.Login, Password: rand.Text(), Subject: o.Subject, Name: o.Name, ACR: strong, AMR: []string{"pwd", "hwk"},
		})
	}
	data, err := json.MarshalIndent(users, "", "  ")
	if err != nil {
		return nil, err
	}
	return users, os.WriteFile(file, data, 0o600)
}

func (s *Set) clientSecret() string {
	file := s.Secret("client-secret")
	if data, err := os.ReadFile(file); err == nil {
		return strings.TrimSpace(string(data))
	}
	secret := rand.Text()
	_ = s.keep("client-secret", secret) // read again by docsvc, which says so
	return secret
}

func (s *Set) origin() string { return "http://" + s.address }

// configure writes the configuration of docsvc. The certificates are those of
// Vault's PKI, the time-stamps those of the authority built in: no server that
// gives them could be had here.
func (s *Set) configure() error {
	o, err := sample()
	if err != nil {
		return err
	}
	vaultURL, err := url.Parse(s.Vault.Address)
	if err != nil {
		return err
	}
	type object = map[string]any
	vaultURL.Host = s.through("vault", vaultURL.Host)
	crl := *vaultURL
	crl.Path = "/v1/pki/crl"
	config := object{
		"production": false, "address": s.address, "origin": s.origin(), "level": "B-LTA",
		"register": object{"postgres": object{"dsn_file": "secrets/service.dsn", "owner_dsn_file": "secrets/owner.dsn"}},
		"archive": object{"s3": object{
			"endpoint": s.through("minio", s.MinIO.Endpoint), "bucket": "docsvc", "access_key_file": "secrets/access-key", "secret_key_file": "secrets/secret-key",
			"plain": s.MinIO.CA == "", "ca_file": s.MinIO.CA,
		}},
		"keys": object{
			"appliance_key": "secrets/appliance.key",
			"vault": object{
				"address": vaultURL.String(), "ca_file": s.Vault.CA,
				"role_id_file": "secrets/vault-role-id", "secret_id_file": "secrets/vault-secret-id",
			},
		},
		"authority": object{
			"evaluation":   "authority",
			"certificates": object{"roots_file": "roots.pem", "crls": []string{crl.String()}, "ca_file": s.Vault.CA, "cache_dir": "crl", "vault_pki": "pki"},
		},
		"login": object{
			"oidc": object{
				"issuer": s.OIDC.Issuer, "client_id": ClientID, "client_secret_file": "secrets/client-secret",
				"strong_values": []string{strong}, "redirect_url": s.origin() + "/login/callback",
			},
			"command_client_id": CommandClientID,
		},
		"numbers": numbering.DefaultCase, "retention_years": map[string]int{"": 10},
		"offices": o.Offices, "lease_seconds": 45, "workers": 4,
	}
	data, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(s.Config(), data, 0o600)
}

// InitArguments are those of docsvc init over the servers.
func (s *Set) InitArguments() []string {
	return append([]string{
		"init", "--config", s.Config(), "--vault-token-file", s.Secret("vault-root-token"),
	}, s.EnrolIdentity()...)
}

// EnrolIdentity are the options that name the enrolment identity's login.
func (s *Set) EnrolIdentity() []string {
	return []string{"--enrol-role-id-file", s.Secret("enrol-role-id"), "--enrol-secret-id-file", s.Secret("enrol-secret-id")}
}

// EnrolArguments are those of docsvc officer enrol for a demo officer.
func (s *Set) EnrolArguments(o Officer) []string {
	return append([]string{
		"officer", "enrol", "--config", s.Config(), "--login", o.Login, "--subject", o.Subject, "--name", o.Name, "--post", o.Post,
		"--office", o.Office, "--profile", o.Profile, "--voen", o.TaxID, "--role", o.Grants[0].Role,
	}, s.EnrolIdentity()...)
}
