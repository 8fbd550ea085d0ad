package auth_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
	"docsvc/internal/testservers"
)

const realRedirect = "http://127.0.0.1:8080/login/callback"

// realConfig is docsvc's configuration at a provider that really runs.
func realConfig(t *testing.T, s *testservers.OIDCServer) auth.Config {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(s.ClientSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	return auth.Config{
		Issuer: s.Issuer, ClientID: s.ClientID, ClientSecretFile: secret,
		LoginClaim: "fin", StrongValues: []string{"high"}, RedirectURL: realRedirect,
	}
}

// office is docsvc's side of logins at a real provider.
type office struct {
	t        *testing.T
	server   *testservers.OIDCServer
	provider *auth.Provider
	browser  *testservers.OIDCBrowser
	now      func() time.Time
}

func newOffice(t *testing.T, o testservers.OIDCOptions, change ...func(*auth.Config)) *office {
	t.Helper()
	o.RedirectURIs = []string{realRedirect}
	f := &office{t: t, server: testservers.OIDC(t, o), now: time.Now}
	c := realConfig(t, f.server)
	for _, ch := range change {
		ch(&c)
	}
	if err := c.Validate(false); err != nil {
		t.Fatal(err)
	}
	var err error
	if f.provider, err = auth.New(c, func() time.Time { return f.now() }); err != nil {
		t.Fatal(err)
	}
	f.newBrowser()
	return f
}

func (f *office) newBrowser() {
	f.t.Helper()
	var err error
	if f.browser, err = f.server.NewBrowser(); err != nil {
		f.t.Fatal(err)
	}
}

// login drives a whole login; tamper may change the address on the way.
func (f *office) login(ctx context.Context, begin auth.Start, who string, tamper func(url.Values)) (auth.Identity, error) {
	f.t.Helper()
	a, err := auth.NewAttempt(begin, f.now(), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	address, err := f.provider.AuthURL(ctx, a)
	if err != nil {
		return auth.Identity{}, err
	}
	u, err := url.Parse(address)
	if err != nil {
		f.t.Fatal(err)
	}
	if tamper != nil {
		v := u.Query()
		tamper(v)
		u.RawQuery = v.Encode()
	}
	back, err := f.browser.Login(ctx, u.String(), who, f.server.Password(who))
	if err != nil {
		f.t.Fatal(err)
	}
	c := f.callback(back)
	return f.provider.Finish(ctx, a, c)
}

func (f *office) callback(address string) auth.Callback {
	f.t.Helper()
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, realRedirect) {
		f.t.Fatalf("the provider sends the browser to %s, %v", address, err)
	}
	c, err := auth.ParseCallback(u.RawQuery)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// TestRealLogin: a login with the form, a silent one in the provider's session,
// and a fresh one for a batch, which asks again.
func TestRealLogin(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256"} {
		f := newOffice(t, testservers.OIDCOptions{Algorithm: algorithm})
		before := time.Now().Truncate(time.Second)
		first, err := f.login(t.Context(), plainLogin, "a.aliyev", nil)
		if err != nil || f.browser.Forms != 1 {
			t.Fatalf("%s: %v, %d forms", algorithm, err, f.browser.Forms)
		}
		if first.Subject != "5VBK5VR" || first.Name != "Əli Əliyev" || first.ACR != "high" || strings.Join(first.AMR, " ") != "pwd otp" ||
			first.TokenID == "" || first.SessionID == "" || first.AuthTime.Before(before) || !first.Expires.After(time.Now()) {
			t.Errorf("%s: %+v", algorithm, first)
		}
		second, err := f.login(t.Context(), plainLogin, "a.aliyev", nil)
		if err != nil || f.browser.Forms != 1 || second.SessionID != first.SessionID || !second.AuthTime.Equal(first.AuthTime) {
			t.Errorf("%s: silent: %+v, %v, %d forms", algorithm, second, err, f.browser.Forms)
		}
		third, err := f.login(t.Context(), batch, "a.aliyev", nil)
		if err != nil || f.browser.Forms != 2 || third.AuthTime.Before(first.AuthTime) || third.TokenID == first.TokenID {
			t.Errorf("%s: fresh: %+v, %v, %d forms", algorithm, third, err, f.browser.Forms)
		}
	}
}

// TestRealRefusals: what goes wrong at a real provider, and what a browser that
// changes our request brings back.
func TestRealRefusals(t *testing.T) {
	other := strings.Repeat("x", 42) + "A"
	change := func(name, value string) func(url.Values) { return func(v url.Values) { v.Set(name, value) } }
	silently := func(v url.Values) { v.Del("prompt"); v.Del("max_age") }
	type refusal struct {
		begin  auth.Start
		tamper func(url.Values)
		kind   document.Kind
		key    string
	}
	for name, c := range map[string]refusal{
		"another nonce":         {batch, change("nonce", other), document.Forbidden, "error.login.nonce"},
		"no nonce":              {batch, func(v url.Values) { v.Del("nonce") }, document.Forbidden, "error.login.nonce"},
		"another challenge":     {plainLogin, change("code_challenge", other), document.Conflict, "error.login.state"},
		"another state":         {plainLogin, change("state", other), document.Conflict, "error.login.state"},
		"nobody there, no form": {plainLogin, func(v url.Values) { silently(v); v.Set("prompt", "none") }, document.Forbidden, "error.login.refused"},
	} {
		_, err := newOffice(t, testservers.OIDCOptions{}).login(t.Context(), c.begin, "a.aliyev", c.tamper)
		wantKey(t, name, err, c.kind, c.key)
	}
	for name, begin := range map[string]auth.Start{"login": plainLogin, "batch": batch} {
		_, err := newOffice(t, testservers.OIDCOptions{}).login(t.Context(), begin, "a.aliyev.weak", nil)
		wantKey(t, "weak "+name, err, document.Forbidden, "error.login.weak")
	}

	// A browser that makes a fresh login a silent one is in a session already.
	f := newOffice(t, testservers.OIDCOptions{}, func(c *auth.Config) { c.ClockSkewSeconds, c.MaxLoginAgeSeconds = 1, 60 })
	if _, err := f.login(t.Context(), plainLogin, "a.aliyev", nil); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second)
	_, err := f.login(t.Context(), batch, "a.aliyev", silently)
	wantKey(t, "fresh, made silent", err, document.Forbidden, "error.login.stale")
	f.now = func() time.Time { return time.Now().Add(time.Minute) }
	_, err = f.login(t.Context(), plainLogin, "a.aliyev", silently)
	wantKey(t, "old, made silent", err, document.Forbidden, "error.login.stale")
	if f.browser.Forms != 1 {
		t.Errorf("%d forms: the logins were not silent", f.browser.Forms)
	}
}

// TestRealClocks: clocks that differ are found out, whichever is wrong.
func TestRealClocks(t *testing.T) {
	for ahead, key := range map[time.Duration]string{
		3 * time.Second: "", -3 * time.Second: "", 10 * time.Minute: "error.login.expired", -10 * time.Minute: "error.login.token",
	} {
		f := newOffice(t, testservers.OIDCOptions{})
		f.now = func() time.Time { return time.Now().Add(ahead) }
		_, err := f.login(t.Context(), batch, "a.aliyev", nil)
		if key == "" && err != nil {
			t.Errorf("%s ahead: %v", ahead, err)
		} else if key != "" {
			wantKey(t, ahead.String()+" ahead", err, document.Forbidden, key)
		}
	}
}

// TestRealRotation: the provider's new key is found without anybody's help.
func TestRealRotation(t *testing.T) {
	f := newOffice(t, testservers.OIDCOptions{})
	for round := range 3 {
		if _, err := f.login(t.Context(), plainLogin, "a.aliyev", nil); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		if err := f.server.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRealFaults: whatever is slow, cut or away between docsvc and the provider,
// the person gets a sentence, nobody gets in, and the next login is a good one.
func TestRealFaults(t *testing.T) {
	proxy := testservers.HTTPProxy(t, "")
	f := newOffice(t, testservers.OIDCOptions{Behind: proxy})
	unreachable, state := "error.login.unreachable", "error.login.state"
	for name, c := range map[string]struct {
		fault testservers.Fault
		key   string // empty if it goes well all the same
	}{
		"configuration refused":  {testservers.Fault{Mode: testservers.Refuse, On: "/.well-known"}, unreachable},
		"configuration cut":      {testservers.Fault{Mode: testservers.Cut, On: "/.well-known", Bytes: 100}, unreachable},
		"configuration 503":      {testservers.Fault{Mode: testservers.Answer, On: "/.well-known", Status: 503}, unreachable},
		"configuration a page":   {testservers.Fault{Mode: testservers.Answer, On: "/.well-known", Status: 200, Body: "<html>"}, unreachable},
		"configuration hanging":  {testservers.Fault{Mode: testservers.Blackhole, On: "/.well-known"}, unreachable},
		"configuration delayed":  {testservers.Fault{Mode: testservers.Delay, On: "/.well-known", Wait: 200 * time.Millisecond}, ""},
		"token refused":          {testservers.Fault{Mode: testservers.Refuse, On: "POST /oauth/token"}, unreachable},
		"token's answer lost":    {testservers.Fault{Mode: testservers.DropAnswer, On: "POST /oauth/token"}, unreachable},
		"token's answer cut":     {testservers.Fault{Mode: testservers.Cut, On: "POST /oauth/token", Bytes: 50}, unreachable},
		"token's answer hanging": {testservers.Fault{Mode: testservers.Blackhole, On: "POST /oauth/token"}, unreachable},
		"token asked for twice":  {testservers.Fault{Mode: testservers.Duplicate, On: "POST /oauth/token"}, state},
		"token 503":              {testservers.Fault{Mode: testservers.Answer, On: "POST /oauth/token", Status: 503}, unreachable},
		"token's answer slow":    {testservers.Fault{Mode: testservers.Delay, On: "POST /oauth/token", Wait: 200 * time.Millisecond}, ""},
		"keys refused":           {testservers.Fault{Mode: testservers.Refuse, On: "/keys"}, unreachable},
		"keys cut":               {testservers.Fault{Mode: testservers.Cut, On: "/keys", Bytes: 100}, unreachable},
		"keys 404":               {testservers.Fault{Mode: testservers.Answer, On: "/keys", Status: 404}, unreachable},
		"keys empty":             {testservers.Fault{Mode: testservers.Answer, On: "/keys", Status: 200, Body: `{"keys":[]}`}, "error.login.token"},
		"keys hanging":           {testservers.Fault{Mode: testservers.Blackhole, On: "/keys"}, unreachable},
	} {
		var err error
		if f.provider, err = auth.New(realConfig(t, f.server), f.now); err != nil {
			t.Fatal(err)
		}
		f.newBrowser()
		proxy.Set(c.fault)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		i, err := f.login(ctx, plainLogin, "a.aliyev", nil)
		cancel()
		e, _ := errors.AsType[*document.Error](err)
		if c.key == "" && err != nil || c.key != "" && (e == nil || e.Key != c.key || i.Subject != "") {
			t.Errorf("%s: %+v, %v", name, i, err)
		}
		proxy.Set(testservers.Fault{})
		later := time.Now().Add(2 * time.Second) // past the pause after a failure
		for {
			if _, err = f.login(t.Context(), plainLogin, "a.aliyev", nil); err == nil || time.Now().After(later) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if err != nil {
			t.Errorf("%s, mended: %v", name, err)
		}
	}
}

// TestRealDown: a provider that is away when docsvc starts, and goes away again.
func TestRealDown(t *testing.T) {
	proxy := testservers.HTTPProxy(t, "")
	f := newOffice(t, testservers.OIDCOptions{Behind: proxy})
	proxy.Set(testservers.Fault{Mode: testservers.Refuse})
	ahead := time.Duration(0)
	f.now = func() time.Time { return time.Now().Add(ahead) }
	for range 3 {
		wantKey(t, "down", f.provider.Ready(t.Context()), document.Unavailable, "error.login.unreachable")
	}
	proxy.Set(testservers.Fault{})
	ahead = 2 * time.Second
	if err := f.provider.Ready(t.Context()); err != nil {
		t.Errorf("back: %v", err)
	}
	if _, err := f.login(t.Context(), plainLogin, "a.aliyev", nil); err != nil {
		t.Errorf("back: %v", err)
	}
	f.server.Stop()
	ahead = time.Minute
	wantKey(t, "gone", f.provider.Ready(t.Context()), document.Unavailable, "error.login.unreachable")
	a, err := auth.NewAttempt(plainLogin, f.now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.provider.Exchange(t.Context(), a, "code")
	wantKey(t, "gone", err, document.Unavailable, "error.login.unreachable")
}
