package sqldb

import (
	"context"
	"database/sql"
	"fmt"

	"docsvc/internal/document"
)

func (t *tx) PutStaged(ctx context.Context, s document.Staged) error {
	_, err := t.exec(ctx, `INSERT INTO staging
			(act_id, round, base_size, document_digest, digest, prepared_at, manifest, prepared, pdf, token_for, token)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (act_id) DO UPDATE SET round = excluded.round, base_size = excluded.base_size,
			document_digest = excluded.document_digest, digest = excluded.digest,
			prepared_at = excluded.prepared_at, manifest = excluded.manifest,
			prepared = excluded.prepared, pdf = excluded.pdf,
			token_for = excluded.token_for, token = excluded.token`,
		s.ActID, s.Round, s.BaseSize, nullable(s.DocumentDigest), nullable(s.Digest), Time(s.PreparedAt),
		nullable(s.Manifest), nullable(s.Prepared), nullable(s.PDF), s.TokenFor, nullable(s.Token))
	if err != nil {
		return fmt.Errorf("staging act %s: %w", s.ActID, err)
	}
	return nil
}

func (t *tx) Staged(ctx context.Context, actID string) (document.Staged, error) {
	var s document.Staged
	err := t.one(ctx, []any{
		&s.ActID, &s.Round, &s.BaseSize, &s.DocumentDigest, &s.Digest, (*Time)(&s.PreparedAt),
		&s.Manifest, &s.Prepared, &s.PDF, &s.TokenFor, &s.Token,
	}, `SELECT act_id, round, base_size, document_digest, digest, prepared_at, manifest, prepared, pdf, token_for, token
		FROM staging WHERE act_id = $1`, actID)
	if err != nil {
		return document.Staged{}, fmt.Errorf("staged bytes of act %s: %w", actID, err)
	}
	return s, nil
}

func (t *tx) KeepToken(ctx context.Context, actID, intentID string, token []byte) error {
	err := t.swap(ctx, `UPDATE staging SET token_for = $1, token = $2 WHERE act_id = $3`, intentID, nullable(token), actID)
	if err != nil {
		return fmt.Errorf("keeping the time-stamp of act %s: %w", actID, err)
	}
	return nil
}

func (t *tx) DeleteStaged(ctx context.Context, actID string) error {
	if _, err := t.exec(ctx, `DELETE FROM staging WHERE act_id = $1`, actID); err != nil {
		return fmt.Errorf("deleting the staged bytes of act %s: %w", actID, err)
	}
	return nil
}

const intentColumns = `id, act_id, round, attempt, login, key_id, outcome, at,
	document_digest, digest, signature, certificate, authorisation_id, key_request`

func (t *tx) InsertIntent(ctx context.Context, i document.SignIntent) error {
	err := t.insert(ctx, `INSERT INTO sign_intent (`+intentColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`,
		i.ID, i.ActID, i.Round, i.Attempt, i.Login, i.KeyID, string(i.Outcome), Time(i.At),
		nullable(i.DocumentDigest), nullable(i.Digest), nullable(i.Signature), nullable(i.Certificate),
		sql.NullString{String: i.Authorisation, Valid: i.Authorisation != ""}, i.KeyRequest)
	if err != nil {
		return fmt.Errorf("inserting intent %d of round %d of act %s: %w", i.Attempt, i.Round, i.ActID, err)
	}
	return nil
}

func (t *tx) CloseIntent(ctx context.Context, i document.SignIntent) error {
	err := t.swap(ctx, `UPDATE sign_intent SET outcome = $1, signature = $2, key_request = $3
		WHERE id = $4 AND outcome = 'open'`, string(i.Outcome), nullable(i.Signature), i.KeyRequest, i.ID)
	if err != nil {
		return fmt.Errorf("closing intent %s as %s: %w", i.ID, i.Outcome, err)
	}
	return nil
}

func (t *tx) Intents(ctx context.Context, actID string) ([]document.SignIntent, error) {
	var intents []document.SignIntent
	err := t.each(ctx, func(s scan) error {
		var (
			i             document.SignIntent
			authorisation sql.NullString
		)
		err := s(&i.ID, &i.ActID, &i.Round, &i.Attempt, &i.Login, &i.KeyID, &i.Outcome, (*Time)(&i.At),
			&i.DocumentDigest, &i.Digest, &i.Signature, &i.Certificate, &authorisation, &i.KeyRequest)
		i.Authorisation = authorisation.String
		intents = append(intents, i)
		return err
	}, `SELECT `+intentColumns+` FROM sign_intent WHERE act_id = $1 ORDER BY round, attempt`, actID)
	if err != nil {
		return nil, fmt.Errorf("intents of act %s: %w", actID, err)
	}
	return intents, nil
}
