package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"docsvc/internal/document"
)

func runCase(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return usageError{"want case register or case show"}
	}
	switch args[0] {
	case "register":
		return caseRegister(ctx, e, args[1:])
	case "show":
		return caseShow(ctx, e, args[1:])
	}
	return usageError{fmt.Sprintf("case %s: want register or show", args[0])}
}

// caseJSON is a case as commands print it.
type caseJSON struct {
	Number   string                       `json:"number"`
	Office   string                       `json:"office"`
	Officer  string                       `json:"officer"`
	Document document.EnforcementDocument `json:"document"`
	Data     json.RawMessage              `json:"data"`
	Acts     []actJSON                    `json:"acts,omitempty"`
	Warnings []document.Warning           `json:"warnings,omitempty"`
}

func showCase(c document.Case) caseJSON {
	return caseJSON{Number: c.Number, Office: c.Office, Officer: c.Officer, Document: c.Document, Data: c.Data}
}

func caseRegister(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "case register")
	officer := f.officer()
	input := f.String("input", "", "`FILE` with the registration form; - is standard input")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.require("input"); err != nil {
		return err
	}
	data, err := readInput(*input, maxInput)
	if err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		s, err := a.authenticate(ctx, e, officer)
		if err != nil {
			return err
		}
		c, warnings, err := a.Service.RegisterCase(ctx, s.actor, s.account.Office, s.account.Login, data)
		if err != nil {
			return err
		}
		printWarnings(e.stderr, "case register", warnings)
		if !f.json {
			fmt.Fprintln(e.stdout, c.Number)
			return nil
		}
		j := showCase(c)
		j.Warnings = warnings
		return printJSON(e.stdout, j)
	})
}

func caseShow(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "case show")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		c, err := a.Service.Case(ctx, rest[0])
		if document.KindOf(err) == document.NotFound {
			fmt.Fprintf(e.stderr, "no case %s\n", rest[0])
			return errNo
		}
		if err != nil {
			return err
		}
		j := showCase(c)
		err = a.Service.Store.View(ctx, func(tx document.Tx) error {
			j.Acts = nil
			acts, err := tx.ActsOfCase(ctx, c.ID)
			if err != nil {
				return err
			}
			for _, act := range acts {
				shown, err := a.showWaiting(ctx, tx, act)
				if err != nil {
					return err
				}
				j.Acts = append(j.Acts, shown)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if f.json {
			return printJSON(e.stdout, j)
		}
		fmt.Fprintf(e.stdout, "%s  %s %s, %s, %s\n", j.Number, c.Document.Kind, c.Document.Number, c.Document.Date, c.Document.Issuer)
		for _, act := range j.Acts {
			fmt.Fprintf(e.stdout, "  %s  %s\n", act.Number, act.State)
			if act.WaitsFor != "" {
				fmt.Fprintf(e.stdout, "    waits for the signature of %s\n", act.WaitsFor)
			}
			if act.LastError != "" {
				fmt.Fprintf(e.stdout, "    failed %d times: %s\n", act.Attempts, act.LastError)
			}
		}
		return nil
	})
}

// showWaiting is show with the reason why an act does not go on.
func (a *app) showWaiting(ctx context.Context, tx document.Tx, act document.Act) (actJSON, error) {
	j := a.show(act)
	switch act.State {
	case document.Archived, document.Voided:
		return j, nil
	case document.Prepared:
		j.WaitsFor = act.Signers[act.Round].Login
	}
	job, err := tx.JobByAct(ctx, act.ID)
	if errors.Is(err, document.ErrNotFound) {
		return j, nil
	}
	j.Attempts, j.LastError = job.Attempts, job.LastError
	return j, err
}
