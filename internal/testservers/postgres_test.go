package testservers

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPostgres(t *testing.T) {
	began := time.Now()
	p := Postgres(t)
	t.Logf("PostgreSQL %s ready after %v", p.Version, time.Since(began))
	if Postgres(t) != p {
		t.Error("a second server for the same test binary")
	}
	began = time.Now()
	one, two := p.NewDatabase(t), p.NewDatabase(t)
	t.Logf("two databases after %v", time.Since(began))
	p.Run(t, one, "CREATE TABLE a (n int)", "INSERT INTO a VALUES (1), (2)")
	if rows := p.Run(t, p.Via(one, p.Addr), "SELECT n, 'x' FROM a ORDER BY n"); !slices.Equal(rows, []string{"1|x", "2|x"}) {
		t.Errorf("through TCP: %q", rows)
	}
	if _, err := p.SQL(t.Context(), two, "SELECT n FROM a"); err == nil || !strings.Contains(err.Error(), `"a" does not exist`) {
		t.Errorf("the other database has the table: %v", err)
	}
	if _, err := p.SQL(t.Context(), p.Via(one, p.Addr)+" password=wrong", "SELECT 1"); err == nil {
		t.Error("TCP asks for no password")
	}
}

// TestPostgresAgain wants what was committed before a loss of power, at the
// same address.
func TestPostgresAgain(t *testing.T) {
	p := NewPostgres(t, true)
	dsn := p.NewDatabase(t)
	p.Run(t, dsn, "CREATE TABLE a (n int)", "INSERT INTO a VALUES (1)")
	p.Kill()
	<-p.Done()
	if _, err := p.SQL(t.Context(), dsn, "SELECT 1"); err == nil {
		t.Fatal("a server that was killed answers")
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rows := p.Run(t, dsn, "SELECT n FROM a"); !slices.Equal(rows, []string{"1"}) {
		t.Errorf("after the loss: %q", rows)
	}
	if rows := p.Run(t, dsn, "SHOW fsync"); !slices.Equal(rows, []string{"on"}) {
		t.Errorf("fsync is %q", rows)
	}
}

func TestPostgresSchema(t *testing.T) {
	p := Postgres(t)
	one, two := p.NewSchema(t), p.NewSchema(t)
	p.Run(t, one, "CREATE TABLE b (n int)")
	if _, err := p.SQL(t.Context(), two, "SELECT n FROM b"); err == nil || !strings.Contains(err.Error(), `"b" does not exist`) {
		t.Errorf("the other schema has the table: %v", err)
	}
}
