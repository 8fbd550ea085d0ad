package testservers

import (
	"context"
	"crypto/rand"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func TestOIDC(t *testing.T) {
	began := time.Now()
	r := newRelying(t, OIDCOptions{})
	t.Logf("provider %s ready after %v", r.server.Version, time.Since(began))
	claims := r.login(r.browser(), "a.aliyev", nil)
	now := float64(time.Now().Unix())
	for name, want := range map[string]any{
		"iss": r.server.Issuer, "sub": "5VBK5VR", "nonce": "nonce-1", "acr": "high", "fin": "5VBK5VR",
		"name": "Əli Əliyev", "preferred_username": "a.aliyev",
	} {
		if claims[name] != want {
			t.Errorf("%s is %v, want %v", name, claims[name], want)
		}
	}
	if fmt.Sprint(claims["aud"], claims["amr"]) != "[docsvc] [pwd otp]" || claims["sid"] == nil {
		t.Errorf("claims %v", claims)
	}
	if exp, _ := claims["exp"].(float64); exp < now+290 || exp > now+301 {
		t.Errorf("it lives until %v, now is %v", exp, now)
	}
	if at, _ := claims["auth_time"].(float64); at < now-5 || at > now {
		t.Errorf("auth_time is %v, now is %v", at, now)
	}
}

// TestOIDCSessions wants a silent second login, and none where the client
// does not want one.
func TestOIDCSessions(t *testing.T) {
	r := newRelying(t, OIDCOptions{Algorithm: "ES256", Life: time.Minute})
	b := r.browser()
	first := r.login(b, "a.aliyev", nil)
	second := r.login(b, "g.agayeva", nil) // nobody asks for the name
	if b.Forms != 1 || second["sub"] != first["sub"] || second["auth_time"] != first["auth_time"] || second["sid"] != first["sid"] {
		t.Errorf("%d forms, then %v", b.Forms, second)
	}
	silent := r.login(b, "", map[string]string{"prompt": "none"})
	if b.Forms != 1 || silent["sub"] != first["sub"] {
		t.Errorf("%d forms, then %v", b.Forms, silent)
	}
	time.Sleep(1100 * time.Millisecond) // the claim has seconds
	if kept := r.login(b, "a.aliyev", map[string]string{"max_age": "60"}); kept["auth_time"] != first["auth_time"] || b.Forms != 1 {
		t.Errorf("max_age=60: %d forms, %v", b.Forms, kept["auth_time"])
	}
	for i, more := range []map[string]string{{"prompt": "login"}, {"max_age": "0"}, {"max_age": "1"}} {
		if i == 2 {
			time.Sleep(1100 * time.Millisecond)
		}
		fresh := r.login(b, "a.aliyev", more)
		if b.Forms != 2+i || fresh["auth_time"].(float64) <= first["auth_time"].(float64) || fresh["sid"] != first["sid"] {
			t.Errorf("%v: %d forms, then %v after %v", more, b.Forms, fresh["auth_time"], first["auth_time"])
		}
	}
	other := r.login(b, "g.agayeva", map[string]string{"prompt": "login"})
	if other["sub"] != "7ABC1DE" || other["sid"] == first["sid"] {
		t.Errorf("somebody else: %v", other)
	}
	if exp, iat := other["exp"].(float64), other["iat"].(float64); exp-iat != 60 {
		t.Errorf("it lives for %v s", exp-iat)
	}
}

func TestOIDCRefuses(t *testing.T) {
	r := newRelying(t, OIDCOptions{})
	password := r.server.Password("a.aliyev")
	refused := func(more map[string]string) string {
		t.Helper()
		redirect, err := r.server.Login(t.Context(), r.ask(more), "a.aliyev", password)
		if err != nil {
			return "page" // never to an address that is not the client's
		}
		u, err := url.Parse(redirect)
		if err != nil {
			t.Fatal(err)
		}
		return u.Query().Get("error")
	}
	for name, tc := range map[string]struct {
		more map[string]string
		want string
	}{
		"all right":            {nil, ""},
		"unknown client":       {map[string]string{"client_id": "x"}, "page"},
		"another redirect":     {map[string]string{"redirect_uri": callback + "/"}, "page"},
		"another port":         {map[string]string{"redirect_uri": "http://127.0.0.1:8081/login/callback"}, "page"},
		"no PKCE":              {map[string]string{"code_challenge": "", "code_challenge_method": ""}, "invalid_request"},
		"plain PKCE":           {map[string]string{"code_challenge_method": "plain"}, "invalid_request"},
		"implicit":             {map[string]string{"response_type": "id_token"}, "page"},
		"silent without login": {map[string]string{"prompt": "none"}, "login_required"},
	} {
		if got := refused(tc.more); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	for _, login := range []string{"a.aliyev", "nobody", ""} {
		if redirect, err := r.server.Login(t.Context(), r.ask(nil), login, "wrong"); err == nil {
			t.Errorf("%q with a wrong password is sent to %s", login, redirect)
		}
	}
}

func TestOIDCCodes(t *testing.T) {
	r := newRelying(t, OIDCOptions{})
	fresh := func(ctx context.Context) string {
		t.Helper()
		redirect, err := r.server.Login(ctx, r.ask(nil), "a.aliyev", r.server.Password("a.aliyev"))
		if err != nil {
			t.Fatal(err)
		}
		return r.code(redirect)
	}
	code := fresh(t.Context())
	if _, fault := r.exchange(code, nil); fault != "" {
		t.Fatal(fault)
	}
	if token, fault := r.exchange(code, nil); fault != "invalid_grant" || token != "" {
		t.Errorf("a used code: %q", fault)
	}
	for name, more := range map[string]map[string]string{
		"another verifier": {"code_verifier": verifier + "x"},
		"no verifier":      {"code_verifier": ""},
		"another redirect": {"redirect_uri": callback + "/"},
	} {
		code := fresh(t.Context())
		if token, fault := r.exchange(code, more); fault == "" || token != "" {
			t.Errorf("%s: a token", name)
		}
		if token, fault := r.exchange(code, nil); fault == "" || token != "" {
			t.Errorf("%s: a second try succeeds", name)
		}
	}
	code = fresh(t.Context())
	thief := *r
	thief.secret = rand.Text()
	if token, fault := thief.exchange(code, nil); fault == "" || token != "" {
		t.Error("a token for a wrong secret")
	}
}

// TestOIDCNative wants a program on the command line to get its tokens at any
// port of this machine, and nowhere else.
func TestOIDCNative(t *testing.T) {
	r := newRelying(t, OIDCOptions{})
	r.id, r.secret = r.server.NativeClientID, ""
	for at, want := range map[string]bool{
		"http://127.0.0.1:35017/callback":       true,
		"http://127.0.0.1:35017/else":           false,
		"http://192.0.2.1:35017/callback":       false,
		"http://127.0.0.1.evil.test/callback":   false,
		"http://127.0.0.1:1@evil.test/callback": false,
	} {
		redirect, err := r.server.Login(t.Context(), r.ask(map[string]string{"redirect_uri": at}), "a.aliyev", r.server.Password("a.aliyev"))
		if (err == nil) != want {
			t.Errorf("%s: sent to %q, %v", at, redirect, err)
		}
		if !want || err != nil {
			continue
		}
		token, fault := r.exchange(r.code(redirect), map[string]string{"redirect_uri": at})
		if fault != "" {
			t.Fatal(fault)
		}
		if _, claims := r.claims(token); fmt.Sprint(claims["aud"]) != "[docsvc-cli]" {
			t.Errorf("audience %v", claims["aud"])
		}
	}
}

func TestOIDCRotation(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256"} {
		r := newRelying(t, OIDCOptions{Algorithm: algorithm})
		if !slices.Equal(r.discovery.Algorithms, []string{algorithm}) {
			t.Errorf("algorithms %q", r.discovery.Algorithms)
		}
		kids := map[string]bool{}
		var tokens []string
		for range 3 {
			redirect, err := r.server.Login(t.Context(), r.ask(nil), "g.agayeva", r.server.Password("g.agayeva"))
			if err != nil {
				t.Fatal(err)
			}
			token, fault := r.exchange(r.code(redirect), nil)
			if fault != "" {
				t.Fatal(fault)
			}
			tokens = append(tokens, token)
			if err := r.server.Rotate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, token := range tokens {
			kid, _ := r.claims(token)
			kids[kid] = true
		}
		if len(kids) != 3 {
			t.Errorf("%s: keys %q", algorithm, slices.Collect(maps.Keys(kids)))
		}
	}
}

// TestOIDCBehindProxy loses the answer to a code, which is then used up.
func TestOIDCBehindProxy(t *testing.T) {
	p := HTTPProxy(t, "")
	r := newRelying(t, OIDCOptions{Behind: p})
	redirect, err := r.server.Login(t.Context(), r.ask(nil), "a.aliyev", r.server.Password("a.aliyev"))
	if err != nil {
		t.Fatal(err)
	}
	code := r.code(redirect)
	p.Set(Fault{Mode: Duplicate, On: "POST /oauth/token"})
	if _, fault := r.exchange(code, nil); fault != "invalid_grant" || p.Reached("/oauth/token") != 2 {
		t.Errorf("the code was asked for twice: %q, %d times", fault, p.Reached("/oauth/token"))
	}
}

// TestOIDCInChromium signs in as a person does, back to the client's page.
func TestOIDCInChromium(t *testing.T) {
	path := Chromium(t)
	client := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `<!doctype html><p id="back">`+html.EscapeString(r.URL.Query().Get("state")))
	}))
	t.Cleanup(client.Close)
	server := OIDC(t, OIDCOptions{RedirectURIs: []string{client.URL}})
	r := &relying{t: t, server: server, id: server.ClientID}
	r.discovery.AuthorizationEndpoint = server.Issuer + "/authorize"

	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	steps := []chromedp.Action[chromedp.Void]{
		chromedp.Navigate(r.ask(map[string]string{"redirect_uri": client.URL})), chromedp.WaitVisible("#login"),
		chromedp.SendKeys("#login", "a.aliyev"), chromedp.SendKeys("#password", "wrong"), chromedp.Submit("form"),
		chromedp.WaitVisible("[role=alert]"),
		chromedp.SendKeys("#password", server.Password("a.aliyev")), chromedp.Click("button"), chromedp.WaitVisible("#back"),
	}
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
	state, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.getElementById('back').textContent`))
	if err != nil || state != "state-1" {
		t.Errorf("the client's page has the state %q, %v", state, err)
	}
}
