package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"docsvc/internal/document"
)

// demoAct is a sample act that is to be issued.
type demoAct struct {
	officer string
	draft   document.Draft
}

// runDemo registers the sample cases and issues their acts. What an earlier
// run has done is found by the enforcement document and by request keys, so a
// second run issues nothing again and an interrupted one is finished.
func runDemo(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "demo")
	browser := f.String("browser", os.Getenv("DOCSVC_BROWSER"), "`COMMAND` that opens the page where an officer logs in; {officer} in it stands for the officer")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		if a.Config.Production {
			return errors.New("demo issues acts of invented persons: not in production")
		}
		sessions := map[string]*session{}
		for _, officer := range demoOfficers() {
			s, err := a.authenticate(ctx, e, &officerFlags{officer.Login, demoPassphrase(a.Config, officer.Login), *browser})
			if err != nil {
				return fmt.Errorf("demo officer %s: %w", officer.Login, err)
			}
			sessions[officer.Login] = s
		}
		acts, err := a.demoActs(ctx, sessions)
		if err != nil {
			return err
		}
		shown, err := a.issueDemo(ctx, e, sessions, acts)
		if err != nil {
			return err
		}
		if err := a.Service.Sequence(ctx); err != nil {
			return err
		}
		if f.json {
			return printJSON(e.stdout, actsJSON{Acts: shown})
		}
		return nil
	})
}

// demoActs registers the sample cases and lists their acts.
func (a *app) demoActs(ctx context.Context, sessions map[string]*session) ([]demoAct, error) {
	list, err := samples()
	if err != nil {
		return nil, err
	}
	var acts []demoAct
	for _, s := range list {
		officer := sessions[s.officerOf()]
		c, _, err := a.Service.RegisterCase(ctx, officer.actor, officer.account.Office, officer.account.Login, s.Case)
		if err != nil && !errors.Is(err, document.ErrExists) {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		for i, act := range s.Acts {
			acts = append(acts, demoAct{s.officerOf(), document.Draft{
				Case: c.Number, Template: act.Template, Input: act.Input, Date: act.Date,
				RequestKey: fmt.Sprintf("demo/%s/%d", s.name, i+1),
			}})
		}
	}
	return acts, nil
}

// issueDemo issues the acts, officer by officer, and has those approved that
// need it.
func (a *app) issueDemo(ctx context.Context, e env, sessions map[string]*session, acts []demoAct) ([]actJSON, error) {
	outcomes := make([]outcome, len(acts))
	for login, s := range sessions {
		var drafts []document.Draft
		var places []int
		for i, act := range acts {
			if act.officer == login {
				drafts, places = append(drafts, act.draft), append(places, i)
			}
		}
		for n, o := range a.issueMany(ctx, e, s, drafts, 1, func() {}) {
			outcomes[places[n]] = o
		}
	}
	a.approveDemo(ctx, e, sessions, outcomes)
	var shown []actJSON
	for i, o := range outcomes {
		if o.err != nil {
			return nil, fmt.Errorf("%s: %w", acts[i].draft.RequestKey, o.err)
		}
		word := "issued"
		if o.existed {
			word = "was there"
		}
		j := a.show(o.act)
		fmt.Fprintf(e.stderr, "%-9s %s  %-20s %s\n", word, j.Number, acts[i].draft.Template, j.Path)
		shown = append(shown, j)
	}
	return shown, nil
}

// approveDemo signs the acts that wait for a second signer.
func (a *app) approveDemo(ctx context.Context, e env, sessions map[string]*session, outcomes []outcome) {
	for _, s := range sessions {
		a.signWaiting(ctx, e, s, outcomes, func() {})
	}
}
