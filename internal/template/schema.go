package template

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Schema is a JSON Schema 2020-12 with the formats fin, voen, iban, date and
// amount and the keywords of vocabulary.go. Its fields carry x-label and x-help
// in three languages, from which the pages build the form.
type Schema struct {
	Raw      []byte // as published
	document map[string]any
	compiled *jsonschema.Schema
	form     func() (*Field, error) // built at its first use
}

// maxFaults bounds the list for a hostile input.
const maxFaults = 200

var errFormat = errors.New("wrong form")

func compileSchema(name string, raw []byte) (*Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	object, ok := doc.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("schema %s: not an object", name)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(noLoader{})
	c.AssertFormat()
	for format, valid := range formats() {
		c.RegisterFormat(&jsonschema.Format{Name: format, Validate: func(v any) error {
			if s, ok := v.(string); ok && !valid(s) {
				return errFormat
			}
			return nil
		}})
	}
	c.RegisterVocabulary(&jsonschema.Vocabulary{URL: "urn:docsvc:vocabulary", Compile: compileRules})
	c.AssertVocabs()
	if err := c.AddResource(name, doc); err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	compiled, err := c.Compile(name)
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	s := &Schema{Raw: raw, document: object, compiled: compiled}
	s.form = sync.OnceValues(s.buildForm)
	return s, nil
}

// noLoader keeps a schema from reaching for files or the network.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("schema %s: only what is in the file itself may be referred to", url)
}

func formats() map[string]func(string) bool {
	return map[string]func(string) bool{
		"fin":    ValidFIN,
		"voen":   ValidVOEN,
		"iban":   ValidIBAN,
		"date":   func(s string) bool { _, err := ParseDate(s); return err == nil },
		"amount": func(s string) bool { _, err := ParseMoney(s); return err == nil },
	}
}

// check compares a decoded value with the schema.
func (s *Schema) check(v any) (Faults, []Warning) {
	err := s.compiled.Validate(v)
	if err == nil {
		return nil, nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return Faults{{Key: "json", Args: map[string]string{"reason": err.Error()}}}, nil
	}
	var found []Fault
	collect(invalid, &found)
	var faults Faults
	var warnings []Warning
	for _, f := range found {
		list := (*[]Fault)(&faults)
		if warningKeys[f.Key] {
			list = &warnings
		}
		if len(*list) < maxFaults {
			f.Label = s.label(f.Path)
			*list = append(*list, f)
		}
	}
	return faults, warnings
}

// warningKeys are the kinds of fault that do not stop a form.
var warningKeys = map[string]bool{"voen-check": true}

// collect turns the leaves of a validation error into faults.
func collect(e *jsonschema.ValidationError, into *[]Fault) {
	for _, cause := range e.Causes {
		collect(cause, into)
	}
	if len(e.Causes) > 0 || len(*into) > 2*maxFaults {
		return
	}
	at := pointer(e.InstanceLocation...)
	add := func(path, key string, args ...string) {
		f := Fault{Path: path, Key: key}
		for i := 0; i+1 < len(args); i += 2 {
			if f.Args == nil {
				f.Args = map[string]string{}
			}
			f.Args[args[i]] = args[i+1]
		}
		*into = append(*into, f)
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			add(at+pointer(name), "required")
		}
	case *kind.DependentRequired:
		for _, name := range k.Missing {
			add(at+pointer(name), "required")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			add(at+pointer(name), "unknown")
		}
	case *kind.Type:
		add(at, "type", "want", strings.Join(k.Want, ", "))
	case *kind.Format:
		add(at, "format-"+k.Want)
	case *kind.Enum:
		add(at, "enum", "values", list(k.Want))
	case *kind.Const:
		add(at, "enum", "values", list([]any{k.Want}))
	case *kind.MaxLength:
		add(at, "too-long", "max", strconv.Itoa(k.Want))
	case *kind.MinLength:
		if k.Got == 0 {
			add(at, "required")
		} else {
			add(at, "too-short", "min", strconv.Itoa(k.Want))
		}
	case *kind.MinItems:
		add(at, "too-few", "min", strconv.Itoa(k.Want))
	case *kind.MaxItems:
		add(at, "too-many", "max", strconv.Itoa(k.Want))
	case *kind.Minimum:
		add(at, "number-range", "limit", "≥ "+k.Want.RatString())
	case *kind.Maximum:
		add(at, "number-range", "limit", "≤ "+k.Want.RatString())
	case *kind.UniqueItems:
		add(at+pointer(strconv.Itoa(k.Duplicates[1])), "duplicate")
	case *kind.Pattern:
		add(at, "pattern")
	case *kind.FalseSchema:
		add(at, "not-allowed")
	case *ruleError:
		*into = append(*into, Fault{Path: at + k.sub, Key: k.key, Args: k.args})
	default:
		add(at, "rule")
	}
}

func list(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, ", ")
}

// pointer builds a JSON Pointer (RFC 6901).
func pointer(names ...string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString("/" + strings.ReplaceAll(strings.ReplaceAll(n, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// label finds the x-label of the field at a path, or of the nearest field
// around it.
func (s *Schema) label(path string) Text {
	at, best := s.document, Text{}
	for _, name := range strings.Split(path, "/")[1:] {
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		next := s.field(at, name)
		if next == nil {
			break
		}
		at = next
		if t := labelOf(at); t.Az != "" {
			best = t
		}
	}
	return best
}

// field finds the subschema of a property, or of an array's items.
func (s *Schema) field(at map[string]any, name string) map[string]any {
	if properties, ok := s.resolve(at)["properties"].(map[string]any); ok {
		if p, ok := properties[name].(map[string]any); ok {
			return s.withLabel(p)
		}
	}
	if items, ok := s.resolve(at)["items"].(map[string]any); ok {
		return s.withLabel(items)
	}
	return nil
}

// resolve follows a local reference "#/$defs/name".
func (s *Schema) resolve(at map[string]any) map[string]any {
	ref, _ := at["$ref"].(string)
	name, ok := strings.CutPrefix(ref, "#/$defs/")
	if !ok {
		return at
	}
	defs, _ := s.document["$defs"].(map[string]any)
	def, _ := defs[name].(map[string]any)
	return def
}

// withLabel gives the subschema itself when it has a label, else what it refers to.
func (s *Schema) withLabel(at map[string]any) map[string]any {
	if _, ok := at["x-label"]; ok {
		return at
	}
	return s.resolve(at)
}

func labelOf(at map[string]any) Text { return textIn(at["x-label"]) }

func helpOf(at map[string]any) Text { return textIn(at["x-help"]) }

func textIn(v any) Text {
	t, _ := v.(map[string]any)
	az, _ := t["az"].(string)
	en, _ := t["en"].(string)
	ru, _ := t["ru"].(string)
	return Text{Az: az, En: en, Ru: ru}
}
