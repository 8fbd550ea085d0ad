package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"docsvc/internal/document"
	"docsvc/internal/i18n"
	"docsvc/internal/template"
)

// flags is a flag set with the options that most subcommands share.
type flags struct {
	*flag.FlagSet
	data   string
	config string
	json   bool
}

func newFlags(e env, name string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet("docsvc "+name, flag.ContinueOnError)}
	f.SetOutput(e.stderr)
	f.StringVar(&f.data, "data", os.Getenv("DOCSVC_DATA"), "data `DIR` (default $DOCSVC_DATA)")
	f.StringVar(&f.config, "config", "", "configuration `FILE` instead of DIR/docsvc.json")
	f.BoolVar(&f.json, "json", false, "print one JSON object on standard output")
	return f
}

// parse reads options wherever they stand and returns the other arguments, of
// which there must be between least and most; most < 0 means any number.
func (f *flags) parse(args []string, least, most int) ([]string, error) {
	var rest []string
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError{err.Error()}
		}
		if f.NArg() == 0 {
			break
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
	if len(rest) < least || most >= 0 && len(rest) > most {
		return nil, usageError{fmt.Sprintf("%d arguments given; see docsvc help", len(rest))}
	}
	return rest, nil
}

// require fails when one of the named string options is empty.
func (f *flags) require(names ...string) error {
	var missing []string
	for _, name := range names {
		if f.Lookup(name).Value.String() == "" {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) > 0 {
		return usageError{"missing " + strings.Join(missing, ", ")}
	}
	return nil
}

// usageError is a fault in the command line.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// printError tells a person what went wrong and how to mend it.
func printError(w io.Writer, name string, err error) {
	if faults, ok := errors.AsType[template.Faults](err); ok {
		fmt.Fprintf(w, "docsvc %s: the form has %d faults, nothing was numbered:\n", name, len(faults))
		for _, f := range faults {
			path := f.Path
			if path == "" {
				path = "/"
			}
			fmt.Fprintf(w, "  %s: %s\n", path, f.Message("en"))
		}
		return
	}
	if e, ok := errors.AsType[*document.Error](err); ok {
		fmt.Fprintf(w, "docsvc %s: %s\n", name, i18n.Text("en", e.Key, e.Args))
		if e.Err != nil {
			fmt.Fprintf(w, "  cause: %v\n", e.Err)
		}
		return
	}
	fmt.Fprintf(w, "docsvc %s: %v\n", name, err)
}

// inWords is an error as a sentence for people.
func inWords(err error) string {
	if e, ok := errors.AsType[*document.Error](err); ok {
		return i18n.Text(i18n.English, e.Key, e.Args)
	}
	return err.Error()
}

// printWarnings tells what is odd in a form that was accepted.
func printWarnings(w io.Writer, name string, warnings []document.Warning) {
	for _, odd := range warnings {
		f := template.Warning{Path: odd.Path, Key: odd.Key, Args: odd.Args}
		fmt.Fprintf(w, "docsvc %s: warning: %v\n", name, f)
	}
}

// printJSON writes v as the one JSON object of a subcommand.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// maxInput is the largest form read from a file.
const maxInput = 1 << 20

// readInput reads a form; "-" is standard input.
func readInput(path string, limit int64) ([]byte, error) {
	r := io.Reader(os.Stdin)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // only read from
		r = f
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return data, nil
}
