package document

import "time"

// EnforcementDocument identifies the writ, order or notarial writ that a case
// was opened on: its kind, and the number and date its issuer gave it.
type EnforcementDocument struct {
	Kind   string `json:"kind"`
	Number string `json:"number"`
	Date   Date   `json:"date"`
	Issuer string `json:"issuer"`
}

// Case is a registered enforcement document (002 § 6.1.2). Its Number is the
// unified number; it is never changed and never given twice.
type Case struct {
	ID           string              `json:"id"` // UUIDv7
	Number       string              `json:"number"`
	Office       string              `json:"office"`  // code of the office
	Officer      string              `json:"officer"` // login of the officer it is given to
	Document     EnforcementDocument `json:"document"`
	Data         []byte              `json:"data"` // canonical JSON (RFC 8785) of the registration form
	SearchKey    string              `json:"search_key"`
	RegisteredAt time.Time           `json:"registered_at"`
	RegisteredBy string              `json:"registered_by"`
}

// CaseFacts is what a checked registration form says, as far as the core needs
// to know it.
type CaseFacts struct {
	Data      []byte // canonical JSON (RFC 8785)
	Document  EnforcementDocument
	SearchKey string // case-folded names and identifiers, for search
}
