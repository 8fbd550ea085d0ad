package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"docsvc/internal/document"
)

// TestScripts runs testdata/script/*.txtar. Besides the commands of testscript
// they have:
//
//	office                  copy the demo office to $WORK/office and name it in
//	                        DOCSVC_DATA; $NIGAR, $VUQAR, $KAMRAN are passphrase files
//	issued                  the same with the sample acts issued; $CASE1…, $ACT1…,
//	                        $CODE1…, $FILE1… name them in the order of demo
//	run EXIT ARG…           run docsvc, which must exit with EXIT and write no secret
//	expand FILE…            replace $NAME in files
//	json FILE PATH [VALUE]  the value at a path like acts.0.state
//	keys FILE PATH KEY…     the object at PATH has exactly these keys
//	setenv NAME FILE PATH   set NAME to a value
//	dump FILE TABLE…        write tables of the register as text
//	audited N KIND [TEXT]   the trail has N events of the kind (about TEXT)
//	failures LOGIN N        LOGIN has just failed N times to authenticate
//	prepared NAME CASE      issue an act that waits for nigar; NAME is its number
//	tamper HOW FROM TO      copy a PDF with one thing changed
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"office": scriptOffice, "issued": scriptIssued, "run": scriptRun, "expand": scriptExpand,
			"json": scriptJSON, "unzip": scriptUnzip, "keys": scriptKeys, "setenv": scriptSetenv, "dump": scriptDump,
			"audited": scriptAudited, "prepared": scriptPrepared, "failures": scriptFailures, "tamper": scriptTamper,
			"nextsecond": scriptNextSecond,
		},
	})
}

// scriptNextSecond waits for it: a list of revoked certificates tells whole
// seconds, and within one nobody knows what came first.
func scriptNextSecond(*testscript.TestScript, bool, []string) {
	now := time.Now()
	time.Sleep(now.Truncate(time.Second).Add(time.Second).Sub(now))
}

func scriptOffice(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(newOffice(ts.MkAbs("office")))
	nameOffice(ts)
}

func nameOffice(ts *testscript.TestScript) {
	dir := ts.MkAbs("office")
	ts.Setenv("DOCSVC_DATA", dir)
	for _, o := range demoOfficers() {
		ts.Setenv(strings.ToUpper(o.Login), filepath.Join(dir, "demo", o.Login+".passphrase"))
	}
}

// issuedModel is the model office after docsvc demo.
var issuedModel = sync.OnceValues(func() (acts actsJSON, err error) {
	dir := filepath.Join(modelDir(), "issued")
	if err := newOffice(dir); err != nil {
		return acts, err
	}
	var out bytes.Buffer
	if err := docsvc(context.Background(), &out, "demo", "--data", dir, "--json"); err != nil {
		return acts, err
	}
	return acts, json.Unmarshal(out.Bytes(), &acts)
})

func scriptIssued(ts *testscript.TestScript, _ bool, _ []string) {
	acts, err := issuedModel()
	ts.Check(err)
	out, err := exec.Command("cp", "-a", filepath.Join(modelDir(), "issued"), ts.MkAbs("office")).CombinedOutput()
	if err != nil {
		ts.Fatalf("copy: %v %s", err, out)
	}
	nameOffice(ts)
	cases := 0
	for i, act := range acts.Acts {
		if i == 0 || act.Case != acts.Acts[i-1].Case {
			cases++
			ts.Setenv(fmt.Sprintf("CASE%d", cases), act.Case)
		}
		ts.Setenv(fmt.Sprintf("ACT%d", i+1), act.Number)
		ts.Setenv(fmt.Sprintf("CODE%d", i+1), act.Code)
		inside, err := filepath.Rel(filepath.Join(modelDir(), "issued"), act.Path)
		ts.Check(err)
		ts.Setenv(fmt.Sprintf("FILE%d", i+1), ts.MkAbs("office/"+inside))
	}
}

func scriptRun(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: run EXIT ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec("docsvc", args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("docsvc: %v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit %d, want %d", got, want)
	}
	files, err := filepath.Glob(filepath.Join(ts.Getenv("DOCSVC_DATA"), "demo", "*.passphrase"))
	ts.Check(err)
	output := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	for _, file := range files {
		if secret := strings.TrimSpace(ts.ReadFile(file)); strings.Contains(output, secret) {
			ts.Fatalf("the output holds the passphrase of %s", filepath.Base(file))
		}
	}
	for _, word := range []string{"panic:", "goroutine ", "PRIVATE KEY", "error.", "{login}", "{number}"} {
		if strings.Contains(output, word) {
			ts.Fatalf("the output holds %q", word)
		}
	}
}

func scriptExpand(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// valueAt reads the value at path in a JSON file; a missing key is an error.
func valueAt(ts *testscript.TestScript, file, path string) any {
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile(file)), &v); err != nil {
		ts.Fatalf("%s: %v", file, err)
	}
	for key := range strings.SplitSeq(path, ".") {
		if key == "" {
			continue
		}
		switch node := v.(type) {
		case map[string]any:
			child, ok := node[key]
			if !ok {
				ts.Fatalf("%s: no %s in %s", file, key, path)
			}
			v = child
		case []any:
			i, err := strconv.Atoi(key)
			if key == "#" {
				return float64(len(node))
			}
			if err != nil || i >= len(node) {
				ts.Fatalf("%s: no element %s in %s", file, key, path)
			}
			v = node[i]
		default:
			ts.Fatalf("%s: nothing below %s in %s", file, key, path)
		}
	}
	return v
}

func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	v := fmt.Sprint(valueAt(ts, args[0], args[1]))
	switch {
	case len(args) == 2 && v == "":
		ts.Fatalf("%s is empty", args[1])
	case len(args) == 3 && (v == args[2]) == neg:
		ts.Fatalf("%s is %q", args[1], v)
	}
}

func scriptKeys(ts *testscript.TestScript, _ bool, args []string) {
	object, ok := valueAt(ts, args[0], args[1]).(map[string]any)
	if !ok {
		ts.Fatalf("%s is no object", args[1])
	}
	for _, key := range args[2:] {
		if _, ok := object[key]; !ok {
			ts.Fatalf("%s lacks %s", args[1], key)
		}
		delete(object, key)
	}
	if len(object) > 0 {
		ts.Fatalf("%s has more: %v", args[1], object)
	}
}

func scriptSetenv(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], fmt.Sprint(valueAt(ts, args[1], args[2])))
}

func scriptDump(ts *testscript.TestScript, _ bool, args []string) {
	text, err := dumpRegister(context.Background(), ts.Getenv("DOCSVC_DATA"), args[1:]...)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// scriptApp opens the script's office in this process.
func scriptApp(ts *testscript.TestScript, fn func(a *app) error) {
	c, err := loadConfig(&flags{data: ts.Getenv("DOCSVC_DATA")})
	ts.Check(err)
	a, err := openApp(context.Background(), c, slog.New(slog.DiscardHandler))
	ts.Check(err)
	ts.Check(errors.Join(fn(a), a.close()))
}

func scriptAudited(ts *testscript.TestScript, _ bool, args []string) {
	scriptApp(ts, func(a *app) error {
		if err := a.Service.Sequence(context.Background()); err != nil {
			return err
		}
		events, _, err := auditTrail(context.Background(), a)
		n := 0
		for _, e := range events {
			if string(e.Kind) == args[1] && (len(args) < 3 || e.Subject == args[2]) {
				n++
			}
		}
		if fmt.Sprint(n) != args[0] {
			ts.Fatalf("%d events %v, want %s", n, args[1:], args[0])
		}
		return err
	})
}

func scriptFailures(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	scriptApp(ts, func(a *app) error {
		return a.Register.Update(context.Background(), func(tx document.Tx) error {
			return tx.SetFailures(context.Background(), args[0], n, time.Now())
		})
	})
}

func scriptPrepared(ts *testscript.TestScript, _ bool, args []string) {
	scriptApp(ts, func(a *app) error {
		ctx := context.Background()
		account, err := a.Service.Account(ctx, "nigar")
		if err != nil {
			return err
		}
		list, err := samples()
		if err != nil {
			return err
		}
		act, _, err := a.Service.Issue(ctx, account.Actor("script"), document.Draft{
			Case: args[1], Template: "query", Input: list[0].Acts[1].Input, Date: document.DateOf(time.Now(), location()),
		})
		if err != nil {
			return err
		}
		ts.Setenv(args[0], act.Number)
		_, err = a.Service.Resume(ctx, act)
		return err
	})
}

func scriptTamper(ts *testscript.TestScript, _ bool, args []string) {
	pdf := []byte(ts.ReadFile(args[1]))
	find := func(what string) int {
		i := bytes.LastIndex(pdf, []byte(what))
		if i < 0 {
			ts.Fatalf("%s has no %s", args[1], what)
		}
		return i + len(what)
	}
	switch args[0] {
	case "content": // a byte in the first stream
		pdf[bytes.Index(pdf, []byte("stream\n"))+40] ^= 1
	case "contents": // a byte of the signature value
		i := find("/Contents <") + 400
		pdf[i] = "10"[pdf[i]&1]
	case "byterange":
		i := find("/ByteRange [0 ")
		pdf[i] = '1' + (pdf[i]-'0'+1)%9
	case "append":
		pdf = append(pdf, "\n% one more line\n"...)
	case "update": // an incremental update that is well-formed enough to be looked at
		pdf = append(pdf, "1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"...)
	case "truncate":
		pdf = pdf[:len(pdf)/2]
	case "last": // the last byte is cut off
		pdf = pdf[:len(pdf)-7]
	case "empty":
		pdf = nil
	default:
		ts.Fatalf("tamper: unknown %s", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), pdf, 0o600))
}
