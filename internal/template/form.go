package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
)

// FieldKind says how a field of a form is filled in.
type FieldKind string

// The kinds of field.
const (
	FieldGroup      FieldKind = "group"      // Fields
	FieldList       FieldKind = "list"       // MinItems to MaxItems times Item
	FieldChoices    FieldKind = "choices"    // several of Options
	FieldChoice     FieldKind = "choice"     // one of Options
	FieldFixed      FieldKind = "fixed"      // the value of the only option
	FieldCheck      FieldKind = "check"      // yes or no
	FieldNumber     FieldKind = "number"     // a whole number
	FieldDate       FieldKind = "date"       // 2006-01-02
	FieldLine       FieldKind = "line"       // a line of text; see Format
	FieldParagraphs FieldKind = "paragraphs" // a text, a line a paragraph
)

// Field is one field of a form as its schema describes it, in the order in
// which the schema names them.
type Field struct {
	Name        string // of the property; empty for a form as a whole and the item of a list
	Kind        FieldKind
	Label, Help Text
	Required    bool // whatever the other fields say
	Options     []Option
	Format      string // of a line: fin, voen, iban, amount, or empty
	MaxLength   int    // of a text in characters; 0: the schema sets no limit
	Min, Max    string // of a number, as the schema writes them; may be empty
	MinItems    int
	MaxItems    int // 0: the schema sets no limit
	Fields      []*Field
	Item        *Field

	cases []fieldCase
}

// Option is a value that may be chosen, and how it is called.
type Option struct {
	Value string
	Text  Text
}

// fieldCase is an if/then of a group: while one field has a value, others are
// required or must not be there.
type fieldCase struct {
	field, value        string
	required, forbidden []string
}

// ShownField is a field of a group that is to be filled in now.
type ShownField struct {
	*Field
	Required bool
	// Decides says that other fields come and go with the value of this one.
	Decides bool
}

// Shown gives the fields of a group that may be filled in while it has the
// given values. Those that depend on a field without a value are not yet shown.
func (f *Field) Shown(value map[string]any) []ShownField {
	hidden, required, decides := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range f.cases {
		decides[c.field] = true
		have, _ := value[c.field].(string)
		for _, name := range c.forbidden {
			hidden[name] = hidden[name] || have == c.value || have == ""
		}
		for _, name := range c.required {
			required[name] = required[name] || have == c.value
		}
	}
	var shown []ShownField
	for _, sub := range f.Fields {
		if !hidden[sub.Name] {
			shown = append(shown, ShownField{sub, sub.Required || required[sub.Name], decides[sub.Name]})
		}
	}
	return shown
}

// maxFormDepth bounds how deep the groups of a form may lie. Of what contains
// itself, as a party has an employer, which is a party, there is one inside
// another, and no third.
const maxFormDepth = 8

// Form describes the form of a schema. The tree is shared and must not be changed.
func (s *Schema) Form() (*Field, error) { return s.form() }

func (s *Schema) buildForm() (*Field, error) {
	order := map[string][]string{}
	if err := readOrder(json.NewDecoder(bytes.NewReader(s.Raw)), "", order); err != nil {
		return nil, err
	}
	b := formBuilder{schema: s, order: order}
	f := b.field("", "", s.document, 0)
	if f == nil || f.Kind != FieldGroup {
		return nil, errors.New("the schema is not that of a form")
	}
	return f, nil
}

// readOrder notes the names of each object of a JSON text in the order in which
// they stand, by JSON Pointer.
func readOrder(dec *json.Decoder, at string, order map[string][]string) error {
	tok, err := dec.Token()
	if err != nil {
		return err //nolint:wrapcheck // of a schema that was compiled
	}
	opening, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	for i := 0; dec.More(); i++ {
		name := strconv.Itoa(i)
		if opening == '{' {
			tok, err := dec.Token()
			if err != nil {
				return err //nolint:wrapcheck // as above
			}
			name, _ = tok.(string)
			order[at] = append(order[at], name)
		}
		if err := readOrder(dec, at+pointer(name), order); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err //nolint:wrapcheck // as above
}

type formBuilder struct {
	schema *Schema
	order  map[string][]string
	within []string // the definitions that the field at hand is part of
}

// field describes the subschema at a place of the document; nil if it would
// contain itself, or is nothing that a form can have.
func (b *formBuilder) field(name, at string, own map[string]any, depth int) *Field {
	def, defAt := own, at
	if ref, ok := own["$ref"].(string); ok {
		if def = b.schema.resolve(own); def == nil || b.isWithin(ref) > 1 || depth > maxFormDepth {
			return nil
		}
		defAt = ref[1:]
		b.within = append(b.within, ref)
		defer func() { b.within = b.within[:len(b.within)-1] }()
	}
	f := &Field{Name: name, Label: labelOf(def), Help: helpOf(def), Options: optionsOf(def)}
	if l := labelOf(own); l.Az != "" {
		f.Label = l
	}
	if h := helpOf(own); h.Az != "" || def["format"] == "date" { // a field for dates shows their form
		f.Help = h
	}
	switch {
	case def["type"] == "object":
		b.group(f, defAt, def, depth)
	case def["type"] == "array":
		return b.list(f, defAt, def, depth)
	case def["const"] != nil:
		f.Kind = FieldFixed
	case def["enum"] != nil:
		f.Kind = FieldChoice
	case def["type"] == "boolean":
		f.Kind = FieldCheck
	case def["type"] == "integer":
		f.Kind, f.Min, f.Max = FieldNumber, numeral(def["minimum"]), numeral(def["maximum"])
	case def["format"] == "date":
		f.Kind = FieldDate
	case def["x-text"] == "paragraphs":
		f.Kind, f.MaxLength = FieldParagraphs, integer(def["maxLength"])
	case def["type"] == "string":
		f.Kind, f.MaxLength = FieldLine, integer(def["maxLength"])
		f.Format, _ = def["format"].(string)
	default:
		return nil
	}
	return f
}

// isWithin counts how often the field at hand is part of a definition.
func (b *formBuilder) isWithin(ref string) int {
	n := 0
	for _, r := range b.within {
		if r == ref {
			n++
		}
	}
	return n
}

func (b *formBuilder) group(f *Field, at string, def map[string]any, depth int) {
	f.Kind = FieldGroup
	properties, _ := def["properties"].(map[string]any)
	required := names(def["required"])
	for _, name := range b.order[at+"/properties"] {
		own, _ := properties[name].(map[string]any)
		if sub := b.field(name, at+"/properties"+pointer(name), own, depth+1); sub != nil {
			sub.Required = slices.Contains(required, name)
			f.Fields = append(f.Fields, sub)
		}
	}
	rules, _ := def["allOf"].([]any)
	for _, rule := range rules {
		if c, ok := caseOf(rule); ok {
			f.cases = append(f.cases, c)
		}
	}
}

func (b *formBuilder) list(f *Field, at string, def map[string]any, depth int) *Field {
	items, _ := def["items"].(map[string]any)
	f.MinItems, f.MaxItems = integer(def["minItems"]), integer(def["maxItems"])
	f.Item = b.field("", at+"/items", items, depth+1)
	switch {
	case f.Item == nil:
		return nil
	case f.Item.Kind == FieldChoice:
		f.Kind, f.Options, f.Item = FieldChoices, f.Item.Options, nil
	default:
		f.Kind = FieldList
	}
	return f
}

// caseOf reads a rule of the form {"if": {"properties": {F: {"const": V}},
// "required": [F]}, "then": {"required": […], "properties": {G: false}}}.
// Others are checked when the form is sent, and change nothing in it before.
func caseOf(rule any) (fieldCase, bool) {
	r, _ := rule.(map[string]any)
	when, _ := r["if"].(map[string]any)
	then, _ := r["then"].(map[string]any)
	given := names(when["required"])
	if len(given) != 1 || then == nil {
		return fieldCase{}, false
	}
	properties, _ := when["properties"].(map[string]any)
	condition, _ := properties[given[0]].(map[string]any)
	value, ok := condition["const"].(string)
	if !ok || len(properties) != 1 {
		return fieldCase{}, false
	}
	c := fieldCase{field: given[0], value: value, required: names(then["required"])}
	changed, _ := then["properties"].(map[string]any)
	for name, to := range changed {
		if to == false {
			c.forbidden = append(c.forbidden, name)
		}
	}
	return c, true
}

// optionsOf lists the values of an enumeration, or the only one of a constant.
func optionsOf(def map[string]any) []Option {
	values := names(def["enum"])
	if only, ok := def["const"].(string); ok {
		values = []string{only}
	}
	texts, _ := def["x-options"].(map[string]any)
	options := make([]Option, len(values))
	for i, v := range values {
		text, _ := texts[v].(map[string]any)
		options[i] = Option{v, textIn(text)}
	}
	return options
}

func integer(v any) int {
	n, _ := strconv.Atoi(numeral(v))
	return n
}

func numeral(v any) string {
	n, _ := v.(json.Number)
	return n.String()
}
