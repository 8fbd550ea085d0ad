package main

import (
	"context"
	"fmt"
	"time"

	"docsvc/internal/document"
)

// tokenJSON is a token; its secret is there when it is made, and never again.
type tokenJSON struct {
	ID      string           `json:"id"`
	Secret  string           `json:"secret,omitempty"`
	Prefix  string           `json:"prefix"`
	Login   string           `json:"login"`
	Name    string           `json:"name"`
	Scopes  []document.Scope `json:"scopes"`
	Expires time.Time        `json:"expires"`
	Used    time.Time        `json:"last_used,omitzero"`
	Revoked time.Time        `json:"revoked,omitzero"`
}

func showToken(secret string, t document.Token) tokenJSON {
	return tokenJSON{t.ID, secret, t.Prefix, t.Login, t.Name, t.Scopes, t.ExpiresAt, t.LastUsed, t.RevokedAt}
}

// runToken makes, lists and revokes tokens of programs.
func runToken(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "token")
	login := f.String("login", "", "`LOGIN` of the account in whose name the program asks")
	name := f.String("name", "", "what the token is for")
	scopes := f.String("scopes", "", fmt.Sprintf("`SCOPES` with spaces between, of %v", document.Scopes()))
	days := f.Int("days", 90, "`DAYS` until it expires, at most 366")
	words, err := f.parse(args, 1, 2)
	if err != nil {
		return err
	}
	switch {
	case words[0] == "create" && len(words) == 1:
		if err := f.require("login", "name", "scopes"); err != nil {
			return err
		}
		return withApp(ctx, e, f, func(a *app) error {
			list, err := document.ParseScopes(*scopes)
			if err != nil {
				return err
			}
			secret, t, err := a.Service.CreateToken(ctx, operator(), *login, *name, list, *days)
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(e.stdout, showToken(secret, t))
			}
			fmt.Fprintln(e.stderr, "This is shown once; keep it as a password is kept.")
			fmt.Fprintln(e.stdout, secret)
			return nil
		})
	case words[0] == "list" && len(words) == 1:
		return withApp(ctx, e, f, func(a *app) error { return a.listTokens(ctx, e, f.json) })
	case words[0] == "revoke" && len(words) == 2:
		return withApp(ctx, e, f, func(a *app) error { return a.Service.RevokeToken(ctx, operator(), words[1]) })
	}
	return usageError{"want token create, token list or token revoke ID"}
}

func (a *app) listTokens(ctx context.Context, e env, asJSON bool) error {
	list, err := a.Service.Tokens(ctx, operator())
	if err != nil {
		return err
	}
	if asJSON {
		shown := make([]tokenJSON, len(list))
		for i, t := range list {
			shown[i] = showToken("", t)
		}
		return printJSON(e.stdout, map[string]any{"tokens": shown})
	}
	for _, t := range list {
		state := "until " + t.ExpiresAt.In(location()).Format("02.01.2006")
		if !t.RevokedAt.IsZero() {
			state = "revoked"
		}
		fmt.Fprintf(e.stdout, "%s  %s…  %s  %s  %v  %s\n", t.ID, t.Prefix, t.Login, state, t.Scopes, t.Name)
	}
	return nil
}
