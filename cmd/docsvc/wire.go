package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"docsvc/internal/archive/fsworm"
	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
	"docsvc/internal/render"
	"docsvc/internal/signing"
	"docsvc/internal/signing/authority"
	"docsvc/internal/signing/keyfile"
	"docsvc/internal/sqldb"
	"docsvc/internal/template"
	"docsvc/internal/typeset"
	"docsvc/internal/verify"
)

// The purposes of the service's own keys.
const (
	purposeSeal       = "seal"       // ES256: the seal in the QR code
	purposeCheckpoint = "checkpoint" // Ed25519: the ledger
)

// app is everything that runs, joined.
type app struct {
	Config    Config
	Service   *document.Service
	Register  *sqldb.Register
	Archive   *fsworm.Store
	Authority *authority.Authority
	Keys      *keyfile.ServiceKeys
	Renderer  *render.Renderer
	Verify    *verify.Verifier
}

// openApp opens every part and creates nothing; what is missing is an error
// that says how to make it.
func openApp(ctx context.Context, c Config, log *slog.Logger) (_ *app, err error) {
	a := &app{Config: c}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	applianceKey, err := keyfile.OpenApplianceKey(c.path(c.Keys.ApplianceKey))
	if err != nil {
		return nil, fmt.Errorf("appliance key: %w", err)
	}
	a.Keys = &keyfile.ServiceKeys{Dir: c.servicePath(), ApplianceKey: applianceKey, Now: time.Now}
	if a.Authority, err = authority.Open(authority.Config{
		Dir: c.path(c.Authority.Evaluation), ApplianceKey: applianceKey, Now: time.Now,
	}); err != nil {
		return nil, err
	}
	a.Register, err = sqldb.Open(ctx, sqldb.Options{Engine: sqldb.SQLite, Path: c.path(c.Register.SQLite), Logger: log})
	if err != nil {
		return nil, err
	}
	if a.Archive, err = fsworm.Open(c.path(c.Archive.Directory), time.Now); err != nil {
		return nil, err
	}
	if a.Renderer, err = newRenderer(c); err != nil {
		return nil, err
	}
	if a.Service, err = a.newService(log); err != nil {
		return nil, err
	}
	a.Verify = &verify.Verifier{
		Store: a.Register, Archive: a.Archive, Signatures: a.Service.Verifier, Ledger: a.Service.LedgerKeys, Now: time.Now,
		Log: log,
		SealKey: func(id string) (*ecdsa.PublicKey, error) {
			keys, err := sealKeys(a.Keys) // each time: another process may have made a new one
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

func (a *app) newService(log *slog.Logger) (*document.Service, error) {
	sealer, err := newSealer(a.Keys)
	if err != nil {
		return nil, err
	}
	checkpoints, ledgerKeys, err := ledgerSigner(a.Keys, a.Config.logOrigin())
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &document.Service{
		Store: a.Register, Archive: a.Archive, Drafter: a.Renderer, Sealer: sealer,
		Certificates: certificates{a.Authority}, Timestamps: a.Authority,
		Verifier:    &signing.Verifier{Roots: a.Authority.Roots(), Now: time.Now, Revocation: a.Authority},
		Checkpoints: checkpoints, LedgerKeys: ledgerKeys,
		Rules: document.Rules{
			Scheme: a.Config.Numbers, Level: a.Config.Level, Evaluation: a.Config.Authority.Evaluation != "",
			Location: location(), Retention: a.Config.RetentionYears,
			Lease: time.Duration(a.Config.LeaseSeconds) * time.Second, PreparedFor: 15 * time.Minute,
		},
		Owner: fmt.Sprintf("%s/%d/%s", host, os.Getpid(), uuid.NewString()[:8]),
		Now:   time.Now, Rand: rand.Reader, NewID: newID, Log: log,
	}, nil
}

// newID returns a UUID of version 7, which sorts by time.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// servicePath is where the service's own keys are.
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

// sealer signs seals with the service's key.
type sealer struct {
	kid string
	key crypto.Signer
}

func newSealer(keys *keyfile.ServiceKeys) (document.Sealer, error) {
	info, err := keys.Current(purposeSeal)
	if err != nil {
		return nil, fmt.Errorf("seal key: %w", err)
	}
	key, _, err := keys.Signer(info.KID)
	if err != nil {
		return nil, fmt.Errorf("seal key: %w", err)
	}
	return &sealer{sealKID(info), key}, nil
}

// sealKID is the id of a seal key as seals carry it: without the purpose, to
// keep the QR code small.
func sealKID(info keyfile.Info) string {
	return strings.TrimPrefix(info.KID, purposeSeal+"-")
}

// Seal implements document.Sealer.
func (s *sealer) Seal(ctx context.Context, code codes.Code, f codes.Facts) ([]byte, error) {
	sign := func(_ context.Context, digest []byte) ([]byte, error) {
		return s.key.Sign(rand.Reader, digest, crypto.SHA256)
	}
	return codes.Seal(ctx, sign, s.kid, code, f)
}

// sealKeys are the published keys of seals, past ones included, by id.
func sealKeys(keys *keyfile.ServiceKeys) (map[string]*ecdsa.PublicKey, error) {
	list, err := keys.List(purposeSeal)
	if err != nil {
		return nil, err
	}
	public := map[string]*ecdsa.PublicKey{}
	for _, info := range list {
		key, err := info.PublicKey()
		if err != nil {
			return nil, fmt.Errorf("seal key %s: %w", info.KID, err)
		}
		p, ok := key.(*ecdsa.PublicKey)
		if !ok {
			return nil, fmt.Errorf("seal key %s is not ECDSA", info.KID)
		}
		public[sealKID(info)] = p
	}
	return public, nil
}

// ledgerSigner returns the signer of checkpoints and the verifier that knows
// its key and all earlier ones.
func ledgerSigner(keys *keyfile.ServiceKeys, origin string) (*ledger.Signer, *ledger.Verifier, error) {
	list, err := keys.List(purposeCheckpoint)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint key: %w", err)
	}
	if len(list) == 0 {
		return nil, nil, fmt.Errorf("checkpoint key: %w", keyfile.ErrNoKey)
	}
	var public []ed25519.PublicKey
	for _, info := range list {
		key, err := info.PublicKey()
		if err != nil {
			return nil, nil, fmt.Errorf("checkpoint key %s: %w", info.KID, err)
		}
		p, ok := key.(ed25519.PublicKey)
		if !ok {
			return nil, nil, fmt.Errorf("checkpoint key %s is not Ed25519", info.KID)
		}
		public = append(public, p)
	}
	key, _, err := keys.Signer(list[len(list)-1].KID)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint key: %w", err)
	}
	signer, err := ledger.NewSigner(origin, public[len(public)-1], func(text []byte) ([]byte, error) {
		return key.Sign(rand.Reader, text, crypto.Hash(0))
	})
	if err != nil {
		return nil, nil, err
	}
	verifier, err := ledger.NewVerifier(origin, public...)
	return signer, verifier, err
}

// certificates asks the evaluation authority about officers' certificates.
type certificates struct{ authority *authority.Authority }

// Usable implements document.Certificates.
func (c certificates) Usable(ctx context.Context, leaf *x509.Certificate, at time.Time) error {
	status, err := c.authority.Status(ctx, leaf, at)
	if err != nil {
		return err
	}
	switch status.State {
	case authority.Good:
		return nil
	case authority.Revoked:
		return fmt.Errorf("certificate %x was revoked on %s", leaf.SerialNumber, status.RevokedAt.Format(time.RFC3339))
	default:
		return fmt.Errorf("certificate %x is %s", leaf.SerialNumber, status.State)
	}
}
