package sqldb

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"docsvc/internal/document"
)

const actColumns = `id, case_id, case_number, number, idx, office, officer, date, template, version,
	level, evaluation, code, request_key, issued_at, retain_until,
	search_key, signers, data_sha256, summary, data,
	state, round, epoch, seal, signed_at, sha256, path, archived_at,
	void_reason, standing, changed_by, changed_at, reason, certify, rendition, renew_by, void_kind, voided_by, corrects`

func (t *tx) InsertAct(ctx context.Context, a document.Act) error {
	signers, err := json.Marshal(a.Signers)
	if err != nil {
		return fmt.Errorf("inserting act %s: %w", a.Number, err)
	}
	err = t.insert(ctx, `INSERT INTO act (`+actColumns+`, waits_for, renew_spread)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
			$18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35,
			$36, $37, $38, $39, $40, $41, $42)
		ON CONFLICT DO NOTHING`,
		a.ID, a.CaseID, a.Case, a.Number, a.Index, a.Office, a.Officer, string(a.Date), a.Template, a.Version,
		a.Level, a.Evaluation, a.Code, a.RequestKey, Time(a.IssuedAt), Time(a.RetainUntil),
		a.SearchKey, signers, nullable(a.DataSHA256), nullable(a.Summary), nullable(a.Data),
		string(a.State), a.Round, a.Epoch, nullable(a.Seal), Time(a.SignedAt), nullable(a.SHA256), a.Path, Time(a.ArchivedAt),
		a.VoidReason, string(a.Standing), a.ChangedBy, Time(a.ChangedAt), a.Reason,
		a.Certify, a.Rendition, Time(a.RenewBy), string(a.VoidKind), a.VoidedBy, a.Corrects, waitsFor(a), renewSpread(a))
	if err != nil {
		return fmt.Errorf("inserting act %s: %w", a.Number, err)
	}
	if err := t.insertWords(ctx, actList, string(a.Date), a.ID, a.Words()); err != nil {
		return fmt.Errorf("words of act %s: %w", a.Number, err)
	}
	return nil
}

// waitsFor returns the login of the signer in the act's round.
func waitsFor(a document.Act) string {
	if a.Round < 0 || a.Round >= len(a.Signers) {
		return ""
	}
	return a.Signers[a.Round].Login
}

// renewSpread returns what the renewals are found by: NULL where there is
// nothing to renew.
func renewSpread(a document.Act) Time {
	if !a.Renewable() {
		return Time{}
	}
	return toColumn(a.RenewalTime())
}

func scanAct(s scan) (document.Act, error) {
	var (
		a       document.Act
		signers []byte
	)
	err := s(&a.ID, &a.CaseID, &a.Case, &a.Number, &a.Index, &a.Office, &a.Officer, &a.Date, &a.Template, &a.Version,
		&a.Level, &a.Evaluation, &a.Code, &a.RequestKey, (*Time)(&a.IssuedAt), (*Time)(&a.RetainUntil),
		&a.SearchKey, &signers, &a.DataSHA256, (*[]byte)(&a.Summary), &a.Data,
		&a.State, &a.Round, &a.Epoch, &a.Seal, (*Time)(&a.SignedAt), &a.SHA256, &a.Path, (*Time)(&a.ArchivedAt),
		&a.VoidReason, &a.Standing, &a.ChangedBy, (*Time)(&a.ChangedAt), &a.Reason,
		&a.Certify, &a.Rendition, (*Time)(&a.RenewBy), &a.VoidKind, &a.VoidedBy, &a.Corrects)
	if err != nil {
		return document.Act{}, err
	}
	if err := json.Unmarshal(signers, &a.Signers); err != nil {
		return document.Act{}, fmt.Errorf("signers of act %s: %w", a.Number, err)
	}
	return a, nil
}

func (t *tx) ActByID(ctx context.Context, id string) (document.Act, error) {
	return t.oneAct(ctx, "id = $1", id)
}

func (t *tx) ActByNumber(ctx context.Context, number string) (document.Act, error) {
	return t.oneAct(ctx, "number = $1", number)
}

func (t *tx) ActByCode(ctx context.Context, code string) (document.Act, error) {
	return t.oneAct(ctx, "code = $1", code)
}

func (t *tx) ActByRequestKey(ctx context.Context, officer, key string) (document.Act, error) {
	return t.oneAct(ctx, "officer = $1 AND request_key = $2 AND request_key <> ''", officer, key)
}

func (t *tx) oneAct(ctx context.Context, where string, args ...any) (document.Act, error) {
	acts, err := t.acts(ctx, `SELECT `+actColumns+` FROM act WHERE `+where, args...)
	if err == nil && len(acts) == 0 {
		err = document.ErrNotFound
	}
	if err != nil {
		return document.Act{}, fmt.Errorf("act where %s: %w", where, err)
	}
	return acts[0], nil
}

func (t *tx) ActsOfCase(ctx context.Context, caseID string) ([]document.Act, error) {
	acts, err := t.acts(ctx, `SELECT `+actColumns+` FROM act WHERE case_id = $1 ORDER BY idx`, caseID)
	if err != nil {
		return nil, fmt.Errorf("acts of case %s: %w", caseID, err)
	}
	return acts, nil
}

func (t *tx) ActsWaiting(ctx context.Context, login string, limit int) ([]document.Act, error) {
	acts, err := t.acts(ctx, `SELECT `+actColumns+` FROM act
		WHERE waits_for = $1 AND state = 'prepared' ORDER BY issued_at, id LIMIT $2`, login, limit)
	if err != nil {
		return nil, fmt.Errorf("acts waiting for %s: %w", login, err)
	}
	return acts, nil
}

func (t *tx) ActsReturned(ctx context.Context, officer string, after time.Time, limit int) ([]document.Act, error) {
	acts, err := t.acts(ctx, `SELECT `+actColumns+` FROM act
		WHERE officer = $1 AND void_kind = 'returned' AND changed_at > $2 ORDER BY changed_at DESC LIMIT $3`,
		officer, Time(after), limit)
	if err != nil {
		return nil, fmt.Errorf("acts returned to %s: %w", officer, err)
	}
	return acts, nil
}

func (t *tx) Corrections(ctx context.Context, number string) ([]document.Act, error) {
	acts, err := t.acts(ctx, `SELECT `+actColumns+` FROM act
		WHERE corrects = $1 AND corrects <> '' AND state = 'archived' ORDER BY idx`, number)
	if err != nil {
		return nil, fmt.Errorf("corrections of act %s: %w", number, err)
	}
	return acts, nil
}

// acts collects the acts that a statement selects or returns.
func (t *tx) acts(ctx context.Context, query string, args ...any) ([]document.Act, error) {
	var acts []document.Act
	err := t.each(ctx, func(s scan) error {
		a, err := scanAct(s)
		acts = append(acts, a)
		return err
	}, query, args...)
	return acts, err
}

func (t *tx) CountActs(ctx context.Context) (map[document.State]int, error) {
	counts := map[document.State]int{}
	err := t.each(ctx, func(s scan) error {
		var (
			state document.State
			n     int
		)
		err := s(&state, &n)
		counts[state] = n
		return err
	}, `SELECT state, count(*) FROM act GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("counting acts: %w", err)
	}
	return counts, nil
}

func (t *tx) Advance(ctx context.Context, a document.Act, from document.State) error {
	err := t.swap(ctx, `UPDATE act SET epoch = epoch + 1, state = $1, round = $2, waits_for = $3, signed_at = $4,
			sha256 = $5, path = $6, archived_at = $7, void_reason = $8, standing = $9,
			changed_by = $10, changed_at = $11, reason = $12, seal = $13,
			rendition = $14, renew_by = $15, renew_spread = $16, void_kind = $17, voided_by = $18
		WHERE id = $19 AND state = $20 AND epoch = $21`,
		string(a.State), a.Round, waitsFor(a), Time(a.SignedAt),
		nullable(a.SHA256), a.Path, Time(a.ArchivedAt), a.VoidReason, string(a.Standing),
		a.ChangedBy, Time(a.ChangedAt), a.Reason, nullable(a.Seal),
		a.Rendition, Time(a.RenewBy), renewSpread(a), string(a.VoidKind), a.VoidedBy,
		a.ID, string(from), a.Epoch)
	if err != nil {
		return fmt.Errorf("advancing act %s from %s to %s: %w", a.Number, from, a.State, err)
	}
	return nil
}

func (t *tx) ChangeStanding(ctx context.Context, a document.Act) error {
	err := t.swap(ctx, `UPDATE act SET standing = $1, changed_by = $2, changed_at = $3, reason = $4
		WHERE id = $5 AND state = 'archived' AND standing = 'in_force'`,
		string(a.Standing), a.ChangedBy, Time(a.ChangedAt), a.Reason, a.ID)
	if err != nil {
		return fmt.Errorf("changing the standing of act %s to %s: %w", a.Number, a.Standing, err)
	}
	return nil
}
