package web

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"

	"docsvc/internal/template"
)

// readForm builds the value of a form from what a browser has sent. Fields
// that were left empty are not there; groups that must be there, are, so that
// each missing field is named. A field that the values hide is dropped.
func readForm(f *template.Field, sent map[string][]string) map[string]any {
	value, _ := readGroup(f, "", sent, true)
	return value
}

func readGroup(f *template.Field, at string, sent map[string][]string, must bool) (map[string]any, bool) {
	object := map[string]any{}
	some := false
	read := func(sub *template.Field, required bool) {
		if v, ok := readField(sub, at+"/"+sub.Name, sent, required); ok {
			object[sub.Name] = v
			some = some || sub.Kind != template.FieldFixed
		}
	}
	// What decides which other fields there are is read first.
	for _, sub := range f.Fields {
		if sub.Kind == template.FieldChoice {
			read(sub, false)
		}
	}
	kept := map[string]bool{}
	for _, shown := range f.Shown(object) {
		kept[shown.Name] = true
		if shown.Kind != template.FieldChoice {
			read(shown.Field, shown.Required && must)
		}
	}
	for name := range object {
		if !kept[name] {
			delete(object, name)
		}
	}
	return object, some || must
}

func readField(f *template.Field, at string, sent map[string][]string, must bool) (any, bool) {
	typed := mend(f, strings.TrimSpace(strings.Join(sent[at], "")))
	switch f.Kind {
	case template.FieldGroup:
		return readGroup(f, at, sent, must)
	case template.FieldList:
		return readList(f, at, sent)
	case template.FieldChoices:
		var list []any
		for _, v := range sent[at] {
			list = append(list, v)
		}
		return list, len(list) > 0
	case template.FieldFixed:
		return f.Options[0].Value, true
	case template.FieldCheck:
		return true, typed != ""
	case template.FieldNumber:
		if n, err := strconv.Atoi(typed); err == nil {
			return json.Number(strconv.Itoa(n)), true
		}
	}
	return typed, typed != ""
}

// mend writes what was typed as the form wants it, where that is only a matter
// of writing.
func mend(f *template.Field, typed string) string {
	switch {
	case f.Kind == template.FieldParagraphs:
		return strings.ReplaceAll(typed, "\r\n", "\n")
	case f.Kind == template.FieldDate: // a browser without a field for dates
		if d, err := time.Parse("2.1.2006", typed); err == nil {
			return d.Format(time.DateOnly)
		}
	case f.Format == "fin", f.Format == "iban":
		return strings.ToUpper(withoutSpaces(typed))
	case f.Format == "voen", f.Format == "amount":
		return withoutSpaces(typed)
	}
	return typed
}

func withoutSpaces(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// maxItems is more than any form has, for a list whose schema sets no limit.
const maxItems = 200

// readList reads the items that were sent, whatever gaps their numbers have.
// Empty ones stay, in their place, until the form is sent off.
func readList(f *template.Field, at string, sent map[string][]string) (any, bool) {
	var list []any
	for i := range maxItems {
		path := at + "/" + strconv.Itoa(i)
		if _, ok := sent[path]; !ok {
			continue
		}
		if f.Item.Kind == template.FieldGroup {
			item, _ := readGroup(f.Item, path, sent, true)
			list = append(list, item)
		} else {
			item, _ := readField(f.Item, path, sent, true)
			list = append(list, item)
		}
	}
	return list, len(list) > 0
}

// prune drops the items of lists that were left empty, as far as the list may
// be shorter.
func prune(f *template.Field, value any) any {
	switch v := value.(type) {
	case map[string]any:
		for _, sub := range f.Fields {
			if item, ok := v[sub.Name]; ok {
				if v[sub.Name] = prune(sub, item); v[sub.Name] == nil {
					delete(v, sub.Name)
				}
			}
		}
	case []any:
		if f.Item == nil {
			return v
		}
		var list []any
		for i, item := range v {
			item = prune(f.Item, item)
			if !isEmpty(item) || len(list)+len(v)-i <= f.MinItems {
				list = append(list, item)
			}
		}
		if list == nil {
			return nil
		}
		return list
	}
	return value
}

func isEmpty(v any) bool {
	object, ok := v.(map[string]any)
	return v == "" || v == nil || ok && len(object) == 0
}
