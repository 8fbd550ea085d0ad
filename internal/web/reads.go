package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"docsvc/internal/archive"
	"docsvc/internal/document"
)

// What the pages of officers and /api/v1 read. Each answer is one that the
// actor may read; what may not be read in an office is left out of lists.

// mayRead is the one place where reading is allowed or refused.
func mayRead(actor document.Actor, office string) error { return actor.May(document.ActRead, office) }

// mayAnywhere says whether there is an office in which actor may do it.
func mayAnywhere(actor document.Actor, action document.Action) bool {
	return slices.ContainsFunc(actor.Grants, func(g document.Grant) bool { return actor.May(action, g.Office) == nil })
}

// actRecord is an act with what is known of its way.
type actRecord struct {
	document.Act
	job        document.Job // zero if it has none
	intents    []document.SignIntent
	renditions []document.Rendition
}

// waitsFor is the login of whom an act waits for, if it waits for somebody.
func (a actRecord) waitsFor() string {
	if a.State != document.Prepared {
		return ""
	}
	return a.Signers[a.Round].Login
}

// readAct returns an act that actor may read, and has the look put into the
// trail.
func (o *Office) readAct(ctx context.Context, actor document.Actor, number string) (actRecord, error) {
	var a actRecord
	act, err := o.Service.Act(ctx, number)
	if err != nil {
		return a, err
	}
	if err := mayRead(actor, act.Office); err != nil {
		return a, err
	}
	if err := o.Service.Looked(ctx, actor, act); err != nil {
		return a, err
	}
	err = o.Service.Store.View(ctx, func(tx document.Tx) (err error) {
		if a.Act, err = tx.ActByID(ctx, act.ID); err != nil {
			return err
		}
		if a.intents, err = tx.Intents(ctx, act.ID); err != nil {
			return err
		}
		if a.renditions, err = tx.Renditions(ctx, act.ID); err != nil {
			return err
		}
		a.job, err = tx.JobByAct(ctx, act.ID)
		if errors.Is(err, document.ErrNotFound) {
			err = nil
		}
		return err
	})
	return a, err
}

// readCase returns a case that actor may read, with its acts.
func (o *Office) readCase(ctx context.Context, actor document.Actor, number string) (document.Case, []document.Act, error) {
	c, acts, err := o.Service.CaseWithActs(ctx, number)
	if err == nil {
		err = mayRead(actor, c.Office)
	}
	if err != nil {
		return document.Case{}, nil, err
	}
	acts = slices.DeleteFunc(acts, func(a document.Act) bool { return mayRead(actor, a.Office) != nil })
	return c, acts, nil
}

// waiting lists the acts that wait for actor, oldest first, at most as many as
// can be signed at once; more says that there are others.
func (o *Office) waiting(ctx context.Context, actor document.Actor) (acts []document.Act, more bool, err error) {
	err = o.Service.Store.View(ctx, func(tx document.Tx) (err error) {
		acts, err = tx.ActsWaiting(ctx, actor.Login, document.MaxBatch+1)
		return err
	})
	acts = slices.DeleteFunc(acts, func(a document.Act) bool { return mayRead(actor, a.Office) != nil })
	if len(acts) > document.MaxBatch {
		acts, more = acts[:document.MaxBatch], true
	}
	return acts, more, err
}

// readFile returns the pages of an act: what is to be signed while it waits,
// and the archived file afterwards, which is a numbered copy. In between there
// is none: nothing signed leaves docsvc before it is archived. A question
// without an answer's body is no copy.
func (o *Office) readFile(ctx context.Context, actor document.Actor, number string, copied bool) ([]byte, error) {
	a, err := o.Service.Act(ctx, number)
	if err != nil {
		return nil, err
	}
	if err := mayRead(actor, a.Office); err != nil {
		return nil, err
	}
	var staged document.Staged
	err = o.Service.Store.View(ctx, func(tx document.Tx) (err error) {
		// One view of both: a moment later the staged bytes may be signed ones.
		if a, err = tx.ActByID(ctx, a.ID); err == nil && (a.State == document.Issued || a.State == document.Prepared) {
			staged, err = tx.Staged(ctx, a.ID)
		}
		return err
	})
	switch {
	case err != nil && !errors.Is(err, document.ErrNotFound):
		return nil, err
	case a.State == document.Archived:
		data, err := o.archivedFile(ctx, a)
		if err == nil && copied {
			_, err = o.Service.Copied(ctx, actor, a)
		}
		return data, err
	case staged.PDF == nil: // or not typeset yet
		return nil, actError(document.Conflict, "error.act.no_file", a)
	}
	return staged.PDF[:staged.BaseSize], o.Service.Looked(ctx, actor, a)
}

func (o *Office) archivedFile(ctx context.Context, a document.Act) ([]byte, error) {
	data, _, err := o.Service.Archive.Get(ctx, a.Path)
	if errors.Is(err, archive.ErrUnavailable) {
		return nil, &document.Error{Kind: document.Unavailable, Key: "error.archive.unavailable", Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("file of act %s: %w", a.Number, err)
	}
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:], a.SHA256) {
		return nil, fmt.Errorf("file of act %s is not the one that was archived", a.Number)
	}
	return data, nil
}

// listAccounts returns the accounts of the offices that actor runs.
func (o *Office) listAccounts(ctx context.Context, actor document.Actor) ([]document.Account, error) {
	if !mayAnywhere(actor, document.ActOperate) {
		return nil, actor.May(document.ActOperate, "")
	}
	var accounts []document.Account
	err := o.Service.Store.View(ctx, func(tx document.Tx) (err error) {
		accounts, err = tx.Accounts(ctx)
		return err
	})
	return slices.DeleteFunc(accounts, func(a document.Account) bool {
		return actor.May(document.ActOperate, a.Office) != nil
	}), err
}

// readAuthorisation returns an authorisation of actor, used or expired ones too.
func (o *Office) readAuthorisation(ctx context.Context, actor document.Actor, id string) (document.Authorisation, error) {
	a, err := o.Service.OpenAuthorisation(ctx, actor, id)
	if document.KindOf(err) == document.Conflict {
		err = nil
	}
	return a, err
}
