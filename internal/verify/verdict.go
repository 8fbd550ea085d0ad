package verify

import (
	"encoding/hex"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/ledger"
	"docsvc/internal/signing"
)

// Kind is the answer to the question whether a paper may be relied on.
type Kind string

// The verdicts. There is none for "cannot be checked now": that is an error.
const (
	Valid       Kind = "valid"        // genuine and in force
	Annulled    Kind = "annulled"     // genuine, annulled by another act
	Superseded  Kind = "superseded"   // genuine, replaced by another act
	BeingIssued Kind = "being_issued" // numbered, not archived yet: ask again
	Voided      Kind = "voided"       // given up before it was signed
	Altered     Kind = "altered"      // alarm: the witnesses disagree
	Unknown     Kind = "unknown"      // no act has this code
	Mistyped    Kind = "mistyped"     // no act can have this code
)

// Fault says which witness an altered act disagrees with.
type Fault string

// The faults of an altered act.
const (
	FaultMissing   Fault = "missing"   // the archive has no such record
	FaultFile      Fault = "file"      // the archived file is not the one that was signed
	FaultRegister  Fault = "register"  // the register's row is not what was archived
	FaultSignature Fault = "signature" // the signature does not verify
	FaultLedger    Fault = "ledger"    // the ledger does not hold the record
)

// Verdict is what the public may know (docs/design.md D7). Which fields are set
// follows from Kind: of an act that is being issued, nothing is told.
type Verdict struct {
	Kind      Kind      `json:"verdict"`
	CheckedAt time.Time `json:"checked_at"` // the standing is as of this time
	Code      string    `json:"code,omitempty"`
	Number    string    `json:"number,omitempty"`
	Act       *Facts    `json:"act,omitempty"`    // valid, annulled, superseded
	Change    *Change   `json:"change,omitempty"` // annulled, superseded, voided
	// Corrections are archived acts in force that correct a clerical mistake in
	// this one, which they leave in force.
	Corrections []Change    `json:"corrections,omitempty"`
	Signatures  []Signature `json:"signatures,omitempty"` // as Act
	Ledger      *Proof      `json:"ledger,omitempty"`     // as Act
	Fault       Fault       `json:"fault,omitempty"`      // altered
	// Renditions are the files of the record, the first first, where it was
	// renewed: each later one begins with the one before.
	Renditions []Rendition `json:"renditions,omitempty"`
	// RenewBy is until when the signatures prove themselves without a further
	// rendition; Overdue says that it has passed: archive and ledger still
	// witness that the file passed when it was made.
	RenewBy time.Time `json:"renew_by,omitzero"`
	Overdue bool      `json:"renewal_overdue,omitempty"`
	// Suspects are the groups of a mistyped code, from 1, in which the error
	// can be seen or is likely.
	Suspects []int `json:"suspect_groups,omitempty"`
}

// Facts are what a citizen compares with the paper.
type Facts struct {
	Template   string            `json:"template"` // id of the kind of act, with the version of its template
	Version    string            `json:"version"`
	Case       string            `json:"case"`
	Titles     map[string]string `json:"titles"` // kind of act by language
	Date       document.Date     `json:"date"`
	Office     string            `json:"office"`
	SignerName string            `json:"signer_name"`
	SignerPost string            `json:"signer_post"`
	// Signers are all who signed, SignerName among them; SealedSigner is how
	// the seal names them.
	Signers      []document.PublicSigner `json:"signers"`
	SealedSigner string                  `json:"-"`
	Parties      []document.Party        `json:"parties"`          // masked
	Amount       *int64                  `json:"amount,omitempty"` // qəpik
	DataSHA256   string                  `json:"data_sha256"`      // of the canonical act data, as the seal has it
	SHA256       string                  `json:"sha256"`           // of the signed file
	Evaluation   bool                    `json:"evaluation"`       // no legal force
	ArchivedAt   time.Time               `json:"archived_at"`
}

// Change is what ended an act's force, or corrected it.
type Change struct {
	By string    `json:"by,omitempty"` // number of the act that did it
	At time.Time `json:"at"`
}

// Signature is a signature that verified.
type Signature struct {
	Signer        string        `json:"signer"` // common name in the certificate
	Issuer        string        `json:"issuer"`
	Level         signing.Level `json:"level"`
	Time          time.Time     `json:"time"` // proven by the time-stamp, if there is one
	TimestampedBy string        `json:"timestamped_by,omitempty"`
}

// Rendition is a file of the record.
type Rendition struct {
	Sequence int       `json:"sequence"` // from 1
	SHA256   string    `json:"sha256"`
	Level    string    `json:"level"`
	At       time.Time `json:"at"` // when the archive had it
}

// Proof says where the act's record stands in the ledger. While it is pending,
// no published checkpoint covers it yet.
type Proof struct {
	Pending  bool          `json:"pending"`
	Position *int64        `json:"position,omitempty"` // absent until it is sequenced
	Size     int64         `json:"size,omitempty"`     // of the checkpoint's tree
	Proof    *ledger.Proof `json:"proof,omitempty"`
}

func facts(a document.Act, s document.Summary) *Facts {
	sealed := s.SignerName
	if _, f, err := a.SealedFacts(); err == nil {
		sealed = f.Signer
	}
	return &Facts{
		Signers: s.AllSigners(), SealedSigner: sealed,
		Template: a.Template, Version: a.Version, Case: a.Case, Titles: s.Titles, Date: a.Date, Office: s.OfficeName,
		SignerName: s.SignerName, SignerPost: s.SignerPost, Parties: s.Parties, Amount: s.Amount,
		DataSHA256: hex.EncodeToString(a.DataSHA256), SHA256: hex.EncodeToString(a.SHA256),
		Evaluation: a.Evaluation, ArchivedAt: a.ArchivedAt.UTC(),
	}
}

func signatures(r *signing.Report) []Signature {
	list := make([]Signature, len(r.Signatures))
	for i, s := range r.Signatures {
		list[i] = Signature{
			Signer: s.SignerCommonName, Issuer: s.Issuer, Level: s.Level,
			Time: s.BestTime.UTC(), TimestampedBy: s.TimestampedBy,
		}
	}
	return list
}

// renditions tells of the files of a record if there is more than one.
func renditions(all []document.Rendition) []Rendition {
	if len(all) < 2 {
		return nil
	}
	list := make([]Rendition, len(all))
	for i, r := range all {
		list[i] = Rendition{
			Sequence: r.Sequence, SHA256: hex.EncodeToString(r.SHA256), Level: r.Level, At: r.CreatedAt.UTC().Truncate(time.Second),
		}
	}
	return list
}
