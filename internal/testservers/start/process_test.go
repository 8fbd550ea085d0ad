package start

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shell is a server made of a script.
func shell(t *testing.T, script string) spec {
	t.Helper()
	return spec{
		name: "script", path: "/bin/sh", args: []string{"-c", script}, dir: t.TempDir(),
		stop: syscall.SIGTERM, death: syscall.SIGKILL, ready: func(context.Context) error { return nil },
	}
}

func TestProcess(t *testing.T) {
	t.Setenv("DOCSVC_SECRET", "of ours")
	s := shell(t, `env; touch begun; exec sleep 60`)
	s.env = []string{"GIVEN=yes"}
	s.ready = func(context.Context) error {
		_, err := os.Stat(s.dir + "/begun")
		return err
	}
	p, err := run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if log := p.Tail(); strings.Contains(log, "DOCSVC_SECRET") || !strings.Contains(log, "GIVEN=yes") {
		t.Errorf("its environment is %s", log)
	}
	if err := p.Start(t.Context()); err == nil {
		t.Error("it was started twice")
	}
	p.Stop()
	select {
	case <-p.Done():
	default:
		t.Error("it goes on after Stop")
	}
	p.Stop() // once more does nothing
	if err := os.Remove(s.dir + "/begun"); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Kill()
	if _, err := os.Stat(s.dir + "/begun"); err != nil {
		t.Errorf("it was not ready when Start returned: %v", err)
	}
}

func TestProcessThatFails(t *testing.T) {
	s := shell(t, `echo the reason; exit 3`)
	s.ready = func(context.Context) error { return errors.New("not yet") }
	if _, err := run(t.Context(), s); !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("one that ends: %v", err)
	}
	s = shell(t, `sleep 0.2; exit 3`)
	s.ready = func(context.Context) error { time.Sleep(500 * time.Millisecond); return nil }
	if _, err := run(t.Context(), s); !errors.Is(err, errEnded) {
		t.Errorf("somebody else answers: %v", err)
	}
	s = shell(t, `echo working on it; exec sleep 60`)
	s.ready = func(context.Context) error { return errors.New("not yet") }
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	p, err := run(ctx, s)
	if err == nil || !strings.Contains(err.Error(), "not yet") || !strings.Contains(err.Error(), "working on it") {
		t.Errorf("one that is never ready: %v", err)
	}
	<-p.Done() // it was ended
	s.path = "/nonexistent"
	if _, err := run(t.Context(), s); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no program: %v", err)
	}
}

func TestProcessDeaf(t *testing.T) {
	began := time.Now()
	p, err := run(t.Context(), shell(t, `trap '' TERM; while :; do sleep 1; done`))
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // for the trap
	p.spec.stop = syscall.SIGTERM
	stopped := make(chan struct{})
	go func() { p.Stop(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(2 * stopWithin):
		t.Fatal("Stop waits for ever")
	}
	if time.Since(began) < stopWithin {
		t.Error("it got no time to end in order")
	}
}

// TestOnPort wants another port when somebody took it, and no second try for
// another reason.
func TestOnPort(t *testing.T) {
	taken := func(port int) net.Listener {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", loopback(port))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	var ports []int
	got, err := onPort(0, func(port int) (int, error) {
		ports = append(ports, port)
		if len(ports) < 3 {
			l := taken(port)
			t.Cleanup(func() { _ = l.Close() })
			return 0, errEnded
		}
		return port, nil
	})
	if err != nil || got != ports[2] || ports[0] == ports[1] || ports[1] == ports[2] {
		t.Errorf("ports %v, then %d, %v", ports, got, err)
	}
	tries := 0
	if _, err := onPort(0, func(int) (int, error) { tries++; return 0, errEnded }); !errors.Is(err, errEnded) || tries != 1 {
		t.Errorf("%d tries, %v", tries, err)
	}
	tries = 0
	if _, err := onPort(4711, func(port int) (int, error) { tries++; return 0, errors.New(strconv.Itoa(port)) }); err == nil || err.Error() != "4711" || tries != 1 {
		t.Errorf("%d tries, %v", tries, err)
	}
}

func TestFreePort(t *testing.T) {
	seen := map[int]bool{}
	for range 50 {
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		if seen[port] || port < lowestPort || port >= highestPort || port%2 != 0 {
			t.Errorf("port %d", port)
		}
		seen[port] = true
	}
}
