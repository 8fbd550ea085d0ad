package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"docsvc/internal/archive"
	"docsvc/internal/audit"
)

// MaxProof is the largest file that proves the service of an act, in bytes.
const MaxProof = 5 << 20

// maxProofName is the longest name of such a file in characters.
const maxProofName = 100

// Delivery says that an archived act was served on somebody: on which day, how,
// and what proves it. A mistake in one is mended by another that names it.
type Delivery struct {
	ID         string     `json:"id"` // UUIDv7
	ActID      string     `json:"act_id"`
	Act        string     `json:"act,omitempty"` // its number
	Party      string     `json:"party"`         // creditor, debtor or other
	Recipient  string     `json:"recipient"`     // who took it
	Way        string     `json:"way"`           // one of Rules.DeliveryWays
	On         Date       `json:"on"`
	Proof      string     `json:"proof"` // such as the number of the postal receipt
	File       *ProofFile `json:"file,omitempty"`
	Corrects   string     `json:"corrects,omitempty"` // id of the one that this one replaces
	RecordedBy string     `json:"recorded_by"`
	RecordedAt time.Time  `json:"recorded_at"`
}

// ProofFile is a file that proves a delivery. Content is in the archive's event
// only.
type ProofFile struct {
	Name    string `json:"name"`
	Type    string `json:"type"` // media type
	Size    int64  `json:"size"`
	SHA256  []byte `json:"sha256"`
	Content []byte `json:"content,omitempty"`
}

// DeliveryTx keeps deliveries. Nothing changes or removes one.
type DeliveryTx interface {
	// InsertDelivery answers ErrExists when the one that it corrects was
	// corrected already.
	InsertDelivery(ctx context.Context, d Delivery) error
	// Deliveries lists those of an act by ID, which is their order in time.
	Deliveries(ctx context.Context, actID string) ([]Delivery, error)
}

// DefaultDeliveryWays are the ways that package i18n has words for.
func DefaultDeliveryWays() []string {
	return []string{"in_person", "post", "courier", "e_cabinet", "e_mail", "sms"}
}

// Parties on whom an act is served.
const (
	PartyCreditor = "creditor"
	PartyDebtor   = "debtor"
	PartyOther    = "other"
)

// Deliver records that an act was served. d has Party, Recipient, Way, On,
// Proof and, where it replaces another one, Corrects; file is the content of
// the file that proves it, called name, if there is one. It returns when the
// record is in the archive.
func (s *Service) Deliver(ctx context.Context, actor Actor, number string, d Delivery, name string, file []byte) (Delivery, error) {
	a, err := s.Act(ctx, number)
	if err != nil {
		return d, err
	}
	if err := s.MayBeDelivered(a, actor); err != nil {
		return d, err
	}
	d.ID, d.ActID, d.Act = s.NewID(), a.ID, a.Number
	d.RecordedBy, d.RecordedAt = actor.Login, s.Now().Truncate(time.Microsecond)
	if err := s.checkDelivery(a, &d); err != nil {
		return d, err
	}
	if d.File, err = checkProof(name, file); err != nil {
		return d, err
	}
	item, err := s.eventAs(d.ID, archive.KindDelivery, a.Number, d)
	if err != nil {
		return d, err
	}
	detail := map[string]string{"way": d.Way, "to": d.Party, "from": string(d.On)}
	if d.File != nil {
		d.File.Content = nil
		detail["sha256"] = fmt.Sprintf("%x", d.File.SHA256)
	}
	err = s.Store.Update(ctx, func(tx Tx) error {
		if err := mayCorrect(ctx, tx, d); err != nil {
			return err
		}
		if err := tx.InsertDelivery(ctx, d); err != nil {
			return existsAs(err, "error.delivery.corrected")
		}
		if err := s.decided(ctx, tx, item, a.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, actor, audit.ActDelivered, a.Number, detail)
	})
	if err != nil {
		return d, fmt.Errorf("record the service of act %s: %w", number, err)
	}
	return d, s.deliver(ctx, item)
}

// MayBeDelivered says whether actor may record that a was served.
func (s *Service) MayBeDelivered(a Act, actor Actor) error {
	if err := actor.May(ActServe, a.Office); err != nil {
		return err
	}
	if a.State != Archived {
		return newError(Conflict, "error.delivery.state", nil, "number", a.Number, "state", string(a.State))
	}
	return nil
}

// checkDelivery trims the texts of d and reports the first fault.
func (s *Service) checkDelivery(a Act, d *Delivery) error {
	today := s.Today()
	if _, err := ParseDate(string(d.On)); err != nil || d.On < a.Date || d.On > today {
		return newError(Invalid, "error.delivery.date", err, "date", string(a.Date), "today", string(today))
	}
	if !slices.Contains([]string{PartyCreditor, PartyDebtor, PartyOther}, d.Party) {
		return newError(Invalid, "error.delivery.party", nil)
	}
	if !slices.Contains(s.Rules.DeliveryWays, d.Way) {
		return newError(Invalid, "error.delivery.way", nil, "way", fmt.Sprintf("%.50s", d.Way))
	}
	var err error
	if d.Recipient, err = checkReason(d.Recipient); err != nil {
		return newError(Invalid, "error.delivery.recipient", err, "max", fmt.Sprint(maxReason))
	}
	if d.Proof, err = checkReason(d.Proof); err != nil {
		return newError(Invalid, "error.delivery.proof", err, "max", fmt.Sprint(maxReason))
	}
	return nil
}

// mayCorrect checks that what d replaces is of the same act.
func mayCorrect(ctx context.Context, tx Tx, d Delivery) error {
	if d.Corrects == "" {
		return nil
	}
	list, err := tx.Deliveries(ctx, d.ActID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(o Delivery) bool { return o.ID == d.Corrects }) {
		return newError(NotFound, "error.delivery.unknown", nil)
	}
	return nil
}

// proofTypes are the kinds of file that prove a delivery, by their first bytes.
var proofTypes = []struct{ kind, begins string }{
	{"application/pdf", "%PDF-"}, {"image/png", "\x89PNG\r\n\x1a\n"}, {"image/jpeg", "\xff\xd8\xff"},
}

// checkProof describes a file; nil if there is none. What it is, its content
// says, and not its name.
func checkProof(name string, file []byte) (*ProofFile, error) {
	if len(file) == 0 {
		return nil, nil
	}
	if len(file) > MaxProof {
		return nil, newError(Invalid, "error.delivery.file_size", nil, "max", fmt.Sprint(MaxProof>>20))
	}
	for _, t := range proofTypes {
		if bytes.HasPrefix(file, []byte(t.begins)) {
			sum := sha256.Sum256(file)
			return &ProofFile{Name: proofName(name), Type: t.kind, Size: int64(len(file)), SHA256: sum[:], Content: file}, nil
		}
	}
	return nil, newError(Invalid, "error.delivery.file_type", nil)
}

// proofName makes of what a browser calls a file a name to show.
func proofName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, name)
	if runes := []rune(name); len(runes) > maxProofName {
		name = string(runes[len(runes)-maxProofName:])
	}
	return name
}

// Deliveries lists how an act was served. One that another corrects is there
// too: see [Delivery.Corrects].
func (s *Service) Deliveries(ctx context.Context, a Act) ([]Delivery, error) {
	var list []Delivery
	err := s.Store.View(ctx, func(tx Tx) (err error) {
		list, err = tx.Deliveries(ctx, a.ID)
		return err
	})
	return list, err
}

// DeliveryProof reads the file that proves a delivery of an act from the
// archive.
func (s *Service) DeliveryProof(ctx context.Context, a Act, id string) (*ProofFile, error) {
	list, err := s.Deliveries(ctx, a)
	if err != nil {
		return nil, err
	}
	place := slices.IndexFunc(list, func(d Delivery) bool { return d.ID == id })
	if place < 0 || list[place].File == nil {
		return nil, newError(NotFound, "error.delivery.unknown", nil)
	}
	e, err := archive.ReadEvent(ctx, s.Archive, archive.KindDelivery, id)
	if errors.Is(err, archive.ErrNotFound) { // it is in the outbox still
		return nil, newError(Unavailable, "error.archive.unavailable", err)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	var d Delivery
	if err := json.Unmarshal(e.Body, &d); err != nil {
		return nil, fmt.Errorf("event of delivery %s: %w", id, err)
	}
	want := list[place].File
	if d.File == nil {
		return nil, fmt.Errorf("event of delivery %s has no file", id)
	}
	if sum := sha256.Sum256(d.File.Content); !bytes.Equal(sum[:], want.SHA256) {
		return nil, fmt.Errorf("file of delivery %s is not the one that was recorded", id)
	}
	return d.File, nil
}
