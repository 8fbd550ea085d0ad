package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	loginLife  = 15 * time.Minute
	codeLife   = time.Minute
	tokenLife  = 5 * time.Minute
	mostToKeep = 10_000 // of a kind; a test tool needs no better defence of its memory
)

var (
	errUnknown     = errors.New("unknown, used or expired")
	errUnsupported = oidc.ErrUnsupportedGrantType()
)

// storage keeps what is going on, in memory.
type storage struct {
	config config
	keys   *keyring
	life   time.Duration // of an ID token

	mu       sync.Mutex
	requests map[string]*request
	codes    map[string]code
	sessions map[string]session // by cookie
	tokens   map[string]token
}

type code struct {
	request string
	at      time.Time
}

// token is what an access token, which only opens the userinfo, stands for.
type token struct {
	in session
	at time.Time
}

func newStorage(c config, keys *keyring, life time.Duration) *storage {
	return &storage{
		config: c, keys: keys, life: life, requests: map[string]*request{}, codes: map[string]code{},
		sessions: map[string]session{}, tokens: map[string]token{},
	}
}

// keep adds an entry and drops another when there are too many.
func keep[V any](all map[string]V, key string, v V) {
	for other := range all {
		if len(all) < mostToKeep {
			break
		}
		delete(all, other)
	}
	all[key] = v
}

// CreateAuthRequest takes what the library has found valid.
func (s *storage) CreateAuthRequest(ctx context.Context, asked *oidc.AuthRequest, subject string) (op.AuthRequest, error) {
	if asked.CodeChallenge == "" || asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("PKCE with S256 is required")
	}
	r := &request{id: rand.Text(), at: time.Now(), asked: asked, subject: subject}
	if in, _ := ctx.Value(sessionKey{}).(session); silent(r.at, in, asked, subject) {
		r.in = in
	} else if len(asked.Prompt) == 1 && asked.Prompt[0] == oidc.PromptNone {
		return nil, oidc.ErrLoginRequired()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	keep(s.requests, r.id, r)
	return r, nil
}

func (s *storage) request(id string) (*request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	if !ok || time.Since(r.at) > loginLife {
		return nil, errUnknown
	}
	return r, nil
}

// enter answers a request with a session and returns its new cookie.
func (s *storage) enter(id string, in session) (cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.requests[id]; ok {
		answered := *r
		answered.in = in
		s.requests[id] = &answered
	}
	for old, other := range s.sessions {
		if other.id == in.id {
			delete(s.sessions, old)
		}
	}
	cookie = rand.Text()
	keep(s.sessions, cookie, in)
	return cookie
}

func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	r, err := s.request(id)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *storage) SaveAuthCode(_ context.Context, id, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	keep(s.codes, value, code{request: id, at: time.Now()})
	return nil
}

// AuthRequestByCode takes the code away before anything is checked: it is good
// for one try.
func (s *storage) AuthRequestByCode(_ context.Context, value string) (op.AuthRequest, error) {
	s.mu.Lock()
	c, ok := s.codes[value]
	delete(s.codes, value)
	r := s.requests[c.request]
	delete(s.requests, c.request)
	s.mu.Unlock()
	if !ok || r == nil || time.Since(c.at) > codeLife {
		return nil, errUnknown
	}
	return r, nil
}

func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	return nil
}

func (s *storage) CreateAccessToken(_ context.Context, asked op.TokenRequest) (string, time.Time, error) {
	r, ok := asked.(*request)
	if !ok {
		return "", time.Time{}, errUnsupported
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, now := rand.Text(), time.Now()
	keep(s.tokens, id, token{in: r.in, at: now})
	return id, now.Add(tokenLife), nil
}

func (s *storage) TerminateSession(_ context.Context, subject, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for cookie, in := range s.sessions {
		if in.user.Subject == subject {
			delete(s.sessions, cookie)
		}
	}
	return nil
}

func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return s.keys.signing(), nil }
func (s *storage) KeySet(context.Context) ([]op.Key, error)          { return s.keys.published(), nil }
func (s *storage) Health(context.Context) error                      { return nil }

func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{s.keys.signing().SignatureAlgorithm()}, nil
}

func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	for _, c := range s.config.Clients {
		if c.ID == id {
			return &client{clientConfig: c, life: s.life}, nil
		}
	}
	return nil, errUnknown
}

func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	for _, c := range s.config.Clients {
		if c.ID == id && !c.Native && subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) == 1 {
			return nil
		}
	}
	return oidc.ErrInvalidClient()
}
