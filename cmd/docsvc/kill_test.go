package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
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
	kills, seed := killOptions(t, "20")
	dir := filepath.Join(t.TempDir(), "office")
	if err := newOffice(dir); err != nil {
		t.Fatal(err)
	}
	if err := reconfigure(dir, map[string]any{"lease_seconds": 1}); err != nil {
		t.Fatal(err)
	}
	k := newKiller(t, seed, dir)
	forgiven := 0
	k.place = place{
		where: []string{"--data", dir}, batch: 12, addresses: []string{freeAddress(t)},
		officials: []*official{{
			login: "nigar", sample: mustSample(t, document.ProfileState),
			as: []string{"--officer", "nigar", "--passphrase-file", filepath.Join(dir, "demo", "nigar.passphrase")},
		}},
		// Killed attempts at the passphrase count as failed ones.
		excuse: func(p *process) bool {
			locked := strings.Contains(p.stderr.String(), "Try again in")
			if locked {
				k.forgive("nigar")
				forgiven++
			}
			return locked
		},
		empty: func() error {
			return reconfigure(dir, map[string]any{"register": map[string]any{"sqlite": "rebuilt.db"}})
		},
	}
	start := time.Now()
	k.run(kills)
	issued := k.checkAll()
	t.Logf("seed %d, %s: %s; %d lines, %d acts; acts not archived when a process was killed: %v; intents: %v; locked out %d times",
		seed, time.Since(start).Round(time.Second), k.count(), k.lines, issued, k.found, k.outcomes, forgiven)
}

// killOptions reads how often to kill, and the seed of the moments.
func killOptions(t *testing.T, or string) (kills int, seed uint64) {
	t.Helper()
	kills, err := strconv.Atoi(cmpOr(os.Getenv("DOCSVC_KILLS"), or))
	if err != nil {
		t.Fatal(err)
	}
	if seed, err = strconv.ParseUint(cmpOr(os.Getenv("DOCSVC_SEED"), "1"), 10, 64); err != nil {
		t.Fatal(err)
	}
	return kills, seed
}

func cmpOr(s, or string) string {
	if s == "" {
		return or
	}
	return s
}

// place is what differs between the offices in which processes are killed.
type place struct {
	where     []string    // options of every command: which office
	batch     int         // lines of one
	addresses []string    // a serve runs at each
	officials []*official // they work at the same time
	// excuse says whether the place explains that a process has failed.
	excuse func(p *process) bool
	// empty puts an empty register in the place of the one there is.
	empty func() error

	// These may be nil: what happens beside kills, after each and after each
	// round, and what must hold in the end beside what holds everywhere.
	beside func(jobs []*job)
	after  func()
	check  func(a *app, acts []document.Act)
}

// official is an officer at work.
type official struct {
	login  string
	as     []string // options of a command that the officer gives
	sample sample   // what the officer's cases and acts are like
	cases  []string
	files  []string // batches that were given out, the last perhaps unfinished
}

// open opens the office, unless it is open, for fn. It stays open: with real
// servers that takes longer than what fn does.
func (k *killer) open(fn func(a *app)) {
	k.t.Helper()
	if k.opened == nil {
		c, err := loadConfig(&flags{data: k.dir})
		if err == nil {
			k.opened, err = openApp(context.WithoutCancel(k.t.Context()), c, slog.New(slog.DiscardHandler))
		}
		if err != nil {
			k.t.Fatal(err)
		}
	}
	fn(k.opened)
}

func (k *killer) close() {
	if k.opened != nil {
		if err := k.opened.close(); err != nil {
			k.t.Error(err)
		}
	}
	k.opened = nil
}

// mustSample is the first sample of a profile.
func mustSample(t *testing.T, profile document.Profile) sample {
	t.Helper()
	list, err := samples()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if s.Profile == profile {
			return s
		}
	}
	t.Fatalf("no sample of %s", profile)
	return sample{}
}

// killer drives the processes of one test. One goroutine does it all.
type killer struct {
	t      *testing.T
	rand   *rand.Rand
	binary string
	dir    string // of the office: docsvc.json is there
	opened *app   // the office as the test looks into it, or nil
	place
	serves    []*process // by address; nil: none runs
	processes []*process // all that were started and may still run
	woken     chan struct{}

	target  int      // so many kills
	cases   []string // of all officials
	lines   int
	key     string        // of a line's request, before its number
	first   int           // number of the first line
	typical time.Duration // how long a batch takes when nobody kills it

	killed   map[string]int         // by subcommand
	found    map[document.State]int // acts that were under way when a process was killed
	outcomes map[document.Outcome]int
	checked  map[string]bool // archived acts already compared with the archive
}

// newKiller builds the binary. Its place is still to be set.
func newKiller(t *testing.T, seed uint64, dir string) *killer {
	t.Helper()
	k := &killer{
		t: t, rand: rand.New(rand.NewPCG(seed, seed)), dir: dir, binary: filepath.Join(t.TempDir(), "docsvc"),
		key: "kill/", typical: time.Second, woken: make(chan struct{}, 1), killed: map[string]int{},
		found: map[document.State]int{}, outcomes: map[document.Outcome]int{}, checked: map[string]bool{},
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", k.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		for _, p := range k.processes {
			p.kill()
		}
		k.close()
	})
	return k
}

// run works in rounds until so many processes have been killed, and then to
// the end.
func (k *killer) run(kills int) {
	k.serves, k.target = make([]*process, len(k.addresses)), kills
	for range 4 / len(k.officials) {
		k.drive(false, k.registrations(1)...)
	}
	for k.kills() < kills {
		k.round()
	}
	k.finish()
}

func (k *killer) kills() int {
	n := 0
	for _, m := range k.killed {
		n += m
	}
	return n
}

func (k *killer) count() string { return fmt.Sprintf("%d kills (%v)", k.kills(), k.killed) }

// round has each official give out one batch, and kills until all are done;
// now and then a case more is registered first, killed likewise.
func (k *killer) round() {
	k.drive(true, k.registrations(4)...)
	var jobs []*job
	for _, o := range k.officials {
		jobs = append(jobs, k.issue(o, k.writeBatch(o)))
	}
	k.drive(true, jobs...)
	if k.after != nil {
		k.after()
	}
}

// finish gives every batch in once more, with nobody killed, and stops serve
// as an operator would.
func (k *killer) finish() {
	for i := range k.officials[0].files {
		var jobs []*job
		for _, o := range k.officials {
			jobs = append(jobs, k.issue(o, o.files[i]))
		}
		k.drive(false, jobs...)
	}
	for _, p := range k.serves {
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			k.t.Fatal(err)
		}
	}
	for _, p := range k.serves {
		<-p.done
		if p.err != nil {
			k.t.Errorf("serve did not stop in order: %v\n%s", p.err, p.stderr.String())
		}
	}
}

// issue is the job to issue the acts of a file.
func (k *killer) issue(o *official, file string) *job {
	return &job{
		name: "batch", args: append([]string{"--input", file, "--workers", "6", "--json"}, o.as...),
		succeeded: func(p *process) bool {
			if p.err == nil {
				k.typical = (3*k.typical + time.Since(p.began)) / 4
			}
			return p.err == nil
		},
	}
}

// registrations are jobs to register a case of an official, for one in so many.
func (k *killer) registrations(of int) (jobs []*job) {
	for _, o := range k.officials {
		if k.rand.IntN(of) == 0 {
			jobs = append(jobs, k.registration(o, len(k.cases)+len(jobs)))
		}
	}
	return jobs
}

// registration registers the n-th case. If it was killed it is repeated with the
// same document until the case is there.
func (k *killer) registration(o *official, n int) *job {
	form, err := renumber(o.sample.Case, 199, n)
	if err != nil {
		k.t.Fatal(err)
	}
	file := filepath.Join(k.dir, fmt.Sprintf("case-%d.form", n))
	if err := os.WriteFile(file, form, 0o600); err != nil {
		k.t.Fatal(err)
	}
	return &job{
		name: "case", args: append([]string{"register", "--input", file}, o.as...),
		succeeded: func(p *process) bool {
			number := strings.TrimSpace(p.stdout.String())
			if _, rest, ok := strings.Cut(p.stderr.String(), "is registered already, as "); ok {
				number, _, _ = strings.Cut(rest, ".")
			} else if p.err != nil {
				return false
			}
			o.cases = append(o.cases, number)
			k.cases = append(k.cases, number)
			return true
		},
	}
}

// writeBatch makes a batch, spread over the cases of o.
func (k *killer) writeBatch(o *official) string {
	act := o.sample.Acts[0]
	var out bytes.Buffer
	for range k.batch {
		line, err := json.Marshal(issueInput{
			Template: act.Template, Case: o.cases[k.rand.IntN(len(o.cases))], Date: act.Date, Input: act.Input,
			Key: fmt.Sprint(k.key, k.lines),
		})
		if err != nil {
			k.t.Fatal(err)
		}
		out.Write(append(line, '\n'))
		k.lines++
	}
	file := filepath.Join(k.dir, fmt.Sprintf("batch-%s-%d.jsonl", o.login, len(o.files)))
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		k.t.Fatal(err)
	}
	o.files = append(o.files, file)
	return file
}

// mayFail checks why a process ended with an error: another one holds an act or
// was killed with it, the place explains it, or the step took longer than the
// lease allows on a busy machine, and the act waits, signed, to go on by itself.
func (k *killer) mayFail(p *process) {
	k.t.Helper()
	if k.excuse(p) {
		return
	}
	text := p.stderr.String()
	var exit *exec.ExitError
	if !errors.As(p.err, &exit) || exit.ExitCode() != exitError || !strings.Contains(text, "the same file may be given again") {
		k.t.Fatalf("%s: %v\n%s", p.name, p.err, text)
	}
	for line := range strings.Lines(text) {
		waits := strings.Contains(line, "is signed and waits") && strings.Contains(line, context.DeadlineExceeded.Error())
		if strings.HasPrefix(line, "line ") && !strings.Contains(line, document.ErrStale.Error()) &&
			!strings.Contains(line, "does not wait for a signature") && !waits {
			k.t.Errorf("a line fails for a reason that no killed process explains: %s", line)
		}
	}
}

// forgive takes back the attempts that a kill has cut short: they count as
// failed ones, and after a dozen in a row the officer would wait for minutes.
func (k *killer) forgive(login string) {
	k.t.Helper()
	k.open(func(a *app) {
		err := a.Register.Update(k.t.Context(), func(tx document.Tx) error {
			return tx.SetFailures(k.t.Context(), login, 0, time.Time{})
		})
		if err != nil {
			k.t.Fatal(err)
		}
	})
}
