package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"docsvc/internal/document"
	"docsvc/internal/testservers"
	"docsvc/templates"
)

// embedded is the demo office of make run, served, with acts that wait for nigar.
type embedded struct {
	*app
	t      *testing.T
	origin string
}

func serveEmbedded(t *testing.T) *embedded {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "office")
	if err := newOffice(dir); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	e := &embedded{t: t, origin: "http://" + server.Listener.Addr().String()}
	// The browser comes to an address of this test.
	path := filepath.Join(dir, configName)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = []byte(strings.Replace(string(data), "http://127.0.0.1:8080", e.origin, 1))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := parseConfig(data)
	if err != nil {
		t.Fatal(err)
	}
	c.dir = dir
	e.app, err = openApp(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.work.Wait()
		if err := e.close(); err != nil {
			t.Error(err)
		}
	})
	handler, err := e.handler(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	return e
}

// issue issues n acts of a sample case that wait for nigar.
func (e *embedded) issue(n int) []document.Act {
	e.t.Helper()
	data, err := fs.ReadFile(templates.FS, "samples/case-1.json")
	if err != nil {
		e.t.Fatal(err)
	}
	var s sample
	if err := json.Unmarshal(data, &s); err != nil {
		e.t.Fatal(err)
	}
	ctx := e.t.Context()
	nigar, err := e.Service.Account(ctx, "nigar")
	if err != nil {
		e.t.Fatal(err)
	}
	c, _, err := e.Service.RegisterCase(ctx, nigar.Actor("test"), nigar.Office, "nigar", s.Case)
	if err != nil {
		e.t.Fatal(err)
	}
	acts, errs := make([]document.Act, n), make([]error, n)
	var group sync.WaitGroup
	turn := make(chan struct{}, 4)
	for i := range n {
		group.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			draft := document.Draft{Case: c.Number, Template: s.Acts[0].Template, Input: s.Acts[0].Input, Date: s.Acts[0].Date, RequestKey: fmt.Sprint(i)}
			if acts[i], _, errs[i] = e.Service.Issue(ctx, nigar.Actor("test"), draft); errs[i] == nil {
				acts[i], errs[i] = e.Service.Run(ctx, acts[i])
			}
		})
	}
	group.Wait()
	for i, err := range errs {
		if err != nil || acts[i].State != document.Prepared {
			e.t.Fatal(acts[i].State, err)
		}
	}
	return acts
}

// secret reads what init left for a demo officer.
func (e *embedded) secret(file string) string {
	e.t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		e.t.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}

// tab is a tab of a headless Chromium.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func openTab(t *testing.T) tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(testservers.Chromium(t)))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return tab{t, ctx}
}

func (b tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b tab) text(expression string) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return s
}

// TestEmbeddedInTheBrowser is the officer's way at make run: log in with the
// password that init left, choose all acts that wait, type the passphrase of the
// key, see that all are in the archive. It tells how long the signing took, for
// docs/performance.md; DOCSVC_ACTS says how many acts, 3 if nothing is said.
func TestEmbeddedInTheBrowser(t *testing.T) {
	n := 3
	if text := os.Getenv("DOCSVC_ACTS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	b, e := openTab(t), serveEmbedded(t)
	acts := e.issue(n)
	b.do(chromedp.Navigate(e.origin+"/office?lang=en"), chromedp.WaitVisible("#password"),
		chromedp.SendKeys("#login", "nigar"), chromedp.SendKeys("#password", "wrong"), chromedp.Click("main button"),
		chromedp.WaitVisible("#login-error"))
	b.do(chromedp.SendKeys("#password", e.secret(demoPassword(e.Config, "nigar"))), chromedp.Click("main button"), chromedp.WaitVisible(".acts"),
		chromedp.Click(".pick-all"), chromedp.Click(".actions button[type=submit]"), chromedp.WaitVisible("#passphrase"))
	if title, want := b.text(`document.querySelector('h1').textContent`), fmt.Sprintf("You are about to sign %d acts", n); title != want {
		t.Errorf("the page is %q, want %q", title, want)
	}
	b.do(chromedp.SendKeys("#passphrase", "wrong"), chromedp.Click("main button"), chromedp.WaitVisible("#passphrase-error"),
		chromedp.SendKeys("#passphrase", e.secret(demoPassphrase(e.Config, "nigar"))))
	begun := time.Now()
	b.do(chromedp.Click("main button"), chromedp.WaitVisible(".banner.good"))
	took := time.Since(begun)
	t.Logf("%d acts signed and archived in %.1f s, from the press of the button to the page that says so", n, took.Seconds())
	if title, want := b.text(`document.querySelector('h1').textContent`), fmt.Sprintf("%d acts are signed", n); title != want {
		t.Errorf("the page is %q, want %q", title, want)
	}
	for _, act := range acts {
		now, err := e.Service.Act(t.Context(), act.Number)
		if err != nil || now.State != document.Archived {
			t.Errorf("%s is %s, %v", act.Number, now.State, err)
		}
	}
	r, err := http.Get(e.origin + "/office")
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if !strings.HasPrefix(r.Request.URL.Path, "/login") {
		t.Errorf("without a session one is at %s", r.Request.URL)
	}
}
