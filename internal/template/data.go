package template

// Data is what an act prints, and nothing else: the canonical JSON of it is
// hashed into the seal, embedded in the PDF and archived. Texts are in
// Azerbaijani, ready for print; dates are yyyy-mm-dd; sums are given in qəpik,
// in figures and in words.
type Data struct {
	Template  Reference            `json:"template"`
	Profile   Profile              `json:"profile"`
	Date      Date                 `json:"date"`
	Office    OfficeFacts          `json:"office"`
	Officer   OfficerFacts         `json:"officer"`
	Document  DocumentFacts        `json:"document"`
	Creditors []PartyFacts         `json:"creditors"`
	Debtors   []PartyFacts         `json:"debtors"`
	Claim     ClaimFacts           `json:"claim"`
	Facts     map[string]string    `json:"facts,omitempty"` // the officer's own words
	Law       map[string]RuleFacts `json:"law"`

	Term       *TermFacts       `json:"term,omitempty"`
	Charge     *ChargeFacts     `json:"charge,omitempty"`
	Fee        *SumFacts        `json:"fee,omitempty"`
	SendTo     []string         `json:"send_to,omitempty"`
	Collection *CollectionFacts `json:"collection,omitempty"`
	Query      *QueryFacts      `json:"query,omitempty"`
	Annulled   *ActFacts        `json:"annulled,omitempty"`
	Corrected  *CorrectedFacts  `json:"corrected,omitempty"`

	Termination *TerminationFacts `json:"termination,omitempty"`
	Restriction *RestrictionFacts `json:"restriction,omitempty"`
	Liability   *LiabilityFacts   `json:"liability,omitempty"`
	Extension   *ExtensionFacts   `json:"extension,omitempty"`

	// Issue is not part of the canonical data: it is given when they are rendered.
	Issue Issue `json:"-"`
}

// Reference names the template that made the act.
type Reference struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Kind    int    `json:"kind"` // number of the kind of act
	Title   string `json:"title"`
	Subject string `json:"subject"`
}

// ActFacts is another act that this one is about.
type ActFacts struct {
	Number string `json:"number"`
	Date   Date   `json:"date"`
	Title  string `json:"title"`
}

// CorrectedFacts is a clerical mistake in another act.
type CorrectedFacts struct {
	Act   ActFacts `json:"act"`
	Wrong string   `json:"wrong"` // what it says
	Right string   `json:"right"` // what it should say
}

// OfficeFacts is the letterhead. A private officer has no parent body.
type OfficeFacts struct {
	Name    string `json:"name"`
	Parent  string `json:"parent,omitempty"`
	Place   string `json:"place"`
	Address string `json:"address,omitempty"`
	Phone   string `json:"phone,omitempty"`
	Email   string `json:"email,omitempty"`
	Deposit string `json:"deposit,omitempty"`
}

// OfficerFacts is who decides.
type OfficerFacts struct {
	Name string `json:"name"`
	Post string `json:"post"`
	VOEN string `json:"voen,omitempty"`
}

// DocumentFacts is the enforcement document.
type DocumentFacts struct {
	Kind      string `json:"kind"`
	Number    string `json:"number"`
	Date      Date   `json:"date"`
	Issuer    string `json:"issuer"`
	Immediate bool   `json:"immediate,omitempty"`
}

// PartyFacts is a party as far as the kind of act prints it.
type PartyFacts struct {
	Name      string `json:"name"`
	FIN       string `json:"fin,omitempty"`
	ForeignID string `json:"foreign_id,omitempty"`
	VOEN      string `json:"voen,omitempty"`
	BirthDate Date   `json:"birth_date,omitzero"`
	Address   string `json:"address,omitempty"`
	IBAN      string `json:"iban,omitempty"`
}

// SumFacts is a sum of money.
type SumFacts struct {
	Qepik   int64  `json:"qepik"`
	Figures string `json:"figures"`
	Words   string `json:"words"`
}

func sumFacts(m Money) SumFacts {
	return SumFacts{Qepik: int64(m), Figures: m.String(), Words: m.Words()}
}

// PartFacts is a part of the claim.
type PartFacts struct {
	Name string   `json:"name"`
	Sum  SumFacts `json:"sum"`
}

// ClaimFacts is what the enforcement document orders.
type ClaimFacts struct {
	Kind       string      `json:"kind"`
	Parts      []PartFacts `json:"parts,omitempty"`
	Total      *SumFacts   `json:"total,omitempty"`
	Pledge     string      `json:"pledge,omitempty"`
	Share      string      `json:"share,omitempty"`
	ShareWords string      `json:"share_words,omitempty"`
	Child      *PartyFacts `json:"child,omitempty"`
	Post       string      `json:"post,omitempty"`
	From       Date        `json:"from,omitzero"`
	Text       string      `json:"text,omitempty"`
}

// RuleFacts is a rule of law as the act cites it.
type RuleFacts struct {
	Cite      string `json:"cite"`
	Value     string `json:"value,omitempty"` // the figure in words that belong into a sentence
	Confirmed bool   `json:"confirmed"`
}

// TermFacts is the term for voluntary performance.
type TermFacts struct {
	Kind  string `json:"kind"` // standard, court, mortgage, immediate
	Until Date   `json:"until,omitzero"`
	Text  string `json:"text,omitempty"` // "10 (on) gün", "2 (iki) ay"
}

// ChargeFacts is the enforcement charge that threatens the debtor: a rate with
// its sum where the claim is one of money, else a fixed sum.
type ChargeFacts struct {
	Percent string    `json:"percent,omitempty"`
	Sum     *SumFacts `json:"sum,omitempty"`
}

// CollectionFacts is the payment part of a collection order.
type CollectionFacts struct {
	Bank      string     `json:"bank"`
	BankVOEN  string     `json:"bank_voen,omitempty"`
	Payer     PartyFacts `json:"payer"`
	Sum       SumFacts   `json:"sum"`
	HoldTerm  string     `json:"hold_term"`
	BankReply string     `json:"bank_reply"`
}

// QueryFacts is what is asked of whom.
type QueryFacts struct {
	Addressee string     `json:"addressee"`
	About     PartyFacts `json:"about"`
	Items     []ItemFact `json:"items"`
	Until     Date       `json:"until,omitzero"`
}

// ItemFact is one set of data that is asked for.
type ItemFact struct {
	Paragraph string `json:"paragraph"` // of regulation 306, such as 11.3.16
	Text      string `json:"text"`
}

// TerminationFacts is why a case ends, and which measures end with it.
type TerminationFacts struct {
	Ground   string   `json:"ground"`
	Measures []string `json:"measures,omitempty"`
}

// RestrictionFacts is a restriction that is lifted.
type RestrictionFacts struct {
	About  PartyFacts `json:"about"`
	Text   string     `json:"text"` // which one
	Court  string     `json:"court"`
	Number string     `json:"number"` // of the court's ruling
	Date   Date       `json:"date"`
	Body   string     `json:"body"` // which keeps the restriction
}

// LiabilityFacts is of whom a submission asks that a criminal case be
// considered: a debtor, or another guilty person in the words of the form.
type LiabilityFacts struct {
	About     *PartyFacts `json:"about,omitempty"`
	Person    string      `json:"person,omitempty"`
	Materials []string    `json:"materials"`
}

// ExtensionFacts is the end of the term of enforcement, and the new one that is
// asked for.
type ExtensionFacts struct {
	Ends  Date `json:"ends"`
	Until Date `json:"until"`
}
