package web_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"docsvc/internal/document"
	"docsvc/internal/testservers"
)

// TestClientExample runs docs/examples/api.sh as it is: twice with one key
// there is one act.
func TestClientExample(t *testing.T) {
	curl := testservers.Tool(t, "curl")
	script, err := filepath.Abs("../../docs/examples/api.sh")
	if err != nil {
		t.Fatal(err)
	}
	o := newOffice(t)
	c := o.newCase("nigar", "110")
	_, id, input := o.sample("case-1", 0)
	form, err := json.Marshal(map[string]any{"template": id, "case": c.Number, "input": input})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "form.json"), form, 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(o.handler)
	defer server.Close()
	program := o.program("nigar", document.ScopeReadActs, document.ScopeIssueActs)
	var numbers []string
	for range 2 {
		cmd := exec.CommandContext(t.Context(), "/bin/sh", script)
		cmd.Dir = dir
		cmd.Env = []string{
			"PATH=" + filepath.Dir(curl) + ":/usr/bin:/bin", "DOCSVC=" + server.URL, "TOKEN=" + program.bearer, "FORM=form.json", "KEY=example-1",
		}
		out, err := cmd.CombinedOutput()
		var act struct{ Number, State string }
		if err != nil || json.Unmarshal(out, &act) != nil || act.State != "prepared" {
			t.Fatalf("%v: %s", err, out)
		}
		numbers = append(numbers, act.Number)
	}
	if numbers[0] != numbers[1] {
		t.Errorf("two acts: %v", numbers)
	}
}
