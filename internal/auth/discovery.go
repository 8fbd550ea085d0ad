package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// discoveryAge is how long the provider's metadata and keys are used before
	// they are asked for again: go-oidc fetches keys that it does not know by
	// itself, but would never forget one that the provider withdrew.
	discoveryAge = time.Hour
	// readyAge is how long an answer of the provider counts for Ready.
	readyAge = 15 * time.Second
	// After a failure the provider is left alone for a second, doubling up to
	// maxPause, so that people who wait do not wait for a time-out each.
	maxPause = 30 * time.Second
)

// algorithms are the signatures that an ID token may have. None of them is a
// MAC: with HS256 whoever knows the public key could forge (RFC 8725, 3.1).
func algorithms() []string { return []string{oidc.RS256, oidc.PS256, oidc.ES256, oidc.ES384} }

// metadata is what the provider says of itself (OpenID Connect Discovery 1.0, 3).
type metadata struct {
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Keys          string   `json:"jwks_uri"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	ClientAuth    []string `json:"token_endpoint_auth_methods_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	NamesIssuer   bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
}

// discovered is the provider as it was last seen.
type discovered struct {
	metadata
	keys oidc.KeySet
	at   time.Time
}

// check refuses a provider that docsvc cannot use safely.
func (m metadata) check(issuer string) error {
	plain := false
	if u, err := url.Parse(issuer); err == nil {
		plain = u.Scheme == "http" // on a loopback address, says Config.Validate
	}
	var faults []error
	for name, address := range map[string]string{
		"authorization_endpoint": m.Authorization, "token_endpoint": m.Token, "jwks_uri": m.Keys,
	} {
		u, err := url.Parse(address)
		switch {
		case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
			faults = append(faults, fmt.Errorf("%s is not the address of a server", name))
		case u.Scheme != "https" && (!plain || u.Scheme != "http" || !isLoopback(u.Hostname())):
			faults = append(faults, fmt.Errorf("%s is not https", name))
		}
	}
	if len(m.Challenges) > 0 && !slices.Contains(m.Challenges, "S256") {
		faults = append(faults, errors.New("PKCE with S256 is not supported"))
	}
	if len(m.Algorithms) > 0 && !slices.ContainsFunc(m.Algorithms, func(a string) bool { return slices.Contains(algorithms(), a) }) {
		faults = append(faults, fmt.Errorf("ID tokens are signed with %q, and docsvc wants one of %q", m.Algorithms, algorithms()))
	}
	return errors.Join(faults...)
}

// endpoint says how a client authenticates itself. It is never tried out one
// way and then the other: the first try may have used up the code.
func (m metadata) endpoint(public bool) oauth2.Endpoint {
	style := oauth2.AuthStyleInHeader // client_secret_basic is the default (Discovery 1.0, 3)
	if public || len(m.ClientAuth) > 0 && !slices.Contains(m.ClientAuth, "client_secret_basic") {
		style = oauth2.AuthStyleInParams
	}
	return oauth2.Endpoint{AuthURL: m.Authorization, TokenURL: m.Token, AuthStyle: style}
}

// discover returns the provider as it is known, asking it first when that is
// older than age. When it does not answer, what is known is used all the same
// unless strict.
func (p *Provider) discover(ctx context.Context, age time.Duration, strict bool) (*discovered, error) {
	select {
	case p.gate <- struct{}{}:
		defer func() { <-p.gate }()
	case <-ctx.Done():
		return nil, unreachable(ctx.Err())
	}
	now := p.now()
	if p.known != nil && now.Sub(p.known.at) < age {
		return p.known, nil
	}
	err := p.failure
	if err == nil || !now.Before(p.resume) {
		var fresh *discovered
		if fresh, err = p.ask(ctx); err == nil {
			p.known, p.failure, p.pause = fresh, nil, 0
			return fresh, nil
		}
		if ctx.Err() == nil { // who went away proves nothing about the provider
			p.pause = min(max(2*p.pause, time.Second), maxPause)
			p.failure, p.resume = err, p.now().Add(p.pause)
		}
	}
	if p.known != nil && !strict {
		return p.known, nil
	}
	return nil, unreachable(fmt.Errorf("ask %s for its configuration: %w", p.config.Issuer, err))
}

// ask fetches the metadata.
func (p *Provider) ask(ctx context.Context) (*discovered, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.config.Issuer)
	if err != nil {
		return nil, err
	}
	var raw json.RawMessage
	d := &discovered{at: p.now()}
	if err := found.Claims(&raw); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &d.metadata); err != nil {
		return nil, err
	}
	if err := d.check(p.config.Issuer); err != nil {
		return nil, err
	}
	// The keys outlive this request.
	d.keys = oidc.NewRemoteKeySet(oidc.ClientContext(context.WithoutCancel(ctx), p.client), d.Keys)
	return d, nil
}
