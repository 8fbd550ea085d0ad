package sqldb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/testservers"
)

// sentCommit is the message by which a commit is sent (PostgreSQL's protocol,
// simple query); "commit" alone stands in other messages too.
const sentCommit = "Q\x00\x00\x00\x0bcommit\x00"

// faulty is a register whose connections go through a proxy.
type faulty struct {
	*Register
	proxy *testservers.FaultProxy
	runs  int // of fn in the last put
}

func newFaulty(t *testing.T, server *testservers.PostgresServer, change func(*Options)) *faulty {
	t.Helper()
	o := Options{Engine: Postgres, DSN: server.NewSchema(t), AllowOwner: true}
	if err := Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	proxy := testservers.Proxy(t, server.Addr)
	o.DSN = server.Via(o.DSN, proxy.Addr)
	if change != nil {
		change(&o)
	}
	return &faulty{Register: open(t, o), proxy: proxy}
}

func (f *faulty) put(ctx context.Context, login string) error {
	f.runs = 0
	return f.Update(ctx, func(tx document.Tx) error {
		f.runs++
		return tx.PutAccount(ctx, document.Account{Login: login})
	})
}

// kept tells whether an account is there.
func (f *faulty) kept(t *testing.T, login string) bool {
	t.Helper()
	f.proxy.Set(testservers.Fault{})
	err := f.View(t.Context(), func(tx document.Tx) error {
		_, err := tx.AccountByLogin(t.Context(), login)
		return err
	})
	if err != nil && !errors.Is(err, document.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func testFaults(t *testing.T, server *testservers.PostgresServer) {
	t.Run("lost before the commit", func(t *testing.T) { testLostBefore(t, server) })
	t.Run("lost at the commit", func(t *testing.T) { testLostAt(t, server) })
	t.Run("gone away at the commit", func(t *testing.T) { testGoneAway(t, server) })
	t.Run("no answer", func(t *testing.T) { testNoAnswer(t, server) })
	t.Run("nobody there", func(t *testing.T) { testNobody(t, server) })
	t.Run("locks", func(t *testing.T) { testLocks(t, server) })
	t.Run("deadlock", func(t *testing.T) { testDeadlock(t, server) })
	t.Run("idle in transaction", func(t *testing.T) { testIdle(t, server) })
	t.Run("no connection left", func(t *testing.T) { testPool(t, server) })
	t.Run("statement too long", func(t *testing.T) { testLongStatement(t, server) })
	t.Run("restart", testRestart)
}

// testLostBefore: whatever of a transaction is lost before its commit, it runs
// again, and once counts.
func testLostBefore(t *testing.T, server *testservers.PostgresServer) {
	for _, mode := range []testservers.Mode{testservers.Refuse, testservers.DropAnswer} {
		for _, on := range []string{"begin", "INTO account"} {
			f := newFaulty(t, server, nil)
			f.proxy.Set(testservers.Fault{Mode: mode, On: on, Times: 2})
			if err := f.put(t.Context(), "x"); err != nil {
				t.Errorf("%d on %q: %v", mode, on, err)
			}
			if hits := f.proxy.Hits(); hits != 2 {
				t.Errorf("%d on %q: the fault struck %d times", mode, on, hits)
			}
			if !f.kept(t, "x") {
				t.Errorf("%d on %q: lost", mode, on)
			}
		}
	}
}

// testLostAt: a commit that was sent is not repeated, and its outcome is said to
// be unknown, whichever it was.
func testLostAt(t *testing.T, server *testservers.PostgresServer) {
	for mode, kept := range map[testservers.Mode]bool{testservers.Refuse: false, testservers.DropAnswer: true} {
		f := newFaulty(t, server, nil)
		f.proxy.Set(testservers.Fault{Mode: mode, On: sentCommit})
		err := f.put(t.Context(), "x")
		if document.KindOf(err) != document.Unavailable || !isTrouble(err, unknown) {
			t.Errorf("%d: %v", mode, err)
		}
		if f.runs != 1 {
			t.Errorf("%d: run %d times", mode, f.runs)
		}
		if got := f.kept(t, "x"); got != kept {
			t.Errorf("%d: kept is %v", mode, got)
		}
	}
}

// testGoneAway ends the caller's context while the commit is on its way: then
// the answer is awaited all the same.
func testGoneAway(t *testing.T, server *testservers.PostgresServer) {
	f := newFaulty(t, server, nil)
	f.proxy.Set(testservers.Fault{Mode: testservers.Delay, On: sentCommit, Wait: 300 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if err := f.put(ctx, "x"); err != nil {
		t.Errorf("who has gone away after asking for the commit: %v", err)
	}
	if ctx.Err() == nil || !f.kept(t, "x") {
		t.Error("the commit did not take its time")
	}
}

// testNoAnswer: a server that takes all and says nothing is gone after a while.
func testNoAnswer(t *testing.T, server *testservers.PostgresServer) {
	short := func(o *Options) { o.StatementTimeout = 300 * time.Millisecond }
	f := newFaulty(t, server, short)
	f.proxy.Set(testservers.Fault{Mode: testservers.Blackhole, On: "INTO account", Times: 1})
	start := time.Now()
	if err := f.put(t.Context(), "x"); err != nil || f.runs != 2 {
		t.Errorf("no answer before the commit: %v, run %d times", err, f.runs)
	}
	if took := time.Since(start); took < time.Second || took > 5*time.Second {
		t.Errorf("noticed after %v", took)
	}
	f.proxy.Set(testservers.Fault{Mode: testservers.Blackhole, On: sentCommit})
	if err := f.put(t.Context(), "y"); !isTrouble(err, unknown) || f.runs != 1 {
		t.Errorf("no answer to the commit: %v, run %d times", err, f.runs)
	}
	// The caller's own end stays the caller's.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	f.proxy.Set(testservers.Fault{Mode: testservers.Blackhole, On: "INTO account"})
	if err := f.put(ctx, "z"); !errors.Is(err, context.DeadlineExceeded) || document.KindOf(err) == document.Unavailable {
		t.Errorf("the caller's own limit: %v", err)
	}
}

func testNobody(t *testing.T, server *testservers.PostgresServer) {
	f := newFaulty(t, server, nil)
	f.proxy.Set(testservers.Fault{Mode: testservers.Refuse})
	start := time.Now()
	err := f.put(t.Context(), "x")
	if !isTrouble(err, unreachable) || document.KindOf(err) != document.Unavailable {
		t.Errorf("no server: %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("said after %v", took)
	}
	if err := f.View(t.Context(), func(document.Tx) error { return nil }); !isTrouble(err, unreachable) {
		t.Errorf("no server: %v", err)
	}
	if _, _, err := f.Allow(t.Context(), "x", 1, time.Minute); !isTrouble(err, unreachable) {
		t.Errorf("no server: %v", err)
	}
	if f.kept(t, "x") { // it finds back by itself
		t.Error("kept without a server")
	}
}

// testLocks: a row that another holds is waited for again and again, but not for
// ever.
func testLocks(t *testing.T, server *testservers.PostgresServer) {
	f := newFaulty(t, server, func(o *Options) { o.LockTimeout = 50 * time.Millisecond })
	raise(t, f.Register, 1<<40)
	next := func() error {
		return f.Update(t.Context(), func(tx document.Tx) error {
			_, err := tx.NextNumber(t.Context(), "s")
			return err
		})
	}
	holding := func(hold func(release func())) {
		held, released, done := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			done <- f.Update(t.Context(), func(tx document.Tx) error {
				_, err := tx.NextNumber(t.Context(), "s")
				close(held)
				<-released
				return err
			})
		}()
		<-held
		hold(sync.OnceFunc(func() { close(released) }))
		if err := <-done; err != nil {
			t.Errorf("who holds the row: %v", err)
		}
	}
	holding(func(release func()) {
		time.AfterFunc(200*time.Millisecond, release)
		if err := next(); err != nil {
			t.Errorf("a row held for four times the limit: %v", err)
		}
	})
	holding(func(release func()) {
		defer release()
		if err := next(); !isTrouble(err, busy) {
			t.Errorf("a row held for ever: %v", err)
		}
	})
}

// testDeadlock has two transactions take two rows in opposite order.
func testDeadlock(t *testing.T, server *testservers.PostgresServer) {
	f := newFaulty(t, server, nil)
	for _, login := range []string{"a", "b"} {
		if err := f.put(t.Context(), login); err != nil {
			t.Fatal(err)
		}
	}
	var (
		meet  sync.WaitGroup
		runs  atomic.Int64
		group sync.WaitGroup
	)
	meet.Add(2)
	for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		group.Go(func() {
			first := true
			err := f.Update(t.Context(), func(tx document.Tx) error {
				runs.Add(1)
				for i, login := range order {
					if i == 1 && first {
						first = false
						meet.Done()
						meet.Wait()
					}
					if err := tx.PutAccount(t.Context(), document.Account{Login: login}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	// One of the two runs again; a slow server may send both back.
	if n := runs.Load(); n < 3 || n > 6 {
		t.Errorf("ran %d times, want one of the two again", n)
	}
}

// testIdle: the server ends a transaction whose process sleeps, and the process
// finds its rows taken when it wakes up.
func testIdle(t *testing.T, server *testservers.PostgresServer) {
	f := newFaulty(t, server, func(o *Options) { o.IdleTimeout = 100 * time.Millisecond })
	raise(t, f.Register, 1<<40)
	var numbers []int64
	take := func(sleep time.Duration) func(document.Tx) error {
		return func(tx document.Tx) error {
			n, err := tx.NextNumber(t.Context(), "s")
			if err != nil {
				return err
			}
			time.Sleep(sleep)
			sleep = 0
			if err := tx.PutAccount(t.Context(), document.Account{Login: fmt.Sprint(n)}); err != nil {
				return err
			}
			numbers = append(numbers, n)
			return nil
		}
	}
	if err := f.Update(t.Context(), take(400*time.Millisecond)); err != nil {
		t.Errorf("who slept: %v", err)
	}
	if err := f.Update(t.Context(), take(0)); err != nil {
		t.Error(err)
	}
	if fmt.Sprint(numbers) != "[1 2]" {
		t.Errorf("numbers %v: the number of the lost transaction must come back", numbers)
	}
}

func testPool(t *testing.T, server *testservers.PostgresServer) {
	f := newFaulty(t, server, func(o *Options) { o.MaxConns, o.StatementTimeout = 1, 300*time.Millisecond })
	err := f.View(t.Context(), func(document.Tx) error { return f.put(t.Context(), "x") })
	if !isTrouble(err, busy) || !strings.Contains(err.Error(), "all 1 connections are in use") {
		t.Errorf("a second connection of one: %v", err)
	}
	if f.kept(t, "x") {
		t.Error("kept")
	}
}

func testLongStatement(t *testing.T, server *testservers.PostgresServer) {
	f := newFaulty(t, server, func(o *Options) { o.StatementTimeout = 100 * time.Millisecond })
	runs := 0
	err := f.engine.view(t.Context(), func(q querier) error {
		runs++
		_, err := (&tx{q: q, writable: true}).exec(t.Context(), "SELECT pg_sleep(10)")
		return err
	})
	if !isTrouble(err, busy) || runs != 1 {
		t.Errorf("%v, run %d times", err, runs)
	}
}
