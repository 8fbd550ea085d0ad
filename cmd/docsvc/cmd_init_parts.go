package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"docsvc/internal/archive/fsworm"
	"docsvc/internal/archive/s3"
	"docsvc/internal/document"
	"docsvc/internal/signing/authority"
	"docsvc/internal/signing/keyfile"
	"docsvc/internal/signing/vault"
	"docsvc/internal/sqldb"
)

// initFlags are the credentials of administrators, which only init uses.
type initFlags struct {
	vaultToken                   string
	s3AccessKey, s3SecretKey     string
	enrolRoleID, enrolSecretID   string
	vaultAuditFile, organization string
}

func (f *flags) administrators() *initFlags {
	o := &initFlags{}
	f.StringVar(&o.vaultToken, "vault-token-file", "", "`FILE` with an administrator's token at Vault")
	f.StringVar(&o.vaultAuditFile, "vault-audit-file", "", "`PATH`, on Vault's machine, of its audit log if it keeps none yet")
	f.StringVar(&o.enrolRoleID, "enrol-role-id-file", "", "write the login of the enrolment identity to `FILE`")
	f.StringVar(&o.enrolSecretID, "enrol-secret-id-file", "", "and its secret to `FILE`")
	f.StringVar(&o.organization, "organization", "", "`NAME` in the certificates of Vault's PKI (default: that of the first office)")
	f.StringVar(&o.s3AccessKey, "s3-access-key-file", "", "`FILE` with an administrator's access key, if the service's may not make the bucket")
	f.StringVar(&o.s3SecretKey, "s3-secret-key-file", "", "and `FILE` with its secret key")
	return o
}

// initParts makes what the parts of a configuration need: schema, bucket,
// mounts, policies, keys. What is there already stays, so it may be repeated
// after a fault, or after a change of the files under deploy.
func initParts(ctx context.Context, e env, c Config, o *initFlags) error {
	for _, step := range []struct {
		name string
		make func(context.Context) error
	}{
		{"appliance key", c.initApplianceKey},
		{"register", func(ctx context.Context) error { return c.initRegister(ctx, e) }},
		{"archive", func(ctx context.Context) error { return c.initArchive(ctx, o) }},
		{"keys", func(ctx context.Context) error { return c.initKeys(ctx, e, o) }},
		{"evaluation authority", c.initAuthority},
	} {
		if err := step.make(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Fprintf(e.stderr, "%s: ready\n", step.name)
	}
	return nil
}

// there says that making something failed because it is there already.
func there(err error) bool {
	return errors.Is(err, fs.ErrExist) || errors.Is(err, document.ErrExists)
}

func (c Config) initApplianceKey(context.Context) error {
	if c.Keys.ApplianceKey == "" {
		return nil
	}
	if err := keyfile.CreateApplianceKey(c.path(c.Keys.ApplianceKey)); err != nil && !there(err) {
		return err
	}
	return nil
}

func (c Config) initRegister(ctx context.Context, e env) error {
	o, err := c.ownerOptions()
	if err != nil {
		return err
	}
	o.Logger = e.log
	if c.Register.Postgres != nil {
		return sqldb.Migrate(ctx, o)
	}
	if err := sqldb.Create(ctx, o); err != nil && !there(err) {
		return err
	}
	return nil
}

func (c Config) initArchive(ctx context.Context, o *initFlags) error {
	if c.Archive.S3 == nil {
		if err := fsworm.Create(c.path(c.Archive.Directory)); err != nil && !there(err) {
			return err
		}
		return nil
	}
	if o.s3AccessKey != "" {
		admin := *c.Archive.S3
		admin.AccessKeyFile, admin.SecretKeyFile, admin.CAFile = o.s3AccessKey, o.s3SecretKey, c.optionalPath(admin.CAFile)
		c.Archive.S3, c.dir = &admin, ""
	}
	config, err := c.s3()
	if err != nil {
		return err
	}
	return s3.Create(ctx, config)
}

func (c Config) initKeys(ctx context.Context, e env, o *initFlags) error {
	if c.Keys.Vault == nil {
		return c.initKeyFiles()
	}
	if o.vaultToken == "" {
		return usageError{"missing --vault-token-file FILE: mounts, policies and keys are made under an administrator's token"}
	}
	token, err := readSecret(o.vaultToken)
	if err != nil {
		return err
	}
	config, err := c.vault()
	if err != nil {
		return err
	}
	config.Log = e.log
	client, err := vault.New(config)
	if err != nil {
		return err
	}
	admin := client.WithToken("administrator", token)
	did, err := client.Setup(ctx, admin, c.vaultSetup(o))
	for _, line := range did {
		fmt.Fprintf(e.stderr, "  %s\n", line)
	}
	if err != nil {
		return err
	}
	return c.keepLogins(ctx, client, admin, o)
}

// initKeyFiles makes the service's keys that are not there.
func (c Config) initKeyFiles() error {
	for _, sub := range []string{c.path(c.Keys.Directory) + "/officers", c.servicePath()} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return err
		}
	}
	appliance, err := keyfile.OpenApplianceKey(c.path(c.Keys.ApplianceKey))
	if err != nil {
		return err
	}
	keys := &keyfile.ServiceKeys{Dir: c.servicePath(), ApplianceKey: appliance, Now: time.Now}
	for purpose, kind := range map[string]keyfile.Kind{purposeSeal: keyfile.ES256, purposeCheckpoint: keyfile.Ed25519} {
		if _, err := keys.Current(purpose); err == nil {
			continue
		}
		if _, err := keys.Create(purpose, kind); err != nil {
			return err
		}
	}
	return nil
}

// vaultSetup is what the set-up of Vault needs to know of the configuration.
func (c Config) vaultSetup(o *initFlags) vault.SetupOptions {
	login := c.oidc()
	audiences := []string{login.ClientID}
	if id := c.Login.CommandClientID; id != "" && id != login.ClientID {
		audiences = append(audiences, id)
	}
	s := vault.SetupOptions{
		Provider:  vault.Provider{DiscoveryURL: login.Issuer, Issuer: login.Issuer, CAPEM: readOptional(login.CAFile)},
		Audiences: audiences, UserClaim: login.LoginClaim, Strong: map[string][]string{}, AuditFile: o.vaultAuditFile,
	}
	if len(login.StrongValues) > 0 {
		claim := login.StrongClaim
		if claim == "" {
			claim = "acr"
		}
		s.Strong[claim] = login.StrongValues
	} else if len(login.StrongMethods) > 0 {
		s.Strong["amr"] = login.StrongMethods
	}
	if p := c.Authority.Certificates; p != nil && p.VaultPKI != "" {
		name := o.organization
		if name == "" && len(c.Offices) > 0 {
			name = c.Offices[0].Name
		}
		s.Authority = &vault.AuthorityOptions{CommonName: name + " CA", Country: "AZ", Organization: name}
	}
	return s
}

// keepLogins writes the files by which the service and the enrolment log in at
// Vault, and the root of its PKI; those that are there stay.
func (c Config) keepLogins(ctx context.Context, client *vault.Client, admin *vault.Identity, o *initFlags) error {
	v := c.Keys.Vault
	for role, files := range map[string][2]string{
		"service": {c.optionalPath(v.RoleIDFile), c.optionalPath(v.SecretIDFile)},
		"enrol":   {o.enrolRoleID, o.enrolSecretID},
	} {
		if files[0] == "" || exists(files[0]) && exists(files[1]) {
			continue
		}
		login, err := client.NewLogin(ctx, admin, role)
		if err != nil {
			return err
		}
		for file, text := range map[string]string{files[0]: login.RoleID, files[1]: login.SecretID} {
			if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
				return err
			}
		}
	}
	p := c.Authority.Certificates
	if p == nil || p.VaultPKI == "" || exists(c.path(p.RootsFile)) {
		return nil
	}
	root, err := client.RootCertificate(ctx)
	if err != nil {
		return err
	}
	return os.WriteFile(c.path(p.RootsFile), root, 0o644)
}

func (c Config) initAuthority(context.Context) error {
	if c.Authority.Evaluation == "" || exists(c.path(c.Authority.Evaluation)) {
		return nil
	}
	appliance, err := keyfile.OpenApplianceKey(c.path(c.Keys.ApplianceKey))
	if err != nil {
		return err
	}
	return authority.Create(authority.Config{
		Dir: c.path(c.Authority.Evaluation), ApplianceKey: appliance, BaseURL: c.Origin + "/pki", Now: time.Now,
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readOptional reads a file of certificates, if one is named; that it cannot be
// read is found when it is used.
func readOptional(path string) string {
	if path == "" {
		return ""
	}
	data, err := readInput(path, maxChainFile)
	if err != nil {
		return ""
	}
	return string(data)
}
