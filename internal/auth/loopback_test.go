package auth_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

// visit is what the browser does with an address; it returns status and page.
func visit(t *testing.T, method, address, host string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	resp, err := (&http.Client{Timeout: 5 * time.Second}).Do(r)
	if err != nil {
		t.Errorf("%s: %v", address, err)
		return 0, nil, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

// back is the address to which the provider sends the browser.
func back(t *testing.T, address string, v url.Values) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	v.Set("state", u.Query().Get("state"))
	return u.Query().Get("redirect_uri") + "?" + v.Encode()
}

// person opens addresses as a person would, in a goroutine that the test waits
// for.
type person struct {
	t    *testing.T
	do   func(address string)
	done chan struct{}
}

func newPerson(t *testing.T, do func(address string)) *person {
	return &person{t, do, make(chan struct{})}
}

func (p *person) open(address string) error {
	go func() {
		defer close(p.done)
		p.do(address)
	}()
	return nil
}

func TestLoopback(t *testing.T) {
	f := newFakeProvider(t)
	var redirect string
	p := newPerson(t, func(address string) {
		code, _ := f.authorize(address)
		good := back(t, address, url.Values{"code": {code}})
		u, err := url.Parse(good)
		if err != nil {
			t.Fatal(err)
		}
		redirect = "http://" + u.Host + u.Path
		// What strangers send changes nothing.
		for name, c := range map[string]struct {
			method, address, host string
			status                int
		}{
			"another path":   {"GET", "http://" + u.Host + "/", u.Host, 404},
			"icon":           {"GET", "http://" + u.Host + "/favicon.ico", u.Host, 404},
			"longer path":    {"GET", "http://" + u.Host + "/callback/?" + u.RawQuery, u.Host, 404},
			"another name":   {"GET", good, "evil.example:" + u.Port(), 404},
			"localhost":      {"GET", good, "localhost:" + u.Port(), 404},
			"POST":           {"POST", good, u.Host, 405},
			"HEAD":           {"HEAD", good, u.Host, 405},
			"nothing":        {"GET", redirect, u.Host, 400},
			"another state":  {"GET", redirect + "?code=x&state=" + aState, u.Host, 400},
			"error, unknown": {"GET", redirect + "?error=access_denied&state=" + aState, u.Host, 400},
			"error, stray":   {"GET", redirect + "?error=access_denied", u.Host, 400},
			"long":           {"GET", good + "&x=" + strings.Repeat("x", 9000), u.Host, 400},
		} {
			if status, _, _ := visit(t, c.method, c.address, c.host); status != c.status {
				t.Errorf("%s: %d, want %d", name, status, c.status)
			}
		}
		status, header, page := visit(t, "GET", good, u.Host)
		if status != 200 || !strings.Contains(page, "Daxil oldunuz") || !strings.Contains(page, "You are logged in") || !strings.Contains(page, "Вы вошли") ||
			strings.Contains(page, "<script") || strings.Contains(page, "http") {
			t.Errorf("%d %s", status, page)
		}
		if header.Get("Content-Security-Policy") == "" || header.Get("Cache-Control") != "no-store" || header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%v", header)
		}
	})
	l := &auth.Loopback{Provider: f.provider(), Open: p.open, Now: f.clock}
	i, err := l.Login(t.Context(), batch)
	<-p.done
	if err != nil || i.Subject != "5VBK5VR" {
		t.Errorf("%+v, %v", i, err)
	}
	if !strings.HasPrefix(redirect, "http://127.0.0.1:") || !strings.HasSuffix(redirect, "/callback") {
		t.Errorf("redirect to %s", redirect)
	}
	u, err := url.Parse(redirect)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := net.DialTimeout("tcp", u.Host, time.Second); err == nil {
		_ = c.Close()
		t.Error("it still listens")
	}
}

func TestLoopbackErrors(t *testing.T) {
	f := newFakeProvider(t)
	deny := func(address string) {
		status, _, page := visit(t, "GET", back(t, address, url.Values{"error": {"access_denied"}, "error_description": {"<b>no</b>"}}), "")
		if status != 403 || !strings.Contains(page, "Giriş alınmadı") || !strings.Contains(page, "The login was cancelled") || strings.Contains(page, "<b>") {
			t.Errorf("%d %s", status, page)
		}
	}
	weak := func(address string) {
		code, _ := f.authorize(address)
		status, _, page := visit(t, "GET", back(t, address, url.Values{"code": {code}}), "")
		if status != 403 || !strings.Contains(page, "not strong enough") {
			t.Errorf("%d %s", status, page)
		}
	}
	for name, c := range map[string]struct {
		do     func(string)
		claims func(map[string]any)
		kind   document.Kind
		key    string
	}{
		"denied": {deny, nil, document.Forbidden, "error.login.denied"},
		"weak":   {weak, set("acr", "0"), document.Forbidden, "error.login.weak"},
	} {
		f.claims = c.claims
		p := newPerson(t, c.do)
		l := &auth.Loopback{Provider: f.provider(), Open: p.open, Now: f.clock}
		i, err := l.Login(t.Context(), plainLogin)
		<-p.done
		wantKey(t, name, err, c.kind, c.key)
		if i.Subject != "" {
			t.Errorf("%s: %+v", name, i)
		}
	}
}

// TestLoopbackTwice: of two callbacks with the right state one counts, though
// both are on their way at once.
func TestLoopbackTwice(t *testing.T) {
	f := newFakeProvider(t)
	p := newPerson(t, func(address string) {
		code, _ := f.authorize(address)
		good := back(t, address, url.Values{"code": {code}})
		statuses := make(chan int, 2)
		for range 2 {
			go func() {
				status, _, _ := visit(t, "GET", good, "")
				statuses <- status
			}()
		}
		if a, b := <-statuses, <-statuses; a+b != 200+400 && a+b != 200 { // the second may come too late
			t.Errorf("%d and %d", a, b)
		}
	})
	// The login waits until both are in.
	f.answer = func(http.ResponseWriter) bool { time.Sleep(100 * time.Millisecond); return false }
	l := &auth.Loopback{Provider: f.provider(), Open: p.open, Now: f.clock}
	if _, err := l.Login(t.Context(), plainLogin); err != nil {
		t.Error(err)
	}
	<-p.done
	if n := f.count("/token"); n != 1 {
		t.Errorf("%d codes were redeemed", n)
	}
}

func TestLoopbackWaits(t *testing.T) {
	f := newFakeProvider(t)
	p := f.provider()
	ctx, cancel := context.WithCancel(t.Context())
	l := &auth.Loopback{Provider: p, Open: func(string) error { cancel(); return nil }, Now: f.clock}
	if _, err := l.Login(ctx, plainLogin); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}

	// The provider is known by now: all the time goes by waiting.
	nobody := func(string) error { return nil }
	l = &auth.Loopback{Provider: p, Open: nobody, Now: f.clock, Timeout: 50 * time.Millisecond}
	_, err := l.Login(t.Context(), plainLogin)
	wantKey(t, "nobody comes", err, document.Unavailable, "error.login.timeout")

	no := errors.New("no terminal")
	l.Open = func(string) error { return no }
	if _, err := l.Login(t.Context(), plainLogin); !errors.Is(err, no) {
		t.Errorf("%v", err)
	}

	if _, err := l.Login(t.Context(), auth.Start{Purpose: auth.PurposeAuthorise}); err == nil {
		t.Error("a batch of nobody")
	}

	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	l = &auth.Loopback{Provider: f.provider(func(c *auth.Config) { c.LoopbackPort = port }), Open: nobody, Now: f.clock}
	_, err = l.Login(t.Context(), plainLogin)
	wantKey(t, "port "+strconv.Itoa(port)+" is taken", err, document.Unavailable, "error.login.port")

	f.setDown(true)
	l = &auth.Loopback{Provider: f.provider(), Open: nobody, Now: f.clock}
	_, err = l.Login(t.Context(), plainLogin)
	wantKey(t, "provider down", err, document.Unavailable, "error.login.unreachable")
}

func TestBrowser(t *testing.T) {
	var out bytes.Buffer
	if err := auth.Browser(&out)("https://x"); err != nil || out.String() != "https://x\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	out.Reset()
	if err := auth.Browser(&out, filepath.Join(t.TempDir(), "missing"))("https://x"); err != nil || !strings.Contains(out.String(), "https://x\n") || !strings.Contains(out.String(), "missing") {
		t.Errorf("%q, %v", out.String(), err)
	}
	file := filepath.Join(t.TempDir(), "seen")
	if err := auth.Browser(io.Discard, "/bin/sh", "-c", `printf %s "$1" > "$0.new" && mv "$0.new" "$0"`, file)("https://x?a=1&b=$(id)"); err != nil {
		t.Fatal(err)
	}
	for wait := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if data, err := os.ReadFile(file); err == nil {
			if string(data) != "https://x?a=1&b=$(id)" {
				t.Errorf("%q", data)
			}
			return
		}
		if time.Now().After(wait) {
			t.Fatal("the command did not run")
		}
	}
}
