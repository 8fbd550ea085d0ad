package template

import "strconv"

// Facts of the acts that somebody approves (docs/domain.md § 3, rows 6, 18, 22
// and 23).

// termination is why a case ends.
func (b *builder) termination() {
	b.data.Termination = &TerminationFacts{Ground: text(b.form, "ground"), Measures: texts(b.form, "measures")}
}

// restriction is what a debtor is freed from.
func (b *builder) restriction() {
	debtor, ok := b.debtor()
	if !ok {
		return
	}
	date, err := ParseDate(text(b.form, "ruling_date"))
	if err != nil {
		return
	}
	if b.data.Date.Before(date) {
		b.fault("/ruling_date", "rule-later", "date", b.data.Date.Short())
	}
	b.data.Restriction = &RestrictionFacts{
		About: partyFacts([]Party{debtor}, []string{"fin", "foreign_id", "voen", "birth_date"})[0],
		Text:  text(b.form, "restriction"), Court: text(b.form, "court"), Number: text(b.form, "ruling"), Date: date,
		Body: text(b.form, "body"),
	}
}

// liability is who is held to have broken the law: a debtor, unless the form
// names another person.
func (b *builder) liability() {
	f := &LiabilityFacts{Person: text(b.form, "person"), Materials: texts(b.form, "materials")}
	if f.Person == "" {
		debtor, ok := b.debtor()
		if !ok {
			return
		}
		about := partyFacts([]Party{debtor}, []string{"fin", "foreign_id", "voen", "birth_date", "address"})[0]
		f.About = &about
	} else if _, both := b.form["debtor"]; both {
		b.fault("/debtor", "not-allowed")
	}
	b.data.Liability = f
}

// extension is the new end of the term: later than the old one, by no more than
// the law has.
func (b *builder) extension() {
	ends, err1 := ParseDate(text(b.form, "ends"))
	until, err2 := ParseDate(text(b.form, "until"))
	e, ok := b.rule("extension-term")
	if err1 != nil || err2 != nil || !ok {
		return
	}
	if !ends.Before(until) {
		b.fault("/until", "rule-after", "other", ends.Short())
	}
	if latest := ends.AddMonths(e.Value.Months); latest.Before(until) {
		b.fault("/until", "rule-extension", "months", strconv.Itoa(e.Value.Months), "max", latest.Short())
	}
	b.data.Extension = &ExtensionFacts{Ends: ends, Until: until}
}

// texts gives the texts of a list of the form.
func texts(form map[string]any, name string) []string {
	list, _ := form[name].([]any)
	var out []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
