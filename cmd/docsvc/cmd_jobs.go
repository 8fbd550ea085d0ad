package main

import (
	"context"
	"fmt"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
)

// jobJSON is an act that waits for a part that is down.
type jobJSON struct {
	Number   string          `json:"number"`
	Officer  string          `json:"officer"`
	State    document.State  `json:"state"`
	Level    string          `json:"level"`
	Reason   document.Reason `json:"reason"`
	Since    time.Time       `json:"since"`
	NextTry  time.Time       `json:"next_try"`
	Attempts int             `json:"attempts"`
	Error    string          `json:"error,omitempty"`
}

// runJobs lists the acts that wait, the longest waiting first, or makes them be
// tried at once.
func runJobs(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "jobs")
	retry := f.Bool("retry", false, "have the named acts, or all, tried now by a running serve")
	lang := f.String("lang", i18n.English, "`LANGUAGE` of the sentences: az, en or ru")
	numbers, err := f.parse(args, 0, -1)
	if err != nil {
		return err
	}
	if len(numbers) > 0 && !*retry {
		return usageError{"numbers are for --retry"}
	}
	return withApp(ctx, e, f, func(a *app) error {
		if *retry {
			return a.retry(ctx, e, numbers)
		}
		jobs := []jobJSON{}
		q := document.WaitingQuery{}
		for {
			list, err := a.Service.Waiting(ctx, operator(), q)
			if err != nil {
				return err
			}
			for _, w := range list {
				jobs = append(jobs, jobJSON{
					Number: w.Act.Number, Officer: w.Act.Officer, State: w.Act.State, Level: w.Act.Level, Reason: w.Job.Reason,
					Since: w.Job.Since, NextTry: w.Job.RunAfter, Attempts: w.Job.Attempts, Error: w.Job.LastError,
				})
			}
			if len(list) == 0 {
				break
			}
			q.After = list[len(list)-1].Cursor()
		}
		if f.json {
			return printJSON(e.stdout, map[string]any{"jobs": jobs})
		}
		for _, j := range jobs {
			fmt.Fprintf(e.stdout, "%s  %s  since %s, tried %d times, next %s\n    %s\n", j.Number, j.Officer,
				j.Since.In(location()).Format("02.01.2006 15:04"), j.Attempts, j.NextTry.In(location()).Format("15:04:05"),
				i18n.Text(*lang, j.Reason.Message(), nil))
		}
		if len(jobs) == 0 {
			fmt.Fprintln(e.stdout, "no act waits")
		}
		return nil
	})
}

// retry makes acts due, for the worker of serve to take.
func (a *app) retry(ctx context.Context, e env, numbers []string) error {
	if len(numbers) == 0 {
		numbers = []string{""}
	}
	total := 0
	for _, number := range numbers {
		n, err := a.Service.RetryNow(ctx, operator(), number)
		if err != nil {
			return err
		}
		total += n
	}
	fmt.Fprintf(e.stdout, "%d acts are due now; a running docsvc serve takes them\n", total)
	return nil
}
