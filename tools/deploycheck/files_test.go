package deploycheck

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// root is the repository, deploy the files that are checked.
const (
	root   = "../.."
	deploy = root + "/deploy"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// must says whether the absence of a program is a failure here.
func must(name string) bool {
	return slices.Contains(strings.Split(os.Getenv("DOCSVC_MUST_RUN"), ","), name)
}

// program finds a Debian program, or skips the test, or fails it where
// DOCSVC_MUST_RUN names the tools.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/lib/postgresql/15/bin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	if must("tools") {
		t.Fatalf("%s is not there, and DOCSVC_MUST_RUN wants it: tools/install.sh", name)
	}
	t.Skipf("%s is not there: make tools", name)
	return ""
}

// server finds a program that tools/servers/build.sh builds, and builds it
// where it must run.
func server(t *testing.T, name string) string {
	t.Helper()
	build := root + "/tools/servers/build.sh"
	path := strings.TrimSpace(mustRun(t, build, "--path", name))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if !must(name) && !must("tools") && os.Getenv("DOCSVC_SERVERS_BUILD") == "" {
		t.Skipf("%s is not built: tools/servers/build.sh %s", name, name)
	}
	mustRun(t, build, name)
	return path
}

// run runs a command and returns what it printed.
func run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	return string(out), err
}

// mustRun is run for a command that has to succeed.
func mustRun(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := run(t, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}
