package signing

import (
	"crypto/x509"
	"time"
)

// Indications of ETSI EN 319 102-1 § 5.1.3.
const (
	TotalPassed   = "TOTAL-PASSED"
	TotalFailed   = "TOTAL-FAILED"
	Indeterminate = "INDETERMINATE"
)

// Sub-indications of ETSI EN 319 102-1 table 6 that are given here, and
// NoSignatureFound, which the standard lacks because it begins with a
// signature.
const (
	FormatFailure           = "FORMAT_FAILURE"
	HashFailure             = "HASH_FAILURE"
	SigCryptoFailure        = "SIG_CRYPTO_FAILURE"
	NotYetValid             = "NOT_YET_VALID"
	SigConstraintsFailure   = "SIG_CONSTRAINTS_FAILURE"
	ChainConstraintsFailure = "CHAIN_CONSTRAINTS_FAILURE"
	CryptoConstraints       = "CRYPTO_CONSTRAINTS_FAILURE"
	NoSigningCertificate    = "NO_SIGNING_CERTIFICATE_FOUND"
	NoCertificateChain      = "NO_CERTIFICATE_CHAIN_FOUND"
	OutOfBoundsNoPOE        = "OUT_OF_BOUNDS_NO_POE"
	RevokedNoPOE            = "REVOKED_NO_POE"
	RevokedCANoPOE          = "REVOKED_CA_NO_POE"
	TimestampOrderFailure   = "TIMESTAMP_ORDER_FAILURE"
	TryLater                = "TRY_LATER"
	Generic                 = "GENERIC"
	NoSignatureFound        = "NO_SIGNATURE_FOUND"
)

// Verdict is an indication with its sub-indication, empty when passed, and the
// reasons in words. A passed verdict may have reasons too: what was not
// checked, or what is unusual.
type Verdict struct {
	Indication    string   `json:"indication"`
	SubIndication string   `json:"sub_indication,omitempty"`
	Reasons       []string `json:"reasons,omitempty"`
}

// Report is the verdict on a file. Its indication is the worst of all
// signatures and document time-stamps.
type Report struct {
	Verdict
	Signatures         []Signature         `json:"signatures"`
	DocumentTimestamps []DocumentTimestamp `json:"document_timestamps,omitempty"`
	UnsignedFields     []string            `json:"unsigned_fields,omitempty"` // reserved, still empty
}

// Signature is the verdict on one signature.
type Signature struct {
	Verdict
	Field            string    `json:"field"`
	Level            Level     `json:"level,omitempty"`
	Signer           string    `json:"signer,omitempty"` // subject, RFC 4514
	SignerCommonName string    `json:"signer_common_name,omitempty"`
	Issuer           string    `json:"issuer,omitempty"`
	SerialNumber     string    `json:"serial_number,omitempty"` // hexadecimal
	SigningTime      time.Time `json:"signing_time,omitzero"`   // claimed, entry M
	BestTime         time.Time `json:"best_time,omitzero"`      // proven: of the time-stamp, else of the validation
	TimestampedBy    string    `json:"timestamped_by,omitempty"`
	CoversWholeFile  bool      `json:"covers_whole_file"`
	ChangesAfter     []string  `json:"changes_after"` // permitted changes made later

	Certificate *x509.Certificate `json:"-"` // nil when there is none
}

// DocumentTimestamp is the verdict on a time-stamp over the file (SubFilter
// ETSI.RFC3161).
type DocumentTimestamp struct {
	Verdict
	Field           string    `json:"field"`
	Time            time.Time `json:"time,omitzero"`
	Authority       string    `json:"authority,omitempty"`
	CoversWholeFile bool      `json:"covers_whole_file"`
	ChangesAfter    []string  `json:"changes_after"`
}

// failure is a verdict other than passed, on its way up.
type failure struct {
	indication, sub, reason string
}

func failed(sub, reason string) *failure        { return &failure{TotalFailed, sub, reason} }
func indeterminate(sub, reason string) *failure { return &failure{Indeterminate, sub, reason} }

// set turns f, or nil for success, into the verdict.
func (v *Verdict) set(f *failure) {
	v.Indication = TotalPassed
	if f != nil {
		v.Indication, v.SubIndication = f.indication, f.sub
		v.note(f.reason)
	}
}

func (v *Verdict) note(reason string) { v.Reasons = append(v.Reasons, reason) }

var severity = map[string]int{TotalPassed: 0, Indeterminate: 1, TotalFailed: 2}

// conclude takes the worst verdict over.
func (r *Report) conclude() {
	r.Indication = TotalPassed
	worst := func(v Verdict) {
		if severity[v.Indication] > severity[r.Indication] {
			r.Indication, r.SubIndication = v.Indication, v.SubIndication
		}
	}
	for _, s := range r.Signatures {
		worst(s.Verdict)
	}
	for _, t := range r.DocumentTimestamps {
		worst(t.Verdict)
	}
	if len(r.Signatures) == 0 && r.Indication == TotalPassed {
		r.set(indeterminate(NoSignatureFound, "the file has no signature"))
	}
}
