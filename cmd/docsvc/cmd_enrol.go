package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/signing/vault"
)

// enrolFlags are the options of the commands that work under the enrolment
// identity, which can have keys made and certified and cannot sign.
type enrolFlags struct {
	credential vault.Credential
	browser    string
	csrOut     string
	newKey     bool
}

func (f *flags) enrolment() *enrolFlags {
	o := &enrolFlags{}
	f.StringVar(&o.credential.RoleIDFile, "enrol-role-id-file", "", "`FILE` with the role id of the enrolment identity at Vault")
	f.StringVar(&o.credential.SecretIDFile, "enrol-secret-id-file", "", "`FILE` with its secret id")
	f.StringVar(&o.credential.TokenFile, "enrol-token-file", "", "`FILE` with its token instead")
	return o
}

// certifying adds the options of enrol and renew.
func (f *flags) certifying() *enrolFlags {
	o := f.enrolment()
	f.StringVar(&o.browser, "browser", os.Getenv("DOCSVC_BROWSER"), "`COMMAND` that opens the page where the officer logs in")
	f.StringVar(&o.csrOut, "csr-out", "", "`FILE` for the certificate request, where another authority certifies")
	return o
}

// officerEnrol gives a person an account, and a key in Vault that only this
// person can use. The request for its certificate is signed by the key itself,
// so the officer has to log in for it.
func officerEnrol(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "officer enrol")
	person := f.person()
	o := f.certifying()
	keyType := f.String("key-type", vault.TypeP256, "`TYPE` of the key: ecdsa-p256, ecdsa-p384, rsa-3072, rsa-4096")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.require("login", "name", "office", "subject"); err != nil {
		return err
	}
	account, err := person.account()
	if err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		return a.enrolAtVault(ctx, e, account, *keyType, o)
	})
}

// officerRenew has the key of an officer certified anew, or a new key.
func officerRenew(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "officer renew")
	login := f.String("login", "", "`LOGIN` of the officer")
	o := f.certifying()
	f.BoolVar(&o.newKey, "new-key", false, "make a new key too; acts that wait are prepared anew for it")
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
		enrolment, err := a.enrolment(o)
		if err != nil {
			return err
		}
		keyID := account.KeyID
		if o.newKey || keyID == "" {
			if keyID, err = enrolment.Rotate(ctx, account.Subject); err != nil {
				return err
			}
		}
		return a.certify(ctx, e, enrolment, account, keyID, o)
	})
}

// officerImport takes a certificate that another authority issued.
func officerImport(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "officer import")
	login := f.String("login", "", "`LOGIN` of the officer")
	file := f.String("certificate", "", "`FILE` with the certificate and those above it, PEM or DER")
	key := f.String("key", "", "`ID` of the key that was certified, as enrol or renew printed it (default: the account's)")
	o := f.enrolment()
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.require("login", "certificate"); err != nil {
		return err
	}
	data, err := readInput(*file, maxChainFile)
	if err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		account, err := a.Service.Account(ctx, *login)
		if err != nil {
			return err
		}
		enrolment, err := a.enrolment(o)
		if err != nil {
			return err
		}
		if *key != "" {
			account.KeyID = *key
		}
		return a.saveCertificate(ctx, e, enrolment, account, account.KeyID, certificates(data))
	})
}

const maxChainFile = 1 << 20

// certificates reads a chain in PEM, or one certificate in DER.
func certificates(data []byte) [][]byte {
	var chain [][]byte
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			chain = append(chain, block.Bytes)
		}
	}
	if chain == nil {
		chain = [][]byte{data}
	}
	return chain
}

// enrolment is the enrolment identity at Vault.
func (a *app) enrolment(o *enrolFlags) (*vault.Enrolment, error) {
	if a.Vault == nil {
		return nil, errors.New("officers' keys are files here: use officer add")
	}
	identity, err := a.Vault.Identity("enrolment", o.credential)
	if err != nil {
		return nil, fmt.Errorf("%w: give --enrol-token-file, or --enrol-role-id-file and --enrol-secret-id-file", err)
	}
	return a.Vault.Enrolment(identity), nil
}

// enrolAtVault makes the key and the account, each once however often it is
// begun, and has the key certified.
func (a *app) enrolAtVault(ctx context.Context, e env, account document.Account, keyType string, o *enrolFlags) error {
	if _, ok := a.Renderer.Offices[account.Office]; !ok {
		return fmt.Errorf("office %s is not in the configuration", account.Office)
	}
	enrolment, err := a.enrolment(o)
	if err != nil {
		return err
	}
	existing, err := a.Service.Account(ctx, account.Login)
	switch {
	case document.KindOf(err) == document.NotFound:
	case err != nil:
		return err
	case len(existing.Certificate) > 0 || existing.Subject != account.Subject:
		return fmt.Errorf("officer %s exists already; see officer renew", account.Login)
	}
	keyID, err := enrolment.CreateKey(ctx, account.Subject, keyType)
	if err != nil {
		return err
	}
	account.KeyID, account.CreatedAt = keyID, time.Now()
	if err := a.Service.SaveAccount(ctx, operator(), account); err != nil {
		return err
	}
	if err := a.Service.RecordEnrolment(ctx, operator(), account, audit.KeyCreated, map[string]string{"key": keyID}); err != nil {
		return err
	}
	return a.certify(ctx, e, enrolment, account, keyID, o)
}

// certify has the officer ask for a certificate of the key, and gets it from
// Vault's PKI or gives the request out.
func (a *app) certify(ctx context.Context, e env, enrolment *vault.Enrolment, account document.Account, keyID string, o *enrolFlags) error {
	public, err := enrolment.PublicKey(ctx, keyID)
	if err != nil {
		return err
	}
	request, err := a.requestCertificate(ctx, e, account, keyID, public, o.browser)
	if err != nil {
		return err
	}
	if c := a.Config.Authority.Certificates; c == nil || c.VaultPKI == "" {
		if o.csrOut == "" {
			return usageError{"another authority certifies officers here: give --csr-out FILE for the request"}
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request})
		if err := writeFile(o.csrOut, text); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s asks for a certificate of %s. Next: docsvc officer import --login %s --key %s --certificate FILE\n",
			o.csrOut, keyID, account.Login, keyID)
		return nil
	}
	chain, err := enrolment.SignCSR(ctx, request, vault.Person{CommonName: account.Name}, certificateYears*365*24*time.Hour)
	if err != nil {
		return err
	}
	return a.saveCertificate(ctx, e, enrolment, account, keyID, chain)
}

// requestCertificate has the officer's own key sign the request, under the
// officer's own login for exactly it.
func (a *app) requestCertificate(ctx context.Context, e env, account document.Account, keyID string, public crypto.PublicKey, browser string) ([]byte, error) {
	office := a.Renderer.Offices[account.Office]
	csr, err := signing.PrepareCSR(pkix.Name{
		CommonName: account.Name, Organization: []string{office.Name}, Country: []string{"AZ"},
	}, public)
	if err != nil {
		return nil, err
	}
	nonce := document.BatchNonce([][]byte{csr.Digest})
	fmt.Fprintf(e.stderr, "%s logs in to ask for the certificate:\n", account.Name)
	identity, err := a.loginWith(e.stderr, browser, account.Login)(ctx, auth.Start{
		Purpose: auth.PurposeAuthorise, Fresh: true, Authorisation: "enrol-" + newID(), Login: account.Login, Nonce: nonce,
	})
	if err != nil {
		return nil, err
	}
	if identity.Subject != account.Subject || identity.Nonce != nonce {
		return nil, fmt.Errorf("another person than %s has logged in", account.Login)
	}
	key, err := a.Vault.Unlock(ctx, identity.RawIDToken.Reveal(), keyID)
	if err != nil {
		return nil, err
	}
	// In the trail before the key is used: what is in Vault's log and not here
	// did not come from docsvc.
	detail := map[string]string{
		"key": keyID, "digest": fmt.Sprintf("%x", csr.Digest), "token_id": identity.TokenID, "nonce": nonce,
	}
	if err := a.Service.RecordEnrolment(ctx, operator(), account, audit.CertificateRequested, detail); err != nil {
		return nil, err
	}
	signatures, use, err := key.Sign(ctx, [][]byte{csr.Digest}, csr.SignerOpts())
	if err != nil {
		return nil, err
	}
	detail["key_request"], detail["outcome"] = use, string(document.OutcomeSigned)
	if err := a.Service.RecordEnrolment(ctx, operator(), account, audit.CertificateRequested, detail); err != nil {
		return nil, err
	}
	return csr.Complete(signatures[0])
}

// saveCertificate checks a certificate against the key and the trusted roots,
// and gives it to the account together with the key.
func (a *app) saveCertificate(ctx context.Context, e env, enrolment *vault.Enrolment, account document.Account, keyID string, chain [][]byte) error {
	public, err := enrolment.PublicKey(ctx, keyID)
	if err != nil {
		return err
	}
	trusted := a.Certificates.Anchors()
	for _, c := range trusted.Intermediates {
		chain = append(chain, c.Raw)
	}
	checked, err := signing.CheckIssued(chain, public, trusted.Signers, time.Now())
	if err != nil {
		return fmt.Errorf("certificate of %s: %w", account.Login, err)
	}
	account.KeyID, account.Certificate = keyID, nil
	for _, c := range checked {
		account.Certificate = append(account.Certificate, c.Raw)
	}
	if err := a.Service.MayUseKey(ctx, account); err != nil {
		return err
	}
	if err := a.Service.SaveAccount(ctx, operator(), account); err != nil {
		return err
	}
	a.sequence(ctx, e)
	fmt.Fprintf(e.stdout, "%s signs with %s until %s\n", account.Login, keyID, checked[0].NotAfter.Format(time.DateOnly))
	return nil
}

// revokeAtVault puts the officer's certificate on the list of Vault's PKI.
func (a *app) revokeAtVault(ctx context.Context, cert *x509.Certificate, o *enrolFlags) error {
	if c := a.Config.Authority.Certificates; c == nil || c.VaultPKI == "" {
		return errors.New("another authority certified this officer: have it revoke the certificate, and disable the account with officer disable")
	}
	enrolment, err := a.enrolment(o)
	if err != nil {
		return err
	}
	return enrolment.RevokeCertificate(ctx, cert.SerialNumber)
}
