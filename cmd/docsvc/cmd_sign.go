package main

import (
	"context"
	"fmt"
	"slices"

	"docsvc/internal/document"
)

// maxWaiting is how many waiting acts one run of sign takes.
const maxWaiting = 10_000

// runSign signs the acts that wait for this officer: what a crash or a lost
// answer of the key has left behind.
func runSign(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "sign")
	officer := f.officer()
	numbers, err := f.parse(args, 0, -1)
	if err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		s, err := a.authenticate(ctx, e, officer)
		if err != nil {
			return err
		}
		var waiting []document.Act
		err = a.Service.Store.View(ctx, func(tx document.Tx) (err error) {
			waiting, err = tx.ActsWaiting(ctx, s.account.Login, maxWaiting)
			return err
		})
		if err != nil {
			return err
		}
		var result actsJSON
		failed := 0
		wanted := slices.DeleteFunc(slices.Clone(waiting), func(act document.Act) bool {
			return len(numbers) > 0 && !slices.Contains(numbers, act.Number)
		})
		for _, done := range a.sign(ctx, e, s, wanted) {
			if done.Err != nil {
				printError(e.stderr, "sign "+done.Act.Number, done.Err)
				failed++
				continue
			}
			result.Acts = append(result.Acts, a.show(done.Act))
			fmt.Fprintf(e.stderr, "%s is %s\n", done.Act.Number, done.Act.State)
		}
		a.sequence(ctx, e)
		if f.json {
			if err := printJSON(e.stdout, result); err != nil {
				return err
			}
		}
		for _, number := range numbers {
			if !slices.ContainsFunc(waiting, func(act document.Act) bool { return act.Number == number }) {
				return fmt.Errorf("%s does not wait for %s", number, s.account.Login)
			}
		}
		if failed > 0 {
			return fmt.Errorf("%d acts still wait", failed)
		}
		return nil
	})
}
