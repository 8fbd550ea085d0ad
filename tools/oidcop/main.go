// Command oidcop is an OpenID Provider for tests and for trying docsvc: real
// enough that docsvc, Vault and a browser do with it what they do with any
// other, and nothing that must be kept secret. It serves plain HTTP and keeps
// all in memory. Users and clients come from a file:
//
//	{
//	  "clients": [
//	    {"id": "docsvc", "secret": "…", "redirect_uris": ["http://127.0.0.1:8080/login/callback"]},
//	    {"id": "docsvc-cli", "native": true, "redirect_uris": ["http://127.0.0.1/callback"]}
//	  ],
//	  "users": [
//	    {"login": "a.aliyev", "password": "…", "subject": "5VBK5VR", "name": "Əli Əliyev",
//	     "acr": "high", "amr": ["pwd", "otp"], "claims": {"fin": "5VBK5VR"}}
//	  ]
//	}
//
// A native client may be at any port of this machine (RFC 8252, 7.3) and has no
// secret. Two logins may have one subject, as somebody may sign in more or less
// strongly. SIGHUP makes a new signing key; the old ones stay published.
//
// The protocol is that of github.com/zitadel/oidc; beyond it PKCE with S256 is
// demanded, a code is good once and for a minute, and max_age is kept.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "oidcop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("oidcop", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:9090", "address to listen on")
	issuer := flags.String("issuer", "", "issuer, if it is not http://ADDRESS")
	path := flags.String("config", "", "file with clients and users")
	algorithm := flags.String("alg", "RS256", "algorithm of ID tokens: RS256 or ES256")
	life := flags.Duration("life", 5*time.Minute, "life of an ID token")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *issuer == "" {
		*issuer = "http://" + *listen
	}
	c, err := readConfig(*path)
	if err != nil {
		return err
	}
	keys := &keyring{algorithm: *algorithm}
	if err := keys.rotate(); err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	handler, err := newHandler(*issuer, newStorage(c, keys, *life), log)
	if err != nil {
		return err
	}
	go rotateOnHangup(ctx, keys, log)
	return serve(ctx, *listen, handler)
}

// newHandler joins the protocol with the login page.
func newHandler(issuer string, s *storage, log *slog.Logger) (http.Handler, error) {
	config := &op.Config{CodeMethodS256: true, AuthMethodPost: true, SupportedScopes: []string{"openid", "profile"}}
	_, _ = rand.Read(config.CryptoKey[:]) // never fails
	provider, err := op.NewProvider(config, s, op.StaticIssuer(issuer), op.WithAllowInsecure(), op.WithLogger(log))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", s.showLogin)
	mux.HandleFunc("POST /login", s.checkLogin)
	mux.Handle("/", provider)
	return http.MaxBytesHandler(s.withSession(mux), 64<<10), nil
}

func rotateOnHangup(ctx context.Context, keys *keyring, log *slog.Logger) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			if err := keys.rotate(); err != nil {
				log.LogAttrs(ctx, slog.LevelError, "no new key", slog.Any("error", err))
			}
		}
	}
}

func serve(ctx context.Context, address string, handler http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close() // nothing to finish: all is in memory
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
