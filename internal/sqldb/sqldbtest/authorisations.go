package sqldbtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docsvc/internal/document"
)

// newAuthorisation returns authorisation n of officer over these acts.
func newAuthorisation(n int, acts ...document.Act) document.Authorisation {
	a := document.Authorisation{
		ID: fmt.Sprintf("auth-%04d", n), Login: "officer", Nonce: "nonce", State: document.AuthorisationOpen,
		Begun: stored(noon.Add(time.Duration(n) * time.Second)), Expires: stored(noon.Add(time.Hour)), RequestID: "request",
	}
	for i, act := range acts {
		a.Items = append(a.Items, document.AuthorisedItem{ActID: act.ID, Round: i % 2, Digest: []byte{byte(i), byte(n)}})
	}
	return a
}

// used returns a as it is after its use.
func used(a document.Authorisation, token string) document.Authorisation {
	a.State, a.UsedAt, a.TokenID = document.AuthorisationUsed, stored(noon.Add(time.Minute)), token
	a.KeyID, a.Evidence, a.Way = "vault:officer:1", []byte("sealed"), document.ByPassphrase
	return a
}

func insertAuthorisation(ctx context.Context, a document.Authorisation) func(document.Tx) error {
	return func(tx document.Tx) error { return tx.InsertAuthorisation(ctx, a) }
}

func useAuthorisation(ctx context.Context, a document.Authorisation) func(document.Tx) error {
	return func(tx document.Tx) error { return tx.UseAuthorisation(ctx, a) }
}

func testAuthorisation(t *testing.T, s document.Store) {
	ctx := t.Context()
	acts := issue(t, s, 70) // more than one INSERT takes
	first, second := newAuthorisation(1, acts...), newAuthorisation(2, acts[:1]...)
	update(t, s, insertAuthorisation(ctx, second))
	update(t, s, insertAuthorisation(ctx, first))
	other := newAuthorisation(3, acts[0])
	other.Login = "head"
	update(t, s, insertAuthorisation(ctx, other))
	want := func(a document.Authorisation) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.Authorisation(ctx, a.ID)
			same(t, "authorisation", got, a)
			return err
		})
	}
	want(first)
	want(second)
	refuse(t, s, document.ErrExists, insertAuthorisation(ctx, first))
	refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
		_, err := tx.Authorisation(ctx, "none")
		return err
	})
	if err := s.Update(ctx, insertAuthorisation(ctx, newAuthorisation(5))); err == nil {
		t.Error("a consent to nothing was stored")
	}
	for limit, list := range map[int][]document.Authorisation{1: {second}, 10: {second, first}} {
		view(t, s, func(tx document.Tx) error {
			got, err := tx.AuthorisationsOf(ctx, "officer", limit)
			same(t, "authorisations", got, list)
			return err
		})
	}
	// A rebuild may store one that was used.
	old := used(newAuthorisation(6, acts[0]), "token-6")
	update(t, s, insertAuthorisation(ctx, old))
	want(old)
}

func testAuthorisationOnce(t *testing.T, s document.Store) {
	ctx := t.Context()
	act := issue(t, s, 1)[0]
	a, b := newAuthorisation(1, act), newAuthorisation(2, act)
	update(t, s, insertAuthorisation(ctx, a))
	update(t, s, insertAuthorisation(ctx, b))
	update(t, s, useAuthorisation(ctx, used(a, "token")))
	refuse(t, s, document.ErrStale, useAuthorisation(ctx, used(a, "another")))
	refuse(t, s, document.ErrExists, useAuthorisation(ctx, used(b, "token")))
	refuse(t, s, document.ErrStale, useAuthorisation(ctx, used(newAuthorisation(3, act), "another")))
	// An answer leaves the transaction usable.
	update(t, s, func(tx document.Tx) error {
		if err := tx.UseAuthorisation(ctx, used(b, "token")); !errors.Is(err, document.ErrExists) {
			t.Errorf("the same token again: %v", err)
		}
		return tx.UseAuthorisation(ctx, used(b, "its own"))
	})
	for _, want := range []document.Authorisation{used(a, "token"), used(b, "its own")} {
		view(t, s, func(tx document.Tx) error {
			got, err := tx.Authorisation(ctx, want.ID)
			same(t, "used authorisation", got, want)
			return err
		})
	}
	// A use without a token would leave nothing to tell it by.
	c := newAuthorisation(4, act)
	update(t, s, insertAuthorisation(ctx, c))
	if err := s.Update(ctx, useAuthorisation(ctx, used(c, ""))); err == nil {
		t.Error("used without a token")
	}
}

// testAuthorisationConcurrently: one token brings one use, and one authorisation
// is used once, whoever comes at the same time.
func testAuthorisationConcurrently(t *testing.T, s document.Store) {
	const rounds, callers = 10, 8
	ctx := t.Context()
	act := issue(t, s, 1)[0]
	race := func(what string, use func(round, caller int) document.Authorisation) {
		for round := range rounds {
			var won atomic.Int64
			var group sync.WaitGroup
			for caller := range callers {
				group.Go(func() {
					switch err := s.Update(ctx, useAuthorisation(ctx, use(round, caller))); {
					case err == nil:
						won.Add(1)
					case !errors.Is(err, document.ErrStale) && !errors.Is(err, document.ErrExists):
						t.Errorf("%s: %v", what, err)
					}
				})
			}
			group.Wait()
			if won.Load() != 1 {
				t.Errorf("%s: round %d had %d winners", what, round, won.Load())
			}
		}
	}
	update(t, s, func(tx document.Tx) error {
		for n := range rounds + rounds*callers {
			if err := tx.InsertAuthorisation(ctx, newAuthorisation(n, act)); err != nil {
				return err
			}
		}
		return nil
	})
	race("one authorisation", func(round, caller int) document.Authorisation {
		return used(newAuthorisation(round), fmt.Sprintf("own-%d-%d", round, caller))
	})
	race("one token", func(round, caller int) document.Authorisation {
		return used(newAuthorisation(rounds+callers*round+caller), fmt.Sprintf("shared-%d", round))
	})
}
