package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

const (
	// EventFormat is the format of the events this package writes.
	EventFormat = "docsvc-event/1"
	// MaxEvent is the largest event in bytes; checkpoints with what they cover
	// are the large ones.
	MaxEvent = 8 << 20

	maxSubject = 1024 // bytes

	bodyField = `"body":`
	emptyBody = `{}`
	sumField  = `"sha256":"`
)

// Kind is what an event is about; it is also the event's directory.
type Kind string

// The kinds of event.
const (
	KindAccount       Kind = "account"       // a person's account made or changed
	KindSubstitution  Kind = "substitution"  // a deputy appointed for somebody absent, or the end of it
	KindAuthorisation Kind = "authorisation" // an officer's consent to sign, used
	KindTemplate      Kind = "template"      // a template version published
	KindCase          Kind = "case"          // a case registered or changed
	KindCounter       Kind = "counter"       // a block of numbers: the high-water mark of a series
	KindVoid          Kind = "void"          // an act's number voided before archiving
	KindRenewal       Kind = "renewal"       // a further rendition of an archived act
	KindStatus        Kind = "status"        // an archived act superseded or annulled
	KindDelivery      Kind = "delivery"      // an archived act served on somebody, with the proof of it
	KindRetention     Kind = "retention"     // the retention of a record extended
	KindCheckpoint    Kind = "checkpoint"    // the ledger's leaves and checkpoint signed over them
)

// Kinds returns all kinds in the order in which a rebuild applies them: records
// come after KindCounter, and KindCheckpoint last.
func Kinds() []Kind {
	return []Kind{
		KindAccount, KindSubstitution, KindAuthorisation, KindTemplate, KindCase, KindCounter, KindVoid, KindRenewal,
		KindStatus, KindDelivery, KindRetention, KindCheckpoint,
	}
}

// Event is one change outside or after a record.
type Event struct {
	Format string `json:"format"`
	Kind   Kind   `json:"kind"`
	// ID makes the put idempotent and orders the events of a kind: a UUID of
	// version 7, which begins with its time. An event that can happen to its
	// subject only once may have the subject's.
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Subject string    `json:"subject"` // number of the act or case, name of the series, template id
	// Previous is the SHA256 of the event before this one in a chain that the
	// caller defines (checkpoints; the events of one subject), if there is one.
	Previous *Digest `json:"previous,omitempty"`
	// Body is a canonical JSON object whose content the core decides.
	Body json.RawMessage `json:"body"`
	// SHA256 is the hash of the event's encoding with this field all zero, so
	// that an event file proves itself undamaged.
	SHA256 Digest `json:"sha256"`
}

// Key is the name of the event's object.
func (e *Event) Key() (string, error) {
	if !slices.Contains(Kinds(), e.Kind) {
		return "", fmt.Errorf("%w: event of kind %q", ErrInvalid, e.Kind)
	}
	if !safeSegment(e.ID) {
		return "", fmt.Errorf("%w: event id %q", ErrInvalid, e.ID)
	}
	return eventsPrefix + string(e.Kind) + "/" + e.ID + ".json", nil
}

// EncodeEvent returns the event's only encoding; Format and SHA256 are filled
// in and the time is written in UTC to the microsecond.
func EncodeEvent(e Event) ([]byte, error) {
	e.Format, e.At, e.SHA256 = EventFormat, stamp(e.At), Digest{}
	if _, err := e.Key(); err != nil {
		return nil, err
	}
	if e.At.IsZero() || e.Subject == "" || len(e.Subject) > maxSubject || !utf8.ValidString(e.Subject) {
		return nil, fmt.Errorf("%w: event %s lacks a time or a usable subject", ErrInvalid, e.ID)
	}
	if err := checkSection("body", e.Body); err != nil {
		return nil, fmt.Errorf("event %s: %w", e.ID, err)
	}
	body := e.Body
	e.Body = json.RawMessage(emptyBody)
	envelope, err := encode(e, MaxEvent)
	if err != nil {
		return nil, err
	}
	// A checkpoint's body is large and already canonical, so it is put in as it
	// is. In canonical order only the time stands before "body", and only the
	// subject, in which quotation marks are escaped, after "sha256".
	before, after, _ := bytes.Cut(envelope, []byte(bodyField+emptyBody))
	data := slices.Concat(before, []byte(bodyField), body, after)
	if len(data) > MaxEvent {
		return nil, fmt.Errorf("%w: event %s of %d bytes, allowed are %d", ErrInvalid, e.ID, len(data), MaxEvent)
	}
	place := bytes.LastIndex(data, []byte(sumField)) + len(sumField)
	sum := sha256.Sum256(data)
	hex.Encode(data[place:], sum[:])
	return data, nil
}

// DecodeEvent accepts only what EncodeEvent writes, its hash included.
func DecodeEvent(data []byte) (Event, error) {
	return decode(data, MaxEvent, EventFormat, EncodeEvent)
}
