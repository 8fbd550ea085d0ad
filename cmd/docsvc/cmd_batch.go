package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

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
	if err := f.require("input", "officer", "passphrase-file"); err != nil {
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
		s, err := a.unlock(ctx, officer)
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
	acts := make([]*actJSON, len(lines))
	var result actsJSON
	var mu sync.Mutex
	var done atomic.Int64
	var g errgroup.Group
	g.SetLimit(workers)
	for i, line := range lines {
		g.Go(func() error {
			act, _, err := a.issueOne(ctx, s, line.draft)
			if err != nil {
				mu.Lock()
				result.Failed = append(result.Failed, failedLine{line.number, faultText(err)})
				mu.Unlock()
				return nil
			}
			acts[i] = &act
			mu.Lock()
			printWarnings(e.stderr, fmt.Sprintf("batch: line %d", line.number), act.Warnings)
			mu.Unlock()
			if n := done.Add(1); n%100 == 0 || int(n) == len(lines) {
				fmt.Fprintf(e.stderr, "%d of %d\n", n, len(lines))
			}
			return nil
		})
	}
	_ = g.Wait() // failures are in result
	slices.SortFunc(result.Failed, func(x, y failedLine) int { return x.Line - y.Line })
	for _, act := range acts {
		if act != nil {
			result.Acts = append(result.Acts, *act)
		}
	}
	return result
}
