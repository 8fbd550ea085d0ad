package document

import (
	"encoding/json"
	"fmt"
	"time"
)

// State is where an act stands on the line.
type State string

// The states of an act. Failure is not a state: it is attempts and last error
// on the act's [Job].
const (
	Issued   State = "issued"   // numbered; the next round's signature revision is not built yet
	Prepared State = "prepared" // bytes and digest are staged; the act waits for its signer
	Signing  State = "signing"  // an intent is recorded, its outcome is open
	Signed   State = "signed"   // the signed bytes are fixed; only they may be archived
	Archived State = "archived" // the record is in the archive, its manifest written
	Voided   State = "voided"   // given up before it was signed; the number stays used
)

// Standing is what an archived act is worth today.
type Standing string

// The standings of an archived act. They change by a signed act only.
const (
	InForce    Standing = "in_force"
	Superseded Standing = "superseded"
	Annulled   Standing = "annulled"
)

// Act is one legal act of a case. The fields above the line are fixed when it
// is issued; those below change as it moves on.
type Act struct {
	ID       string `json:"id"` // UUIDv7
	CaseID   string `json:"case_id"`
	Case     string `json:"case"`   // the case's unified number
	Number   string `json:"number"` // EI2611000000001T-003
	Index    int    `json:"index"`  // 3
	Office   string `json:"office"`
	Officer  string `json:"officer"` // login of the author
	Date     Date   `json:"date"`    // the date printed on it
	Template string `json:"template"`
	Version  string `json:"template_version"`

	Data       []byte          `json:"data"`        // canonical act data (RFC 8785), only what the act prints
	DataSHA256 []byte          `json:"data_sha256"` // SHA-256 of Data
	Summary    json.RawMessage `json:"summary"`     // the facts of the public page: a [Summary]
	SearchKey  string          `json:"search_key"`
	Code       string          `json:"code"`       // verification code, 16 Crockford characters without hyphens
	Evaluation bool            `json:"evaluation"` // no legal force: an evaluation CA or TSA was in use
	Level      string          `json:"level"`      // signature level asked for: B-B, B-T, …
	// Certify says that the first signature certifies the document (ISO 32000-1
	// § 12.8.2.2).
	Certify    bool     `json:"certify,omitempty"`
	Signers    []Signer `json:"signers"` // in the order in which they sign
	RequestKey string   `json:"request_key,omitempty"`
	// Corrects is the number of the act in which this one corrects a clerical
	// mistake; that act stays in force.
	Corrects string    `json:"corrects,omitempty"`
	IssuedAt time.Time `json:"issued_at"`
	// RetainUntil is fixed once, so that every attempt to archive asks for the
	// same retention.
	RetainUntil time.Time `json:"retain_until"`

	State State `json:"-"`
	Round int   `json:"-"` // index in Signers of the next, or last, signature
	// Epoch fences: each claim and each change raises it by one, and a result
	// computed under an older one is refused by the register.
	Epoch int64 `json:"-"`
	// Seal is the COSE_Sign1 of the QR code. Its signature is randomised, so it
	// is made once and stored together with the bytes that carry it.
	Seal []byte `json:"seal"`

	SignedAt  time.Time `json:"-"` // best time: that of the last timestamp, or of signing at level B-B
	SHA256    []byte    `json:"-"` // of the signed file, its newest rendition
	Path      string    `json:"-"` // archive key of the newest rendition
	Rendition int       `json:"-"` // its sequence number; 0 before the act is archived
	// RenewBy is until when the newest rendition can be proved without another
	// one. Zero: not known yet, or there is nothing to renew (see Renewable).
	RenewBy    time.Time `json:"-"`
	ArchivedAt time.Time `json:"-"` // creation time of the manifest, by the archive
	VoidReason string    `json:"-"`
	VoidKind   VoidKind  `json:"-"`
	VoidedBy   string    `json:"-"` // login; empty where it is not known any more
	Standing   Standing  `json:"-"`
	ChangedBy  string    `json:"-"` // number of the act that superseded or annulled it
	ChangedAt  time.Time `json:"-"` // when
	Reason     string    `json:"-"` // why
}

// Signer is a person who must sign an act, as the act names them.
type Signer struct {
	Login string `json:"login"`
	Name  string `json:"name"`
	Post  string `json:"post"`
	Field string `json:"field"` // name of the reserved signature field
	// Role is that of an approver whom the core finds: the drafter leaves Login,
	// Name and Post empty.
	Role Role `json:"role,omitempty"`
	// InsteadOf is whom an approver replaces; nil: nobody.
	InsteadOf *Absent `json:"instead_of,omitempty"`
}

// Absent is somebody in whose place another one signs.
type Absent struct {
	Login        string `json:"login"`
	Name         string `json:"name"`
	Post         string `json:"post"`
	Substitution string `json:"substitution"` // id
}

// Summary is what a citizen may read of an act without more (docs/design.md D7).
// Texts are in Azerbaijani except Titles.
type Summary struct {
	Titles     map[string]string `json:"titles"` // title of the kind by language: az, en, ru
	OfficeName string            `json:"office_name"`
	SignerName string            `json:"signer_name"`
	SignerPost string            `json:"signer_post"`
	// Signers are all who sign; acts of before have SignerName and SignerPost
	// of the first only. See [Summary.AllSigners].
	Signers []PublicSigner `json:"signers,omitempty"`
	Parties []Party        `json:"parties"`
	Amount  *int64         `json:"amount,omitempty"` // qəpik; absent if the act states no sum
	// Secrets are facts printed on the paper, in the form of NormaliseFact: who
	// types one of them proves to hold it. They are never shown.
	Secrets []string `json:"secrets,omitempty"`
}

// PublicSigner is who signs an act, as the public page names them.
type PublicSigner struct {
	Name string `json:"name"`
	Post string `json:"post"`
	// InsteadOf is the post of who is absent, where a deputy signs.
	InsteadOf string `json:"instead_of,omitempty"`
}

// AllSigners are those who sign, in their order.
func (s Summary) AllSigners() []PublicSigner {
	if len(s.Signers) > 0 {
		return s.Signers
	}
	return []PublicSigner{{Name: s.SignerName, Post: s.SignerPost}}
}

// publicSigners are the signers as the public page names them.
func publicSigners(signers []Signer) []PublicSigner {
	list := make([]PublicSigner, len(signers))
	for i, s := range signers {
		list[i] = PublicSigner{Name: s.Name, Post: s.Post}
		if s.InsteadOf != nil {
			list[i].InsteadOf = s.InsteadOf.Post
		}
	}
	return list
}

// Party is a party as the public page names it.
type Party struct {
	Role string `json:"role"` // creditor or debtor
	Name string `json:"name"` // masked to first letters
}

// Facts is what a checked form says, as far as the core needs to know it.
type Facts struct {
	Template, Version string
	Data              []byte // canonical act data (RFC 8785)
	Summary           Summary
	SearchKey         string
	RetentionClass    string
	Corrects          string // number of the act that this one corrects, if it does
	Signers           []Signer
}

// SignIntent is one recorded decision to use a signer's key. The row is unique
// by (act, round, attempt), it exists before the key is called, and the key is
// called at most once for it.
type SignIntent struct {
	ID             string
	ActID          string
	Round, Attempt int
	Login          string
	KeyID          string // key and version, as its holder names it
	Certificate    []byte // DER
	DocumentDigest []byte // over the signed byte range
	Digest         []byte // what the key signs: over the signed attributes
	// Authorisation names the consent under which the key was used; empty where
	// the signer's passphrase was it.
	Authorisation string
	At            time.Time

	// The rest is set when the intent is closed.
	Outcome    Outcome
	Signature  []byte // the key's answer, once known
	KeyRequest string // what the holder of the key calls this use; empty if it has no name
}

// Outcome is what became of a SignIntent.
type Outcome string

// The outcomes of an intent. Unknown means the answer was lost: the key may
// have been used, the signature is not here, and the signer must decide anew.
const (
	OutcomeOpen    Outcome = "open"
	OutcomeSigned  Outcome = "signed"
	OutcomeUnknown Outcome = "unknown"
	OutcomeRefused Outcome = "refused"
)

// Staged is the working copy of an act between prepared and archived.
type Staged struct {
	ActID string
	Round int
	// PDF holds the base that the round signs while the act is issued, the base
	// and the signature revision with an empty hole while it is prepared or
	// signing, and the signed bytes afterwards.
	PDF            []byte
	BaseSize       int    // bytes of PDF that are the base of the round
	Prepared       []byte // what signing needs to complete; empty while there is nothing to complete
	DocumentDigest []byte
	Digest         []byte
	PreparedAt     time.Time
	// Manifest is fixed together with the signed bytes, so that each attempt to
	// archive writes the same object.
	Manifest []byte
	// Token is the time-stamp that was obtained for the signature of the intent
	// TokenFor: trying again does not buy another one.
	TokenFor string
	Token    []byte
}

// Job is an act's claim on a worker. An act has at most one.
type Job struct {
	ActID     string
	RunAfter  time.Time
	Owner     string // process that holds the lease
	LeaseEnds time.Time
	Attempts  int
	LastError string
	// Reason and Since say what a job that has failed waits for, and since when.
	Reason Reason
	Since  time.Time
}

// HasSigned says whether the signer at a place in Signers has signed. In an act
// that was voided nobody has.
func (a Act) HasSigned(place int) bool {
	return a.State == Signed || a.State == Archived || a.State != Voided && place < a.Round
}

// PublicSummary decodes the act's summary.
func (a Act) PublicSummary() (Summary, error) {
	var s Summary
	if err := json.Unmarshal(a.Summary, &s); err != nil {
		return s, fmt.Errorf("summary of act %s: %w", a.Number, err)
	}
	return s, nil
}
