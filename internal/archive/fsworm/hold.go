package fsworm

import (
	"context"
	"fmt"
	"time"

	"docsvc/internal/archive"
)

// Hold implements archive.Holder. A directory records retention and cannot
// enforce it; a hold that holds nothing would be a false comfort.
func (s *Store) Hold(context.Context, string, bool) error { return unsupported("a legal hold") }

// Held implements archive.Holder.
func (s *Store) Held(context.Context, string) (bool, error) {
	return false, unsupported("a legal hold")
}

// Extend implements archive.Holder. What was put is never changed, its
// attribute included; an event tells of a longer retention.
func (s *Store) Extend(context.Context, string, time.Time) error {
	return unsupported("another retention")
}

func unsupported(what string) error {
	return fmt.Errorf("%w: %s needs an object store with Object Lock, not a directory", archive.ErrUnsupported, what)
}
