package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/signing/authority"
	"docsvc/internal/signing/keyfile"
)

// certificateYears is how long an officer's evaluation certificate lasts.
const certificateYears = 3

func runOfficer(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return usageError{"want officer add, officer list or officer revoke"}
	}
	switch args[0] {
	case "add":
		return officerAdd(ctx, e, args[1:])
	case "list":
		return officerList(ctx, e, args[1:])
	case "revoke":
		return officerRevoke(ctx, e, args[1:])
	}
	return usageError{fmt.Sprintf("officer %s: want add, list or revoke", args[0])}
}

func officerAdd(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "officer add")
	var account document.Account
	var profile, role string
	f.StringVar(&account.Login, "login", "", "`LOGIN`, lower-case letters and digits")
	f.StringVar(&account.Name, "name", "", "`NAME` in full: Soyad Ad Atasının adı oğlu/qızı")
	f.StringVar(&account.Post, "post", "dövlət icra məmuru", "`POST` as acts print it")
	f.StringVar(&account.Office, "office", "", "`CODE` of the office")
	f.StringVar(&account.TaxID, "voen", "", "`VÖEN` of a private officer")
	f.StringVar(&profile, "profile", "state", "`PROFILE`: state or private")
	f.StringVar(&role, "role", "officer", "`ROLE`: officer, head, clerk, archivist, auditor")
	passphraseFile := f.String("passphrase-file", "", "`FILE` with the passphrase for the officer's new key")
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
	if !slices.Contains([]string{"officer", "head", "clerk", "archivist", "auditor"}, role) {
		return usageError{fmt.Sprintf("--role %s: want officer, head, clerk, archivist or auditor", role)}
	}
	if profile != string(document.ProfileState) && profile != string(document.ProfilePrivate) {
		return usageError{fmt.Sprintf("--profile %s: want state or private", profile)}
	}
	roles := []document.Role{document.RoleOfficer, document.RoleHead, document.RoleClerk, document.RoleArchivist, document.RoleAuditor}
	if !slices.Contains(roles, document.Role(role)) {
		return usageError{"--role: want officer, head, clerk, archivist or auditor"}
	}
	if profile != string(document.ProfileState) && profile != string(document.ProfilePrivate) {
		return usageError{"--profile: want state or private"}
	}
	account.Profile = document.Profile(profile)
	account.Grants = []document.Grant{{Role: document.Role(role), Office: account.Office}}
	return withApp(ctx, e, f, func(a *app) error {
		return a.enrol(ctx, account, bytes.TrimRight(passphrase, "\r\n"), keyfile.DefaultCost())
	})
}

// enrol makes an officer's key under the passphrase, certifies it and saves
// the account.
func (a *app) enrol(ctx context.Context, account document.Account, passphrase []byte, cost keyfile.Cost) error {
	office, ok := a.Renderer.Offices[account.Office]
	if !ok {
		return fmt.Errorf("office %s is not in the configuration", account.Office)
	}
	if _, err := a.Service.Account(ctx, account.Login); document.KindOf(err) != document.NotFound {
		return errors.Join(err, fmt.Errorf("officer %s exists already", account.Login))
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
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
			fmt.Fprintf(e.stdout, "%-12s %-4s %-40s %s\n", o.Login, o.Office, o.Name, o.Post)
		}
		return nil
	})
}

func officerRevoke(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "officer revoke")
	login := f.String("login", "", "`LOGIN` of the officer")
	reason := f.Int("reason", 1, "CRLReason of RFC 5280: 1 key compromise, 4 superseded, 5 ceased")
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
		if err := a.Authority.Revoke(cert, *reason); err != nil {
			return err
		}
		err = a.Service.CertificateRevoked(ctx, operator(), account, *reason)
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
