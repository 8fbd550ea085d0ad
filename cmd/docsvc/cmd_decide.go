package main

import (
	"context"
	"fmt"
	"path/filepath"

	"docsvc/internal/document"
)

// runConfirm is the second person's word on a change of standing.
func runConfirm(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "confirm")
	officer := f.officer()
	reject := f.Bool("reject", false, "reject the change, or take back one's own proposal")
	reason := f.String("reason", "", "`TEXT`: why it is rejected")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		s, err := a.authenticate(ctx, e, officer)
		if err != nil {
			return err
		}
		var act document.Act
		if *reject {
			act, err = a.Service.RejectStanding(ctx, s.actor, rest[0], *reason)
		} else {
			act, err = a.Service.ConfirmStanding(ctx, s.actor, rest[0])
		}
		if err != nil {
			return err
		}
		a.sequence(ctx, e)
		if f.json {
			return printJSON(e.stdout, map[string]any{"number": act.Number, "standing": act.Standing, "by": act.ChangedBy})
		}
		fmt.Fprintf(e.stdout, "%s is %s\n", act.Number, act.Standing)
		return nil
	})
}

// runDeliver records that an act was served.
func runDeliver(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "deliver")
	officer := f.officer()
	var d document.Delivery
	f.StringVar(&d.Party, "party", document.PartyDebtor, "`PARTY`: debtor, creditor or other")
	f.StringVar(&d.Recipient, "recipient", "", "`NAME` of who received it")
	f.StringVar(&d.Way, "way", "", "`WAY`, one of delivery_ways of the configuration")
	f.StringVar((*string)(&d.On), "on", "", "`DATE` of the service")
	f.StringVar(&d.Proof, "proof", "", "`TEXT` that refers to the proof, such as the number of a receipt")
	f.StringVar(&d.Corrects, "corrects", "", "`ID` of an earlier record that this one replaces")
	name := f.String("file", "", "`FILE` that proves it: PDF, PNG or JPEG")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if err := f.require("recipient", "way", "on", "proof"); err != nil {
		return err
	}
	var file []byte
	if *name != "" {
		if file, err = readInput(*name, document.MaxProof); err != nil {
			return err
		}
	}
	return withApp(ctx, e, f, func(a *app) error {
		s, err := a.authenticate(ctx, e, officer)
		if err != nil {
			return err
		}
		d, err := a.Service.Deliver(ctx, s.actor, rest[0], d, filepath.Base(*name), file)
		if err != nil {
			return err
		}
		a.sequence(ctx, e)
		if f.json {
			return printJSON(e.stdout, d)
		}
		fmt.Fprintf(e.stdout, "%s was served on %s: record %s\n", d.Act, d.On, d.ID)
		return nil
	})
}

// officerSubstitute appoints a deputy, or ends a substitution early.
func officerSubstitute(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "officer substitute")
	officer := f.officer()
	var x document.Substitution
	f.StringVar(&x.Absent, "absent", "", "`LOGIN` of the head or chief who will be absent (default: who acts)")
	f.StringVar(&x.Deputy, "deputy", "", "`LOGIN` of the deputy")
	f.StringVar((*string)(&x.Role), "role", string(document.RoleHead), "`ROLE` in which the deputy acts: head or chief")
	f.StringVar(&x.Office, "office", "", "`CODE` of the office (default: that of who acts)")
	f.StringVar((*string)(&x.From), "from", "", "first `DATE`")
	f.StringVar((*string)(&x.Until), "until", "", "last `DATE`")
	f.StringVar(&x.Reason, "reason", "", "`TEXT`, such as the number of the order")
	end := f.String("end", "", "`ID` of a substitution to end now")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if *end == "" {
		if err := f.require("deputy", "from", "until", "reason"); err != nil {
			return err
		}
	}
	return withApp(ctx, e, f, func(a *app) error {
		s, err := a.authenticate(ctx, e, officer)
		if err != nil {
			return err
		}
		if x.Absent == "" {
			x.Absent = s.account.Login
		}
		if x.Office == "" {
			x.Office = s.account.Office
		}
		if *end != "" {
			x, err = a.Service.EndSubstitution(ctx, s.actor, *end)
		} else {
			x, err = a.Service.Substitute(ctx, s.actor, x)
		}
		if err != nil {
			return err
		}
		a.sequence(ctx, e)
		if f.json {
			return printJSON(e.stdout, x)
		}
		word := "acts"
		if !x.EndedAt.IsZero() {
			word = "no longer acts"
		}
		fmt.Fprintf(e.stdout, "%s %s in the place of %s from %s to %s: %s\n", x.Deputy, word, x.Absent, x.From, x.Until, x.ID)
		return nil
	})
}
