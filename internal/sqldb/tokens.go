package sqldb

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"docsvc/internal/document"
)

const tokenColumns = `id, hash, prefix, login, name, scopes, created_at, created_by,
	expires_at, last_used, revoked_at, revoked_by`

func (t *tx) InsertToken(ctx context.Context, k document.Token) error {
	err := t.insert(ctx, `INSERT INTO api_token (`+tokenColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
		k.ID, k.Hash[:], k.Prefix, k.Login, k.Name, joined(k.Scopes), Time(k.CreatedAt), k.CreatedBy,
		Time(k.ExpiresAt), Time(k.LastUsed), Time(k.RevokedAt), k.RevokedBy)
	if err != nil {
		return fmt.Errorf("inserting a token of %s: %w", k.Login, err)
	}
	return nil
}

func (t *tx) TokenByHash(ctx context.Context, hash [sha256.Size]byte) (document.Token, error) {
	return t.oneToken(ctx, "hash = $1", hash[:])
}

func (t *tx) TokenByID(ctx context.Context, id string) (document.Token, error) {
	return t.oneToken(ctx, "id = $1", id)
}

func (t *tx) oneToken(ctx context.Context, where string, value any) (document.Token, error) {
	found, err := t.tokens(ctx, `SELECT `+tokenColumns+` FROM api_token WHERE `+where, value)
	if err == nil && len(found) == 0 {
		err = document.ErrNotFound
	}
	if err != nil {
		return document.Token{}, fmt.Errorf("token: %w", err)
	}
	return found[0], nil
}

func (t *tx) Tokens(ctx context.Context) ([]document.Token, error) {
	return t.tokens(ctx, `SELECT `+tokenColumns+` FROM api_token ORDER BY created_at, id`)
}

func (t *tx) tokens(ctx context.Context, query string, args ...any) ([]document.Token, error) {
	var list []document.Token
	err := t.each(ctx, func(s scan) error {
		var (
			k      document.Token
			hash   []byte
			scopes string
		)
		err := s(&k.ID, &hash, &k.Prefix, &k.Login, &k.Name, &scopes, (*Time)(&k.CreatedAt), &k.CreatedBy,
			(*Time)(&k.ExpiresAt), (*Time)(&k.LastUsed), (*Time)(&k.RevokedAt), &k.RevokedBy)
		if err == nil && copy(k.Hash[:], hash) != len(k.Hash) {
			err = errors.New("hash of another length")
		}
		k.Scopes = split[document.Scope](scopes)
		list = append(list, k)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	return list, nil
}

func (t *tx) RevokeToken(ctx context.Context, k document.Token) error {
	err := t.swap(ctx, `UPDATE api_token SET revoked_at = $1, revoked_by = $2 WHERE id = $3 AND revoked_at IS NULL`,
		Time(k.RevokedAt), k.RevokedBy, k.ID)
	if err != nil {
		return fmt.Errorf("revoking token %s: %w", k.Prefix, err)
	}
	return nil
}

func (t *tx) TouchToken(ctx context.Context, k document.Token) error {
	if _, err := t.exec(ctx, `UPDATE api_token SET last_used = $1 WHERE id = $2`, Time(k.LastUsed), k.ID); err != nil {
		return fmt.Errorf("use of token %s: %w", k.Prefix, err)
	}
	return nil
}

// joined and split keep a short list of names in one column.
func joined[S ~string](list []S) string {
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = string(v)
	}
	return strings.Join(names, " ")
}

func split[S ~string](text string) []S {
	var list []S
	for name := range strings.FieldsSeq(text) {
		list = append(list, S(name))
	}
	return list
}

const requestColumns = `key, request, status, content_type, location, body, lease_ends, expires`

func (t *tx) InsertRequest(ctx context.Context, r document.KeptRequest) error {
	err := t.insert(ctx, `INSERT INTO api_request (`+requestColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
		r.Key[:], r.Request[:], r.Answer.Status, r.Answer.ContentType, r.Answer.Location, nullable(r.Answer.Body),
		Time(r.LeaseEnds), Time(r.Expires))
	if err != nil {
		return fmt.Errorf("inserting a request: %w", err)
	}
	return nil
}

func (t *tx) RequestByKey(ctx context.Context, key [sha256.Size]byte) (document.KeptRequest, error) {
	r := document.KeptRequest{Key: key}
	var stored, request []byte
	err := t.one(ctx, []any{
		&stored, &request, &r.Answer.Status, &r.Answer.ContentType, &r.Answer.Location, &r.Answer.Body,
		(*Time)(&r.LeaseEnds), (*Time)(&r.Expires),
	}, `SELECT `+requestColumns+` FROM api_request WHERE key = $1`, key[:])
	copy(r.Request[:], request)
	if err != nil {
		return r, fmt.Errorf("request with a key: %w", err)
	}
	return r, nil
}

func (t *tx) TakeRequest(ctx context.Context, r document.KeptRequest, leaseEnds, now time.Time) error {
	err := t.swap(ctx, `UPDATE api_request SET request = $1, status = 0, content_type = '', location = '', body = NULL,
			lease_ends = $2, expires = $3
		WHERE key = $4 AND lease_ends = $5 AND (status = 0 OR expires <= $6)`,
		r.Request[:], Time(r.LeaseEnds), Time(r.Expires), r.Key[:], Time(leaseEnds), Time(now))
	if err != nil {
		return fmt.Errorf("taking a request over: %w", err)
	}
	return nil
}

func (t *tx) AnswerRequest(ctx context.Context, r document.KeptRequest) error {
	err := t.swap(ctx, `UPDATE api_request SET status = $1, content_type = $2, location = $3, body = $4
		WHERE key = $5 AND lease_ends = $6 AND status = 0`,
		r.Answer.Status, r.Answer.ContentType, r.Answer.Location, nullable(r.Answer.Body), r.Key[:], Time(r.LeaseEnds))
	if err != nil {
		return fmt.Errorf("keeping an answer: %w", err)
	}
	return nil
}

func (t *tx) ForgetRequest(ctx context.Context, key [sha256.Size]byte) error {
	if _, err := t.exec(ctx, `DELETE FROM api_request WHERE key = $1`, key[:]); err != nil {
		return fmt.Errorf("forgetting a request: %w", err)
	}
	return nil
}

func (t *tx) PurgeRequests(ctx context.Context, now time.Time, limit int) (int, error) {
	n, err := t.exec(ctx, `DELETE FROM api_request
		WHERE key IN (SELECT key FROM api_request WHERE expires <= $1 ORDER BY expires LIMIT $2) AND expires <= $1`,
		Time(now), limit)
	return int(n), err
}
