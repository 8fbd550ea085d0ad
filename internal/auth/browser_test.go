package auth_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/testservers"
)

// tab is a headless Chromium with one tab.
type tab struct {
	t      *testing.T
	ctx    context.Context
	shots  int
	forms  int // of the provider that were filled in
	server *testservers.OIDCServer
}

func openTab(t *testing.T, server *testservers.OIDCServer) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(testservers.Chromium(t)))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, server: server}
	if err := b.do(chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) error { return chromedp.Do(b.ctx, steps...) }

// text evaluates an expression in the page.
func (b *tab) text(expression string) string {
	s, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		b.t.Errorf("%s: %v", expression, err)
	}
	return s
}

// visit goes to an address as the person who, and returns what the page that
// is there in the end says.
func (b *tab) visit(address, who string) string {
	err := b.do(chromedp.Navigate(address), chromedp.WaitReady("h1"))
	if err == nil && b.text(`String(document.querySelector('input[type=password]') !== null)`) == "true" {
		b.forms++
		b.picture("login-form")
		err = b.do(
			chromedp.SendKeys("#login", who), chromedp.SendKeys("#password", b.server.Password(who)),
			chromedp.Click("button"), chromedp.WaitReady("section[lang=ru] h1"),
		)
	}
	if err != nil {
		b.t.Error(err)
	}
	b.picture("login-end")
	return b.text(`document.body.innerText`)
}

// picture keeps how the page looks where DOCSVC_ARTIFACTS says.
func (b *tab) picture(name string) {
	dir := os.Getenv("DOCSVC_ARTIFACTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		b.shots++
		err = os.WriteFile(filepath.Join(dir, name+"-"+strconv.Itoa(b.shots)+".png"), png, 0o600)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// TestBrowserJourney: an officer with a real browser at a real provider, from
// the command line: the form, then nothing for a second login, then the form
// again for a batch; a weak login and a batch of one who is in already.
func TestBrowserJourney(t *testing.T) {
	server := testservers.OIDC(t, testservers.OIDCOptions{})
	config := realConfig(t, server)
	config.ClientID, config.ClientSecretFile = server.NativeClientID, "" // an officer's machine has no secret
	provider, err := auth.New(config, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	b := openTab(t, server)
	for _, step := range []struct {
		name  string
		begin auth.Start
		who   string
		forms int // filled in so far
		key   string
		page  string
	}{
		{"first login", plainLogin, "a.aliyev", 1, "", "Daxil oldunuz"},
		{"silent login", plainLogin, "a.aliyev", 1, "", "You are logged in"},
		{"fresh for a batch", batch, "a.aliyev", 2, "", "Вы вошли"},
		{"fresh for another batch", batch, "a.aliyev", 3, "", "Вы вошли"},
		{"silent after the batch", plainLogin, "a.aliyev", 3, "", "Daxil oldunuz"},
		{"batch with a weak login", batch, "a.aliyev.weak", 4, "error.login.weak", "ikinci amillə"},
		{"silent, but weak now", plainLogin, "", 4, "error.login.weak", "not strong enough"},
		{"batch of another officer", batch, "g.agayeva", 5, "", "Daxil oldunuz"},
	} {
		var page string
		begun := time.Now().Truncate(time.Second)
		p := newPerson(t, func(address string) { page = b.visit(address, step.who) })
		l := &auth.Loopback{Provider: provider, Open: p.open, Now: time.Now, Timeout: 30 * time.Second}
		i, err := l.Login(t.Context(), step.begin)
		<-p.done
		if step.key == "" && err != nil {
			t.Errorf("%s: %v", step.name, err)
		} else if step.key != "" {
			wantKey(t, step.name, err, document.Forbidden, step.key)
		}
		if b.forms != step.forms || !strings.Contains(page, step.page) {
			t.Errorf("%s: %d forms, want %d; the page says %q", step.name, b.forms, step.forms, page)
		}
		if step.key != "" {
			continue
		}
		if want := map[string]string{"a.aliyev": "5VBK5VR", "g.agayeva": "7ABC1DE"}[step.who]; i.Subject != want {
			t.Errorf("%s: %s logged in", step.name, i.Subject)
		}
		if step.begin.Purpose == auth.PurposeAuthorise && i.AuthTime.Before(begun) {
			t.Errorf("%s: authenticated %s before it was begun", step.name, begun.Sub(i.AuthTime))
		}
		if script := b.text(`String(document.scripts.length + document.querySelectorAll('[src],[href],[style]').length)`); script != "0" {
			t.Errorf("%s: the page has %s scripts and references", step.name, script)
		}
	}
}
