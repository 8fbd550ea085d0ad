package sqldb

import (
	"context"
	"errors"
	"fmt"

	"docsvc/internal/document"
)

const authorisationColumns = `id, login, nonce, items, begun, expires, request_id,
	state, used_at, token_id, key_id, evidence, way`

func (t *tx) InsertAuthorisation(ctx context.Context, a document.Authorisation) error {
	err := t.insert(ctx, `INSERT INTO authorisation (`+authorisationColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
		a.ID, a.Login, a.Nonce, len(a.Items), Time(a.Begun), Time(a.Expires), a.RequestID,
		string(a.State), Time(a.UsedAt), a.TokenID, a.KeyID, nullable(a.Evidence), string(a.Way))
	if err == nil {
		const width = 6
		args := make([]any, 0, width*len(a.Items))
		for n, i := range a.Items {
			args = append(args, a.ID, n, len(a.Items), i.ActID, i.Round, filled(i.Digest))
		}
		err = t.bulk(ctx, `INSERT INTO authorisation_item (authorisation_id, n, items, act_id, round, digest) VALUES `,
			width, args)
	}
	if err != nil {
		return fmt.Errorf("inserting authorisation %s of %s: %w", a.ID, a.Login, err)
	}
	return nil
}

func (t *tx) Authorisation(ctx context.Context, id string) (document.Authorisation, error) {
	found, err := t.authorisations(ctx, `SELECT `+authorisationColumns+` FROM authorisation WHERE id = $1`, id)
	if err == nil && len(found) == 0 {
		err = document.ErrNotFound
	}
	if err != nil {
		return document.Authorisation{}, fmt.Errorf("authorisation %s: %w", id, err)
	}
	return found[0], nil
}

func (t *tx) AuthorisationsOf(ctx context.Context, login string, limit int) ([]document.Authorisation, error) {
	found, err := t.authorisations(ctx, `SELECT `+authorisationColumns+` FROM authorisation
		WHERE login = $1 ORDER BY begun DESC, id DESC LIMIT $2`, login, limit)
	if err != nil {
		return nil, fmt.Errorf("authorisations of %s: %w", login, err)
	}
	return found, nil
}

func (t *tx) authorisations(ctx context.Context, query string, args ...any) ([]document.Authorisation, error) {
	var (
		found []document.Authorisation
		ids   []string
	)
	err := t.each(ctx, func(s scan) error {
		var (
			a document.Authorisation
			n int // the items tell themselves
		)
		err := s(&a.ID, &a.Login, &a.Nonce, &n, (*Time)(&a.Begun), (*Time)(&a.Expires), &a.RequestID,
			&a.State, (*Time)(&a.UsedAt), &a.TokenID, &a.KeyID, &a.Evidence, &a.Way)
		found, ids = append(found, a), append(ids, a.ID)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	items := make(map[string][]document.AuthorisedItem, len(ids))
	err = in(ids, func(list string, args []any) error {
		return t.each(ctx, func(s scan) error {
			var (
				id string
				i  document.AuthorisedItem
			)
			err := s(&id, &i.ActID, &i.Round, &i.Digest)
			items[id] = append(items[id], i)
			return err
		}, `SELECT authorisation_id, act_id, round, digest FROM authorisation_item
			WHERE authorisation_id IN `+list+` ORDER BY authorisation_id, n`, args...)
	})
	for i := range found {
		found[i].Items = items[found[i].ID]
	}
	return found, err
}

// UseAuthorisation looks for the token in the statement itself, so that an old
// one is an answer. Of two that bring the same token at once the unique index
// lets one through, and ends the transaction of the other with ErrExists too.
func (t *tx) UseAuthorisation(ctx context.Context, a document.Authorisation) error {
	err := t.swap(ctx, `UPDATE authorisation SET state = 'used', used_at = $1, token_id = $2, key_id = $3, evidence = $4, way = $5
		WHERE id = $6 AND state = 'open'
			AND NOT EXISTS (SELECT 1 FROM authorisation o WHERE o.token_id = $2 AND o.token_id <> '')`,
		Time(a.UsedAt), a.TokenID, a.KeyID, nullable(a.Evidence), string(a.Way), a.ID)
	if errors.Is(err, document.ErrStale) {
		err = t.whyNotUsed(ctx, a.ID)
	}
	if err != nil {
		return fmt.Errorf("using authorisation %s: %w", a.ID, err)
	}
	return nil
}

func (t *tx) whyNotUsed(ctx context.Context, id string) error {
	var state document.AuthorisationState
	err := t.one(ctx, []any{&state}, `SELECT state FROM authorisation WHERE id = $1`, id)
	if err == nil && state == document.AuthorisationOpen {
		return document.ErrExists
	}
	if err == nil || errors.Is(err, document.ErrNotFound) {
		return document.ErrStale
	}
	return err
}
