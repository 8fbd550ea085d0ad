package sqldb

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testVersions opens a register that does not exist, is empty, behind, right
// and ahead.
func testVersions(t *testing.T, o Options) {
	ctx := t.Context()
	refused := func(want string) {
		t.Helper()
		r, err := Open(ctx, o)
		if err == nil {
			_ = r.Close()
			t.Errorf("a register was opened that should be refused with %q", want)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("refused with %q, want %q", err, want)
		}
	}
	if o.Engine == SQLite {
		refused("run docsvc init")
		if _, err := os.Stat(o.Path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open made a file: %v", err)
		}
		if err := os.WriteFile(o.Path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	refused("run docsvc migrate")
	for range 2 { // a second time changes nothing
		if err := Migrate(ctx, o); err != nil {
			t.Fatal(err)
		}
		open(t, o)
	}
	known, err := tree{o.Engine}.known()
	if err != nil {
		t.Fatal(err)
	}
	db := rawDB(t, o)
	set := func(statement string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(ctx, statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	set(`INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, true)`, known+1)
	refused("run the newer docsvc")
	set(`DELETE FROM goose_db_version WHERE version_id >= $1`, known)
	refused("run docsvc migrate")
}

func TestTree(t *testing.T) {
	for _, engine := range []string{SQLite, Postgres} {
		files, err := tree{engine}.ReadDir(".")
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range files {
			content, err := fs.ReadFile(tree{engine}, f.Name())
			if err != nil || !bytes.HasPrefix(content, []byte("-- +goose Up\n")) {
				t.Errorf("%s: %v", f.Name(), err)
			}
			if i > 0 && f.Name()[:5] <= files[i-1].Name()[:5] {
				t.Errorf("%s comes after %s", f.Name(), files[i-1].Name())
			}
		}
	}
	if _, err := (tree{SQLite}).Open("none.sql"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestUnknownEngine(t *testing.T) {
	o := Options{Engine: "oracle", Path: filepath.Join(t.TempDir(), "x")}
	if _, err := Open(t.Context(), o); err == nil {
		t.Error("Open knows the engine")
	}
	if err := Create(t.Context(), o); err == nil {
		t.Error("Create knows the engine")
	}
}
