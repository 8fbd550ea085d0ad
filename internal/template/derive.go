package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// derivations are the facts that the system computes for an act. A template
// names those it needs in meta.json, so that another template can use them
// without a line of Go. Each works on a form that may be faulty: what it cannot
// read it leaves out, since the schema has reported it.
func derivations() map[string]func(*builder) {
	return map[string]func(*builder){
		"term":       (*builder).term,
		"charge":     (*builder).charge,
		"fee":        (*builder).fee,
		"send-to":    (*builder).sendTo,
		"deposit":    (*builder).deposit,
		"collection": (*builder).collection,
		"query":      (*builder).query,
		"annulled":   (*builder).annulled,
		"corrected":  (*builder).corrected,

		"termination": (*builder).termination,
		"restriction": (*builder).restriction,
		"liability":   (*builder).liability,
		"extension":   (*builder).extension,
	}
}

// term computes the last day for voluntary performance. How days are counted is
// not known from the sources; the samples of the domain count calendar days
// from the day after initiation.
func (b *builder) term() {
	form, _ := b.form["term"].(map[string]any)
	kind := text(form, "kind")
	if kind != "" && (kind == "immediate") != b.data.Document.Immediate {
		b.fault("/term/kind", "rule-immediate")
	}
	switch kind {
	case "standard":
		b.standardTerm(form)
	case "mortgage":
		if b.data.Claim.Pledge == "" {
			b.fault("/term/kind", "rule-pledge")
		}
		if e, ok := b.rule("mortgage-term"); ok {
			b.data.Term = &TermFacts{Kind: kind, Until: b.data.Date.AddMonths(e.Value.Months), Text: e.Value.inWords()}
		}
	case "court":
		until, err := ParseDate(text(form, "until"))
		if err != nil {
			return
		}
		if !b.data.Date.Before(until) {
			b.fault("/term/until", "rule-past", "date", b.data.Date.Short())
		}
		b.data.Term = &TermFacts{Kind: kind, Until: until}
	case "immediate":
		b.rule("immediate-execution")
		b.data.Term = &TermFacts{Kind: kind}
	}
}

func (b *builder) standardTerm(form map[string]any) {
	e, ok := b.rule("voluntary-term")
	if !ok {
		return
	}
	days := e.Value.Days
	if n, ok := form["days"].(json.Number); ok {
		given, err := strconv.Atoi(n.String())
		if err != nil {
			return
		}
		if given > e.Value.Days {
			b.fault("/term/days", "rule-term", "max", strconv.Itoa(e.Value.Days))
		}
		days = min(given, e.Value.Days)
	}
	b.data.Term = &TermFacts{Kind: "standard", Until: b.data.Date.AddDays(days), Text: Value{Days: days}.inWords()}
}

// charge is what a state officer's debtor will owe for not performing in time.
func (b *builder) charge() {
	if b.context.Profile != State || b.data.Term != nil && b.data.Term.Kind == "immediate" {
		return
	}
	e, ok := b.rule("enforcement-charge")
	if !ok {
		return
	}
	if sum, ok := b.context.Case.Claim.Sum(); ok {
		rate, err := ParsePercent(e.Value.Percent)
		if err != nil {
			b.fault("", "law-missing", "key", "enforcement-charge")
			return
		}
		charge := sumFacts(rate.Of(sum))
		b.data.Charge = &ChargeFacts{Percent: rate.String(), Sum: &charge}
		return
	}
	fixed := e.Value.Person
	if d := b.context.Case.Debtors; len(d) > 0 && d[0].Kind == "legal" {
		fixed = e.Value.Entity
	}
	if sum, err := ParseMoney(fixed); err == nil {
		charge := sumFacts(sum)
		b.data.Charge = &ChargeFacts{Sum: &charge}
	}
}

// fee is the standard fee of a private officer, known for claims of money up to
// the last bracket of the scale only.
func (b *builder) fee() {
	if b.context.Profile != Private {
		return
	}
	e, ok := b.rule("standard-fee")
	if !ok {
		return
	}
	sum, ok := b.context.Case.Claim.Sum()
	if !ok {
		b.fault("/context/case/claim", "fee-unknown")
		return
	}
	fee, err := e.Value.Fee(sum)
	if errors.Is(err, ErrScale) {
		b.fault("/context/case/claim", "fee-unknown")
		return
	}
	if err != nil {
		b.fault("", "law-missing", "key", "standard-fee")
		return
	}
	facts := sumFacts(fee)
	b.data.Fee = &facts
}

// sendTo lists who gets a copy: always the debtor, then whom the officer adds.
func (b *builder) sendTo() {
	b.data.SendTo = []string{"borclu"}
	extra, _ := b.form["send_to"].([]any)
	for _, who := range extra {
		switch who {
		case "creditor":
			b.data.SendTo = append(b.data.SendTo, "tələbkar")
		case "issuer":
			b.data.SendTo = append(b.data.SendTo, b.data.Document.Issuer)
		}
	}
}

// deposit is the account to which a claim of money is paid.
func (b *builder) deposit() {
	if _, money := b.context.Case.Claim.Sum(); !money {
		return
	}
	b.data.Office.Deposit = b.context.Office.Deposit
	b.need("office.deposit", b.context.Office.Deposit)
	b.rule("deposit-transfer")
}

// debtor finds the debtor whom the form names by number, the first by default.
func (b *builder) debtor() (Party, bool) {
	n := 1
	if given, ok := b.form["debtor"].(json.Number); ok {
		n, _ = strconv.Atoi(given.String()) // no whole number: 0, reported below or by the schema
	}
	debtors := b.context.Case.Debtors
	if n < 1 || n > len(debtors) {
		b.fault("/debtor", "no-such-debtor", "max", fmt.Sprint(len(debtors)))
		return Party{}, false
	}
	return debtors[n-1], true
}

// annulled is the act that this decision annuls. That there is such an act is
// checked by whoever annuls it.
func (b *builder) annulled() {
	if act, ok := b.otherAct(); ok {
		b.data.Annulled = &act
	}
}

// corrected is the act in which this decision corrects a clerical mistake. That
// there is such an act the core checks.
func (b *builder) corrected() {
	act, ok := b.otherAct()
	wrong, right := text(b.form, "wrong"), text(b.form, "right")
	if !ok || wrong == "" || right == "" {
		return
	}
	if wrong == right {
		b.fault("/right", "rule-same")
	}
	b.data.Corrected = &CorrectedFacts{Act: act, Wrong: wrong, Right: right}
}

// otherAct is the act that the form names.
func (b *builder) otherAct() (ActFacts, bool) {
	date, err := ParseDate(text(b.form, "act_date"))
	if err != nil {
		return ActFacts{}, false
	}
	if b.data.Date.Before(date) {
		b.fault("/act_date", "rule-later", "date", b.data.Date.Short())
	}
	return ActFacts{Number: text(b.form, "act"), Date: date, Title: text(b.form, "act_title")}, true
}

func (b *builder) collection() {
	claim, money := b.context.Case.Claim.Sum()
	if !money {
		b.fault("/context/case/claim", "needs-money")
		return
	}
	sum := claim
	if given := text(b.form, "amount"); given != "" {
		m, err := ParseMoney(given)
		if err != nil {
			return
		}
		if m > claim {
			b.fault("/amount", "rule-more", "max", claim.String())
		}
		sum = m
	}
	debtor, ok := b.debtor()
	if !ok {
		return
	}
	payer := partyFacts([]Party{debtor}, []string{"fin", "foreign_id", "voen", "iban"})[0]
	if account := text(b.form, "account"); account != "" {
		payer.IBAN = account
	}
	if payer.IBAN == "" {
		b.fault("/account", "no-account")
	}
	bank, _ := b.form["bank"].(map[string]any)
	hold, _ := b.rule("collection-hold")
	reply, _ := b.rule("bank-notice")
	b.data.Collection = &CollectionFacts{Bank: text(bank, "name"), BankVOEN: text(bank, "voen"), Payer: payer,
		Sum: sumFacts(sum), HoldTerm: hold.Value.inWords(), BankReply: reply.Value.inWords()}
}

func (b *builder) query() {
	debtor, ok := b.debtor()
	if !ok {
		return
	}
	q := &QueryFacts{Addressee: text(b.form, "addressee"),
		About: partyFacts([]Party{debtor}, []string{"fin", "foreign_id", "voen", "birth_date", "address"})[0]}
	if until, err := ParseDate(text(b.form, "reply_until")); err == nil {
		if !b.data.Date.Before(until) {
			b.fault("/reply_until", "rule-past", "date", b.data.Date.Short())
		}
		q.Until = until
	} else {
		b.rule("query-reply")
	}
	sources, err := b.law.At("query-sources", b.data.Date)
	if err != nil {
		b.fault("", "law-missing", "key", "query-sources")
		return
	}
	items, _ := b.form["items"].([]any)
	for i, item := range items {
		paragraph, _ := item.(string)
		what, ok := sources.Value.Items[paragraph]
		if !ok {
			b.fault("/items/"+strconv.Itoa(i), "not-in-law-table")
			continue
		}
		q.Items = append(q.Items, ItemFact{Paragraph: paragraph, Text: what})
	}
	b.data.Query = q
}
