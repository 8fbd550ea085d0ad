package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/hook"
	"docsvc/internal/web"
)

// Limits of the HTTP server. Uploads of 100 MB over a slow line are why reading
// may take minutes; the handlers bound sizes.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 10 * time.Minute
	writeTimeout  = 10 * time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10
	shutdownGrace = 30 * time.Second
)

// runServe serves the pages and runs the worker until it is told to stop; then
// it refuses new work and finishes what is in hand.
func runServe(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "serve")
	addr := f.String("addr", "", "`HOST:PORT` instead of the configured address")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	return withApp(ctx, e, f, func(a *app) error {
		if *addr != "" {
			a.Config.Address = *addr
		}
		return a.serve(ctx, e)
	})
}

func (a *app) serve(ctx context.Context, e env) error {
	if keys, ok := a.Keys.(vaultKeys); ok {
		if err := keys.CheckOfficerKeys(ctx); err != nil {
			return fmt.Errorf("keys: %w", err)
		}
	}
	if err := a.checkClocks(ctx); err != nil {
		return err
	}
	handler, err := a.handler(e.log)
	if err != nil {
		return err
	}
	listener, err := a.listen()
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "docsvc serves %s://%s\n", a.scheme(), listener.Addr())
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(e.log.Handler(), slog.LevelWarn),
	}
	sender, err := a.sender()
	if err != nil {
		return err
	}
	worker := &document.Worker{
		Service: a.Service, Parallel: a.Config.Workers, Interval: 500 * time.Millisecond, LedgerEvery: time.Second,
		RenewEvery: time.Hour,
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return worker.Run(ctx) })
	for _, run := range append(a.background, a.watchClocks, a.purge, sender.Run) {
		g.Go(func() error { return run(ctx) })
	}
	g.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
		defer cancel()
		return server.Shutdown(grace)
	})
	err = g.Wait()
	a.work.Wait() // what a request has begun is finished
	return err
}

// listen opens the address, behind TLS if it is configured.
func (a *app) listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", a.Config.Address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s (another serve? try --addr): %w", a.Config.Address, err)
	}
	if a.Config.TLS == nil {
		return listener, nil
	}
	c, err := a.Config.serverTLS()
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return tls.NewListener(listener, c), nil
}

func (a *app) scheme() string {
	if a.Config.TLS != nil {
		return "https"
	}
	return "http"
}

// handler is the whole site.
func (a *app) handler(log *slog.Logger) (http.Handler, error) {
	o := web.Options{
		Verifier: a.Verify, Origin: a.Config.Origin, Evaluation: a.Service.Rules.Evaluation, Location: location(),
		Limiter: a.limiter(), TrustedProxies: a.Config.TrustedProxies, Now: time.Now, Rand: rand.Reader, Log: log,
		Probes: a.probes, Parts: a.Parts, Skews: a.skews.all, Version: version,
		RenewalsDue: a.Service.CountDueForRenewal, Templates: a.Renderer.Templates,
		SealKeys: func(ctx context.Context) ([]web.SealKey, error) {
			keys, err := sealKeys(ctx, a.Keys)
			list := make([]web.SealKey, 0, len(keys))
			for id, key := range keys {
				list = append(list, web.SealKey{ID: id, Key: key})
			}
			slices.SortFunc(list, func(x, y web.SealKey) int { return strings.Compare(x.ID, y.ID) })
			return list, err
		},
	}
	if a.Authority != nil {
		o.Authority = a.Authority.Handler()
	}
	if a.Login != nil || a.Local != nil {
		o.Office = a.office()
	}
	return web.Handler(o)
}

// limiter counts across processes where there may be several.
func (a *app) limiter() web.Limiter {
	if a.Config.Register.Postgres != nil {
		return a.Register
	}
	return &web.ProcessLimiter{Now: time.Now}
}

// office is what the pages of officers stand on.
func (a *app) office() *web.Office {
	o := &web.Office{
		Service: a.Service, Provider: a.Login, Local: a.Local,
		Attempts: &auth.Attempts{Store: a.Register, Now: time.Now},
		Sessions: a.sessions(), Templates: a.Renderer.Templates, Offices: a.Config.Offices, Go: a.work.Go,
	}
	if a.Vault == nil {
		o.OpenKey = a.openKey
		return o
	}
	o.Unlock = func(ctx context.Context, proof auth.Identity, account document.Account) (document.KeyHolder, error) {
		return a.unlockAtVault(proof)(ctx, account)
	}
	return o
}

func (a *app) sessions() *auth.Sessions { return &auth.Sessions{Store: a.Register, Now: time.Now} }

// purgeEvery is how often sessions that are over are removed.
const purgeEvery = 10 * time.Minute

func (a *app) purge(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(purgeEvery):
		}
		if _, err := a.sessions().Purge(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "old sessions", slog.Any("error", err))
		}
		if err := a.Service.Purge(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "old requests and deliveries", slog.Any("error", err))
		}
	}
}

// sender delivers to webhooks.
func (a *app) sender() (*hook.Sender, error) {
	s := &hook.Sender{
		Store: a.Register, Secrets: a.Service.Secrets, Networks: a.Config.Webhooks.Networks, Interval: time.Second, Now: time.Now, Log: a.log,
	}
	if a.Config.Webhooks.CAFile == "" {
		return s, nil
	}
	data, err := readInput(a.Config.path(a.Config.Webhooks.CAFile), maxConfig)
	if err != nil {
		return nil, fmt.Errorf("webhooks.ca_file: %w", err)
	}
	if s.Roots = x509.NewCertPool(); !s.Roots.AppendCertsFromPEM(data) {
		return nil, errors.New("webhooks.ca_file: no certificate in it")
	}
	return s, nil
}
