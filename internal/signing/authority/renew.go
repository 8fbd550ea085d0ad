package authority

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// RenewTSA gives the authority another time-stamping unit, with a key and a
// certificate of its own. Tokens of the old one stay good for as long as its
// certificate: its status can still be asked for. Processes that have the
// authority open use the old unit until they open it again.
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
