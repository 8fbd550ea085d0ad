package document

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// Authorisation is an officer's consent to sign exactly these digests and no
// others. It is recorded before the officer authenticates for it; the proof of
// that authentication carries its nonce, so that afterwards anyone can show
// what the officer consented to.
type Authorisation struct {
	ID      string             `json:"id"` // UUIDv7
	Login   string             `json:"login"`
	Nonce   string             `json:"nonce"` // BatchNonce of the items' digests
	Begun   time.Time          `json:"begun"`
	Expires time.Time          `json:"expires"` // the proof must come before
	Items   []AuthorisedItem   `json:"items"`
	State   AuthorisationState `json:"state"`
	// RequestID is of the request that asked for it.
	RequestID string `json:"request_id"`

	// The rest is set when it is used.
	UsedAt   time.Time `json:"used_at,omitzero"`
	Way      Way       `json:"way,omitempty"`
	TokenID  string    `json:"token_id"` // names the one authentication
	KeyID    string    `json:"key_id"`   // key and version that it unlocked
	Evidence []byte    `json:"evidence"` // the provider's proof, encrypted for the auditor
}

// Way is how an officer gave the consent of an Authorisation.
type Way string

// The ways of consent.
const (
	ByProvider   Way = ""           // a login at the identity provider that names the batch
	ByPassphrase Way = "passphrase" // typed beneath the list, it opened the key
)

// AuthorisedItem is one act of an authorisation.
type AuthorisedItem struct {
	ActID  string `json:"act_id"`
	Round  int    `json:"round"`
	Digest []byte `json:"digest"` // what the key will sign
}

// AuthorisationState is what became of an Authorisation.
type AuthorisationState string

// An authorisation is used at most once, and not after it expired.
const (
	AuthorisationOpen AuthorisationState = "open"
	AuthorisationUsed AuthorisationState = "used"
)

// BatchNonce binds an authentication to a list of digests: base64url of the
// SHA-256 over the line "docsvc-batch/1" and a line of lower-case hexadecimal
// digits for each digest, in order, each line ended by a line feed.
func BatchNonce(digests [][]byte) string {
	h := sha256.New()
	_, _ = h.Write([]byte("docsvc-batch/1\n")) // a hash never fails
	for _, d := range digests {
		_, _ = fmt.Fprintf(h, "%x\n", d)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// AuthorisationTx keeps authorisations. Nothing removes one.
type AuthorisationTx interface {
	InsertAuthorisation(ctx context.Context, a Authorisation) error
	Authorisation(ctx context.Context, id string) (Authorisation, error)
	// UseAuthorisation moves a from open to used with UsedAt, Way, TokenID, KeyID
	// and Evidence. ErrStale when it is not open, ErrExists when the token was used
	// for another one.
	UseAuthorisation(ctx context.Context, a Authorisation) error
	// AuthorisationsOf lists the newest authorisations of login.
	AuthorisationsOf(ctx context.Context, login string, limit int) ([]Authorisation, error)
}
