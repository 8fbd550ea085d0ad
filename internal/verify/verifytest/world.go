// Package verifytest runs the real line in memory and in a temporary file, for
// tests that need acts in every state: the built-in templates, the typesetter,
// a throw-away PKI, SQLite and a strict archive that fails when told to.
package verifytest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"docsvc/internal/archive"
	"docsvc/internal/archive/archivetest"
	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
	"docsvc/internal/numbering"
	"docsvc/internal/render"
	"docsvc/internal/signing"
	"docsvc/internal/signing/keyfile"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/sqldb"
	"docsvc/internal/template"
	"docsvc/internal/typeset"
	"docsvc/internal/verify"
	"docsvc/templates"
)

// Origin is where the acts of a World are verified.
const Origin = "https://elektron-icra.example.az"

// World is a whole service.
type World struct {
	Service  *document.Service
	Register *sqldb.Register
	Archive  *archivetest.Fake
	PKI      *signingtest.PKI
	Verifier *verify.Verifier
	// Templates are those that acts are made from.
	Templates *template.Library
	SealID    string
	SealKey   *ecdsa.PublicKey

	tb      testing.TB
	officer *signingtest.Entity
	cases   map[string]document.Case

	clock *signingtest.Clock
}

// New makes a service without acts. Its clock begins at 21.08.2026, 11:15 in
// Baku, and stands still.
func New(tb testing.TB) *World {
	tb.Helper()
	w := &World{tb: tb, SealID: "seal-1", cases: map[string]document.Case{}, clock: signingtest.NewClock(time.Date(2026, 8, 21, 7, 15, 0, 0, time.UTC))}
	w.PKI = signingtest.New(tb, w.Now)
	w.Archive = &archivetest.Fake{Now: w.Now}
	options := sqldb.Options{Engine: sqldb.SQLite, Path: filepath.Join(tb.TempDir(), "register.db"), Now: w.Now}
	w.check(sqldb.Create(tb.Context(), options))
	var err error
	w.Register, err = sqldb.Open(tb.Context(), options)
	w.check(err)
	tb.Cleanup(func() { _ = w.Register.Close() }) // at the end of the test there is nothing to lose
	w.Service = w.service()
	w.Verifier = &verify.Verifier{
		Store: w.Register, Archive: w.Archive, Signatures: w.Service.Verifier, Ledger: w.Service.LedgerKeys, Now: w.Now,
		SealKey: func(id string) (*ecdsa.PublicKey, error) {
			return map[string]*ecdsa.PublicKey{w.SealID: w.SealKey}[id], nil
		},
	}
	w.enrol()
	return w
}

// Now is the clock of everything.
func (w *World) Now() time.Time { return w.clock.Now() }

// Advance moves the clock on.
func (w *World) Advance(d time.Duration) { w.clock.Advance(d) }

// Baku is the time zone of acts.
func Baku() *time.Location { return time.FixedZone("+04", 4*60*60) }

func (w *World) service() *document.Service {
	scheme, err := numbering.ParseScheme(numbering.DefaultCase)
	w.check(err)
	w.Templates, err = template.Builtin()
	w.check(err)
	engine, err := typeset.Default()
	w.check(err)
	sealKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.check(err)
	w.SealKey = &sealKey.PublicKey
	public, private, err := ed25519.GenerateKey(rand.Reader)
	w.check(err)
	const origin = "elektron-icra.example.az/log"
	checkpoints, err := ledger.NewSigner(origin, public, func(text []byte) ([]byte, error) { return ed25519.Sign(private, text), nil })
	w.check(err)
	ledgerKeys, err := ledger.NewVerifier(origin, public)
	w.check(err)
	return &document.Service{
		Store: w.Register, Archive: w.Archive,
		Drafter: &render.Renderer{
			Templates: w.Templates, Typeset: engine, Origin: Origin, Host: "elektron-icra.example.az", Location: Baku(), Now: w.Now,
			Offices: map[string]document.Office{"110": {
				Code: "110", Name: "Nümunə Rayon İcra Şöbəsi", Parent: "İcra baş idarəsi", Place: "Nümunə şəhəri",
				Address: "AZ9900, Nümunə şəhəri, Ədalət küçəsi, ev 1", Deposit: "AZ29TSTADEP00000000000000001",
			}},
		},
		Sealer: sealer{w.SealID, sealKey}, Certificates: anyCertificate{}, Timestamps: w.PKI, Augmenter: w.PKI.Augmenter(),
		Verifier:    &signing.Verifier{Roots: w.PKI.Roots(), Now: w.Now, Revocation: w.PKI},
		Checkpoints: checkpoints, LedgerKeys: ledgerKeys,
		Rules: document.Rules{
			Scheme: scheme, Level: signing.LevelBT, Location: Baku(), Retention: map[string]int{"": 10},
			Lease: time.Minute, PreparedFor: time.Hour, DeliveryWays: document.DefaultDeliveryWays(),
		},
		Owner: "test", Now: w.Now, Rand: rand.Reader, NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		Log: slog.New(slog.DiscardHandler),
	}
}

func (w *World) enrol() {
	w.officer = w.PKI.Officer(w.tb, signingtest.P256(w.tb))
	operator := document.Actor{Login: "operator", Grants: []document.Grant{{Role: document.RoleOperator, Office: document.AnyOffice}}}
	w.check(w.Service.SaveAccount(w.tb.Context(), operator, document.Account{
		Login: "nigar", Name: "Məmurzadə Nigar Sınaq qızı", Post: "dövlət icra məmuru", Office: "110", Profile: document.ProfileState,
		Grants:      []document.Grant{{Role: document.RoleOfficer, Office: "110"}, {Role: document.RoleHead, Office: "110"}},
		Certificate: [][]byte{w.officer.Cert.Raw, w.PKI.Issuing.Cert.Raw}, KeyID: "nigar/1",
	}))
}

// Actor is the one officer.
func (w *World) Actor() document.Actor {
	a, err := w.Service.Account(w.tb.Context(), "nigar")
	w.check(err)
	return a.Actor("test")
}

// Draft issues the n-th act of a sample case of package templates, dated today,
// and leaves it prepared, waiting for its signer.
func (w *World) Draft(sample string, n int) document.Act {
	w.tb.Helper()
	data, err := fs.ReadFile(templates.FS, "samples/"+sample+".json")
	w.check(err)
	var s struct {
		Case json.RawMessage `json:"case"`
		Acts []struct {
			Template string          `json:"template"`
			Input    json.RawMessage `json:"input"`
		} `json:"acts"`
	}
	w.check(json.Unmarshal(data, &s))
	kase, ok := w.cases[sample]
	if !ok {
		kase, _, err = w.Service.RegisterCase(w.tb.Context(), w.Actor(), "110", "nigar", s.Case)
		w.check(err)
		w.cases[sample] = kase
	}
	act, _, err := w.Service.Issue(w.tb.Context(), w.Actor(), document.Draft{
		Case: kase.Number, Template: s.Acts[n].Template, Input: s.Acts[n].Input,
	})
	w.check(err)
	act, err = w.Service.Run(w.tb.Context(), act)
	w.check(err)
	return act
}

// Issue takes the n-th act of a sample case through the line, into the archive
// but not into the ledger.
func (w *World) Issue(sample string, n int) document.Act {
	w.tb.Helper()
	act, err := w.Service.Sign(w.tb.Context(), w.Actor(), w.Draft(sample, n), keyfile.Holder{ID: "nigar/1", Key: signing.SignerKey(w.officer.Key)})
	w.check(err)
	if act.State != document.Archived {
		w.tb.Fatalf("act %s is %s", act.Number, act.State)
	}
	return act
}

// Sequence publishes the ledger.
func (w *World) Sequence() { w.check(w.Service.Sequence(w.tb.Context())) }

// Void gives up an act that is not signed.
func (w *World) Void(act document.Act) {
	_, err := w.Service.Void(w.tb.Context(), w.Actor(), act.Number, "sınaq")
	w.check(err)
}

// Change annuls or supersedes an act by another of its case.
func (w *World) Change(act document.Act, to document.Standing, by document.Act) {
	_, err := w.Service.ChangeStanding(w.tb.Context(), w.Actor(), act.Number, to, by.Number, "sınaq")
	w.check(err)
}

// Renew gives an archived act its next rendition, as an operator does, and
// returns the act as it is then.
func (w *World) Renew(act document.Act) document.Act {
	w.tb.Helper()
	operator := document.Actor{Login: "operator", Grants: []document.Grant{{Role: document.RoleOperator, Office: document.AnyOffice}}}
	_, err := w.Service.Renew(w.tb.Context(), operator, act.Number)
	w.check(err)
	act, err = w.Service.Act(w.tb.Context(), act.Number)
	w.check(err)
	return act
}

// File is the archived file of an act.
func (w *World) File(act document.Act) []byte { return w.Object(act.Path) }

// Object is what the archive has under a key.
func (w *World) Object(key string) []byte {
	w.tb.Helper()
	data, _, err := w.Archive.Get(w.tb.Context(), key)
	w.check(err)
	return data
}

// Put adds an object to the archive, beside the service.
func (w *World) Put(key string, data []byte) {
	w.tb.Helper()
	_, err := w.Archive.Put(w.tb.Context(), key, data, archive.PutOptions{RetainUntil: w.Now().AddDate(1, 0, 0)})
	w.check(err)
}

// Link is the verification link of an act.
func (w *World) Link(act document.Act) string {
	code, err := codes.ParseCode(act.Code)
	w.check(err)
	link, err := codes.URL(Origin, code, act.Seal)
	w.check(err)
	return link
}

func (w *World) check(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

type sealer struct {
	id  string
	key *ecdsa.PrivateKey
}

func (s sealer) Seal(ctx context.Context, code codes.Code, f codes.Facts) ([]byte, error) {
	sign := func(_ context.Context, digest []byte) ([]byte, error) {
		return s.key.Sign(rand.Reader, digest, crypto.SHA256)
	}
	return codes.Seal(ctx, sign, s.id, code, f)
}

type anyCertificate struct{}

func (anyCertificate) Usable(context.Context, *x509.Certificate, time.Time) error { return nil }

// Broken is a register that cannot be reached.
type Broken struct{}

var errBroken = errors.New("the register is down")

// View implements document.Store.
func (Broken) View(context.Context, func(document.Tx) error) error { return errBroken }

// Update implements document.Store.
func (Broken) Update(context.Context, func(document.Tx) error) error { return errBroken }
