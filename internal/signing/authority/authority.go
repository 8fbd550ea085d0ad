// Package authority is the built-in certification and time-stamping authority
// of the embedded set. It is for evaluation: what it certifies has no legal
// force, and every name it issues says so.
//
// Its directory, all of it written by Create and Issue and Revoke only:
//
//	authority.json    base URL, ids of the keys
//	root.pem tsa.pem  certificates of the CA and of the first time-stamping unit
//	keys/             their keys, sealed under the appliance key (package keyfile)
//	issued/SERIAL.pem   every certificate issued
//	revoked/SERIAL.json every revocation, one file each, never changed
//	crl.der           the newest revocation list, replaced as a whole
//
// Several processes may share the directory. Handler serves the revocation list,
// OCSP (RFC 6960), RFC 3161 time-stamps and the root certificate under the
// addresses that the certificates name. In process, an *Authority is a
// signing.Timestamper, a signing.Revocation and a signing.Collector.
package authority

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"

	"docsvc/internal/signing/keyfile"
)

// Mark stands in the subject of every certificate issued here: "docsvc
// EVALUATION – no legal force".
const Mark = "docsvc QİYMƏTLƏNDİRMƏ – hüquqi qüvvəsi yoxdur"

// Config says where an authority lives.
type Config struct {
	Dir          string
	ApplianceKey []byte
	BaseURL      string           // where Handler is reachable, for example http://127.0.0.1:8080/pki; Create only
	Now          func() time.Time // required
}

// Authority is an open authority, safe for concurrent use.
type Authority struct {
	dir     string
	baseURL string
	now     func() time.Time
	root    *x509.Certificate
	rootKey crypto.Signer
	config  Config // to read the present time-stamping unit again

	mu      sync.Mutex
	tsa     *x509.Certificate
	tsaKey  crypto.Signer
	head    os.FileInfo           // of authority.json, when tsa was read
	revoked map[string]revocation // by serial number, hexadecimal
	crl     []byte
	crlTime time.Time
	answers map[string]answer // OCSP responses, by serial number
}

type settings struct {
	BaseURL string `json:"base_url"`
	RootKey string `json:"root_key"`
	TSAKey  string `json:"tsa_key"`
	// TSACert is the file of the time-stamping unit's certificate; empty: the
	// first one's.
	TSACert string `json:"tsa_cert,omitempty"`
}

// A time-stamp counts until its unit's certificate ends, or another is made over
// it: ten years leave time for that. The key itself is to be changed more often
// (RenewTSA). The root outlives the units of its first ten years.
const (
	rootYears = 20
	tsaYears  = 10
)

const firstTSA = "tsa.pem"

// Create makes a new authority in an absent or empty directory.
func Create(c Config) error {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fmt.Errorf("creating the authority: %w", err)
	}
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return fmt.Errorf("creating the authority: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("creating the authority: %s is not empty", c.Dir)
	}
	for _, sub := range []string{"keys", "issued", "revoked"} {
		if err := os.Mkdir(filepath.Join(c.Dir, sub), 0o700); err != nil {
			return fmt.Errorf("creating the authority: %w", err)
		}
	}
	if err := c.create(); err != nil {
		return fmt.Errorf("creating the authority: %w", err)
	}
	return nil
}

func (c Config) create() error {
	a := &Authority{dir: c.Dir, baseURL: c.BaseURL, now: c.Now}
	s := settings{BaseURL: c.BaseURL}
	var err error
	if s.RootKey, a.rootKey, err = c.newKey("root"); err != nil {
		return err
	}
	if s.TSAKey, a.tsaKey, err = c.newKey("tsa"); err != nil {
		return err
	}
	if a.root, err = a.certify(rootTemplate(c.Now()), a.rootKey.Public()); err != nil {
		return err
	}
	if a.tsa, err = a.certify(a.tsaTemplate(), a.tsaKey.Public()); err != nil {
		return err
	}
	head, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name    string
		content []byte
	}{{"root.pem", encodePEM(a.root)}, {firstTSA, encodePEM(a.tsa)}, {"authority.json", head}} {
		if err := replaceFile(filepath.Join(c.Dir, f.name), f.content); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) keys() *keyfile.ServiceKeys {
	return &keyfile.ServiceKeys{Dir: filepath.Join(c.Dir, "keys"), ApplianceKey: c.ApplianceKey, Now: c.Now}
}

func (c Config) newKey(purpose string) (string, crypto.Signer, error) {
	info, err := c.keys().Create(purpose, keyfile.ES256)
	if err != nil {
		return "", nil, err
	}
	key, _, err := c.keys().Signer(info.KID)
	return info.KID, key, err
}

// Open opens an existing authority; it creates nothing.
func Open(c Config) (*Authority, error) {
	a := &Authority{dir: c.Dir, config: c, now: c.Now, revoked: map[string]revocation{}, answers: map[string]answer{}}
	if err := a.open(c); err != nil {
		return nil, fmt.Errorf("opening the authority in %s: %w", c.Dir, err)
	}
	return a, nil
}

func (a *Authority) open(c Config) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	a.baseURL = s.BaseURL
	if a.root, a.rootKey, err = c.pair("root.pem", s.RootKey); err != nil {
		return err
	}
	if _, _, err = a.unit(); err != nil {
		return err
	}
	_, err = a.currentCRL() // reads the revocations: a damaged one shows at start
	return err
}

func (c Config) settings() (settings, error) {
	var s settings
	head, err := os.ReadFile(filepath.Join(c.Dir, "authority.json"))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(head, &s); err != nil {
		return s, fmt.Errorf("authority.json: %w", err)
	}
	return s, nil
}

func (c Config) pair(certFile, kid string) (*x509.Certificate, crypto.Signer, error) {
	cert, err := readCertificate(filepath.Join(c.Dir, certFile))
	if err != nil {
		return nil, nil, err
	}
	key, _, err := c.keys().Signer(kid)
	if err != nil {
		return nil, nil, err
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(cert.PublicKey) {
		return nil, nil, fmt.Errorf("%s does not belong to key %s", certFile, kid)
	}
	return cert, key, nil
}

// Root is the trust anchor.
func (a *Authority) Root() *x509.Certificate { return a.root }

// Roots is the trust anchor as a pool, for signing.Verifier.
func (a *Authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// BaseURL is where the issued certificates expect Handler.
func (a *Authority) BaseURL() string { return a.baseURL }

// certify signs a certificate; the template that is a CA is signed by itself.
func (a *Authority) certify(template *x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error) {
	var err error
	if template.SerialNumber, err = newSerial(); err != nil {
		return nil, err
	}
	template.NotBefore = a.now().Add(-time.Minute).UTC().Truncate(time.Second) // clocks differ a little
	parent := a.root
	if template.IsCA {
		parent = template
	} else {
		template.CRLDistributionPoints = []string{a.baseURL + pathCRL}
		template.OCSPServer = []string{a.baseURL + pathOCSP}
		template.IssuingCertificateURL = []string{a.baseURL + pathRoot}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, a.rootKey)
	if err != nil {
		return nil, fmt.Errorf("certifying %s: %w", template.Subject.CommonName, err)
	}
	return x509.ParseCertificate(der)
}

// newSerial makes a positive serial number of 127 bits (RFC 5280 § 4.1.2.2).
func newSerial() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, err
	}
	return n.SetBit(n, 126, 1), nil
}

func rootTemplate(now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{Country: []string{"AZ"}, Organization: []string{Mark}, CommonName: "docsvc qiymətləndirmə kök mərkəzi"},
		NotAfter:              now.AddDate(rootYears, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature, // OCSP too
	}
}

func encodePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func readCertificate(path string) (*x509.Certificate, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("%s: %w", path, errors.New("no certificate"))
	}
	return x509.ParseCertificate(block.Bytes)
}
