package sqldb

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"docsvc/internal/document"
)

// childVariable makes the test binary a process that takes numbers: its value
// says from where and how many.
const childVariable = "DOCSVC_SQLDB_CHILD"

type childTask struct {
	Options struct {
		Engine, Path, DSN string
		AllowOwner        bool
	}
	Callers  int
	Numbers  int // for each caller
	DataSize int
	Line     *lineTask // instead of numbers
}

func (c childTask) options() Options {
	return Options{
		Engine: c.Options.Engine, Path: c.Options.Path, DSN: c.Options.DSN, AllowOwner: c.Options.AllowOwner,
		IdleTimeout: time.Second, // a frozen process does not hold up the others for long
	}
}

// child prints each number when its transaction is durable.
func child() int {
	var task childTask
	err := json.Unmarshal([]byte(os.Getenv(childVariable)), &task)
	if err == nil {
		var r *Register
		if r, err = Open(context.Background(), task.options()); err == nil {
			err = errors.Join(task.run(context.Background(), r), r.Close())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (c childTask) run(ctx context.Context, r *Register) error {
	if c.Line != nil {
		return runLine(ctx, r, *c.Line)
	}
	return takeNumbers(ctx, r, c, func(n int64) { fmt.Println(n) })
}

// takeNumbers takes numbers of the series s and leaves an audit event for each.
func takeNumbers(ctx context.Context, r *Register, task childTask, taken func(int64)) error {
	results := make(chan error, task.Callers)
	for range task.Callers {
		go func() {
			for range task.Numbers {
				var n int64
				err := r.Update(ctx, func(tx document.Tx) (err error) {
					if n, err = tx.NextNumber(ctx, "s"); err != nil {
						return err
					}
					return tx.InsertAudit(ctx, document.AuditRow{ID: eventID(n), Data: make([]byte, task.DataSize)})
				})
				if err != nil {
					results <- err
					return
				}
				taken(n)
			}
			results <- nil
		}()
	}
	var errs []error
	for range task.Callers {
		errs = append(errs, <-results)
	}
	return errors.Join(errs...)
}

func eventID(n int64) string { return fmt.Sprintf("%012d", n) }

func startChild(t *testing.T, task childTask) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd, lines, _ := startChildWithInput(t, task)
	return cmd, lines
}

func startChildWithInput(t *testing.T, task childTask) (*exec.Cmd, *bufio.Scanner, io.WriteCloser) {
	t.Helper()
	encoded, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(encoded))
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out), in
}

// testProcesses has two other processes and this one take numbers at once.
func testProcesses(t *testing.T, r *Register, o Options) {
	const processes = 3
	task := childTask{Callers: 4, Numbers: 40, DataSize: 10}
	task.Options.Engine, task.Options.Path, task.Options.DSN, task.Options.AllowOwner = o.Engine, o.Path, o.DSN, o.AllowOwner
	raise(t, r, 1<<40)
	var (
		mu    sync.Mutex
		given = map[int64]int{}
		group sync.WaitGroup
	)
	count := func(n int64) {
		mu.Lock()
		given[n]++
		mu.Unlock()
	}
	for range processes - 1 {
		cmd, lines := startChild(t, task)
		group.Go(func() {
			for lines.Scan() {
				n, err := strconv.ParseInt(lines.Text(), 10, 64)
				if err != nil {
					t.Errorf("a child says %q", lines.Text())
				}
				count(n)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("child: %v", err)
			}
		})
	}
	if err := takeNumbers(t.Context(), r, task, count); err != nil {
		t.Error(err)
	}
	group.Wait()
	for n := range int64(processes * task.Callers * task.Numbers) {
		if given[n+1] != 1 {
			t.Errorf("number %d was given %d times", n+1, given[n+1])
		}
	}
}

func raise(t *testing.T, r *Register, high int64) {
	t.Helper()
	if err := r.Update(t.Context(), func(tx document.Tx) error {
		return tx.RaiseHigh(t.Context(), "s", 0, high)
	}); err != nil {
		t.Fatal(err)
	}
}

// testKill kills a writing process again and again. What it was told to be
// durable must be there, and nothing by halves.
func testKill(t *testing.T, o Options) {
	task := childTask{Callers: 8, Numbers: 1 << 30, DataSize: 5000}
	task.Options.Engine, task.Options.Path = o.Engine, o.Path
	raise(t, open(t, o), 1<<40)
	for round := range 8 {
		cmd, lines := startChild(t, task)
		var last int64
		for range 50 + 37*round {
			if !lines.Scan() {
				t.Fatal("the child ended by itself")
			}
			n, err := strconv.ParseInt(strings.TrimSpace(lines.Text()), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			last = max(last, n)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		checkNumbers(t, o, last)
	}
}

func checkNumbers(t *testing.T, o Options, last int64) {
	t.Helper()
	r := open(t, o)
	ctx := t.Context()
	err := r.View(ctx, func(tx document.Tx) error {
		c, err := tx.Counter(ctx, "s")
		if err != nil {
			return err
		}
		if c.Value < last {
			t.Errorf("number %d was given, and now the last is %d", last, c.Value)
		}
		events, err := tx.UnchainedAudit(ctx, 1<<30)
		if err != nil {
			return err
		}
		if int64(len(events)) != c.Value {
			t.Errorf("%d events for %d numbers", len(events), c.Value)
		}
		for i, e := range events {
			if e.ID != eventID(int64(i+1)) {
				t.Fatalf("event %d is %s", i+1, e.ID)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var verdict string
	if err := rawDB(t, o).QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity: %s, %v", verdict, err)
	}
}
