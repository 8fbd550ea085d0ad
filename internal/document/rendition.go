package document

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"docsvc/internal/archive"
	"docsvc/internal/signing"
)

// Rendition is one file of an archived record. The first is the file as it was
// signed; each further one begins with the one before and adds what proves it
// longer. None is ever changed.
type Rendition struct {
	ActID     string
	Sequence  int // from 1: 0001.pdf
	SHA256    []byte
	Size      int64 // 0: archived before sizes were kept
	Path      string
	Level     string    // of its signatures
	CreatedAt time.Time // by the archive
	RenewBy   time.Time // as known when it was made; zero if it was not
}

// firstRendition is the file of an act that has just been archived.
func firstRendition(a Act, size int64) Rendition {
	return Rendition{
		ActID: a.ID, Sequence: 1, SHA256: a.SHA256, Size: size, Path: a.Path, Level: a.Level,
		CreatedAt: a.ArchivedAt, RenewBy: a.RenewBy,
	}
}

// Renewed is the body of the archive event of a further rendition. The event's
// id is RenewalID, so that the archive takes one of each number.
type Renewed struct {
	Act      string         `json:"act"`
	Sequence int            `json:"sequence"`
	SHA256   archive.Digest `json:"sha256"`
	Size     int64          `json:"size"`
	Path     string         `json:"path"`
	Level    string         `json:"level"`
	RenewBy  time.Time      `json:"renew_by"`
	At       time.Time      `json:"at"` // when the archive had it
	By       string         `json:"by"`
}

// Rendition is the rendition that the event tells of.
func (r Renewed) Rendition(actID string) Rendition {
	return Rendition{
		ActID: actID, Sequence: r.Sequence, SHA256: r.SHA256[:], Size: r.Size, Path: r.Path,
		Level: r.Level, CreatedAt: r.At, RenewBy: r.RenewBy,
	}
}

// Renewable says whether the act's file has, or can be given, a time-stamp that
// must be renewed. A file without any time-stamp proves nothing that a later
// one could keep.
func (a Act) Renewable() bool {
	return a.State == Archived && signing.Level(a.Level).AtLeast(signing.LevelBT)
}

// renewalSpread is the time over which the renewals are spread that one
// certificate of a time-stamping authority makes necessary. A million acts are
// then six renewals a minute.
const renewalSpread = 120 * 24 * time.Hour

// RenewalTime is RenewBy less the act's own share of the spread, and the zero
// time where RenewBy is not known: such an act is to be looked at. The act is
// due [Rules.RenewBefore] before that.
func (a Act) RenewalTime() time.Time {
	if a.RenewBy.IsZero() {
		return time.Time{}
	}
	sum := sha256.Sum256([]byte(a.ID))
	share := time.Duration(binary.BigEndian.Uint32(sum[:])) * (renewalSpread >> 32)
	return a.RenewBy.Add(-share).Truncate(time.Microsecond)
}

// RenewalCursor is a place in the list of acts to renew: that of the act with
// this RenewalTime and id.
type RenewalCursor struct {
	At    time.Time
	ActID string
}
