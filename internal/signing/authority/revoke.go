package authority

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// State is what the authority knows about a certificate.
type State string

const (
	Good        State = "good"
	Revoked     State = "revoked"
	Expired     State = "expired"
	NotYetValid State = "not yet valid"
	Unknown     State = "unknown" // not issued here
)

// Status is the state of one certificate at one time.
type Status struct {
	State     State
	RevokedAt time.Time // set when State is Revoked
	Reason    int       // CRLReason, RFC 5280 § 5.3.1
}

type revocation struct {
	At     time.Time `json:"at"`
	Reason int       `json:"reason"`
}

const (
	crlLife    = 24 * time.Hour
	crlRefresh = time.Hour // register rules 9.2-9.6 ask for three hours
)

// Status looks a certificate up as of a time. Revocation goes before expiry.
func (a *Authority) Status(_ context.Context, cert *x509.Certificate, at time.Time) (Status, error) {
	if cert.CheckSignatureFrom(a.root) != nil {
		return Status{State: Unknown}, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, err := a.readRevocations(); err != nil {
		return Status{}, err
	}
	r, revoked := a.revoked[cert.SerialNumber.Text(16)]
	switch {
	case revoked && !at.Before(r.At):
		return Status{State: Revoked, RevokedAt: r.At, Reason: r.Reason}, nil
	case at.Before(cert.NotBefore):
		return Status{State: NotYetValid}, nil
	case at.After(cert.NotAfter):
		return Status{State: Expired}, nil
	}
	return Status{State: Good}, nil
}

// Revoke records that a certificate is revoked from now on, and renews the
// revocation list. Reason is a CRLReason. Revoking twice keeps the first.
func (a *Authority) Revoke(cert *x509.Certificate, reason int) error {
	if reason < 0 || reason > 10 || reason == 7 || reason == 6 || reason == 8 {
		return fmt.Errorf("revoking: reason %d", reason) // 6 and 8: hold and its end, which are not offered
	}
	if cert.CheckSignatureFrom(a.root) != nil {
		return fmt.Errorf("revoking %s: not issued by this authority", cert.Subject.CommonName)
	}
	switch present, _, err := a.unit(); {
	case err != nil:
		return fmt.Errorf("revoking: %w", err)
	case cert.Equal(a.root):
		return errors.New("revoking: a root cannot be revoked by its own list")
	case cert.SerialNumber.Cmp(present.SerialNumber) == 0:
		return fmt.Errorf("revoking %s: %w", cert.Subject.CommonName, ErrPresentUnit)
	}
	serial := cert.SerialNumber.Text(16)
	entry, err := json.Marshal(revocation{At: a.now().UTC().Truncate(time.Second), Reason: reason})
	if err != nil {
		return err
	}
	err = createFile(filepath.Join(a.dir, "revoked", serial+".json"), entry)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("revoking %s: %w", serial, err)
	}
	_, err = a.currentCRL()
	return err
}

// Evidence implements signing.Revocation with the authority's own list.
func (a *Authority) Evidence(_ context.Context, _, issuer *x509.Certificate) (crls, ocsps [][]byte, err error) {
	if !issuer.Equal(a.root) {
		return nil, nil, nil
	}
	crl, err := a.currentCRL()
	if err != nil {
		return nil, nil, err
	}
	return [][]byte{crl}, nil, nil
}

// currentCRL returns a list that is at most crlRefresh old and has every
// revocation on disk, also those of other processes.
func (a *Authority) currentCRL() ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	grew, err := a.readRevocations()
	if err != nil {
		return nil, err
	}
	now := a.now().UTC().Truncate(time.Second)
	if age := now.Sub(a.crlTime); !grew && a.crl != nil && age >= 0 && age < crlRefresh {
		return a.crl, nil
	}
	keepsExpired, err := asn1.MarshalWithParams(a.root.NotBefore.UTC(), "generalized")
	if err != nil {
		return nil, err
	}
	list := &x509.RevocationList{
		Number:     big.NewInt(a.now().UnixMilli()), // grows, whichever process makes it
		ThisUpdate: now, NextUpdate: now.Add(crlLife),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 60}, Value: keepsExpired}}, // expiredCertsOnCRL
	}
	for serial, r := range a.revoked {
		n, ok := new(big.Int).SetString(serial, 16)
		if !ok {
			return nil, fmt.Errorf("revocation of %q: not a serial number", serial)
		}
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: n, RevocationTime: r.At, ReasonCode: r.Reason})
	}
	crl, err := x509.CreateRevocationList(rand.Reader, list, a.root, a.rootKey)
	if err != nil {
		return nil, fmt.Errorf("signing the revocation list: %w", err)
	}
	if err := replaceFile(filepath.Join(a.dir, "crl.der"), crl); err != nil {
		return nil, err
	}
	a.crl, a.crlTime = crl, now
	return crl, nil
}

// readRevocations reads the files it has not seen. The caller holds mu.
func (a *Authority) readRevocations() (grew bool, err error) {
	entries, err := os.ReadDir(filepath.Join(a.dir, "revoked"))
	if err != nil {
		return false, fmt.Errorf("reading revocations: %w", err)
	}
	for _, e := range entries {
		serial, ok := strings.CutSuffix(e.Name(), ".json")
		if _, known := a.revoked[serial]; known || !ok {
			continue
		}
		b, err := os.ReadFile(filepath.Join(a.dir, "revoked", e.Name()))
		if err != nil {
			return grew, fmt.Errorf("reading revocations: %w", err)
		}
		var r revocation
		if err := json.Unmarshal(b, &r); err != nil || r.At.IsZero() {
			return grew, fmt.Errorf("reading revocations: %s is damaged", e.Name())
		}
		a.revoked[serial] = r
		grew = true
	}
	return grew, nil
}
