package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"docsvc/internal/signing"
	"docsvc/internal/signing/revocation"
)

// The parts of the production set. Every secret is a file of its own, readable
// by its owner alone; nothing secret stands in the configuration.

// tlsConfig is the certificate of serve.
type tlsConfig struct {
	CertFile string `json:"cert_file"` // PEM, the server's certificate first
	KeyFile  string `json:"key_file"`
}

// postgresConfig is a PostgreSQL server, version 15 or newer.
type postgresConfig struct {
	// DSNFile holds the connection string of the service's role, which can
	// neither change the schema nor what is append-only; such as
	// host=db user=docsvc_service dbname=docsvc sslmode=verify-full.
	DSNFile string `json:"dsn_file"`
	// OwnerDSNFile is that of the role that owns the schema. Only init and
	// migrate read it.
	OwnerDSNFile string `json:"owner_dsn_file,omitempty"`
	// ServiceRole is granted what the service needs; the default is
	// docsvc_service.
	ServiceRole string `json:"service_role,omitempty"`
	Connections int    `json:"connections,omitempty"` // at once; default 16
	// AllowOwner accepts a role that can do more than it should. Refused in
	// production.
	AllowOwner bool `json:"allow_owner,omitempty"`
}

// s3Config is a bucket with Object Lock on MinIO or any other S3.
type s3Config struct {
	Endpoint      string `json:"endpoint"` // HOST:PORT
	Bucket        string `json:"bucket"`
	Region        string `json:"region,omitempty"`
	AccessKeyFile string `json:"access_key_file"`
	SecretKeyFile string `json:"secret_key_file"`
	CAFile        string `json:"ca_file,omitempty"`    // of the server's certificate; default: the machine's
	Plain         bool   `json:"plain,omitempty"`      // HTTP; refused in production
	Encryption    string `json:"encryption,omitempty"` // SSE-S3 or SSE-KMS:KEY
}

// vaultConfig is HashiCorp Vault with the mounts and policies of deploy/vault.
type vaultConfig struct {
	Address   string `json:"address"`
	CAFile    string `json:"ca_file,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// The service's own identity: an AppRole, or a token that Vault Agent keeps.
	RoleIDFile   string `json:"role_id_file,omitempty"`
	SecretIDFile string `json:"secret_id_file,omitempty"`
	TokenFile    string `json:"token_file,omitempty"`
	// Mounts, where they are not transit, jwt and pki.
	Transit string `json:"transit,omitempty"`
	JWT     string `json:"jwt,omitempty"`
	// OfficerRole is the role of the JWT mount; default officer.
	OfficerRole string `json:"officer_role,omitempty"`
}

// certificatesConfig says whose certificates officers have.
type certificatesConfig struct {
	RootsFile string   `json:"roots_file"`     // PEM: trusted roots and the intermediates below them
	CRLs      []string `json:"crls,omitempty"` // addresses; default: those that the certificates name
	CAFile    string   `json:"ca_file,omitempty"`
	CacheDir  string   `json:"cache_dir,omitempty"` // keeps the lists over a restart
	// MaxAgeHours is how long a list counts after its authority last answered:
	// for so long whoever blocks the way there can hide a revocation, and for so
	// long signing goes on while it is down; default 24.
	MaxAgeHours int `json:"max_age_hours,omitempty"`
	// KeepsExpired says that the authority leaves revoked certificates on its
	// list after they expire, as Vault does. Without it an act cannot be judged
	// by lists once its signer's certificate has expired.
	KeepsExpired bool `json:"keeps_expired,omitempty"`
	// OCSP says how the authority's responders are asked, for what goes into
	// signed files.
	OCSP revocation.OCSPConfig `json:"ocsp,omitzero"`
	// VaultPKI is the mount that certifies officers, VaultRole its role. Empty
	// where another authority does: officer enrol then gives out a request.
	VaultPKI  string `json:"vault_pki,omitempty"`
	VaultRole string `json:"vault_role,omitempty"`
}

// timestampsConfig is where RFC 3161 time-stamps come from.
type timestampsConfig struct {
	Authorities []signing.TimestampAuthority `json:"authorities"`        // asked in this order until one answers
	RootsFile   string                       `json:"roots_file"`         // PEM: trusted roots of time-stamps, and the intermediates below them
	Policies    []string                     `json:"policies,omitempty"` // accepted policies, dotted numbers; default: any
	CAFile      string                       `json:"ca_file,omitempty"`  // PEM: for TLS
}

// validateParts lists what is wrong with the choice of parts. Two of them for
// one job is as wrong as none.
func (c Config) validateParts() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	one := func(job string, given ...bool) {
		switch n := len(slices.DeleteFunc(given, func(b bool) bool { return !b })); {
		case n == 0:
			fault("%s is missing", job)
		case n > 1:
			fault("%s: two are configured, choose one", job)
		}
	}
	a := c.Authority
	one("register.sqlite or register.postgres", c.Register.SQLite != "", c.Register.Postgres != nil)
	one("archive.directory or archive.s3", c.Archive.Directory != "", c.Archive.S3 != nil)
	one("keys.directory or keys.vault", c.Keys.Directory != "", c.Keys.Vault != nil)
	if a.Evaluation == "" && (a.Certificates == nil || a.Timestamps == nil) {
		fault("authority.evaluation, or both authority.certificates and authority.timestamps, are missing")
	}
	if a.Evaluation != "" && a.Certificates != nil && a.Timestamps != nil {
		fault("authority.evaluation has nothing to do beside authority.certificates and authority.timestamps: leave it out")
	}
	if (c.Keys.Directory != "" || a.Evaluation != "") && c.Keys.ApplianceKey == "" {
		fault("keys.appliance_key is missing")
	}
	if c.Login.Local && c.Login.OIDC != nil {
		fault("login.oidc or login.local: two are configured, choose one")
	}
	if c.Login.SecondFactor && !c.Login.Local {
		fault("login.second_factor needs login.local: an identity provider asks for its own")
	}
	if c.Keys.Vault != nil && c.Login.OIDC == nil {
		fault("keys.vault needs login.oidc: officers unlock their keys by logging in")
	}
	if a.Certificates != nil && a.Certificates.VaultPKI != "" && c.Keys.Vault == nil {
		fault("authority.certificates.vault_pki needs keys.vault")
	}
	if c.Login.OIDC != nil {
		if err := c.oidc().Validate(c.Production); err != nil {
			fault("login.oidc: %w", err)
		}
	}
	if c.Production {
		faults = append(faults, c.validateProduction()...)
	}
	for name, value := range c.required() {
		if value == "" {
			fault("%s is missing", name)
		}
	}
	return append(faults, c.validateAddresses()...)
}

// validateProduction lists what has no place where acts have legal force.
func (c Config) validateProduction() []error {
	var faults []error
	refuse := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New("production refuses "+text))
		}
	}
	refuse(c.Authority.Evaluation != "", "authority.evaluation: what it certifies has no legal force")
	refuse(c.Archive.S3 != nil && c.Archive.S3.Plain, "archive.s3.plain: use TLS")
	refuse(c.Register.Postgres != nil && c.Register.Postgres.AllowOwner, "register.postgres.allow_owner: serve under a role of its own")
	return faults
}

// required names the settings that a configured part cannot do without.
func (c Config) required() map[string]string {
	r := map[string]string{}
	if p := c.Register.Postgres; p != nil {
		r["register.postgres.dsn_file"] = p.DSNFile
	}
	if s := c.Archive.S3; s != nil {
		r["archive.s3.endpoint"], r["archive.s3.bucket"] = s.Endpoint, s.Bucket
		r["archive.s3.access_key_file"], r["archive.s3.secret_key_file"] = s.AccessKeyFile, s.SecretKeyFile
	}
	if v := c.Keys.Vault; v != nil {
		r["keys.vault.address"] = v.Address
		if v.TokenFile == "" {
			r["keys.vault.role_id_file"], r["keys.vault.secret_id_file"] = v.RoleIDFile, v.SecretIDFile
		}
	}
	if a := c.Authority.Certificates; a != nil {
		r["authority.certificates.roots_file"] = a.RootsFile
	}
	if t := c.Authority.Timestamps; t != nil {
		r["authority.timestamps.roots_file"] = t.RootsFile
		if len(t.Authorities) == 0 {
			r["authority.timestamps.authorities"] = ""
		}
	}
	if t := c.TLS; t != nil {
		r["tls.cert_file"], r["tls.key_file"] = t.CertFile, t.KeyFile
	}
	return r
}

// validateAddresses lists addresses that are none, or that would send secrets
// in the clear in production. Lists of revoked certificates and time-stamps are
// signed and may come over HTTP.
func (c Config) validateAddresses() []error {
	var faults []error
	check := func(name, address string, secret bool) {
		u, err := url.Parse(address)
		switch {
		case address == "":
		case err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https":
			faults = append(faults, fmt.Errorf("%s %q: want https://HOST", name, address))
		case secret && c.Production && u.Scheme != "https":
			faults = append(faults, fmt.Errorf("%s %s: production wants https", name, address))
		}
	}
	if c.Keys.Vault != nil {
		check("keys.vault.address", c.Keys.Vault.Address, true)
	}
	if c.Authority.Certificates != nil {
		for _, address := range c.Authority.Certificates.CRLs {
			check("authority.certificates.crls", address, false)
		}
	}
	if c.Authority.Timestamps != nil {
		for _, authority := range c.Authority.Timestamps.Authorities {
			check("authority.timestamps.authorities", authority.URL, false)
		}
	}
	return faults
}
