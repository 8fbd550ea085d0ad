package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"docsvc/internal/document"
)

// Provider is the OpenID Connect provider as docsvc sees it. It is safe for
// concurrent use, asks nothing before the first login, and may be down when
// docsvc starts.
type Provider struct {
	config Config
	client *http.Client
	now    func() time.Time

	gate chan struct{} // holds one: who may use the fields below
	// What discovery found, and how it failed.
	known   *discovered
	failure error
	pause   time.Duration
	resume  time.Time
}

// New returns a provider without asking it anything. The configuration has
// passed Validate.
func New(c Config, now func() time.Time) (*Provider, error) {
	client, err := newClient(c.CAFile)
	if err != nil {
		return nil, err
	}
	return &Provider{config: c.withDefaults(), client: client, now: now, gate: make(chan struct{}, 1)}, nil
}

// Ready reports whether the provider answers, for /readyz. It asks at most
// once in a quarter of a minute.
func (p *Provider) Ready(ctx context.Context) error {
	_, err := p.discover(ctx, readyAge, true)
	return err
}

// AuthURL returns where to send the browser for an attempt that was just begun.
// The URL holds no secret: who sees it can neither finish the login nor use
// what comes back.
func (p *Provider) AuthURL(ctx context.Context, a Attempt) (string, error) {
	if a.state == "" || HashOf(a.state) != a.StateHash {
		return "", errors.New("authorization URL: the attempt was not begun here")
	}
	d, err := p.discover(ctx, discoveryAge, false)
	if err != nil {
		return "", err
	}
	parameters := []oauth2.AuthCodeOption{
		oauth2.S256ChallengeOption(a.Verifier),
		oauth2.SetAuthURLParam("nonce", a.Nonce),
	}
	switch age := p.config.MaxLoginAgeSeconds; {
	case a.Fresh:
		// Some providers heed the one, some the other. What counts is the
		// auth_time that comes back, which max_age makes obligatory
		// (OpenID Connect Core 1.0, 3.1.2.1).
		parameters = append(parameters, oauth2.SetAuthURLParam("max_age", "0"), oauth2.SetAuthURLParam("prompt", "login"))
	case age > 0:
		parameters = append(parameters, oauth2.SetAuthURLParam("max_age", fmt.Sprint(age)))
	}
	if p.config.StrongClaim == "acr" && len(p.config.StrongValues) > 0 {
		parameters = append(parameters, oauth2.SetAuthURLParam("acr_values", strings.Join(p.config.StrongValues, " ")))
	}
	return p.oauth(d, a, "").AuthCodeURL(a.state, parameters...), nil
}

// Exchange redeems the code with which the browser came back, once, and returns
// who logged in. The attempt was taken: nobody can use it again.
func (p *Provider) Exchange(ctx context.Context, a Attempt, code string) (Identity, error) {
	if code == "" || len(code) > maxCode {
		return Identity{}, newError(document.Invalid, "error.login.callback", errors.New("code is missing or too long"))
	}
	d, err := p.discover(ctx, discoveryAge, false)
	if err != nil {
		return Identity{}, err
	}
	secret, err := p.secret()
	if err != nil {
		return Identity{}, err
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, p.client)
	token, err := p.oauth(d, a, secret).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Identity{}, exchangeError(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Identity{}, notAccepted(errors.New("the provider gave no ID token"))
	}
	return p.verify(ctx, d, a, raw, token.AccessToken)
}

// oauth describes docsvc as a client for one attempt.
func (p *Provider) oauth(d *discovered, a Attempt, secret string) *oauth2.Config {
	redirect := p.config.RedirectURL
	if a.redirect != "" {
		redirect = a.redirect
	}
	return &oauth2.Config{
		ClientID: p.config.ClientID, ClientSecret: secret, RedirectURL: redirect, Scopes: p.config.Scopes,
		Endpoint: d.endpoint(p.config.ClientSecretFile == ""),
	}
}

// secret reads the client's secret, empty for a public client.
func (p *Provider) secret() (string, error) {
	if p.config.ClientSecretFile == "" {
		return "", nil
	}
	data, err := readFile(p.config.ClientSecretFile)
	if err == nil && strings.TrimSpace(string(data)) == "" {
		err = fmt.Errorf("%s is empty", p.config.ClientSecretFile)
	}
	if err != nil {
		return "", newError(document.Unavailable, "error.login.client", fmt.Errorf("read the client's secret: %w", err))
	}
	return strings.TrimSpace(string(data)), nil
}

// exchangeError sorts the refusals of a token endpoint (RFC 6749, 5.2).
func exchangeError(err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return unreachable(fmt.Errorf("redeem the code: %w", err))
	}
	detail := fmt.Errorf("redeem the code: the provider answered %d %q: %s",
		refused.Response.StatusCode, trim(refused.ErrorCode, 64), trim(refused.ErrorDescription, maxErrorText))
	if refused.ErrorCode == "invalid_grant" { // used, expired, or of another attempt
		return newError(document.Conflict, "error.login.state", detail)
	}
	return newError(document.Unavailable, "error.login.client", detail)
}
