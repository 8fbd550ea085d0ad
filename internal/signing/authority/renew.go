package authority

import (
	"cmp"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// RenewTSA gives the authority another time-stamping unit, with a key and a
// certificate of its own. Tokens of the old one stay good for as long as its
// certificate: its status can still be asked for. Processes that have the
// authority open use the new unit from their next token on.
func RenewTSA(c Config) error {
	a, err := Open(c)
	if err != nil {
		return err
	}
	if err := a.renewTSA(c); err != nil {
		return fmt.Errorf("renewing the time-stamping unit: %w", err)
	}
	return nil
}

func (a *Authority) renewTSA(c Config) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	// The first unit is not among the issued certificates: from now on it must be
	// known without being the present one.
	old := a.tsa
	if err := createFile(a.issuedPath(old.SerialNumber), encodePEM(old)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if s.TSAKey, a.tsaKey, err = c.newKey("tsa"); err != nil {
		return err
	}
	if a.tsa, err = a.certify(a.tsaTemplate(), a.tsaKey.Public()); err != nil {
		return err
	}
	s.TSACert = filepath.Join("issued", a.tsa.SerialNumber.Text(16)+".pem")
	if err := createFile(a.issuedPath(a.tsa.SerialNumber), encodePEM(a.tsa)); err != nil {
		return err
	}
	head, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(c.Dir, "authority.json"), head) // last: before it, the old unit is the present one
}

// ErrPresentUnit refuses to revoke the unit that makes the time-stamps now: none
// of its later tokens would count.
var ErrPresentUnit = errors.New("this is the present time-stamping unit: give it a successor first (docsvc keys rotate tsa)")

// unit is the present time-stamping unit. RenewTSA, in whichever process, puts
// another authority.json in place, which is looked at before every token.
func (a *Authority) unit() (*x509.Certificate, crypto.Signer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	head, err := os.Stat(filepath.Join(a.dir, "authority.json"))
	if err != nil {
		return nil, nil, fmt.Errorf("present time-stamping unit: %w", err)
	}
	if a.head != nil && os.SameFile(head, a.head) && head.ModTime().Equal(a.head.ModTime()) {
		return a.tsa, a.tsaKey, nil
	}
	s, err := a.config.settings()
	if err != nil {
		return nil, nil, fmt.Errorf("present time-stamping unit: %w", err)
	}
	cert, key, err := a.config.pair(cmp.Or(s.TSACert, firstTSA), s.TSAKey)
	if err != nil {
		return nil, nil, fmt.Errorf("present time-stamping unit: %w", err)
	}
	a.tsa, a.tsaKey, a.head = cert, key, head
	return cert, key, nil
}
