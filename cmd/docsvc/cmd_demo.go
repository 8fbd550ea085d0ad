package main

import (
	"context"
	"errors"
	"fmt"

	"docsvc/internal/document"
)

// runDemo registers the sample cases and issues their acts. What an earlier
// run has done is found by the enforcement document and by request keys, so a
// second run issues nothing again and an interrupted one is finished.
func runDemo(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "demo")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		list, err := samples()
		if err != nil {
			return err
		}
		sessions := map[string]*session{}
		for _, officer := range demoOfficers() {
			s, err := a.unlock(ctx, &officerFlags{officer.Login, demoPassphrase(a.Config, officer.Login)})
			if err != nil {
				return fmt.Errorf("demo officer %s: %w", officer.Login, err)
			}
			sessions[officer.Login] = s
		}
		var acts []actJSON
		for _, s := range list {
			done, err := a.demoCase(ctx, e, s, sessions[s.officerOf()])
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			acts = append(acts, done...)
		}
		if err := a.Service.Sequence(ctx); err != nil {
			return err
		}
		if f.json {
			return printJSON(e.stdout, actsJSON{Acts: acts})
		}
		return nil
	})
}

func (a *app) demoCase(ctx context.Context, e env, s sample, officer *session) ([]actJSON, error) {
	c, _, err := a.Service.RegisterCase(ctx, officer.actor, officer.account.Office, officer.account.Login, s.Case)
	if err != nil && !errors.Is(err, document.ErrExists) {
		return nil, err
	}
	var acts []actJSON
	for i, act := range s.Acts {
		done, existed, err := a.issueOne(ctx, officer, document.Draft{
			Case: c.Number, Template: act.Template, Input: act.Input, Date: act.Date,
			RequestKey: fmt.Sprintf("demo/%s/%d", s.name, i+1),
		})
		if err != nil {
			return acts, err
		}
		word := "issued"
		if existed {
			word = "was there"
		}
		fmt.Fprintf(e.stderr, "%-9s %s  %-20s %s\n", word, done.Number, act.Template, done.Path)
		acts = append(acts, done)
	}
	return acts, nil
}
