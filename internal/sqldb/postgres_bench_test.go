package sqldb

import (
	"fmt"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/testservers"
)

// BenchmarkPostgres measures transactions of ten callers over TCP on a server of
// its own that waits for the disk.
func BenchmarkPostgres(b *testing.B) {
	const callers = 10
	server := testservers.NewPostgres(b, true)
	o := Options{Engine: Postgres, DSN: server.NewSchema(b), AllowOwner: true, MaxConns: callers}
	if err := Create(b.Context(), o); err != nil {
		b.Fatal(err)
	}
	o.DSN = server.Via(o.DSN, server.Addr)
	r := open(b, o)
	ctx := b.Context()
	id := auth.HashOf("s")
	now := time.Now().UTC().Truncate(time.Microsecond)
	session := auth.Session{IDHash: id, Login: "r.quliyeva", Subject: "x", Begun: now, LastSeen: now, Expires: now.Add(time.Hour)}
	if err := r.PutSession(ctx, session); err != nil {
		b.Fatal(err)
	}
	if err := r.Update(ctx, func(tx document.Tx) error {
		for i := range callers {
			if err := tx.RaiseHigh(ctx, fmt.Sprint("s", i), 0, 1<<40); err != nil {
				return err
			}
		}
		return tx.InsertCase(ctx, document.Case{ID: "c", Number: "EI"})
	}); err != nil {
		b.Fatal(err)
	}
	next := func(series string) error {
		return r.Update(ctx, func(tx document.Tx) error {
			_, err := tx.NextNumber(ctx, series)
			return err
		})
	}
	for _, c := range []struct {
		name string
		call func(n int64) error
	}{
		{"number of one series", func(int64) error { return next("s0") }},
		{"numbers of ten series", func(n int64) error { return next(fmt.Sprint("s", n%callers)) }},
		{"session", func(int64) error {
			_, err := r.SessionByID(ctx, id)
			return err
		}},
		{"count of one key", func(int64) error {
			_, _, err := r.Allow(ctx, "x", 1<<40, time.Minute)
			return err
		}},
		{"counts of many keys", func(n int64) error {
			_, _, err := r.Allow(ctx, fmt.Sprint(n%1000), 1<<40, time.Minute)
			return err
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			inParallel(b, callers, c.call)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
		})
	}
	acts := 0
	b.Run("line", func(b *testing.B) {
		update := func(fn func(document.Tx) error) error { return r.Update(ctx, fn) }
		first := acts
		acts += b.N
		inParallel(b, callers, func(n int64) error { return lineOf(b, update, document.Case{ID: "c", Number: "EI"}, first+int(n)) })
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acts/s")
	})
}
