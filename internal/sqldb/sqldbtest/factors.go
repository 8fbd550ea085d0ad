package sqldbtest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"docsvc/internal/document"
)

func testFactors(t *testing.T, s document.Store) {
	ctx := t.Context()
	password := document.Factor{
		Login: "a", Kind: document.FactorPassword, Secret: []byte("$argon2id$"), CreatedAt: stored(noon),
	}
	first := document.Factor{
		Login: "a", Kind: document.FactorPasskey, ID: "k1", Name: "Telefon", Secret: []byte(`{}`), Counter: 7,
		CreatedAt: stored(noon), UsedAt: stored(noon.Add(time.Hour)),
	}
	second := first
	second.ID, second.Name = "k2", "Açar"
	put := func(f document.Factor) func(document.Tx) error {
		return func(tx document.Tx) error { return tx.PutFactor(ctx, f) }
	}
	want := func(login string, list ...document.Factor) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.Factors(ctx, login)
			same(t, "factors of "+login, got, list)
			return err
		})
	}
	for _, f := range []document.Factor{second, password, first} {
		update(t, s, put(f))
	}
	want("a", first, second, password)
	want("b")
	view(t, s, func(tx document.Tx) error {
		got, err := tx.PasskeyByID(ctx, "k2")
		same(t, "passkey", got, second)
		return err
	})
	for _, id := range []string{"", "k3"} { // the password has the empty id
		refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
			_, err := tx.PasskeyByID(ctx, id)
			return err
		})
	}
	stolen := first
	stolen.Login = "b"
	refuse(t, s, document.ErrExists, put(stolen))
	password.Secret, password.CreatedAt = []byte("$other$"), stored(noon.Add(time.Minute))
	update(t, s, put(password))
	want("a", first, second, password)

	drop := func(login string, kind document.FactorKind, id string) func(document.Tx) error {
		return func(tx document.Tx) error { return tx.DeleteFactor(ctx, login, kind, id) }
	}
	refuse(t, s, document.ErrNotFound, drop("b", document.FactorPasskey, "k1"))
	refuse(t, s, document.ErrNotFound, drop("a", document.FactorRecovery, "k1"))
	update(t, s, drop("a", document.FactorPasskey, "k1"))
	refuse(t, s, document.ErrNotFound, drop("a", document.FactorPasskey, "k1"))
	want("a", second, password)
	bad := password
	bad.Kind = "retina"
	if err := s.Update(ctx, put(bad)); err == nil {
		t.Error("a kind of factor that there is not was stored")
	}
}

// testFactorOnce: of many that use the same step of a one-time code, or the same
// recovery code, one does.
func testFactorOnce(t *testing.T, s document.Store) {
	const rounds, callers = 10, 8
	ctx := t.Context()
	totp := document.Factor{Login: "a", Kind: document.FactorTOTP, Secret: []byte("sealed"), CreatedAt: stored(noon)}
	update(t, s, func(tx document.Tx) error { return tx.PutFactor(ctx, totp) })
	for round := range rounds {
		code := document.Factor{Login: "a", Kind: document.FactorRecovery, ID: fmt.Sprint(round), CreatedAt: stored(noon)}
		update(t, s, func(tx document.Tx) error { return tx.PutFactor(ctx, code) })
		next := totp
		next.Counter, next.UsedAt = totp.Counter+1, stored(noon.Add(time.Duration(round)*time.Minute))
		for name, c := range map[string]struct {
			use  func(tx document.Tx) error
			lost error
		}{
			"one-time code": {func(tx document.Tx) error { return tx.SwapFactor(ctx, totp, next) }, document.ErrStale},
			"recovery code": {func(tx document.Tx) error { return tx.DeleteFactor(ctx, "a", document.FactorRecovery, code.ID) }, document.ErrNotFound},
		} {
			var won atomic.Int64
			var group sync.WaitGroup
			for range callers {
				group.Go(func() {
					if err := s.Update(ctx, c.use); err == nil {
						won.Add(1)
					} else if !errors.Is(err, c.lost) {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
			group.Wait()
			if won.Load() != 1 {
				t.Errorf("%s: round %d had %d winners", name, round, won.Load())
			}
		}
		totp = next
	}
	view(t, s, func(tx document.Tx) error {
		got, err := tx.Factors(ctx, "a")
		same(t, "factors", got, []document.Factor{totp})
		return err
	})
	changed := totp
	changed.Secret = []byte("another")
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.SwapFactor(ctx, changed, totp) })
}

func testSignIns(t *testing.T, s document.Store) {
	ctx := t.Context()
	var all []document.SignIn
	for n := range 5 {
		i := document.SignIn{ID: fmt.Sprintf("s%d", n), Login: "a", At: stored(noon.Add(time.Duration(n/2) * time.Hour)), Way: "password"}
		if n == 3 {
			i.Refused = "error.login.wrong"
		}
		all = append([]document.SignIn{i}, all...)
		update(t, s, func(tx document.Tx) error { return tx.InsertSignIn(ctx, i) })
	}
	other := document.SignIn{ID: "s9", Login: "b", At: stored(noon), Way: "high"}
	update(t, s, func(tx document.Tx) error { return tx.InsertSignIn(ctx, other) })
	for limit, want := range map[int][]document.SignIn{3: all[:3], 10: all} {
		view(t, s, func(tx document.Tx) error {
			got, err := tx.SignIns(ctx, "a", limit)
			same(t, "logins", got, want)
			return err
		})
	}
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertSignIn(ctx, other) })
}
