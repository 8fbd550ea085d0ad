package deploycheck

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// exposure is the highest that systemd may find of a unit of ours, in tenths:
// what remains are the network and, for docsvc itself, its port below 1024.
const exposure = "17"

// units copies the units to a directory where their programs exist.
func units(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(deploy + "/systemd/*.service")
	if err != nil || len(files) < 5 {
		t.Fatalf("units: %q, %v", files, err)
	}
	dir := t.TempDir()
	command := regexp.MustCompile(`(?m)^ExecStart=\S+`)
	var list []string
	for _, f := range files {
		text := read(t, f)
		if !command.Match(text) {
			t.Errorf("%s starts nothing", f)
		}
		unit := filepath.Join(dir, filepath.Base(f))
		if err := os.WriteFile(unit, command.ReplaceAll(text, []byte("ExecStart=/bin/true")), 0o644); err != nil {
			t.Fatal(err)
		}
		list = append(list, unit)
	}
	timers, err := filepath.Glob(deploy + "/systemd/*.timer")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range timers {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f)), read(t, f), 0o644); err != nil {
			t.Fatal(err)
		}
		list = append(list, filepath.Join(dir, filepath.Base(f)))
	}
	return list
}

// TestUnits: systemd understands every line and finds little that is exposed.
func TestUnits(t *testing.T) {
	analyze := program(t, "systemd-analyze")
	list := units(t)
	if out, err := run(t, analyze, append([]string{"verify", "--man=no"}, list...)...); err != nil || out != "" {
		t.Errorf("verify: %v\n%s", err, out)
	}
	for _, unit := range list {
		if !strings.HasSuffix(unit, ".service") {
			continue
		}
		if out, err := run(t, analyze, "security", "--no-pager", "--offline=yes", "--threshold="+exposure, unit); err != nil {
			t.Errorf("%s is more exposed than %s tenths: %v\n%s", filepath.Base(unit), exposure, err, out)
		}
	}
	// Both judgements can be bad.
	bad := filepath.Join(t.TempDir(), "bad.service")
	if err := os.WriteFile(bad, []byte("[Service]\nExecStart=/bin/true\nNoNewPrivilege=yes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _ := run(t, analyze, "verify", "--man=no", bad); !strings.Contains(out, "NoNewPrivilege") {
		t.Errorf("verify passes a misspelt line: %s", out)
	}
	if _, err := run(t, analyze, "security", "--no-pager", "--offline=yes", "--threshold="+exposure, bad); err == nil {
		t.Error("security passes a unit without any protection")
	}
}

// TestSysusers: the users of the units are made.
func TestSysusers(t *testing.T) {
	sysusers := program(t, "systemd-sysusers")
	root := t.TempDir()
	if err := os.Mkdir(root+"/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	conf, err := filepath.Abs(deploy + "/systemd/docsvc.sysusers.conf")
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, sysusers, "--root="+root, conf)
	made := string(read(t, root+"/etc/passwd"))
	for _, unit := range units(t) {
		for _, m := range regexp.MustCompile(`(?m)^User=(.*)$`).FindAllStringSubmatch(string(read(t, unit)), -1) {
			if !strings.Contains(made, "\n"+m[1]+":") && !strings.HasPrefix(made, m[1]+":") {
				t.Errorf("%s runs as %s, which nobody makes:\n%s", filepath.Base(unit), m[1], made)
			}
		}
	}
}

// TestCredentials: a unit gets what its command reads, and only the migration
// gets the owner's password. Where they are named does not matter: the files of
// one directory serve all three deployments.
func TestCredentials(t *testing.T) {
	of := func(unit string) []string {
		var list []string
		for _, m := range regexp.MustCompile(`(?m)^LoadCredential=([^:]+):/etc/docsvc/`).FindAllStringSubmatch(string(read(t, deploy+"/systemd/"+unit)), -1) {
			list = append(list, m[1])
		}
		return list
	}
	serve := of("docsvc.service")
	for name := range fileNames(t, deploy+"/systemd/docsvc.json") {
		if want := name != "owner_dsn"; slices.Contains(serve, name) != want {
			t.Errorf("docsvc.service: has %s: %v, want %v", name, !want, want)
		}
	}
	if got, want := of("docsvc-migrate.service"), []string{"docsvc.json", "ca.pem", "owner_dsn"}; !slices.Equal(got, want) {
		t.Errorf("docsvc-migrate.service has %q, want %q", got, want)
	}
	secrets := project(t, ".").Services["docsvc"].Secrets
	for name := range fileNames(t, deploy+"/compose/docsvc.json") {
		has := slices.ContainsFunc(secrets, func(s serviceSecret) bool { return s.Source == name })
		if want := name != "owner_dsn"; has != want {
			t.Errorf("compose: docsvc has %s: %v, want %v", name, has, want)
		}
	}
	a, b := fileNames(t, deploy+"/compose/docsvc.json"), fileNames(t, deploy+"/kubernetes/example/docsvc.json")
	if !maps.Equal(a, b) {
		t.Errorf("compose names the files %v, Kubernetes %v", a, b)
	}
}

// TestSystemCalls watches what docsvc asks of the kernel while it makes a demo
// office and issues its acts, and compares it with the filter of the units.
func TestSystemCalls(t *testing.T) {
	strace, analyze := program(t, "strace"), program(t, "systemd-analyze")
	binary := root + "/bin/docsvc"
	if _, err := os.Stat(binary); err != nil {
		if must("tools") {
			t.Fatalf("make build first: %v", err)
		}
		t.Skipf("make build first: %v", err)
	}
	allowed := map[string]bool{}
	for _, name := range callSet(t, analyze, "@system-service") {
		allowed[name] = true
	}
	for _, set := range []string{"@privileged", "@resources"} {
		for _, name := range callSet(t, analyze, set) {
			delete(allowed, name)
		}
	}
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(dir+"/docsvc", read(t, binary), 0o755); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	call := regexp.MustCompile(`(?m)^\d+ +([a-z0-9_]+)\(`)
	for _, args := range []string{"init --data data --demo", "demo --data data"} {
		cmd := exec.CommandContext(t.Context(), strace, append([]string{"-f", "-qq", "-o", "trace", "./docsvc"}, strings.Fields(args)...)...)
		cmd.Dir = dir
		if os.Getuid() == 0 { // the service is not root, which asks for more
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("docsvc %s: %v\n%s", args, err, out)
		}
		for _, m := range call.FindAllSubmatch(read(t, dir+"/trace"), -1) {
			used[string(m[1])] = true
		}
	}
	if !used["openat"] || !used["fsync"] || len(used) < 30 {
		t.Fatalf("watched only %q", slices.Sorted(maps.Keys(used)))
	}
	for name := range used {
		if !allowed[name] {
			t.Errorf("docsvc calls %s, which the units refuse", name)
		}
	}
}

// callSet expands a set of system calls.
func callSet(t *testing.T, analyze, set string) []string {
	t.Helper()
	var list []string
	for line := range strings.Lines(mustRun(t, analyze, "syscall-filter", set)) {
		name := strings.TrimSpace(line)
		switch {
		case name == "" || name[0] == '#' || name == set:
		case name[0] == '@':
			list = append(list, callSet(t, analyze, name)...)
		default:
			list = append(list, name)
		}
	}
	return list
}
