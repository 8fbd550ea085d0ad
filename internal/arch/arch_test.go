// Package arch holds the import rules of docsvc (docs/design.md, "Packages").
// It has no code, only a test that asks the go command what imports what and
// compares the answer with the tables of rules_test.go.
package arch

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "docsvc"

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
}

// local returns the path below the module root, and whether p is ours.
func local(path string) (string, bool) { return strings.CutPrefix(path, module+"/") }

// under says whether path is prefix or lies below it.
func under(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// matches says whether path is meant by pattern, which may end in /....
func matches(path, pattern string) bool {
	if prefix, deep := strings.CutSuffix(pattern, "/..."); deep {
		return under(path, prefix)
	}
	return path == pattern
}

// packages asks once for every package that the module builds, ours and
// others'. Dependencies come before those who need them.
var packages = sync.OnceValues(func() ([]pkg, error) {
	cmd := exec.Command("go", "list", "-e", "-deps",
		"-json=ImportPath,Standard,Imports,TestImports,XTestImports,Deps", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

// readTree opens the directories of the module: the go command then knows that
// this test's answer hangs on them, and does not repeat a cached one after a
// change in another package.
func readTree(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		if err == nil && d.IsDir() && (name == "var" || name == "bin" || name == "testdata" ||
			len(name) > 2 && name[0] == '.') {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func ours(t *testing.T) map[string]pkg {
	t.Helper()
	readTree(t)
	all, err := packages()
	if err != nil {
		t.Fatalf("listing packages: %v", err)
	}
	found := map[string]pkg{}
	for _, p := range all {
		if path, ok := local(p.ImportPath); ok {
			found[path] = p
		}
	}
	if len(found) < 2 {
		t.Fatalf("go list found %d packages of %s", len(found), module)
	}
	return found
}

// allowance returns the entry of uses for path.
func allowance(path string) ([]string, bool) {
	if allowed, ok := uses[path]; ok {
		return allowed, true
	}
	for pattern, allowed := range uses {
		if strings.HasSuffix(pattern, "/...") && matches(path, pattern) {
			return allowed, true
		}
	}
	return nil, false
}

// faults compares a package's imports with the tables.
func faults(path string, p pkg) []string {
	var found []string
	allowed, known := allowance(path)
	if !known {
		found = append(found, path+" is not in the table of rules_test.go: say what it may import")
	}
	for _, imp := range p.Imports {
		dep, own := local(imp)
		if !own || dep == path {
			continue
		}
		if !slices.ContainsFunc(allowed, func(a string) bool { return matches(dep, a) }) {
			found = append(found, path+" imports "+dep)
		}
		if under(dep, "cmd") || under(dep, "internal/web") && !under(path, "internal/web") && !under(path, "cmd") {
			found = append(found, path+" imports the top: "+dep)
		}
	}
	for _, imp := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
		for prefix, owner := range owners {
			if under(imp, prefix) && !matches(path, owner) {
				found = append(found, path+" imports "+imp+", which belongs to "+owner)
			}
		}
	}
	for _, dep := range p.Deps {
		if slices.Contains(foreign[path], dep) {
			found = append(found, path+" reaches "+dep)
		}
	}
	return found
}

func TestImports(t *testing.T) {
	for path, p := range ours(t) {
		for _, fault := range faults(path, p) {
			t.Error(fault)
		}
	}
}

// TestProgramLinksNoTestTools looks at what the built program contains.
func TestProgramLinksNoTestTools(t *testing.T) {
	for path, p := range ours(t) {
		if !under(path, "cmd") {
			continue
		}
		for _, dep := range p.Deps {
			own, isOurs := local(dep)
			if isOurs && strings.HasSuffix(own, "test") ||
				slices.ContainsFunc(testOnly, func(tool string) bool { return under(dep, tool) }) {
				t.Errorf("%s links %s", path, dep)
			}
		}
	}
}

// TestFaultsAreFound proves that the tables can say no.
func TestFaultsAreFound(t *testing.T) {
	for name, tc := range map[string]struct {
		path string
		pkg  pkg
		want string
	}{
		"leaf knows the core": {
			"internal/pdf", pkg{Imports: []string{"docsvc/internal/document"}},
			"internal/pdf imports internal/document",
		},
		"adapters know each other": {
			"internal/archive/fsworm", pkg{Imports: []string{"docsvc/internal/sqldb"}},
			"internal/archive/fsworm imports internal/sqldb",
		},
		"core knows a backend": {
			"internal/document", pkg{Imports: []string{"docsvc/internal/archive/fsworm"}},
			"internal/document imports internal/archive/fsworm",
		},
		"SQL elsewhere, in a test": {
			"internal/verify", pkg{XTestImports: []string{"github.com/jackc/pgx/v5/stdlib"}},
			"internal/verify imports github.com/jackc/pgx/v5/stdlib, which belongs to internal/sqldb/...",
		},
		"somebody knows the pages": {
			"internal/verify", pkg{Imports: []string{"docsvc/internal/web/i18n"}},
			"internal/verify imports the top: internal/web/i18n",
		},
		"pages know the program": {
			"internal/web", pkg{Imports: []string{"docsvc/cmd/docsvc"}},
			"internal/web imports the top: cmd/docsvc",
		},
		"the core reaches SQL through others": {
			"internal/document", pkg{Deps: []string{"database/sql"}},
			"internal/document reaches database/sql",
		},
		"a new package": {
			"internal/helpers", pkg{},
			"internal/helpers is not in the table of rules_test.go: say what it may import",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := faults(tc.path, tc.pkg); !slices.Contains(got, tc.want) {
				t.Errorf("got %q, want %q among them", got, tc.want)
			}
		})
	}
	if got := faults("internal/web/i18n", pkg{Imports: []string{"docsvc/internal/document"}}); got != nil {
		t.Errorf("pages may know the core, got %q", got)
	}
}
