package main

import (
	"bytes"
	"net"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

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
	began          time.Time
	stdout, stderr bytes.Buffer  // to be read when it has ended
	done           chan struct{} // closed then
	err            error
	// exposed: something else than a kill beside it may have made it fail.
	exposed bool
}

func (k *killer) start(name string, args ...string) *process {
	k.t.Helper()
	p := &process{name: name, cmd: exec.Command(k.binary, append(append([]string{name}, args...), k.where...)...), done: make(chan struct{}), began: time.Now()}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	k.processes = append(k.processes, p)
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
		select {
		case k.woken <- struct{}{}:
		default:
		}
	}()
	return p
}

// runs says whether p has not ended.
func (p *process) runs() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// signal sends SIGSTOP or SIGCONT, and lets it take effect.
func (p *process) signal(s syscall.Signal) {
	_ = p.cmd.Process.Signal(s) // it may have ended by itself
	time.Sleep(5 * time.Millisecond)
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

// job is a command that is given until it has succeeded.
type job struct {
	name      string
	args      []string
	succeeded func(p *process) bool
	p         *process // of the present attempt; nil: it is given again
	done      bool
}

// drive gives jobs, all at the same time beside every serve, until all are done.
// If killing, processes are killed at random moments, as long as the target is
// not reached.
func (k *killer) drive(killing bool, jobs ...*job) {
	k.t.Helper()
	for {
		k.keepServing()
		left := 0
		for _, j := range jobs {
			if j.p == nil && !j.done {
				j.p = k.start(j.name, j.args...)
			}
			if !j.done {
				left++
			}
		}
		if left == 0 {
			return
		}
		if k.pause(killing && k.kills() < k.target) {
			k.strike(jobs)
		}
		for _, j := range jobs {
			if j.p != nil && !j.p.runs() {
				k.judge(j)
			}
		}
	}
}

// keepServing starts each serve that does not run.
func (k *killer) keepServing() {
	k.t.Helper()
	for i, p := range k.serves {
		if p != nil && !p.runs() {
			if !k.excuse(p) {
				k.t.Fatalf("serve ended by itself: %v\n%s", p.err, p.stderr.String())
			}
			k.serves[i] = nil
		}
		if k.serves[i] == nil {
			k.serves[i] = k.start("serve", "--addr", k.addresses[i])
		}
	}
}

// pause waits until a process ends or, if killing, for a random moment, which
// it reports.
func (k *killer) pause(killing bool) bool {
	var moment <-chan time.Time
	if killing {
		moment = time.After(time.Duration(k.rand.Float64() * 1.3 * float64(k.typical)))
	}
	select {
	case <-k.woken:
		return false
	case <-moment:
		return true
	}
}

// judge looks at an attempt that has ended.
func (k *killer) judge(j *job) {
	k.t.Helper()
	p := j.p
	j.p = nil
	switch {
	case p.wasKilled():
	case j.succeeded(p):
		j.done = true
	default:
		k.mayFail(p)
	}
}

// strike kills an attempt at a job, or a serve, or both.
func (k *killer) strike(jobs []*job) {
	k.t.Helper()
	const aloneOrNot = 3
	n := k.rand.IntN(aloneOrNot + 1 + len(k.serves))
	if n <= aloneOrNot {
		var running []*process
		for _, j := range jobs {
			if j.p.runs() {
				running = append(running, j.p)
			}
		}
		if len(running) > 0 {
			k.kill(running[k.rand.IntN(len(running))])
		}
	}
	if n >= aloneOrNot {
		k.kill(k.serves[k.rand.IntN(len(k.serves))])
	}
	k.census()
	if k.beside != nil {
		k.beside(jobs)
	}
}

func (k *killer) kill(p *process) {
	if p == nil {
		return
	}
	p.kill()
	if !p.wasKilled() {
		return // keepServing and judge see to it
	}
	k.killed[p.name]++
	for i := range k.serves {
		if k.serves[i] == p {
			k.serves[i] = nil
		}
	}
}
