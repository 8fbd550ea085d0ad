package template

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"docsvc/templates"
)

// copyOf gives a library's files with some of them replaced.
func copyOf(t *testing.T, edit map[string]func(string) string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for _, pattern := range []string{"acts/*/*", "layouts/*", "law/*", "case/*"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "templates", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name, err := filepath.Rel(filepath.Join("..", "..", "templates"), f)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := templates.FS.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if e, ok := edit[name]; ok {
				raw = []byte(e(string(raw)))
			}
			out[name] = &fstest.MapFile{Data: raw}
		}
	}
	return out
}

func replace(from, to string) func(string) string {
	return func(s string) string { return strings.Replace(s, from, to, 1) }
}

func TestVersions(t *testing.T) {
	files := copyOf(t, nil)
	for _, name := range []string{"meta.json", "schema.json", "template.html"} {
		raw := files["acts/query/"+name].Data
		if name == "meta.json" {
			raw = []byte(strings.Replace(strings.Replace(string(raw), `"version": "1"`, `"version": "2"`, 1), `"from": "2026-01-01"`, `"from": "2026-10-01"`, 1))
		}
		files["acts/query-2/"+name] = &fstest.MapFile{Data: raw}
	}
	l, err := New(files)
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[Date]string{{2026, 9, 30}: "1", {2026, 10, 1}: "2"} {
		tmpl, err := l.Get("query", "", day.Time())
		if err != nil || tmpl.Meta.Version != want {
			t.Errorf("on %s: %v, %v; want version %s", day, tmpl, err, want)
		}
	}
}

func TestBadLibrary(t *testing.T) {
	for name, edit := range map[string]map[string]func(string) string{
		"unknown law parameter":    {"acts/query/meta.json": replace(`"query-basis"`, `"query-bases"`)},
		"unknown derivation":       {"acts/query/meta.json": replace(`"derive": [`, `"derive": ["x",`)},
		"unknown name in meta":     {"acts/query/meta.json": replace(`"id"`, `"name": "x", "id"`)},
		"no version":               {"acts/query/meta.json": replace(`"version": "1"`, `"version": ""`)},
		"title without Russian":    {"acts/query/meta.json": replace(`"ru": "Запрос"`, `"ru": ""`)},
		"unknown field of party":   {"acts/query/meta.json": replace(`"birth_date"`, `"shoe_size"`)},
		"unknown layout":           {"acts/query/meta.json": replace(`"act-1"`, `"act-9"`)},
		"template does not parse":  {"acts/query/template.html": replace("{{with", "{{wiht")},
		"unknown function":         {"acts/query/template.html": replace("{{first", "{{last")},
		"schema is no schema":      {"acts/query/schema.json": replace(`"type": "object"`, `"type": "thing"`)},
		"schema reaches outside":   {"acts/query/schema.json": replace(`#/$defs/line`, `https://example.org/x`)},
		"unknown keyword":          {"acts/query/schema.json": replace(`"x-text"`, `"x-texts"`)},
		"keyword of wrong form":    {"acts/query/schema.json": replace(`"x-text": "line"`, `"x-text": "lines"`)},
		"label in one language":    {"acts/query/schema.json": replace(`"x-label": {`, `"x-label": 1, "x-help": {`)},
		"explained not in English": {"acts/query/public.json": replace(`"en": "`, `"ru": "`)},
		"unknown court":            {"acts/query/public.json": replace(`administrative-court`, `supreme-court`)},
		"unknown part of layout":   {"acts/lifting-decision/meta.json": replace(`"two-signers"`, `"three-signers"`)},
		"two signers, no approver": {"acts/query/meta.json": replace(`"signers": 1`, `"signers": 2`)},
		"approver, one signer":     {"acts/lifting-decision/meta.json": replace(`"signers": 2`, `"signers": 1`)},
		"three signers":            {"acts/lifting-decision/meta.json": replace(`"signers": 2`, `"signers": 3`)},
		"approver of no role":      {"acts/lifting-decision/meta.json": replace(`"role": "head"`, `"role": "clerk"`)},
		"approver without heading": {"acts/lifting-decision/meta.json": replace(`"TƏSDİQ EDİRƏM"`, `""`)},
		"approver of nobody": {"acts/extension-submission/meta.json": replace(`"heading": "RAZIYAM",
    "profiles": [
      "state"
    ]`, `"heading": "RAZIYAM", "profiles": []`)},
		"approver of others": {"acts/extension-submission/meta.json": replace(`"heading": "RAZIYAM",
    "profiles": [
      "state"`, `"heading": "RAZIYAM", "profiles": [
      "private"`)},
		"author of no role":      {"acts/extension-submission/meta.json": replace(`"author": "head"`, `"author": "boss"`)},
		"head approves the head": {"acts/extension-submission/meta.json": replace(`"role": "chief"`, `"role": "head"`)},
		"law without source":     {"law/complaint-term.json": replace(`"SAD"`, `""`)},
		"law of wrong form":      {"law/standard-fee.json": replace(`"30.00"`, `"30.0"`)},
		"confirmed yet unknown":  {"law/complaint-term.json": replace(`87.1-ci`, `{?}`)},
		"two laws of one key":    {"law/complaint-term.json": replace(`"complaint-term"`, `"bank-notice"`)},
	} {
		if _, err := New(copyOf(t, edit)); err == nil {
			t.Errorf("%s: the library was taken", name)
		}
	}
	if _, err := New(copyOf(t, nil)); err != nil {
		t.Errorf("the unedited library: %v", err)
	}
}
