package sqldb

import (
	"bytes"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/auth/authtest"
	"docsvc/internal/document"
	"docsvc/internal/sqldb/sqldbtest"
	"docsvc/internal/testservers"
)

// TestPostgres runs all that is tested on PostgreSQL, over one server.
func TestPostgres(t *testing.T) {
	server := testservers.Postgres(t)
	create := func(t *testing.T) (*Register, Options) {
		t.Helper()
		o := Options{Engine: Postgres, DSN: server.NewSchema(t), AllowOwner: true}
		if err := Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		return open(t, o), o
	}
	t.Run("suite", func(t *testing.T) {
		sqldbtest.Run(t, func(t *testing.T) document.Store {
			r, _ := create(t)
			return r
		})
	})
	t.Run("sessions", func(t *testing.T) {
		authtest.Run(t, func(t *testing.T) auth.Store {
			r, _ := create(t)
			return r
		})
		r, _ := create(t)
		testPurgeBounded(t, r)
	})
	t.Run("rates", func(t *testing.T) {
		_, o := create(t)
		testRates(t, func(now func() time.Time) *Register {
			o.Now = now
			return open(t, o)
		})
	})
	t.Run("clock", func(t *testing.T) {
		_, o := create(t)
		o.Now = func() time.Time { return noon }
		there, err := open(t, o).Clock(t.Context())
		if off := time.Since(there); off.Abs() > time.Second || there.Location() != time.UTC || err != nil {
			t.Errorf("the server on this machine says %v, %v off: %v", there, off, err)
		}
	})
	t.Run("guards", func(t *testing.T) {
		r, o := create(t)
		testGuards(t, r, rawDB(t, o))
	})
	t.Run("truncate", func(t *testing.T) {
		r, o := create(t)
		testTruncate(t, r, rawDB(t, o))
	})
	t.Run("plans", func(t *testing.T) {
		r, _ := create(t)
		testPostgresPlans(t, r)
	})
	t.Run("find", func(t *testing.T) {
		r, _ := create(t)
		testBrokenOff(t, r)
		_, o := create(t)
		testFillWords(t, o)
	})
	t.Run("versions", func(t *testing.T) {
		testVersions(t, Options{Engine: Postgres, DSN: server.NewSchema(t), AllowOwner: true})
	})
	t.Run("older acts", func(t *testing.T) {
		testOlderActs(t, Options{Engine: Postgres, DSN: server.NewSchema(t), AllowOwner: true})
	})
	t.Run("processes", func(t *testing.T) {
		r, o := create(t)
		testProcesses(t, r, o)
	})
	t.Run("connection", func(t *testing.T) { testConnection(t, server) })
	t.Run("faults", func(t *testing.T) { testFaults(t, server) })
	o := newOffices(t, server)
	t.Run("grants", func(t *testing.T) { testGrants(t, o) })
	t.Run("roles refused", func(t *testing.T) { testRoleRefused(t, o) })
	t.Run("attacks", func(t *testing.T) { testAttacks(t, o) })
	t.Run("as the service", func(t *testing.T) { testAsService(t, o) })
	t.Run("dump as SQLite", func(t *testing.T) {
		inPostgres, _ := create(t)
		inSQLite, _ := newSQLite(t)
		fill(t, inPostgres)
		fill(t, inSQLite)
		if a, b := dump(t, inPostgres), dump(t, inSQLite); !bytes.Equal(a, b) {
			t.Errorf("PostgreSQL:\n%s\nSQLite:\n%s", a, b)
		}
	})
}

// testAsService runs everything that docsvc does under the role that serves.
func testAsService(t *testing.T, o offices) {
	t.Run("suite", func(t *testing.T) {
		sqldbtest.Run(t, func(t *testing.T) document.Store {
			r, _ := o.open(t)
			return r
		})
	})
	t.Run("sessions", func(t *testing.T) {
		authtest.Run(t, func(t *testing.T) auth.Store {
			r, _ := o.open(t)
			return r
		})
		r, _ := o.open(t)
		testPurgeBounded(t, r)
	})
	t.Run("rates", func(t *testing.T) {
		_, service := o.open(t)
		testRates(t, func(now func() time.Time) *Register {
			service.Now = now
			return open(t, service)
		})
	})
	t.Run("clock", func(t *testing.T) {
		r, _ := o.open(t)
		if _, err := r.Clock(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("processes", func(t *testing.T) {
		r, service := o.open(t)
		testProcesses(t, r, service)
	})
	t.Run("line", func(t *testing.T) {
		r, service := o.open(t)
		testLine(t, r, service)
	})
	t.Run("zombie", func(t *testing.T) {
		r, service := o.open(t)
		testZombie(t, r, service)
	})
}
