package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"docsvc/internal/template"
)

func runTemplates(ctx context.Context, e env, args []string) error {
	if len(args) == 0 {
		return usageError{"want templates list, check or schema"}
	}
	switch args[0] {
	case "list":
		return templatesList(e, args[1:])
	case "schema":
		return templatesSchema(e, args[1:])
	case "check":
		return templatesCheck(ctx, e, args[1:])
	case "preview":
		return errors.New("templates preview is not in this version; docsvc demo makes acts to look at")
	}
	return usageError{fmt.Sprintf("templates %s: want list, check or schema", args[0])}
}

func templatesList(e env, args []string) error {
	f := newFlags(e, "templates list")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	library, err := template.Builtin()
	if err != nil {
		return err
	}
	type item struct {
		ID      string            `json:"id"`
		Version string            `json:"version"`
		From    string            `json:"from"`
		Kind    int               `json:"kind"`
		Titles  map[string]string `json:"titles"`
		Digest  string            `json:"digest"`
	}
	var list []item
	for _, t := range library.List() {
		list = append(list, item{t.Meta.ID, t.Meta.Version, t.Meta.From.String(), t.Meta.Kind, t.Meta.Title.Map(), t.Digest})
	}
	if f.json {
		return printJSON(e.stdout, map[string]any{"templates": list})
	}
	for _, t := range list {
		fmt.Fprintf(e.stdout, "%-22s %-5s № %-3d %s\n", t.ID, t.Version, t.Kind, t.Titles["az"])
	}
	return nil
}

// templatesSchema prints the JSON Schema of a form; "case" is the registration
// form.
func templatesSchema(e env, args []string) error {
	f := newFlags(e, "templates schema")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	library, err := template.Builtin()
	if err != nil {
		return err
	}
	schema := library.CaseSchema()
	if rest[0] != "case" {
		t, err := library.Get(rest[0], "", time.Now())
		if err != nil {
			return fmt.Errorf("template %s: %w", rest[0], err)
		}
		schema = t.Schema
	}
	return printJSON(e.stdout, json.RawMessage(schema.Raw))
}

// templatesCheck typesets the acts of the sample cases, and the samples of the
// templates that none of these uses.
func templatesCheck(ctx context.Context, e env, args []string) error {
	f := newFlags(e, "templates check")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	r, err := newRenderer(demoConfig())
	if err != nil {
		return err
	}
	list, err := samples()
	if err != nil {
		return err
	}
	for _, s := range append(list, templateSamples(r, list)...) {
		if err := checkSample(ctx, e, r, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}
