package signing

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"docsvc/internal/signing/cms"
)

// TimestampAuthority is one RFC 3161 service.
type TimestampAuthority struct {
	URL string `json:"url"`
	// UserFile and PasswordFile hold what HTTP basic authentication needs; over
	// https only.
	UserFile     string `json:"user_file,omitempty"`
	PasswordFile string `json:"password_file,omitempty"`
}

// TimestampConfig describes the authorities that docsvc asks.
type TimestampConfig struct {
	Authorities []TimestampAuthority // asked in this order until one answers
	// Roots are the trust anchors of time-stamps, Intermediates what may stand
	// below them; both as the verifier has them, so that a token that it would
	// not believe is never taken.
	Roots         *x509.CertPool
	Intermediates []*x509.Certificate
	Policies      []string      // accepted policies, dotted numbers; empty: any
	CAFile        string        // PEM with roots for TLS; empty: the system's
	Timeout       time.Duration // of one authority; 0: 5 seconds
	Now           func() time.Time
	Rand          io.Reader    // of nonces; nil: crypto/rand
	Client        *http.Client // nil: made with CAFile
	Log           *slog.Logger // nil: silent
	// Observe hears of every exchange; nil: nobody.
	Observe func(url string, took time.Duration, err error)
}

const (
	maxAuthorities = 8
	restAfterError = time.Minute // how long a failed authority is asked last
	defaultTimeout = 5 * time.Second
)

// Timestampers asks several authorities in order. It is safe for concurrent
// use.
type Timestampers struct {
	authorities []*HTTPTimestamper
	config      TimestampConfig

	mu     sync.Mutex
	failed []time.Time // by authority; zero: works as far as known
}

// NewTimestampers checks the configuration; it asks nobody.
func NewTimestampers(c TimestampConfig) (*Timestampers, error) {
	if c.Roots == nil || c.Now == nil {
		return nil, errors.New("time-stamps: roots or clock are missing")
	}
	if len(c.Authorities) == 0 || len(c.Authorities) > maxAuthorities {
		return nil, fmt.Errorf("time-stamps: %d authorities, want 1 to %d", len(c.Authorities), maxAuthorities)
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	policies, err := parsePolicies(c.Policies)
	if err != nil {
		return nil, fmt.Errorf("time-stamps: %w", err)
	}
	if c.Client == nil {
		if c.Client, err = NewHTTPClient(c.CAFile); err != nil {
			return nil, fmt.Errorf("time-stamps: %w", err)
		}
	}
	t := &Timestampers{config: c, failed: make([]time.Time, len(c.Authorities))}
	for i, a := range c.Authorities {
		h := &HTTPTimestamper{URL: a.URL, Client: c.Client, Timeout: c.Timeout, Rand: c.Rand}
		h.Accept = func(token *cms.Token) error { return t.accept(token, policies) }
		if err := a.apply(h); err != nil {
			return nil, fmt.Errorf("time-stamping authority %d: %w", i+1, err) // the URL may hold a password
		}
		t.authorities = append(t.authorities, h)
	}
	return t, nil
}

// apply checks the address and reads the credentials.
func (a TimestampAuthority) apply(h *HTTPTimestamper) error {
	if err := CheckURL(a.URL); err != nil {
		return err
	}
	if a.UserFile == "" && a.PasswordFile == "" {
		return nil
	}
	if u, err := url.Parse(a.URL); err != nil || u.Scheme != "https" && !isLoopback(u.Hostname()) {
		return errors.New("credentials need https")
	}
	for file, value := range map[string]*string{a.UserFile: &h.User, a.PasswordFile: &h.Password} {
		if file == "" {
			return errors.New("user_file and password_file go together")
		}
		b, err := readLimited(file, 4<<10)
		if err != nil {
			return err
		}
		if *value = strings.TrimRight(string(b), "\r\n"); *value == "" {
			return fmt.Errorf("%s is empty", file)
		}
	}
	if h.Password == "" {
		return errors.New("user_file and password_file are one file")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// parsePolicies reads dotted numbers.
func parsePolicies(texts []string) ([]cms.OID, error) {
	var list []cms.OID
	for _, text := range texts {
		oid, err := x509.ParseOID(text)
		if err != nil {
			return nil, fmt.Errorf("policy %q: want dotted numbers such as 1.3.6.1.4.1.1", text)
		}
		var policy cms.OID
		for part := range strings.SplitSeq(oid.String(), ".") {
			n, err := strconv.Atoi(part)
			if err != nil {
				return nil, fmt.Errorf("policy %q: %w", text, err)
			}
			policy = append(policy, n)
		}
		list = append(list, policy)
	}
	return list, nil
}

// Authorities are the single ones, in order, for looking at the clock of each.
func (t *Timestampers) Authorities() []*HTTPTimestamper { return slices.Clone(t.authorities) }

// Timestamp implements Timestamper. Each authority gets a nonce of its own; one
// that failed within the last minute is asked after the others.
func (t *Timestampers) Timestamp(ctx context.Context, digest []byte, h crypto.Hash) ([]byte, error) {
	var faults []error
	for _, i := range t.order() {
		a := t.authorities[i]
		start := time.Now()
		token, err := a.Timestamp(ctx, digest, h)
		if t.config.Observe != nil {
			t.config.Observe(a.URL, time.Since(start), err)
		}
		if ctx.Err() != nil && err != nil {
			return nil, err // the caller gave up: nothing is said about the authority
		}
		t.note(i, err)
		if err == nil {
			return token, nil
		}
		t.config.Log.LogAttrs(ctx, slog.LevelWarn, "no time-stamp",
			slog.String("authority", a.URL), slog.Any("error", err))
		faults = append(faults, err)
	}
	return nil, errors.Join(faults...)
}

// order is who is asked, by index.
func (t *Timestampers) order() []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.config.Now()
	var first, last []int
	for i, at := range t.failed {
		if age := now.Sub(at); !at.IsZero() && age >= 0 && age < restAfterError {
			last = append(last, i)
		} else {
			first = append(first, i)
		}
	}
	return append(first, last...)
}

func (t *Timestampers) note(i int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed[i] = time.Time{}
	if err != nil {
		t.failed[i] = t.config.Now()
	}
}

// accept refuses what the verifier would not believe or the owner does not
// want. A signature is given up when its file does not verify, so a wrong token
// must not get into it.
func (t *Timestampers) accept(token *cms.Token, policies []cms.OID) error {
	if len(policies) > 0 && !slices.ContainsFunc(policies, token.Policy.Equal) {
		return fmt.Errorf("time-stamp under the policy %v, which is not accepted", token.Policy)
	}
	now := t.config.Now()
	if off := token.Time.Sub(now); off.Abs() > clockSkew {
		return fmt.Errorf("time-stamp of %s: the authority's clock or ours is wrong by %s",
			token.Time.Format(time.RFC3339), off.Abs().Round(time.Second))
	}
	pool := x509.NewCertPool()
	for _, c := range slices.Concat(token.Certificates, t.config.Intermediates) {
		pool.AddCert(c)
	}
	paths, err := token.Signer.Verify(x509.VerifyOptions{
		Roots: t.config.Roots, Intermediates: pool, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // judged by cms.ParseToken
	})
	if err != nil {
		return fmt.Errorf("certificate of the time-stamping authority: %w", err)
	}
	for _, c := range paths[0][:len(paths[0])-1] {
		if err := Weak(c); err != nil {
			return fmt.Errorf("certificate of the time-stamping authority: %s: %w", c.Subject, err)
		}
	}
	return nil
}
