// Command production starts the servers of the production set on this machine,
// lets docsvc initialise them and issue the sample acts through them, and
// serves, or runs another command over them: what `make run-production` does.
//
//	production [-dir var/production] [-docsvc bin/docsvc] [-address 127.0.0.1:8080] [COMMAND of docsvc]
//	production log-in USERS.json LOGIN URL    the officer's part, without a browser
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"docsvc/internal/testservers/production"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "production:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 4 && args[0] == "log-in" {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		return production.LogIn(ctx, args[1], args[2], args[3])
	}
	f := flag.NewFlagSet("production", flag.ContinueOnError)
	dir := f.String("dir", "var/production", "where the servers keep their data")
	binary := f.String("docsvc", "bin/docsvc", "the program")
	address := f.String("address", "127.0.0.1:8080", "where it serves")
	once := f.Bool("once", false, "end after the sample acts, without serving")
	if err := f.Parse(args); err != nil {
		return err
	}
	root, err := filepath.Abs(*dir)
	if err != nil {
		return err
	}
	ports, err := ports(root)
	if err != nil {
		return err
	}
	begun := time.Now()
	fmt.Println("starting PostgreSQL, MinIO, Vault and an identity provider …")
	set, err := production.Start(ctx, production.Options{Dir: root, Address: *address, Ports: ports, Keep: true})
	if err != nil {
		return err
	}
	defer set.Stop()
	fmt.Printf("started in %.1f s\n\n", time.Since(begun).Seconds())
	o := office{ctx: ctx, set: set, docsvc: *binary, dir: root}
	if err := o.open(); err != nil {
		return err
	}
	o.tell(*address)
	switch {
	case *once:
		return nil
	case f.NArg() > 0:
		return o.run(append(f.Args(), "--config", set.Config())...)
	}
	return o.run("serve", "--config", set.Config())
}

// ports are the servers' own ones, the same after each start.
func ports(dir string) (ports [4]int, err error) {
	file := filepath.Join(dir, "ports")
	if data, err := os.ReadFile(file); err == nil {
		_, err = fmt.Sscan(string(data), &ports[0], &ports[1], &ports[2], &ports[3])
		return ports, err
	}
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return ports, err
		}
		defer func() { _ = l.Close() }() // only kept so that no two are the same
		_, port, _ := net.SplitHostPort(l.Addr().String())
		if ports[i], err = strconv.Atoi(port); err != nil {
			return ports, err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return ports, err
	}
	return ports, os.WriteFile(file, fmt.Append(nil, ports[0], ports[1], ports[2], ports[3]), 0o600)
}

// office is docsvc over the servers.
type office struct {
	ctx         context.Context //nolint:containedctx // of one run of this program
	set         *production.Set
	docsvc, dir string
}

// run runs a command of docsvc. Officers log in as themselves: the browser's
// part is played by this program.
func (o office) run(args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(o.ctx, o.docsvc, args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("DOCSVC_BROWSER=%s log-in %s {officer}", self, o.set.Secret("officers.json")))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil && !errors.Is(o.ctx.Err(), context.Canceled) {
		return fmt.Errorf("docsvc %s: %w", args[0], err)
	}
	return nil
}

// open initialises what is new and issues the sample acts.
func (o office) open() error {
	if err := o.run(o.set.InitArguments()...); err != nil {
		return err
	}
	officers, err := production.Officers()
	if err != nil {
		return err
	}
	enrolled := filepath.Join(o.dir, "enrolled")
	if _, err := os.Stat(enrolled); err != nil {
		for _, officer := range officers {
			if err := o.run(o.set.EnrolArguments(officer)...); err != nil {
				return err
			}
		}
		if err := os.WriteFile(enrolled, nil, 0o600); err != nil {
			return err
		}
	}
	fmt.Println("\nthe sample acts:")
	return o.run("demo", "--config", o.set.Config())
}

// tell prints what is where.
func (o office) tell(address string) {
	s := o.set
	fmt.Printf(`
What is where, all below %s

  register    PostgreSQL %s on %s, database docsvc
              psql "$(cat secrets/service.dsn)"
  archive     MinIO %s at %s, bucket docsvc
  keys        Vault %s at %s, transit, pki, jwt; token in secrets/vault-root-token
              its audit log: %s
  login       OpenID provider at %s; names and passwords in secrets/officers.json
  pages       http://%s and http://%s/office
  settings    docsvc.json

These servers hold invented persons; their secrets lie in that directory.
Ctrl-C ends all of them; the next start finds everything again.

`, o.dir, s.Postgres.Version, s.Postgres.Addr, s.MinIO.Version, s.MinIO.Endpoint, s.Vault.Version, s.Vault.Address,
		s.Vault.AuditLog, s.OIDC.Issuer, address, address)
}
