package testservers

import (
	"os/exec"
	"testing"
)

// Tool finds a program of others that judges documents in tests; tools/install.sh
// installs them. Where it is missing the test is skipped, or fails if
// DOCSVC_MUST_RUN names "tools".
func Tool(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(tb, "tools", err)
	}
	return path
}
