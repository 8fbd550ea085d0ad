package main

import (
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// request is an authorization request on its way: asked, then answered by who
// signed in. It is not changed once others can see it: a login replaces it.
type request struct {
	id      string
	at      time.Time
	asked   *oidc.AuthRequest
	subject string // of id_token_hint: nobody else may answer
	in      session
}

func (r *request) GetID() string                      { return r.id }
func (r *request) GetAudience() []string              { return []string{r.asked.ClientID} }
func (r *request) GetAuthTime() time.Time             { return r.in.at }
func (r *request) GetClientID() string                { return r.asked.ClientID }
func (r *request) GetNonce() string                   { return r.asked.Nonce }
func (r *request) GetRedirectURI() string             { return r.asked.RedirectURI }
func (r *request) GetResponseType() oidc.ResponseType { return r.asked.ResponseType }
func (r *request) GetResponseMode() oidc.ResponseMode { return r.asked.ResponseMode }
func (r *request) GetScopes() []string                { return r.asked.Scopes }
func (r *request) GetState() string                   { return r.asked.State }
func (r *request) Done() bool                         { return r.in.user != nil }

func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: r.asked.CodeChallenge, Method: r.asked.CodeChallengeMethod}
}

func (r *request) GetSubject() string {
	if r.in.user == nil {
		return ""
	}
	return r.in.user.Subject
}

func (r *request) GetACR() string {
	if r.in.user == nil {
		return ""
	}
	return r.in.user.ACR
}

func (r *request) GetAMR() []string {
	if r.in.user == nil {
		return nil
	}
	return r.in.user.AMR
}
