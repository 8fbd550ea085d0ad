package auth

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Session is somebody who is logged in with one browser. Its id is in a cookie
// there and nowhere else.
type Session struct {
	IDHash  Hash
	Login   string
	Subject string // at the provider, as of Begun
	// ProviderSession is the provider's id of its own session (claim sid), if
	// it gave one, and ACR how it authenticated the person.
	ProviderSession string
	ACR             string
	AuthTime        time.Time // zero if the provider did not say
	Begun           time.Time
	LastSeen        time.Time // kept to the minute
	Expires         time.Time // whatever happens
	UserAgent       string    // for the list of one's own sessions; trimmed
}

// Limits of a session's fields, in bytes.
const (
	MaxSubject         = 64
	MaxProviderSession = 256
	MaxACR             = 128
	MaxUserAgent       = 200
)

// subjectShape keeps a subject safe in a path and in a policy of Vault.
var subjectShape = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Check lists everything that keeps a session from being stored.
func (s Session) Check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("session: "+format, args...)) }
	if s.IDHash == (Hash{}) {
		fault("no id")
	}
	if !loginShape.MatchString(s.Login) {
		fault("login %q", s.Login)
	}
	if !subjectShape.MatchString(s.Subject) {
		fault("subject of %d bytes", len(s.Subject)) // a FİN is not for logs
	}
	for name, text := range map[string]struct {
		value string
		limit int
	}{
		"provider session": {s.ProviderSession, MaxProviderSession}, "acr": {s.ACR, MaxACR}, "user agent": {s.UserAgent, MaxUserAgent},
	} {
		if text.value != trim(text.value, text.limit) {
			fault("%s is not trimmed", name)
		}
	}
	if err := checkTimes(s.Begun, s.Expires); err != nil {
		fault("%w", err)
	}
	if s.LastSeen != utc(s.LastSeen) || s.LastSeen.Before(s.Begun) {
		fault("last seen at %v", s.LastSeen)
	}
	if s.AuthTime != utc(s.AuthTime) {
		fault("authenticated at %v", s.AuthTime)
	}
	return errors.Join(faults...)
}

// trim makes a text of outsiders fit to be stored and shown: valid UTF-8
// without control characters, spaces about it, and bytes beyond the limit.
func trim(s string, limit int) string {
	if len(s) > 4*limit {
		s = s[:4*limit]
	}
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	for len(s) > limit {
		_, size := utf8.DecodeLastRuneInString(s)
		s = strings.TrimSpace(s[:len(s)-size])
	}
	return s
}
