package sqldbtest

import (
	"testing"
	"time"

	"docsvc/internal/document"
)

func testForms(t *testing.T, s document.Store) {
	ctx := t.Context()
	form := func(id, login string, minutes int) document.SavedForm {
		return document.SavedForm{
			ID: id, Login: login, Case: "EI2611000000001T", Template: "query", Input: []byte(`{"ə":1}`), Version: 1,
			CreatedAt: stored(noon), UpdatedAt: stored(noon.Add(time.Duration(minutes) * time.Minute)),
		}
	}
	get := func(id string) (f document.SavedForm) {
		t.Helper()
		view(t, s, func(tx document.Tx) (err error) {
			f, err = tx.FormByID(ctx, id)
			return err
		})
		return f
	}
	a, b, other := form("a", "nigar", 0), form("b", "nigar", 1), form("c", "vuqar", 2)
	a.Case, a.Template, a.Office, a.Officer = "", "", "110", "nigar"
	update(t, s, func(tx document.Tx) error {
		for _, f := range []document.SavedForm{a, b, other} {
			if err := tx.InsertForm(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertForm(ctx, a) })
	same(t, "form", get("a"), a)
	list := func(limit int) (ids string) {
		t.Helper()
		view(t, s, func(tx document.Tx) error {
			all, err := tx.FormsOf(ctx, "nigar", limit)
			for _, f := range all {
				ids += f.ID
				if f.Input != nil {
					t.Errorf("the list has the input of %s", f.ID)
				}
			}
			return err
		})
		return ids
	}
	if got := list(10) + " " + list(1); got != "ba b" {
		t.Errorf("forms of nigar: %s", got)
	}
	a.Office, a.Officer, a.Input, a.UpdatedAt = "111", "kamran", []byte(`{}`), stored(noon.Add(time.Hour))
	update(t, s, func(tx document.Tx) error { return tx.UpdateForm(ctx, a) })
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.UpdateForm(ctx, a) })
	a.Version = 2
	same(t, "saved form", get("a"), a)
	if got := list(10); got != "ab" {
		t.Errorf("forms of nigar after saving: %s", got)
	}
	update(t, s, func(tx document.Tx) error { return tx.DeleteForm(ctx, "a") })
	update(t, s, func(tx document.Tx) error { return tx.DeleteForm(ctx, "a") }) // is gone
	refuse(t, s, document.ErrNotFound, func(tx document.Tx) error {
		_, err := tx.FormByID(ctx, "a")
		return err
	})
	refuse(t, s, document.ErrStale, func(tx document.Tx) error { return tx.UpdateForm(ctx, a) })
}

func testInput(t *testing.T, s document.Store) {
	ctx := t.Context()
	act := issue(t, s, 1)[0]
	read := func(want string) func(document.Tx) error {
		return func(tx document.Tx) error {
			got, err := tx.Input(ctx, act.ID)
			if err == nil && string(got) != want {
				t.Errorf("input is %q", got)
			}
			return err
		}
	}
	refuse(t, s, document.ErrNotFound, read(""))
	update(t, s, func(tx document.Tx) error { return tx.InsertInput(ctx, act.ID, []byte(`{"a":1}`)) })
	update(t, s, read(`{"a":1}`))
	refuse(t, s, document.ErrExists, func(tx document.Tx) error { return tx.InsertInput(ctx, act.ID, []byte(`{}`)) })
}
