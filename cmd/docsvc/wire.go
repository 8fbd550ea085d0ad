package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/password"
	"docsvc/internal/render"
	"docsvc/internal/signing"
	"docsvc/internal/signing/authority"
	"docsvc/internal/signing/revocation"
	"docsvc/internal/signing/vault"
	"docsvc/internal/sqldb"
	"docsvc/internal/template"
	"docsvc/internal/typeset"
	"docsvc/internal/verify"
	"docsvc/internal/web"
)

// app is everything that runs, joined. Which part stands behind an interface is
// the configuration's choice; see wire_embedded.go and wire_production.go.
type app struct {
	Config       Config
	Service      *document.Service
	Register     *sqldb.Register
	Archive      archiveStore
	Keys         serviceKeys
	Certificates certification
	Timestamps   signing.Timestamper
	Renderer     *render.Renderer
	Verify       *verify.Verifier
	Authority    *authority.Authority // nil: nothing is left for it to do
	Vault        *vault.Client        // nil: keys are in files
	Login        *auth.Provider       // nil: officers use passphrases
	Local        *auth.Local          // nil: nobody logs in with a password
	Parts        *web.Parts           // counts the calls of all of them

	applianceKey []byte
	tsaAnchors   *revocation.Anchors               // nil: the evaluation authority's
	background   []func(ctx context.Context) error // of serve
	probes       []web.Probe
	clocks       []clock
	skews        skews
	work         sync.WaitGroup // that outlives its request
	log          *slog.Logger
}

// openApp opens every part and creates nothing; what is missing is an error
// that says how to make it.
func openApp(ctx context.Context, c Config, log *slog.Logger) (_ *app, err error) {
	a := &app{Config: c, Parts: web.NewParts(), log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	for _, part := range []struct {
		name string
		open func(context.Context) error
	}{
		{"appliance key", a.openApplianceKey},
		{"login", a.openLogin},
		{"keys", a.openKeys},
		{"register", a.openRegister},
		{"archive", a.openArchive},
		{"evaluation authority", a.openAuthority},
		{"time-stamps", a.openTimestamps},
		{"certificates", a.openCertificates},
	} {
		if err := part.open(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if a.Renderer, err = newRenderer(c); err != nil {
		return nil, err
	}
	if a.Service, err = a.newService(ctx); err != nil {
		return nil, err
	}
	if c.Login.Local {
		a.Local = auth.NewLocal(a.Service, password.DefaultCost(), time.Now)
		a.Local.Secrets, a.Local.Required = derivedSecrets{a.Keys}, c.Login.SecondFactor
	}
	a.Service.ObserveKey, a.Service.ObserveRenewal = a.Parts.Signature, a.Parts.Renewal
	a.Verify = &verify.Verifier{
		Store: a.Register, Archive: a.Archive, Signatures: a.Service.Verifier, Ledger: a.Service.LedgerKeys, Now: time.Now,
		Log: log,
		SealKey: func(id string) (*ecdsa.PublicKey, error) {
			ctx, cancel := context.WithTimeout(context.Background(), keyCall)
			defer cancel()
			keys, err := sealKeys(ctx, a.Keys) // each time: there may be a new one
			return keys[id], err
		},
	}
	return a, nil
}

// close ends what openApp opened.
func (a *app) close() error {
	var errs []error
	if a.Archive != nil {
		errs = append(errs, a.Archive.Close())
	}
	if a.Register != nil {
		errs = append(errs, a.Register.Close())
	}
	return errors.Join(errs...)
}

func (a *app) openRegister(ctx context.Context) error {
	o, err := a.Config.registerOptions()
	if err != nil {
		return err
	}
	o.Logger, o.Observe = a.log, a.Parts.Observer("register")
	if a.Register, err = sqldb.Open(ctx, o); err != nil {
		return err
	}
	a.clocks = append(a.clocks, clock{"register", func(ctx context.Context) (time.Duration, error) {
		there, err := a.Register.Clock(ctx)
		return time.Since(there), err
	}})
	return nil
}

// registerOptions say where the register is and as whom the service opens it.
func (c Config) registerOptions() (sqldb.Options, error) {
	p := c.Register.Postgres
	if p == nil {
		return sqldb.Options{Engine: sqldb.SQLite, Path: c.path(c.Register.SQLite)}, nil
	}
	dsn, err := readSecret(c.path(p.DSNFile))
	return sqldb.Options{Engine: sqldb.Postgres, DSN: dsn, MaxConns: p.Connections, AllowOwner: p.AllowOwner}, err
}

// ownerOptions say as whom the schema is made and changed.
func (c Config) ownerOptions() (sqldb.Options, error) {
	p := c.Register.Postgres
	if p == nil {
		return c.registerOptions()
	}
	if p.OwnerDSNFile == "" {
		return sqldb.Options{}, errors.New("register.postgres.owner_dsn_file is missing: the schema is changed under the role that owns it")
	}
	dsn, err := readSecret(c.path(p.OwnerDSNFile))
	o := sqldb.Options{Engine: sqldb.Postgres, DSN: dsn, ServiceRole: p.ServiceRole, AllowOwner: true}
	if o.ServiceRole == "" && !p.AllowOwner {
		o.ServiceRole = "docsvc_service"
	}
	return o, err
}

func newRenderer(c Config) (*render.Renderer, error) {
	library, err := template.Builtin()
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	engine, err := typeset.Default()
	if err != nil {
		return nil, fmt.Errorf("typesetter: %w", err)
	}
	r := &render.Renderer{
		Templates: library, Typeset: engine, Offices: map[string]document.Office{},
		Origin: c.Origin, Host: c.host(), Location: location(), Now: time.Now,
	}
	for _, o := range c.Offices {
		r.Offices[o.Code] = o
	}
	return r, nil
}

func (a *app) newService(ctx context.Context) (*document.Service, error) {
	if _, err := current(ctx, a.Keys, purposeSeal); err != nil {
		return nil, err
	}
	checkpoints, ledgerKeys, err := ledgerSigner(ctx, a.Keys, a.Config.logOrigin())
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	trusted := a.Certificates.Anchors()
	algorithms, err := a.Config.algorithms()
	if err != nil {
		return nil, err
	}
	verifier := &signing.Verifier{
		Roots: trusted.Signers, Intermediates: append(trusted.Intermediates, a.timestampIntermediates()...),
		TSARoots: a.timestampRoots(), Now: time.Now, Revocation: a.Certificates,
		StatusAge: time.Duration(a.Config.StatusAgeHours) * time.Hour, Suitability: algorithms,
	}
	s := &document.Service{
		Store: a.Register, Archive: a.Archive, Drafter: a.Renderer, Sealer: sealer{a.Keys},
		Certificates: a.Certificates, Timestamps: a.Timestamps,
		Verifier: verifier,
		Augmenter: &signing.Augmenter{
			Roots: verifier.Roots, TSARoots: verifier.TSARoots, Intermediates: verifier.Intermediates,
			Collector: a.Certificates, Timestamps: a.Timestamps, Now: time.Now,
			StatusAge: verifier.StatusAge, Suitability: algorithms,
		},
		Checkpoints: checkpoints, LedgerKeys: ledgerKeys, Secrets: derivedSecrets{a.Keys},
		Rules: document.Rules{
			Scheme: a.Config.Numbers, Level: a.Config.Level, Levels: a.Config.Levels, Certify: a.Config.Certify,
			TwoPersons: a.Config.TwoPersons, DeliveryWays: a.Config.deliveryWays(), PSS: a.Config.RSAPadding == paddingPSS,
			RenewBefore: time.Duration(a.Config.RenewBeforeDays) * 24 * time.Hour, Evaluation: a.Config.evaluation(),
			Location: location(), Retention: a.Config.RetentionYears,
			Lease: time.Duration(a.Config.LeaseSeconds) * time.Second, PreparedFor: 15 * time.Minute,
		},
		Owner: fmt.Sprintf("%s/%d/%s", host, os.Getpid(), uuid.NewString()[:8]),
		Now:   time.Now, Rand: rand.Reader, NewID: newID, Log: a.log,
	}
	if sealer, ok := a.Keys.(document.EvidenceSealer); ok {
		s.Evidence = sealer
	}
	return s, s.CheckLevels()
}

// maxAlgorithms is the largest table of algorithms in bytes.
const maxAlgorithms = 64 << 10

// algorithms is the table of the configuration.
func (c Config) algorithms() (signing.Suitability, error) {
	if c.AlgorithmsFile == "" {
		return signing.DefaultSuitability(), nil
	}
	table, err := readAlgorithms(c.path(c.AlgorithmsFile))
	if err != nil {
		return nil, fmt.Errorf("algorithms_file: %w", err)
	}
	return table, nil
}

// readAlgorithms reads a table from a file.
func readAlgorithms(path string) (signing.Suitability, error) {
	data, err := readInput(path, maxAlgorithms)
	if err != nil {
		return nil, err
	}
	table, err := signing.ParseSuitability(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return table, nil
}

// timestampRoots are what time-stamps must lead to.
func (a *app) timestampRoots() *x509.CertPool {
	if a.tsaAnchors == nil {
		return a.Authority.Roots()
	}
	return a.tsaAnchors.Pool()
}

func (a *app) timestampIntermediates() []*x509.Certificate {
	if a.tsaAnchors == nil {
		return nil
	}
	return a.tsaAnchors.Intermediates
}

// evaluation says whether acts have no legal force. Only a configuration that
// says production, and so passed all its checks, makes others.
func (c Config) evaluation() bool { return !c.Production }

// newID returns a UUID of version 7, which sorts by time.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// servicePath is where the service's own keys are, if they are files.
func (c Config) servicePath() string { return c.path(c.Keys.Directory) + "/service" }

// officerKey is the key file of an officer.
func (c Config) officerKey(login string) string {
	return c.path(c.Keys.Directory) + "/officers/" + login + ".p8"
}

// host is the verification address as printed in words.
func (c Config) host() string {
	u, err := url.Parse(c.Origin)
	if err != nil {
		return c.Origin
	}
	return u.Host
}

// logOrigin names the ledger in its checkpoints. It never changes.
func (c Config) logOrigin() string { return c.host() + "/log" }
