package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// probeTime is how long a probe may take in all.
const probeTime = 4 * time.Second

// runProbe asks a running serve for its health: for images without a shell,
// whose health check has nothing else to ask with. It follows no redirect.
func runProbe(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "probe")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rest[0], nil)
	if err != nil {
		return usageError{err.Error()}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	const enough = 4 << 10
	if _, err := io.Copy(e.stdout, io.LimitReader(resp.Body, enough)); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return errNo
	}
	return nil
}
