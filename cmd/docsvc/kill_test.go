package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"docsvc/internal/document"
)

// TestKill kills the real binary at random moments while it issues acts: a
// batch with several workers, and serve beside it over the same register and
// archive. Whatever was killed is started again. In the end everything is run
// to completion and every invariant of docs/design.md § 4 is counted.
//
// DOCSVC_KILLS sets how many processes are killed, DOCSVC_SEED the moments.
func TestKill(t *testing.T) {
	t.Parallel() // beside the scripts: it waits more than it works
	kills, err := strconv.Atoi(cmpOr(os.Getenv("DOCSVC_KILLS"), "20"))
	if err != nil {
		t.Fatal(err)
	}
	seed, err := strconv.ParseUint(cmpOr(os.Getenv("DOCSVC_SEED"), "1"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	k := newKiller(t, seed)
	start := time.Now()
	for k.kills() < kills {
		k.round()
	}
	k.finish()
	issued := k.checkAll()
	t.Logf("seed %d, %s: %d kills (%v); %d lines, %d acts; acts not archived when a process was killed: %v; intents: %v; locked out %d times",
		seed, time.Since(start).Round(time.Second), k.kills(), k.killed, k.lines, issued, k.found, k.outcomes, k.forgiven)
}

func cmpOr(s, or string) string {
	if s == "" {
		return or
	}
	return s
}

// killer drives the processes of one test.
type killer struct {
	t       *testing.T
	rand    *rand.Rand
	binary  string
	dir     string
	address string
	serve   *process
	cases   []string
	files   []string // batches that were given out, the last perhaps unfinished
	lines   int
	key     string        // of a line's request, before its number
	first   int           // number of the first line
	typical time.Duration // how long a batch takes when nobody kills it

	killed   map[string]int         // by subcommand
	found    map[document.State]int // acts that were under way when a process was killed
	outcomes map[document.Outcome]int
	forgiven int             // times that killed attempts had locked the officer out
	checked  map[string]bool // archived acts already compared with the archive
}

func newKiller(t *testing.T, seed uint64) *killer {
	t.Helper()
	k := &killer{
		t: t, rand: rand.New(rand.NewPCG(seed, seed)), dir: filepath.Join(t.TempDir(), "office"),
		key: "kill/", typical: time.Second, killed: map[string]int{}, found: map[document.State]int{},
		outcomes: map[document.Outcome]int{}, checked: map[string]bool{},
	}
	k.binary = filepath.Join(t.TempDir(), "docsvc")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", k.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	if err := newOffice(k.dir); err != nil {
		t.Fatal(err)
	}
	if err := reconfigure(k.dir, map[string]any{"lease_seconds": 1}); err != nil {
		t.Fatal(err)
	}
	k.address = freeAddress(t)
	t.Cleanup(func() {
		if k.serve != nil {
			k.serve.kill()
		}
	})
	for range 4 {
		k.registerCase()
	}
	return k
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// process is one run of the binary.
type process struct {
	name           string
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	done           chan struct{}
	err            error // once done is closed
}

func (k *killer) start(name string, args ...string) *process {
	k.t.Helper()
	p := &process{name: name, cmd: exec.Command(k.binary, append([]string{name}, args...)...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p
}

// kill ends the process as a power cut would and waits for its end.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL) // it may have ended by itself
	<-p.done
}

// wasKilled tells a process that kill has ended from one that ended before.
func (p *process) wasKilled() bool {
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

func (k *killer) kills() int {
	n := 0
	for _, m := range k.killed {
		n += m
	}
	return n
}

// round gives out one batch and kills until it is done; now and then a case
// more is registered first, killed likewise.
func (k *killer) round() {
	if k.rand.IntN(4) == 0 {
		k.registerCase()
	}
	file := k.writeBatch(12)
	for {
		if k.serve == nil {
			k.serve = k.start("serve", "--data", k.dir, "--addr", k.address)
		}
		began := time.Now()
		batch := k.start("batch", k.batchArgs(file)...)
		if k.untilKilled(batch) {
			continue
		}
		if batch.err == nil {
			k.typical = (3*k.typical + time.Since(began)) / 4
			return
		}
		k.mayFail(batch)
	}
}

func (k *killer) batchArgs(file string) []string {
	return append([]string{"--data", k.dir, "--input", file, "--workers", "6", "--json"}, k.officer()...)
}

func (k *killer) officer() []string {
	return []string{"--officer", "nigar", "--passphrase-file", filepath.Join(k.dir, "demo", "nigar.passphrase")}
}

// untilKilled waits for p, and kills it, or serve, or both, at a random moment
// before. It reports whether p was killed.
func (k *killer) untilKilled(p *process) bool {
	for {
		select {
		case <-p.done:
			return false
		case <-time.After(time.Duration(k.rand.Float64() * 1.3 * float64(k.typical))):
		}
		victims := [][]*process{{p}, {p}, {p}, {k.serve}, {p, k.serve}}[k.rand.IntN(5)]
		for _, v := range victims {
			if v == nil {
				continue
			}
			v.kill()
			if v.wasKilled() {
				k.killed[v.name]++
			} else if v == k.serve {
				k.t.Errorf("serve ended by itself: %v\n%s", v.err, v.stderr.String())
			}
			if v == k.serve {
				k.serve = nil
			}
		}
		k.census()
		select {
		case <-p.done:
			return p.wasKilled()
		default:
		}
		if k.serve == nil {
			k.serve = k.start("serve", "--data", k.dir, "--addr", k.address)
		}
	}
}

// mayFail checks why a process ended with an error: another one holds an act or
// was killed with it, or killed attempts at the passphrase count as failed ones.
func (k *killer) mayFail(p *process) {
	k.t.Helper()
	text := p.stderr.String()
	if strings.Contains(text, "Try again in") {
		k.forgive()
		return
	}
	var exit *exec.ExitError
	if !errors.As(p.err, &exit) || exit.ExitCode() != exitError || !strings.Contains(text, "what is done stays done") {
		k.t.Fatalf("%s: %v\n%s", p.name, p.err, text)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "line ") && !strings.Contains(line, document.ErrStale.Error()) &&
			!strings.Contains(line, "does not wait for a signature") {
			k.t.Errorf("a line fails for a reason that no killed process explains: %s", line)
		}
	}
}

// forgive takes back the attempts that a kill has cut short: they count as
// failed ones, and after a dozen in a row the officer would wait for minutes.
func (k *killer) forgive() {
	k.t.Helper()
	inOffice(k.t, k.dir, func(a *app) {
		err := a.Register.Update(k.t.Context(), func(tx document.Tx) error {
			return tx.SetFailures(k.t.Context(), "nigar", 0, time.Time{})
		})
		if err != nil {
			k.t.Fatal(err)
		}
	})
	k.forgiven++
}

// registerCase registers one more case; a killed registration is repeated with
// the same document until it is there.
func (k *killer) registerCase() {
	list, err := samples()
	if err != nil {
		k.t.Fatal(err)
	}
	form, err := renumber(list[0].Case, 199, len(k.cases))
	if err != nil {
		k.t.Fatal(err)
	}
	file := filepath.Join(k.dir, fmt.Sprintf("case-%d.form", len(k.cases)))
	if err := os.WriteFile(file, form, 0o600); err != nil {
		k.t.Fatal(err)
	}
	for {
		p := k.start("case", append([]string{"register", "--data", k.dir, "--input", file}, k.officer()...)...)
		if k.serve != nil && k.untilKilled(p) {
			continue
		}
		<-p.done
		if p.err == nil {
			k.cases = append(k.cases, strings.TrimSpace(p.stdout.String()))
			return
		}
		text := p.stderr.String()
		if _, rest, ok := strings.Cut(text, "is registered already, as "); ok {
			number, _, _ := strings.Cut(rest, ".")
			k.cases = append(k.cases, number)
			return
		}
		if !strings.Contains(text, "Try again in") {
			k.t.Fatalf("case register: %v\n%s", p.err, text)
		}
		k.forgive()
	}
}

// writeBatch makes a batch of n lines, spread over all cases.
func (k *killer) writeBatch(n int) string {
	list, err := samples()
	if err != nil {
		k.t.Fatal(err)
	}
	act := list[0].Acts[0]
	var out bytes.Buffer
	for range n {
		line, err := json.Marshal(issueInput{
			Template: act.Template, Case: k.cases[k.rand.IntN(len(k.cases))], Date: act.Date, Input: act.Input,
			Key: fmt.Sprint(k.key, k.lines),
		})
		if err != nil {
			k.t.Fatal(err)
		}
		out.Write(append(line, '\n'))
		k.lines++
	}
	file := filepath.Join(k.dir, fmt.Sprintf("batch-%d.jsonl", len(k.files)))
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		k.t.Fatal(err)
	}
	k.files = append(k.files, file)
	return file
}

// finish gives every batch in once more, with nobody killed, and stops serve
// as an operator would.
func (k *killer) finish() {
	for _, file := range k.files {
		for {
			p := k.start("batch", k.batchArgs(file)...)
			<-p.done
			if p.err == nil {
				break
			}
			k.mayFail(p)
		}
	}
	if k.serve == nil {
		return
	}
	if err := k.serve.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		k.t.Fatal(err)
	}
	<-k.serve.done
	if k.serve.err != nil {
		k.t.Errorf("serve did not stop in order: %v\n%s", k.serve.err, k.serve.stderr.String())
	}
	k.serve = nil
}
