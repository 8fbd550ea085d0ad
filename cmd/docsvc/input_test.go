package main

import (
	"strings"
	"testing"
)

// FuzzBatch: a batch file gives lines or faults, each with its place; a line
// that is taken has all that Issue needs, and the same file the same keys.
func FuzzBatch(f *testing.F) {
	for _, seed := range []string{
		"", "\n\n", `{"template":"query","case":"EI2611000000001T","input":{}}`,
		`{"template":"query","case":"x","input":{},"key":"k"}` + "\n" + `{"case":"x","input":{}}`,
		`{"case":"x","input":null}`, `{"cese":1}`, "[]", "\xff", `{"template":"q","case":"x","input":{}} trailing`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := parseBatch(data)
		if err != nil {
			if !strings.Contains(err.Error(), "line ") {
				t.Errorf("a fault without its line: %v", err)
			}
			return
		}
		again, err := parseBatch(data)
		if err != nil || len(again) != len(lines) {
			t.Fatalf("%d lines, then %d, %v", len(lines), len(again), err)
		}
		for i, l := range lines {
			if l.number < 1 || l.draft.Case == "" || l.draft.Template == "" || l.draft.Input == nil || l.draft.RequestKey == "" {
				t.Errorf("line %+v", l)
			}
			if again[i].draft.RequestKey != l.draft.RequestKey {
				t.Errorf("line %d has the keys %q and %q", l.number, l.draft.RequestKey, again[i].draft.RequestKey)
			}
		}
	})
}

// FuzzConfig: a configuration is valid or refused with reasons.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"address":"127.0.0.1:8080"}`, `{"adress":1}`, `{"numbers":""}`, `{"numbers":null}`, "[]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseConfig(data)
		if err != nil {
			return
		}
		if c.Workers < 1 || c.LeaseSeconds < 1 || c.Register.SQLite == "" || c.Archive.Directory == "" || c.RetentionYears[""] < 1 {
			t.Errorf("accepted: %+v", c)
		}
	})
}

// TestConfig: all that is wrong is listed at once.
func TestConfig(t *testing.T) {
	_, err := parseConfig([]byte(`{"address":"x","origin":"ftp://x","level":"B-X","lease_seconds":0,"workers":0,
		"production":true,"authority":{"evaluation":"a"},"offices":[{"code":"1","name":"a"},{"code":"1","name":"b"}]}`))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"address", "origin", "register.sqlite is missing", "archive.directory is missing", "keys.directory is missing",
		"keys.appliance_key is missing", "production refuses authority.evaluation", `level "B-X"`, "retention_years",
		`office "1"`, "lease_seconds: 0", "workers: 0",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the list lacks %s:\n%v", want, err)
		}
	}
	for name, text := range map[string]string{
		"unknown key": `{"adress":"127.0.0.1:8080"}`, "another type": `{"workers":"many"}`, "no object": `[]`, "nothing": ``, "a second object": `{"workers":1} {"workers":2}`,
	} {
		if _, err := parseConfig([]byte(text)); err == nil || name == "a second object" && !strings.Contains(err.Error(), "more than one") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
