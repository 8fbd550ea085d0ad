package auth

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 in the form that every authenticator knows; HMAC does not need collision resistance
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// The parameters of one-time codes (RFC 6238): the only ones that every
// authenticator application knows.
const (
	codeDigits   = 6
	codeStep     = 30 * time.Second
	codeSkew     = 1  // steps before and after that count too: clocks differ, and people type
	secretBytes  = 20 // of SHA-1, as RFC 4226 recommends
	secretGroups = 4  // letters, for who types the secret
)

// oneTimeCode is the code of a time step (RFC 4226, 5.3).
func oneTimeCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step) // a hash never fails
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%0*d", codeDigits, (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

// stepOf is the time step of a code that is right now and was not used: its step
// is after last. It compares in constant time.
func stepOf(secret []byte, typed string, now time.Time, last int64) (int64, bool) {
	current, found := now.Unix()/int64(codeStep/time.Second), int64(0)
	for step := current - codeSkew; step <= current+codeSkew; step++ {
		if subtle.ConstantTimeCompare([]byte(oneTimeCode(secret, step)), []byte(typed)) == 1 && step > last {
			found = step
		}
	}
	return found, found > 0
}

// CodeSetup is a secret of one-time codes that is not in use yet, as its owner
// takes it over into an application.
type CodeSetup struct{ secret []byte }

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// URI is what the QR code holds: the key of an account at a host.
func (c CodeSetup) URI(host, login string) string {
	host, login = url.QueryEscape(host), url.QueryEscape(login)
	return "otpauth://totp/" + host + ":" + login + "?secret=" + base32Text.EncodeToString(c.secret) + "&issuer=" + host
}

// Text is the secret for who cannot scan, in groups.
func (c CodeSetup) Text() string { return grouped(base32Text.EncodeToString(c.secret), " ") }

// grouped puts a separator between each four letters.
func grouped(text, separator string) string {
	var groups []string
	for ; len(text) > secretGroups; text = text[secretGroups:] {
		groups = append(groups, text[:secretGroups])
	}
	return strings.Join(append(groups, text), separator)
}
