package audit

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gowebpki/jcs"
)

// Field is a name in the details of an event.
type Field string

// vocabulary is every field that details may have. Whoever adds one sees to it
// that it can never hold a passphrase, a key, a token, a verification code or
// what a citizen wrote: only names, hashes, counts and reasons.
var vocabulary = []Field{
	// what it is about
	"case", "document", "office", "officer", "post", "template", "version", "level", "path", "series", "high",
	// signing
	"intent", "round", "of", "attempt", "outcome", "key", "key_request", "token_id", "authorisation", "nonce",
	// hashes, in hexadecimal
	"digest", "document_digest", "sha256", "manifest_sha256", "certificate_sha256",
	// changes
	"standing", "by", "reason", "from", "to", "until", "role", "way", "copy", "factor",
}

// NewDetail returns details for an event: short texts under the names of the
// vocabulary.
func NewDetail(fields map[Field]string) (json.RawMessage, error) {
	if fields == nil {
		fields = map[Field]string{}
	}
	if err := checkDetail(fields); err != nil {
		return nil, err
	}
	plain, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("%w: detail: %w", ErrInvalid, err)
	}
	return jcs.Transform(plain)
}

// Field is one of the event's details, empty if it has none of that name.
func (e Event) Field(name Field) string {
	fields, err := readDetail(e.Detail)
	if err != nil {
		return ""
	}
	return fields[name]
}

func readDetail(raw json.RawMessage) (map[Field]string, error) {
	fields := map[Field]string{}
	if raw == nil {
		return fields, nil
	}
	if len(raw) > MaxEvent {
		return nil, fmt.Errorf("%w: detail of %d bytes", ErrInvalid, len(raw))
	}
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return nil, fmt.Errorf("%w: detail is not an object of texts", ErrInvalid)
	}
	return fields, checkDetail(fields)
}

func checkDetail(fields map[Field]string) error {
	for name, text := range fields {
		if !slices.Contains(vocabulary, name) {
			return fmt.Errorf("%w: detail %.40q is not in the vocabulary", ErrInvalid, name)
		}
		if len(text) > maxText || !printable(text) {
			return fmt.Errorf("%w: detail %q is too long or not printable", ErrInvalid, name)
		}
	}
	return nil
}
