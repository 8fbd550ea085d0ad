package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gowebpki/jcs"
)

// Case is the registration form of an enforcement document; its JSON Schema is
// templates/case/schema.json. Number is the unified number, given when the
// case is registered, and not part of the form.
type Case struct {
	Number    string   `json:"-"`
	Document  Document `json:"document"`
	Creditors []Party  `json:"creditors"`
	Debtors   []Party  `json:"debtors"`
	Claim     Claim    `json:"claim"`
}

// Document identifies the enforcement document.
type Document struct {
	Kind      string `json:"kind"` // a key of DocumentKinds
	Number    string `json:"number"`
	Date      Date   `json:"date"`
	Issuer    string `json:"issuer"`
	Immediate bool   `json:"immediate,omitempty"` // to be enforced at once
}

// DocumentKinds names the kinds of enforcement document.
func DocumentKinds() map[string]Text {
	return map[string]Text{
		"writ":             {"icra vərəqəsi", "writ of execution", "исполнительный лист"},
		"court-order":      {"məhkəmə əmri", "court order", "судебный приказ"},
		"notarial-writ":    {"notariusun icra qeydi", "notarial writ", "исполнительная надпись нотариуса"},
		"protection-order": {"qısamüddətli mühafizə orderi", "short-term protection order", "краткосрочный охранный ордер"},
	}
}

// Party is a creditor or debtor: a natural person, or a legal person with the
// form of its organisation.
type Party struct {
	Kind       string `json:"kind"` // natural or legal
	Surname    string `json:"surname,omitempty"`
	Name       string `json:"name"`
	Patronymic string `json:"patronymic,omitempty"`
	Sex        string `json:"sex,omitempty"`  // m or f: oğlu or qızı
	Form       string `json:"form,omitempty"` // a key of legalForms
	FIN        string `json:"fin,omitempty"`
	ForeignID  string `json:"foreign_id,omitempty"` // permit or card of a foreigner, instead of FİN
	VOEN       string `json:"voen,omitempty"`
	BirthDate  Date   `json:"birth_date,omitzero"`
	Address    string `json:"address,omitempty"`
	IBAN       string `json:"iban,omitempty"`
	Employer   *Party `json:"employer,omitempty"`
	Director   *Party `json:"director,omitempty"`
}

// legalForms are written out in acts (002 § 12.7) and shortened in lists.
var legalForms = map[string]string{
	"ASC": "Açıq Səhmdar Cəmiyyəti",
	"QSC": "Qapalı Səhmdar Cəmiyyəti",
	"MMC": "Məhdud Məsuliyyətli Cəmiyyəti",
	"PHŞ": "Publik Hüquqi Şəxsi",
}

// FullName is the name as acts print it: Soyad Ad Atasının adı oğlu or qızı;
// “Sınaq Ticarət” Məhdud Məsuliyyətli Cəmiyyəti.
func (p Party) FullName() string {
	if p.Kind == "legal" {
		if form := legalForms[p.Form]; form != "" {
			return "“" + p.Name + "” " + form
		}
		return p.Name
	}
	return PersonName(p.Surname, p.Name, p.Patronymic, p.Sex)
}

// ShortName is the name for lists: “Sınaq Ticarət” MMC.
func (p Party) ShortName() string {
	if p.Kind == "legal" && p.Form != "" && p.Form != "other" {
		return "“" + p.Name + "” " + p.Form
	}
	return p.FullName()
}

// PersonName puts a name into the order of legal texts. Without a patronymic
// (a foreigner) there is no oğlu or qızı.
func PersonName(surname, name, patronymic, sex string) string {
	words := []string{surname, name}
	if patronymic != "" {
		words = append(words, patronymic, map[string]string{"m": "oğlu", "f": "qızı"}[sex])
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

// Claim is what the enforcement document orders. Kind decides which fields are
// used.
type Claim struct {
	Kind string `json:"kind"` // monetary, alimony, reinstatement, other

	// monetary: sums as the form gives them
	Principal string `json:"principal,omitempty"`
	Penalty   string `json:"penalty,omitempty"`
	Duty      string `json:"duty,omitempty"`
	Total     string `json:"total,omitempty"`
	Pledge    string `json:"pledge,omitempty"` // the mortgaged or pledged thing

	// alimony: a share of earnings, monthly, for a child
	Share *Share `json:"share,omitempty"`
	Child *Party `json:"child,omitempty"`

	// reinstatement: to a post, from a day
	Post string `json:"post,omitempty"`
	From Date   `json:"from,omitzero"`

	// other: what is to be done, in the words of the document
	Text string `json:"text,omitempty"`
}

// Share is a fraction of earnings.
type Share struct {
	Numerator   int64 `json:"numerator"`
	Denominator int64 `json:"denominator"`
}

// Sum is the total of a monetary claim; ok is false for any other claim.
func (c Claim) Sum() (sum Money, ok bool) {
	if c.Kind != "monetary" {
		return 0, false
	}
	m, err := ParseMoney(c.Total)
	return m, err == nil
}

// CheckedCase is a registration form that has passed the checks.
type CheckedCase struct {
	Case      Case
	Canonical []byte // RFC 8785
	SearchKey string // names, identifiers and numbers in lower case, for search
}

// CheckCase checks a registration form filled in on a day. Faults are [Faults].
func (l *Library) CheckCase(input json.RawMessage, today Date) (*CheckedCase, []Warning, error) {
	value, fault := decode(input)
	if fault != nil {
		return nil, nil, Faults{*fault}
	}
	faults, warnings := l.caseSchema.check(value)
	faults = append(faults, l.caseFaults(value, today)...)
	if len(faults) > 0 {
		return nil, warnings, faults.sorted()
	}
	canonical, err := canonicalise(value)
	if err != nil {
		return nil, nil, err
	}
	c, err := ParseCase("", canonical)
	if err != nil {
		return nil, nil, err
	}
	return &CheckedCase{Case: c, Canonical: canonical, SearchKey: c.searchKey()}, warnings, nil
}

// caseFaults checks what a schema cannot: no date lies in the future, and nobody
// is creditor and debtor at once.
func (l *Library) caseFaults(value any, today Date) Faults {
	var faults Faults
	report := func(path, key string, args map[string]string) {
		faults = append(faults, Fault{Path: path, Key: key, Args: args, Label: l.caseSchema.label(path)})
	}
	creditors := map[string]bool{}
	walk(value, "", func(path, s string) {
		name := path[strings.LastIndexByte(path, '/')+1:]
		switch {
		case path == "/document/date" || name == "birth_date":
			if d, err := ParseDate(s); err == nil && today.Before(d) {
				report(path, "rule-today", map[string]string{"date": today.Short()})
			}
		case name != "fin" && name != "voen":
		case strings.HasPrefix(path, "/creditors/") && strings.Count(path, "/") == 3:
			creditors[s] = true
		case strings.HasPrefix(path, "/debtors/") && strings.Count(path, "/") == 3 && creditors[s]:
			report(path, "rule-same-party", nil)
		}
	})
	return faults
}

// walk calls f for every text in a decoded value, in order of path.
func walk(v any, path string, f func(path, s string)) {
	switch v := v.(type) {
	case string:
		f(path, v)
	case []any:
		for i, item := range v {
			walk(item, path+"/"+strconv.Itoa(i), f)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			walk(v[name], path+pointer(name), f)
		}
	}
}

// ParseCase reads a registration form that was checked when it was stored, and
// gives it its number.
func ParseCase(number string, canonical []byte) (Case, error) {
	c := Case{Number: number}
	dec := json.NewDecoder(bytes.NewReader(canonical))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Case{}, fmt.Errorf("reading case %s: %w", number, err)
	}
	return c, nil
}

func (c Case) searchKey() string {
	words := []string{c.Document.Number, c.Document.Issuer}
	for _, p := range slices.Concat(c.Creditors, c.Debtors) {
		words = append(words, p.FullName(), p.Form, p.FIN, p.ForeignID, p.VOEN, p.IBAN)
	}
	return Lower(strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "))
}

// canonicalise gives the RFC 8785 form of a value.
func canonicalise(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	out, err := jcs.Transform(raw)
	if err != nil {
		return nil, fmt.Errorf("canonical form: %w", err)
	}
	return out, nil
}
