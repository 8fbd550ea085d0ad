package main

import (
	"context"
	"encoding/json"
	"fmt"

	"docsvc/internal/document"
)

// annulmentTemplate is the decision that annuls an act.
const annulmentTemplate = "annulment-decision"

func runVoid(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "void")
	returns := f.Bool("return", false, "return the act to its author instead of approving it; --reason is the remark")
	return changeAct(ctx, e, f, args, func(a *app, s *session, number, by, reason string) (document.Act, error) {
		if *returns {
			return a.Service.Return(ctx, s.actor, number, reason)
		}
		return a.Service.Void(ctx, s.actor, number, reason)
	})
}

func runSupersede(ctx context.Context, e env, args []string) error {
	return changeAct(ctx, e, newFlags(e, "supersede"), args, func(a *app, s *session, number, by, reason string) (document.Act, error) {
		if by == "" {
			return document.Act{}, usageError{"missing --by NUMBER of the act that replaces this one"}
		}
		return a.Service.ChangeStanding(ctx, s.actor, number, document.Superseded, by, reason)
	})
}

// runAnnul annuls by an act that is already archived (--by), or issues the
// decision itself.
func runAnnul(ctx context.Context, e env, args []string) error {
	return changeAct(ctx, e, newFlags(e, "annul"), args, func(a *app, s *session, number, by, reason string) (document.Act, error) {
		if by == "" {
			var err error
			if by, err = a.annulmentDecision(ctx, e, s, number, reason); err != nil {
				return document.Act{}, err
			}
		}
		return a.Service.ChangeStanding(ctx, s.actor, number, document.Annulled, by, reason)
	})
}

// annulmentDecision issues the signed decision that annuls an act, once.
func (a *app) annulmentDecision(ctx context.Context, e env, s *session, number, reason string) (string, error) {
	target, err := a.Service.Act(ctx, number)
	if err != nil {
		return "", err
	}
	if err := a.Service.MayBeChanged(target, s.actor); err != nil {
		return "", err
	}
	summary, err := target.PublicSummary()
	if err != nil {
		return "", err
	}
	input, err := json.Marshal(map[string]string{
		"act": target.Number, "act_date": string(target.Date), "act_title": summary.Titles["az"], "facts": reason,
	})
	if err != nil {
		return "", err
	}
	draft := document.Draft{
		Case: target.Case, Template: annulmentTemplate, Input: input, RequestKey: "annul/" + target.Number,
	}
	decision, _, err := a.Service.Issue(ctx, s.actor, draft)
	for n := 2; err == nil && cameToNothing(decision); n++ {
		draft.RequestKey = fmt.Sprintf("annul/%s/%d", target.Number, n)
		decision, _, err = a.Service.Issue(ctx, s.actor, draft)
	}
	if err == nil {
		decision, err = a.finish(ctx, e, s, decision)
	}
	if err != nil {
		return "", fmt.Errorf("issue the decision that annuls %s: %w", number, err)
	}
	fmt.Fprintf(e.stderr, "decision %s is %s\n", decision.Number, decision.State)
	return decision.Number, nil
}

// cameToNothing says that an earlier decision was voided, or annulled itself
// before it annulled anything: a new one is needed.
func cameToNothing(decision document.Act) bool {
	return decision.State == document.Voided ||
		decision.State == document.Archived && decision.Standing != document.InForce
}

// changeAct is what void, supersede and annul have in common.
func changeAct(ctx context.Context, e env, f *flags, args []string,
	change func(a *app, s *session, number, by, reason string) (document.Act, error)) error {
	officer := f.officer()
	reason := f.String("reason", "", "`TEXT` that the register keeps; for void it is public")
	by := ""
	if f.Name() != "void" {
		f.StringVar(&by, "by", "", "`NUMBER` of the archived act that does it")
	}
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if err := f.require("reason"); err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		s, err := a.authenticate(ctx, e, officer)
		if err != nil {
			return err
		}
		act, err := change(a, s, rest[0], by, *reason)
		if err != nil {
			return err
		}
		a.sequence(ctx, e)
		if f.json {
			return printJSON(e.stdout, map[string]any{
				"number": act.Number, "state": act.State, "standing": act.Standing, "by": act.ChangedBy,
				"reason": *reason, "changed_at": act.ChangedAt,
			})
		}
		word := string(act.Standing)
		switch {
		case act.State == document.Archived && act.Standing == document.InForce:
			word += ": the change waits for a second person, docsvc confirm " + act.Number
		case act.VoidKind == document.Returned:
			word = string(act.VoidKind)
		case act.State == document.Voided:
			word = string(act.State)
		}
		fmt.Fprintf(e.stdout, "%s is %s\n", act.Number, word)
		return nil
	})
}
