package web

import (
	"strings"
	"testing"
	"time"

	"docsvc/internal/i18n"
	"docsvc/internal/signing"
)

// TestCauses: each cause has a sentence in each language, with nothing left to
// fill in.
func TestCauses(t *testing.T) {
	args := map[string]string{"name": "NAME", "time": "2026-11-25T21:00:00Z", "until": "2029-01-01T00:00:00Z"}
	for _, lang := range i18n.Languages() {
		for _, key := range signing.Causes() {
			text := CauseText(lang, signing.Cause{Key: key, Args: args}, time.FixedZone("", 4*60*60))
			if strings.Contains(text, "verify.cause") || strings.ContainsAny(text, "{}") || len(text) < 20 {
				t.Errorf("%s %s: %q", lang, key, text)
			}
		}
	}
	text := CauseText("en", signing.Cause{Key: signing.CauseRevoked, Args: args}, time.FixedZone("", 4*60*60))
	if want := "NAME: the certificate was revoked on 26.11.2026, and nothing proves that the signature was made before."; text != want {
		t.Errorf("%q", text)
	}
}
