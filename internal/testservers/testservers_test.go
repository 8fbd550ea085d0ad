package testservers

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// childVariable makes TestChild a process that is killed while it has servers.
const childVariable = "DOCSVC_TESTSERVERS_CHILD"

// TestChild is run by TestKilled only.
func TestChild(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		t.Skip("this is a part of TestKilled")
	}
	p := Postgres(t)
	fmt.Println("dir", filepath.Dir(p.Log()))
	time.Sleep(time.Minute)
}

// TestKilled wants neither servers nor folders to outlive a test binary that
// was killed.
func TestKilled(t *testing.T) {
	needPostgres(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childVariable+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	dir := ""
	for scanner := bufio.NewScanner(out); dir == "" && scanner.Scan(); {
		dir, _ = strings.CutPrefix(scanner.Text(), "dir ")
		if dir == scanner.Text() {
			dir = ""
		}
	}
	pid, err := os.ReadFile(dir + "/data/postmaster.pid")
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(pid), "\n")
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed
	deadline := time.Now().Add(20 * time.Second)
	for _, gone := range []string{"/proc/" + first, dir} {
		for {
			if _, err := os.Stat(gone); os.IsNotExist(err) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s is still there", gone)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// TestMissing wants a server that is not there to be a reason to skip, and to
// fail where it must run.
func TestMissing(t *testing.T) {
	for name, c := range map[string]struct {
		mustRun string
		failed  bool
	}{"named": {"tools,nothing", true}, "not named": {"tools,nothing-else", false}, "none": {"", false}} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DOCSVC_MUST_RUN", c.mustRun)
			fake := &recorder{TB: t}
			func() {
				defer func() { _ = recover() }() // how recorder ends a test
				need(fake, "nothing", "nothing")
			}()
			if fake.failed != c.failed || fake.skipped == c.failed || !strings.Contains(fake.message, "versions.txt has no nothing") {
				t.Errorf("failed %v, skipped %v: %s", fake.failed, fake.skipped, fake.message)
			}
		})
	}
}

// recorder is a test that says how it ended.
type recorder struct {
	testing.TB
	failed, skipped bool
	message         string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed, r.message = true, fmt.Sprintf(format, args...)
	panic("failed")
}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped, r.message = true, fmt.Sprintf(format, args...)
	panic("skipped")
}
