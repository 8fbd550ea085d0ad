package document

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"docsvc/internal/audit"
)

// EventType is what a webhook is told of.
type EventType string

// The types of event.
const (
	EventArchived EventType = "act.archived"
	EventVoided   EventType = "act.voided"
	EventStanding EventType = "standing.changed"
)

// EventTypes lists all types.
func EventTypes() []EventType { return []EventType{EventArchived, EventVoided, EventStanding} }

// eventTypes are the types by what the trail calls them.
var eventTypes = map[audit.Kind]EventType{
	audit.ActArchived: EventArchived, audit.ActVoided: EventVoided, audit.StandingChanged: EventStanding,
}

// Webhook is an address that is told what happens to the acts of an office.
type Webhook struct {
	ID        string
	URL       string
	Office    string // or AnyOffice
	Events    []EventType
	KID       string // of the service key that its secret is derived from
	Since     int64  // last link of the audit chain before it
	CreatedAt time.Time
	CreatedBy string
	Disabled  bool
}

// MessageState is how far a delivery is.
type MessageState string

// The states of a delivery.
const (
	MessageWaiting   MessageState = "waiting"
	MessageDelivered MessageState = "delivered"
	MessageFailed    MessageState = "failed" // given up, until somebody retries it
)

// Message is one event on its way to one webhook.
type Message struct {
	ID        string // of the message, the same at every attempt
	WebhookID string
	Type      EventType
	Subject   string // number of the act
	Body      []byte
	CreatedAt time.Time
	State     MessageState
	Attempts  int
	NextAt    time.Time // while it waits: when it is tried
	Status    int       // of the last answer; 0 if there was none
	Error     string    // why the last attempt failed
	DoneAt    time.Time
}

// WebhookTx reads and writes webhooks and their deliveries.
type WebhookTx interface {
	InsertWebhook(ctx context.Context, w Webhook) error
	// Webhooks lists all, the oldest first.
	Webhooks(ctx context.Context) ([]Webhook, error)
	WebhookByID(ctx context.Context, id string) (Webhook, error)
	// DisableWebhook ends one; ErrStale when it is over.
	DisableWebhook(ctx context.Context, id string) error
	InsertMessages(ctx context.Context, list []Message) error
	MessageByID(ctx context.Context, id string) (Message, error)
	// Messages lists those of a webhook before a delivery, the newest first;
	// all of them before "".
	Messages(ctx context.Context, webhookID, before string, limit int) ([]Message, error)
	// ClaimMessages takes deliveries that are due, counts an attempt, and makes
	// them due again at again, should nobody settle them.
	ClaimMessages(ctx context.Context, now, again time.Time, limit int) ([]Message, error)
	// SettleMessage writes how attempt d.Attempts ended; ErrStale when there was
	// another one since.
	SettleMessage(ctx context.Context, d Message) error
	// RetryMessage makes one that failed due at a time, with attempts counted
	// anew; ErrStale when it has not failed.
	RetryMessage(ctx context.Context, id string, at time.Time) error
}

// WebhookSecrets derives secrets of webhooks from the service's keys.
type WebhookSecrets interface {
	// WebhookSecret is that of a webhook under a key, under the one in use if kid
	// is empty; it says which one that is.
	WebhookSecret(ctx context.Context, kid, id string) (secret []byte, used string, err error)
}

const (
	maxWebhooks   = 50
	maxURL        = 500
	secretMark    = "whsec_" // Standard Webhooks
	maxDeliveries = 500
)

// AddWebhook adds an address and returns the secret that deliveries are signed
// with, which is not shown again.
func (s *Service) AddWebhook(ctx context.Context, actor Actor, address, office string, events []EventType) (string, Webhook, error) {
	if err := actor.May(ActOperate, office); err != nil {
		return "", Webhook{}, err
	}
	if err := checkWebhook(address, events); err != nil {
		return "", Webhook{}, err
	}
	w := Webhook{
		ID: s.NewID(), URL: address, Office: office, Events: events,
		CreatedAt: s.Now().UTC().Truncate(time.Microsecond), CreatedBy: actor.Login,
	}
	secret, kid, err := s.Secrets.WebhookSecret(ctx, "", w.ID)
	if err != nil {
		return "", w, newError(Unavailable, "error.webhook.key", err)
	}
	w.KID = kid
	err = s.Store.Update(ctx, func(tx Tx) error {
		all, err := tx.Webhooks(ctx)
		if err != nil {
			return err
		}
		if len(slices.DeleteFunc(all, func(o Webhook) bool { return o.Disabled })) >= maxWebhooks {
			return newError(Conflict, "error.webhook.many", nil, "max", fmt.Sprint(maxWebhooks))
		}
		last, err := tx.LastAuditLink(ctx)
		if err != nil {
			return err
		}
		w.Since = last.Seq
		if err := tx.InsertWebhook(ctx, w); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.WebhookCreated, w.ID, map[string]string{"office": office, "to": hostOf(address)})
	})
	if err != nil {
		return "", w, fmt.Errorf("webhook: %w", err)
	}
	return secretMark + base64.StdEncoding.EncodeToString(secret), w, nil
}

// hostOf is what is told of an address: its path may be a secret.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

func checkWebhook(address string, events []EventType) error {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return newError(Invalid, "error.webhook.url", err, "max", fmt.Sprint(maxURL))
	}
	for _, e := range events {
		if !slices.Contains(EventTypes(), e) {
			return newError(Invalid, "error.webhook.events", nil)
		}
	}
	if len(events) == 0 {
		return newError(Invalid, "error.webhook.events", nil)
	}
	return nil
}

// DisableWebhook ends a webhook for good. What is on its way is given up.
func (s *Service) DisableWebhook(ctx context.Context, actor Actor, id string) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		w, err := ownWebhook(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := tx.DisableWebhook(ctx, id); errors.Is(err, ErrStale) {
			return newError(Conflict, "error.webhook.disabled", err)
		} else if err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.WebhookDisabled, id, map[string]string{"office": w.Office, "to": hostOf(w.URL)})
	})
	if err != nil {
		return fmt.Errorf("disable webhook: %w", err)
	}
	return nil
}

// ownWebhook is one of an office that actor runs.
func ownWebhook(ctx context.Context, tx Tx, actor Actor, id string) (Webhook, error) {
	w, err := tx.WebhookByID(ctx, id)
	if err != nil {
		return w, lookupError(err, "error.webhook.unknown")
	}
	return w, actor.May(ActOperate, w.Office)
}

// Webhooks lists those of the offices that actor runs, the newest first.
func (s *Service) Webhooks(ctx context.Context, actor Actor) ([]Webhook, error) {
	if err := actor.mayAnywhere(ActOperate); err != nil {
		return nil, err
	}
	var list []Webhook
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		list, err = tx.Webhooks(ctx)
		return err
	})
	list = slices.DeleteFunc(list, func(w Webhook) bool { return actor.May(ActOperate, w.Office) != nil })
	slices.Reverse(list)
	return list, err
}

// Messages lists those of a webhook before a delivery, the newest first.
func (s *Service) Messages(ctx context.Context, actor Actor, id, before string, limit int) (w Webhook, list []Message, err error) {
	if limit <= 0 || limit > maxDeliveries {
		limit = maxDeliveries
	}
	err = s.Store.View(ctx, func(tx Tx) (err error) {
		if w, err = ownWebhook(ctx, tx, actor, id); err == nil {
			list, err = tx.Messages(ctx, id, before, limit)
		}
		return err
	})
	return w, list, err
}

// RetryMessage makes a delivery that was given up due at once.
func (s *Service) RetryMessage(ctx context.Context, actor Actor, webhookID, id string) error {
	err := s.Store.Update(ctx, func(tx Tx) error {
		w, err := ownWebhook(ctx, tx, actor, webhookID)
		if err != nil {
			return err
		}
		d, err := tx.MessageByID(ctx, id)
		if errors.Is(err, ErrNotFound) || err == nil && d.WebhookID != webhookID {
			return newError(NotFound, "error.webhook.delivery", err)
		}
		if err != nil {
			return err
		}
		if w.Disabled {
			return newError(Conflict, "error.webhook.disabled", nil)
		}
		if err := tx.RetryMessage(ctx, id, s.Now()); errors.Is(err, ErrStale) {
			return newError(Conflict, "error.webhook.not_failed", err)
		} else if err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.WebhookRetried, id, map[string]string{"office": w.Office, "document": d.Subject})
	})
	if err != nil {
		return fmt.Errorf("retry delivery: %w", err)
	}
	return nil
}

// messageBody is the body of a delivery: what happened, and nothing of a person.
type messageBody struct {
	Type      EventType   `json:"type"`
	Timestamp time.Time   `json:"timestamp"`
	Data      messageData `json:"data"`
}

type messageData struct {
	Number   string   `json:"number"`
	Case     string   `json:"case"`
	Office   string   `json:"office"`
	Template string   `json:"template"`
	Standing Standing `json:"standing,omitempty"`
	By       string   `json:"by,omitempty"` // number of the act that changed the standing
}

// announce adds the deliveries of a batch of the trail.
func (s *Service) announce(ctx context.Context, tx Tx, events []audit.Event, links []AuditLink, acts map[string]ActFact) error {
	hooks, err := tx.Webhooks(ctx)
	if err != nil {
		return err
	}
	hooks = slices.DeleteFunc(hooks, func(w Webhook) bool { return w.Disabled })
	var list []Message
	for i, e := range events {
		kind, told := eventTypes[e.Kind]
		a, ok := acts[e.Subject]
		if !told || !ok || len(hooks) == 0 {
			continue
		}
		body, err := messageOf(kind, e, a)
		if err != nil {
			return err
		}
		for _, w := range hooks {
			if links[i].Seq > w.Since && slices.Contains(w.Events, kind) && (w.Office == AnyOffice || w.Office == a.Office) {
				now := s.Now()
				list = append(list, Message{
					ID: s.NewID(), WebhookID: w.ID, Type: kind, Subject: a.Number, Body: body,
					CreatedAt: now, State: MessageWaiting, NextAt: now,
				})
			}
		}
	}
	return tx.InsertMessages(ctx, list)
}

func messageOf(kind EventType, e audit.Event, a ActFact) ([]byte, error) {
	m := messageBody{Type: kind, Timestamp: e.At.UTC(), Data: messageData{Number: a.Number, Case: a.Case, Office: a.Office, Template: a.Template}}
	switch kind {
	case EventArchived:
		m.Data.Standing = InForce
	case EventStanding:
		var detail struct {
			Standing Standing `json:"standing"`
			By       string   `json:"by"`
		}
		if err := json.Unmarshal(e.Detail, &detail); err != nil {
			return nil, fmt.Errorf("event %s: %w", e.ID, err)
		}
		m.Data.Standing, m.Data.By = detail.Standing, detail.By
	}
	return json.Marshal(m)
}
