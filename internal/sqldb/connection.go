package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// session is what the connections of one pool have in common.
type session struct {
	statement, lock, idle time.Duration // the server's limits; 0 means none
	patience              time.Duration // how long an answer may take; 0 means for ever
}

// serving has a server count as gone when its answer takes still longer than
// the longest statement.
func serving(o Options) session {
	return session{
		statement: o.StatementTimeout, lock: o.LockTimeout, idle: o.IdleTimeout,
		patience: o.StatementTimeout + o.StatementTimeout/6 + time.Second,
	}
}

// migrating takes its time: to build an index over millions of acts is one
// statement. But whoever waits for a lock makes others wait behind him.
func migrating() session { return session{lock: 30 * time.Second} }

func postgresDB(o Options, s session) (*sql.DB, error) {
	cfg, err := parseDSN(o.DSN)
	if err != nil {
		return nil, err
	}
	name := "docsvc"
	if o.Process != "" {
		name += " " + o.Process
	}
	cfg.RuntimeParams["application_name"] = name
	cfg.RuntimeParams["timezone"] = "UTC"
	cfg.RuntimeParams["synchronous_commit"] = "on" // whatever the role's default is
	cfg.RuntimeParams["statement_timeout"] = milliseconds(s.statement)
	cfg.RuntimeParams["lock_timeout"] = milliseconds(s.lock)
	// A process that hangs in a transaction must not hold a series' row for ever.
	cfg.RuntimeParams["idle_in_transaction_session_timeout"] = milliseconds(s.idle)
	cfg.ConnectTimeout = o.ConnectTimeout // of each address
	cfg.DialFunc = dial(o.ConnectTimeout, s.patience)
	if cfg.ValidateConnect == nil { // target_session_attrs was not asked for
		cfg.ValidateConnect = takesWrites
	}
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(o.MaxConns)
	db.SetMaxIdleConns(o.MaxConns)
	db.SetConnMaxLifetime(o.ConnLifetime)
	return db, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// parseDSN never shows the connection string, which may hold a password, nor
// what a driver makes of a malformed one: in "postgres://u:a/b@host" the end of
// the password is the name of the database.
func parseDSN(dsn string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, fmt.Errorf("connection string: %w", file)
	}
	if err != nil {
		return nil, errors.New("connection string: it is malformed (it is not shown, since it may hold a password)")
	}
	hosts := []string{cfg.Host}
	for _, f := range cfg.Fallbacks {
		hosts = append(hosts, f.Host)
	}
	for _, name := range append(hosts, cfg.Database) {
		if strings.ContainsAny(name, "@:?#") && net.ParseIP(name) == nil {
			return nil, errors.New("connection string: a server's or the database's name has one of @ : ? #; write these as %40 %3A %3F %23 in a password")
		}
	}
	return cfg, nil
}

// takesWrites refuses a standby, so that the next address is tried.
func takesWrites(ctx context.Context, c *pgconn.PgConn) error {
	result := c.ExecParams(ctx, "SHOW transaction_read_only", nil, nil, nil, nil).Read()
	if result.Err != nil {
		return result.Err
	}
	if len(result.Rows) == 1 && string(result.Rows[0][0]) == "on" {
		return errStandby
	}
	return nil
}

// dial finds out within seconds that a server is gone which said nothing: the
// system's own limits are a quarter of an hour.
func dial(timeout, patience time.Duration) pgconn.DialFunc {
	d := &net.Dialer{Timeout: timeout, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil || patience == 0 {
			return c, err
		}
		return &patient{Conn: c, limit: patience}, nil
	}
}

// patient is a connection on which a read or a write ends after limit, unless
// the driver has set a deadline for the sake of a context.
type patient struct {
	net.Conn
	limit time.Duration
	mu    sync.Mutex
	set   bool // the deadline is the driver's
}

func (p *patient) SetDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set = !t.IsZero()
	return p.Conn.SetDeadline(t)
}

// start gives the next read or write its time.
func (p *patient) start(set func(time.Time) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.set {
		return nil
	}
	return set(time.Now().Add(p.limit))
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.start(p.SetReadDeadline); err != nil {
		return 0, err
	}
	return p.Conn.Read(b)
}

func (p *patient) Write(b []byte) (int, error) {
	if err := p.start(p.SetWriteDeadline); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}
