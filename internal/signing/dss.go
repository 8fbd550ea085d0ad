package signing

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"docsvc/internal/pdf"
)

// storeKind is one of the lists of a document security store.
type storeKind uint8

const (
	storedCerts storeKind = iota
	storedOCSPs
	storedCRLs
	storeKinds
)

var storeKeys = [storeKinds]pdf.Name{"Certs", "OCSPs", "CRLs"}

// maxStored bounds what one update adds, lists with it.
const maxStored = 64 << 20

// store is the document security store of a file (EN 319 142-1 § 5.4.2) and
// what is to be added to it. Nothing is ever taken out, no bytes are stored
// twice, and the entry VRI is not made: EN 319 142-1 § 6.3 v) advises against
// it, the document time-stamp does its work.
type store struct {
	doc   *pdf.Document
	dict  *pdf.Dict // as it stands; empty when the file has none
	lists [storeKinds]pdf.Array
	held  [storeKinds][]item // what the file has
	added [storeKinds][][]byte
	size  int // of added
	known [storeKinds]map[[sha256.Size]byte]bool
}

func openStore(doc *pdf.Document) (*store, error) {
	dict, held, err := readStore(doc)
	if err != nil {
		return nil, err
	}
	s := &store{doc: doc, dict: dict, held: held}
	if dict == nil {
		s.dict = pdf.NewDict(pdf.Entry{Key: "Type", Value: pdf.Name("DSS")})
	}
	for k, key := range storeKeys {
		if s.lists[k], err = doc.Array(s.dict.Get(key)); err != nil {
			return nil, fmt.Errorf("reading the DSS, %s: %w", key, err)
		}
		s.known[k] = map[[sha256.Size]byte]bool{}
		for _, i := range held[k] {
			s.known[k][sha256.Sum256(i.der)] = true
		}
	}
	return s, nil
}

// add takes DER in unless the store has it.
func (s *store) add(k storeKind, der []byte) error {
	sum := sha256.Sum256(der)
	if s.known[k][sum] {
		return nil
	}
	if len(s.held[k])+len(s.added[k]) >= maxEvidence {
		return fmt.Errorf("%w: more than %d streams in the DSS, %s", pdf.ErrLimit, maxEvidence, storeKeys[k])
	}
	if s.size += len(der); s.size > maxStored {
		return fmt.Errorf("%w: more than %d MB of validation data", pdf.ErrLimit, maxStored>>20)
	}
	s.known[k][sum] = true
	s.added[k] = append(s.added[k], der)
	return nil
}

func (s *store) grew() bool { return s.size > 0 }

// appendTo writes the update behind file, which must be the document's bytes.
// It changes the least: an array that has an object of its own is written
// again, else what holds it.
func (s *store) appendTo(file []byte) ([]byte, error) {
	u, err := pdf.NewUpdate(s.doc)
	if err != nil {
		return nil, err
	}
	u.Grow(s.size + 4<<10)
	dict, changed := s.dict.Clone(), false
	for k, key := range storeKeys {
		if len(s.added[k]) == 0 {
			continue
		}
		list := slices.Clone(s.lists[k])
		for _, der := range s.added[k] {
			r := u.New()
			u.Put(r, &pdf.Stream{Dict: &pdf.Dict{}, Raw: der})
			list = append(list, r)
		}
		if r, ok := dict.Get(key).(pdf.Ref); ok {
			u.Put(r, list)
			continue
		}
		dict.Set(key, list)
		changed = true
	}
	if changed {
		if err := s.put(u, dict); err != nil {
			return nil, err
		}
	}
	return u.AppendTo(file), nil
}

// put writes the dictionary where it stands, or hangs it into the catalog.
func (s *store) put(u *pdf.Update, dict *pdf.Dict) error {
	catalog, err := s.doc.Catalog()
	if err != nil {
		return err
	}
	var entry pdf.Object = dict
	switch old := catalog.Get("DSS").(type) {
	case pdf.Ref:
		u.Put(old, dict)
		return nil
	case nil:
		r := u.New()
		u.Put(r, dict)
		entry = r
	}
	catalog = catalog.Clone()
	catalog.Set("DSS", entry)
	declareExtension(catalog)
	u.Put(s.doc.Root(), catalog)
	return nil
}

// declareExtension says that the file uses what ETSI added to ISO 32000-1 (§
// 7.12): the DSS and document time-stamps. Extensions that stand in an object
// of their own stay as they are: that object could not change under an earlier
// signature.
func declareExtension(catalog *pdf.Dict) {
	extensions, ok := catalog.Get("Extensions").(*pdf.Dict)
	if !ok && catalog.Get("Extensions") != nil || extensions.Get("ESIC") != nil {
		return
	}
	if !ok {
		extensions = &pdf.Dict{}
	}
	extensions = extensions.Clone()
	extensions.Set("ESIC", pdf.NewDict(
		pdf.Entry{Key: "BaseVersion", Value: pdf.Name("1.7")},
		pdf.Entry{Key: "ExtensionLevel", Value: int64(5)},
	))
	catalog.Set("Extensions", extensions)
}
