package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"time"

	"docsvc/internal/archive/s3"
	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/signing/authority"
	"docsvc/internal/signing/revocation"
	"docsvc/internal/signing/vault"
	"docsvc/internal/web"
)

// The parts of the production set.

// openLogin makes the client of the identity provider, which is not asked yet:
// while it is down nobody logs in, and everything else goes on.
func (a *app) openLogin(context.Context) (err error) {
	if a.Config.Login.OIDC == nil {
		return nil
	}
	a.Login, err = auth.New(a.Config.oidc(), time.Now)
	if err == nil {
		a.probes = append(a.probes, web.Probe{Name: "login", Check: a.Login.Ready})
	}
	return err
}

// oidc is the provider's configuration for serve.
func (c Config) oidc() auth.Config {
	o := *c.Login.OIDC
	o.ClientSecretFile, o.CAFile = c.optionalPath(o.ClientSecretFile), c.optionalPath(o.CAFile)
	if o.RedirectURL == "" {
		o.RedirectURL = c.Origin + "/login/callback"
	}
	return o
}

// commandLine makes the provider's client for logins from the command line,
// which has a name of its own there and no secret (RFC 8252, 8.5).
func (a *app) commandLine() (*auth.Provider, error) {
	o := a.Config.oidc()
	if id := a.Config.Login.CommandClientID; id != "" {
		o.ClientID, o.ClientSecretFile = id, ""
	}
	return auth.New(o, time.Now)
}

// openVault opens the service's keys, and refuses keys that could leave Vault.
func (a *app) openVault(ctx context.Context) error {
	c, err := a.Config.vault()
	if err != nil {
		return err
	}
	c.Log, c.Observe = a.log, a.Parts.Observer("keys")
	if a.Vault, err = vault.New(c); err != nil {
		return err
	}
	service, err := a.Vault.Identity("docsvc", a.Config.vaultCredential())
	if err != nil {
		return err
	}
	keys, err := a.Vault.OpenServiceKeys(ctx, service)
	if err != nil {
		return err
	}
	a.Keys = vaultKeys{keys}
	a.probes = append(a.probes, web.Probe{Name: "keys", Check: func(ctx context.Context) error {
		_, err := a.Vault.Health(ctx)
		return err
	}})
	a.clocks = append(a.clocks, clock{"keys", func(ctx context.Context) (time.Duration, error) {
		h, err := a.Vault.Health(ctx)
		return h.Skew(time.Now()), err
	}})
	return nil
}

// vault is the configuration of Vault, with its mounts.
func (c Config) vault() (vault.Config, error) {
	v := c.Keys.Vault
	if v == nil {
		return vault.Config{}, fmt.Errorf("keys.vault is not configured")
	}
	config := vault.Config{
		Address: v.Address, CAFile: c.optionalPath(v.CAFile), Namespace: v.Namespace,
		TransitMount: v.Transit, JWTMount: v.JWT, OfficerRole: v.OfficerRole,
	}
	if p := c.Authority.Certificates; p != nil {
		config.PKIMount, config.PKIRole = p.VaultPKI, p.VaultRole
	}
	return config, nil
}

// vaultCredential is the service's own identity at Vault.
func (c Config) vaultCredential() vault.Credential {
	v := c.Keys.Vault
	return vault.Credential{
		RoleIDFile: c.optionalPath(v.RoleIDFile), SecretIDFile: c.optionalPath(v.SecretIDFile), TokenFile: c.optionalPath(v.TokenFile),
	}
}

// openS3 opens the bucket, which has to prove itself first.
func (a *app) openS3(ctx context.Context) error {
	c, err := a.Config.s3()
	if err != nil {
		return err
	}
	c.Log, c.Observe = a.log, a.Parts.Observer("archive")
	store, err := s3.Open(ctx, c)
	if err != nil {
		return err
	}
	a.Archive = store
	return nil
}

// s3 is the configuration of the bucket, with its credentials.
func (c Config) s3() (s3.Config, error) {
	o := c.Archive.S3
	access, err := readSecret(c.path(o.AccessKeyFile))
	if err != nil {
		return s3.Config{}, err
	}
	secret, err := readSecret(c.path(o.SecretKeyFile))
	return s3.Config{
		Endpoint: o.Endpoint, Bucket: o.Bucket, Region: o.Region, AccessKey: access, SecretKey: secret,
		Plain: o.Plain, CAFile: c.optionalPath(o.CAFile), Encryption: o.Encryption, Now: time.Now,
	}, err
}

// openRevocation keeps the lists of revoked certificates of the authorities
// that the configuration trusts.
func (a *app) openRevocation(ctx context.Context) error {
	o := a.Config.Authority.Certificates
	trusted, err := revocation.LoadRoots(a.Config.path(o.RootsFile))
	if err != nil {
		return err
	}
	trusted.KeepExpired = o.KeepsExpired || o.VaultPKI != ""
	c := revocation.Config{
		MaxAge: time.Duration(cmp.Or(o.MaxAgeHours, 24)) * time.Hour, Anchors: trusted, CRLs: o.CRLs, OCSP: o.OCSP, CacheDir: a.Config.optionalPath(o.CacheDir), CAFile: a.Config.optionalPath(o.CAFile),
		Now: time.Now, Log: a.log,
	}
	if a.tsaAnchors != nil {
		c.Others = append(c.Others, a.tsaAnchors)
	}
	count := a.Parts.Observer("revocation")
	c.Observe = func(x revocation.Exchange) {
		op := "list"
		if x.OCSP {
			op = "ocsp"
		}
		count(op, x.Took, x.Err)
	}
	source, err := revocation.Open(c)
	if err != nil {
		return err
	}
	if err := a.watchOfficers(ctx, source); err != nil {
		return err
	}
	if err := source.Refresh(ctx); err != nil { // whoever needs a list that is missing is told so
		a.log.WarnContext(ctx, "lists of revoked certificates", slog.Any("error", err))
	}
	a.Certificates = listedCertificates{source, trusted, a.Authority}
	a.background = append(a.background, source.Run)
	a.probes = append(a.probes, web.Probe{Name: "revocation", Check: source.Check})
	return nil
}

// watchOfficers has the lists for the officers' certificates kept at hand.
func (a *app) watchOfficers(ctx context.Context, source *revocation.Source) error {
	var accounts []document.Account
	err := a.Register.View(ctx, func(tx document.Tx) (err error) {
		accounts, err = tx.Accounts(ctx)
		return err
	})
	for _, account := range accounts {
		var chain []*x509.Certificate
		for _, der := range account.Certificate {
			if c, err := x509.ParseCertificate(der); err == nil { // a damaged one is found when it is used
				chain = append(chain, c)
			}
		}
		source.Watch(chain...)
	}
	return err
}

// listedCertificates answers from lists of revoked certificates. What the
// evaluation authority certified, if it gives the time-stamps, it answers for.
type listedCertificates struct {
	*revocation.Source
	trusted    *revocation.Anchors
	evaluation *authority.Authority
}

// Anchors implements certification.
func (l listedCertificates) Anchors() anchors {
	return anchors{Signers: l.trusted.Pool(), Intermediates: l.trusted.Intermediates}
}

// Lists implements signing.ListSource.
func (l listedCertificates) Lists(ctx context.Context, cert, issuer *x509.Certificate) ([]*signing.List, error) {
	lists, err := l.Source.Lists(ctx, cert, issuer)
	if err != nil || l.evaluation == nil || len(lists) > 0 {
		return lists, err
	}
	crls, _, err := l.evaluation.Evidence(ctx, cert, issuer)
	for _, der := range crls {
		if list, parseErr := signing.ParseList(der, issuer); parseErr == nil {
			lists = append(lists, list)
		}
	}
	return lists, err
}

// Collect implements signing.Collector.
func (l listedCertificates) Collect(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) (signing.Proof, error) {
	if l.evaluation != nil && issuer.Equal(l.evaluation.Root()) {
		return l.evaluation.Collect(ctx, cert, issuer, at)
	}
	return l.Source.Collect(ctx, cert, issuer, at)
}

// openTSA asks authorities of others for time-stamps.
func (a *app) openTSA(context.Context) error {
	t := a.Config.Authority.Timestamps
	roots, err := revocation.LoadRoots(a.Config.path(t.RootsFile))
	if err != nil {
		return err
	}
	a.tsaAnchors = roots
	c := signing.TimestampConfig{
		Authorities: t.Authorities, Roots: roots.Pool(), Intermediates: roots.Intermediates, Policies: t.Policies,
		CAFile: a.Config.optionalPath(t.CAFile), Now: time.Now, Log: a.log,
	}
	count := a.Parts.Observer("timestamps")
	c.Observe = func(_ string, took time.Duration, err error) { count("timestamp", took, err) }
	authorities, err := signing.NewTimestampers(c)
	if err != nil {
		return err
	}
	a.Timestamps = authorities
	// Asked at each comparison of clocks, and not for every probe: tokens cost.
	a.probes = append(a.probes, web.Probe{Name: "timestamps", Check: func(context.Context) error { return a.skews.err("timestamps") }})
	for _, authority := range authorities.Authorities() {
		judged := *authority
		judged.Accept = nil // which refuses a token by a clock that is far off, and it is to be told how far
		a.clocks = append(a.clocks, clock{"timestamps", func(ctx context.Context) (time.Duration, error) {
			return signing.ClockSkew(ctx, &judged, time.Now)
		}})
	}
	return nil
}

// optionalPath resolves a path that may be left out.
func (c Config) optionalPath(p string) string {
	if p == "" {
		return ""
	}
	return c.path(p)
}
