package auth_test

import (
	"strings"
	"testing"

	"docsvc/internal/auth"
)

func good() auth.Config {
	return auth.Config{
		Issuer: "https://login.example.az/realm", ClientID: "docsvc", StrongValues: []string{"urn:x"},
		RedirectURL: "https://icra.example.az/login/callback",
	}
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change     func(*auth.Config)
		evaluation string // part of the fault, empty for none
		production string
	}{
		"good":                  {func(*auth.Config) {}, "", ""},
		"issuer missing":        {func(c *auth.Config) { c.Issuer = "" }, "issuer: is missing", "issuer: is missing"},
		"issuer plain":          {func(c *auth.Config) { c.Issuer = "http://login.example.az" }, "issuer:", "issuer:"},
		"issuer on loopback":    {func(c *auth.Config) { c.Issuer = "http://127.0.0.1:9998" }, "", "wants https"},
		"issuer on localhost":   {func(c *auth.Config) { c.Issuer = "http://localhost:9998/" }, "", "wants https"},
		"issuer like localhost": {func(c *auth.Config) { c.Issuer = "http://localhost.evil.example" }, "issuer:", "issuer:"},
		"issuer with a query":   {func(c *auth.Config) { c.Issuer += "?x=1" }, "issuer:", "issuer:"},
		"issuer with #":         {func(c *auth.Config) { c.Issuer += "#" }, "issuer:", "issuer:"},
		"issuer with a name":    {func(c *auth.Config) { c.Issuer = "https://a:b@login.example.az" }, "issuer:", "issuer:"},
		"issuer a file":         {func(c *auth.Config) { c.Issuer = "file:///etc/passwd" }, "issuer:", "issuer:"},
		"issuer a word":         {func(c *auth.Config) { c.Issuer = "login" }, "issuer:", "issuer:"},
		"issuer broken":         {func(c *auth.Config) { c.Issuer = "https://[::1" }, "issuer:", "issuer:"},
		"issuer long":           {func(c *auth.Config) { c.Issuer += strings.Repeat("x", 600) }, "issuer:", "issuer:"},
		"redirect missing":      {func(c *auth.Config) { c.RedirectURL = "" }, "redirect_url: is missing", "redirect_url: is missing"},
		"redirect plain":        {func(c *auth.Config) { c.RedirectURL = "http://127.0.0.1/cb" }, "", "redirect_url:"},
		"no client":             {func(c *auth.Config) { c.ClientID = "" }, "client_id", "client_id"},
		"client with a space":   {func(c *auth.Config) { c.ClientID = "a b" }, "client_id", "client_id"},
		"scopes without openid": {func(c *auth.Config) { c.Scopes = []string{"profile"} }, "openid is missing", "openid is missing"},
		"two scopes in one":     {func(c *auth.Config) { c.Scopes = []string{"openid", "a b"} }, "scopes:", "scopes:"},
		"strong with a space":   {func(c *auth.Config) { c.StrongValues = []string{"a b"} }, "strong_values:", "strong_values:"},
		"strong empty":          {func(c *auth.Config) { c.StrongValues = []string{""} }, "strong_values:", "strong_values:"},
		"method with a quote":   {func(c *auth.Config) { c.StrongMethods = []string{`"`} }, "strong_methods:", "strong_methods:"},
		"nothing strong":        {func(c *auth.Config) { c.StrongValues = nil }, "", "strong_values or strong_methods"},
		"strong by method":      {func(c *auth.Config) { c.StrongValues, c.StrongMethods = nil, []string{"mfa"} }, "", ""},
		"login claim":           {func(c *auth.Config) { c.LoginClaim = "a b" }, "login_claim", "login_claim"},
		"name claim":            {func(c *auth.Config) { c.NameClaim = "{" }, "name_claim", "name_claim"},
		"strong claim":          {func(c *auth.Config) { c.StrongClaim = "ə" }, "strong_claim", "strong_claim"},
		"claim with a URL":      {func(c *auth.Config) { c.LoginClaim = "https://x.example/fin" }, "", ""},
		"auth age short":        {func(c *auth.Config) { c.MaxAuthAgeSeconds = 1 }, "max_auth_age_seconds", "max_auth_age_seconds"},
		"auth age long":         {func(c *auth.Config) { c.MaxAuthAgeSeconds = 3600 }, "max_auth_age_seconds", "max_auth_age_seconds"},
		"login age short":       {func(c *auth.Config) { c.MaxLoginAgeSeconds = 5 }, "max_login_age_seconds", "max_login_age_seconds"},
		"login age any":         {func(c *auth.Config) { c.MaxLoginAgeSeconds = -1 }, "", ""},
		"login age negative":    {func(c *auth.Config) { c.MaxLoginAgeSeconds = -2 }, "max_login_age_seconds", "max_login_age_seconds"},
		"skew":                  {func(c *auth.Config) { c.ClockSkewSeconds = 600 }, "clock_skew_seconds", "clock_skew_seconds"},
		"skew negative":         {func(c *auth.Config) { c.ClockSkewSeconds = -1 }, "clock_skew_seconds", "clock_skew_seconds"},
		"port of root":          {func(c *auth.Config) { c.LoopbackPort = 80 }, "loopback_port", "loopback_port"},
		"port":                  {func(c *auth.Config) { c.LoopbackPort = 8400 }, "", ""},
		"port too high":         {func(c *auth.Config) { c.LoopbackPort = 70000 }, "loopback_port", "loopback_port"},
	} {
		config := good()
		c.change(&config)
		for production, want := range map[bool]string{false: c.evaluation, true: c.production} {
			err := config.Validate(production)
			if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s, production %v: %v, want %q", name, production, err, want)
			}
		}
	}
}

// TestValidateTellsAll: every fault at once.
func TestValidateTellsAll(t *testing.T) {
	c := auth.Config{Scopes: []string{"a b"}, MaxAuthAgeSeconds: 1, ClockSkewSeconds: -1, LoopbackPort: 1}
	err := c.Validate(true)
	for _, want := range []string{
		"issuer", "redirect_url", "client_id", "openid is missing", `"a b"`, "strong_values", "max_auth_age_seconds", "clock_skew_seconds", "loopback_port",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
