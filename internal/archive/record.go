package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
)

// Receipt is what the register keeps of a record that was written.
type Receipt struct {
	Renditions     []Object
	Manifest       Object
	ManifestSHA256 Digest // the record's leaf in the ledger
}

// WriteRecord puts the files and then the manifest that commits them, reading
// each back and comparing. files[i] is m.Renditions[i]. It may be repeated
// after any error but ErrInvalid and ErrConflict, with the same arguments: what
// was already there is then confirmed.
func WriteRecord(ctx context.Context, s Store, m Manifest, files [][]byte) (Receipt, error) {
	if len(files) != len(m.Renditions) {
		return Receipt{}, fmt.Errorf("%w: record %s has %d files for %d renditions", ErrInvalid, m.Number, len(files), len(m.Renditions))
	}
	if err := m.check(); err != nil { // before anything is written
		return Receipt{}, err
	}
	record := m.Record()
	var receipt Receipt
	m.Renditions = append([]Rendition(nil), m.Renditions...)
	for i := range m.Renditions {
		object, err := WriteRendition(ctx, s, record, m.Renditions[i], files[i], m.RetainUntil)
		if err != nil {
			return Receipt{}, err
		}
		m.Renditions[i].VersionID = object.VersionID
		receipt.Renditions = append(receipt.Renditions, object)
	}
	data, err := EncodeManifest(m)
	if err != nil {
		return Receipt{}, err
	}
	key, err := record.ManifestKey()
	if err != nil {
		return Receipt{}, err
	}
	receipt.Manifest, err = putAndCompare(ctx, s, key, data, PutOptions{RetainUntil: m.RetainUntil, ContentType: jsonType})
	receipt.ManifestSHA256 = sha256.Sum256(data)
	return receipt, err
}

// WriteRendition puts one file of a record and reads it back. By itself it
// commits nothing: a manifest or a renewal event must follow.
func WriteRendition(ctx context.Context, s Store, record Record, r Rendition, file []byte, retainUntil time.Time) (Object, error) {
	if Digest(sha256.Sum256(file)) != r.SHA256 || int64(len(file)) != r.Size {
		return Object{}, fmt.Errorf("%w: rendition %d of %s is not the file its manifest describes", ErrInvalid, r.Sequence, record.Number)
	}
	key, err := record.RenditionKey(r.Sequence)
	if err != nil {
		return Object{}, err
	}
	return putAndCompare(ctx, s, key, file, PutOptions{RetainUntil: retainUntil, ContentType: r.MediaType})
}

// WriteEvent puts an event and reads it back. The change it tells of may be
// reported as done once WriteEvent has returned without error.
func WriteEvent(ctx context.Context, s Store, e Event, retainUntil time.Time) (Object, error) {
	data, err := EncodeEvent(e)
	if err != nil {
		return Object{}, err
	}
	key, err := e.Key()
	if err != nil {
		return Object{}, err
	}
	return putAndCompare(ctx, s, key, data, PutOptions{RetainUntil: retainUntil, ContentType: jsonType})
}

func putAndCompare(ctx context.Context, s Store, key string, data []byte, o PutOptions) (Object, error) {
	put, err := s.Put(ctx, key, data, o)
	if err != nil {
		return Object{}, fmt.Errorf("archiving %s: %w", key, err)
	}
	if put.ReadBack { // not twice: of an object store it is a third of the work
		return put, nil
	}
	got, seen, err := s.Get(ctx, key)
	if err != nil {
		return Object{}, fmt.Errorf("reading back %s: %w", key, err)
	}
	if !bytes.Equal(got, data) || seen.VersionID != put.VersionID {
		return Object{}, fmt.Errorf("%w: reading back %s gave other content than was put", ErrDamaged, key)
	}
	return put, nil
}

// ReadManifest returns the manifest of a record; ErrNotFound when the record
// was never committed.
func ReadManifest(ctx context.Context, s Store, record Record) (Manifest, error) {
	key, err := record.ManifestKey()
	if err != nil {
		return Manifest{}, err
	}
	return readManifest(ctx, s, key)
}

func readManifest(ctx context.Context, s Store, key string) (Manifest, error) {
	data, _, err := s.Get(ctx, key)
	if err != nil {
		return Manifest{}, fmt.Errorf("reading %s: %w", key, err)
	}
	m, err := DecodeManifest(data)
	if err != nil {
		return Manifest{}, fmt.Errorf("%w: %s: %w", ErrDamaged, key, err)
	}
	if own, err := m.Record().ManifestKey(); err != nil || own != key {
		return Manifest{}, fmt.Errorf("%w: %s is the manifest of %s", ErrDamaged, key, own)
	}
	return m, nil
}

// ReadRendition returns a file of a record after comparing it with the hash its
// manifest or renewal gives.
func ReadRendition(ctx context.Context, s Store, record Record, r Rendition) ([]byte, error) {
	key, err := record.RenditionKey(r.Sequence)
	if err != nil {
		return nil, err
	}
	data, _, err := s.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", key, err)
	}
	if Digest(sha256.Sum256(data)) != r.SHA256 {
		return nil, fmt.Errorf("%w: %s is not the file its manifest describes", ErrDamaged, key)
	}
	return data, nil
}

// Records yields the manifests of all committed records in the order of their
// keys. A manifest that is damaged is yielded as its error, after which the
// walk goes on; it stops after any other error.
func Records(ctx context.Context, s Store) iter.Seq2[Manifest, error] {
	return walk(ctx, s, actsPrefix, "/"+manifestName, readManifest)
}

// Events yields the events of a kind in the order of their ids, with errors as
// Records has them.
func Events(ctx context.Context, s Store, kind Kind) iter.Seq2[Event, error] {
	return walk(ctx, s, eventsPrefix+string(kind)+"/", ".json", readEvent)
}

// ReadEvent returns one event; ErrNotFound when there is none of that kind and
// id.
func ReadEvent(ctx context.Context, s Store, kind Kind, id string) (Event, error) {
	key, err := (&Event{Kind: kind, ID: id}).Key()
	if err != nil {
		return Event{}, err
	}
	return readEvent(ctx, s, key)
}

func readEvent(ctx context.Context, s Store, key string) (Event, error) {
	data, _, err := s.Get(ctx, key)
	if err != nil {
		return Event{}, fmt.Errorf("reading %s: %w", key, err)
	}
	e, err := DecodeEvent(data)
	if err != nil {
		return Event{}, fmt.Errorf("%w: %s: %w", ErrDamaged, key, err)
	}
	if own, err := e.Key(); err != nil || own != key {
		return Event{}, fmt.Errorf("%w: %s is the event %s", ErrDamaged, key, own)
	}
	return e, nil
}

func walk[T any](ctx context.Context, s Store, prefix, suffix string,
	read func(context.Context, Store, string) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for object, err := range s.List(ctx, prefix) {
			var v T
			if err == nil && !strings.HasSuffix(object.Key, suffix) {
				continue
			}
			if err == nil {
				v, err = read(ctx, s, object.Key)
			}
			if !yield(v, err) || err != nil && !errors.Is(err, ErrDamaged) {
				return
			}
		}
	}
}
