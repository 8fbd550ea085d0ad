// Package i18n holds the sentences that people read, in Azerbaijani, English
// and Russian: one JSON catalogue a language, with flat keys and placeholders
// in braces, embedded in the program.
//
// A sentence that depends on a number has one key a plural form: key.one and
// key.other in Azerbaijani and English, and key.few besides in Russian.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// The languages. Default is that of the acts themselves.
const (
	Azerbaijani = "az"
	English     = "en"
	Russian     = "ru"
	Default     = Azerbaijani
)

// Languages lists the languages in the order in which they are offered.
func Languages() []string { return []string{Azerbaijani, English, Russian} }

// Known reports whether there is a catalogue for lang.
func Known(lang string) bool { _, ok := catalogues()[lang]; return ok }

//go:embed az.json en.json ru.json
var files embed.FS

// catalogues are read once; the tests of this package read them too, so that a
// broken one never ships.
var catalogues = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, lang := range Languages() {
		data, err := files.ReadFile(lang + ".json")
		if err != nil {
			panic(err)
		}
		var c map[string]string
		if err := json.Unmarshal(data, &c); err != nil {
			panic(fmt.Errorf("catalogue %s: %w", lang, err))
		}
		all[lang] = c
	}
	return all
})

// Text gives the sentence of a key with its placeholders filled in: {name} by
// args["name"]. A language without catalogue reads as Azerbaijani, an unknown
// key as itself.
func Text(lang, key string, args map[string]string) string {
	text, ok := lookup(lang, key)
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	pairs := make([]string, 0, 2*len(args))
	for name, value := range args {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Has reports whether a key has a sentence.
func Has(key string) bool { _, ok := catalogues()[Default][key]; return ok }

// Plural gives the sentence of a key for n things, {n} being the number.
func Plural(lang, key string, n int) string {
	return Text(lang, key+"."+form(lang, n), map[string]string{"n": fmt.Sprint(n)})
}

// form names the plural form after CLDR: 1 файл, 2 файла, 5 файлов.
func form(lang string, n int) string {
	if lang != Russian {
		if n == 1 {
			return "one"
		}
		return "other"
	}
	switch tens, ones := n%100, n%10; {
	case ones == 1 && tens != 11:
		return "one"
	case ones >= 2 && ones <= 4 && (tens < 12 || tens > 14):
		return "few"
	}
	return "other"
}

func lookup(lang, key string) (string, bool) {
	c, ok := catalogues()[lang]
	if !ok {
		c = catalogues()[Default]
	}
	text, ok := c[key]
	return text, ok
}

// maxAccept bounds what is read of an Accept-Language header.
const maxAccept = 256

// Negotiate picks the language for an Accept-Language header (RFC 9110, 12.5.4).
func Negotiate(accept string) string {
	if accept == "" || len(accept) > maxAccept {
		return Default
	}
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return Default
	}
	for _, tag := range wanted { // ordered by preference
		base, confidence := tag.Base()
		if confidence != language.No && Known(base.String()) {
			return base.String()
		}
	}
	return Default
}
