package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/document"
	"docsvc/internal/signing/authority"
	"docsvc/internal/signing/keyfile"
	"docsvc/internal/signing/vault"
)

func runKeys(ctx context.Context, e env, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "reconcile":
			return keysReconcile(ctx, e, args[1:])
		case "rotate":
			return keysRotate(ctx, e, args[1:])
		}
	}
	return usageError{"want keys reconcile or keys rotate tsa"}
}

// keysRotate gives the evaluation authority another time-stamping unit. Renewals
// need it: a time-stamp by the same certificate proves nothing longer.
func keysRotate(_ context.Context, e env, args []string) error {
	f := newFlags(e, "keys rotate")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	if rest[0] != "tsa" {
		return usageError{fmt.Sprintf("keys rotate %s: want tsa; other keys are rotated where they are kept", rest[0])}
	}
	c, err := loadConfig(f)
	if err != nil {
		return err
	}
	if c.Authority.Evaluation == "" || c.Authority.Timestamps != nil {
		return errors.New("time-stamps come from another authority: it changes its units by itself")
	}
	key, err := keyfile.OpenApplianceKey(c.path(c.Keys.ApplianceKey))
	if err != nil {
		return err
	}
	err = authority.RenewTSA(authority.Config{Dir: c.path(c.Authority.Evaluation), ApplianceKey: key, Now: time.Now})
	if err == nil {
		fmt.Fprintln(e.stderr, "time-stamps come from a new unit now")
	}
	return err
}

// keysReconcile compares Vault's own log with the audit trail. A key that was
// used at Vault and not through docsvc was used with a stolen token, or by
// somebody with rights that nobody should have.
func keysReconcile(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "keys reconcile")
	log := f.String("vault-audit", "", "`FILE` of Vault's audit device")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.require("vault-audit"); err != nil {
		return err
	}
	file, err := os.Open(*log)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read from
	return withApp(ctx, e, f, func(a *app) error {
		if a.Vault == nil {
			return errors.New("officers' keys are files here: there is no Vault to compare with")
		}
		uses, err := a.keyUses(ctx)
		if err != nil {
			return err
		}
		found := []vault.Use{}
		counts, err := vault.Reconcile(file, a.Config.transitMount(),
			func(id string) (bool, error) { return uses[id], nil },
			func(u vault.Use) error {
				found = append(found, u)
				return nil
			})
		if err != nil {
			return err
		}
		if f.json {
			err = printJSON(e.stdout, map[string]any{"log": counts, "unknown": found})
		} else {
			fmt.Fprintf(e.stdout, "%+v\n", counts)
			for _, u := range found {
				fmt.Fprintf(e.stdout, "NOT KNOWN HERE: %+v\n", u)
			}
		}
		if err == nil && len(found) > 0 {
			err = errNo
		}
		return err
	})
}

// transitMount is where officers' keys are in Vault.
func (c Config) transitMount() string {
	if c.Keys.Vault.Transit != "" {
		return c.Keys.Vault.Transit
	}
	return "transit"
}

// keyUses are the names that Vault gave to the uses of keys that the audit
// trail knows.
func (a *app) keyUses(ctx context.Context) (map[string]bool, error) {
	uses := map[string]bool{}
	note := func(rows []document.AuditRow) error {
		for _, row := range rows {
			event, err := audit.Decode(row.Data)
			if err != nil {
				return fmt.Errorf("audit event %s: %w", row.ID, err)
			}
			if event.Kind != audit.SignDone && event.Kind != audit.SignFailed && event.Kind != audit.CertificateRequested {
				continue
			}
			var detail map[audit.Field]string
			if err := json.Unmarshal(event.Detail, &detail); err != nil {
				return fmt.Errorf("audit event %s: %w", row.ID, err)
			}
			if use := detail["key_request"]; use != "" {
				uses[use] = true
			}
		}
		return nil
	}
	if err := a.Service.Sequence(ctx); err != nil { // the chain then has every event
		return nil, err
	}
	const page = 1000
	for from := int64(1); ; from += page {
		var rows []document.AuditRow
		err := a.Register.View(ctx, func(tx document.Tx) (err error) {
			rows, _, err = tx.AuditChain(ctx, from, page)
			return err
		})
		if err == nil {
			err = note(rows)
		}
		if err != nil || len(rows) < page {
			return uses, err
		}
	}
}
