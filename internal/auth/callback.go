package auth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"docsvc/internal/document"
)

const (
	maxQuery = 8 << 10
	maxCode  = 2048
)

// errorCode is the form of an error (RFC 6749, A.7), as far as it is shown.
var errorCode = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// Callback is what a browser brings back from the provider, or what somebody
// made up: nothing in it is believed before its State has taken an attempt.
type Callback struct {
	State  string
	code   Secret
	failed string // the provider's error, instead of a code
	detail string
	issuer string
}

// ParseCallback reads the query of a request to the redirect URL.
func ParseCallback(query string) (Callback, error) {
	bad := func(format string, args ...any) (Callback, error) {
		return Callback{}, newError(document.Invalid, "error.login.callback", fmt.Errorf("callback: "+format, args...))
	}
	if len(query) > maxQuery {
		return bad("query of %d bytes", len(query))
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return bad("query cannot be parsed")
	}
	for _, name := range []string{"state", "code", "error", "error_description", "iss"} {
		if len(values[name]) > 1 { // RFC 6749, 3.1
			return bad("%s stands %d times", name, len(values[name]))
		}
	}
	c := Callback{
		State: values.Get("state"), code: NewSecret(values.Get("code")), failed: values.Get("error"),
		detail: trim(values.Get("error_description"), maxErrorText), issuer: values.Get("iss"),
	}
	switch {
	case !isSecret(c.State):
		return bad("state of %d bytes", len(c.State))
	case (c.code.Reveal() == "") == (c.failed == ""):
		return bad("want either a code or an error")
	case len(c.code.Reveal()) > maxCode:
		return bad("code of %d bytes", len(c.code.Reveal()))
	case c.failed != "" && !errorCode.MatchString(c.failed):
		return bad("error of %d bytes", len(c.failed))
	}
	return c, nil
}

// Finish ends an attempt that the callback's state took.
func (p *Provider) Finish(ctx context.Context, a Attempt, c Callback) (Identity, error) {
	if HashOf(c.State) != a.StateHash {
		return Identity{}, newError(document.Conflict, "error.login.state", errors.New("callback of another attempt"))
	}
	d, err := p.discover(ctx, discoveryAge, false)
	if err != nil {
		return Identity{}, err
	}
	// Another provider's answer must not be taken for this one's (RFC 9207).
	if c.issuer != "" && c.issuer != p.config.Issuer || c.issuer == "" && d.NamesIssuer {
		return Identity{}, notAccepted(errors.New("callback names another issuer, or none"))
	}
	if c.failed != "" {
		return Identity{}, callbackError(c)
	}
	return p.Exchange(ctx, a, c.code.Reveal())
}

// callbackError makes the provider's error a sentence (RFC 6749, 4.1.2.1;
// OpenID Connect Core 1.0, 3.1.2.6).
func callbackError(c Callback) error {
	detail := fmt.Errorf("the provider answered %s: %s", c.failed, c.detail)
	switch c.failed {
	case "access_denied":
		return newError(document.Forbidden, "error.login.denied", detail)
	case "server_error", "temporarily_unavailable":
		return unreachable(detail)
	case "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_response_type":
		return newError(document.Unavailable, "error.login.client", detail)
	}
	return newError(document.Forbidden, "error.login.refused", detail, "code", c.failed)
}
