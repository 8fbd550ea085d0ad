// Package verify gives the public verdict on an act: from the code on its
// paper, or from a file, to one of a few plain answers.
//
// It believes no single witness. Code → row of the register → record in the
// archive, whose hash and act data must be those of the row → signature by our
// own verifier at the time of signing → inclusion in the ledger → standing as
// of now. Where the witnesses disagree the answer is [Altered], an alarm; where
// one of them cannot be asked now, the answer is an error of kind
// [document.Unavailable] and never a verdict.
package verify

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"log/slog"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/ledger"
	"docsvc/internal/signing"
)

// Verifier looks acts up. All fields but Log are required and are set before
// first use. It is safe for concurrent use and keeps nothing between calls: a
// remembered verdict could be a stale one.
type Verifier struct {
	Store      document.Store
	Archive    archive.Store
	Signatures *signing.Verifier
	Ledger     *ledger.Verifier
	// SealKey finds a published key of seals, past ones included, by its id; nil
	// if there is none. Its error means that it cannot be known now.
	SealKey func(keyID string) (*ecdsa.PublicKey, error)
	Now     func() time.Time
	Log     *slog.Logger // alarms; nil: none
}

// Lookup gives the verdict on the act with a verification code as typed.
func (v *Verifier) Lookup(ctx context.Context, typed string) (Verdict, error) {
	code, err := codes.ParseCode(typed)
	if err != nil {
		return Verdict{Kind: Mistyped, CheckedAt: v.now(), Suspects: suspects(typed)}, nil
	}
	a, err := v.actByCode(ctx, code)
	if errors.Is(err, document.ErrNotFound) {
		return Verdict{Kind: Unknown, Code: code.String(), CheckedAt: v.now()}, nil
	}
	if err != nil {
		return Verdict{}, err
	}
	verdict, _, err := v.judge(ctx, a)
	return verdict, err
}

// ByNumber gives the verdict on the act with a number. It is not for the
// public: numbers can be counted through, codes cannot.
func (v *Verifier) ByNumber(ctx context.Context, number string) (Verdict, error) {
	a, err := v.actByNumber(ctx, number)
	if errors.Is(err, document.ErrNotFound) {
		return Verdict{Kind: Unknown, CheckedAt: v.now()}, nil
	}
	if err != nil {
		return Verdict{}, err
	}
	verdict, _, err := v.judge(ctx, a)
	return verdict, err
}

// judge gives the verdict on a known act and, where the record is as it should
// be, the file and the report on its signatures.
func (v *Verifier) judge(ctx context.Context, a document.Act) (Verdict, *record, error) {
	verdict := Verdict{Code: a.Code, CheckedAt: v.now()}
	switch a.State {
	case document.Archived:
	case document.Voided:
	default:
		verdict.Kind = BeingIssued
		return verdict, nil, nil
	}
	a, rec, proof, err := v.examine(ctx, a)
	if fault, ok := errors.AsType[*alarm](err); ok {
		v.raise(ctx, a, fault)
		verdict.Kind, verdict.Number, verdict.Fault = Altered, a.Number, fault.fault
		return verdict, nil, nil
	}
	if err != nil {
		return Verdict{}, nil, err
	}
	if a.State == document.Voided {
		verdict.Kind, verdict.Number, verdict.Change = Voided, a.Number, &Change{At: a.ChangedAt}
		return verdict, nil, nil
	}
	summary, err := a.PublicSummary()
	if err != nil {
		return Verdict{}, nil, err
	}
	verdict.Number, verdict.Act = a.Number, facts(a, summary)
	if verdict.Corrections, err = v.corrections(ctx, a); err != nil {
		return Verdict{}, nil, err
	}
	verdict.Signatures, verdict.Ledger = signatures(rec.report), proof
	verdict.Renditions, verdict.RenewBy, verdict.Overdue = renditions(rec.renditions), rec.report.RenewBy, rec.overdue
	switch a.Standing {
	case document.InForce:
		verdict.Kind = Valid
	case document.Annulled:
		verdict.Kind = Annulled
	case document.Superseded:
		verdict.Kind = Superseded
	default:
		return Verdict{}, nil, errors.New("act " + a.Number + " has no standing")
	}
	if verdict.Kind != Valid {
		verdict.Change = &Change{By: a.ChangedBy, At: a.ChangedAt}
	}
	return verdict, rec, nil
}

// corrections lists what corrects an act.
func (v *Verifier) corrections(ctx context.Context, a document.Act) ([]Change, error) {
	var list []Change
	err := v.Store.View(ctx, func(tx document.Tx) error {
		acts, err := tx.Corrections(ctx, a.Number)
		for _, c := range acts {
			if c.Case == a.Case && c.Standing == document.InForce {
				list = append(list, Change{By: c.Number, At: c.ArchivedAt.UTC()})
			}
		}
		return err
	})
	if err != nil {
		return nil, unavailable("error.register.unavailable", err)
	}
	return list, nil
}

// examine asks archive, signature and ledger about an act, and returns its row
// as it stands now. What does not fit together is an *alarm.
func (v *Verifier) examine(ctx context.Context, a document.Act) (document.Act, *record, *Proof, error) {
	a, renewals, err := v.settle(ctx, a)
	if err != nil || a.State == document.Voided {
		return a, nil, nil, err
	}
	rec, err := v.readRecord(ctx, a, renewals)
	if err != nil {
		return a, nil, nil, err
	}
	if err := v.checkSignatures(ctx, a, rec); err != nil {
		return a, nil, nil, err
	}
	proof, err := v.prove(ctx, a, rec.leaf)
	return a, rec, proof, err
}

func (v *Verifier) actByCode(ctx context.Context, code codes.Code) (document.Act, error) {
	return v.act(ctx, func(tx document.Tx) (document.Act, error) { return tx.ActByCode(ctx, code.String()) })
}

func (v *Verifier) actByNumber(ctx context.Context, number string) (document.Act, error) {
	return v.act(ctx, func(tx document.Tx) (document.Act, error) { return tx.ActByNumber(ctx, number) })
}

// act reads an act: document.ErrNotFound when the register is certain.
func (v *Verifier) act(ctx context.Context, read func(document.Tx) (document.Act, error)) (document.Act, error) {
	var a document.Act
	err := v.Store.View(ctx, func(tx document.Tx) (err error) {
		a, err = read(tx)
		return err
	})
	if err != nil && !errors.Is(err, document.ErrNotFound) {
		return a, unavailable("error.register.unavailable", err)
	}
	return a, err
}

func (v *Verifier) now() time.Time { return v.Now().UTC().Truncate(time.Second) }

func (v *Verifier) raise(ctx context.Context, a document.Act, fault *alarm) {
	if v.Log != nil {
		v.Log.ErrorContext(ctx, "an archived act does not pass verification",
			slog.String("act", a.Number), slog.String("fault", string(fault.fault)), slog.Any("error", fault.err))
	}
}

// unavailable says that something cannot be known now.
func unavailable(key string, err error) error {
	return &document.Error{Kind: document.Unavailable, Key: key, Err: err}
}

func (v *Verifier) logExport(ctx context.Context, a document.Act, err error) {
	if v.Log != nil {
		v.Log.WarnContext(ctx, "an act was left out of an export", slog.String("act", a.Number), slog.Any("error", err))
	}
}
