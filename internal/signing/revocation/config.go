package revocation

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"docsvc/internal/signing"
)

// Config describes a Source.
type Config struct {
	// Anchors are the authorities whose certificates officers may use.
	Anchors *Anchors
	// Others are authorities whose lists are kept too, for the verifier, but
	// whose certificates no officer may use: those of time-stamps.
	Others []*Anchors
	// CRLs are the addresses of lists in DER or PEM, http or https, such as
	// Vault's /v1/pki/crl; every CA of Anchors and Others needs one. Empty: the
	// distribution points that certificates name, if they lead to a root.
	CRLs []string
	// CacheDir keeps the lists over a restart while the authority is down; made
	// if it is not there. Empty: memory only.
	CacheDir string
	// CAFile replaces the system's roots for TLS.
	CAFile string
	// MaxSize bounds one list; 0: 16 MB. All together may have four times that.
	MaxSize int64
	// Refresh is how often a list is asked for at least, and sooner where its
	// NextUpdate is near; 0: an hour, at most the three hours within which
	// authorities have to publish a revocation (docs/domain.md § 5).
	Refresh time.Duration
	// MaxAge is how long a list counts after its address last answered; 0: until
	// its NextUpdate. It bounds for how long somebody who blocks the way to the
	// authority can hide a revocation, and for how long the authority may be
	// down before signing stops.
	MaxAge time.Duration
	// Timeout is for one exchange in the background; 0: 20 seconds. Who waits
	// for an answer waits 5 seconds at most.
	Timeout time.Duration

	// OCSP says how responders are asked, for what goes into signed files.
	OCSP OCSPConfig

	Now    func() time.Time // required
	Client *http.Client     // nil: signing.NewHTTPClient(CAFile)
	Log    *slog.Logger     // nil: silent
	// Observe hears of every exchange; nil: nobody. It must be quick and safe for
	// concurrent use.
	Observe func(Exchange)
}

// OCSPConfig says how OCSP responders are asked (RFC 6960). Lists remain what
// officers' certificates are judged by before they sign, where there are any;
// responses are what proves a certificate in a signed file, and what Usable goes
// by where no list tells.
type OCSPConfig struct {
	// Responders replaces the addresses that certificates name; empty: those.
	Responders []string `json:"responders,omitempty"`
	// MaxAgeSeconds is how long a response counts after it was obtained, at most
	// until its nextUpdate; 0: an hour, which is the most.
	MaxAgeSeconds int `json:"max_age_seconds,omitempty"`
	// MaxListSize bounds a list, in bytes, that goes into a file instead; 0: 1 MB.
	MaxListSize int `json:"max_list_size,omitempty"`
	// Nonce is NonceTry, NonceRequire or NonceOff; empty: NonceTry.
	Nonce string `json:"nonce,omitempty"`
	// Off leaves responders alone: lists only.
	Off bool `json:"off,omitempty"`
}

// Whether requests have a nonce (RFC 9654), which excludes that an old response
// is sent again. Responders that prepare their responses cannot repeat it.
const (
	NonceTry     = "try"     // a response may be without
	NonceRequire = "require" // one without is refused
	NonceOff     = "off"
)

const maxAnswerAge = 3600 // seconds

// complete fills in what was left out and says what is wrong.
func (c *OCSPConfig) complete() error {
	switch {
	case c.MaxAgeSeconds < 0 || c.MaxAgeSeconds > maxAnswerAge:
		return fmt.Errorf("OCSP: max_age_seconds of %d, want at most %d", c.MaxAgeSeconds, maxAnswerAge)
	case c.MaxListSize < 0 || c.MaxListSize > 8<<20:
		return fmt.Errorf("OCSP: max_list_size of %d, want at most 8 MB", c.MaxListSize)
	case len(c.Responders) > maxResponders:
		return fmt.Errorf("OCSP: %d responders, want at most %d", len(c.Responders), maxResponders)
	}
	for i, u := range c.Responders {
		if err := signing.CheckURL(u); err != nil {
			return fmt.Errorf("OCSP: address %d of a responder: %w", i+1, err)
		}
	}
	c.MaxAgeSeconds = cmp.Or(c.MaxAgeSeconds, maxAnswerAge)
	c.MaxListSize = cmp.Or(c.MaxListSize, 1<<20)
	switch c.Nonce = cmp.Or(c.Nonce, NonceTry); c.Nonce {
	case NonceTry, NonceRequire, NonceOff:
		return nil
	}
	return fmt.Errorf("OCSP: nonce is %q, want %s, %s or %s", c.Nonce, NonceTry, NonceRequire, NonceOff)
}

// Exchange is one attempt to refresh a list, or to ask a responder.
type Exchange struct {
	URL     string
	OCSP    bool // of a responder, not a list
	Outcome Outcome
	Took    time.Duration
	Err     error // set when Outcome is Failed or Older
}

// Outcome is how an attempt ended.
type Outcome string

// The outcomes.
const (
	Updated   Outcome = "updated"   // a newer list
	Unchanged Outcome = "unchanged" // the list that is held
	Older     Outcome = "older"     // a list older than the one held; not taken
	Failed    Outcome = "failed"
)

const (
	maxFeeds = 256
	// maxResponders is how many addresses are tried for one certificate.
	maxResponders = 4
	maxIssuers    = 512
	maxWays       = 4096
	maxRefresh    = 3 * time.Hour
	// aheadOfUs is how much later than our clock a list may be, as the verifier
	// allows it.
	aheadOfUs = 5 * time.Minute
	// waitFor is how long somebody waits for a list that is missing.
	waitFor  = 5 * time.Second
	maxPause = 10 * time.Minute
	// atOnce bounds exchanges in the background.
	atOnce = 4
)

// complete fills in what was left out and says what is wrong.
func (c *Config) complete() error {
	if c.Anchors == nil || len(c.Anchors.Roots) == 0 || c.Now == nil {
		return errors.New("trust anchors or clock are missing")
	}
	c.Refresh = cmp.Or(c.Refresh, time.Hour)
	c.Timeout = cmp.Or(c.Timeout, 20*time.Second)
	c.MaxSize = cmp.Or(c.MaxSize, 16<<20)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case c.Refresh < time.Second || c.Refresh > maxRefresh:
		return fmt.Errorf("refresh after %s, want a second to %s", c.Refresh, maxRefresh)
	case c.MaxAge != 0 && c.MaxAge < c.Refresh:
		return fmt.Errorf("lists count for %s but are refreshed after %s only", c.MaxAge, c.Refresh)
	case c.Timeout < 0:
		return fmt.Errorf("timeout of %s", c.Timeout)
	case c.MaxSize < 0 || c.MaxSize > 64<<20:
		return fmt.Errorf("lists of up to %d bytes, want at most 64 MB", c.MaxSize)
	case len(c.CRLs) > maxFeeds:
		return fmt.Errorf("%d addresses of lists, want at most %d", len(c.CRLs), maxFeeds)
	}
	if err := c.OCSP.complete(); err != nil {
		return err
	}
	for i, u := range c.CRLs {
		if err := signing.CheckURL(u); err != nil {
			return fmt.Errorf("address %d of a list: %w", i+1, err) // the URL may hold a password
		}
		if slices.Contains(c.CRLs[:i], u) {
			return fmt.Errorf("the list %s is named twice", u)
		}
	}
	if c.Client == nil {
		var err error
		if c.Client, err = signing.NewHTTPClient(c.CAFile); err != nil {
			return err
		}
	}
	return nil
}
