package sqldbtest

import (
	"testing"

	"docsvc/internal/testservers"
)

// StartPostgres returns the PostgreSQL server of the test binary. Without
// PostgreSQL's programs the test is skipped, or fails if DOCSVC_MUST_RUN names
// postgres.
func StartPostgres(t *testing.T) *testservers.PostgresServer {
	t.Helper()
	return testservers.Postgres(t)
}
