package document

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
	"docsvc/internal/numbering"
)

// caseRegistered is the body of the archive event of a new case. ActHigh is
// the first block of numbers of the case's acts.
type caseRegistered struct {
	Case    Case   `json:"case"`
	ActHigh string `json:"act_high"`
}

// RegisterCase registers an enforcement document in an office, gives it the
// unified number and hands it to officer. It returns when the registration is
// in the archive. The same enforcement document (issuer, number, date) is not
// registered twice: a Conflict error names the case it has, and that case is
// returned too.
func (s *Service) RegisterCase(ctx context.Context, actor Actor, office, officer string, input json.RawMessage) (Case, []Warning, error) {
	if err := actor.May(ActRegisterCase, office); err != nil {
		return Case{}, nil, err
	}
	facts, warnings, err := s.Drafter.CheckCase(ctx, input)
	if err != nil {
		return Case{}, warnings, err
	}
	if _, err := s.Account(ctx, officer); err != nil {
		return Case{}, warnings, err
	}
	now := s.Now()
	year := now.In(s.Rules.Location).Year()
	series := s.Rules.Scheme.Series(year, office)
	c := Case{
		ID: s.NewID(), Office: office, Officer: officer, Document: facts.Document,
		Data: facts.Data, SearchKey: facts.SearchKey, RegisteredAt: now, RegisteredBy: actor.Login,
	}
	var item OutboxItem
	err = s.withNumber(ctx, series, func() error {
		return s.Store.Update(ctx, func(tx Tx) error {
			if old, err := tx.CaseByDocument(ctx, facts.Document); err == nil {
				c = old
				return newError(Conflict, "error.case.registered", ErrExists, "number", old.Number)
			} else if !errors.Is(err, ErrNotFound) {
				return err
			}
			n, err := next(ctx, tx, series)
			if err != nil {
				return err
			}
			if c.Number, err = s.Rules.Scheme.Format(year, office, n); err != nil {
				return newError(Unavailable, "error.number.format", err, "series", series)
			}
			if err := tx.InsertCase(ctx, c); err != nil {
				return err
			}
			if err := tx.RaiseHigh(ctx, numbering.ActSeries(c.Number), 0, actBlock); err != nil {
				return err
			}
			item, err = s.event(archive.KindCase, c.Number, caseRegistered{c, strconv.Itoa(actBlock)})
			if err != nil {
				return err
			}
			if err := tx.InsertOutbox(ctx, item); err != nil {
				return err
			}
			return s.record(ctx, tx, actor, audit.CaseRegistered, c.Number, map[string]string{
				"office": office, "officer": officer, "document": facts.Document.Number,
			})
		})
	})
	if err != nil {
		return c, warnings, fmt.Errorf("register case: %w", err)
	}
	return c, warnings, s.deliver(ctx, item)
}
