package auth_test

import (
	"context"
	"errors"
	"testing"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

type accounts map[string]document.Account

func (a accounts) AccountBySubject(_ context.Context, subject string) (document.Account, error) {
	if subject == "BROKEN" {
		return document.Account{Login: "x"}, errors.New("the register is away")
	}
	found, ok := a[subject]
	if !ok {
		return document.Account{}, document.ErrNotFound
	}
	return found, nil
}

func TestAdmit(t *testing.T) {
	all := accounts{
		"5VBK5VR": {Login: "r.quliyeva"}, "1ABC234": {Login: "s.eliyev", Disabled: true}, "": {Login: "nobody"},
	}
	if a, err := auth.Admit(t.Context(), all, auth.Identity{Subject: "5VBK5VR"}); err != nil || a.Login != "r.quliyeva" {
		t.Errorf("%+v, %v", a, err)
	}
	for subject, check := range map[string]func(error){
		"1ABC234": func(err error) { wantKey(t, "disabled", err, document.Forbidden, "error.login.disabled") },
		"UNKNOWN": func(err error) { wantKey(t, "unknown", err, document.Forbidden, "error.login.unknown") },
		"5vbk5vr": func(err error) { wantKey(t, "small letters", err, document.Forbidden, "error.login.unknown") },
		"BROKEN":  func(err error) { wantInternal(t, err) },
		"":        func(err error) { wantInternal(t, err) },
		"a/b":     func(err error) { wantInternal(t, err) },
	} {
		a, err := auth.Admit(t.Context(), all, auth.Identity{Subject: subject})
		check(err)
		if a.Login != "" {
			t.Errorf("%q: %s came in", subject, a.Login)
		}
	}
}

func wantInternal(t *testing.T, err error) {
	t.Helper()
	if err == nil || document.KindOf(err) != document.Internal {
		t.Errorf("%v", err)
	}
}
