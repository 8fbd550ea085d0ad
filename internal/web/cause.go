package web

import (
	"strings"
	"time"

	"docsvc/internal/i18n"
	"docsvc/internal/signing"
)

// CauseText is the plain sentence for a cause of a verdict. Times in it are
// dates of the given place.
func CauseText(lang string, c signing.Cause, place *time.Location) string {
	args := map[string]string{}
	for name, value := range c.Args {
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			value = t.In(place).Format("02.01.2006")
		}
		args[name] = value
	}
	return i18n.Text(lang, c.Key, args)
}

// ChangeText words a change that may follow a signature, such as "signature
// imza2".
func ChangeText(lang, change string) string {
	kind, field, _ := strings.Cut(change, " ")
	switch kind {
	case "signature":
		return i18n.Text(lang, "verify.change.signature", map[string]string{"field": field})
	case "document-timestamp":
		return i18n.Text(lang, "verify.change.timestamp", map[string]string{"field": field})
	case "validation-data":
		return i18n.Text(lang, "verify.change.data", nil)
	}
	return change
}
