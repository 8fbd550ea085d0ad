package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"docsvc/internal/codes"
	"docsvc/internal/verify"
)

// runLookup says what the register knows of a number or a code, checked
// against the archive as the public page does.
func runLookup(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "lookup")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		find := a.Verify.ByNumber
		if _, err := codes.ParseCode(rest[0]); err == nil {
			find = a.Verify.Lookup
		}
		v, err := find(ctx, rest[0])
		if err != nil {
			return err
		}
		if f.json {
			if err := printJSON(e.stdout, v); err != nil {
				return err
			}
		} else {
			printVerdict(e, v)
		}
		switch v.Kind {
		case verify.Unknown, verify.Mistyped, verify.Altered:
			return errNo
		}
		return nil
	})
}

func printVerdict(e env, v verify.Verdict) {
	fmt.Fprintf(e.stdout, "%s, as of %s\n", strings.TrimSpace(v.Number+" "+string(v.Kind)), v.CheckedAt.Format(time.RFC3339))
	if v.Act != nil {
		fmt.Fprintf(e.stdout, "  %s, %s\n", v.Act.Titles["en"], v.Act.Date)
		for _, signer := range v.Act.Signers {
			fmt.Fprintf(e.stdout, "  %s, %s\n", signer.Name, signer.Post)
		}
		fmt.Fprintf(e.stdout, "  %s\n", v.Act.Office)
	}
	if v.Change != nil {
		fmt.Fprintf(e.stdout, "  changed %s %s\n", v.Change.At.Format(time.RFC3339), v.Change.By)
	}
	if v.Fault != "" {
		fmt.Fprintf(e.stdout, "  ALARM: %s\n", v.Fault)
	}
}
