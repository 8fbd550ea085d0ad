package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"docsvc/internal/document"
)

const (
	maxBatchFile  = 256 << 20
	maxBatchLines = 100_000
)

// batchLine is one line of a batch with its place in the file.
type batchLine struct {
	number int
	draft  document.Draft
}

// runBatch issues every act of a file under one authentication. A line that
// fails does not stop the others. Given the same file again, it finishes what
// is missing and issues nothing twice.
func runBatch(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "batch")
	officer := f.officer()
	input := f.String("input", "", "`FILE` with one {\"template\": …, \"case\": …, \"input\": {…}} a line")
	workers := f.Int("workers", 2*runtime.NumCPU(), "acts at once")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.require("input"); err != nil {
		return err
	}
	if *workers < 1 || *workers > 256 {
		return usageError{"--workers: want 1 to 256"}
	}
	data, err := readInput(*input, maxBatchFile)
	if err != nil {
		return err
	}
	lines, err := parseBatch(data)
	if err != nil {
		return fmt.Errorf("%s, nothing was issued:\n%w", *input, err)
	}
	return withApp(ctx, e, f, func(a *app) error {
		s, err := a.authenticate(ctx, e, officer)
		if err != nil {
			return err
		}
		result := a.batch(ctx, e, s, lines, *workers)
		a.sequence(ctx, e)
		if f.json {
			if err := printJSON(e.stdout, result); err != nil {
				return err
			}
		}
		for _, failed := range result.Failed {
			fmt.Fprintf(e.stderr, "line %d: %s\n", failed.Line, failed.Error)
		}
		if len(result.Failed) > 0 {
			return fmt.Errorf("%d of %d lines failed; the same file may be given again and goes on with them; put mended lines into a file of their own, since a changed file is a new request for all its lines",
				len(result.Failed), len(lines))
		}
		return nil
	})
}

// parseBatch reads all lines before anything is issued and lists every fault.
func parseBatch(data []byte) ([]batchLine, error) {
	var lines []batchLine
	var faults []error
	keys := map[string]int{}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if len(line) > maxInput || n > maxBatchLines {
			return nil, fmt.Errorf("line %d: more than %d lines, or a line of more than %d bytes", n, maxBatchLines, maxInput)
		}
		in, err := parseIssueInput(line)
		if err == nil && in.Template == "" {
			err = errors.New("template is missing")
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("line %d: %w", n, err))
			continue
		}
		if in.Key == "" {
			in.Key = requestKey(data, n)
		}
		if first, used := keys[in.Key]; used {
			faults = append(faults, fmt.Errorf("line %d: its key is that of line %d, so it would not be issued", n, first))
			continue
		}
		keys[in.Key] = n
		lines = append(lines, batchLine{n, document.Draft{
			Case: in.Case, Template: in.Template, Input: in.Input, Date: in.Date, RequestKey: in.Key,
		}})
	}
	return lines, errors.Join(faults...)
}

// batch issues the lines, several at once, and keeps their order.
func (a *app) batch(ctx context.Context, e env, s *session, lines []batchLine, workers int) actsJSON {
	var result actsJSON
	var done atomic.Int64
	drafts := make([]document.Draft, len(lines))
	for i, line := range lines {
		drafts[i] = line.draft
	}
	outcomes := a.issueMany(ctx, e, s, drafts, workers, func() {
		if n := done.Add(1); n%100 == 0 || int(n) == len(lines) {
			fmt.Fprintf(e.stderr, "%d of %d\n", n, len(lines))
		}
	})
	for i, o := range outcomes {
		if o.err != nil {
			result.Failed = append(result.Failed, failedLine{lines[i].number, faultText(o.err)})
			continue
		}
		printWarnings(e.stderr, fmt.Sprintf("batch: line %d", lines[i].number), o.warnings)
		act := a.show(o.act)
		act.Warnings = o.warnings
		result.Acts = append(result.Acts, act)
	}
	return result
}
