package template

import (
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/message"
)

// The keywords that schemas of forms have beyond JSON Schema:
//
//	x-text      "line" or "paragraphs": the text rule of text.go
//	x-positive  true: the amount must not be zero
//	x-voen      true: warn when the check digit of a VÖEN disagrees
//	x-sum       {"parts": [names], "total": name}: the amounts must add up
//	x-order     [[earlier, later]]: the dates must stand in this order
//	x-one-of    [[names]]: exactly one of the fields must be there
//
// x-label and x-help are texts for the pages, x-options such texts for the values
// of an enumeration, each of which it names; they check nothing.
type rules struct {
	text     string
	positive bool
	voen     bool
	parts    []string
	total    string
	order    [][]string
	oneOf    [][]string
}

func compileRules(_ *jsonschema.CompilerContext, obj map[string]any) (jsonschema.SchemaExt, error) {
	r := &rules{}
	used := false
	for name, v := range obj {
		var ok bool
		switch name {
		case "x-text":
			r.text, _ = v.(string)
			ok = r.text == "line" || r.text == "paragraphs"
		case "x-positive":
			r.positive, ok = v.(bool)
		case "x-voen":
			r.voen, ok = v.(bool)
		case "x-sum":
			sum, _ := v.(map[string]any)
			r.parts = names(sum["parts"])
			r.total, ok = sum["total"].(string)
		case "x-order":
			r.order, ok = groups(v)
		case "x-one-of":
			r.oneOf, ok = groups(v)
		case "x-label", "x-help":
			if ok = textIn(v).Ru != ""; ok {
				continue
			}
		case "x-options":
			if ok = namesOptions(obj, v); ok {
				continue
			}
		default:
			if strings.HasPrefix(name, "x-") {
				return nil, fmt.Errorf("unknown keyword %s", name)
			}
			continue
		}
		if !ok {
			return nil, fmt.Errorf("keyword %s has the wrong form", name)
		}
		used = true
	}
	if !used {
		return nil, nil
	}
	return r, nil
}

// namesOptions says whether an x-options has a text for each value that the
// subschema around it takes, and for no other.
func namesOptions(obj map[string]any, v any) bool {
	texts, _ := v.(map[string]any)
	options := optionsOf(obj)
	for _, o := range options {
		if o.Text.Ru == "" {
			return false
		}
	}
	return len(options) > 0 && len(texts) == len(options)
}

func names(v any) []string {
	values, _ := v.([]any)
	out := make([]string, 0, len(values))
	for _, n := range values {
		if s, ok := n.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func groups(v any) ([][]string, bool) {
	values, ok := v.([]any)
	var out [][]string
	for _, g := range values {
		out = append(out, names(g))
		ok = ok && len(out[len(out)-1]) > 1
	}
	return out, ok
}

// ruleError is a fault found by one of the keywords.
type ruleError struct {
	key  string
	sub  string // JSON Pointer below the value
	args map[string]string
}

func (*ruleError) KeywordPath() []string { return []string{"x"} }

func (e *ruleError) LocalizedString(*message.Printer) string { return e.key }

// Validate implements jsonschema.SchemaExt.
func (r *rules) Validate(ctx *jsonschema.ValidatorContext, v any) {
	report := func(key, sub string, args map[string]string) {
		ctx.AddError(&ruleError{key: key, sub: sub, args: args})
	}
	switch v := v.(type) {
	case string:
		r.checkText(v, report)
	case map[string]any:
		r.checkFields(v, report)
	}
}

func (r *rules) checkText(s string, report func(key, sub string, args map[string]string)) {
	if r.text != "" {
		if key, args := textFault(s, r.text == "paragraphs"); key != "" {
			report(key, "", args)
		}
	}
	if r.positive {
		if m, err := ParseMoney(s); err == nil && m == 0 {
			report("amount-zero", "", nil)
		}
	}
	if r.voen && ValidVOEN(s) && !VOENCheckDigit(s) {
		report("voen-check", "", nil)
	}
}

func (r *rules) checkFields(v map[string]any, report func(key, sub string, args map[string]string)) {
	if r.total != "" {
		r.checkSum(v, report)
	}
	for _, pair := range r.order {
		a, err1 := ParseDate(text(v, pair[0]))
		b, err2 := ParseDate(text(v, pair[1]))
		if err1 == nil && err2 == nil && b.Before(a) {
			report("rule-order", pointer(pair[1]), map[string]string{"other": a.Short()})
		}
	}
	for _, group := range r.oneOf {
		if present(v, group) != 1 {
			report("rule-one-of", "", map[string]string{"fields": strings.Join(group, ", ")})
		}
	}
}

// checkSum stays silent while a part or the total is itself wrong: that fault
// is reported on its own.
func (r *rules) checkSum(v map[string]any, report func(key, sub string, args map[string]string)) {
	total, err := ParseMoney(text(v, r.total))
	if err != nil {
		return
	}
	var sum Money
	for _, name := range r.parts {
		if v[name] == nil {
			continue
		}
		part, err := ParseMoney(text(v, name))
		if err != nil {
			return
		}
		sum += part
	}
	if sum != total {
		report("rule-sum", pointer(r.total), map[string]string{"sum": sum.String(), "total": total.String()})
	}
}

func present(v map[string]any, names []string) int {
	n := 0
	for _, name := range names {
		if _, ok := v[name]; ok {
			n++
		}
	}
	return n
}

// text reads a text field of a decoded object, "" when it is absent.
func text(v map[string]any, name string) string {
	s, _ := v[name].(string)
	return s
}
