package document

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"time"

	"docsvc/internal/codes"
)

// Warning is something in a form that is odd but allowed.
type Warning struct {
	Path string            `json:"path"`
	Key  string            `json:"key"` // message of the i18n catalogues
	Args map[string]string `json:"args,omitempty"`
}

// Draft is a filled form that asks for an act.
type Draft struct {
	Case     string          // number of the case
	Template string          // id of the template
	Input    json.RawMessage // the form
	Date     Date            // date of the act; empty means today
	// Approver is the login of who signs second, where several accounts have
	// the role for it.
	Approver string
	// RequestKey makes asking again harmless: one officer's second draft with
	// the same key is the first one's act.
	RequestKey string
}

// Drafter turns forms into facts and facts into pages. Faults of a form are
// one *Error of kind Invalid that lists all of them.
type Drafter interface {
	CheckCase(ctx context.Context, input json.RawMessage) (CaseFacts, []Warning, error)
	// CheckAct names the signers of the act. One whom it leaves without Login,
	// the core finds by Role.
	CheckAct(ctx context.Context, d Draft, c Case, author Account) (Facts, []Warning, error)
	// Render typesets a.Data with the act's numbers, code and seal, and reserves
	// one signature field for each of a.Signers. It reads nothing but a: the
	// same act gives the same bytes.
	Render(ctx context.Context, a Act) ([]byte, error)
	// Preview typesets an act that has no number, code and seal, and says on
	// each page that it is a draft.
	Preview(ctx context.Context, a Act) ([]byte, error)
	// Engine names the typesetter and its version.
	Engine() string
}

// Sealer signs the facts that stand in an act's QR code.
type Sealer interface {
	Seal(ctx context.Context, code codes.Code, f codes.Facts) ([]byte, error)
}

// Certificates says whether an officer's certificate may be used now: nil, or
// an error that tells expired, not yet valid, revoked or unknown apart.
type Certificates interface {
	Usable(ctx context.Context, leaf *x509.Certificate, at time.Time) error
}

// KeyHolder uses one officer's key, unlocked by that officer for one batch. The
// service cannot make one by itself (docs/design.md D4).
type KeyHolder interface {
	// KeyID names the key and its version.
	KeyID() string
	// Sign calls the key once for all digests, which one algorithm signs, and
	// returns a signature for each, in order, and what the holder calls this
	// use of the key, for its own log to be compared with ours; that name may
	// come with an error too. An error is for all digests: unless it wraps
	// ErrKeyRefused, the key may have been used for any of them.
	Sign(ctx context.Context, digests [][]byte, opts crypto.SignerOpts) (signatures [][]byte, use string, err error)
}

// EvidenceSealer encrypts what proves an officer's consent, so that the service
// itself cannot read it again.
type EvidenceSealer interface {
	SealEvidence(ctx context.Context, evidence []byte) ([]byte, error)
}
