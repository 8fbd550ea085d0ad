package revocation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// entry stands beside a cached list. The list is believed for its signature,
// whoever wrote it; the entry only saves asking again.
type entry struct {
	URL      string    `json:"url"`
	SHA256   string    `json:"sha256"` // of the list
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"last_modified,omitempty"`
	Checked  time.Time `json:"checked"`
}

const maxEntry = 8 << 10

func (s *Source) path(url, suffix string) string {
	return filepath.Join(s.c.CacheDir, fileName(url)+suffix)
}

// load reads what an earlier run, or another process, kept of an address.
// Whatever is wrong with it only means that the list must be fetched.
func (s *Source) load(f *feed) {
	if s.c.CacheDir == "" {
		return
	}
	der, err := readFile(s.path(f.url, ".crl"), s.c.MaxSize)
	if err != nil {
		return
	}
	s.mu.RLock()
	issuers := s.issuers
	s.mu.RUnlock()
	l, err := s.parse(der, issuers)
	if err != nil {
		return
	}
	now := s.c.Now()
	e := s.entry(f.url, der)
	if e.Checked.After(now) {
		e.Checked = time.Time{}
	}
	kept, _, err := s.keep(l, e.Checked)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f.list, f.etag, f.modified, f.checked = kept, e.ETag, e.Modified, e.Checked
	if !e.Checked.IsZero() {
		f.due = s.next(f, e.Checked)
	}
}

// entry reads the entry of a list; the zero value when it is not about it.
func (s *Source) entry(url string, der []byte) entry {
	b, err := readFile(s.path(url, ".json"), maxEntry)
	if err != nil {
		return entry{}
	}
	var e entry
	if json.Unmarshal(b, &e) != nil || e.URL != url || e.SHA256 != digest(der) {
		return entry{}
	}
	e.ETag, e.Modified = validator(e.ETag), validator(e.Modified)
	return e
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// save keeps a feed's list for the next run. A cache that cannot be written is
// worth a warning, no more.
func (s *Source) save(ctx context.Context, f *feed, list bool) {
	s.mu.RLock()
	l, e := f.list, entry{URL: f.url, ETag: f.etag, Modified: f.modified, Checked: f.checked}
	s.mu.RUnlock()
	if s.c.CacheDir == "" || l == nil {
		return
	}
	var err error
	if _, missing := os.Stat(s.path(f.url, ".crl")); list || missing != nil {
		err = writeFile(s.path(f.url, ".crl"), l.Raw)
	}
	if err == nil {
		e.SHA256 = digest(l.Raw)
		var b []byte
		if b, err = json.Marshal(e); err == nil {
			err = writeFile(s.path(f.url, ".json"), b)
		}
	}
	if err != nil {
		s.c.Log.LogAttrs(ctx, slog.LevelWarn, "revocation list not cached", slog.String("url", f.url), slog.Any("error", err))
	}
}

func readFile(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read from
	b, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s is longer than %d bytes", path, limit)
	}
	return b, err
}

// writeFile replaces a file as a whole.
func writeFile(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone already after the rename
	_, err = tmp.Write(b)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
