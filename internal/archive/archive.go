// Package archive defines the archive of signed acts: the contract every
// store keeps, the names of its objects, and the format of what is in them.
//
// A record is the archived form of one act: numbered renditions (0001.pdf,
// 0002.pdf after a renewal of its timestamps) and a manifest, written last,
// which commits the record. An event is everything that happens outside or
// after a record: a case registered, a number voided, an act annulled, a block
// of numbers taken, a checkpoint signed. Both are created once and never
// changed; together they are enough to rebuild the register.
//
// Manifests and events are RFC 8785 canonical JSON. Their decoders accept
// exactly the bytes their encoders write, so a hash over stored bytes is a hash
// over the content.
package archive

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"time"
)

// The errors of a Store. Anything else a Store returns is a mistake in it.
var (
	// ErrNotFound: the store is certain that it has no such object.
	ErrNotFound = errors.New("not in the archive")
	// ErrConflict: the key holds other bytes. Nothing was written; this is an
	// alarm, since a key is only ever written with one content.
	ErrConflict = errors.New("archive holds other content under this key")
	// ErrUnavailable: it cannot be known or done now (full disk, no network).
	// After a Put the object may or may not be there; putting again settles it.
	ErrUnavailable = errors.New("archive unavailable")
	// ErrDamaged: the stored bytes are not those that were put.
	ErrDamaged = errors.New("archived content is damaged")
	// ErrInvalid: the key, the manifest, the event or the object breaks the
	// rules of this package. Trying again will not help.
	ErrInvalid = errors.New("invalid for the archive")
	// ErrUnlocked: the store has the object but does not retain it as it was
	// told to. An alarm: the object is readable, and anyone may destroy it.
	ErrUnlocked = errors.New("archived without the retention asked for")
	// ErrUnsupported: this kind of store cannot do that at all.
	ErrUnsupported = errors.New("not supported by this archive")
)

// MaxObject is the largest object in bytes that may be put.
const MaxObject = 64 << 20

// Store keeps objects that are created once and never changed.
//
// All methods may be called at once by many goroutines and many processes.
// None tries again by itself; the worker that called does, on ErrUnavailable.
// Keys are those that CheckKey accepts, others are ErrInvalid.
//
// A store with versions, such as an object store, lets whoever has the rights
// write over an object or mark it as deleted although it is retained. What was
// put first stays the object: it is what Get, Stat and List give, with Shadowed
// set.
type Store interface {
	// Put creates the object. On return without error the object, its
	// retention and its name are durable. If the key already holds the same
	// bytes, Put makes sure that they are durable and succeeds with Existed set
	// and the version and retention of the first put; if it holds other bytes,
	// ErrConflict. A store that enforces retention refuses one that is over
	// (ErrInvalid) and answers ErrUnlocked when the object is not under it. Put
	// keeps no reference to data.
	Put(ctx context.Context, key string, data []byte, o PutOptions) (Object, error)

	// Get returns the bytes and what is known of them. It has compared them
	// with the hash recorded at Put: ErrDamaged otherwise. ErrNotFound only
	// when that is certain.
	Get(ctx context.Context, key string) ([]byte, Object, error)

	// Stat is Get without the bytes: SHA256 is as recorded and proves nothing
	// about the bytes of today.
	Stat(ctx context.Context, key string) (Object, error)

	// List yields the objects below prefix (see CheckPrefix) in byte order of
	// their keys. Only Key and Size are certain to be filled in. Objects put
	// while it runs may or may not appear. After an error it stops.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]
}

// Holder keeps objects beyond the retention they were put with. Its methods act
// on the object that Get gives, may be called at once and repeated, and are
// durable on return. A store that only records retention answers
// ErrUnsupported; ErrNotFound and ErrUnavailable are as in Store.
type Holder interface {
	// Hold places a legal hold on the object, or lifts it: while it lasts the
	// object cannot be destroyed, whatever its retention.
	Hold(ctx context.Context, key string, on bool) error

	// Held reports whether a legal hold is on the object.
	Held(ctx context.Context, key string) (bool, error)

	// Extend makes until the object's retention. Retention never shrinks: an
	// earlier time than the present one is ErrInvalid, the same is success.
	Extend(ctx context.Context, key string, until time.Time) error
}

// PutOptions is what is fixed about an object besides its bytes.
type PutOptions struct {
	// RetainUntil is when the object may be destroyed at the earliest, to the
	// second; it must be set. It is decided once for an act and given again
	// unchanged when a put is repeated.
	RetainUntil time.Time
	// ContentType is a media type, for stores that serve objects.
	ContentType string
}

// Object describes a stored object.
type Object struct {
	Key         string
	VersionID   string // the store's name for this one incarnation of the key
	Size        int64  // bytes
	SHA256      Digest // recorded at Put
	RetainUntil time.Time
	Created     time.Time
	Existed     bool // set by Put: the same bytes were there before
	// ReadBack is set by a Put that has itself read the object back from where
	// Get reads it, and compared bytes and retention.
	ReadBack bool
	// Shadowed is an alarm: someone has put a newer version or a mark of
	// deletion over the object. Other tools see that instead; this is still
	// what was put first.
	Shadowed bool
}

// Digest is a SHA-256 hash; its text form is lower-case hexadecimal.
type Digest [32]byte

// IsZero reports whether the digest was never set.
func (d Digest) IsZero() bool { return d == Digest{} }

func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText accepts 64 hexadecimal digits.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(d)) {
		return fmt.Errorf("%w: a SHA-256 hash has %d hexadecimal digits, not %d characters",
			ErrInvalid, hex.EncodedLen(len(d)), len(text))
	}
	if _, err := hex.Decode(d[:], text); err != nil {
		return fmt.Errorf("%w: SHA-256 hash: %w", ErrInvalid, err)
	}
	return nil
}

// CheckPut reports what a Store must refuse before it writes anything.
func CheckPut(key string, data []byte, o PutOptions) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if len(data) == 0 || len(data) > MaxObject {
		return fmt.Errorf("%w: object %s has %d bytes, allowed are 1 to %d", ErrInvalid, key, len(data), MaxObject)
	}
	if o.RetainUntil.IsZero() {
		return fmt.Errorf("%w: object %s has no retention", ErrInvalid, key)
	}
	return nil
}
