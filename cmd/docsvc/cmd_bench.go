package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/signing/keyfile"
	"docsvc/internal/signing/vault"
)

// benchJSON is what bench prints. Durability is that of serve: nothing is
// switched off.
type benchJSON struct {
	Documents     int                  `json:"documents"`
	Workers       int                  `json:"workers"`
	Level         string               `json:"level"`
	ActsPerSecond float64              `json:"acts_per_second"`
	PeakRSS       float64              `json:"peak_rss_mb"`
	RSS           []float64            `json:"rss_mb"` // at each quarter of the run
	FsyncsPerAct  float64              `json:"fsyncs_per_act"`
	CPUPerAct     float64              `json:"cpu_ms_per_act"`
	Steps         map[string]benchStep `json:"steps"`
	// Parts are what the service stands on: register, archive, keys, ….
	Parts map[string]benchPart `json:"parts"`
}

// benchPart is the share of one part. The calls of several acts at once
// overlap, so the times add up to more than the run took.
type benchPart struct {
	Calls float64 `json:"calls_per_act"`
	Time  float64 `json:"ms_per_act"`
}

// benchStep is one step of the line. CPU is of the whole process while one act
// at a time runs, and not known where acts are signed together; the percentiles
// are of the loaded run.
type benchStep struct {
	CPU float64 `json:"cpu_ms"`
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
}

// actsPerCase spreads the acts of a bench over cases as an office would.
const actsPerCase = 10

// runBench measures the whole line: on the embedded set in a data directory of
// its own, or with --config on the parts that it names, where the acts and their
// cases stay.
func runBench(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "bench")
	documents := f.Int("documents", 1000, "acts to issue")
	workers := f.Int("workers", 4*runtime.NumCPU(), "acts at once")
	dir := f.String("dir", ".", "`DIR` on the disk to measure; what is made there is removed")
	o := benchOptions{}
	f.StringVar(&o.profile, "cpuprofile", "", "write a CPU profile of the loaded run to `FILE`")
	level := f.String("level", "", "`LEVEL` of the signatures (default that of the configuration)")
	f.IntVar(&o.batch, "batch", 100, "acts under one login, where officers log in to sign")
	officer := f.officer()
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	o.documents, o.workers, o.level = *documents, *workers, signing.Level(*level)
	if o.level != "" && o.level.Check() != nil {
		return usageError{fmt.Sprintf("--level %q: want one of %v", *level, signing.Levels())}
	}
	if o.documents < 1 || o.workers < 1 || o.workers > 256 || o.batch < 1 || o.batch > document.MaxBatch {
		return usageError{fmt.Sprintf("--documents, --workers, --batch: want at least 1, workers at most 256, batch at most %d", document.MaxBatch)}
	}
	var result benchJSON
	var err error
	if f.config != "" {
		result, err = benchConfigured(ctx, e, f, officer, o)
	} else {
		result, err = benchEmbedded(ctx, e, *dir, o)
	}
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(e.stdout, result)
	}
	fmt.Fprintf(e.stdout, "%.1f acts/s with %d workers, peak memory %.0f MB, %.1f fsyncs and %.1f CPU ms an act\n",
		result.ActsPerSecond, result.Workers, result.PeakRSS, result.FsyncsPerAct, result.CPUPerAct)
	for _, name := range []string{"issue", "prepare", "sign", "complete", "archive"} {
		s := result.Steps[name]
		fmt.Fprintf(e.stdout, "  %-9s %6.2f CPU ms   p50 %6.2f ms   p99 %6.2f ms\n", name, s.CPU, s.P50, s.P99)
	}
	for _, name := range slices.Sorted(maps.Keys(result.Parts)) {
		p := result.Parts[name]
		fmt.Fprintf(e.stdout, "  %-12s %6.2f calls and %7.2f ms of waiting an act\n", name, p.Calls, p.Time)
	}
	return nil
}

// benchOptions say how much to do at once.
type benchOptions struct {
	documents, workers, batch int
	profile                   string
	level                     signing.Level // empty: that of the configuration
}

// benchEmbedded makes a data directory, measures in it and removes it.
func benchEmbedded(ctx context.Context, e env, dir string, o benchOptions) (benchJSON, error) {
	data, err := os.MkdirTemp(dir, "docsvc-bench-*")
	if err != nil {
		return benchJSON{}, err
	}
	c := demoConfig()
	var a *app
	if err = initialise(ctx, data, &c); err == nil {
		a, err = openApp(ctx, c, e.log)
	}
	var result benchJSON
	if err == nil {
		var officer *session
		if officer, err = a.benchOfficer(ctx); err == nil {
			result, err = a.bench(ctx, e, officer, o)
		}
		err = errors.Join(err, a.close())
	}
	return result, errors.Join(err, os.RemoveAll(data))
}

// benchConfigured measures on the parts of a configuration.
func benchConfigured(ctx context.Context, e env, f *flags, officer *officerFlags, o benchOptions) (benchJSON, error) {
	var result benchJSON
	return result, withApp(ctx, e, f, func(a *app) error {
		if a.Config.Production {
			return errors.New("bench issues acts of invented persons: not in production")
		}
		s, err := a.authenticate(ctx, e, officer)
		if err == nil {
			result, err = a.bench(ctx, e, s, o)
		}
		return err
	})
}

func (a *app) bench(ctx context.Context, e env, officer *session, o benchOptions) (benchJSON, error) {
	documents, workers := o.documents, o.workers
	if o.level != "" {
		a.Service.Rules.Level, a.Service.Rules.Levels = o.level, nil
	}
	r := benchJSON{
		Documents: documents, Workers: workers, Level: string(a.Service.Rules.Level), Steps: map[string]benchStep{}, Parts: map[string]benchPart{},
	}
	drafts, err := a.benchDrafts(ctx, officer, documents)
	if err != nil {
		return r, err
	}
	cpu := map[string]float64{}
	if officer.key != nil {
		if cpu, err = a.benchCPU(ctx, officer, drafts); err != nil {
			return r, err
		}
	}
	var mu sync.Mutex
	took := map[string][]time.Duration{}
	a.Service.Observe = func(step string, d time.Duration) {
		mu.Lock()
		took[step] = append(took[step], d)
		mu.Unlock()
	}
	worker := &document.Worker{Service: a.Service, Parallel: 1, Interval: 100 * time.Millisecond, LedgerEvery: time.Second}
	workerCtx, stop := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- worker.Run(workerCtx) }()

	stopProfile, err := startProfile(o.profile)
	if err != nil {
		stop()
		return r, errors.Join(err, <-stopped)
	}
	syncs, cpuBefore, start := a.syncs(), processCPU(), time.Now()
	callsBefore, tookBefore := a.Parts.Calls()
	if officer.key != nil {
		err = a.benchLoad(ctx, e, officer, drafts, workers, &r)
	} else {
		err = a.benchBatches(ctx, e, officer, drafts, o, &r)
	}
	elapsed := time.Since(start)
	calls, waited := a.Parts.Calls()
	for part, n := range calls {
		r.Parts[part] = benchPart{
			float64(n-callsBefore[part]) / float64(documents), ms(waited[part]-tookBefore[part]) / float64(documents),
		}
	}
	stop()
	if err = errors.Join(err, stopProfile(), <-stopped); err != nil {
		return r, err
	}
	r.ActsPerSecond = float64(documents) / elapsed.Seconds()
	r.FsyncsPerAct = float64(a.syncs()-syncs) / float64(documents)
	r.CPUPerAct = ms(processCPU()-cpuBefore) / float64(documents)
	for step, list := range took {
		slices.Sort(list)
		r.Steps[step] = benchStep{CPU: cpu[step], P50: ms(list[len(list)/2]), P99: ms(list[len(list)*99/100])}
	}
	_, r.PeakRSS = memory()
	return r, nil
}

// benchOfficer enrols an officer with a key file.
func (a *app) benchOfficer(ctx context.Context) (*session, error) {
	account := demoOfficers()[0]
	passphrase := "bench passphrase"
	if err := a.enrol(ctx, account, []byte(passphrase), keyfile.DefaultCost(), vault.TypeP256); err != nil {
		return nil, err
	}
	account, err := a.Service.Account(ctx, account.Login)
	if err != nil {
		return nil, err
	}
	key, err := keyfile.Open(a.Config.officerKey(account.Login), []byte(passphrase))
	if err != nil {
		return nil, err
	}
	return &session{actor: account.Actor("bench"), account: account, key: keyfile.Holder{ID: account.KeyID, Key: key}}, nil
}

// benchDrafts registers cases for the acts. A bench on parts that stay has
// others each time.
func (a *app) benchDrafts(ctx context.Context, officer *session, documents int) ([]document.Draft, error) {
	list, err := samples()
	if err != nil {
		return nil, err
	}
	series := time.Now().Unix()
	model := list[0]
	numbers := make([]string, max(1, documents/actsPerCase))
	for i := range numbers {
		form, err := renumber(model.Case, series, i)
		if err != nil {
			return nil, err
		}
		c, _, err := a.Service.RegisterCase(ctx, officer.actor, officer.account.Office, officer.account.Login, form)
		if err != nil {
			return nil, err
		}
		numbers[i] = c.Number
	}
	drafts := make([]document.Draft, documents)
	for i := range drafts {
		act := model.Acts[0]
		drafts[i] = document.Draft{Case: numbers[i%len(numbers)], Template: act.Template, Input: act.Input, Date: act.Date}
	}
	return drafts, nil
}

// renumber gives a registration form another enforcement document.
func renumber(form json.RawMessage, series int64, i int) (json.RawMessage, error) {
	var v map[string]any
	if err := json.Unmarshal(form, &v); err != nil {
		return nil, err
	}
	doc, ok := v["document"].(map[string]any)
	if !ok {
		return nil, errors.New("sample case has no document")
	}
	doc["number"] = fmt.Sprintf("2(%d)-%d/2026", series, 100000+i)
	return json.Marshal(v)
}

// benchCPU issues a few acts one after another and gives the CPU time of the
// whole process to the step that just ended.
func (a *app) benchCPU(ctx context.Context, officer *session, drafts []document.Draft) (map[string]float64, error) {
	n := min(100, len(drafts))
	total := map[string]time.Duration{}
	last := processCPU()
	a.Service.Observe = func(step string, _ time.Duration) {
		now := processCPU()
		total[step] += now - last
		last = now
	}
	for i := range n + n/10 { // the first tenth warms caches up
		if i == n/10 {
			clear(total)
		}
		if _, _, err := a.issueOne(ctx, env{}, officer, drafts[i%len(drafts)]); err != nil {
			return nil, err
		}
	}
	cpu := map[string]float64{}
	for step, d := range total {
		cpu[step] = ms(d) / float64(n)
	}
	return cpu, nil
}

// benchLoad issues every draft, several at once.
func (a *app) benchLoad(ctx context.Context, e env, officer *session, drafts []document.Draft, workers int, r *benchJSON) error {
	quarter := max(1, len(drafts)/4)
	var g errgroup.Group
	g.SetLimit(workers)
	for i, d := range drafts {
		if i > 0 && i%quarter == 0 {
			now, _ := memory()
			r.RSS = append(r.RSS, now)
			fmt.Fprintf(e.stderr, "%d of %d\n", i, len(drafts))
		}
		g.Go(func() error {
			_, _, err := a.issueOne(ctx, e, officer, d)
			return err
		})
	}
	err := g.Wait()
	now, _ := memory()
	r.RSS = append(r.RSS, now)
	return err
}

// benchBatches issues every draft, an authorisation for each batch. The next
// batch is prepared while one is signed, as by an officer who goes on working.
func (a *app) benchBatches(ctx context.Context, e env, officer *session, drafts []document.Draft, o benchOptions, r *benchJSON) error {
	var g errgroup.Group
	g.SetLimit(2)
	for done := 0; len(drafts) > 0; {
		batch := drafts[:min(o.batch, len(drafts))]
		drafts, done = drafts[len(batch):], done+len(batch)
		g.Go(func() error {
			for _, one := range a.issueMany(ctx, e, officer, batch, o.workers, func() {}) {
				if one.err != nil {
					return one.err
				}
			}
			return nil
		})
		if done%(4*o.batch) == 0 || len(drafts) == 0 {
			now, _ := memory()
			r.RSS = append(r.RSS, now)
			fmt.Fprintf(e.stderr, "%d begun\n", done)
		}
	}
	return g.Wait()
}

// startProfile begins a CPU profile; the function it returns ends it.
func startProfile(path string) (stop func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}

// syncs counts the flushes to disk of archive and register.
func (a *app) syncs() uint64 { return a.Archive.Syncs() + a.Register.Commits() }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// processCPU is the user and system time of this process.
func processCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// memory returns the resident memory of this process, now and at its peak, in MB.
func memory() (now, peak float64) {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(data)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kb); n == 1 {
			now = kb / 1024
		}
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			peak = kb / 1024
		}
	}
	return now, peak
}
