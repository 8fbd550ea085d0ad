package testservers

import (
	"context"
	"crypto/rand"
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

// OIDCBrowser is start.Browser.
type OIDCBrowser = start.Browser

// NewBrowser returns a browser that has not signed in yet.
func (s *OIDCServer) NewBrowser() (*OIDCBrowser, error) { return start.NewBrowser(s.Issuer) }
