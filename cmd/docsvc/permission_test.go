package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/document/documenttest"
	"docsvc/internal/signing/keyfile"
	"docsvc/internal/signing/vault"
)

// TestPermissionTable holds the command line to every row of the table. Reading
// and operating are for whoever may read the data directory (docs/threats.md):
// there the command line asks nobody.
func TestPermissionTable(t *testing.T) {
	t.Parallel() // beside the scripts: it waits more than it works
	dir := filepath.Join(t.TempDir(), "office")
	if err := newOffice(dir); err != nil {
		t.Fatal(err)
	}
	d := &clerks{t: t, dir: dir, refused: map[document.Action][]string{}}
	d.prepare()
	for _, row := range documenttest.Permissions() {
		switch row.Action {
		case document.ActRead, document.ActTrail, document.ActExport, document.ActOperate, document.ActAudit, document.ActStatistics:
			continue // whoever has the command line may read and operate
		}
		t.Run(row.String(), func(t *testing.T) { d.row(t, row) })
	}
}

// clerks are accounts with one grant each, and what they try their hands on.
type clerks struct {
	t     *testing.T
	dir   string
	kase  string
	forms int
	days  int // of substitutions
	// refused are commands of rows that are refused: what they name stays as it
	// is, and does for the next such row.
	refused map[document.Action][]string
}

const clerkPassphrase = "a clerk's passphrase"

func (d *clerks) file(name string, content any) string {
	d.t.Helper()
	data, ok := content.([]byte)
	if !ok {
		var err error
		if data, err = json.Marshal(content); err != nil {
			d.t.Fatal(err)
		}
	}
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// prepare enrols an account for each grant, and registers a case.
func (d *clerks) prepare() {
	d.t.Helper()
	d.file("passphrase", []byte(clerkPassphrase))
	inOffice(d.t, d.dir, func(a *app) {
		for _, row := range documenttest.Permissions() {
			if row.Action != document.ActIssue {
				continue
			}
			account := document.Account{
				Login: clerkOf(row.Grant), Name: "Sınaq " + clerkOf(row.Grant), Post: "məmur", Office: documenttest.Office,
				Profile: document.ProfileState, Grants: []document.Grant{row.Grant},
			}
			if err := a.enrol(d.t.Context(), account, []byte(clerkPassphrase), keyfile.Cost{N: 16, R: 1, P: 1}, vault.TypeP256); err != nil {
				d.t.Fatal(err)
			}
		}
		nigar := d.actor(a, "nigar")
		c, _, err := a.Service.RegisterCase(d.t.Context(), nigar, documenttest.Office, "nigar", d.caseForm())
		if err != nil {
			d.t.Fatal(err)
		}
		d.kase = c.Number
	})
}

func clerkOf(g document.Grant) string {
	return string(g.Role) + "-" + strings.ReplaceAll(g.Office, document.AnyOffice, "any")
}

func (d *clerks) actor(a *app, login string) document.Actor {
	d.t.Helper()
	account, err := a.Service.Account(d.t.Context(), login)
	if err != nil {
		d.t.Fatal(err)
	}
	return account.Actor("test")
}

// caseForm is a registration form that no case has yet.
func (d *clerks) caseForm() json.RawMessage {
	d.t.Helper()
	list, err := samples()
	if err != nil {
		d.t.Fatal(err)
	}
	d.forms++
	form, err := renumber(list[0].Case, 1, d.forms)
	if err != nil {
		d.t.Fatal(err)
	}
	return form
}

func (d *clerks) actForm() issueInput {
	list, err := samples()
	if err != nil {
		d.t.Fatal(err)
	}
	return issueInput{Case: d.kase, Date: list[0].Acts[0].Date, Input: list[0].Acts[0].Input}
}

// waiting makes an act that waits for login's signature; archived one that
// nigar has signed.
func (d *clerks) waiting(login string) (number string) {
	d.t.Helper()
	inOffice(d.t, d.dir, func(a *app) { number = d.issue(a, login).Number })
	return number
}

func (d *clerks) issue(a *app, login string) document.Act {
	d.t.Helper()
	form := d.actForm()
	who := d.actor(a, login)
	who.Grants = []document.Grant{{Role: document.RoleOfficer, Office: documenttest.Office}} // for this once
	act, _, err := a.Service.Issue(context.Background(), who, document.Draft{
		Case: form.Case, Template: "initiation-decision", Input: form.Input, Date: form.Date,
	})
	if err == nil {
		act, err = a.Service.Resume(context.Background(), act)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return act
}

func (d *clerks) archived() (number string) {
	d.t.Helper()
	inOffice(d.t, d.dir, func(a *app) {
		s, err := a.unlock(d.t.Context(), &officerFlags{login: "nigar", passphraseFile: demoPassphrase(a.Config, "nigar")})
		if err != nil {
			d.t.Fatal(err)
		}
		act, err := a.Service.Sign(d.t.Context(), s.actor, d.issue(a, "nigar"), s.key)
		if err != nil {
			d.t.Fatal(err)
		}
		number = act.Number
	})
	return number
}

// row tries one row, and looks that a refusal has changed nothing.
func (d *clerks) row(t *testing.T, row documenttest.Permission) {
	args := d.refused[row.Action]
	if args == nil || row.May || row.Action == document.ActSign {
		args = d.command(row)
	}
	if !row.May {
		d.refused[row.Action] = args
	}
	before := d.dump(t)
	err := docsvc(t.Context(), nil, append(args, "--data", d.dir, "--officer", clerkOf(row.Grant),
		"--passphrase-file", filepath.Join(d.dir, "passphrase"))...)
	switch {
	case row.May && err != nil:
		t.Errorf("refused: %v", err)
	case !row.May && (err == nil || !strings.Contains(err.Error(), fmt.Sprintf("may not do this (%s)", row.Action))):
		t.Errorf("not refused: %v", err)
	}
	if after := d.dump(t); (after != before) != row.May {
		t.Errorf("allowed %v, and the register has changed: %v", row.May, after != before)
	}
}

// command is the subcommand by which a row's action is done.
func (d *clerks) command(row documenttest.Permission) []string {
	d.t.Helper()
	switch row.Action {
	case document.ActRegisterCase:
		return []string{"case", "register", "--input", d.file("case.json", d.caseForm())}
	case document.ActIssue:
		return []string{"issue", "--template", "initiation-decision", "--input", d.file("act.json", d.actForm())}
	case document.ActSign:
		return []string{"sign", d.waiting(clerkOf(row.Grant))}
	case document.ActVoid:
		return []string{"void", d.waiting("nigar"), "--reason", "sınaq"}
	case document.ActChange:
		return []string{"supersede", d.archived(), "--by", d.archived(), "--reason", "sınaq"}
	case document.ActServe:
		today := time.Now().In(location()).Format(time.DateOnly)
		return []string{"deliver", d.archived(), "--recipient", "A", "--way", "post", "--on", today, "--proof", "x"}
	case document.ActSubstitute:
		d.days++
		day := time.Now().In(location()).AddDate(0, 0, d.days).Format(time.DateOnly)
		args := []string{"officer", "substitute", "--deputy", "nigar", "--office", documenttest.Office, "--from", day, "--until", day, "--reason", "x"}
		if row.Grant.Role == document.RoleHead || row.Grant.Role == document.RoleChief { // for themselves
			return append(args, "--role", string(row.Grant.Role))
		}
		return append(args, "--absent", "vuqar")
	}
	d.t.Fatalf("no command does %s", row.Action)
	return nil
}

func (d *clerks) dump(t *testing.T) string {
	t.Helper()
	dump, err := dumpRegister(t.Context(), d.dir, "enforcement_case", "act", "sign_intent", "counter", "delivery", "substitution")
	if err != nil {
		t.Fatal(err)
	}
	return dump
}
