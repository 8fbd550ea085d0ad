package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"docsvc/internal/template"
)

// fieldView is a field of a form as a page shows it. Its Name is the JSON
// Pointer of what is typed into it.
type fieldView struct {
	Name, ID    string
	Kind        string // a template.FieldKind
	Label, Help string
	Error       string
	Required    bool
	Decides     bool // other fields come and go with its value
	Value       string
	Options     []choice
	Format      string
	MaxLength   int
	Min, Max    string
	Fields      []fieldView
	Filled      bool // something is in the group, or wrong with it
	Items       []itemView
	Add         bool // there may be another item
}

// itemView is one item of a list.
type itemView struct {
	fieldView
	Number    int
	Removable bool
}

// DescribedBy lists the elements that belong to the field's label.
func (f fieldView) DescribedBy() string {
	var ids []string
	if f.Help != "" {
		ids = append(ids, f.ID+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.ID+"-error")
	}
	return strings.Join(ids, " ")
}

// Input is the type of the HTML element.
func (f fieldView) Input() string {
	switch template.FieldKind(f.Kind) {
	case template.FieldDate:
		return "date"
	case template.FieldNumber:
		return "number"
	}
	return "text"
}

// Radios says that a choice shows all that may be chosen at once.
func (f fieldView) Radios() bool { return f.Required && len(f.Options) <= 5 }

// Short says that little is to be typed.
func (f fieldView) Short() bool {
	kind := template.FieldKind(f.Kind)
	return kind == template.FieldDate || kind == template.FieldNumber || f.Format != "" && f.Format != "iban"
}

// Mode is the keyboard that a phone shows.
func (f fieldView) Mode() string {
	switch f.Format {
	case "amount":
		return "decimal"
	case "voen":
		return "numeric"
	}
	return ""
}

// fieldID is the id of the element for a JSON Pointer.
func fieldID(pointer string) string {
	return "f" + strings.NewReplacer("/", "-", "~", "_").Replace(pointer)
}

// formViewer words a form in a language, with its faults beside the fields.
type formViewer struct {
	lang   string
	errors map[string]string // by JSON Pointer
	shown  map[string]bool   // of errors: a field shows it
}

func newFormViewer(lang string, faults []fault) *formViewer {
	v := &formViewer{lang: lang, errors: map[string]string{}, shown: map[string]bool{}}
	for _, f := range faults {
		v.errors[f.Path] = strings.TrimSpace(v.errors[f.Path] + " " + f.Message)
	}
	return v
}

// fields words the fields of a group that are to be filled in now.
func (v *formViewer) fields(f *template.Field, at string, value any) []fieldView {
	object, _ := value.(map[string]any)
	var list []fieldView
	for _, shown := range f.Shown(object) {
		if shown.Kind == template.FieldFixed {
			continue // nobody need see it
		}
		list = append(list, v.field(shown, at+"/"+shown.Name, object[shown.Name]))
	}
	return list
}

func (v *formViewer) field(f template.ShownField, at string, value any) fieldView {
	view := fieldView{
		Name: at, ID: fieldID(at), Kind: string(f.Kind), Label: f.Label.In(v.lang), Help: f.Help.In(v.lang),
		Required: f.Required, Decides: f.Decides, Format: f.Format, MaxLength: f.MaxLength, Min: f.Min, Max: f.Max,
	}
	if view.Error = v.errors[at]; view.Error != "" {
		v.shown[at] = true
	}
	switch f.Kind {
	case template.FieldGroup:
		view.Fields = v.fields(f.Field, at, value)
		view.Filled = value != nil || slices.ContainsFunc(view.Fields, func(f fieldView) bool { return f.Error != "" })
	case template.FieldList:
		v.items(&view, f.Field, at, value)
	case template.FieldChoices:
		chosen := map[string]bool{}
		list, _ := value.([]any)
		for _, item := range list {
			chosen[fmt.Sprint(item)] = true
		}
		for _, o := range f.Options {
			view.Options = append(view.Options, choice{o.Value, o.Text.In(v.lang), chosen[o.Value]})
		}
	case template.FieldChoice:
		for _, o := range f.Options {
			view.Options = append(view.Options, choice{o.Value, o.Text.In(v.lang), value == o.Value})
		}
	default:
		if value != nil {
			view.Value = fmt.Sprint(value)
		}
	}
	return view
}

// items words the items of a list. One that must have an item has an empty one
// from the beginning.
func (v *formViewer) items(view *fieldView, f *template.Field, at string, value any) {
	list, _ := value.([]any)
	for len(list) < min(f.MinItems, 1) {
		list = append(list, nil)
	}
	for i, item := range list {
		path := at + "/" + strconv.Itoa(i)
		one := v.field(template.ShownField{Field: f.Item}, path, item)
		one.Label = view.Label + " – " + strconv.Itoa(i+1)
		view.Items = append(view.Items, itemView{one, i + 1, len(list) > f.MinItems})
	}
	view.Add = f.MaxItems == 0 || len(list) < f.MaxItems
}
