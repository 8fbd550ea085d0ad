package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/document"
)

// renewalJSON is what archive renew did to one act.
type renewalJSON struct {
	Number    string    `json:"number"`
	Rendition int       `json:"rendition,omitempty"` // 0: not renewed
	SHA256    string    `json:"sha256,omitempty"`
	Path      string    `json:"path,omitempty"`
	RenewBy   time.Time `json:"renew_by,omitzero"`
	Error     string    `json:"error,omitempty"`
}

// maxRenewals is how many acts that are due one run takes.
const maxRenewals = 10_000

// archiveRenew gives acts their next rendition: those that are named, or those
// that are due. What cannot be renewed does not hold the others up, unless a
// part is down that all of them need.
func archiveRenew(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "archive renew")
	due := f.Bool("due", false, "renew what is due, in place of the acts that are named")
	before := f.String("before", "", "with --due: as if it were this `TIME` (RFC 3339)")
	dry := f.Bool("dry-run", false, "only list what would be renewed")
	numbers, err := f.parse(args, 0, -1)
	if err != nil {
		return err
	}
	if *due == (len(numbers) > 0) {
		return usageError{"name the acts to renew, or give --due"}
	}
	asOf := time.Time{}
	if *before != "" {
		if asOf, err = time.Parse(time.RFC3339, *before); err != nil {
			return usageError{"--before: " + err.Error()}
		}
	}
	return withApp(ctx, e, f, func(a *app) error {
		if *due {
			if numbers, err = a.due(ctx, asOf); err != nil {
				return err
			}
		}
		results, failed := []renewalJSON{}, 0
		for i, number := range numbers {
			result := renewalJSON{Number: number}
			if !*dry {
				var err error
				if result, err = a.renewOne(ctx, number); document.KindOf(err) == document.Unavailable {
					return errors.Join(printRenewals(e, f.json, results), fmt.Errorf("%d acts are left: %w", len(numbers)-i, err))
				}
				if err != nil {
					printError(e.stderr, "archive renew "+number, err)
					failed++
				} else {
					fmt.Fprintf(e.stderr, "%d of %d  %s  rendition %d, proved until %s\n",
						i+1, len(numbers), number, result.Rendition, result.RenewBy.Format(time.DateOnly))
				}
			}
			results = append(results, result)
		}
		a.sequence(ctx, e)
		if err := printRenewals(e, f.json, results); err != nil {
			return err
		}
		if failed > 0 {
			return errNo
		}
		return nil
	})
}

func (a *app) renewOne(ctx context.Context, number string) (renewalJSON, error) {
	r, err := a.Service.Renew(ctx, operator(), number)
	if err != nil {
		return renewalJSON{Number: number, Error: inWords(err)}, err
	}
	return renewalJSON{
		Number: number, Rendition: r.Sequence, SHA256: hex.EncodeToString(r.SHA256), Path: r.Path, RenewBy: r.RenewBy,
	}, nil
}

// due lists the numbers of the acts that are due by a time; zero is now.
func (a *app) due(ctx context.Context, asOf time.Time) ([]string, error) {
	acts, err := a.Service.DueForRenewal(ctx, asOf, maxRenewals)
	numbers := []string{}
	for _, act := range acts {
		numbers = append(numbers, act.Number)
	}
	return numbers, err
}

func printRenewals(e env, asJSON bool, results []renewalJSON) error {
	if asJSON {
		return printJSON(e.stdout, map[string]any{"acts": results})
	}
	for _, r := range results {
		switch {
		case r.Error != "":
			fmt.Fprintf(e.stdout, "%s  not renewed\n", r.Number)
		case r.Rendition == 0:
			fmt.Fprintf(e.stdout, "%s  due\n", r.Number)
		default:
			fmt.Fprintf(e.stdout, "%s  %s\n", r.Number, r.Path)
		}
	}
	return nil
}
