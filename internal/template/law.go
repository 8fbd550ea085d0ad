package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Unconfirmed stands in print wherever the law's wording or figure has not been
// seen in a reliable text: "to be confirmed".
const Unconfirmed = "(dəqiqləşdirilməlidir)"

// ErrNoLaw says that a law parameter has no entry for a date.
var ErrNoLaw = errors.New("no law parameter in force")

// Law holds the dated parameters of the law: terms, rates, citations, names.
type Law struct{ params map[string]Param }

// Param is one parameter with its entries in order of date.
type Param struct {
	Key     string  `json:"key"`
	Title   Text    `json:"title"`
	Entries []Entry `json:"entries"`
}

// Entry is what a parameter says from a day on.
type Entry struct {
	// From is the first day on which acts may rely on this entry. It is not
	// always the day of enactment: sources often do not tell that day.
	From  Date  `json:"from"`
	Value Value `json:"value"`
	// Cite is how an act names the rule, in Azerbaijani. "{?}" in it marks what
	// is unknown, such as the number of the article.
	Cite string `json:"cite"`
	// Source is where the entry was read; Confirmed tells whether that is the
	// rule's own text or an official account of it, with nothing seen against it.
	Source    string `json:"source"`
	Confirmed bool   `json:"confirmed"`
	Note      string `json:"note,omitempty"`
}

// Value is the figure of a parameter; a parameter uses the fields it needs.
type Value struct {
	Days        int               `json:"days,omitempty"`
	WorkingDays int               `json:"working_days,omitempty"`
	Months      int               `json:"months,omitempty"`
	Percent     string            `json:"percent,omitempty"`
	Person      string            `json:"person,omitempty"` // fixed sum for a natural person
	Entity      string            `json:"entity,omitempty"` // fixed sum for a legal person
	Scale       []Bracket         `json:"scale,omitempty"`
	Items       map[string]string `json:"items,omitempty"` // texts by paragraph
}

// Bracket is a step of a scale: up to Upto the fee is Base plus Percent of what
// exceeds Over. Above the last bracket the scale is unknown.
type Bracket struct {
	Upto    string `json:"upto"`
	Base    string `json:"base"`
	Percent string `json:"percent"`
	Over    string `json:"over"`
}

// loadLaw reads every file of a folder; each holds one parameter.
func loadLaw(fsys fs.FS, dir string) (*Law, error) {
	files, err := fs.Glob(fsys, path.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("listing law parameters: %w", err)
	}
	law := &Law{params: map[string]Param{}}
	for _, name := range files {
		var p Param
		if err := readStrict(fsys, name, &p); err != nil {
			return nil, err
		}
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("law parameter %s: %w", name, err)
		}
		if _, twice := law.params[p.Key]; twice {
			return nil, fmt.Errorf("law parameter %s: key %q stands twice", name, p.Key)
		}
		law.params[p.Key] = p
	}
	return law, nil
}

func (p *Param) check() error {
	if p.Key == "" || p.Title.Az == "" || p.Title.En == "" || p.Title.Ru == "" || len(p.Entries) == 0 {
		return errors.New("key, title in three languages and at least one entry are needed")
	}
	slices.SortFunc(p.Entries, func(a, b Entry) int { return a.From.Time().Compare(b.From.Time()) })
	for i, e := range p.Entries {
		switch {
		case e.From.IsZero() || e.Source == "":
			return fmt.Errorf("entry %d: from and source are needed", i)
		case i > 0 && e.From == p.Entries[i-1].From:
			return fmt.Errorf("entry %d: two entries from %s", i, e.From)
		case e.Confirmed && strings.Contains(e.Cite, "{?}"):
			return fmt.Errorf("entry %d: confirmed, yet its citation has an unknown part", i)
		}
		if err := e.Value.check(); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
	}
	return nil
}

func (v Value) check() error {
	for _, s := range []string{v.Person, v.Entity} {
		if s != "" {
			if _, err := ParseMoney(s); err != nil {
				return err
			}
		}
	}
	if v.Percent != "" {
		if _, err := ParsePercent(v.Percent); err != nil {
			return err
		}
	}
	for _, b := range v.Scale {
		if _, _, _, _, err := b.parse(); err != nil {
			return err
		}
	}
	return nil
}

// At gives the entry of a parameter that holds on a day. The error wraps
// [ErrNoLaw].
func (l *Law) At(key string, on Date) (Entry, error) {
	entries := l.params[key].Entries
	for i := len(entries) - 1; i >= 0; i-- {
		if !on.Before(entries[i].From) {
			return entries[i], nil
		}
	}
	return Entry{}, fmt.Errorf("%s on %s: %w", key, on, ErrNoLaw)
}

// Params lists all parameters by key.
func (l *Law) Params() []Param {
	out := make([]Param, 0, len(l.params))
	for _, p := range l.params {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Param) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// Printed is the citation as an act prints it: with "to be confirmed" in the
// place of what is unknown, or at the end.
func (e Entry) Printed() string {
	switch {
	case e.Confirmed:
		return e.Cite
	case strings.Contains(e.Cite, "{?}"):
		return strings.ReplaceAll(e.Cite, "{?}", Unconfirmed)
	case e.Cite == "":
		return Unconfirmed
	}
	return e.Cite + " " + Unconfirmed
}

// ErrScale says that a sum lies above the known part of a scale.
var ErrScale = errors.New("the scale for this sum is to be confirmed")

// Fee applies the entry's scale to a sum. The error wraps [ErrScale] above its
// last bracket.
func (v Value) Fee(sum Money) (Money, error) {
	for _, b := range v.Scale {
		upto, base, over, rate, err := b.parse()
		if err != nil {
			return 0, err
		}
		if sum <= upto {
			return base + rate.Of(sum-over), nil
		}
	}
	return 0, fmt.Errorf("%s manat: %w", sum, ErrScale)
}

func (b Bracket) parse() (upto, base, over Money, rate Percent, err error) {
	upto, err1 := ParseMoney(b.Upto)
	base, err2 := ParseMoney(b.Base)
	over, err3 := ParseMoney(b.Over)
	rate, err4 := ParsePercent(b.Percent)
	return upto, base, over, rate, errors.Join(err1, err2, err3, err4)
}

// readStrict reads a JSON file and refuses names that the type does not have.
func readStrict(fsys fs.FS, name string, into any) error {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}
