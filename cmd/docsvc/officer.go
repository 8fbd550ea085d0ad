package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/signing/keyfile"
)

// session is an officer who has shown who they are: the actor for the core, and
// how this officer signs.
type session struct {
	actor   document.Actor
	account document.Account
	// key is unlocked for this one run; nil where each batch of signatures
	// needs a login of its own.
	key   document.KeyHolder
	login func(ctx context.Context, start auth.Start) (auth.Identity, error)
}

// officerFlags are the options by which an officer authenticates.
type officerFlags struct{ login, passphraseFile, browser string }

func (f *flags) officer() *officerFlags {
	o := &officerFlags{}
	f.StringVar(&o.login, "officer", "", "`LOGIN` of the officer who acts")
	f.StringVar(&o.passphraseFile, "passphrase-file", "", "`FILE` with the passphrase of the officer's key, if it is in a file")
	f.StringVar(&o.browser, "browser", os.Getenv("DOCSVC_BROWSER"), "`COMMAND` that opens the page where the officer logs in (default $DOCSVC_BROWSER; the address is printed too)")
	return o
}

// maxPassphrase bounds a passphrase file.
const maxPassphrase = 1024

// authenticate finds out that the officer is who they say: by logging in at
// the identity provider, or by the passphrase of the key.
func (a *app) authenticate(ctx context.Context, e env, o *officerFlags) (*session, error) {
	if a.Login != nil {
		return a.logIn(ctx, e, o)
	}
	if o.login == "" || o.passphraseFile == "" {
		return nil, usageError{"missing --officer LOGIN or --passphrase-file FILE"}
	}
	return a.unlock(ctx, o)
}

// unlock authenticates the officer by the passphrase of the key.
func (a *app) unlock(ctx context.Context, o *officerFlags) (*session, error) {
	account, err := a.Service.Account(ctx, o.login)
	if err != nil {
		return nil, err
	}
	passphrase, err := readInput(o.passphraseFile, maxPassphrase)
	if err != nil {
		return nil, err
	}
	defer clear(passphrase)
	s := &session{account: account, actor: account.Actor(uuid.NewString())}
	s.key, err = a.openKey(ctx, s.actor, account, bytes.TrimRight(passphrase, "\r\n"))
	return s, err
}

// openKey unlocks the key file of an account. The passphrase is wiped, whatever
// happens; guessing it is slowed down. The key is the credential: with its
// certificate revoked it opens nothing, neither a signature nor what needs none, a
// void or a change of standing.
func (a *app) openKey(ctx context.Context, actor document.Actor, account document.Account, passphrase []byte) (document.KeyHolder, error) {
	defer clear(passphrase)
	if err := a.Service.MayUseKey(ctx, account); err != nil {
		return nil, err
	}
	var key document.KeyHolder
	err := a.Service.Attempt(ctx, actor, account.Login, func() error {
		opened, err := keyfile.Open(a.Config.officerKey(account.Login), passphrase)
		if errors.Is(err, keyfile.ErrPassphrase) {
			return fmt.Errorf("%w: %w", document.ErrCredential, err)
		}
		if err == nil {
			key = keyfile.Holder{ID: account.KeyID, Key: opened}
		}
		return err
	})
	return key, err
}

// logIn authenticates the officer at the identity provider, in the officer's
// own browser. What is to be signed is authorised by another login, for it.
func (a *app) logIn(ctx context.Context, e env, o *officerFlags) (*session, error) {
	login := a.loginWith(e.stderr, o.browser, o.login)
	fmt.Fprintln(e.stderr, "log in:")
	identity, err := login(ctx, auth.Start{Purpose: auth.PurposeLogin})
	if err != nil {
		return nil, err
	}
	account, err := a.Service.AccountOf(ctx, identity.Subject)
	if err != nil {
		return nil, err
	}
	if o.login != "" && o.login != account.Login {
		return nil, fmt.Errorf("%s has logged in, not %s", account.Login, o.login)
	}
	return &session{account: account, actor: account.Actor(uuid.NewString()), login: login}, nil
}

// loginWith returns a login through the officer's browser (RFC 8252); {officer}
// in the command stands for the officer's login.
func (a *app) loginWith(w io.Writer, browser, officer string) func(context.Context, auth.Start) (auth.Identity, error) {
	return func(ctx context.Context, start auth.Start) (auth.Identity, error) {
		provider, err := a.commandLine()
		if err != nil {
			return auth.Identity{}, err
		}
		l := &auth.Loopback{Provider: provider, Now: time.Now, Open: auth.Browser(w, strings.Fields(strings.ReplaceAll(browser, "{officer}", officer))...)}
		return l.Login(ctx, start)
	}
}

// sign has the officer sign acts that wait for them, and takes them on to the
// archive. A key unlocked by its passphrase signs them one by one; otherwise
// the officer logs in for exactly this list, or for each part of it where it is
// longer than one authorisation may be.
func (a *app) sign(ctx context.Context, e env, s *session, acts []document.Act) []document.SignResult {
	var results []document.SignResult
	if s.key != nil {
		for _, act := range acts {
			act, err := a.Service.Sign(ctx, s.actor, act, s.key)
			results = append(results, document.SignResult{Act: act, Err: err})
		}
		return results
	}
	for len(acts) > 0 {
		part := acts[:min(len(acts), document.MaxBatch)]
		acts = acts[len(part):]
		done, err := a.signPart(ctx, e, s, part)
		if err != nil {
			for _, act := range part {
				done = append(done, document.SignResult{Act: act, Err: err})
			}
		}
		results = append(results, done...)
	}
	return results
}

// signPart signs what one authorisation covers. With an error nothing was
// signed, and every act waits.
func (a *app) signPart(ctx context.Context, e env, s *session, acts []document.Act) ([]document.SignResult, error) {
	batch, left, err := a.Service.Authorise(ctx, s.actor, acts)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(e.stderr, "log in to sign %d acts:\n", len(batch.Items))
	identity, err := s.login(ctx, auth.Start{
		Purpose: auth.PurposeAuthorise, Fresh: true, Authorisation: batch.ID, Login: s.account.Login, Nonce: batch.Nonce,
	})
	if err != nil {
		return nil, err
	}
	done, err := a.Service.SignAuthorised(ctx, s.actor, batch.ID, proof(identity), a.unlockAtVault(identity))
	if err != nil {
		return nil, err
	}
	return append(left, done...), nil
}

// proof is what an identity says to the core.
func proof(i auth.Identity) document.Proof {
	return document.Proof{
		Subject: i.Subject, Nonce: i.Nonce, At: i.AuthTime, TokenID: i.TokenID, Token: []byte(i.RawIDToken.Reveal()),
	}
}

// unlockAtVault exchanges the officer's token for one use of the officer's key.
func (a *app) unlockAtVault(i auth.Identity) func(context.Context, document.Account) (document.KeyHolder, error) {
	return func(ctx context.Context, account document.Account) (document.KeyHolder, error) {
		key, err := a.Vault.Unlock(ctx, i.RawIDToken.Reveal(), account.KeyID)
		if err != nil {
			return nil, err
		}
		return key, nil
	}
}

// keyID names a key file in the register and the archive.
func keyID(publicDER []byte) string {
	sum := sha256.Sum256(publicDER)
	return fmt.Sprintf("file:%x", sum[:8])
}
