package sqldbtest

import (
	"testing"
	"time"

	"docsvc/internal/document"
)

func testAccount(t *testing.T, s document.Store) {
	ctx := t.Context()
	a := document.Account{
		Login: "a.əliyev", Name: "Əliyev Əli Vəli oğlu", Post: "icra məmuru", Office: "011",
		Profile: document.ProfileState, TaxID: "1234567890",
		Grants:      []document.Grant{{Role: document.RoleOfficer, Office: "011"}, {Role: document.RoleHead, Office: "*"}},
		Certificate: [][]byte{{0x30, 0}, {0x30, 1}}, KeyID: "file:1",
		CreatedAt: stored(noon), Disabled: true,
	}
	b := document.Account{Login: "b"}
	get := func(login string) (got document.Account) {
		view(t, s, func(tx document.Tx) (err error) {
			got, err = tx.AccountByLogin(ctx, login)
			return err
		})
		return got
	}
	refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
		_, err := tx.AccountByLogin(ctx, a.Login)
		return err
	})
	for _, put := range []document.Account{b, a} {
		update(t, s, func(tx document.Tx) error { return tx.PutAccount(ctx, put) })
		same(t, "account", get(put.Login), put)
	}
	a.Disabled, a.Grants, a.Certificate, a.Profile = false, nil, nil, document.ProfilePrivate
	update(t, s, func(tx document.Tx) error { return tx.PutAccount(ctx, a) })
	same(t, "replaced account", get(a.Login), a)
	view(t, s, func(tx document.Tx) error {
		all, err := tx.Accounts(ctx)
		same(t, "accounts", all, []document.Account{a, b})
		return err
	})
}

func testSubject(t *testing.T, s document.Store) {
	ctx := t.Context()
	a := document.Account{Login: "a", Subject: "5VBK5VR"}
	put := func(a document.Account) func(document.Tx) error {
		return func(tx document.Tx) error { return tx.PutAccount(ctx, a) }
	}
	find := func(subject string) func(document.Tx) error {
		return func(tx document.Tx) error {
			got, err := tx.AccountBySubject(ctx, subject)
			if err == nil {
				same(t, "account by subject", got, a)
			}
			return err
		}
	}
	for _, login := range []string{"b", "c"} { // many have none
		update(t, s, put(document.Account{Login: login}))
	}
	refuse(t, s, document.ErrNotFound, find(a.Subject))
	update(t, s, put(a))
	view(t, s, find(a.Subject))
	for _, other := range []string{"", "5vbk5vr", "5VBK5VR ", "%"} {
		refuse(t, s, document.ErrNotFound, find(other))
	}
	refuse(t, s, document.ErrExists, put(document.Account{Login: "b", Subject: a.Subject}))
	a.Subject = ""
	update(t, s, put(a))
	a = document.Account{Login: "b", Subject: "5VBK5VR"}
	update(t, s, put(a))
	view(t, s, find(a.Subject))
}

func testFailures(t *testing.T, s document.Store) {
	ctx := t.Context()
	want := func(n int, last time.Time) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			gotN, gotLast, err := tx.Failures(ctx, "x")
			if gotN != n || !gotLast.Equal(last) {
				t.Errorf("failures: %d at %v, want %d at %v", gotN, gotLast, n, last)
			}
			return err
		})
	}
	want(0, time.Time{})
	for _, n := range []int{1, 2, 0, 1} {
		last := stored(noon.Add(time.Duration(n) * time.Hour))
		update(t, s, func(tx document.Tx) error { return tx.SetFailures(ctx, "x", n, last) })
		if n == 0 {
			last = time.Time{}
		}
		want(n, last)
	}
}

func testCase(t *testing.T, s document.Store) {
	ctx := t.Context()
	c := newCase(1)
	update(t, s, func(tx document.Tx) error { return tx.InsertCase(ctx, c) })

	lookups := map[string]func(document.Tx, document.Case) (document.Case, error){
		"ID":     func(tx document.Tx, c document.Case) (document.Case, error) { return tx.CaseByID(ctx, c.ID) },
		"number": func(tx document.Tx, c document.Case) (document.Case, error) { return tx.CaseByNumber(ctx, c.Number) },
		"document": func(tx document.Tx, c document.Case) (document.Case, error) {
			return tx.CaseByDocument(ctx, c.Document)
		},
	}
	for name, lookup := range lookups {
		view(t, s, func(tx document.Tx) error {
			got, err := lookup(tx, c)
			same(t, "case by "+name, got, c)
			return err
		})
		refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
			_, err := lookup(tx, newCase(2))
			return err
		})
	}
	for name, change := range map[string]func(*document.Case){
		"ID":       func(other *document.Case) { other.ID = c.ID },
		"number":   func(other *document.Case) { other.Number = c.Number },
		"document": func(other *document.Case) { other.Document = c.Document; other.Document.Kind = "order" },
	} {
		other := newCase(2)
		change(&other)
		t.Run("same "+name, func(t *testing.T) {
			refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertCase(ctx, other) })
		})
	}
	update(t, s, func(tx document.Tx) error { return tx.InsertCase(ctx, newCase(2)) })
}

func testCounter(t *testing.T, s document.Store) {
	ctx := t.Context()
	want := func(c document.Counter) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.Counter(ctx, "s")
			same(t, "counter", got, c)
			return err
		})
	}
	next := func(tx document.Tx) error {
		_, err := tx.NextNumber(ctx, "s")
		return err
	}
	raise := func(value, high int64) {
		t.Helper()
		update(t, s, func(tx document.Tx) error { return tx.RaiseHigh(ctx, "s", value, high) })
	}
	want(document.Counter{})
	refuse(t, s, document.ErrStale, next)
	raise(5, 7)
	want(document.Counter{Series: "s", Value: 5, High: 7})
	update(t, s, func(tx document.Tx) error {
		for _, n := range []int64{6, 7} {
			got, err := tx.NextNumber(ctx, "s")
			if err != nil || got != n {
				t.Errorf("number %d, %v, want %d", got, err, n)
			}
		}
		return nil
	})
	refuse(t, s, document.ErrStale, next)
	raise(0, 7)
	raise(0, 3)
	want(document.Counter{Series: "s", Value: 7, High: 7})
	raise(8, 8) // the value of a known series is its own
	want(document.Counter{Series: "s", Value: 7, High: 8})
	refuse(t, s, errMine, func(tx document.Tx) error {
		if err := next(tx); err != nil {
			t.Error(err)
		}
		return errMine
	})
	want(document.Counter{Series: "s", Value: 7, High: 8}) // no number is lost
	update(t, s, func(tx document.Tx) error { return tx.RaiseHigh(ctx, "r", 1, 1) })
	view(t, s, func(tx document.Tx) error {
		all, err := tx.Counters(ctx)
		same(t, "counters", all, []document.Counter{{Series: "r", Value: 1, High: 1}, {Series: "s", Value: 7, High: 8}})
		return err
	})
}

func testOutbox(t *testing.T, s document.Store) {
	ctx := t.Context()
	items := []document.OutboxItem{{ID: "1", Data: []byte("a")}, {ID: "2", Data: []byte{0, 0xff}}, {ID: "3", Data: []byte("c")}}
	for _, i := range []int{2, 0, 1} {
		update(t, s, func(tx document.Tx) error { return tx.InsertOutbox(ctx, items[i]) })
	}
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertOutbox(ctx, items[0]) })
	want := func(limit int, want ...document.OutboxItem) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			got, err := tx.Outbox(ctx, limit)
			same(t, "outbox", got, want)
			return err
		})
	}
	want(10, items...)
	want(2, items[:2]...)
	for range 2 { // deleting again is harmless
		update(t, s, func(tx document.Tx) error { return tx.DeleteOutbox(ctx, "1") })
		want(10, items[1:]...)
	}
}
