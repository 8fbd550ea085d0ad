package sqldb

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"docsvc/internal/document"
)

// worker is a child that runs a line, and what it has said.
type worker struct {
	name  string
	cmd   *exec.Cmd
	input io.WriteCloser
	ended chan struct{} // closed when all was read that it said

	mu    sync.Mutex
	said  []string
	heard chan struct{} // closed and made anew with each line
}

func startWorker(t *testing.T, o Options, task lineTask) *worker {
	t.Helper()
	line := childTask{Line: &task}
	line.Options.Engine, line.Options.DSN, line.Options.AllowOwner = o.Engine, o.DSN, o.AllowOwner
	cmd, lines, input := startChildWithInput(t, line)
	w := &worker{name: task.Owner, cmd: cmd, input: input, ended: make(chan struct{}), heard: make(chan struct{})}
	go func() {
		defer close(w.ended)
		for lines.Scan() {
			w.mu.Lock()
			w.said = append(w.said, lines.Text())
			close(w.heard)
			w.heard = make(chan struct{})
			w.mu.Unlock()
		}
	}()
	return w
}

func (w *worker) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := w.cmd.Process.Signal(s); err != nil {
		t.Fatalf("%s: %v", w.name, err)
	}
}

// await waits for a line that begins in this way, among those after the first
// from, and returns the rest of it.
func (w *worker) await(t *testing.T, prefix string, from int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		w.mu.Lock()
		said, heard := w.said, w.heard
		w.mu.Unlock()
		for _, line := range said[min(from, len(said)):] {
			if rest, ok := strings.CutPrefix(line+" ", prefix+" "); ok {
				return strings.TrimSpace(rest)
			}
		}
		select {
		case <-heard:
		case <-ctx.Done():
			t.Fatalf("%s never said %q", w.name, prefix)
		}
	}
}

func (w *worker) lines() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.said)
}

// drain lets workers finish what there is, and end.
func drain(t *testing.T, workers ...*worker) {
	t.Helper()
	for _, w := range workers {
		_ = w.input.Close()
	}
	for _, w := range workers {
		select {
		case <-w.ended:
		case <-time.After(time.Minute):
			t.Errorf("%s does not end", w.name)
			_ = w.cmd.Process.Signal(syscall.SIGQUIT) // shows where it is
		}
		if err := w.cmd.Wait(); err != nil {
			t.Errorf("%s: %v", w.name, err)
		}
	}
}

func (w *worker) kill() {
	_ = w.cmd.Process.Kill() // fails if it has ended
	<-w.ended
	_ = w.cmd.Wait() // it was killed
}

// testLine runs three processes over one register for a while, kills them and
// freezes them as chance will have it, and then looks whether each number was
// given once, each job done once and each entry sequenced once.
func testLine(t *testing.T, r *Register, o Options) {
	const processes, accidents = 3, 24
	lineSetUp(t, r)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	var all []*worker
	begin := func(n int) *worker {
		w := startWorker(t, o, lineTask{
			Owner: fmt.Sprintf("p%d-%d", n, len(all)), Lease: 300 * time.Millisecond, Work: 30 * time.Millisecond, Issue: true,
		})
		all = append(all, w)
		return w
	}
	current := make([]*worker, processes)
	for n := range current {
		current[n] = begin(n)
	}
	for _, w := range current {
		w.await(t, "issued", 0)
	}
	var thaw sync.WaitGroup
	for range accidents {
		time.Sleep(time.Duration(50+chance.IntN(150)) * time.Millisecond)
		n := chance.IntN(processes)
		if w := current[n]; chance.IntN(2) == 0 {
			w.kill() // frozen ones too
			current[n] = begin(n)
		} else {
			w.signal(t, syscall.SIGSTOP)
			thaw.Go(func() {
				time.Sleep(time.Duration(200+100*len(w.name)) * time.Millisecond) // mostly beyond its lease
				_ = w.cmd.Process.Signal(syscall.SIGCONT)                         // fails if it was killed meanwhile
			})
		}
	}
	thaw.Wait()
	for _, w := range current {
		w.await(t, "done", w.lines()) // the line goes on
	}
	drain(t, current...)
	checkLine(t, r, all)
}

func lineSetUp(t *testing.T, r *Register) {
	t.Helper()
	raise(t, r, 1<<40)
	if err := r.Update(t.Context(), func(tx document.Tx) error {
		return tx.InsertCase(t.Context(), document.Case{ID: "c", Number: "EI"})
	}); err != nil {
		t.Fatal(err)
	}
}

// checkLine compares what the processes said with what the register has.
func checkLine(t *testing.T, r *Register, all []*worker) {
	t.Helper()
	said := map[string][]string{}
	for _, w := range all {
		for _, line := range w.said {
			word, rest, _ := strings.Cut(line, " ")
			said[word] = append(said[word], rest)
		}
	}
	for word, what := range map[string]string{"issued": "number", "done": "job"} {
		slices.Sort(said[word])
		for i, id := range said[word] {
			if i > 0 && id == said[word][i-1] {
				t.Errorf("%s %s twice", what, id)
			}
		}
	}
	ctx := t.Context()
	if err := r.View(ctx, func(tx document.Tx) error {
		c, err := tx.Counter(ctx, "s")
		if err != nil {
			return err
		}
		counts, err := tx.CountActs(ctx)
		if err != nil {
			return err
		}
		if counts[document.Archived] != int(c.Value) || len(counts) != 1 {
			t.Errorf("acts %v of %d numbers", counts, c.Value)
		}
		for n := range c.Value {
			a, err := tx.ActByID(ctx, eventID(n+1))
			if err != nil || a.Index != int(n+1) {
				t.Fatalf("number %d: %v", n+1, err)
			}
		}
		head, err := tx.LedgerHead(ctx)
		if err != nil || head.Size != c.Value {
			t.Errorf("ledger of size %d, %v", head.Size, err)
		}
		entries, err := tx.LedgerEntries(ctx, 0, head.Size+1)
		if err != nil || int64(len(entries)) != head.Size {
			t.Errorf("%d entries in a ledger of %d: %v", len(entries), head.Size, err)
		}
		for i, e := range entries {
			if e.Position != int64(i) {
				t.Fatalf("entry %d has position %d", i, e.Position)
			}
		}
		events, err := tx.UnchainedAudit(ctx, 1<<30)
		if err != nil || int64(len(events)) != 2*c.Value {
			t.Errorf("%d audit events of %d acts: %v", len(events), c.Value, err)
		}
		if len(said["issued"]) < int(c.Value)-len(all) || len(said["issued"]) > int(c.Value) {
			t.Errorf("%d of %d numbers were told of", len(said["issued"]), c.Value)
		}
		t.Logf("%d processes, %d acts; %d claims, %d came too late; %d leases of the sequencer, %d came too late",
			len(all), c.Value, len(said["claimed"]), len(said["stale"]), len(said["leads"]), len(said["deposed"]))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// testZombie freezes one process between its claim and the result, and between
// its lease as sequencer and the positions, until others have long finished, and
// lets it go on.
func testZombie(t *testing.T, r *Register, o Options) {
	lineSetUp(t, r)
	slow := lineTask{Owner: "zombie", Lease: 300 * time.Millisecond, Work: 200 * time.Millisecond, Issue: true}
	zombie := startWorker(t, o, slow)
	for _, c := range []struct{ begun, late string }{{"claimed", "stale"}, {"leads", "deposed"}} {
		var others []*worker
		from := zombie.lines()
		what := zombie.await(t, c.begun, from)
		zombie.signal(t, syscall.SIGSTOP)
		for n := range 2 {
			others = append(others, startWorker(t, o, lineTask{
				Owner: fmt.Sprintf("%s%d", c.begun, n), Lease: 300 * time.Millisecond, Work: time.Millisecond,
			}))
		}
		if c.begun == "claimed" {
			awaitArchived(t, r, what)
		} else {
			for _, w := range others {
				w.await(t, c.begun, 0)
			}
		}
		zombie.signal(t, syscall.SIGCONT)
		zombie.await(t, c.late+" "+what, from)
		for _, w := range others {
			w.kill()
		}
	}
	drain(t, zombie)
	if err := r.View(t.Context(), func(tx document.Tx) error {
		head, err := tx.LedgerHead(t.Context())
		if err != nil {
			return err
		}
		entries, err := tx.LedgerEntries(t.Context(), 0, 1<<40)
		if int64(len(entries)) != head.Size {
			t.Errorf("%d entries in a ledger of %d", len(entries), head.Size)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func awaitArchived(t *testing.T, r *Register, id string) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var a document.Act
		if err := r.View(t.Context(), func(tx document.Tx) (err error) {
			a, err = tx.ActByID(t.Context(), id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if a.State == document.Archived {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("nobody has taken over %s", id)
		}
	}
}
