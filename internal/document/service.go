package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/ledger"
	"docsvc/internal/numbering"
	"docsvc/internal/signing"
)

// Rules are the settings of the line. They are fixed while the service runs.
type Rules struct {
	Scheme numbering.Scheme
	Host   string        // of the verification address; fixed for the life of the acts
	Level  signing.Level // of every signature, unless Levels says otherwise
	// Levels and Certify are by class, which is the id of a template or a
	// retention class: the level of its acts, and whether their first signature
	// certifies them.
	Levels  map[string]signing.Level
	Certify map[string]bool
	// TwoPersons names the templates whose acts are superseded or annulled by
	// two persons; "*" stands for all others.
	TwoPersons map[string]bool
	// DeliveryWays are the ways in which an act is served on a party, by name:
	// one that package i18n has words for, or words.
	DeliveryWays []string
	// PSS has RSA keys sign with RSASSA-PSS instead of PKCS #1 v1.5.
	PSS        bool
	Evaluation bool // an evaluation CA or TSA is in use: acts have no legal force
	Location   *time.Location
	// Retention gives the years that acts of a retention class are kept; the
	// class "" is the default. docs/domain.md knows no term: an owner confirms it.
	Retention map[string]int
	// Lease is how long a process may work on an act before another may take
	// it over. It is longer than any single step.
	Lease time.Duration
	// PreparedFor is how long prepared bytes may wait for the signer before
	// they are built anew with the current time and certificate.
	PreparedFor time.Duration
	// RenewBefore is how long before the time-stamp of an archived act weakens
	// the act is renewed at the latest; 0: a year.
	RenewBefore time.Duration
}

// Service runs the line. All fields are set once, before first use.
type Service struct {
	Store        Store
	Archive      archive.Store
	Drafter      Drafter
	Sealer       Sealer
	Certificates Certificates
	Timestamps   signing.Timestamper // nil at level B-B only
	Augmenter    *signing.Augmenter  // nil where no class asks for B-LT or B-LTA
	Verifier     *signing.Verifier
	Checkpoints  *ledger.Signer
	LedgerKeys   *ledger.Verifier // of Checkpoints, past keys included
	Evidence     EvidenceSealer   // nil where officers unlock their keys by passphrase
	Secrets      WebhookSecrets
	Rules        Rules
	Owner        string // names this process in leases
	Now          func() time.Time
	Rand         io.Reader
	NewID        func() string // UUIDv7: ids sort by time
	Log          *slog.Logger
	// Observe, if set, is told how long each step of an act took: "issue",
	// "prepare", "sign", "complete", "archive". It must be quick.
	Observe func(step string, took time.Duration)
	// ObserveKey, if set, is told how each use of an officer's key ended.
	ObserveKey func(Outcome)
	// ObserveRenewal, if set, is told how each renewal ended.
	ObserveRenewal func(RenewalOutcome)

	kept stagedCache
}

// observe reports a step that began at start.
func (s *Service) observe(step string, start time.Time) {
	if s.Observe != nil {
		s.Observe(step, time.Since(start))
	}
}

// Case returns a case by its unified number.
func (s *Service) Case(ctx context.Context, number string) (Case, error) {
	var c Case
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		c, err = tx.CaseByNumber(ctx, number)
		return err
	})
	return c, lookupError(err, "error.case.unknown", "number", number)
}

// CaseWithActs returns a case by its unified number, and its acts.
func (s *Service) CaseWithActs(ctx context.Context, number string) (c Case, acts []Act, err error) {
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		if c, err = tx.CaseByNumber(ctx, number); err == nil {
			acts, err = tx.ActsOfCase(ctx, c.ID)
		}
		return err
	})
	return c, acts, lookupError(err, "error.case.unknown", "number", number)
}

// Act returns an act by its number.
func (s *Service) Act(ctx context.Context, number string) (Act, error) {
	var a Act
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		a, err = tx.ActByNumber(ctx, number)
		return err
	})
	return a, lookupError(err, "error.act.unknown", "number", number)
}

// Account returns an account that may still work.
func (s *Service) Account(ctx context.Context, login string) (Account, error) {
	return s.account(ctx, login, func(tx Tx) (Account, error) { return tx.AccountByLogin(ctx, login) })
}

// AccountOf returns the account of whom the identity provider calls subject.
func (s *Service) AccountOf(ctx context.Context, subject string) (Account, error) {
	return s.account(ctx, subject, func(tx Tx) (Account, error) { return tx.AccountBySubject(ctx, subject) })
}

func (s *Service) account(ctx context.Context, name string, find func(Tx) (Account, error)) (Account, error) {
	var a Account
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		a, err = find(tx)
		return err
	})
	if err != nil {
		return a, lookupError(err, "error.account.unknown", "login", name)
	}
	if a.Disabled {
		return a, newError(Forbidden, "error.account.disabled", nil, "login", a.Login)
	}
	return a, nil
}

// lookupError makes ErrNotFound a NotFound error with the given message.
func lookupError(err error, key string, args ...string) error {
	if errors.Is(err, ErrNotFound) {
		return newError(NotFound, key, err, args...)
	}
	return err
}

// orNone makes ErrNotFound no error, where what is not there is an answer.
func orNone(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// record appends audit events to the trail within tx.
func (s *Service) record(ctx context.Context, tx Tx, actor Actor, kind audit.Kind, subject string, detail map[string]string) error {
	var d json.RawMessage
	if detail != nil {
		var err error
		if d, err = json.Marshal(detail); err != nil {
			return fmt.Errorf("audit event %s: %w", kind, err)
		}
	}
	id := s.NewID()
	data, err := audit.Encode(audit.Event{
		ID: id, At: s.Now(), Actor: actor.Login, RequestID: actor.RequestID,
		Kind: kind, Subject: subject, Detail: d,
	})
	if err != nil {
		return fmt.Errorf("audit event %s: %w", kind, err)
	}
	return tx.InsertAudit(ctx, AuditRow{ID: id, Data: data})
}

// workerActor is the one who acts when no person does.
var workerActor = Actor{Login: "docsvc"}
