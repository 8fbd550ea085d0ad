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
	SubExpired              = "EXPIRED"
	SubRevoked              = "REVOKED"
	NotYetValid             = "NOT_YET_VALID"
	SigConstraintsFailure   = "SIG_CONSTRAINTS_FAILURE"
	ChainConstraintsFailure = "CHAIN_CONSTRAINTS_FAILURE"
	ChainGeneralFailure     = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
	CryptoConstraints       = "CRYPTO_CONSTRAINTS_FAILURE"
	CryptoConstraintsNoPOE  = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
	PolicyNotAvailable      = "SIGNATURE_POLICY_NOT_AVAILABLE"
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
	Reasons       []string `json:"reasons,omitempty"` // in English, with details
	// Causes are the same reasons for people: the catalogues have a plain
	// sentence for each.
	Causes []Cause `json:"causes,omitempty"`
}

// Cause names a sentence of the catalogues by its key, and what fills its
// placeholders.
type Cause struct {
	Key  string            `json:"key"`
	Args map[string]string `json:"args,omitempty"`
}

// Report is the verdict on a file. Its indication is the worst of all
// signatures and document time-stamps.
type Report struct {
	Verdict
	// At is the time as of which the verdict holds.
	At                 time.Time           `json:"at"`
	Signatures         []Signature         `json:"signatures"`
	DocumentTimestamps []DocumentTimestamp `json:"document_timestamps,omitempty"`
	UnsignedFields     []string            `json:"unsigned_fields,omitempty"` // reserved, still empty
	// RenewBy is until when the newest time-stamp proves the rest: then a
	// certificate of its path ends, or one of its algorithms. Zero when there is
	// no time-stamp that passed.
	RenewBy time.Time `json:"renew_by,omitzero"`
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
	// Certifies says that the signature certifies the document (ISO 32000-1 §
	// 12.8.2.2); PermittedChanges is then DocMDP's P.
	Certifies        bool   `json:"certifies,omitempty"`
	PermittedChanges int    `json:"permitted_changes,omitempty"`
	Algorithm        string `json:"algorithm,omitempty"` // such as ECDSA-P256-SHA256
	// DigestAlgorithm and Digest are over the signed bytes.
	DigestAlgorithm string            `json:"digest_algorithm,omitempty"`
	Digest          []byte            `json:"digest,omitempty"`
	Value           []byte            `json:"-"`              // signature value
	Path            []PathCertificate `json:"path,omitempty"` // from the signer to the root
	Certificate     *x509.Certificate `json:"-"`              // nil when there is none
}

// PathCertificate is a certificate of a path that was validated.
type PathCertificate struct {
	Subject     string             `json:"subject"`
	Serial      string             `json:"serial"` // hexadecimal
	NotBefore   time.Time          `json:"not_before"`
	NotAfter    time.Time          `json:"not_after"`
	Status      *CertificateStatus `json:"status,omitempty"` // nil: the root, or not checked
	Certificate *x509.Certificate  `json:"-"`
}

// CertificateStatus is what revocation data says of a certificate.
type CertificateStatus struct {
	Source     string    `json:"source"`   // ocsp or crl
	Embedded   bool      `json:"embedded"` // the file brings it
	ThisUpdate time.Time `json:"this_update"`
	NextUpdate time.Time `json:"next_update,omitzero"`
	RevokedAt  time.Time `json:"revoked_at,omitzero"`
}

// DocumentTimestamp is the verdict on a time-stamp over the file (SubFilter
// ETSI.RFC3161).
type DocumentTimestamp struct {
	Verdict
	Field           string            `json:"field"`
	Time            time.Time         `json:"time,omitzero"`
	Authority       string            `json:"authority,omitempty"`
	CoversWholeFile bool              `json:"covers_whole_file"`
	ChangesAfter    []string          `json:"changes_after"`
	Algorithm       string            `json:"algorithm,omitempty"`
	Path            []PathCertificate `json:"path,omitempty"`
}

var severity = map[string]int{TotalPassed: 0, Indeterminate: 1, TotalFailed: 2}

// conclude takes the worst verdict over. What is wrong with the file as a whole
// may stand in the report already.
func (r *Report) conclude() {
	if r.Indication == "" {
		r.Indication = TotalPassed
	}
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
		r.set(indeterminate(NoSignatureFound, CauseNoSignature, "the file has no signature"))
	}
}
