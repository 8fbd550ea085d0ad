package template

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Profile tells a state officer from a private one.
type Profile string

// The profiles of an officer (source 001).
const (
	State   Profile = "state"
	Private Profile = "private"
)

// Context is what the system knows when a form is filled in, so that the
// officer need not type it.
type Context struct {
	Date    time.Time // the date printed on the act, as a moment of that day
	Profile Profile
	Office  Office
	Officer Officer
	Case    Case
	Law     *Law // nil: the library's
}

// Office is where the act is made.
type Office struct {
	Code, Name, ParentName, Place, Address, Phone, Email string
	Deposit                                              string // IBAN of the deposit account
}

// Officer is who decides.
type Officer struct {
	Login, Name, Post, VOEN string
}

// Act is a checked form.
type Act struct {
	Data    []byte // canonical JSON (RFC 8785) of [Data]
	Summary Summary
}

// Summary is what the register, the seal and the public page say of an act.
type Summary struct {
	Title  Text
	Amount Money // 0: the act names no sum
	// Proofs are facts printed on the paper that a visitor may type to show
	// that he holds it, in capitals: the number of the enforcement document and
	// the debtors' personal identifiers. A creditor's, or a company's, are no
	// proof: they are public.
	Proofs         []string
	SearchKey      string
	RetentionClass string
	Signers        int       // signatures required
	Approver       *Approver // who gives the second; nil: nobody
	Corrects       string    // number of the act that this one corrects, if it does
}

// Check compares an officer's input with the schema and with the case, and
// computes what the act states. Every fault is reported at once, as [Faults].
func (t *Template) Check(input json.RawMessage, c Context) (*Act, []Warning, error) {
	value, fault := decode(input)
	if fault != nil {
		return nil, nil, Faults{*fault}
	}
	faults, warnings := t.Schema.check(value)
	form, _ := value.(map[string]any) // any other kind of value is a fault already
	b := &builder{template: t, context: c, law: c.Law, form: form, faults: faults}
	if b.law == nil {
		b.law = t.law
	}
	b.build()
	if len(b.faults) > 0 {
		return nil, warnings, b.faults.sorted()
	}
	data, err := canonicalise(b.data)
	if err != nil {
		return nil, warnings, err
	}
	return &Act{Data: data, Summary: t.summary(c.Case, b.data)}, warnings, nil
}

// builder gathers the facts of an act and the faults on the way.
type builder struct {
	template *Template
	context  Context
	law      *Law
	form     map[string]any
	data     Data
	faults   Faults
}

func (b *builder) fault(path, key string, args ...string) {
	if len(b.faults) >= 2*maxFaults { // the schema's and as many again
		return
	}
	f := Fault{Path: path, Key: key, Label: b.template.Schema.label(path)}
	for i := 0; i+1 < len(args); i += 2 {
		if f.Args == nil {
			f.Args = map[string]string{}
		}
		f.Args[args[i]] = args[i+1]
	}
	b.faults = append(b.faults, f)
}

func (b *builder) build() {
	m, c := b.template.Meta, b.context
	b.data = Data{
		Template: Reference{ID: m.ID, Version: m.Version, Kind: m.Kind, Title: m.Heading, Subject: m.Subject},
		Profile:  c.Profile,
		Date:     DateOf(c.Date),
		Officer:  OfficerFacts{Name: c.Officer.Name, Post: c.Officer.Post},
		Law:      map[string]RuleFacts{},
	}
	if !slices.Contains(m.Profiles, c.Profile) {
		b.fault("", "profile", "profile", string(c.Profile))
	}
	if c.Profile == Private {
		b.data.Officer.VOEN = c.Officer.VOEN
	}
	b.office()
	b.caseFacts()
	for _, key := range m.Law {
		b.rule(key)
	}
	if c.Profile == Private {
		for _, key := range m.PrivateLaw {
			b.rule(key)
		}
	}
	for _, name := range m.Derive {
		derivations()[name](b)
	}
	if facts := text(b.form, "facts"); facts != "" {
		b.data.Facts = map[string]string{"text": facts}
	}
}

func (b *builder) office() {
	o := b.context.Office
	b.data.Office = OfficeFacts{Name: o.Name, Place: o.Place, Address: o.Address, Phone: o.Phone, Email: o.Email}
	if b.context.Profile == State {
		b.data.Office.Parent = o.ParentName
	}
	b.need("office.name", o.Name)
	b.need("office.place", o.Place)
	if a := b.template.Meta.ApproverOf(b.context.Profile); a != nil && a.Role == "chief" {
		b.need("office.parent", o.ParentName)
	}
	b.need("officer.name", b.context.Officer.Name)
	b.need("officer.post", b.context.Officer.Post)
}

// need reports a fact that the system should know but does not. Its path is
// that of the context, since the form has no field for it.
func (b *builder) need(what, value string) {
	if value == "" {
		b.fault("/context/"+strings.ReplaceAll(what, ".", "/"), "context-missing")
	}
}

func (b *builder) caseFacts() {
	c := b.context.Case
	kind := DocumentKinds()[c.Document.Kind].Az
	b.need("case.document", kind)
	b.data.Document = DocumentFacts{Kind: kind, Number: c.Document.Number, Date: c.Document.Date,
		Issuer: c.Document.Issuer, Immediate: c.Document.Immediate}
	if b.data.Date.Before(c.Document.Date) {
		b.fault("", "case-older", "date", c.Document.Date.Short())
	}
	b.data.Creditors = partyFacts(c.Creditors, b.template.Meta.Prints.Creditor)
	b.data.Debtors = partyFacts(c.Debtors, b.template.Meta.Prints.Debtor)
	if len(c.Creditors) == 0 || len(c.Debtors) == 0 {
		b.need("case.parties", "")
	}
	b.data.Claim = claimFacts(c.Claim)
}

var partyFields = []string{"fin", "foreign_id", "voen", "birth_date", "address", "iban"}

// partyFacts keeps the name and the fields that the act prints.
func partyFacts(parties []Party, fields []string) []PartyFacts {
	out := make([]PartyFacts, 0, len(parties))
	for _, p := range parties {
		f := PartyFacts{Name: p.FullName()}
		for _, name := range fields {
			switch name {
			case "fin":
				f.FIN = p.FIN
			case "foreign_id":
				f.ForeignID = p.ForeignID
			case "voen":
				f.VOEN = p.VOEN
			case "birth_date":
				f.BirthDate = p.BirthDate
			case "address":
				f.Address = p.Address
			case "iban":
				f.IBAN = p.IBAN
			}
		}
		out = append(out, f)
	}
	return out
}

func claimFacts(c Claim) ClaimFacts {
	f := ClaimFacts{Kind: c.Kind, Pledge: c.Pledge, Post: c.Post, From: c.From, Text: c.Text}
	for _, part := range []struct{ name, sum string }{
		{"Əsas borc", c.Principal}, {"Dəbbə pulu (cərimə, faiz)", c.Penalty}, {"Dövlət rüsumu", c.Duty},
	} {
		if m, err := ParseMoney(part.sum); err == nil {
			f.Parts = append(f.Parts, PartFacts{Name: part.name, Sum: sumFacts(m)})
		}
	}
	if m, ok := c.Sum(); ok {
		total := sumFacts(m)
		f.Total = &total
	}
	if c.Share != nil && c.Share.Denominator != 0 {
		f.Share = fmt.Sprintf("%d/%d", c.Share.Numerator, c.Share.Denominator)
		f.ShareWords = Fraction(c.Share.Numerator, c.Share.Denominator)
	}
	if c.Child != nil {
		child := partyFacts([]Party{*c.Child}, []string{"birth_date"})[0]
		f.Child = &child
	}
	return f
}

// rule looks a law parameter up for the date of the act and notes its citation.
func (b *builder) rule(key string) (Entry, bool) {
	e, err := b.law.At(key, b.data.Date)
	if err != nil {
		b.fault("", "law-missing", "key", key)
		return Entry{}, false
	}
	b.data.Law[key] = RuleFacts{Cite: e.Printed(), Value: e.Value.inWords(), Confirmed: e.Confirmed}
	return e, true
}

// inWords gives a term with its number in figures and in words: "10 (on) gün".
func (v Value) inWords() string {
	switch {
	case v.Days > 0:
		return fmt.Sprintf("%d (%s) gün", v.Days, Cardinal(int64(v.Days)))
	case v.WorkingDays > 0:
		return fmt.Sprintf("%d (%s) iş günü", v.WorkingDays, Cardinal(int64(v.WorkingDays)))
	case v.Months > 0:
		return fmt.Sprintf("%d (%s) ay", v.Months, Cardinal(int64(v.Months)))
	}
	return ""
}

func (t *Template) summary(c Case, d Data) Summary {
	s := Summary{Title: t.Meta.Title, RetentionClass: t.Meta.RetentionClass,
		Signers: t.Meta.SignersOf(d.Profile), Approver: t.Meta.ApproverOf(d.Profile)}
	switch {
	case d.Collection != nil:
		s.Amount = Money(d.Collection.Sum.Qepik)
	case d.Claim.Total != nil:
		s.Amount = Money(d.Claim.Total.Qepik)
	}
	if d.Corrected != nil {
		s.Corrects = d.Corrected.Act.Number
	}
	words := []string{t.Meta.Title.Az, d.Document.Number}
	for _, p := range slices.Concat(d.Creditors, d.Debtors) {
		words = append(words, p.Name)
		for _, id := range []string{p.FIN, p.ForeignID, p.VOEN, p.IBAN} {
			if id != "" {
				words = append(words, id)
			}
		}
	}
	s.Proofs = []string{Upper(d.Document.Number)}
	for _, p := range d.Debtors {
		for _, id := range []string{p.FIN, p.ForeignID} {
			if id != "" {
				s.Proofs = append(s.Proofs, Upper(id))
			}
		}
	}
	s.SearchKey = Lower(strings.Join(words, " "))
	return s
}
