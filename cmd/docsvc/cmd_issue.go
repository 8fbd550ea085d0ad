package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/codes"
	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/template"
)

// actJSON is what issue, demo and batch print of an act.
type actJSON struct {
	Number     string         `json:"number"`
	Case       string         `json:"case"`
	Code       string         `json:"code"`
	URL        string         `json:"url"`
	SHA256     string         `json:"sha256,omitempty"`
	State      document.State `json:"state"`
	Level      string         `json:"level"`
	Path       string         `json:"path,omitempty"`
	ArchivedAt time.Time      `json:"archived_at,omitzero"`
	// Why an act is not archived yet; case show only.
	WaitsFor  string `json:"waits_for,omitempty"`  // login of the signer
	Attempts  int    `json:"attempts,omitempty"`   // that failed
	LastError string `json:"last_error,omitempty"` // of them
	// Warnings say what was odd in the form. An act that was there before has none.
	Warnings []document.Warning `json:"warnings,omitempty"`
}

type actsJSON struct {
	Acts   []actJSON    `json:"acts"`
	Failed []failedLine `json:"failed,omitempty"`
}

type failedLine struct {
	Line  int    `json:"line"`
	Error string `json:"error"`
}

// show is the act as commands print it.
func (a *app) show(act document.Act) actJSON {
	j := actJSON{
		Number: act.Number, Case: act.Case, Code: act.Code, State: act.State, Level: act.Level, ArchivedAt: act.ArchivedAt,
	}
	if act.SHA256 != nil {
		j.SHA256 = fmt.Sprintf("%x", act.SHA256)
	}
	if act.Path != "" {
		j.Path = a.Archive.Path(act.Path)
	}
	if code, err := codes.ParseCode(act.Code); err == nil {
		if j.URL, err = codes.URL(a.Config.Origin, code, act.Seal); err != nil {
			j.URL = ""
		}
	}
	return j
}

// issueInput is the file that issue reads, and a line of what batch reads.
type issueInput struct {
	Template string          `json:"template,omitempty"` // batch only
	Case     string          `json:"case"`
	Date     document.Date   `json:"date,omitempty"`
	Key      string          `json:"key,omitempty"` // makes asking again harmless
	Input    json.RawMessage `json:"input"`
}

func parseIssueInput(data []byte) (issueInput, error) {
	var in issueInput
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return in, fmt.Errorf(`want {"case": "NUMBER", "input": {…}}: %w`, err)
	}
	if dec.More() {
		return in, errors.New("more than one JSON object")
	}
	if in.Case == "" || in.Input == nil {
		return in, errors.New(`want {"case": "NUMBER", "input": {…}}: case or input is missing`)
	}
	return in, nil
}

func runIssue(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "issue")
	officer := f.officer()
	templateID := f.String("template", "", "`ID` of the template; see docsvc templates list")
	input := f.String("input", "", "`FILE` with {\"case\": …, \"input\": {…}}; - is standard input")
	out := f.String("out", "", "write the signed act to `FILE` too")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if err := f.require("template", "input"); err != nil {
		return err
	}
	data, err := readInput(*input, maxInput)
	if err != nil {
		return err
	}
	in, err := parseIssueInput(data)
	if err != nil {
		return fmt.Errorf("%s: %w", *input, err)
	}
	return withApp(ctx, e, f, func(a *app) error {
		s, err := a.authenticate(ctx, e, officer)
		if err != nil {
			return err
		}
		done, _, err := a.issueOne(ctx, e, s, document.Draft{
			Case: in.Case, Template: *templateID, Input: in.Input, Date: in.Date, RequestKey: in.Key,
		})
		if err != nil {
			return err
		}
		printWarnings(e.stderr, "issue", done.Warnings)
		a.sequence(ctx, e)
		return a.deliver(ctx, e, f, done, *out)
	})
}

// deliver prints an act that was issued and writes its file where asked.
func (a *app) deliver(ctx context.Context, e env, f *flags, done actJSON, out string) error {
	if out != "" {
		act, err := a.Service.Act(ctx, done.Number)
		if err != nil {
			return err
		}
		pdf, _, err := a.Archive.Get(ctx, act.Path)
		if err != nil {
			return err
		}
		if err := writeFile(out, pdf); err != nil {
			return err
		}
	}
	if f.json {
		return printJSON(e.stdout, done)
	}
	fmt.Fprintf(e.stdout, "%s is %s\n%s\n", done.Number, done.State, done.URL)
	return nil
}

// issueOne takes a draft through the whole line, or finishes the act that an
// earlier attempt with the same request key began.
func (a *app) issueOne(ctx context.Context, e env, s *session, d document.Draft) (done actJSON, existed bool, err error) {
	act, warnings, err := a.Service.Issue(ctx, s.actor, d)
	if err != nil {
		return actJSON{}, false, err
	}
	existed = act.State == document.Archived
	act, err = a.finish(ctx, e, s, act)
	done = a.show(act)
	done.Warnings = warnings
	return done, existed, err
}

// finish drives an act to the archive, or to the next signer.
func (a *app) finish(ctx context.Context, e env, s *session, act document.Act) (document.Act, error) {
	act, err := a.Service.Resume(ctx, act)
	if err != nil || !waitsFor(act, s.account.Login) {
		return act, err
	}
	done := a.sign(ctx, e, s, []document.Act{act})[0]
	return done.Act, done.Err
}

// sequence gives what was done its place in the ledger. That may wait: the
// worker of serve does it too.
func (a *app) sequence(ctx context.Context, e env) {
	if err := a.Service.Sequence(ctx); err != nil {
		fmt.Fprintf(e.stderr, "docsvc: the ledger will follow later: %v\n", err)
	}
}

// requestKey makes a line of a batch the same request whenever the same file
// is given again.
func requestKey(file []byte, line int) string {
	return fmt.Sprintf("batch/%x/%d", sha256.Sum256(file), line)
}

// faultText is an error in one line for a list of failures.
func faultText(err error) string {
	if faults, ok := errors.AsType[template.Faults](err); ok {
		return faults.Error()
	}
	if e, ok := errors.AsType[*document.Error](err); ok {
		text := i18n.Text("en", e.Key, e.Args)
		if e.Err != nil {
			text += ": " + e.Err.Error()
		}
		return text
	}
	return err.Error()
}
