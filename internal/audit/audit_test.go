package audit_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"docsvc/internal/audit"
)

func event() audit.Event {
	return audit.Event{
		ID:    "0190a7c0-0000-7000-8000-000000000001",
		At:    time.Date(2026, 11, 22, 13, 30, 0, 123456789, time.FixedZone("Asia/Baku", 4*3600)),
		Actor: "nigar", RequestID: "r-1",
		Kind:    audit.SignDone,
		Subject: "EI2611000000001T-001",
		Detail:  json.RawMessage(`{"round": "1", "key": "nigar/1"}`),
	}
}

const encoded = `{"actor":"nigar","at":"2026-11-22T09:30:00.123456Z","detail":{"key":"nigar/1","round":"1"},` +
	`"format":"docsvc-audit/1","id":"0190a7c0-0000-7000-8000-000000000001","kind":"sign.done",` +
	`"request_id":"r-1","subject":"EI2611000000001T-001"}`

func TestEncodingIsFixed(t *testing.T) {
	got, err := audit.Encode(event())
	if err != nil || string(got) != encoded {
		t.Fatalf("Encode = %s, %v\nwant %s", got, err, encoded)
	}
	back, err := audit.Decode(got)
	if err != nil {
		t.Fatal(err)
	}
	want := event()
	want.At = want.At.UTC().Truncate(time.Microsecond)
	want.Detail = json.RawMessage(`{"key":"nigar/1","round":"1"}`)
	if diff := cmp.Diff(want, back); diff != "" {
		t.Errorf("Decode (-want +got):\n%s", diff)
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, change := range map[string]func(*audit.Event){
		"no id":             func(e *audit.Event) { e.ID = "" },
		"no actor":          func(e *audit.Event) { e.Actor = "" },
		"no subject":        func(e *audit.Event) { e.Subject = "" },
		"no time":           func(e *audit.Event) { e.At = time.Time{} },
		"no kind":           func(e *audit.Event) { e.Kind = "" },
		"kind in capitals":  func(e *audit.Event) { e.Kind = "Act" },
		"line in actor":     func(e *audit.Event) { e.Actor = "a\nb" },
		"not UTF-8":         func(e *audit.Event) { e.Subject = "\xff" },
		"long request":      func(e *audit.Event) { e.RequestID = strings.Repeat("x", 300) },
		"passphrase":        func(e *audit.Event) { e.Detail = json.RawMessage(`{"passphrase":"x"}`) },
		"field in capitals": func(e *audit.Event) { e.Detail = json.RawMessage(`{"Reason":"x"}`) },
		"a number":          func(e *audit.Event) { e.Detail = json.RawMessage(`{"round":1}`) },
		"nested":            func(e *audit.Event) { e.Detail = json.RawMessage(`{"reason":{"a":"b"}}`) },
		"a list":            func(e *audit.Event) { e.Detail = json.RawMessage(`["reason"]`) },
		"null":              func(e *audit.Event) { e.Detail = json.RawMessage(`null`) },
		"long text":         func(e *audit.Event) { e.Detail = json.RawMessage(`{"reason":"` + strings.Repeat("x", 1025) + `"}`) },
		"escape sequence":   func(e *audit.Event) { e.Detail = json.RawMessage(`{"reason":"\u001b[2J"}`) },
		"huge":              func(e *audit.Event) { e.Detail = json.RawMessage(`{"reason":"` + strings.Repeat("x", 1<<20) + `"}`) },
	} {
		e := event()
		change(&e)
		if got, err := audit.Encode(e); !errors.Is(err, audit.ErrInvalid) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, bad := range map[string]string{
		"empty":           "",
		"null":            "null",
		"space":           encoded + " ",
		"two":             encoded + encoded,
		"other order":     `{"format":"docsvc-audit/1",` + strings.Replace(encoded[1:], `"format":"docsvc-audit/1",`, "", 1),
		"unknown field":   strings.Replace(encoded, `{"actor"`, `{"aa":"","actor"`, 1),
		"repeated field":  strings.Replace(encoded, `{"actor"`, `{"actor":"x","actor"`, 1),
		"missing field":   strings.Replace(encoded, `"request_id":"r-1",`, "", 1),
		"other format":    strings.Replace(encoded, "audit/1", "audit/2", 1),
		"time zone":       strings.Replace(encoded, "123456Z", "123456+00:00", 1),
		"short fraction":  strings.Replace(encoded, ".123456Z", ".1Z", 1),
		"needless escape": strings.Replace(encoded, "nigar", `n\u0069gar`, 1),
		"nested deep":     strings.Repeat(`{"a":`, 5000),
		"too large":       encoded + strings.Repeat(" ", audit.MaxEvent),
	} {
		if e, err := audit.Decode([]byte(bad)); !errors.Is(err, audit.ErrInvalid) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

// TestNoFieldForSecrets guards the vocabulary against a thoughtless addition.
func TestNoFieldForSecrets(t *testing.T) {
	for _, name := range []audit.Field{"passphrase", "password", "secret", "pin", "token", "code", "private_key", "form", "input", "body"} {
		if _, err := audit.NewDetail(map[audit.Field]string{name: "x"}); !errors.Is(err, audit.ErrInvalid) {
			t.Errorf("details may have a field %q", name)
		}
	}
	if got, err := audit.NewDetail(nil); err != nil || string(got) != "{}" {
		t.Errorf("no details = %s, %v", got, err)
	}
}

func TestKindsAreDistinct(t *testing.T) {
	seen := map[audit.Kind]bool{}
	for _, k := range []audit.Kind{
		audit.CaseRegistered, audit.ActIssued, audit.ActPrepared, audit.ActPartlySigned, audit.ActSigned, audit.ActArchived,
		audit.ActVoided, audit.ActReturned, audit.StandingProposed,
		audit.StandingRejected, audit.ActDelivered, audit.Substituted, audit.SubstitutionEnded, audit.StandingChanged, audit.SignIntended, audit.SignDone, audit.SignFailed, audit.CredentialRefused,
		audit.AccountCreated, audit.AccountChanged, audit.Rebuilt, audit.NumberGap,
	} {
		e := event()
		e.Kind = k
		if _, err := audit.Encode(e); err != nil || seen[k] || !regexp.MustCompile(`^[a-z]+\.[a-z_]+$`).MatchString(string(k)) {
			t.Errorf("kind %q: %v", k, err)
		}
		seen[k] = true
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(encoded))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := audit.Decode(data)
		if err != nil {
			return
		}
		if again, err := audit.Encode(e); err != nil || string(again) != string(data) {
			t.Errorf("%q encodes as %q, %v", data, again, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	e := event()
	for b.Loop() {
		if _, err := audit.Encode(e); err != nil {
			b.Fatal(err)
		}
	}
}
