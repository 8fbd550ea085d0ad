package auth

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Config says who the provider is and what docsvc wants of its tokens. The
// comments here are its manual.
type Config struct {
	// Issuer is the provider's issuer URL, exactly as it stands in its tokens:
	// https, or http on a loopback address.
	Issuer string `json:"issuer"`
	// ClientID is what the provider knows docsvc by; officers' tokens have it
	// as their audience.
	ClientID string `json:"client_id"`
	// ClientSecretFile holds the client's secret. Without it docsvc is a public
	// client, which PKCE protects. It is read at each login, so a new secret
	// needs no restart.
	ClientSecretFile string `json:"client_secret_file,omitempty"`
	// CAFile holds the certificates (PEM) that the provider's TLS certificate
	// must chain to; without it the system's are used.
	CAFile string `json:"ca_file,omitempty"`
	// Scopes are asked for; openid and profile by default.
	Scopes []string `json:"scopes,omitempty"`

	// LoginClaim is the claim that is Account.Subject: sub by default, in
	// Azerbaijan the one with the FİN. Vault's JWT role has the same user_claim.
	LoginClaim string `json:"login_claim,omitempty"`
	// NameClaim is the claim with the person's name; name by default.
	NameClaim string `json:"name_claim,omitempty"`
	// StrongClaim must have one of StrongValues in every token: acr by default.
	// Without values any authentication will do, which production refuses.
	StrongClaim  string   `json:"strong_claim,omitempty"`
	StrongValues []string `json:"strong_values,omitempty"`
	// StrongMethods is for providers without such a claim: one of these in the
	// claim amr (RFC 8176: mfa, hwk, sc, …) will do as well.
	StrongMethods []string `json:"strong_methods,omitempty"`

	// MaxAuthAgeSeconds is how long ago the fresh authentication for a batch
	// may have been when it is used; 60 by default.
	MaxAuthAgeSeconds int `json:"max_auth_age_seconds,omitempty"`
	// MaxLoginAgeSeconds is how old the person's session at the provider may be
	// at an ordinary login; older, and the provider has to ask again. It should
	// not exceed the idle limit of sessions, or who finds a locked workplace
	// unlocks it with one click (002 § 7.3.6). 900 by default, -1 for any.
	MaxLoginAgeSeconds int `json:"max_login_age_seconds,omitempty"`
	// ClockSkewSeconds is how far the provider's clock may be off; 5 by default.
	ClockSkewSeconds int `json:"clock_skew_seconds,omitempty"`

	// RedirectURL is where the provider sends browsers back to: docsvc's own
	// https://HOST/login/callback.
	RedirectURL string `json:"redirect_url"`
	// LoopbackPort is where a login from the command line comes back to, on
	// 127.0.0.1: any free port by default, which RFC 8252 § 7.3 asks providers
	// to allow.
	LoopbackPort int `json:"loopback_port,omitempty"`
}

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	if len(c.Scopes) == 0 {
		c.Scopes = []string{"openid", "profile"}
	}
	for _, d := range []struct {
		field *string
		value string
	}{{&c.LoginClaim, "sub"}, {&c.NameClaim, "name"}, {&c.StrongClaim, "acr"}} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&c.MaxAuthAgeSeconds, 60}, {&c.MaxLoginAgeSeconds, 900}, {&c.ClockSkewSeconds, 5}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return c
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

var (
	claimShape = regexp.MustCompile(`^[A-Za-z0-9_.:/-]{1,128}$`)
	// printable leaves out what separates values in a request (RFC 6749, A).
	printable = regexp.MustCompile(`^[!#-\[\]-~]{1,128}$`)
)

// Validate lists everything that is wrong.
func (c Config) Validate(production bool) error {
	c = c.withDefaults()
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if err := checkServer(c.Issuer, production); err != nil {
		fault("issuer: %w", err)
	}
	if err := checkServer(c.RedirectURL, production); err != nil {
		fault("redirect_url: %w", err)
	}
	if !printable.MatchString(c.ClientID) {
		fault("client_id %q: want 1 to 128 printable characters", c.ClientID)
	}
	if !slices.Contains(c.Scopes, "openid") {
		fault("scopes: openid is missing")
	}
	for _, list := range []struct {
		name   string
		values []string
	}{{"scopes", c.Scopes}, {"strong_values", c.StrongValues}, {"strong_methods", c.StrongMethods}} {
		for _, v := range list.values {
			if !printable.MatchString(v) {
				fault("%s: %q has a space or another character that no such value has", list.name, v)
			}
		}
	}
	for _, claim := range []struct{ name, value string }{
		{"login_claim", c.LoginClaim}, {"name_claim", c.NameClaim}, {"strong_claim", c.StrongClaim},
	} {
		if !claimShape.MatchString(claim.value) {
			fault("%s %q is not the name of a claim", claim.name, claim.value)
		}
	}
	if production && len(c.StrongValues) == 0 && len(c.StrongMethods) == 0 {
		fault("production needs strong_values or strong_methods: without them a password alone would do")
	}
	c.validateNumbers(fault)
	return errors.Join(faults...)
}

func (c Config) validateNumbers(fault func(string, ...any)) {
	if c.MaxAuthAgeSeconds < 10 || c.MaxAuthAgeSeconds > 300 {
		fault("max_auth_age_seconds: %d, want 10 to 300", c.MaxAuthAgeSeconds)
	}
	if c.MaxLoginAgeSeconds != -1 && (c.MaxLoginAgeSeconds < 60 || c.MaxLoginAgeSeconds > 86400) {
		fault("max_login_age_seconds: %d, want 60 to 86400, or -1", c.MaxLoginAgeSeconds)
	}
	if c.ClockSkewSeconds < 1 || c.ClockSkewSeconds > 60 {
		fault("clock_skew_seconds: %d, want 1 to 60", c.ClockSkewSeconds)
	}
	if c.LoopbackPort != 0 && (c.LoopbackPort < 1024 || c.LoopbackPort > 65535) {
		fault("loopback_port: %d, want 1024 to 65535", c.LoopbackPort)
	}
}

// checkServer wants the address of a server that nobody between can pose as:
// https, or a loopback address outside production.
func checkServer(address string, production bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return err
	case address == "":
		return errors.New("is missing")
	case len(address) > 512 || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(address, "#"):
		return fmt.Errorf("%q is not the plain address of a server", address)
	case u.Scheme == "https", u.Scheme == "http" && !production && isLoopback(u.Hostname()):
		return nil
	case u.Scheme == "http" && production:
		return fmt.Errorf("%q: production wants https", address)
	}
	return fmt.Errorf("%q: want https, or http on a loopback address", address)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
