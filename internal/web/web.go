// Package web is what docsvc shows to the world over HTTP: the public pages of
// verification, the published keys and ledger, the signs of health, and, for
// people who log in, the pages of officers and /api/v1.
//
// Pages are rendered on the server, in Azerbaijani, English or Russian, from
// templates parsed once a language; every action works as a plain form, and
// the scripts only save a round trip or check what must not reach the server
// (the seal in the fragment of the link, a file that need not leave the
// device). Public routes set no cookie and know no session. Logs and metrics
// hold templates of routes and never their paths: a path has a code in it, and
// who knows a code may see the act's public facts.
package web

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"docsvc/internal/codes"
	"docsvc/internal/template"
	"docsvc/internal/verify"
)

// Options are what the handler is made of.
type Options struct {
	Verifier *verify.Verifier // required
	// Office is for people who log in; nil: there is no login, there are no
	// pages of officers and no /api/v1.
	Office *Office
	// Origin is where the service is reached, "https://HOST", without a slash at
	// its end; required. It is printed on the pages.
	Origin string
	// Templates explain the kinds of act to the public, with the parameters of
	// the law; nil: pages do not explain.
	Templates *template.Library
	// SealKeys are the published keys of seals, past ones included.
	SealKeys func(ctx context.Context) ([]SealKey, error) // required
	Limiter  Limiter                                      // required
	// Evaluation says on every page that the system is for evaluation.
	Evaluation bool
	Location   *time.Location // of the times shown; required
	// Authority answers below /pki (CA certificate, CRL, OCSP, time-stamps) with
	// that prefix taken off; nil: there is no such path.
	Authority http.Handler
	// Parts are counts of calls that /metrics tells; nil: none.
	Parts *Parts
	// Skews are how far this machine's clock is ahead of those of the parts, as
	// last compared; nil: not known.
	Skews func() map[string]time.Duration
	// RenewalsDue counts the archived acts that are due for renewal, up to a
	// limit; nil: not known.
	RenewalsDue func(ctx context.Context, limit int) (int, error)
	Version     string // of the program
	// Probes are asked by /readyz beside the register and the archive.
	Probes []Probe
	// TrustedProxies may name the client in X-Forwarded-For; of all others the
	// address of the connection counts.
	TrustedProxies []netip.Prefix
	// TempDir is where uploads wait for their check, in files without a name;
	// empty: the system's.
	TempDir string
	Now     func() time.Time // required
	Rand    io.Reader        // of request ids; required
	Log     *slog.Logger     // required
}

// SealKey is a published key of seals.
type SealKey struct {
	ID  string // kid
	Key *ecdsa.PublicKey
}

// Probe is something without which the service is not ready.
type Probe struct {
	Name  string
	Check func(ctx context.Context) error
}

func (o Options) check() error {
	switch {
	case o.Verifier == nil, o.SealKeys == nil, o.Limiter == nil, o.Location == nil, o.Now == nil, o.Rand == nil, o.Log == nil:
		return errors.New("web: an option that is required is missing")
	}
	if err := o.Office.check(); err != nil {
		return err
	}
	return codes.CheckOrigin(o.Origin)
}

// site is the handler's parts.
type site struct {
	Options
	host    string // of Origin
	pages   pages
	assets  *assets
	metrics *metrics
	checks  *checks
	gauges  gaugeCache

	batches batches
}

// Handler returns the whole site.
func Handler(o Options) (http.Handler, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	files, err := loadAssets()
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	parsed, err := parsePages(files)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	s := &site{
		Options: o, host: hostOf(o.Origin), pages: parsed, assets: files,
		metrics: newMetrics(o.Now()), checks: newChecks(),
	}
	return s.routes()
}
