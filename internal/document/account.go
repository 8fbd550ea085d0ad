package document

import "time"

// Profile tells a state officer from a private one (source 001): the same
// templates serve both with another letterhead and another fee.
type Profile string

// The profiles of an officer.
const (
	ProfileState   Profile = "state"
	ProfilePrivate Profile = "private"
)

// Account is a person who works with docsvc. It holds nothing secret: an
// officer's key is with its holder, under the officer's own passphrase or login.
type Account struct {
	Login string `json:"login"`
	// Subject is who this is at the identity provider: the value of the claim
	// that the configuration names. Empty where nobody logs in by it.
	Subject     string    `json:"subject,omitempty"`
	Name        string    `json:"name"` // Soyad Ad Atasının adı oğlu/qızı
	Post        string    `json:"post"`
	Office      string    `json:"office"`
	Profile     Profile   `json:"profile"`
	TaxID       string    `json:"tax_id,omitempty"` // VÖEN of a private officer
	Grants      []Grant   `json:"grants"`
	Certificate [][]byte  `json:"certificate,omitempty"` // DER, leaf first, root left out
	KeyID       string    `json:"key_id,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	Disabled    bool      `json:"disabled,omitempty"`
}

// Actor returns the account as the one who asks.
func (a Account) Actor(requestID string) Actor {
	return Actor{Login: a.Login, Name: a.Name, RequestID: requestID, Grants: a.Grants}
}

// Office is an enforcement office as acts print it.
type Office struct {
	Code    string `json:"code"`
	Name    string `json:"name"`
	Parent  string `json:"parent"` // the body it belongs to
	Place   string `json:"place"`  // printed beside the date
	Address string `json:"address"`
	Phone   string `json:"phone,omitempty"`
	Email   string `json:"email,omitempty"`
	Deposit string `json:"deposit,omitempty"` // IBAN of the deposit account
}
