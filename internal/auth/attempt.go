package auth

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Purpose says what a login is for.
type Purpose string

// The purposes. A login of purpose Authorise proves that an officer consents to
// sign the batch of its nonce, and is always fresh.
const (
	PurposeLogin     Purpose = "login"
	PurposeAuthorise Purpose = "authorise"
	// Of a login here: the password was right and the second step is to come, or
	// one-time codes are being set up.
	PurposeSecond Purpose = "second"
	PurposeEnrol  Purpose = "enrol"
)

// Attempt is a login that was begun, at the provider or here, and is not finished.
// It is used at most once.
type Attempt struct {
	StateHash Hash    // of the state parameter (RFC 6749, 10.12)
	Verifier  string  // PKCE code verifier (RFC 7636), 43 characters
	Nonce     string  // that the ID token must carry, 43 characters
	Purpose   Purpose //
	// Fresh asks the provider to authenticate the person now, whatever session
	// they have there. Always true for PurposeAuthorise.
	Fresh bool
	// Authorisation is the id of the batch to be authorised, and Login the
	// account that has to do it; both empty for PurposeLogin, and the first for
	// the steps of a login here.
	Authorisation string
	Login         string
	// ReturnTo is where the browser goes afterwards, a path on this site.
	ReturnTo string
	// BrowserBinding is the hash of a cookie of the browser that began: nobody
	// can finish in another's browser a login that they began (login CSRF).
	// Zero for the command line, which keeps its attempts to itself.
	BrowserBinding Hash
	Begun          time.Time
	Expires        time.Time

	state    string // known to who began it, and never stored
	redirect string // in place of Config.RedirectURL, for the command line
}

// Limits of an attempt's fields, in bytes.
const (
	MaxReturnTo      = 512
	MaxAuthorisation = 64
	MaxLogin         = 64
)

var (
	authorisationShape = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	loginShape         = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,62}$`) // as package document has it
)

// Check lists everything that keeps an attempt from being stored.
func (a Attempt) Check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("attempt: "+format, args...)) }
	if a.StateHash == (Hash{}) {
		fault("no state")
	}
	if !isSecret(a.Verifier) {
		fault("verifier is not of 256 bits")
	}
	if !isSecret(a.Nonce) {
		fault("nonce is not of 256 bits")
	}
	switch a.Purpose {
	case PurposeLogin:
		if a.Authorisation != "" || a.Login != "" {
			fault("a login names no authorisation and no account")
		}
	case PurposeAuthorise:
		if !authorisationShape.MatchString(a.Authorisation) {
			fault("authorisation id %q", a.Authorisation)
		}
		if !loginShape.MatchString(a.Login) {
			fault("login %q", a.Login)
		}
		if !a.Fresh {
			fault("an authorisation needs a fresh login")
		}
	case PurposeSecond, PurposeEnrol:
		if a.Authorisation != "" {
			fault("a step of a login names no authorisation")
		}
		if !loginShape.MatchString(a.Login) {
			fault("login %q", a.Login)
		}
	default:
		fault("purpose %q", a.Purpose)
	}
	if !isLocalPath(a.ReturnTo) {
		fault("return to %q: not a path on this site", a.ReturnTo)
	}
	if err := checkTimes(a.Begun, a.Expires); err != nil {
		fault("%w", err)
	}
	return errors.Join(faults...)
}

// checkTimes wants times as the register keeps them.
func checkTimes(begun, expires time.Time) error {
	switch {
	case begun.IsZero() || !expires.After(begun):
		return errors.New("it does not end after it began")
	case begun != utc(begun) || expires != utc(expires):
		return errors.New("times are not UTC with microseconds")
	}
	return nil
}

// utc is a time as the register keeps it: comparable with ==.
func utc(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// State is what only the browser that began may bring back.
func (a Attempt) State() string { return a.state }

// Stored returns the attempt as a store keeps it: without what only the one who
// began it may know.
func (a Attempt) Stored() Attempt {
	a.state, a.redirect = "", ""
	return a
}
