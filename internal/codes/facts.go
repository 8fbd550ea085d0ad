package codes

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ErrFacts says that facts cannot be sealed; the error names the fact.
var ErrFacts = errors.New("facts of a seal")

// Limits of the facts, in bytes of UTF-8 where they are texts. All of them
// together must also keep within MaxSeal.
const (
	maxNumber     = 48
	maxText       = 160
	maxPartyName  = 48
	maxParties    = 8
	maxOtherCount = 9999
	maxAmount     = 1e15 // qəpik
)

// Role is what a party is in the case.
type Role uint8

// The roles, as they stand in a seal.
const (
	Creditor   Role = 1 // tələbkar
	Debtor     Role = 2 // borclu
	OtherParty Role = 3
)

// Party is a party as a seal and the public page name it.
type Party struct {
	Role Role
	Name string // as Mask gives it
}

// Facts are what a seal states of an act: what a citizen can compare with the
// paper, and the digest of the rest. Texts are in Unicode normal form C.
type Facts struct {
	Act    string // the act's number
	Case   string // its case's number, with which Act begins; "" for an act of a journal
	Kind   string // kind of act, as its title says
	Date   string // of the act, YYYY-MM-DD
	Office string
	Signer string
	Amount *int64 // qəpik, 0 or more; nil if the act states no sum
	// Parties are the parties, names masked. An act with very many lists the
	// first few and counts the others.
	Parties      []Party
	OtherParties int
	Digest       [sha256.Size]byte // SHA-256 of the canonical act data
	Evaluation   bool              // made with evaluation keys: no legal force
}

// sealPayload is the CBOR map of a seal; its CDDL stands in the package comment.
type sealPayload struct {
	Format       uint64      `cbor:"0,keyasint"`
	Act          string      `cbor:"1,keyasint"`
	CaseLength   int         `cbor:"2,keyasint,omitempty"` // bytes of Act that are the case number
	Kind         string      `cbor:"3,keyasint"`
	Days         int64       `cbor:"4,keyasint"`
	Office       string      `cbor:"5,keyasint"`
	Signer       string      `cbor:"6,keyasint"`
	Amount       *int64      `cbor:"7,keyasint,omitempty"`
	Parties      []sealParty `cbor:"8,keyasint,omitempty"`
	OtherParties int         `cbor:"9,keyasint,omitempty"`
	Digest       []byte      `cbor:"10,keyasint"`
	Evaluation   bool        `cbor:"11,keyasint"`
}

type sealParty struct {
	_    struct{} `cbor:",toarray"`
	Role Role
	Name string
}

const (
	sealFormat    = 1
	secondsPerDay = 24 * 60 * 60
)

func (f Facts) payload() (sealPayload, error) {
	date, err := time.Parse(time.DateOnly, f.Date)
	if err != nil {
		return sealPayload{}, fmt.Errorf("%w: date %.20q, want YYYY-MM-DD", ErrFacts, f.Date)
	}
	if !strings.HasPrefix(f.Act, f.Case) {
		return sealPayload{}, fmt.Errorf("%w: act number %.50q does not begin with case number %.50q", ErrFacts, f.Act, f.Case)
	}
	p := sealPayload{
		Format: sealFormat, Act: f.Act, CaseLength: len(f.Case), Kind: f.Kind, Days: date.Unix() / secondsPerDay,
		Office: f.Office, Signer: f.Signer, Amount: f.Amount,
		OtherParties: f.OtherParties, Digest: f.Digest[:], Evaluation: f.Evaluation,
	}
	for _, party := range f.Parties {
		p.Parties = append(p.Parties, sealParty{Role: party.Role, Name: party.Name})
	}
	return p, p.check()
}

func (p sealPayload) facts() (Facts, error) {
	if err := p.check(); err != nil {
		return Facts{}, err
	}
	f := Facts{
		Act: p.Act, Case: p.Act[:p.CaseLength], Kind: p.Kind, Date: time.Unix(p.Days*secondsPerDay, 0).UTC().Format(time.DateOnly),
		Office: p.Office, Signer: p.Signer, Amount: p.Amount,
		OtherParties: p.OtherParties, Digest: [sha256.Size]byte(p.Digest), Evaluation: p.Evaluation,
	}
	for _, party := range p.Parties {
		f.Parties = append(f.Parties, Party{party.Role, party.Name})
	}
	return f, nil
}

// check applies the same rules to what is sealed and to what is opened. It
// reports every fault at once.
func (p sealPayload) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrFacts}, args...)...))
	}
	text := func(name, s string, most int) {
		if reason := badText(s, most); reason != "" {
			fault("%s %s", name, reason)
		}
	}
	text("act number", p.Act, maxNumber)
	if p.CaseLength < 0 || p.CaseLength >= max(1, len(p.Act)) {
		fault("case number of %d bytes in act number of %d", p.CaseLength, len(p.Act))
	}
	for i := range len(p.Act) {
		if p.Act[i] > '~' {
			fault("act number has a character beyond ASCII")
			break
		}
	}
	text("kind of act", p.Kind, maxText)
	text("office", p.Office, maxText)
	text("signer", p.Signer, maxText)
	for i, party := range p.Parties {
		text(fmt.Sprintf("party %d", i+1), party.Name, maxPartyName)
		if party.Role < Creditor || party.Role > OtherParty {
			fault("party %d has role %d", i+1, party.Role)
		}
	}
	if len(p.Parties) > maxParties {
		fault("%d parties, at most %d; count the others in OtherParties", len(p.Parties), maxParties)
	}
	if p.OtherParties < 0 || p.OtherParties > maxOtherCount {
		fault("%d other parties, want 0 to %d", p.OtherParties, maxOtherCount)
	}
	if p.Amount != nil && (*p.Amount < 0 || *p.Amount > maxAmount) {
		fault("amount of %d qəpik", *p.Amount)
	}
	const year2000, year2200 = 10957, 84006
	if p.Days < year2000 || p.Days >= year2200 {
		fault("date outside 2000 to 2199")
	}
	if len(p.Digest) != sha256.Size {
		fault("digest of %d bytes", len(p.Digest))
	}
	return errors.Join(faults...)
}

// badText says what is wrong with a text, or "".
func badText(s string, most int) string {
	switch {
	case s == "":
		return "is missing"
	case len(s) > most:
		return fmt.Sprintf("has %d bytes, at most %d fit", len(s), most)
	case !utf8.ValidString(s):
		return "is not UTF-8"
	case !norm.NFC.IsNormalString(s):
		return "is not in normal form C"
	}
	for _, r := range s {
		// Marks that change the reading direction could make a page show
		// something else than was sealed.
		if !unicode.IsPrint(r) {
			return fmt.Sprintf("has the unprintable character %U", r)
		}
	}
	return ""
}
