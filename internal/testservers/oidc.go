package testservers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"docsvc/internal/testservers/start"
)

// OIDCOptions says whom a provider knows.
type OIDCOptions struct {
	RedirectURIs           []string // of the web client, exactly
	PostLogoutRedirectURIs []string
	Users                  []start.OIDCUser // Officers if empty
	Algorithm              string           // RS256 (also if empty) or ES256
	Life                   time.Duration    // of an ID token; five minutes if 0
	Behind                 *FaultProxy      // the issuer is the proxy; its target becomes the provider
}

// OIDCServer is an OpenID provider for one test.
type OIDCServer struct {
	*start.OIDC
	ClientID, ClientSecret string
	NativeClientID         string // redirects to http://127.0.0.1:ANY/callback
	Users                  []start.OIDCUser
}

// Officers are two officers with strong authentication, the first of them
// with a weak login too, and somebody nobody knows.
func Officers() []start.OIDCUser {
	officer := func(login, subject, name, acr string, amr ...string) start.OIDCUser {
		return start.OIDCUser{
			Login: login, Password: rand.Text(), Subject: subject, Name: name, ACR: acr, AMR: amr,
			Claims: map[string]any{"fin": subject},
		}
	}
	return []start.OIDCUser{
		officer("a.aliyev", "5VBK5VR", "Əli Əliyev", "high", "pwd", "otp"),
		officer("g.agayeva", "7ABC1DE", "Günel Ağayeva", "high", "pwd", "hwk"),
		officer("a.aliyev.weak", "5VBK5VR", "Əli Əliyev", "low", "pwd"),
		officer("stranger", "1XYZ9ZZ", "Kimsə", "high", "pwd", "otp"),
	}
}

// OIDC starts a provider for this test.
func OIDC(tb testing.TB, o OIDCOptions) *OIDCServer {
	tb.Helper()
	need(tb, "oidc", "oidcop")
	if o.Users == nil {
		o.Users = Officers()
	}
	server := &OIDCServer{ClientID: "docsvc", ClientSecret: rand.Text(), NativeClientID: "docsvc-cli", Users: o.Users}
	clients := []start.OIDCClient{{ID: server.NativeClientID, Native: true, RedirectURIs: []string{"http://127.0.0.1/callback"}}}
	if len(o.RedirectURIs) > 0 {
		clients = append(clients, start.OIDCClient{
			ID: server.ClientID, Secret: server.ClientSecret,
			RedirectURIs: o.RedirectURIs, PostLogoutRedirectURIs: o.PostLogoutRedirectURIs,
		})
	}
	issuer := ""
	if o.Behind != nil {
		issuer = "http://" + o.Behind.Addr
	}
	server.OIDC = own(tb, "oidc", func(ctx context.Context, dir string) (*start.OIDC, error) {
		return start.NewOIDC(ctx, start.OIDCOptions{
			Dir: dir, Issuer: issuer, Algorithm: o.Algorithm, Life: o.Life, Clients: clients, Users: o.Users,
		})
	})
	if o.Behind != nil {
		o.Behind.SetTarget(server.Addr)
	}
	return server
}

// Password returns the password of a login.
func (s *OIDCServer) Password(login string) string {
	for _, u := range s.Users {
		if u.Login == login {
			return u.Password
		}
	}
	return ""
}

// Login signs in with a new browser.
func (s *OIDCServer) Login(ctx context.Context, authURL, login, password string) (redirect string, err error) {
	b, err := s.NewBrowser()
	if err != nil {
		return "", err
	}
	return b.Login(ctx, authURL, login, password)
}

// OIDCBrowser keeps the provider's cookies from one login to the next, as a
// browser does, but runs no scripts and shows nothing.
type OIDCBrowser struct {
	Forms int // how often it was asked for a password

	client *http.Client
	host   string
}

// NewBrowser returns one that has not signed in yet.
func (s *OIDCServer) NewBrowser() (*OIDCBrowser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	issuer, err := url.Parse(s.Issuer)
	if err != nil {
		return nil, err
	}
	asIs := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &OIDCBrowser{client: &http.Client{Jar: jar, CheckRedirect: asIs, Timeout: 10 * time.Second}, host: issuer.Host}, nil
}

var hiddenID = regexp.MustCompile(`<input type="hidden" name="id" value="([^"]*)">`)

// Login opens an authorization URL, fills the form if there is one, and returns
// the address that the provider then sends the browser to, without opening it.
func (b *OIDCBrowser) Login(ctx context.Context, authURL, login, password string) (redirect string, err error) {
	at, form := authURL, url.Values(nil)
	for range 10 {
		status, location, body, err := b.visit(ctx, at, form)
		switch {
		case err != nil:
			return "", err
		case location != nil && location.Host != b.host:
			return location.String(), nil
		case location != nil:
			at, form = location.String(), nil
		case status == http.StatusOK && hiddenID.MatchString(body):
			b.Forms++
			at = "http://" + b.host + "/login"
			form = url.Values{"login": {login}, "password": {password}, "id": {html.UnescapeString(hiddenID.FindStringSubmatch(body)[1])}}
		default:
			return "", fmt.Errorf("the provider answers status %d: %s", status, body)
		}
	}
	return "", errors.New("the provider sends the browser round in a circle")
}

// visit gets a page, or posts a form to it.
func (b *OIDCBrowser) visit(ctx context.Context, at string, form url.Values) (status int, location *url.URL, body string, err error) {
	request, err := newRequest(ctx, at, form)
	if err != nil {
		return 0, nil, "", err
	}
	response, err := b.client.Do(request)
	if err != nil {
		return 0, nil, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return 0, nil, "", err
	}
	if location, err = response.Location(); errors.Is(err, http.ErrNoLocation) {
		location, err = nil, nil
	}
	return response.StatusCode, location, string(text), err
}

func newRequest(ctx context.Context, at string, form url.Values) (*http.Request, error) {
	if form == nil {
		return http.NewRequestWithContext(ctx, http.MethodGet, at, http.NoBody)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form.Encode()))
	if err == nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return request, err
}
