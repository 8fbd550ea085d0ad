package main

import (
	"context"

	"golang.org/x/sync/errgroup"

	"docsvc/internal/document"
)

// outcome is what became of one of many drafts.
type outcome struct {
	act      document.Act
	existed  bool // an earlier request with the same key had archived it
	warnings []document.Warning
	err      error
}

// issueMany takes drafts through the whole line, several at once. One that
// fails does not stop the others. With a key at hand each act is signed as soon
// as it is prepared; an officer who has to log in signs them all together when
// the last one is. progress is called after each act that is done with.
func (a *app) issueMany(ctx context.Context, e env, s *session, drafts []document.Draft, workers int, progress func()) []outcome {
	outcomes := make([]outcome, len(drafts))
	var g errgroup.Group
	g.SetLimit(workers)
	for i, d := range drafts {
		g.Go(func() error {
			o := &outcomes[i]
			o.act, o.warnings, o.err = a.Service.Issue(ctx, s.actor, d)
			o.existed = o.err == nil && o.act.State == document.Archived
			if o.err == nil {
				o.act, o.err = a.Service.Resume(ctx, o.act)
			}
			if o.waitsFor(s) && s.key != nil {
				o.act, o.err = a.Service.Sign(ctx, s.actor, o.act, s.key)
			}
			if !o.waitsFor(s) {
				progress()
			}
			return nil
		})
	}
	_ = g.Wait() // failures are in the outcomes
	a.signWaiting(ctx, e, s, outcomes, progress)
	return outcomes
}

// waitsFor says that the act waits for the officer's signature. One that this
// officer has signed may wait for who approves it.
func (o outcome) waitsFor(s *session) bool {
	return o.err == nil && waitsFor(o.act, s.account.Login)
}

func waitsFor(act document.Act, login string) bool {
	return act.State == document.Prepared && act.Signers[act.Round].Login == login
}

// signWaiting has the officer sign what waits, under as few logins as there can be.
func (a *app) signWaiting(ctx context.Context, e env, s *session, outcomes []outcome, progress func()) {
	var acts []document.Act
	place := map[string]int{}
	for i, o := range outcomes {
		if o.waitsFor(s) {
			acts = append(acts, o.act)
			place[o.act.ID] = i
		}
	}
	for _, r := range a.sign(ctx, e, s, acts) {
		o := &outcomes[place[r.Act.ID]]
		o.act, o.err = r.Act, r.Err
		progress()
	}
}
