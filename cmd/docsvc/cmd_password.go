package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"docsvc/internal/password"
)

// officerPassword gives a person a password for the pages of officers, in place
// of the one they have, and logs them out everywhere. It comes from a file or
// from standard input: arguments can be seen by everybody on the machine. Who has
// lost their telephone and the recovery codes too gets rid of the one-time codes.
func officerPassword(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "officer password")
	login := f.String("login", "", "`LOGIN` of the person")
	file := f.String("password-file", "", "`FILE` with the new password; - is standard input")
	removeCodes := f.Bool("remove-codes", false, "take the person's one-time codes out of use too")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.require("login", "password-file"); err != nil {
		return err
	}
	typed, err := readInput(*file, password.MaxBytes+2) // and the end of its line
	if err != nil {
		return err
	}
	defer clear(typed)
	return withApp(ctx, e, f, func(a *app) error {
		err := a.setPassword(ctx, *login, bytes.TrimRight(typed, "\r\n"))
		if err == nil && *removeCodes {
			err = a.Local.RemoveCodes(ctx, operator(), *login)
		}
		if err != nil {
			return err
		}
		n, err := a.sessions().EndAll(ctx, *login)
		if err == nil {
			fmt.Fprintf(e.stderr, "%s has a new password; %d sessions ended.\n", *login, n)
		}
		a.sequence(ctx, e)
		return err
	})
}

func (a *app) setPassword(ctx context.Context, login string, typed []byte) error {
	if a.Local == nil {
		return errors.New("login.local is not configured: people have their passwords at the identity provider, or none")
	}
	return a.Local.SetPassword(ctx, operator(), login, typed)
}
