// Package audit defines the audit trail: who did what to which act, case or
// key, when, and with which request.
//
// An event is encoded once, as RFC 8785 canonical JSON, and stored as those
// bytes. The chain is computed over stored bytes by whoever puts events in
// order, and its head is anchored in the ledger; a row that was changed, taken
// out, moved or slipped in then shows, and VerifyChain names it.
//
// No event can carry a secret or a form: what it tells beyond its own fields is
// limited to a fixed vocabulary of short texts, checked when it is encoded.
package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gowebpki/jcs"
)

const (
	// Format is the format of the events this package writes.
	Format = "docsvc-audit/1"
	// MaxEvent is the largest encoded event in bytes.
	MaxEvent = 32 << 10

	maxName = 256  // bytes of an id, an actor, a subject
	maxText = 1024 // bytes of one detail
)

// ErrInvalid: the event, or its encoding, breaks the rules of this package.
var ErrInvalid = errors.New("invalid audit event")

// Kind is what happened.
type Kind string

// The kinds of event. A kind that was used is never renamed.
const (
	CaseRegistered       Kind = "case.registered"
	ActIssued            Kind = "act.issued"
	ActPrepared          Kind = "act.prepared"
	ActPartlySigned      Kind = "act.partly_signed"
	ActSigned            Kind = "act.signed"
	ActArchived          Kind = "act.archived"
	ActVoided            Kind = "act.voided"
	ActReturned          Kind = "act.returned"
	StandingChanged      Kind = "act.standing_changed"
	StandingProposed     Kind = "act.standing_proposed" // waits for a second person
	StandingRejected     Kind = "act.standing_rejected"
	ActDelivered         Kind = "act.delivered"
	Substituted          Kind = "officer.substituted"
	SubstitutionEnded    Kind = "officer.substitution_ended"
	ActRenewed           Kind = "act.renewed"
	ActRead              Kind = "act.read"   // by somebody who neither wrote nor signs it
	ActCopied            Kind = "act.copied" // its file left docsvc, as a numbered copy
	JobRetried           Kind = "job.retried"
	SignIntended         Kind = "sign.intended"
	SignDone             Kind = "sign.done"
	SignFailed           Kind = "sign.failed"
	AuthorisationBegun   Kind = "authorisation.begun"
	AuthorisationUsed    Kind = "authorisation.used"
	CredentialRefused    Kind = "credential.refused"
	AccountCreated       Kind = "account.created"
	AccountChanged       Kind = "account.changed"
	KeyCreated           Kind = "key.created"
	CertificateRequested Kind = "certificate.requested" // the key was used for it
	CertificateRevoked   Kind = "certificate.revoked"
	GrantRefused         Kind = "account.grant_refused" // to oneself
	TokenCreated         Kind = "token.created"
	TokenRevoked         Kind = "token.revoked"
	WebhookCreated       Kind = "webhook.created"
	WebhookDisabled      Kind = "webhook.disabled"
	WebhookRetried       Kind = "webhook.retried"
	TrailRead            Kind = "audit.exported"
	Rebuilt              Kind = "register.rebuilt"
	NumberGap            Kind = "number.gap"
)

// Event is one entry of the audit trail.
type Event struct {
	ID        string    // unique; UUID of version 7
	At        time.Time // kept in UTC to the microsecond
	Actor     string    // login, or the name of the service itself
	RequestID string    // of the request that caused it; empty for the worker
	Kind      Kind
	Subject   string // number of the act or case, login, key
	// Detail is a JSON object of texts under the names of the vocabulary; nil
	// is an empty one.
	Detail json.RawMessage
}

// stored is the encoding of an event.
type stored struct {
	Format    string           `json:"format"`
	ID        string           `json:"id"`
	At        string           `json:"at"`
	Actor     string           `json:"actor"`
	RequestID string           `json:"request_id"`
	Kind      Kind             `json:"kind"`
	Subject   string           `json:"subject"`
	Detail    map[Field]string `json:"detail"`
}

// timeForm is fixed in width, so that texts sort as times do.
const timeForm = "2006-01-02T15:04:05.000000Z"

// Encode returns the event's only encoding.
func Encode(e Event) ([]byte, error) {
	at := e.At.UTC()
	if at.Year() < 1900 || at.Year() > 9999 {
		return nil, fmt.Errorf("%w: %s happened in the year %d", ErrInvalid, e.Kind, at.Year())
	}
	detail, err := readDetail(e.Detail)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", e.Kind, e.Subject, err)
	}
	s := stored{
		Format: Format, ID: e.ID, At: at.Format(timeForm), Actor: e.Actor,
		RequestID: e.RequestID, Kind: e.Kind, Subject: e.Subject, Detail: detail,
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	plain, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	data, err := jcs.Transform(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if len(data) > MaxEvent {
		return nil, fmt.Errorf("%w: %s has %d bytes, allowed are %d", ErrInvalid, e.Kind, len(data), MaxEvent)
	}
	return data, nil
}

func (s *stored) check() error {
	if !validKind(s.Kind) {
		return fmt.Errorf("%w: kind %.40q", ErrInvalid, s.Kind)
	}
	for _, f := range []struct {
		name, text string
		required   bool
	}{{"id", s.ID, true}, {"actor", s.Actor, true}, {"subject", s.Subject, true}, {"request_id", s.RequestID, false}} {
		if f.required && f.text == "" || len(f.text) > maxName || !printable(f.text) {
			return fmt.Errorf("%w: %s has no usable %s", ErrInvalid, s.Kind, f.name)
		}
	}
	return nil
}

func validKind(k Kind) bool {
	for _, c := range []byte(k) {
		if (c < 'a' || c > 'z') && c != '.' && c != '_' {
			return false
		}
	}
	return k != "" && len(k) <= 64
}

func printable(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// Decode accepts only what Encode writes: it encodes what it read again and
// compares, so that unknown or repeated fields, other spellings and anything
// after the end are refused.
func Decode(data []byte) (Event, error) {
	if len(data) > MaxEvent {
		return Event{}, fmt.Errorf("%w: %d bytes, allowed are %d", ErrInvalid, len(data), MaxEvent)
	}
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	at, err := time.Parse(timeForm, s.At)
	if err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	e := Event{ID: s.ID, At: at, Actor: s.Actor, RequestID: s.RequestID, Kind: s.Kind, Subject: s.Subject}
	if e.Detail, err = NewDetail(s.Detail); err != nil {
		return Event{}, err
	}
	again, err := Encode(e)
	if err != nil {
		return Event{}, err
	}
	if !bytes.Equal(again, data) {
		return Event{}, fmt.Errorf("%w: not the canonical form", ErrInvalid)
	}
	return e, nil
}
