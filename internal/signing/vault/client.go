package vault

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/api"
)

// Client speaks to one Vault and holds no token: each call brings its own. It
// is safe for concurrent use.
type Client struct {
	config Config
	api    *api.Client
}

// New makes a client. It does not use the network.
func New(c Config) (*Client, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	transport, err := c.transport()
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	a, err := api.NewClient(&api.Config{
		Address: c.Address,
		HttpClient: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		MaxRetries: 0, DisableRedirects: true,
		CheckRetry: func(context.Context, *http.Response, error) (bool, error) { return false, nil },
	})
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	// The library has looked at the environment: forget what it found there.
	a.ClearToken()
	a.SetWrappingLookupFunc(func(string, string) string { return "" })
	a.SetHeaders(http.Header{api.RequestHeaderName: {"true"}})
	if c.Namespace != "" {
		a.SetNamespace(c.Namespace)
	}
	return &Client{config: c, api: a}, nil
}

// request is one call.
type request struct {
	op    string // for Observe and errors: sign, login, …
	write bool   // with body; otherwise a read
	list  bool
	path  string
	body  map[string]any
	token string
	more  time.Duration // above the usual timeout
	// hide is what else must not appear in an error.
	hide []string
}

func (r request) secrets() []string { return append([]string{r.token}, r.hide...) }

// call makes one call and never repeats it. A nil secret without an error is
// an answer without content.
func (c *Client) call(ctx context.Context, r request) (secret *api.Secret, err error) {
	start := time.Now()
	defer func() { c.config.Observe(r.op, time.Since(start), err) }()
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout+r.more)
	defer cancel()
	var sent atomic.Bool // the transport may go on in the background after we left
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})

	logical := c.api.WithRequestCallbacks(func(q *api.Request) { q.ClientToken = r.token }).Logical()
	switch {
	case r.list:
		secret, err = logical.ListWithContext(ctx, r.path)
	case r.write:
		secret, err = logical.WriteWithContext(ctx, r.path, r.body)
	default:
		secret, err = logical.ReadWithContext(ctx, r.path)
	}
	if err != nil {
		return nil, newCallError(r, sent.Load(), err)
	}
	return secret, nil
}

// into decodes what an answer holds.
func into(secret *api.Secret, out any) error {
	if secret == nil {
		return fmt.Errorf("%w: nothing", ErrAnswer)
	}
	b, err := json.Marshal(secret.Data)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return nil
}

// Health is what Vault says of itself, to anyone.
type Health struct {
	Version string
	Sealed  bool
	Standby bool // it answers by asking the active server
	Clock   time.Time
}

// Health asks whether Vault can be used: an error if not, ErrUnavailable among
// it. The answer is filled as far as Vault gave it.
func (c *Client) Health(ctx context.Context) (h Health, err error) {
	start := time.Now()
	defer func() { c.config.Observe("health", time.Since(start), err) }()
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	answer, err := c.api.Sys().HealthWithContext(ctx)
	if err != nil {
		return h, newCallError(request{op: "health", path: "sys/health"}, false, err)
	}
	h = Health{Version: clean(answer.Version, nil), Sealed: answer.Sealed, Standby: answer.Standby, Clock: time.Unix(answer.ServerTimeUTC, 0)}
	switch {
	case !answer.Initialized:
		return h, fmt.Errorf("%w: it is not initialised (vault operator init)", ErrUnavailable)
	case answer.Sealed:
		return h, fmt.Errorf("%w: it is sealed (vault operator unseal)", ErrUnavailable)
	}
	return h, nil
}
