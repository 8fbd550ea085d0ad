package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

type config struct {
	Clients []clientConfig `json:"clients"`
	Users   []user         `json:"users"`
}

type clientConfig struct {
	ID         string   `json:"id"`
	Secret     string   `json:"secret"`
	Native     bool     `json:"native"`
	Redirects  []string `json:"redirect_uris"`
	AfterLeave []string `json:"post_logout_redirect_uris"`
}

type user struct {
	Login    string         `json:"login"`
	Password string         `json:"password"`
	Subject  string         `json:"subject"`
	Name     string         `json:"name"`
	ACR      string         `json:"acr"`
	AMR      []string       `json:"amr"` // ["pwd"] if empty
	Claims   map[string]any `json:"claims"`
}

func readConfig(path string) (config, error) {
	var c config
	f, err := os.Open(path)
	if err != nil {
		return c, err
	}
	defer func() { _ = f.Close() }() // only read
	decoder := json.NewDecoder(f)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	for _, client := range c.Clients {
		if client.ID == "" || len(client.Redirects) == 0 || client.Native != (client.Secret == "") {
			return c, fmt.Errorf("%s: client %q: it needs an id, redirect_uris, and a secret unless it is native", path, client.ID)
		}
	}
	for i, u := range c.Users {
		if u.Login == "" || u.Password == "" || u.Subject == "" {
			return c, fmt.Errorf("%s: user %q: it needs login, password and subject", path, u.Login)
		}
		if len(u.AMR) == 0 {
			c.Users[i].AMR = []string{"pwd"}
		}
	}
	return c, nil
}

// client is what the protocol asks of a client.
type client struct {
	clientConfig
	life time.Duration
}

func (c *client) GetID() string                    { return c.ID }
func (c *client) RedirectURIs() []string           { return c.Redirects }
func (c *client) PostLogoutRedirectURIs() []string { return c.AfterLeave }
func (c *client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c *client) GrantTypes() []oidc.GrantType         { return []oidc.GrantType{oidc.GrantTypeCode} }
func (c *client) LoginURL(id string) string            { return "/login?id=" + id }
func (c *client) AccessTokenType() op.AccessTokenType  { return op.AccessTokenTypeBearer }
func (c *client) IDTokenLifetime() time.Duration       { return c.life }
func (c *client) DevMode() bool                        { return false }
func (c *client) IsScopeAllowed(string) bool           { return false }
func (c *client) IDTokenUserinfoClaimsAssertion() bool { return true }
func (c *client) ClockSkew() time.Duration             { return 0 }

func (c *client) ApplicationType() op.ApplicationType {
	if c.Native {
		return op.ApplicationTypeNative
	}
	return op.ApplicationTypeWeb
}

func (c *client) AuthMethod() oidc.AuthMethod {
	if c.Native {
		return oidc.AuthMethodNone
	}
	return oidc.AuthMethodBasic
}

func (c *client) RestrictAdditionalIdTokenScopes() func([]string) []string     { return slices.Clone }
func (c *client) RestrictAdditionalAccessTokenScopes() func([]string) []string { return slices.Clone }
