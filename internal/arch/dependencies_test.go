package arch

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestDependencies wants, for every module that our code or tests import, a
// direct requirement in go.mod and a row in docs/dependencies.md, and neither
// for any other. (`go mod tidy -diff` would also load the tests of others'
// modules, which not every module proxy has.)
func TestDependencies(t *testing.T) {
	goMod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	modules := required(string(goMod))
	importer := map[string]string{} // module: one of our packages that imports it
	for path, p := range ours(t) {
		for _, imp := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if m := moduleOf(imp, modules); m != "" {
				importer[m] = path
			}
		}
	}
	explained := rows(string(doc))
	for m, direct := range modules {
		path, imported := importer[m]
		switch {
		case imported && !direct:
			t.Errorf("%s imports %s, which go.mod calls indirect: run go mod tidy -e", path, m)
		case !imported && direct:
			t.Errorf("nothing imports %s: run go mod tidy -e", m)
		}
		if imported && !explained[m] {
			t.Errorf("%s imports %s: docs/dependencies.md has no row for it", path, m)
		}
	}
	for m := range explained {
		if importer[m] == "" {
			t.Errorf("docs/dependencies.md explains %s, which nothing imports", m)
		}
	}
}

// required returns the modules in the require blocks of a go.mod, and whether
// they are required directly.
func required(goMod string) map[string]bool {
	modules := map[string]bool{}
	for line := range strings.Lines(goMod) {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) >= 2 && strings.HasPrefix(fields[1], "v") {
			modules[fields[0]] = !strings.HasSuffix(strings.TrimSpace(line), "// indirect")
		}
	}
	return modules
}

// rows returns the modules in the first column of the tables of a document.
func rows(doc string) map[string]bool {
	modules := map[string]bool{}
	for line := range strings.Lines(doc) {
		if cells := strings.Split(line, " |"); strings.HasPrefix(line, "| ") && strings.Contains(cells[0], "/") {
			modules[strings.TrimPrefix(cells[0], "| ")] = true
		}
	}
	return modules
}

// moduleOf returns the longest of modules that imp lies in, or "".
func moduleOf(imp string, modules map[string]bool) string {
	var longest string
	for m := range modules {
		if under(imp, m) && len(m) > len(longest) {
			longest = m
		}
	}
	return longest
}

func TestModuleOf(t *testing.T) {
	modules := required("module x\n\ngo 1.26.0\n\nrequire a.b/c v1.0.0 // indirect\nrequire (\n\ta.b/c/v2 v2.1.0\n)\n")
	if modules["a.b/c"] || !modules["a.b/c/v2"] {
		t.Errorf("direct and indirect are confused: %v", modules)
	}
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
