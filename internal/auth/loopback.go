package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"docsvc/internal/document"
)

const (
	// CallbackPath is where a login from the command line comes back to.
	CallbackPath = "/callback"

	loopbackTimeout = 5 * time.Minute
	goodbye         = 2 * time.Second // for the page to reach the browser
)

// Loopback logs in from the command line (RFC 8252, 7.3): the person's own
// browser goes to the provider and comes back to a port of this machine, which
// listens for this one login only. The attempt never leaves the process.
//
// The provider's Config names a public client, without a secret: an officer's
// machine could not keep one (RFC 8252, 8.5).
type Loopback struct {
	Provider *Provider
	// Open shows the address to the person; see [Browser]. It returns at once.
	Open    func(url string) error
	Timeout time.Duration // five minutes if zero
	Now     func() time.Time
	Random  io.Reader // crypto/rand if nil
}

// Login waits until the person has logged in, ctx ends or the time is over.
func (l *Loopback) Login(ctx context.Context, start Start) (Identity, error) {
	timeout := orDefault(l.Timeout, loopbackTimeout)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	port := strconv.Itoa(l.Provider.config.LoopbackPort)
	// 127.0.0.1 and not localhost, which may be another address (RFC 8252, 8.3).
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return Identity{}, newError(document.Unavailable, "error.login.port", err, "port", port)
	}
	if start.Life == 0 {
		start.Life = timeout
	}
	attempt, err := newAttempt(start, l.Now(), l.Random)
	if err != nil {
		return Identity{}, errors.Join(err, listener.Close())
	}
	host := listener.Addr().String()
	attempt.redirect = "http://" + host + CallbackPath
	address, err := l.Provider.AuthURL(ctx, attempt)
	if err != nil {
		return Identity{}, errors.Join(err, listener.Close())
	}
	d := &desk{host: host, state: attempt.StateHash, arrived: make(chan Callback, 1), outcome: make(chan error, 1)}
	server := &http.Server{
		Handler: d, ReadTimeout: providerTimeout, MaxHeaderBytes: 4 * maxQuery,
		// What a stranger on this port does is nobody's business.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	identity, err := l.wait(ctx, d, attempt, address, failed)
	d.outcome <- err
	leave, stop := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer stop()
	if server.Shutdown(leave) != nil {
		_ = server.Close() // the page did not reach the browser; the login is what counts
	}
	return identity, err
}

// wait opens the address and finishes the login that comes back.
func (l *Loopback) wait(ctx context.Context, d *desk, a Attempt, address string, failed <-chan error) (Identity, error) {
	if err := l.Open(address); err != nil {
		return Identity{}, fmt.Errorf("open the login page: %w", err)
	}
	select {
	case c := <-d.arrived:
		return l.Provider.Finish(ctx, a, c)
	case err := <-failed:
		return Identity{}, fmt.Errorf("wait for the login: %w", err)
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return Identity{}, newError(document.Unavailable, "error.login.timeout", ctx.Err())
		}
		return Identity{}, fmt.Errorf("wait for the login: %w", ctx.Err())
	}
}

// desk receives the one callback that is waited for. Others, from another tab,
// program or site, change nothing.
type desk struct {
	host    string
	state   Hash
	taken   atomic.Bool
	arrived chan Callback
	outcome chan error
}

// ServeHTTP answers the browser.
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The name that was asked for keeps out a site whose name leads here (DNS
	// rebinding).
	if r.URL.Path != CallbackPath || r.Host != d.host || r.URL.Scheme != "" {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
		return
	}
	c, err := ParseCallback(r.URL.RawQuery)
	if err == nil && (HashOf(c.State) != d.state || !d.taken.CompareAndSwap(false, true)) {
		err = newError(document.Conflict, "error.login.state", errors.New("not the login that is waited for"))
	}
	if err != nil {
		writePage(w, http.StatusBadRequest, err)
		return
	}
	d.arrived <- c // has room for the only one
	select {
	case err = <-d.outcome:
	case <-r.Context().Done():
		return
	}
	if err != nil {
		writePage(w, http.StatusForbidden, err)
		return
	}
	writePage(w, http.StatusOK, nil)
}
