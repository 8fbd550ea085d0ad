// Package testservers gives tests the real servers that docsvc runs on in
// production, and a proxy that makes them fail. A server is started when the
// first test of a binary asks for it, serves all its tests, and ends with it;
// those made by a function called New… belong to one test, which may stop,
// kill and start them again.
//
// Where a server's program is missing the test is skipped and says so, or fails
// if DOCSVC_MUST_RUN (a list with commas) names it. `make servers` obtains them.
package testservers

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"docsvc/internal/testservers/start"
)

// MustRun says whether DOCSVC_MUST_RUN names a thing that tests need.
func MustRun(name string) bool {
	return slices.Contains(strings.Split(os.Getenv("DOCSVC_MUST_RUN"), ","), name)
}

// need ends a test whose server's program is not built.
func need(tb testing.TB, name, program string) {
	tb.Helper()
	if _, err := start.Find(tb.Context(), program); err != nil {
		missing(tb, name, err)
	}
}

// missing ends a test that needs what is not there.
func missing(tb testing.TB, name string, err error) {
	tb.Helper()
	if MustRun(name) {
		tb.Fatalf("DOCSVC_MUST_RUN names %s: %v", name, err)
	}
	tb.Skipf("not tested with %s: %v", name, err)
}

// binary holds what the tests of this test binary share. It is a variable
// because tests have no other place to keep it: a package's TestMain, if it has
// one, knows nothing of servers.
var binary struct {
	sync.Mutex
	servers map[string]any // by name; an error if it did not start
	dir     string
	janitor io.Closer // its end is the sign to clean up; never closed by us
}

// shared returns the binary's server of that name, started at most once.
func shared[S any](tb testing.TB, name string, begin func(ctx context.Context, dir string) (S, error)) S {
	tb.Helper()
	binary.Lock()
	defer binary.Unlock()
	if _, ok := binary.servers[name]; !ok {
		s, err := startShared(name, begin)
		if binary.servers == nil {
			binary.servers = map[string]any{}
		}
		binary.servers[name] = s
		if err != nil {
			binary.servers[name] = err
		}
	}
	s, ok := binary.servers[name].(S)
	if !ok {
		tb.Fatal(binary.servers[name])
	}
	return s
}

func startShared[S any](name string, begin func(ctx context.Context, dir string) (S, error)) (S, error) {
	if binary.dir == "" {
		var err error
		if binary.dir, binary.janitor, err = sharedDir(); err != nil {
			var none S
			return none, err
		}
	}
	// Not the context of the test that happens to be the first.
	return begin(context.Background(), filepath.Join(binary.dir, name))
}

// sharedDir makes a folder that is removed after this process has ended,
// however it ends: by a shell that waits for the end of its input.
func sharedDir() (string, io.Closer, error) {
	dir, err := newDir()
	if err != nil {
		return "", nil, err
	}
	// The servers die with us, which takes them a moment.
	janitor := exec.Command("/bin/sh", "-c",
		`cat; for i in 1 2 3 4 5; do rm -rf "$0"; sleep 1; [ -e "$0" ] || exit 0; done`, dir)
	janitor.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // spared by an interrupt at the terminal
	in, err := janitor.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	if err := janitor.Start(); err != nil {
		return "", nil, fmt.Errorf("starting the janitor of %s: %w", dir, err)
	}
	return dir, in, nil
}

// newDir is not tb.TempDir: other users must get in, socket paths are short.
func newDir() (string, error) {
	dir, err := os.MkdirTemp("", "docsvc-test")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

// stopper is a server of its own.
type stopper interface{ Stop() }

// own starts a server that ends with the test.
func own[S stopper](tb testing.TB, name string, begin func(ctx context.Context, dir string) (S, error)) S {
	tb.Helper()
	dir, err := newDir()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	s, err := begin(tb.Context(), filepath.Join(dir, name))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Stop)
	return s
}
