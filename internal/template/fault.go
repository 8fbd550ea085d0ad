package template

import (
	"cmp"
	"slices"
	"strings"
)

// Text is a sentence in the three languages of the pages.
type Text struct {
	Az string `json:"az"`
	En string `json:"en"`
	Ru string `json:"ru"`
}

// In gives the sentence in a language; Azerbaijani where it has none.
func (t Text) In(lang string) string {
	switch {
	case lang == "en" && t.En != "":
		return t.En
	case lang == "ru" && t.Ru != "":
		return t.Ru
	}
	return t.Az
}

// Map gives the sentence by language.
func (t Text) Map() map[string]string { return map[string]string{"az": t.Az, "en": t.En, "ru": t.Ru} }

// Fault is one thing that must be mended in a form.
type Fault struct {
	Path  string            `json:"path"` // JSON Pointer of the field, "" for the form as a whole
	Key   string            `json:"key"`  // stable name of the kind of fault
	Args  map[string]string `json:"args,omitempty"`
	Label Text              `json:"label"` // the field as the form names it
}

// Message tells in a language what is wrong and how to mend it.
func (f Fault) Message(lang string) string {
	text := messages[f.Key].In(lang)
	if text == "" {
		text = f.Key
	}
	pairs := make([]string, 0, 2*len(f.Args))
	for k, v := range f.Args {
		pairs = append(pairs, "{"+k+"}", v)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Error gives path and message in English.
func (f Fault) Error() string {
	path := f.Path
	if path == "" {
		path = "/"
	}
	return path + ": " + f.Message("en")
}

// Faults are all faults of a form, ordered by path.
type Faults []Fault

// Error lists every fault, one a line.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Warning is something odd that does not stop the form. It reads like a Fault.
type Warning = Fault

// sorted orders faults by path and drops those that say the same twice.
func (fs Faults) sorted() Faults {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Key, b.Key))
	})
	return slices.CompactFunc(fs, func(a, b Fault) bool {
		return a.Path == b.Path && a.Key == b.Key && a.Message("en") == b.Message("en")
	})
}
