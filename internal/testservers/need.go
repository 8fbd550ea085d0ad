package testservers

import (
	"testing"

	"docsvc/internal/testservers/start"
)

// Need ends a test that starts the named servers by itself (package production)
// where the program of one is missing.
func Need(tb testing.TB, servers ...string) {
	tb.Helper()
	programs := map[string]string{"oidc": "oidcop"}
	for _, name := range servers {
		if name == "postgres" {
			if _, err := start.FindPostgres(); err != nil {
				missing(tb, name, err)
			}
			continue
		}
		program := name
		if other, ok := programs[name]; ok {
			program = other
		}
		need(tb, name, program)
	}
}
