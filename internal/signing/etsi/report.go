// Package etsi writes the verdict on a file as a validation report of ETSI TS
// 119 102-2 (V1.4.1), for other programs and for records.
//
// The standard defines the report in XML; this is the same tree in JSON, with
// the standard's names of elements and its URNs, as the standard has no binding
// of its own for JSON. An element that may stand several times is an array;
// references to validation objects are their ids. Nothing here judges: what the
// verifier did not find out is left out.
package etsi

import "time"

// ValidationReport is the root (clause 4.2).
type ValidationReport struct {
	SignatureValidationReport  []SignatureValidationReport `json:"SignatureValidationReport"`
	SignatureValidationObjects []ValidationObject          `json:"SignatureValidationObjects,omitempty"`
	SignatureValidator         SignatureValidator          `json:"SignatureValidator"`
}

// SignatureValidationReport is about one signature, or, without an identifier,
// about a file that has none (clause 4.3).
type SignatureValidationReport struct {
	SignatureIdentifier        *SignatureIdentifier       `json:"SignatureIdentifier,omitempty"`
	ValidationTimeInfo         ValidationTimeInfo         `json:"ValidationTimeInfo"`
	SignersDocument            SignersDocument            `json:"SignersDocument"`
	SignatureAttributes        *SignatureAttributes       `json:"SignatureAttributes,omitempty"`
	SignerInformation          *SignerInformation         `json:"SignerInformation,omitempty"`
	SignatureValidationProcess SignatureValidationProcess `json:"SignatureValidationProcess"`
	SignatureValidationStatus  SignatureValidationStatus  `json:"SignatureValidationStatus"`
}

// SignatureIdentifier names a signature by what it signs and its value (clause
// 4.3.2).
type SignatureIdentifier struct {
	DigestAlgAndValue *DigestAlgAndValue `json:"DigestAlgAndValue,omitempty"`
	SignatureValue    []byte             `json:"SignatureValue,omitempty"` // base64
	HashOnly          bool               `json:"HashOnly"`
	DocHashOnly       bool               `json:"DocHashOnly"`
	// Field is the name of the PDF's field: an addition, which the standard
	// leaves room for.
	Field string `json:"Field"`
}

// DigestAlgAndValue is a digest (clause 4.2.3 of ETSI TS 119 102-2).
type DigestAlgAndValue struct {
	DigestMethod string `json:"DigestMethod"` // URI of XML security
	DigestValue  []byte `json:"DigestValue"`  // base64
}

// ValidationTimeInfo says as of when, and when the signature is proven to have
// existed (clause 4.3.4).
type ValidationTimeInfo struct {
	ValidationTime    time.Time `json:"ValidationTime"`
	BestSignatureTime *POE      `json:"BestSignatureTime,omitempty"`
}

// POE is a proof of existence (clause 4.2.6).
type POE struct {
	POETime     time.Time `json:"POETime"`
	TypeOfProof string    `json:"TypeOfProof"`
	POEObject   []string  `json:"POEObject,omitempty"`
}

// SignersDocument is what was signed (clause 4.3.5).
type SignersDocument struct {
	DigestAlgAndValue DigestAlgAndValue `json:"DigestAlgAndValue"`
}

// SignatureAttributes are those of the signature and of its dictionary (clause
// 4.3.6).
type SignatureAttributes struct {
	SigningTime        *time.Time `json:"SigningTime,omitempty"`
	SigningCertificate string     `json:"SigningCertificate,omitempty"`
	DocTimeStamp       []string   `json:"DocTimeStamp,omitempty"`
}

// SignerInformation says who signed (clause 4.3.7).
type SignerInformation struct {
	SignerCertificate string `json:"SignerCertificate,omitempty"`
	Signer            string `json:"Signer,omitempty"`
}

// SignatureValidationProcess names the process of EN 319 102-1 (clause 4.3.9).
type SignatureValidationProcess struct {
	SignatureValidationProcessID string `json:"SignatureValidationProcessID"`
}

// SignatureValidationStatus is the verdict (clause 4.3.10).
type SignatureValidationStatus struct {
	MainIndication                 string                           `json:"MainIndication"`
	SubIndication                  []string                         `json:"SubIndication,omitempty"`
	AssociatedValidationReportData []AssociatedValidationReportData `json:"AssociatedValidationReportData,omitempty"`
}

// AssociatedValidationReportData is what the verdict rests on (clause 4.3.12).
type AssociatedValidationReportData struct {
	CertificateChain               *CertificateChain             `json:"CertificateChain,omitempty"`
	RevocationStatusInformation    []RevocationStatusInformation `json:"RevocationStatusInformation,omitempty"`
	CryptoInformation              *CryptoInformation            `json:"CryptoInformation,omitempty"`
	AdditionalValidationReportData []ReportData                  `json:"AdditionalValidationReportData,omitempty"`
}

// CertificateChain is the path that was validated.
type CertificateChain struct {
	SigningCertificate      string   `json:"SigningCertificate"`
	IntermediateCertificate []string `json:"IntermediateCertificate,omitempty"`
	TrustAnchor             string   `json:"TrustAnchor,omitempty"`
}

// RevocationStatusInformation is the status of one certificate. RevocationTime
// is absent where it was not revoked; ThisUpdate and Source are additions.
type RevocationStatusInformation struct {
	ValidationObjectID string     `json:"ValidationObjectId"`
	RevocationTime     *time.Time `json:"RevocationTime,omitempty"`
	ThisUpdate         time.Time  `json:"ThisUpdate"`
	Source             string     `json:"Source"`
}

// CryptoInformation names the algorithms.
type CryptoInformation struct {
	Algorithm string `json:"Algorithm"`
}

// ReportData is a reason in words.
type ReportData struct {
	Type  string `json:"Type"`
	Value string `json:"Value"`
}

// ValidationObject is something that the reports refer to (clause 4.4).
type ValidationObject struct {
	ID                             string             `json:"id"`
	ObjectType                     string             `json:"ObjectType"`
	ValidationObjectRepresentation Representation     `json:"ValidationObjectRepresentation"`
	POE                            *POE               `json:"POE,omitempty"`
	ValidationReport               *TimestampValidity `json:"ValidationReport,omitempty"`
}

// Representation is the object itself, its digest, or its name in the file.
type Representation struct {
	Base64            []byte             `json:"base64,omitempty"`
	DigestAlgAndValue *DigestAlgAndValue `json:"DigestAlgAndValue,omitempty"`
	Field             string             `json:"Field,omitempty"`
}

// TimestampValidity is the verdict on a time-stamp that others rest on.
type TimestampValidity struct {
	SignatureValidationStatus SignatureValidationStatus `json:"SignatureValidationStatus"`
	Authority                 string                    `json:"Authority,omitempty"`
}

// SignatureValidator is who made the report (clause 4.5).
type SignatureValidator struct {
	TSPInformation Name `json:"TSPInformation"`
}

// Name is the name and version of the program.
type Name struct {
	TSPName string `json:"TSPName"`
}
