package arch

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestDependenciesAreExplained wants a row in docs/dependencies.md for every
// module that our code or tests import.
func TestDependenciesAreExplained(t *testing.T) {
	goMod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	modules := required(string(goMod))
	for path, p := range ours(t) {
		for _, imp := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			m := moduleOf(imp, modules)
			if m != "" && !strings.Contains(string(doc), "| "+m+" |") {
				t.Errorf("%s imports %s: docs/dependencies.md has no row for %s", path, imp, m)
			}
		}
	}
}

// required returns the module paths in the require blocks of a go.mod.
func required(goMod string) []string {
	var modules []string
	for line := range strings.Lines(goMod) {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) >= 2 && strings.HasPrefix(fields[1], "v") {
			modules = append(modules, fields[0])
		}
	}
	return modules
}

// moduleOf returns the longest of modules that imp lies in, or "".
func moduleOf(imp string, modules []string) string {
	var longest string
	for _, m := range modules {
		if under(imp, m) && len(m) > len(longest) {
			longest = m
		}
	}
	return longest
}

func TestModuleOf(t *testing.T) {
	modules := required("module x\n\ngo 1.26.0\n\nrequire a.b/c v1.0.0 // indirect\nrequire (\n\ta.b/c/v2 v2.1.0\n)\n")
	for imp, want := range map[string]string{
		"a.b/c":      "a.b/c",
		"a.b/c/d":    "a.b/c",
		"a.b/c/v2/d": "a.b/c/v2",
		"a.b/cd":     "",
		"fmt":        "",
	} {
		if got := moduleOf(imp, modules); got != want {
			t.Errorf("moduleOf(%q) = %q, want %q", imp, got, want)
		}
	}
}
