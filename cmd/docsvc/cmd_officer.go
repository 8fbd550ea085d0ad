package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/signing/authority"
	"docsvc/internal/signing/keyfile"
	"docsvc/internal/signing/vault"
)

// certificateYears is how long an officer's evaluation certificate lasts.
const certificateYears = 3

func runOfficer(ctx context.Context, e env, args []string) error {
	commands := []struct {
		name string
		run  func(ctx context.Context, e env, args []string) error
	}{
		{"add", officerAdd}, {"enrol", officerEnrol}, {"import", officerImport}, {"renew", officerRenew},
		{"revoke", officerRevoke}, {"disable", officerDisable}, {"password", officerPassword}, {"list", officerList},
		{"substitute", officerSubstitute},
	}
	var names []string
	for _, c := range commands {
		if len(args) > 0 && args[0] == c.name {
			return c.run(ctx, e, args[1:])
		}
		names = append(names, "officer "+c.name)
	}
	return usageError{"want " + strings.Join(names, ", ")}
}

// personFlags are the options that describe a person.
type personFlags struct {
	of            document.Account
	profile, role string
}

func (f *flags) person() *personFlags {
	p := &personFlags{}
	f.StringVar(&p.of.Login, "login", "", "`LOGIN`, lower-case letters and digits")
	f.StringVar(&p.of.Subject, "subject", "", "`NAME` of this person at the identity provider (the claim login.oidc.login_claim)")
	f.StringVar(&p.of.Name, "name", "", "`NAME` in full: Soyad Ad Atasının adı oğlu/qızı")
	f.StringVar(&p.of.Post, "post", "dövlət icra məmuru", "`POST` as acts print it")
	f.StringVar(&p.of.Office, "office", "", "`CODE` of the office")
	f.StringVar(&p.of.TaxID, "voen", "", "`VÖEN` of a private officer")
	f.StringVar(&p.profile, "profile", "state", "`PROFILE`: state or private")
	f.StringVar(&p.role, "role", "officer", "`ROLE`: officer, head, clerk, archivist, auditor, operator, owner")
	return p
}

// account is the person as described.
func (p *personFlags) account() (document.Account, error) {
	roles := []document.Role{
		document.RoleOfficer, document.RoleHead, document.RoleClerk, document.RoleArchivist,
		document.RoleAuditor, document.RoleOperator, document.RoleOwner, document.RoleChief,
	}
	if !slices.Contains(roles, document.Role(p.role)) {
		return p.of, usageError{fmt.Sprintf("--role %s: want one of %v", p.role, roles)}
	}
	if p.profile != string(document.ProfileState) && p.profile != string(document.ProfilePrivate) {
		return p.of, usageError{fmt.Sprintf("--profile %s: want state or private", p.profile)}
	}
	a := p.of
	a.Profile = document.Profile(p.profile)
	a.Grants = []document.Grant{{Role: document.Role(p.role), Office: a.Office}}
	return a, nil
}

// officerAdd gives a person an account and a key in a file, certified by the
// evaluation authority.
func officerAdd(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "officer add")
	person := f.person()
	passphraseFile := f.String("passphrase-file", "", "`FILE` with the passphrase for the officer's new key")
	keyType := f.String("key-type", vault.TypeP256, "`TYPE` of the key: ecdsa-p256, ecdsa-p384, rsa-3072, rsa-4096")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.require("login", "name", "office", "passphrase-file"); err != nil {
		return err
	}
	passphrase, err := readInput(*passphraseFile, maxPassphrase)
	if err != nil {
		return err
	}
	account, err := person.account()
	if err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		if a.Authority == nil || a.Vault != nil {
			return errors.New("officers' keys are in Vault here: use officer enrol")
		}
		return a.enrol(ctx, account, bytes.TrimRight(passphrase, "\r\n"), keyfile.DefaultCost(), *keyType)
	})
}

// enrol makes an officer's key under the passphrase, certifies it and saves
// the account.
func (a *app) enrol(ctx context.Context, account document.Account, passphrase []byte, cost keyfile.Cost, keyType string) error {
	office, ok := a.Renderer.Offices[account.Office]
	if !ok {
		return fmt.Errorf("office %s is not in the configuration", account.Office)
	}
	if _, err := a.Service.Account(ctx, account.Login); document.KindOf(err) != document.NotFound {
		return errors.Join(err, fmt.Errorf("officer %s exists already", account.Login))
	}
	key, err := newKey(keyType)
	if err != nil {
		return err
	}
	cert, err := a.Authority.Issue(authority.Person{CommonName: account.Name, Organization: office.Name},
		key.Public(), time.Now().AddDate(certificateYears, 0, 0))
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := keyfile.Create(a.Config.officerKey(account.Login), passphrase, key, cost); err != nil {
		return err
	}
	account.Certificate, account.KeyID, account.CreatedAt = [][]byte{cert.Raw}, keyID(public), time.Now()
	if err := a.Service.SaveAccount(ctx, operator(), account); err != nil {
		// Without an account the key is in the way of a second attempt. With
		// one, only the archive's answer is missing, and the key is needed.
		if _, lookErr := a.Service.Account(ctx, account.Login); document.KindOf(lookErr) == document.NotFound {
			err = errors.Join(err, os.Remove(a.Config.officerKey(account.Login)))
		}
		return err
	}
	return nil
}

// newKey makes a key of one of the types that acts are signed with.
func newKey(keyType string) (crypto.Signer, error) {
	switch keyType {
	case vault.TypeP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case vault.TypeP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case vault.TypeRSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case vault.TypeRSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	}
	return nil, usageError{fmt.Sprintf("--key-type %s: want %s, %s, %s or %s", keyType, vault.TypeP256, vault.TypeP384, vault.TypeRSA3072, vault.TypeRSA4096)}
}

func officerList(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "officer list")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		var accounts []document.Account
		err := a.Service.Store.View(ctx, func(tx document.Tx) (err error) {
			accounts, err = tx.Accounts(ctx)
			return err
		})
		if err != nil {
			return err
		}
		if f.json {
			return printJSON(e.stdout, map[string]any{"officers": accounts})
		}
		for _, o := range accounts {
			fmt.Fprintf(e.stdout, "%-12s %-4s %-14s %-40s %s\n", o.Login, o.Office, signsUntil(o), o.Name, o.Post)
		}
		return nil
	})
}

// signsUntil is the last day of an officer's certificate, or why there is none
// to sign with.
func signsUntil(o document.Account) string {
	if o.Disabled {
		return "disabled"
	}
	if len(o.Certificate) > 0 {
		if cert, err := x509.ParseCertificate(o.Certificate[0]); err == nil {
			return cert.NotAfter.In(location()).Format(time.DateOnly)
		}
	}
	return "no certificate"
}

func officerRevoke(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "officer revoke")
	login := f.String("login", "", "`LOGIN` of the officer")
	reason := f.Int("reason", 1, "CRLReason of RFC 5280: 1 key compromise, 4 superseded, 5 ceased")
	o := f.enrolment()
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.require("login"); err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		account, err := a.Service.Account(ctx, *login)
		if err != nil {
			return err
		}
		if len(account.Certificate) == 0 {
			return fmt.Errorf("officer %s has no certificate", *login)
		}
		cert, err := x509.ParseCertificate(account.Certificate[0])
		if err != nil {
			return err
		}
		if a.Vault != nil {
			err = a.revokeAtVault(ctx, cert, o)
		} else {
			err = a.Authority.Revoke(cert, *reason)
		}
		if err != nil {
			return err
		}
		err = a.Service.CertificateRevoked(ctx, operator(), account, *reason)
		a.sequence(ctx, e)
		return err
	})
}

// officerDisable ends what a person may do here. What they have signed stays.
func officerDisable(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "officer disable")
	login := f.String("login", "", "`LOGIN` of the officer")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.require("login"); err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		account, err := a.Service.Account(ctx, *login)
		if err != nil {
			return err
		}
		account.Disabled = true
		err = a.Service.SaveAccount(ctx, operator(), account)
		a.sequence(ctx, e)
		return err
	})
}

// withApp opens the application, runs fn unless the register is older than the
// archive, and closes it.
func withApp(ctx context.Context, e env, f *flags, fn func(*app) error) error {
	c, err := loadConfig(f)
	if err != nil {
		return err
	}
	a, err := openApp(ctx, c, e.log)
	if err != nil {
		return err
	}
	if err = a.Service.CheckRegister(ctx); err == nil {
		err = fn(a)
	}
	return errors.Join(err, a.close())
}
