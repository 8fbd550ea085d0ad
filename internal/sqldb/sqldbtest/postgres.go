package sqldbtest

import (
	"testing"

	"docsvc/internal/testservers"
)

// Postgres is the PostgreSQL server of the test binary.
type Postgres struct{ *testservers.PostgresServer }

// StartPostgres returns the server. Without PostgreSQL's programs the test is
// skipped, or fails if DOCSVC_MUST_RUN names postgres.
func StartPostgres(t *testing.T) *Postgres {
	t.Helper()
	return &Postgres{testservers.Postgres(t)}
}

// NewDatabase makes an empty place for one register and returns its connection
// string. It is a schema: to make a database takes half a second.
func (p *Postgres) NewDatabase(tb testing.TB) (dsn string) {
	tb.Helper()
	return p.NewSchema(tb)
}
