// Command docsvc signs, archives and serves legal acts. Each subcommand is a
// file cmd_NAME.go; wire.go joins the parts that config.go names.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// version is stamped by the build.
var version = "dev"

// Exit codes of every subcommand.
const (
	exitOK    = 0
	exitNo    = 1 // done, and the answer is no: a signature does not verify, a number is unknown
	exitError = 2 // could not do it
)

// errNo makes a subcommand exit with exitNo; what there was to say is printed.
var errNo = errors.New("no")

// env is what a subcommand may touch of the world.
type env struct {
	stdout, stderr io.Writer
	log            *slog.Logger
}

// command is one subcommand. run gets the arguments after its name.
type command struct {
	name, args, help string
	run              func(ctx context.Context, e env, args []string) error
}

func commands() []command {
	return []command{
		{"init", "--data DIR [--demo] [--origin URL] | --config FILE", "make the embedded set, or what the parts of a configuration need", runInit},
		{"serve", "--data DIR | --config FILE [--addr HOST:PORT]", "serve the pages and run the worker", runServe},
		{"demo", "--data DIR [--json]", "register the sample cases and issue their acts", runDemo},
		{"officer", "add|enrol|import|renew|revoke|disable|password|list …", "manage officers, their keys and certificates", runOfficer},
		{"keys", "reconcile --vault-audit FILE | rotate tsa", "compare Vault's log with the audit trail; give the evaluation authority another time-stamping unit", runKeys},
		{"case", "register --input FILE.json … | show NUMBER", "register an enforcement document, or show a case", runCase},
		{"issue", "--template ID --input FILE.json --officer LOGIN --passphrase-file F [--out FILE.pdf] [--json]", "issue, sign and archive one act", runIssue},
		{"batch", "--input FILE.jsonl --officer LOGIN --passphrase-file F [--json]", "issue many acts with one authentication", runBatch},
		{"sign", "--officer LOGIN --passphrase-file F [NUMBER…] [--json]", "sign the acts that wait for this officer", runSign},
		{"annul", "NUMBER --reason TEXT [--by NUMBER] --officer LOGIN --passphrase-file F", "annul an archived act by a signed decision", runAnnul},
		{"supersede", "NUMBER --by NUMBER --reason TEXT --officer LOGIN --passphrase-file F", "mark an archived act as replaced by another", runSupersede},
		{"void", "NUMBER --reason TEXT [--return] --officer LOGIN --passphrase-file F", "give up an act that not all have signed, or return it to its author instead of approving it", runVoid},
		{"confirm", "NUMBER [--reject --reason TEXT] --officer LOGIN --passphrase-file F", "confirm as second person that an act is annulled or superseded, or reject it", runConfirm},
		{"deliver", "NUMBER --party P --recipient NAME --way WAY --on DATE --proof TEXT [--file F] [--corrects ID] --officer LOGIN --passphrase-file F", "record that an act was served on a party", runDeliver},
		{"verify", "FILE.pdf [--trust ROOT.pem] [--evidence FILE.json --log-key FILE] [--at RFC3339] [--lang az|en|ru] [--report FILE.json] [--data DIR] [--json]", "verify the signatures of a file", runVerify},
		{"lookup", "NUMBER|CODE [--json]", "say what the register knows", runLookup},
		{"templates", "list|check|schema|preview …", "look at the act templates", runTemplates},
		{"archive", "list|get|export|renew …", "look into the archive; renew what proves its acts", runArchive},
		{"jobs", "[--retry [NUMBER…]] [--lang az|en|ru] [--json]", "list the acts that wait for a part that is down, or try them now", runJobs},
		{"token", "create --login LOGIN --name TEXT --scopes LIST [--days N] | list | revoke ID", "let a program use the API in the name of an account", runToken},
		{"probe", "URL", "ask a running serve for its health: /healthz or /readyz", runProbe},
		{"rebuild", "--data DIR [--json]", "restore an empty register from the archive", runRebuild},
		{"migrate", "--data DIR", "bring the register's schema up to date", runMigrate},
		{"bench", "[--documents N] [--workers W] [--json]", "measure the whole line on this machine", runBench},
	}
}

// collectAt lets the heap grow to three times what is live before it is
// collected: an act needs some megabytes for some milliseconds, and collecting
// at twice the live heap costs a tenth of the time. The limit keeps the whole
// within what a small machine has. GOGC and GOMEMLIMIT go before both.
func collectAt() {
	const percent, limit = 200, 1 << 30
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
}

func main() {
	collectAt()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends at once what does not listen: a pipe that stays silent.
	context.AfterFunc(ctx, stop)
	code := run(ctx, env{stdout: os.Stdout, stderr: os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}

// run carries out one subcommand and returns the exit code.
func run(ctx context.Context, e env, args []string) int {
	e.log = slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(e.stdout)
		return exitOK
	}
	if args[0] == "version" || args[0] == "--version" {
		fmt.Fprintln(e.stdout, version)
		return exitOK
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		err := c.run(ctx, e, args[1:])
		switch {
		case err == nil || errors.Is(err, flag.ErrHelp):
			return exitOK
		case errors.Is(err, errNo):
			return exitNo
		default:
			printError(e.stderr, c.name, err)
			return exitError
		}
	}
	fmt.Fprintf(e.stderr, "docsvc: no subcommand %q; see docsvc help\n", args[0])
	return exitError
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "docsvc signs, archives and serves legal acts.")
	fmt.Fprintln(w)
	for _, c := range commands() {
		fmt.Fprintf(w, "  docsvc %s %s\n      %s\n", c.name, c.args, c.help)
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, "--data DIR may be left out when DOCSVC_DATA is set.")
	fmt.Fprintln(w, "Exit status: 0 done, 1 the answer is no, 2 it could not be done.")
}
