package document_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"docsvc/internal/archive/archivetest"
	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
	"docsvc/internal/numbering"
	"docsvc/internal/signing"
	"docsvc/internal/signing/signingtest"
	"docsvc/internal/sqldb"
)

// world is everything around the service, which outlives a process: register,
// archive, keys and clock. Its faults fail on purpose.
type world struct {
	t        *testing.T
	path     string
	register *sqldb.Register
	store    *faultyStore
	archive  *archivetest.Fake
	pki      *signingtest.PKI
	tsa      *faultyTSA
	drafter  *drafter
	level    signing.Level
	rules    func(*document.Rules) // of the next process; nil: as they are
	log      struct {
		signer   *ledger.Signer
		verifier *ledger.Verifier
	}
	officers map[string]*officer

	clock *signingtest.Clock
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, path: filepath.Join(t.TempDir(), "register.db"), level: signing.LevelBT, clock: signingtest.NewClock(time.Now().Truncate(time.Second))}
	w.archive = &archivetest.Fake{Now: w.now}
	w.pki = signingtest.New(t, w.now)
	w.tsa = &faultyTSA{pki: w.pki}
	w.drafter = &drafter{signers: []string{"nigar"}}
	w.openRegister()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.log.signer, err = ledger.NewSigner("test/log", public, func(text []byte) ([]byte, error) {
		return ed25519.Sign(private, text), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.log.verifier, err = ledger.NewVerifier("test/log", public); err != nil {
		t.Fatal(err)
	}
	w.officers = map[string]*officer{}
	for _, login := range []string{"nigar", "vuqar"} {
		w.officers[login] = &officer{entity: w.pki.Officer(t, signingtest.P256(t))}
	}
	return w
}

// openRegister makes an empty register.
func (w *world) openRegister() {
	w.t.Helper()
	o := sqldb.Options{Engine: sqldb.SQLite, Path: w.path, Now: w.now}
	if err := sqldb.Create(w.t.Context(), o); err != nil {
		w.t.Fatal(err)
	}
	var err error
	if w.register, err = sqldb.Open(w.t.Context(), o); err != nil {
		w.t.Fatal(err)
	}
	register := w.register
	w.t.Cleanup(func() { _ = register.Close() }) // at the end of the test there is nothing to lose
	w.store = &faultyStore{Store: w.register}
}

func (w *world) now() time.Time { return w.clock.Now() }

func (w *world) advance(d time.Duration) { w.clock.Advance(d) }

const lease = time.Minute

// process returns a service as a new process would have it.
func (w *world) process() *document.Service {
	w.t.Helper()
	scheme, err := numbering.ParseScheme(numbering.DefaultCase)
	if err != nil {
		w.t.Fatal(err)
	}
	augmenter := w.pki.Augmenter()
	augmenter.Timestamps = w.tsa
	s := &document.Service{
		Augmenter: augmenter,
		Store:     w.store, Archive: w.archive, Drafter: w.drafter, Sealer: sealer{}, Certificates: certificates{w},
		Timestamps: w.tsa, Verifier: &signing.Verifier{Roots: w.pki.Roots(), TSARoots: w.pki.TSARoots(), Now: w.now, Revocation: w.pki},
		Checkpoints: w.log.signer, LedgerKeys: w.log.verifier,
		Rules: document.Rules{
			Scheme: scheme, Level: w.level, Evaluation: true, Location: time.UTC,
			Retention: map[string]int{"": 10}, Lease: lease, PreparedFor: 15 * time.Minute,
		},
		Owner: uuid.NewString(), Now: w.now, Rand: rand.Reader,
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		Log:   slog.New(slog.DiscardHandler),
	}
	if w.rules != nil {
		w.rules(&s.Rules)
	}
	return s
}

// staff saves the accounts of the officers.
func (w *world) staff(s *document.Service) {
	w.t.Helper()
	operator := document.Actor{Login: "operator", Grants: []document.Grant{{Role: document.RoleOperator, Office: "*"}}}
	for login, o := range w.officers {
		err := s.SaveAccount(w.t.Context(), operator, document.Account{
			Login: login, Name: "Officer " + login, Post: "officer", Office: "110", Profile: document.ProfileState,
			Grants:      []document.Grant{{Role: document.RoleOfficer, Office: "110"}},
			Certificate: [][]byte{o.entity.Cert.Raw, w.pki.Issuing.Cert.Raw}, KeyID: "test:" + login, CreatedAt: w.now(),
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

func actor(login string) document.Actor {
	return document.Actor{Login: login, Grants: []document.Grant{{Role: document.RoleOfficer, Office: "110"}}}
}

// officer is a person with a key that can fail.
type officer struct {
	entity *signingtest.Entity
	calls  atomic.Int64
	// fail, if set, decides what a call does: before the key is used it may
	// return ErrKeyRefused, after it an error that loses the answer.
	before, after func() error
}

func (o *officer) KeyID() string { return "test" }

func (o *officer) Sign(_ context.Context, digests [][]byte, opts crypto.SignerOpts) ([][]byte, string, error) {
	if o.before != nil {
		if err := o.before(); err != nil {
			return nil, "", err
		}
	}
	o.calls.Add(1)
	var signatures [][]byte
	for _, digest := range digests {
		signature, err := o.entity.Key.Sign(rand.Reader, digest, opts)
		if err != nil {
			return nil, "", err
		}
		signatures = append(signatures, signature)
	}
	if o.after != nil {
		if err := o.after(); err != nil {
			return nil, "", err
		}
	}
	return signatures, fmt.Sprintf("use %d", o.calls.Load()), nil
}

type certificates struct{ w *world }

var errExpired = errors.New("expired")

func (c certificates) Usable(_ context.Context, leaf *x509.Certificate, at time.Time) error {
	if at.After(leaf.NotAfter) {
		return errExpired
	}
	return nil
}

// sealer makes something of a seal's size; package codes tests the real one.
type sealer struct{}

func (sealer) Seal(_ context.Context, code codes.Code, f codes.Facts) ([]byte, error) {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s", code, f.Act, rand.Text()))
	return sum[:], nil
}

// drafter is a document.Drafter without templates.
type drafter struct {
	signers  []string
	corrects string
	approver document.Role // of one more signer, whom the core finds
}

func (d *drafter) CheckCase(_ context.Context, input json.RawMessage) (document.CaseFacts, []document.Warning, error) {
	var doc document.EnforcementDocument
	if err := json.Unmarshal(input, &doc); err != nil || doc.Number == "" {
		return document.CaseFacts{}, nil, &document.Error{Kind: document.Invalid, Key: "error.form.invalid", Err: err}
	}
	return document.CaseFacts{Data: input, Document: doc, SearchKey: strings.ToLower(doc.Number)}, nil, nil
}

func (d *drafter) CheckAct(_ context.Context, draft document.Draft, _ document.Case, author document.Account) (document.Facts, []document.Warning, error) {
	if draft.Template != "decision" {
		return document.Facts{}, nil, &document.Error{Kind: document.Invalid, Key: "error.form.invalid"}
	}
	f := document.Facts{
		Template: "decision", Version: "1", Data: []byte(draft.Input), Corrects: d.corrects,
		Summary: document.Summary{Titles: map[string]string{"az": "Qərar"}, OfficeName: "Office", SignerName: author.Name},
	}
	for i, login := range d.signers {
		f.Signers = append(f.Signers, document.Signer{Login: login, Name: login, Post: "officer", Field: fmt.Sprintf("signer-%d", i+1)})
	}
	if d.approver != "" {
		f.Signers = append(f.Signers, document.Signer{Role: d.approver, Field: "approver"})
	}
	return f, nil, nil
}

func (d *drafter) Render(_ context.Context, a document.Act) ([]byte, error) {
	fields := make([]string, len(a.Signers))
	for i, s := range a.Signers {
		fields[i] = s.Field
	}
	return signingtest.PDF(2000, fields...), nil
}

func (d *drafter) Preview(ctx context.Context, a document.Act) ([]byte, error) {
	if a.Number != "" || a.Code != "" || a.Seal != nil {
		return nil, errors.New("a draft has no number")
	}
	return d.Render(ctx, a)
}

func (d *drafter) Engine() string { return "test/1" }

// faultyTSA loses answers while down.
type faultyTSA struct {
	pki  *signingtest.PKI
	down atomic.Bool
	gave atomic.Int64
	// before, if set, runs before each answer.
	before func()
}

func (f *faultyTSA) Timestamp(ctx context.Context, digest []byte, h crypto.Hash) ([]byte, error) {
	if f.down.Load() {
		return nil, errors.New("time-stamping authority is down")
	}
	if f.before != nil {
		f.before()
	}
	f.gave.Add(1)
	return f.pki.Timestamp(ctx, digest, h)
}

// faultyStore is a register whose n-th Update fails, before or after its
// commit, as when a process dies there.
type faultyStore struct {
	document.Store
	mu      sync.Mutex
	updates int
	failAt  int // 0: never
	after   bool
}

var errInjected = errors.New("injected fault")

func (f *faultyStore) Update(ctx context.Context, fn func(document.Tx) error) error {
	f.mu.Lock()
	f.updates++
	fail, after := f.updates == f.failAt, f.after
	f.mu.Unlock()
	if fail && !after {
		return errInjected
	}
	err := f.Store.Update(ctx, fn)
	if err == nil && fail {
		return errInjected
	}
	return err
}

// arm makes the n-th Update from now fail; disarm ends it.
func (f *faultyStore) arm(n int, after bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.updates, f.failAt, f.after = 0, n, after
}

func (f *faultyStore) hit() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failAt > 0 && f.updates >= f.failAt
}
