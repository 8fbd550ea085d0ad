package deploycheck

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// waitFor waits until something is so.
func waitFor(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ready(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s", what)
		}
	}
}

// TestPointInTime restores the register to a moment, as docs/operations.md says:
// a base backup, the write-ahead log that the compose file has copied away, and
// the time just before a mistake.
func TestPointInTime(t *testing.T) {
	dir := prepared(t)
	p := startPostgres(t, dir)
	sql := func(text string) string {
		t.Helper()
		out, err := p.local(text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	sql("create table acts (n int)")
	base := dir + "/data/postgres/base"
	if out, err := p.command("pg_basebackup", "-U", "postgres", "-D", base, "--wal-method=none", "--checkpoint=fast").CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, out)
	}
	sql("insert into acts values (1), (2)")
	moment := sql("select clock_timestamp()")
	sql("delete from acts") // the mistake
	last := sql("select pg_walfile_name(pg_switch_wal())")
	waitFor(t, "copy of the log "+last, func() bool {
		_, err := os.Stat(dir + "/data/wal/" + last)
		return err == nil
	})
	if err := os.WriteFile(base+"/recovery.signal", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	postgresUser(t, base+"/recovery.signal")
	restored := &postgres{t: t, dir: dir, port: freePort(t), as: p.as}
	restored.server(base, "-crestore_command=cp "+dir+"/data/wal/%f %p", "-crecovery_target_time="+moment, "-crecovery_target_action=promote")
	waitFor(t, "end of the recovery", func() bool {
		out, err := restored.local("select pg_is_in_recovery()")
		return err == nil && out == "f"
	})
	if out, err := restored.local("select count(*) from acts"); err != nil || out != "2" {
		t.Errorf("restored %s acts, %v", out, err)
	}
}

// TestBackup runs backup.sh against both servers and restores what it made.
func TestBackup(t *testing.T) {
	for _, name := range []string{"pg_basebackup", "pg_verifybackup"} {
		program(t, name)
	}
	dir := prepared(t)
	p, v := startPostgres(t, dir), startVault(t, dir)
	v.unseal(v.initialise())
	// The role and the token of docs/operations.md.
	if _, err := p.local("create role docsvc_backup login replication password 'b'"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/pg_hba.conf", append(read(t, deploy+"/compose/pg_hba.conf"), "hostssl replication docsvc_backup all scram-sha-256\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := p.local("select pg_reload_conf()"); err != nil {
		t.Fatal(err)
	}
	v.put("sys/policies/acl/docsvc-backup", map[string]string{"policy": `path "sys/storage/raft/snapshot" { capabilities = ["read"] }`}, nil)
	var made struct {
		Auth struct {
			ClientToken string `json:"client_token"`
		}
	}
	v.put("auth/token/create", map[string]any{"policies": []string{"docsvc-backup"}, "no_default_policy": true, "no_parent": true}, &made)

	credentials, backups := dir+"/credentials", dir+"/backups"
	for _, d := range []string{credentials, backups} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"backup_dsn":           fmt.Sprintf("host=postgres hostaddr=127.0.0.1 port=%d user=docsvc_backup password=b sslmode=verify-full sslrootcert=%s/secrets/ca.pem", p.port, dir),
		"vault_address":        fmt.Sprint("https://127.0.0.1:", v.port),
		"vault_snapshot_token": made.Auth.ClientToken,
		"ca.pem":               string(read(t, dir+"/secrets/ca.pem")),
	} {
		if err := os.WriteFile(credentials+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	backup := func() (string, error) {
		cmd := exec.CommandContext(t.Context(), deploy+"/systemd/backup.sh")
		cmd.Env = append(os.Environ(), "HOME="+dir, "BACKUPS="+backups, "KEEP=2", "CREDENTIALS_DIRECTORY="+credentials,
			"PATH="+filepath.Dir(v.binary)+":"+filepath.Dir(program(t, "pg_verifybackup"))+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for range 3 {
		if out, err := backup(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		time.Sleep(1100 * time.Millisecond) // names are seconds
	}
	kept, _ := filepath.Glob(backups + "/2*Z") // the pattern is well-formed
	if len(kept) != 2 {
		t.Fatalf("%d backups are kept: %q", len(kept), kept)
	}
	if out, err := v.command("operator", "raft", "snapshot", "inspect", kept[1]+"/vault.snap").CombinedOutput(); err != nil || !strings.Contains(string(out), "core/") {
		t.Errorf("the snapshot of Vault: %v\n%s", err, out)
	}
	if out, err := v.command("operator", "raft", "snapshot", "restore", kept[1]+"/vault.snap").CombinedOutput(); err != nil {
		t.Errorf("restoring Vault: %v\n%s", err, out)
	}
	waitFor(t, "Vault after its restore", func() bool { return status(v.client, v.url("sys/health"), http.StatusOK) == nil })
	if out, err := exec.Command("chown", "-R", "postgres:", backups).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	restored := &postgres{t: t, dir: dir, port: freePort(t), as: p.as}
	restored.server(kept[1] + "/register")
	if out, err := restored.local("select count(*) from pg_database where datname = 'docsvc'"); err != nil || out != "1" {
		t.Errorf("restored: %s, %v", out, err)
	}

	// A failure leaves nothing behind that looks like a backup.
	if err := os.WriteFile(credentials+"/vault_snapshot_token", []byte("none"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := backup(); err == nil {
		t.Errorf("it succeeds without a token: %s", out)
	}
	if all, _ := filepath.Glob(backups + "/.*.part"); len(all) > 0 {
		t.Errorf("left behind: %q", all)
	}
}
