package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/testservers/production"
	"docsvc/internal/testservers/start"
)

// killLease is the lease in TestKillProduction: short, so that what a killed
// process held goes on soon.
const killLease = 2 * time.Second

// TestKillProduction is TestKill over PostgreSQL, MinIO and Vault: three serve
// beside each other and two officers at work, all of them killed at random
// moments. Now and then a process is stopped for longer than its lease while
// it holds acts, and goes on when others have taken them over; or a server is
// killed and started again.
func TestKillProduction(t *testing.T) {
	t.Parallel()
	kills, seed := killOptions(t, "15")
	x := newProductionKiller(t, seed)
	x.every = max(1, min(kills/3, 12)) // each server at least once
	begun := time.Now()
	x.run(kills)
	issued := x.checkAll()
	for _, server := range x.servers() {
		if x.restarted[server.name] == 0 && kills >= 6 {
			t.Errorf("%s was never killed", server.name)
		}
	}
	if x.held == 0 {
		t.Error("no process was stopped while it held an act")
	}
	s := x.p.set
	t.Logf("seed %d, %s: %s; servers killed: %v; stopped and gone on: %v, which held %d acts, of which %d were taken over; %d lines, %d acts; acts not archived when a process was killed: %v; intents: %v; %s; PostgreSQL %s, MinIO %s, Vault %s",
		seed, time.Since(begun).Round(time.Second), x.count(), x.restarted, x.stopped, x.held, x.takenOver, x.lines, issued, x.found,
		x.outcomes, x.keys, s.Postgres.Version, s.MinIO.Version, s.Vault.Version)
}

// productionKiller is a killer over real servers.
type productionKiller struct {
	*killer
	p     *productionOffice
	every int // so many kills between kills of servers

	strikes   int
	restarted map[string]int // servers, by name
	zombie    *zombie        // stopped now, or nil
	stopped   map[string]int // processes, by subcommand
	held      int            // acts that they held
	takenOver int
	keys      string // what checkKeys has counted
}

func newProductionKiller(t *testing.T, seed uint64) *productionKiller {
	t.Helper()
	p := newDurableProduction(t)
	if err := reconfigure(p.dir, map[string]any{"lease_seconds": killLease.Seconds()}); err != nil {
		t.Fatal(err)
	}
	x := &productionKiller{killer: newKiller(t, seed, p.dir), p: p, restarted: map[string]int{}, stopped: map[string]int{}}
	x.place = place{
		where: []string{"--config", p.set.Config()}, batch: 8, excuse: x.exposed, empty: x.emptyRegister,
		beside: x.hurt, after: x.revive, check: x.checkServers,
	}
	for range 3 {
		x.addresses = append(x.addresses, freeAddress(t))
	}
	for _, profile := range []document.Profile{document.ProfileState, document.ProfilePrivate} {
		s := mustSample(t, profile)
		login := s.officerOf()
		x.officials = append(x.officials, &official{
			login: login, sample: s,
			as: []string{"--officer", login, "--browser", p.browser()},
		})
	}
	return x
}

// newDurableProduction is newProduction with servers that can be killed, and
// nothing between them and docsvc.
func newDurableProduction(t *testing.T) *productionOffice {
	t.Helper()
	needProduction(t)
	dir, err := os.MkdirTemp("", "docsvc-kill")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p := &productionOffice{t: t, dir: dir}
	p.set, err = production.Start(context.WithoutCancel(t.Context()), production.Options{Dir: dir, Address: freeAddress(t), Plain: true, Keep: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.set.Stop)
	p.must(p.set.InitArguments()...)
	officers, err := production.Officers()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range officers {
		p.must(append(p.set.EnrolArguments(o), "--browser", p.browser())...)
	}
	return p
}

// browser is the command that plays the officers' browser. As an option, not in
// the environment, it does not disturb the tests beside this one.
func (p *productionOffice) browser() string {
	return "docsvc-log-in " + p.set.Secret("officers.json") + " {officer}"
}

// exposed excuses a process that was stopped or had a server killed under it.
// Not even then may it panic or raise an alarm, and a serve that has begun to
// serve goes on.
func (x *productionKiller) exposed(p *process) bool {
	text := p.stderr.String()
	for _, never := range []string{"panic:", "could not prove", "older than the archive", "is damaged"} {
		if strings.Contains(text, never) {
			x.t.Errorf("%s says:\n%s", p.name, text)
		}
	}
	return p.exposed && (p.name != "serve" || !strings.Contains(text, "docsvc serves"))
}

// emptyRegister drops the schema and makes it anew.
func (x *productionKiller) emptyRegister() error {
	x.sql("DROP SCHEMA docsvc CASCADE; CREATE SCHEMA docsvc AUTHORIZATION docsvc_owner; GRANT USAGE ON SCHEMA docsvc TO docsvc_service")
	return docsvc(x.t.Context(), nil, "migrate", "--config", x.p.set.Config())
}

// sql asks the register beside docsvc.
func (x *productionKiller) sql(statement string) []string {
	x.t.Helper()
	out, err := x.p.set.Postgres.SQL(x.t.Context(), x.p.set.Postgres.DSNOf("docsvc"), statement)
	if err != nil {
		x.t.Fatal(err)
	}
	return strings.Fields(out)
}

// hurt is what happens beside kills.
func (x *productionKiller) hurt(jobs []*job) {
	x.t.Helper()
	x.strikes++
	switch {
	case x.zombie != nil && time.Since(x.zombie.since) > 2*killLease:
		x.revive()
	case x.zombie == nil && x.strikes%3 == 1:
		x.stop(jobs)
	}
	done := 0
	for _, n := range x.restarted {
		done += n
	}
	if x.kills() >= (done+1)*x.every {
		x.restart(done)
	}
}

type server struct {
	name string
	*start.Process
}

func (x *productionKiller) servers() []server {
	s := x.p.set
	return []server{{"postgres", s.Postgres.Process}, {"minio", s.MinIO.Process}, {"vault", s.Vault.Process}}
}

// restart kills a server, in turn, and starts it again after a moment. Whatever
// runs meanwhile may fail.
func (x *productionKiller) restart(n int) {
	x.t.Helper()
	servers := x.servers()
	s := servers[n%len(servers)]
	for _, p := range x.processes {
		p.exposed = true
	}
	x.close() // what the test itself has open would fail, too
	s.Kill()
	time.Sleep(time.Duration(x.rand.IntN(500)) * time.Millisecond)
	for tries := 1; ; tries++ {
		err := s.Start(context.WithoutCancel(x.t.Context()))
		if err == nil {
			break
		}
		if tries == 10 { // what is left of a killed PostgreSQL needs a moment to end
			x.t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond)
	}
	x.restarted[s.name]++
}

// zombie is a process that is stopped.
type zombie struct {
	*process
	since time.Time
	held  []string // acts whose jobs it held
}

// stop stops a process that holds acts. An attempt at a job is then made again
// by another process.
func (x *productionKiller) stop(jobs []*job) {
	x.t.Helper()
	for range 40 {
		running := []*process{x.serves[x.rand.IntN(len(x.serves))]}
		for _, j := range jobs {
			running = append(running, j.p, j.p) // they hold more
		}
		p := running[x.rand.IntN(len(running))]
		if !p.runs() {
			continue
		}
		p.signal(syscall.SIGSTOP)
		held := x.holds(p)
		if len(held) == 0 {
			p.signal(syscall.SIGCONT)
			time.Sleep(10 * time.Millisecond)
			continue
		}
		p.exposed = true
		x.zombie = &zombie{process: p, since: time.Now(), held: held}
		x.held += len(held)
		x.stopped[p.name]++
		for _, j := range jobs {
			if j.p == p {
				j.p = nil
			}
		}
		return
	}
}

// holds lists the acts whose jobs a process holds.
func (x *productionKiller) holds(p *process) []string {
	x.t.Helper()
	return x.sql(fmt.Sprintf("SELECT act_id FROM docsvc.job WHERE owner LIKE '%%/%d/%%' AND lease_ends > now()", p.cmd.Process.Pid))
}

// revive lets the stopped process go on, after more than its lease, and checks
// that it changes nothing of what is done.
func (x *productionKiller) revive() {
	x.t.Helper()
	z := x.zombie
	if z == nil {
		return
	}
	x.zombie = nil
	time.Sleep(2*killLease - time.Since(z.since))
	owned := x.sql(fmt.Sprintf("SELECT act_id FROM docsvc.job WHERE owner LIKE '%%/%d/%%'", z.cmd.Process.Pid))
	x.takenOver += len(z.held) - len(owned)
	before := x.finished()
	z.signal(syscall.SIGCONT)
	patience := time.Minute
	if z.name == "serve" {
		patience = time.Second // it goes on serving
	}
	select {
	case <-z.done:
		if z.err != nil && !x.exposed(z.process) {
			x.t.Errorf("%s, gone on: %v\n%s", z.name, z.err, z.stderr.String())
		}
	case <-time.After(patience):
		if z.name != "serve" {
			x.t.Fatalf("%s, stopped and gone on, does not end", z.name)
		}
	}
	after := x.finished()
	for id, row := range before {
		if after[id] != row {
			x.t.Errorf("%s, gone on, has changed %s\nfrom %s\nto   %s", z.name, id, row, after[id])
		}
	}
}

// finished are the rows of archived acts and of their intents.
func (x *productionKiller) finished() map[string]string {
	x.t.Helper()
	rows := map[string]string{}
	for _, row := range x.sql(`SELECT id || '=' || md5(a::text) FROM docsvc.act a WHERE state = 'archived'
		UNION ALL SELECT i.id || '=' || md5(i::text) FROM docsvc.sign_intent i JOIN docsvc.act a ON a.id = i.act_id WHERE a.state = 'archived'`) {
		id, sum, _ := strings.Cut(row, "=")
		rows[id] = sum
	}
	return rows
}
