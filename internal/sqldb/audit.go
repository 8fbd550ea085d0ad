package sqldb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"docsvc/internal/document"
)

func (t *tx) InsertAudit(ctx context.Context, rows ...document.AuditRow) error {
	events := make([]any, 0, 2*len(rows))
	ids := make([]any, 0, len(rows))
	var subjects []any
	for _, r := range rows {
		events = append(events, r.ID, filled(r.Data))
		ids = append(ids, r.ID)
		subjects = appendSubject(subjects, r)
	}
	err := t.bulk(ctx, `INSERT INTO audit_event (id, data) VALUES `, 2, events)
	if err == nil {
		err = t.bulk(ctx, `INSERT INTO audit_unchained (id) VALUES `, 1, ids)
	}
	if err == nil {
		err = t.bulk(ctx, insertSubjects, 3, subjects)
	}
	if err != nil {
		return fmt.Errorf("inserting %d audit events: %w", len(rows), err)
	}
	return nil
}

const insertSubjects = `INSERT INTO audit_subject (subject, id, copy) VALUES `

// appendSubject reads of an event what it can be found by.
func appendSubject(args []any, r document.AuditRow) []any {
	var e struct {
		Subject string `json:"subject"`
		Detail  struct {
			Copy string `json:"copy"`
		} `json:"detail"`
	}
	if json.Unmarshal(r.Data, &e) != nil || e.Subject == "" {
		return args
	}
	n, err := strconv.ParseInt(e.Detail.Copy, 10, 64)
	if err != nil || n < 0 {
		n = 0
	}
	return append(args, e.Subject, r.ID, n)
}

func (t *tx) AuditOf(ctx context.Context, subject string, limit int) ([]document.AuditRow, error) {
	rows, err := t.auditRows(ctx, `SELECT e.id, e.data FROM audit_subject x JOIN audit_event e ON e.id = x.id
		WHERE x.subject = $1 ORDER BY x.id DESC LIMIT $2`, subject, limit)
	if err != nil {
		return nil, fmt.Errorf("audit events of %s: %w", subject, err)
	}
	return rows, nil
}

// auditRows reads id and data of events.
func (t *tx) auditRows(ctx context.Context, query string, args ...any) ([]document.AuditRow, error) {
	var rows []document.AuditRow
	err := t.each(ctx, func(s scan) error {
		var r document.AuditRow
		err := s(&r.ID, &r.Data)
		rows = append(rows, r)
		return err
	}, query, args...)
	return rows, err
}

func (t *tx) LastCopy(ctx context.Context, subject string) (int64, error) {
	var n int64
	err := t.one(ctx, []any{&n}, `SELECT copy FROM audit_subject WHERE subject = $1 AND copy > 0 ORDER BY copy DESC LIMIT 1`, subject)
	if err != nil && !errors.Is(err, document.ErrNotFound) {
		return 0, fmt.Errorf("last copy of %s: %w", subject, err)
	}
	return n, nil
}

func (t *tx) UnchainedAudit(ctx context.Context, limit int) ([]document.AuditRow, error) {
	rows, err := t.auditRows(ctx, `SELECT e.id, e.data FROM audit_unchained u JOIN audit_event e ON e.id = u.id
		ORDER BY u.id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("audit events without a link: %w", err)
	}
	return rows, nil
}

func (t *tx) InsertAuditLinks(ctx context.Context, links []document.AuditLink) error {
	args := make([]any, 0, 3*len(links))
	ids := make([]string, 0, len(links))
	for _, l := range links {
		args = append(args, l.Seq, l.ID, filled(l.Hash))
		ids = append(ids, l.ID)
	}
	err := t.bulk(ctx, `INSERT INTO audit_link (seq, id, hash) VALUES `, 3, args)
	if err == nil {
		err = in(ids, func(list string, args []any) error {
			_, err := t.exec(ctx, `DELETE FROM audit_unchained WHERE id IN `+list, args...)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("inserting %d audit links: %w", len(links), err)
	}
	return nil
}

func (t *tx) LastAuditLink(ctx context.Context) (document.AuditLink, error) {
	var l document.AuditLink
	err := t.one(ctx, []any{&l.Seq, &l.ID, &l.Hash},
		`SELECT seq, id, hash FROM audit_link ORDER BY seq DESC LIMIT 1`)
	if errors.Is(err, document.ErrNotFound) {
		return document.AuditLink{}, nil
	}
	if err != nil {
		return document.AuditLink{}, fmt.Errorf("last audit link: %w", err)
	}
	return l, nil
}

func (t *tx) AuditChain(ctx context.Context, from int64, limit int) ([]document.AuditRow, []document.AuditLink, error) {
	var (
		rows  []document.AuditRow
		links []document.AuditLink
	)
	err := t.each(ctx, func(s scan) error {
		var (
			r document.AuditRow
			l document.AuditLink
		)
		err := s(&r.ID, &r.Data, &l.Seq, &l.Hash)
		l.ID = r.ID
		rows, links = append(rows, r), append(links, l)
		return err
	}, `SELECT e.id, e.data, l.seq, l.hash FROM audit_link l JOIN audit_event e ON e.id = l.id
		WHERE l.seq >= $1 ORDER BY l.seq LIMIT $2`, from, limit)
	if err != nil {
		return nil, nil, fmt.Errorf("audit chain from %d: %w", from, err)
	}
	return rows, links, nil
}
