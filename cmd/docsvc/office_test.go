package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"docsvc/internal/testservers/production"
)

// TestMain makes this test binary the docsvc of the scripts in testdata.
func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"docsvc": main, "docsvc-log-in": logIn})
}

// logIn plays an officer's browser: docsvc-log-in USERS.json LOGIN URL.
func logIn() {
	if err := production.LogIn(context.Background(), os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "docsvc-log-in:", err)
		os.Exit(1)
	}
}

type tests struct{ *testing.M }

// Run runs the tests and removes the model offices.
func (s tests) Run() int {
	code := s.M.Run()
	if err := os.RemoveAll(modelDir()); err != nil {
		return 1
	}
	return code
}

var modelDir = sync.OnceValue(func() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("docsvc-model-%d", os.Getpid()))
})

// model is the demo office made once by docsvc init; each test works on its own
// copy.
var model = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(modelDir(), "new")
	return dir, docsvc(context.Background(), nil, "init", "--data", dir, "--demo")
})

// docsvc runs a subcommand in this process; an exit code other than 0 is an
// error with what it wrote to standard error.
func docsvc(ctx context.Context, stdout *bytes.Buffer, args ...string) error {
	var out, errs bytes.Buffer
	if stdout == nil {
		stdout = &out
	}
	if code := run(ctx, env{stdout: stdout, stderr: &errs}, args); code != exitOK {
		return fmt.Errorf("docsvc %s: exit %d\n%s", strings.Join(args, " "), code, errs.String())
	}
	return nil
}

// newOffice copies the model to dir, which must not exist. The archive's
// extended attributes are part of it.
func newOffice(dir string) error {
	from, err := model()
	if err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-a", from, dir).CombinedOutput(); err != nil {
		return fmt.Errorf("copy the model office: %w\n%s", err, out)
	}
	return nil
}

// reconfigure sets keys of the configuration in dir.
func reconfigure(dir string, set map[string]any) error {
	path := filepath.Join(dir, configName)
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var c map[string]any
	if err := json.Unmarshal(data, &c); err != nil {
		return err
	}
	for k, v := range set {
		c[k] = v
	}
	if data, err = json.Marshal(c); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// inOffice opens the office in dir as a command would and runs fn.
func inOffice(t *testing.T, dir string, fn func(a *app)) {
	t.Helper()
	c, err := loadConfig(&flags{data: dir})
	if err != nil {
		t.Fatal(err)
	}
	a, err := openApp(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}()
	fn(a)
}

// dumpRegister writes the named tables of the register in dir as text.
func dumpRegister(ctx context.Context, dir string, tables ...string) (string, error) {
	c, err := loadConfig(&flags{data: dir})
	if err != nil {
		return "", err
	}
	a, err := openApp(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = a.Register.Dump(ctx, &out, tables...)
	if closeErr := a.close(); err == nil {
		err = closeErr
	}
	return out.String(), err
}
