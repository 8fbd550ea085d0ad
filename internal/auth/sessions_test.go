package auth_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/auth/authtest"
	"docsvc/internal/document"
)

var (
	officer = document.Account{Login: "r.quliyeva"}
	rena    = auth.Identity{Subject: "5VBK5VR", ACR: strongACR, SessionID: "sid-1", AuthTime: start.Truncate(time.Second)}
)

func desk(now *time.Time) (*auth.Sessions, *authtest.Fake) {
	store := &authtest.Fake{}
	return &auth.Sessions{Store: store, Now: func() time.Time { return *now }}, store
}

func mustBegin(t *testing.T, s *auth.Sessions, agent string) (string, auth.Session) {
	t.Helper()
	id, x, err := s.Begin(t.Context(), officer, rena, agent)
	if err != nil {
		t.Fatal(err)
	}
	return id, x
}

func TestSession(t *testing.T) {
	now := start
	s, _ := desk(&now)
	id, x := mustBegin(t, s, " Mozilla/5.0\x00\u202e "+strings.Repeat("x", 500))
	if len(id) != 43 || x.Login != officer.Login || x.Subject != rena.Subject || x.ACR != strongACR || x.ProviderSession != "sid-1" ||
		!strings.HasPrefix(x.UserAgent, "Mozilla/5.0 xxx") || len(x.UserAgent) != auth.MaxUserAgent || !x.Expires.Equal(x.Begun.Add(12*time.Hour)) {
		t.Errorf("%q, %+v", id, x)
	}
	if strings.Contains(x.IDHash.String(), id) {
		t.Error("the id is stored")
	}
	if got, err := s.Get(t.Context(), id); err != nil || got != x {
		t.Errorf("%+v, %v", got, err)
	}
	other, _ := mustBegin(t, s, "")
	if other == id {
		t.Fatal("two sessions with one id")
	}
	if err := s.End(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	noSession(t, s, "ended", id, auth.ErrNoSession)
	if _, err := s.Get(t.Context(), other); err != nil {
		t.Errorf("the other one: %v", err)
	}
	for _, again := range []string{id, "", "nonsense", strings.Repeat("A", 43)} {
		if err := s.End(t.Context(), again); err != nil {
			t.Errorf("end %q: %v", again, err)
		}
	}
}

func noSession(t *testing.T, s *auth.Sessions, what, id string, why error) {
	t.Helper()
	got, err := s.Get(t.Context(), id)
	key := "error.login.session"
	if errors.Is(why, auth.ErrIdle) {
		key = "error.login.idle"
	}
	wantKey(t, what, err, document.Forbidden, key)
	if !errors.Is(err, why) || got != (auth.Session{}) {
		t.Errorf("%s: %+v, %v", what, got, err)
	}
}

func TestNoSession(t *testing.T) {
	now := start
	s, store := desk(&now)
	for _, id := range []string{"", "x", strings.Repeat("A", 42), strings.Repeat("A", 44), strings.Repeat("/", 43), strings.Repeat("A", 100_000)} {
		noSession(t, s, id[:min(len(id), 50)], id, auth.ErrNoSession)
	}
	if n := store.Calls("SessionByID"); n != 0 {
		t.Errorf("nonsense reached the store %d times", n)
	}
	noSession(t, s, "made up", strings.Repeat("A", 43), auth.ErrNoSession)
}

// TestIdle: fifteen minutes without a request, whatever there was before.
func TestIdle(t *testing.T) {
	now := start
	s, _ := desk(&now)
	id, _ := mustBegin(t, s, "")
	for range 10 {
		now = now.Add(15*time.Minute - time.Microsecond)
		if _, err := s.Get(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(15 * time.Minute)
	noSession(t, s, "idle", id, auth.ErrIdle)
	noSession(t, s, "idle, asked again", id, auth.ErrNoSession) // it is not there any more
}

// TestLife: twelve hours, however busy.
func TestLife(t *testing.T) {
	now := start
	s, store := desk(&now)
	id, x := mustBegin(t, s, "")
	for now.Before(x.Expires.Add(-10 * time.Minute)) {
		now = now.Add(10 * time.Minute)
		if _, err := s.Get(t.Context(), id); err != nil {
			t.Fatal(now, err)
		}
	}
	now = x.Expires.Add(-time.Microsecond)
	if _, err := s.Get(t.Context(), id); err != nil {
		t.Error(err)
	}
	now = x.Expires
	noSession(t, s, "over", id, auth.ErrNoSession)
	if list, err := store.SessionsOf(t.Context(), officer.Login); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestTouch: a busy person costs one write a minute.
func TestTouch(t *testing.T) {
	now := start
	s, store := desk(&now)
	id, _ := mustBegin(t, s, "")
	for range 600 {
		now = now.Add(time.Second)
		x, err := s.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if late := now.Sub(x.LastSeen); late >= time.Minute+time.Microsecond {
			t.Fatalf("last seen %v ago", late)
		}
	}
	if n := store.Calls("TouchSession"); n != 10 {
		t.Errorf("%d writes in ten minutes", n)
	}
	// With a limit below the minute it is written more often.
	s.Idle = 40 * time.Second
	for range 20 {
		now = now.Add(30 * time.Second)
		if _, err := s.Get(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEndAllAndList(t *testing.T) {
	now := start
	s, store := desk(&now)
	idle, _ := mustBegin(t, s, "idle")
	now = now.Add(14 * time.Minute)
	_, first := mustBegin(t, s, "first")
	now = now.Add(time.Minute)
	id, second := mustBegin(t, s, "second")
	other, _, err := s.Begin(t.Context(), document.Account{Login: "s.eliyev"}, auth.Identity{Subject: "x"}, "")
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.List(t.Context(), officer.Login)
	if err != nil || len(list) != 2 || list[0] != second || list[1] != first {
		t.Errorf("%+v, %v", list, err)
	}
	if n, err := s.EndAll(t.Context(), officer.Login); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	noSession(t, s, "ended", id, auth.ErrNoSession)
	noSession(t, s, "ended", idle, auth.ErrNoSession)
	if _, err := s.Get(t.Context(), other); err != nil {
		t.Errorf("another's: %v", err)
	}
	if n, err := s.EndAll(t.Context(), "nobody"); err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
	// One that is begun while the others are ended does not get away.
	mustBegin(t, s, "")
	late := 3
	store.Fail = func(op authtest.Op) error {
		if op.Name == "EndSessions" && op.Stage == authtest.After && late > 0 {
			late--
			mustBegin(t, s, "late")
		}
		return nil
	}
	if n, err := s.EndAll(t.Context(), officer.Login); err != nil || n != 4 {
		t.Errorf("%d, %v", n, err)
	}
	late = 1000
	mustBegin(t, s, "")
	if _, err := s.EndAll(t.Context(), officer.Login); err == nil {
		t.Error("it claims to have ended what is begun without end")
	}
}

func TestPurge(t *testing.T) {
	now := start
	s, store := desk(&now)
	attempts := &auth.Attempts{Store: store, Now: s.Now}
	mustBegin(t, s, "")
	if _, _, err := attempts.Begin(t.Context(), plainLogin); err != nil {
		t.Fatal(err)
	}
	now = now.Add(14 * time.Minute)
	if n, err := s.Purge(t.Context()); err != nil || n != 1 { // the attempt
		t.Errorf("%d, %v", n, err)
	}
	now = now.Add(time.Minute)
	if n, err := s.Purge(t.Context()); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
}

// TestSessionStoreFails: no answer of the store lets anybody in.
func TestSessionStoreFails(t *testing.T) {
	broken := errors.New("the register is away")
	for _, name := range []string{"PutSession", "SessionByID", "TouchSession", "EndSessions", "SessionsOf", "Purge"} {
		for _, stage := range []authtest.Stage{authtest.Before, authtest.After} {
			now := start
			s, store := desk(&now)
			id, _ := mustBegin(t, s, "")
			store.Fail = func(op authtest.Op) error {
				if op == (authtest.Op{Name: name, Stage: stage}) {
					return broken
				}
				return nil
			}
			var err error
			switch name {
			case "PutSession":
				var got string
				if got, _, err = s.Begin(t.Context(), officer, rena, ""); got != "" {
					t.Errorf("%s: an id although it may not be stored", name)
				}
			case "SessionByID", "TouchSession":
				now = now.Add(2 * time.Minute)
				var x auth.Session
				if x, err = s.Get(t.Context(), id); x != (auth.Session{}) {
					t.Errorf("%s: %+v", name, x)
				}
			case "EndSessions":
				err = s.End(t.Context(), id)
			case "SessionsOf":
				_, err = s.EndAll(t.Context(), officer.Login)
			case "Purge":
				_, err = s.Purge(t.Context())
			}
			if !errors.Is(err, broken) || errors.Is(err, auth.ErrNoSession) {
				t.Errorf("%s, %v: %v", name, stage, err)
			}
		}
	}
}

// TestEndedWhileSeen: a session that is ended between look-up and touch is over.
func TestEndedWhileSeen(t *testing.T) {
	now := start
	s, store := desk(&now)
	id, x := mustBegin(t, s, "")
	now = now.Add(2 * time.Minute)
	store.Fail = func(op authtest.Op) error {
		if op == (authtest.Op{Name: "SessionByID", Stage: authtest.After}) {
			return store.EndSessions(t.Context(), x.IDHash)
		}
		return nil
	}
	noSession(t, s, "ended meanwhile", id, auth.ErrNoSession)
}

func TestBadSessions(t *testing.T) {
	now := start
	s, store := desk(&now)
	for name, c := range map[string]struct {
		account document.Account
		who     auth.Identity
	}{
		"nobody":      {document.Account{}, rena},
		"no subject":  {officer, auth.Identity{}},
		"bad subject": {officer, auth.Identity{Subject: "a/b"}},
	} {
		if id, _, err := s.Begin(t.Context(), c.account, c.who, ""); err == nil || id != "" {
			t.Errorf("%s: %q, %v", name, id, err)
		}
	}
	if n := store.Calls("PutSession"); n != 0 {
		t.Errorf("%d were stored", n)
	}
	s.Random = strings.NewReader("too little")
	if _, _, err := s.Begin(t.Context(), officer, rena, ""); err == nil {
		t.Error("begun without randomness")
	}
}
