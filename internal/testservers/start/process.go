// Package start starts the servers that docsvc runs on in production:
// PostgreSQL, S3 servers with Object Lock, Vault and an OpenID provider, each on
// 127.0.0.1 with a directory of its own. The tests use it through package
// testservers, and a try-out of the whole production set directly: with a
// directory and a port given, a server keeps its data and its address.
//
// No server gets this process's environment or a secret among its arguments,
// and each ends when this process does, however that ends.
package start

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	readyWithin = 60 * time.Second // MinIO takes 0.6 s on an idle machine; a busy one has other ideas
	stopWithin  = 15 * time.Second
	readyEvery  = 20 * time.Millisecond
	tailBytes   = 8 << 10
)

// spec says how a server is run and when it is ready.
type spec struct {
	name  string
	path  string
	args  []string
	env   []string // beside PATH and HOME
	dir   string   // working directory and HOME; the log is in it
	port  int      // it listens there, or 0
	owner *syscall.Credential
	stop  syscall.Signal              // asks for an orderly end
	death syscall.Signal              // sent by the system when this process dies
	ready func(context.Context) error // nil when the server answers
}

// Process is a server that was started and can be ended and started again.
type Process struct {
	spec spec

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{} // closed when cmd has ended
}

// run starts a server and waits until it is ready.
func run(ctx context.Context, s spec) (*Process, error) {
	p := &Process{spec: s}
	return p, p.Start(ctx)
}

// Start starts the server again after Stop or Kill, with the same address and
// data, and returns when it is ready.
func (p *Process) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running() {
		return fmt.Errorf("%s runs already", p.spec.name)
	}
	if err := p.vacant(); err != nil {
		return fmt.Errorf("starting %s: %w", p.spec.name, err)
	}
	if err := p.launch(); err != nil {
		return fmt.Errorf("starting %s: %w", p.spec.name, err)
	}
	if err := p.await(ctx); err != nil {
		p.end(syscall.SIGKILL)
		return fmt.Errorf("starting %s: %w\n%s", p.spec.name, err, p.Tail())
	}
	return nil
}

func (p *Process) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

var errTaken = errors.New("somebody listens at its port already")

// vacant wants nobody to answer in the place of the server; one that was killed
// gets a moment to leave.
func (p *Process) vacant() error {
	if p.spec.port == 0 {
		return nil
	}
	for range 50 {
		if unused(p.spec.port) {
			return nil
		}
		time.Sleep(readyEvery)
	}
	return errTaken
}

// launch starts the program. The system ends it when this process dies; to
// that end the thread that started it has to live as long as it does.
func (p *Process) launch() error {
	log, err := os.OpenFile(p.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the server has its own
	cmd := exec.Command(p.spec.path, p.spec.args...)
	cmd.Dir = p.spec.dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.spec.dir}, p.spec.env...)
	cmd.Stdout, cmd.Stderr = log, log
	// In a group of its own: an interrupt typed at the terminal is for us.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.spec.owner, Pdeathsig: p.spec.death, Setpgid: true}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		return err
	}
	p.cmd, p.ended = cmd, ended
	return nil
}

var errEnded = errors.New("it has ended")

func (p *Process) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		err := p.spec.ready(ctx)
		select {
		case <-p.ended:
			// Whoever answered at this address was not our server.
			return errEnded
		default:
		}
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return errEnded
		case <-ctx.Done():
			return fmt.Errorf("it is not ready: %w", err)
		case <-time.After(readyEvery):
		}
	}
}

// Stop ends the server in order and waits for that.
func (p *Process) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end(p.spec.stop)
}

// Kill ends the server as a loss of power would.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end(syscall.SIGKILL)
}

func (p *Process) end(signal syscall.Signal) {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(signal) // fails if it has ended
	select {
	case <-p.ended:
	case <-time.After(stopWithin):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// signal tells the server something that does not end it.
func (p *Process) signal(signal syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.running() {
		return fmt.Errorf("%s: %w", p.spec.name, errEnded)
	}
	return p.cmd.Process.Signal(signal)
}

// Done is closed when the server, as last started, has ended.
func (p *Process) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// Log is the file with all that the server has written.
func (p *Process) Log() string { return filepath.Join(p.spec.dir, p.spec.name+".log") }

// Tail returns the end of the log.
func (p *Process) Tail() string {
	f, err := os.Open(p.Log())
	if err != nil {
		return err.Error()
	}
	defer func() { _ = f.Close() }() // only read
	if info, err := f.Stat(); err == nil && info.Size() > tailBytes {
		_, _ = f.Seek(-tailBytes, io.SeekEnd) // else the log is shown from its start
	}
	text, err := io.ReadAll(io.LimitReader(f, tailBytes))
	if err != nil {
		return err.Error()
	}
	return string(text)
}
