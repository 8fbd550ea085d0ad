package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/numbering"
	"docsvc/internal/signing"
)

// Config is the whole configuration; the comments here are its manual. It is
// read from JSON in which an unknown key is an error. Relative paths are
// relative to the file.
type Config struct {
	// Production refuses the evaluation authority and demo accounts. While
	// either is in use every act says that it has no legal force.
	Production bool `json:"production"`

	// Address is where serve listens, HOST:PORT.
	Address string `json:"address"`

	// TrustedProxies are the networks of proxies in front of serve, such as
	// 10.0.0.0/8, that may name the client in X-Forwarded-For. Without them the
	// limits on requests count by the address of the connection.
	TrustedProxies []netip.Prefix `json:"trusted_proxies,omitempty"`

	// Origin is the address of the verification page as QR codes name it, for
	// example https://icra.example.az. It must not change while acts are valid.
	Origin string `json:"origin"`

	// TLS makes serve speak HTTPS by itself; without it a proxy in front does.
	TLS *tlsConfig `json:"tls,omitempty"`

	// Register is the database: one of the two.
	Register struct {
		SQLite   string          `json:"sqlite,omitempty"` // path of the file
		Postgres *postgresConfig `json:"postgres,omitempty"`
	} `json:"register"`

	// Archive keeps the signed acts: one of the two.
	Archive struct {
		Directory string    `json:"directory,omitempty"` // write-once directory
		S3        *s3Config `json:"s3,omitempty"`
	} `json:"archive"`

	// Keys holds the officers' and the service's own keys: in files, or in Vault.
	Keys struct {
		Directory    string       `json:"directory,omitempty"`
		ApplianceKey string       `json:"appliance_key,omitempty"` // file that unlocks what is kept in files
		Vault        *vaultConfig `json:"vault,omitempty"`
	} `json:"keys"`

	// Authority certifies officers and gives timestamps. The built-in one does
	// whichever of the two is not configured.
	Authority struct {
		Evaluation   string              `json:"evaluation,omitempty"` // directory of the built-in one
		Certificates *certificatesConfig `json:"certificates,omitempty"`
		Timestamps   *timestampsConfig   `json:"timestamps,omitempty"`
	} `json:"authority"`

	// Login is how people log in at the pages of officers: at an identity
	// provider or, where keys are in files, with passwords of docsvc's own. Without
	// either there are no such pages. The command line asks the provider or, without
	// one, for the passphrase of the key.
	Login struct {
		OIDC  *auth.Config `json:"oidc,omitempty"`
		Local bool         `json:"local,omitempty"`
		// SecondFactor requires one-time codes of everybody who logs in with a
		// password here: who has none sets them up at their next login.
		SecondFactor bool `json:"second_factor,omitempty"`
		// CommandClientID is the public client of the command line, whose redirect
		// addresses are on this machine (RFC 8252); default: that of OIDC. Vault's
		// role must accept both as audience.
		CommandClientID string `json:"command_client_id,omitempty"`
	} `json:"login,omitzero"`

	// Webhooks are told what happens to acts; operators enter their addresses.
	Webhooks struct {
		// Networks beside the public internet in which an address may be, such as
		// 10.20.0.0/16: without them docsvc connects to public addresses only.
		Networks []netip.Prefix `json:"networks,omitempty"`
		CAFile   string         `json:"ca_file,omitempty"` // PEM: of the receivers' certificates; default: the machine's
	} `json:"webhooks,omitzero"`

	// Level of signatures (ETSI EN 319 142-1): B-B, B-T, B-LT or B-LTA. At B-LTA
	// an act brings all that proves it, and is renewed before that weakens. An act
	// is never signed at a lower level than asked for: it waits.
	Level signing.Level `json:"level"`

	// Levels of classes that differ. A class is the id of a template or a
	// retention class; the template's counts first.
	Levels map[string]signing.Level `json:"levels,omitempty"`

	// Certify says of which classes the first signature certifies the document:
	// then it permits nothing but further signatures (DocMDP, P 2).
	Certify map[string]bool `json:"certify,omitempty"`

	// TwoPersons says of which templates' acts the standing (superseded, annulled)
	// is changed by two persons, one who proposes and one who confirms; "*" stands
	// for all that are not named.
	TwoPersons map[string]bool `json:"two_persons,omitempty"`

	// DeliveryWays are the ways in which an act is served on a party, as the pages
	// offer them. in_person, post, courier, e_cabinet, e_mail and sms have names in
	// three languages; other names are shown as they are. Default: those six.
	DeliveryWays []string `json:"delivery_ways,omitempty"`

	// RSAPadding is how RSA keys sign: pkcs1v15, which more programs can check, or
	// pss; default pkcs1v15.
	RSAPadding string `json:"rsa_padding,omitempty"`

	// RenewBeforeDays is how long before its time-stamp weakens an archived act
	// gets another one at the latest; default 365.
	RenewBeforeDays int `json:"renew_before_days,omitempty"`

	// AlgorithmsFile holds, as JSON, until when algorithms can be relied on;
	// default: ETSI TS 119 312 V1.5.1. docsvc verify --algorithms shows the table.
	AlgorithmsFile string `json:"algorithms_file,omitempty"`

	// StatusAgeHours is how old the data that says that a certificate is not
	// revoked may be at the time of a signature; default: as old as it says itself.
	StatusAgeHours int `json:"status_age_hours,omitempty"`

	// Numbers is the scheme of the unified number; see package numbering.
	Numbers numbering.Scheme `json:"numbers"`

	// RetentionYears by retention class; "" is the default. The sources name no
	// term, so an owner has to confirm these.
	RetentionYears map[string]int `json:"retention_years"`

	// Offices that issue acts.
	Offices []document.Office `json:"offices"`

	// LeaseSeconds is how long a process may hold an act before another takes
	// it over; after a crash an act waits that long. At least 30 in production:
	// one call of a key may take 20.
	LeaseSeconds int `json:"lease_seconds"`

	// Workers is how many acts the worker of serve runs at once.
	Workers int `json:"workers"`

	dir string // of the file
}

// configName is the configuration in a data directory. It is written last by
// init, so a directory that has it is complete.
const configName = "docsvc.json"

const maxConfig = 1 << 20

// defaultConfig is the embedded set in one directory.
func defaultConfig() Config {
	c := Config{Address: "127.0.0.1:8080", Origin: "http://127.0.0.1:8080", Level: signing.LevelBLTA, Workers: 4, LeaseSeconds: 45}
	c.Register.SQLite = "register.db"
	c.Archive.Directory = "archive"
	c.Keys.Directory = "keys"
	c.Keys.ApplianceKey = "appliance.key"
	c.Login.Local = true
	c.Authority.Evaluation = "authority"
	c.RetentionYears = map[string]int{"": 100}
	scheme, err := numbering.ParseScheme(numbering.DefaultCase)
	if err != nil {
		panic(err) // a constant
	}
	c.Numbers = scheme
	return c
}

// loadConfig reads the configuration that the options name.
func loadConfig(f *flags) (Config, error) {
	path := f.config
	if path == "" {
		if f.data == "" {
			return Config{}, usageError{"missing --data DIR (or DOCSVC_DATA)"}
		}
		path = filepath.Join(f.data, configName)
	}
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return Config{}, fmt.Errorf("%s is not there: make it with docsvc init --data %s", path, filepath.Dir(path))
	}
	if err != nil {
		return Config{}, err
	}
	defer func() { _ = file.Close() }() // only read from
	data, err := io.ReadAll(io.LimitReader(file, maxConfig))
	if err != nil {
		return Config{}, fmt.Errorf("read %s: %w", path, err)
	}
	c, err := parseConfig(data)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	c.dir = filepath.Dir(path)
	return c, nil
}

func parseConfig(data []byte) (Config, error) {
	c := Config{}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return c, err
	}
	if dec.More() {
		return c, errors.New("more than one JSON object")
	}
	return c, c.validate()
}

// validate lists everything that is wrong.
func (c Config) validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		fault("address: %w", err)
	}
	if err := codes.CheckOrigin(c.Origin); err != nil {
		fault("origin: %w", err)
	}
	faults = append(faults, c.validateParts()...)
	faults = append(faults, c.validateLevels()...)
	if c.RetentionYears[""] < 1 {
		fault(`retention_years: the default class "" needs at least one year`)
	}
	seen := map[string]bool{}
	for _, o := range c.Offices {
		if o.Code == "" || o.Name == "" || seen[o.Code] {
			fault("office %q has no code or name, or stands twice", o.Code)
		}
		seen[o.Code] = true
	}
	if c.LeaseSeconds < 1 || c.Production && c.LeaseSeconds < 30 {
		fault("lease_seconds: %d, want at least 1, in production at least 30", c.LeaseSeconds)
	}
	if c.Workers < 1 || c.Workers > 256 {
		fault("workers: %d, want 1 to 256", c.Workers)
	}
	return errors.Join(faults...)
}

// deliveryWays are the ways to serve an act.
func (c Config) deliveryWays() []string {
	if len(c.DeliveryWays) > 0 {
		return c.DeliveryWays
	}
	return document.DefaultDeliveryWays()
}

const paddingPSS = "pss"

// validateLevels lists what is wrong with how acts are signed and kept.
func (c Config) validateLevels() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if err := c.Level.Check(); err != nil {
		fault("level %q: want one of %v", c.Level, signing.Levels())
	}
	for class, level := range c.Levels {
		if err := level.Check(); err != nil || class == "" {
			fault("levels: %q: %q: want a template or retention class and one of %v", class, level, signing.Levels())
		}
	}
	if _, ok := c.Certify[""]; ok {
		fault("certify: want templates or retention classes, not the empty name")
	}
	if _, ok := c.TwoPersons[""]; ok {
		fault("two_persons: want templates or *, not the empty name")
	}
	for _, way := range c.DeliveryWays {
		if way == "" || len(way) > 60 {
			fault("delivery_ways: %q: want a name of at most 60 bytes", way)
		}
	}
	if c.RSAPadding != "" && c.RSAPadding != "pkcs1v15" && c.RSAPadding != paddingPSS {
		fault("rsa_padding %q: want pkcs1v15 or %s", c.RSAPadding, paddingPSS)
	}
	if c.RenewBeforeDays < 0 || c.RenewBeforeDays > 3650 {
		fault("renew_before_days: %d, want 0 to 3650", c.RenewBeforeDays)
	}
	if c.StatusAgeHours < 0 {
		fault("status_age_hours: %d, want at least 0", c.StatusAgeHours)
	}
	return faults
}

// path resolves a path of the configuration.
func (c Config) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.dir, p)
}

// location is the time zone of dates that acts print (docs/domain.md § 7: UTC+4, no
// summer time). It does not depend on the machine's time zone database.
func location() *time.Location { return time.FixedZone("Asia/Baku", 4*60*60) }
