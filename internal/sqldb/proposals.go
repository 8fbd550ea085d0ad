package sqldb

import (
	"context"
	"fmt"

	"docsvc/internal/document"
)

func (t *tx) InsertProposal(ctx context.Context, p document.Proposal) error {
	err := t.insert(ctx, `INSERT INTO standing_proposal (id, act_id, standing, by_number, reason, proposed_by, proposed_at,
			state, decided_by, decided_at, remark)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
		p.ID, p.ActID, string(p.Standing), p.By, p.Reason, p.ProposedBy, Time(p.ProposedAt),
		string(p.State), p.DecidedBy, Time(p.DecidedAt), p.Remark)
	if err != nil {
		return fmt.Errorf("inserting proposal for act %s: %w", p.ActID, err)
	}
	return nil
}

func (t *tx) DecideProposal(ctx context.Context, p document.Proposal) error {
	err := t.swap(ctx, `UPDATE standing_proposal SET state = $1, decided_by = $2, decided_at = $3, remark = $4
		WHERE id = $5 AND state = 'open'`, string(p.State), p.DecidedBy, Time(p.DecidedAt), p.Remark, p.ID)
	if err != nil {
		return fmt.Errorf("deciding proposal %s: %w", p.ID, err)
	}
	return nil
}

func (t *tx) OpenProposal(ctx context.Context, actID string) (document.Proposal, error) {
	list, err := t.proposals(ctx, `p.act_id = $1 AND p.state = 'open'`, actID)
	if err == nil && len(list) == 0 {
		err = document.ErrNotFound
	}
	if err != nil {
		return document.Proposal{}, fmt.Errorf("proposal for act %s: %w", actID, err)
	}
	return list[0], nil
}

func (t *tx) OpenProposals(ctx context.Context, limit int) ([]document.Proposal, error) {
	list, err := t.proposals(ctx, `p.state = 'open' ORDER BY p.proposed_at, p.id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("proposals: %w", err)
	}
	return list, nil
}

func (t *tx) proposals(ctx context.Context, where string, arg any) ([]document.Proposal, error) {
	var list []document.Proposal
	err := t.each(ctx, func(s scan) error {
		var p document.Proposal
		err := s(&p.ID, &p.ActID, &p.Act, &p.Office, &p.Standing, &p.By, &p.Reason, &p.ProposedBy, (*Time)(&p.ProposedAt),
			&p.State, &p.DecidedBy, (*Time)(&p.DecidedAt), &p.Remark)
		list = append(list, p)
		return err
	}, `SELECT p.id, p.act_id, act.number, act.office, p.standing, p.by_number, p.reason, p.proposed_by, p.proposed_at,
			p.state, p.decided_by, p.decided_at, p.remark
		FROM standing_proposal p JOIN act ON act.id = p.act_id WHERE `+where, arg)
	return list, err
}
