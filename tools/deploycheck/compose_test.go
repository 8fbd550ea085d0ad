package deploycheck

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// project reads compose.yaml and what may be laid over it as docker compose
// does: schema, variables, references. Everything runs, jobs too.
func project(t *testing.T, dir string, more ...string) *types.Project {
	t.Helper()
	env := []string{"DOCSVC_DIR=" + dir}
	for line := range strings.Lines(string(read(t, deploy+"/compose/env.example"))) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' && !strings.HasPrefix(line, "DOCSVC_DIR=") {
			env = append(env, line)
		}
	}
	files := []string{deploy + "/compose/compose.yaml", deploy + "/compose/compose.monitoring.yaml"}
	for _, name := range more {
		files = append(files, deploy+"/compose/"+name)
	}
	options, err := cli.NewProjectOptions(files, cli.WithEnv(env), cli.WithProfiles([]string{"*"}), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	p, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// prepared runs prepare.sh in a new directory.
func prepared(t *testing.T) string {
	t.Helper()
	program(t, "openssl")
	if os.Getuid() != 0 {
		if must("tools") {
			t.Fatal("prepare.sh gives files to the users of the images, which only root can")
		}
		t.Skip("prepare.sh gives files to the users of the images, which only root can")
	}
	dir := t.TempDir()
	// Servers under other users have to pass through.
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mustRun(t, "env", "HOST=icra.example.az", deploy+"/compose/prepare.sh", dir)
	return dir
}

// TestComposeHardened: every service runs as a user of its own without rights,
// on a file system it cannot write, within limits.
func TestComposeHardened(t *testing.T) {
	users := map[string]string{}
	p := project(t, ".", "compose.enrol.yaml")
	if len(p.Services) < 10 {
		t.Fatalf("%d services", len(p.Services))
	}
	for name, s := range p.Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || len(s.CapAdd) > 0 || s.Privileged {
			t.Errorf("%s: writable root or capabilities", name)
		}
		if !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s: may gain privileges", name)
		}
		uid, _, _ := strings.Cut(s.User, ":")
		if uid == "" || uid == "0" {
			t.Errorf("%s runs as %q", name, s.User)
		}
		if other := users[uid]; other != "" && s.Image != p.Services[other].Image {
			t.Errorf("%s and %s are the same user", name, other)
		}
		users[uid] = name
		if s.Deploy == nil || s.Deploy.Resources.Limits == nil || s.Deploy.Resources.Limits.MemoryBytes == 0 || s.Deploy.Resources.Limits.NanoCPUs == 0 {
			t.Errorf("%s has no limits", name)
		}
		job := slices.Contains(s.Profiles, "jobs")
		if !job && (s.HealthCheck == nil || s.Restart != "unless-stopped") || job && s.Restart != "no" {
			t.Errorf("%s: no health check, or restarted wrongly (%s)", name, s.Restart)
		}
		for _, port := range s.Ports {
			if name != "proxy" && port.HostIP != "127.0.0.1" {
				t.Errorf("%s is open to the outside", name)
			}
		}
		for key := range s.Environment {
			if strings.Contains(key, "PASSWORD") && !strings.HasSuffix(key, "_FILE") {
				t.Errorf("%s has a secret in its environment: %s", name, key)
			}
		}
	}
}

// TestComposeImages: versions are named in env.example, and in no other place.
func TestComposeImages(t *testing.T) {
	for name, s := range project(t, ".").Services {
		image, digest, _ := strings.Cut(s.Image, "@")
		tag := image[strings.LastIndex(image, ":")+1:]
		if digest == "" && (tag == image || tag == "latest" || !strings.ContainsAny(tag, "0123456789")) {
			t.Errorf("%s: image %s has no version", name, s.Image)
		}
	}
	for line := range strings.Lines(string(read(t, deploy+"/compose/compose.yaml"))) {
		if image, ok := strings.CutPrefix(strings.TrimSpace(line), "image: "); ok && !strings.HasPrefix(image, "${") {
			t.Errorf("image %s is not a variable", image)
		}
	}
}

// TestComposeNetworks: only docsvc talks to the parts, and they to nobody else.
func TestComposeNetworks(t *testing.T) {
	p := project(t, ".")
	members := map[string][]string{}
	for name, s := range p.Services {
		for network := range s.Networks {
			members[network] = append(members[network], name)
		}
	}
	want := map[string][]string{
		"register": {"docsvc", "init", "migrate", "postgres"},
		"archive":  {"docsvc", "init", "minio", "minio-users"},
		"keys":     {"docsvc", "init", "vault"},
		"front":    {"docsvc", "prometheus", "proxy"},
		"edge":     {"prometheus", "proxy"},
		"outside":  {"docsvc", "vault"},
	}
	for network, names := range want {
		if got := slices.Sorted(slices.Values(members[network])); !slices.Equal(got, names) {
			t.Errorf("network %s has %q, want %q", network, got, names)
		}
		if n := p.Networks[network]; bool(n.Internal) == (network == "edge" || network == "outside") {
			t.Errorf("network %s: internal is %v", network, n.Internal)
		}
	}
	if len(members) != len(want) {
		t.Errorf("networks %q", slices.Sorted(maps.Keys(members)))
	}
}

// TestComposeSecrets: prepare.sh makes each secret for the user of each service
// that has it, and for nobody else.
func TestComposeSecrets(t *testing.T) {
	dir := prepared(t)
	p := project(t, dir, "compose.enrol.yaml")
	initMakes := []string{"roots.pem", "vault_role_id", "vault_secret_id", "enrol_role_id", "enrol_secret_id"}
	for name, s := range p.Services {
		for _, secret := range s.Secrets {
			path := p.Secrets[secret.Source].File
			if slices.Contains(initMakes, secret.Source) {
				// By the user that has it, in the directory that init writes to.
				if s.User != "65532:65532" || filepath.Dir(path) != dir+"/secrets/docsvc" {
					t.Errorf("%s: docsvc init makes no %s there for %s", name, path, s.User)
				}
				continue
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if !readable(info, s.User) {
				t.Errorf("%s, user %s, cannot read %s (%v)", name, s.User, secret.Source, info.Mode())
			}
			public := strings.HasSuffix(secret.Source, ".crt") || secret.Source == "ca.pem" // not what others fill in
			if mode := info.Mode().Perm(); !public && mode&0o037 != 0 {
				t.Errorf("%s has mode %v", secret.Source, mode)
			}
		}
		for _, v := range s.Volumes {
			if info, err := os.Stat(v.Source); err != nil || !readable(info, s.User) {
				t.Errorf("%s: volume %s: %v", name, v.Source, err)
			}
		}
		for _, c := range s.Configs {
			if info, err := os.Stat(p.Configs[c.Source].File); err != nil || info.Mode().Perm()&0o444 != 0o444 {
				t.Errorf("%s: config %s cannot be read by every user: %v", name, c.Source, err)
			}
		}
	}
}

// TestPrepareAgain: what is there stays.
func TestPrepareAgain(t *testing.T) {
	dir := prepared(t)
	before := mustRun(t, "sh", "-c", "cd "+dir+" && find . -type f | sort | xargs sha256sum")
	mustRun(t, "env", "HOST=icra.example.az", deploy+"/compose/prepare.sh", dir)
	if after := mustRun(t, "sh", "-c", "cd "+dir+" && find . -type f | sort | xargs sha256sum"); before != after {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	for server, host := range map[string]string{"postgres": "postgres", "minio": "minio", "vault": "vault", "proxy": "icra.example.az"} {
		mustRun(t, "openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", host,
			"-CAfile", dir+"/secrets/ca.pem", dir+"/secrets/"+server+".crt")
	}
	if out, err := run(t, "openssl", "verify", "-verify_hostname", "vault", "-CAfile", dir+"/secrets/ca.pem", dir+"/secrets/minio.crt"); err == nil {
		t.Errorf("the certificate of minio is good for vault: %s", out)
	}
}
