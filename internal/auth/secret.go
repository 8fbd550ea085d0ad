package auth

import (
	"fmt"
	"log/slog"
)

// hidden is what is printed in place of a secret.
const hidden = "[secret]"

// Secret is a text that no log, error, page or JSON may show. It is behind a
// pointer so that printing a structure that holds one in an unexported field,
// where none of its methods can be called, shows an address only.
type Secret struct{ text *string }

// NewSecret hides a text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal returns the text, for the one place that has to send or encrypt it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// The ways in which a value gets printed.
var (
	_ fmt.Formatter  = Secret{}
	_ slog.LogValuer = Secret{}
)

// Format prints a placeholder for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, hidden) }

// String returns a placeholder.
func (Secret) String() string { return hidden }

// LogValue returns a placeholder.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns a placeholder; encoding/json and encoding/xml use it too.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON returns a placeholder.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
