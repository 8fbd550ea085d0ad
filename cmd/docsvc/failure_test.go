package main

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"docsvc/internal/document"
	"docsvc/internal/signing"
	"docsvc/internal/verify"
)

// disk is a small file system with one part of an office on it.
type disk struct {
	t      *testing.T
	office string
	mount  string
}

// newDisk makes an office and moves part, a path in it, to a disk of its own;
// set is how the configuration names the new place.
func newDisk(t *testing.T, part string, set func(mount string) map[string]any) *disk {
	t.Helper()
	d := &disk{t: t, mount: t.TempDir(), office: filepath.Join(t.TempDir(), "office")}
	if os.Getuid() != 0 {
		t.Skip("full and read-only disks are made by mounting: this test needs root")
	}
	if err := unix.Mount("tmpfs", d.mount, "tmpfs", 0, "size=12m"); err != nil {
		t.Skipf("full and read-only disks are made by mounting: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(d.mount, 0); err != nil {
			t.Error(err)
		}
	})
	if err := newOffice(d.office); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cp", "-a", filepath.Join(d.office, part), d.mount).CombinedOutput(); err != nil {
		t.Fatalf("copy to the small disk: %v\n%s", err, out)
	}
	conf := set(d.mount)
	conf["lease_seconds"] = 1
	if err := reconfigure(d.office, conf); err != nil {
		t.Fatal(err)
	}
	return d
}

// fill leaves so many bytes of the disk free.
func (d *disk) fill(free int) {
	d.t.Helper()
	f, err := os.Create(filepath.Join(d.mount, "filler"))
	if err != nil {
		d.t.Fatal(err)
	}
	var stat unix.Statfs_t
	if err := unix.Statfs(d.mount, &stat); err != nil {
		d.t.Fatal(err)
	}
	if size := int(stat.Bavail)*int(stat.Bsize) - free; size > 0 {
		if _, err := f.Write(make([]byte, size)); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *disk) empty() {
	d.t.Helper()
	if err := os.Remove(filepath.Join(d.mount, "filler")); err != nil {
		d.t.Fatal(err)
	}
}

func (d *disk) readOnly(on bool) {
	d.t.Helper()
	flags := uintptr(unix.MS_REMOUNT)
	if on {
		flags |= unix.MS_RDONLY
	}
	if err := unix.Mount("tmpfs", d.mount, "tmpfs", flags, ""); err != nil {
		d.t.Fatal(err)
	}
}

// desk is nigar at work in an open office, with one case.
type desk struct {
	t       *testing.T
	a       *app
	s       *session
	draft   document.Draft
	started int // acts that were asked for
}

func sitDown(t *testing.T, a *app) *desk {
	t.Helper()
	s, err := a.unlock(t.Context(), &officerFlags{login: "nigar", passphraseFile: demoPassphrase(a.Config, "nigar")})
	if err != nil {
		t.Fatal(err)
	}
	list, err := samples()
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := a.Service.RegisterCase(t.Context(), s.actor, "110", "nigar", list[0].Case)
	if err != nil {
		t.Fatal(err)
	}
	act := list[0].Acts[0]
	return &desk{t: t, a: a, s: s, draft: document.Draft{Case: c.Number, Template: act.Template, Input: act.Input, Date: act.Date}}
}

// issue asks for the n-th act, again if it was asked for before.
func (d *desk) issue(n int) (actJSON, error) {
	d.started = max(d.started, n)
	draft := d.draft
	draft.RequestKey = fmt.Sprint("desk/", n)
	act, _, err := d.a.issueOne(d.t.Context(), env{stderr: d.t.Output()}, d.s, draft)
	return act, err
}

// settle asks for every act again and checks that each has one number, none
// is missing, and all are archived and genuine.
func (d *desk) settle() {
	d.t.Helper()
	ctx := d.t.Context()
	seen := map[string]bool{}
	for n := 1; n <= d.started; n++ {
		act, err := d.issue(n)
		if err != nil || act.State != document.Archived {
			d.t.Fatalf("act %d is %s after the disk is well again: %v", n, act.State, err)
		}
		seen[act.Number] = true
		v, err := d.a.Verify.ByNumber(ctx, act.Number)
		if err != nil || v.Kind != verify.Valid {
			d.t.Errorf("act %s is %s, %v", act.Number, v.Kind, err)
		}
	}
	for n := 1; n <= d.started; n++ {
		if number := fmt.Sprintf("%s-%03d", d.draft.Case, n); !seen[number] {
			d.t.Errorf("number %s was lost", number)
		}
	}
	if err := d.a.Service.Sequence(ctx); err != nil {
		d.t.Error(err)
	}
	if err := d.a.Service.Flush(ctx); err != nil {
		d.t.Error(err)
	}
}

func newArchiveDisk(t *testing.T) *disk {
	t.Helper()
	return newDisk(t, "archive", func(mount string) map[string]any {
		return map[string]any{"archive": map[string]any{"directory": filepath.Join(mount, "archive")}}
	})
}

// refused runs a command that has nowhere to write and must say so.
func (d *disk) refused(args ...string) {
	d.t.Helper()
	var errs bytes.Buffer
	code := run(d.t.Context(), env{stdout: new(bytes.Buffer), stderr: &errs}, append(args, "--data", d.office))
	if code != exitError || !strings.Contains(errs.String(), "archive") {
		d.t.Errorf("%v exits with %d: %s", args, code, errs.String())
	}
}

// TestArchiveFull: while the archive is full an act waits, signed, and is not
// shown as done; then it goes on under its number.
func TestArchiveFull(t *testing.T) {
	d := newArchiveDisk(t)
	inOffice(t, d.office, func(a *app) {
		desk := sitDown(t, a)
		if _, err := desk.issue(1); err != nil {
			t.Fatal(err)
		}
		for i, free := range []int{0, 16 << 10, 32 << 10} {
			d.fill(free)
			act, err := desk.issue(i + 2)
			if document.KindOf(err) != document.Unavailable || act.State != document.Signed {
				t.Fatalf("%d bytes free: act is %s, %v", free, act.State, err)
			}
			if v, err := a.Verify.ByNumber(t.Context(), act.Number); err != nil || v.Kind != verify.BeingIssued {
				t.Errorf("%d bytes free: the page says %s, %v", free, v.Kind, err)
			}
			if free == 0 {
				d.refused("demo")
			}
			d.empty()
			if again, err := desk.issue(i + 2); err != nil || again.Number != act.Number || again.State != document.Archived {
				t.Errorf("afterwards %s is %s, %v", again.Number, again.State, err)
			}
		}
		desk.settle()
	})
}

// TestArchiveReadOnly: a command that cannot write the archive does not begin,
// and uses no number.
func TestArchiveReadOnly(t *testing.T) {
	d := newArchiveDisk(t)
	if err := docsvc(t.Context(), nil, "demo", "--data", d.office); err != nil {
		t.Fatal(err)
	}
	tables := []string{"act", "enforcement_case", "counter", "ledger_entry", "audit_event"}
	before, err := dumpRegister(t.Context(), d.office, tables...)
	if err != nil {
		t.Fatal(err)
	}
	d.readOnly(true)
	d.refused("demo")
	d.refused("serve", "--addr", "127.0.0.1:0")
	d.readOnly(false)
	after, err := dumpRegister(t.Context(), d.office, tables...)
	if err != nil || after != before {
		t.Errorf("the register has changed: %s, %v", firstDifference(before, after), err)
	}
	if err := docsvc(t.Context(), nil, "demo", "--data", d.office); err != nil {
		t.Error(err)
	}
}

// TestRegisterDisk fills the register's disk to the last bytes at many points:
// each act either comes through or stays where it was, and no number is lost
// or given twice.
func TestRegisterDisk(t *testing.T) {
	d := newDisk(t, "register.db", func(mount string) map[string]any {
		return map[string]any{"register": map[string]any{"sqlite": filepath.Join(mount, "register.db")}}
	})
	inOffice(t, d.office, func(a *app) {
		desk := sitDown(t, a)
		if _, err := desk.issue(1); err != nil {
			t.Fatal(err)
		}
		failed := map[document.Kind]int{}
		for i, free := range []int{0, 0, 8 << 10, 32 << 10, 64 << 10, 128 << 10, 192 << 10, 256 << 10, 384 << 10} {
			d.fill(free)
			_, err := desk.issue(i + 2)
			d.empty()
			if err != nil {
				failed[document.KindOf(err)]++
				if errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("with %d bytes free: %v", free, err)
				}
			}
		}
		if failed[document.Unavailable] == 0 || len(failed) > 1 {
			t.Errorf("errors by kind: %v, want some, all of them unavailable", failed)
		}
		desk.settle()
	})
}

// noTimestamps is an authority that does not answer.
type noTimestamps struct{}

func (noTimestamps) Timestamp(context.Context, []byte, crypto.Hash) ([]byte, error) {
	return nil, errors.New("connection refused")
}

// TestTimestampsDown: an act at level B-LTA waits for its time-stamp, visibly,
// and never comes out at a lower level; the key is not used again for it.
func TestTimestampsDown(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "office")
	if err := newOffice(dir); err != nil {
		t.Fatal(err)
	}
	inOffice(t, dir, func(a *app) {
		ctx := t.Context()
		desk := sitDown(t, a)
		answers := a.Service.Timestamps
		a.Service.Timestamps = noTimestamps{}
		waiting, err := desk.issue(1)
		if document.KindOf(err) != document.Unavailable || waiting.State != document.Signing || waiting.SHA256 != "" {
			t.Fatalf("act is %s, %v", waiting.State, err)
		}
		act, err := a.Service.Act(ctx, waiting.Number)
		if err != nil {
			t.Fatal(err)
		}
		err = a.Register.View(ctx, func(tx document.Tx) error {
			job, err := tx.JobByAct(ctx, act.ID)
			if job.Attempts != 1 || !strings.Contains(job.LastError, "connection refused") {
				t.Errorf("the job does not tell why the act waits: %+v", job)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := a.Verify.ByNumber(ctx, act.Number); err != nil || v.Kind != verify.BeingIssued {
			t.Errorf("the page says %s, %v", v.Kind, err)
		}
		a.Service.Timestamps = answers
		if done, err := desk.issue(1); err != nil || done.Number != act.Number || done.Level != string(signing.LevelBLTA) {
			t.Errorf("afterwards %+v, %v", done, err)
		}
		desk.settle()
		v, err := a.Verify.ByNumber(ctx, act.Number)
		if err != nil || len(v.Signatures) != 1 || v.Signatures[0].Level != signing.LevelBLTA {
			t.Errorf("signatures %+v, %v", v.Signatures, err)
		}
		err = a.Register.View(ctx, func(tx document.Tx) error {
			intents, err := tx.Intents(ctx, act.ID)
			if len(intents) != 1 {
				t.Errorf("%d intents for one signature", len(intents))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
