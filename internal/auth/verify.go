package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"docsvc/internal/document"
)

const (
	maxToken   = 16 << 10 // of an ID token, in bytes
	maxName    = 200
	maxTokenID = 128
	maxMethods = 16 // entries of amr
)

// verify checks an ID token (OpenID Connect Core 1.0, 3.1.3.7) and what docsvc
// wants of it besides. What go-oidc checks is signature, issuer, one audience
// and expiry; it allows five minutes for nbf, looks at neither iat nor nonce.
func (p *Provider) verify(ctx context.Context, d *discovered, a Attempt, raw, access string) (Identity, error) {
	if len(raw) > maxToken {
		return Identity{}, notAccepted(fmt.Errorf("ID token of %d bytes", len(raw)))
	}
	keys := &watchedKeys{KeySet: d.keys}
	token, err := oidc.NewVerifier(p.config.Issuer, keys, &oidc.Config{
		ClientID: p.config.ClientID, SupportedSigningAlgs: algorithms(), Now: p.now,
	}).Verify(ctx, raw)
	if err != nil {
		if _, expired := errors.AsType[*oidc.TokenExpiredError](err); expired {
			return Identity{}, newError(document.Forbidden, "error.login.expired", err)
		}
		if keys.failure != nil {
			return Identity{}, unreachable(keys.failure)
		}
		return Identity{}, notAccepted(err)
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(access); err != nil {
			return Identity{}, notAccepted(err)
		}
	}
	c := claims{}
	if err := token.Claims(&c); err != nil {
		return Identity{}, notAccepted(errors.New("the claims are not an object"))
	}
	for _, check := range []func() error{
		func() error { return p.checkParties(c) },
		func() error { return checkNonce(c, a) },
		func() error { return p.checkTimes(c) },
		func() error { return p.checkFresh(c, a) },
		func() error { return p.checkStrong(c) },
	} {
		if err := check(); err != nil {
			return Identity{}, err
		}
	}
	return p.identity(c, token.Expiry, raw)
}

// watchedKeys tells a key set that could not be fetched from a wrong signature:
// go-oidc wraps the former and flattens both. It serves one verification.
type watchedKeys struct {
	oidc.KeySet
	failure error
}

// VerifySignature implements oidc.KeySet.
func (k *watchedKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, jwt)
	if err != nil && strings.HasPrefix(err.Error(), "fetching keys ") {
		k.failure = err
	}
	return payload, err
}

// checkParties: by whom and for whom, exactly. go-oidc forgives Google's issuer
// its scheme.
func (p *Provider) checkParties(c claims) error {
	issuer, err := c.text("iss")
	if err != nil || issuer != p.config.Issuer {
		return notAccepted(errors.Join(errors.New("of another issuer"), err))
	}
	audience, err := c.texts("aud")
	if err != nil || !slices.Contains(audience, p.config.ClientID) {
		return notAccepted(errors.Join(errors.New("for another audience"), err))
	}
	party, err := c.text("azp")
	switch {
	case errors.Is(err, errAbsent) && len(audience) == 1:
	case err != nil:
		return notAccepted(err)
	case party != p.config.ClientID:
		return notAccepted(errors.New("azp is another client"))
	}
	return nil
}

// checkNonce: the token is the answer to this very request.
func checkNonce(c claims, a Attempt) error {
	nonce, err := c.text("nonce")
	if err != nil || nonce != a.Nonce || !isSecret(nonce) {
		return newError(document.Forbidden, "error.login.nonce", err)
	}
	return nil
}

// checkTimes: made before now, and in force.
func (p *Provider) checkTimes(c claims) error {
	latest := p.now().Add(seconds(p.config.ClockSkewSeconds))
	issued, err := c.date("iat")
	if err != nil || issued.IsZero() {
		return notAccepted(errors.Join(errors.New("no date of issue"), err))
	}
	from, err := c.date("nbf")
	if err != nil {
		return notAccepted(err)
	}
	if issued.After(latest) || from.After(latest) {
		return notAccepted(fmt.Errorf("from the future (%s): is the clock of the provider right, and ours?",
			max(issued.Sub(p.now()), from.Sub(p.now())).Round(time.Second)))
	}
	return nil
}

// checkFresh: the person was authenticated lately enough; for a fresh login
// after it was begun, whatever the provider made of max_age and prompt. Seconds
// and the skew of clocks leave a gap of a few seconds before that, in which an
// authentication for something else would count: the nonce, which is of this
// login only, is what tells them apart.
func (p *Provider) checkFresh(c claims, a Attempt) error {
	at, err := c.date("auth_time")
	if err != nil {
		return notAccepted(err)
	}
	limit := seconds(p.config.MaxLoginAgeSeconds)
	if a.Fresh {
		limit = seconds(p.config.MaxAuthAgeSeconds)
	} else if limit < 0 {
		return nil
	}
	skew, now := seconds(p.config.ClockSkewSeconds), p.now()
	var fault error
	switch begun := a.Begun.Truncate(time.Second); {
	case at.IsZero():
		fault = errors.New("the provider does not say when (auth_time)")
	case at.After(now.Add(skew)):
		fault = errors.New("authenticated in the future: is the clock of the provider right, and ours?")
	case at.Before(now.Add(-limit - skew)):
		fault = fmt.Errorf("authenticated %s ago", now.Sub(at).Round(time.Second))
	case a.Fresh && at.Before(begun.Add(-skew)):
		fault = fmt.Errorf("authenticated %s before it was asked for", begun.Sub(at))
	default:
		return nil
	}
	return newError(document.Forbidden, "error.login.stale", fault)
}

// checkStrong: more than a password (by configuration).
func (p *Provider) checkStrong(c claims) error {
	if len(p.config.StrongValues) == 0 && len(p.config.StrongMethods) == 0 {
		return nil
	}
	for _, accepted := range []struct {
		claim  string
		values []string
	}{{p.config.StrongClaim, p.config.StrongValues}, {"amr", p.config.StrongMethods}} {
		given, err := c.texts(accepted.claim)
		if err != nil {
			continue // not there, or not a thing that could be in the list
		}
		if slices.ContainsFunc(given, func(v string) bool { return slices.Contains(accepted.values, v) }) {
			return nil
		}
	}
	return newError(document.Forbidden, "error.login.weak",
		fmt.Errorf("%s %q, amr %q", p.config.StrongClaim, c.optional(p.config.StrongClaim, MaxACR), c.methods()))
}

// methods reads amr (RFC 8176), shortened.
func (c claims) methods() []string {
	list, err := c.texts("amr")
	if err != nil {
		return nil
	}
	list = list[:min(len(list), maxMethods)]
	for i := range list {
		list[i] = trim(list[i], 64)
	}
	return list
}

// identity is who the token is about.
func (p *Provider) identity(c claims, expires time.Time, raw string) (Identity, error) {
	subject, err := c.text(p.config.LoginClaim)
	if err == nil && !subjectShape.MatchString(subject) {
		err = fmt.Errorf("claim %s, of %d bytes, has not the form [A-Za-z0-9._-]{1,64}", p.config.LoginClaim, len(subject))
	}
	if err != nil {
		return Identity{}, newError(document.Forbidden, "error.login.subject", err, "claim", p.config.LoginClaim)
	}
	at, err := c.date("auth_time")
	if err != nil {
		return Identity{}, notAccepted(err)
	}
	id, err := c.text("jti")
	if err != nil || len(id) > maxTokenID || !printable.MatchString(id) {
		id = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(raw)))
	}
	return Identity{
		Subject: subject, Name: c.optional(p.config.NameClaim, maxName),
		Nonce: c.optional("nonce", secretLength), TokenID: id,
		AuthTime: at, ACR: c.optional("acr", MaxACR), AMR: c.methods(), SessionID: c.optional("sid", MaxProviderSession),
		Expires: expires.UTC(), RawIDToken: NewSecret(raw),
	}, nil
}
