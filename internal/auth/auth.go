// Package auth finds out who somebody is. It logs people in with an OpenID
// Connect provider or, without one, by accounts of docsvc's own ([Local]), keeps
// what was begun and not finished (an [Attempt]) and who is in (a [Session]), and
// obtains the fresh token with which an officer authorises the signing of one
// batch (docs/design.md, D4).
//
// It says who, never what they may do: that is the core's table of permissions.
// It does not refresh tokens and calls no other address than the provider's. Do not use an [Identity] for anything before
// [Admit] has found its account.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
)

// Hash is the SHA-256 of a random secret that a browser holds: the register
// keeps nothing with which somebody could log in or take over a session.
type Hash [sha256.Size]byte

// HashOf returns the hash of a secret.
func HashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

// String returns the hash in hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// secretLength is the length of 256 random bits in base64url.
const secretLength = 43

// newSecret draws 256 random bits.
func newSecret(random io.Reader) (string, error) {
	if random == nil {
		random = rand.Reader
	}
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("draw a secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// isSecret reports whether s has the form that newSecret gives, so that nothing
// else reaches the register.
func isSecret(s string) bool {
	if len(s) != secretLength {
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil
}
