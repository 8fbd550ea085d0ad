package document_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"docsvc/internal/audit"
	"docsvc/internal/document"
)

// boss runs every office, and is somebody else than the accounts of the tests.
var boss = document.Actor{Login: "boss", Grants: []document.Grant{{Role: document.RoleOwner, Office: document.AnyOffice}}}

// fixedSecrets derives secrets from the name of the key.
type fixedSecrets struct{}

func (fixedSecrets) WebhookSecret(_ context.Context, kid, id string) ([]byte, string, error) {
	if kid == "" {
		kid = "k1"
	}
	sum := sha256.Sum256([]byte(kid + id))
	return sum[:], kid, nil
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	ctx := t.Context()
	scopes := []document.Scope{document.ScopeReadActs, document.ScopeIssueActs}
	secret, token, err := s.CreateToken(ctx, boss, "nigar", " Mühasibat ", scopes, 30)
	if err != nil {
		t.Fatal(err)
	}
	if len(secret) != 50 || !strings.HasPrefix(secret, token.Prefix) || len(token.Prefix) != 15 || token.Name != "Mühasibat" {
		t.Errorf("%d %+v", len(secret), token)
	}
	got, account, err := s.Bearer(ctx, secret)
	if err != nil || account.Login != "nigar" || got.ID != token.ID || got.LastUsed.IsZero() {
		t.Fatalf("%+v %+v %v", got, account, err)
	}
	actor := account.Program(got, "r-1")
	office := account.Office
	for action, may := range map[document.Action]bool{
		document.ActRead: true, document.ActIssue: true, document.ActSign: false, document.ActVoid: false,
		document.ActOperate: false, document.ActRegisterCase: false, "other": false,
	} {
		if (actor.May(action, office) == nil) != may {
			t.Errorf("%s: %v", action, actor.May(action, office))
		}
	}
	all := account.Program(document.Token{Prefix: "x", Scopes: document.Scopes()}, "r-1")
	all.Grants = append(all.Grants, document.Grant{Role: document.RoleOwner, Office: "*"})
	for _, action := range []document.Action{document.ActSign, document.ActOperate} {
		if err := all.May(action, office); keyOf(err) != "error.token.person" {
			t.Errorf("with every scope, %s: %v", action, err)
		}
	}
	if actor.RequestID != "r-1/"+token.Prefix {
		t.Errorf("%q", actor.RequestID)
	}

	for name, bad := range map[string]string{
		"empty": "", "short": secret[:49], "long": secret + "A", "another": secret[:49] + "_", "other mark": "x" + secret[1:],
		"prefix only": token.Prefix, "long garbage": strings.Repeat("docsvc_", 10_000),
	} {
		if _, _, err := s.Bearer(ctx, bad); bad != secret && keyOf(err) != "error.token.invalid" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.RevokeToken(ctx, boss, token.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Bearer(ctx, secret); keyOf(err) != "error.token.invalid" {
		t.Errorf("revoked: %v", err)
	}
	if err := s.RevokeToken(ctx, boss, token.ID); keyOf(err) != "error.token.revoked" {
		t.Errorf("revoked again: %v", err)
	}
	expiring, _, err := s.CreateToken(ctx, boss, "nigar", "x", scopes, 1)
	if err != nil {
		t.Fatal(err)
	}
	w.advance(24 * time.Hour)
	if _, _, err := s.Bearer(ctx, expiring); keyOf(err) != "error.token.invalid" {
		t.Errorf("expired: %v", err)
	}
}

func TestTokensRefused(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	read := []document.Scope{document.ScopeReadActs}
	nigar, err := s.Account(t.Context(), "nigar")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := document.Actor{Login: "other", Grants: []document.Grant{{Role: document.RoleOperator, Office: "999"}}}
	self := document.Actor{Login: "nigar", Grants: boss.Grants}
	program := nigar.Program(document.Token{Prefix: "p", Scopes: document.Scopes()}, "")
	program.Grants = boss.Grants
	for name, c := range map[string]struct {
		actor       document.Actor
		login, name string
		scopes      []document.Scope
		days        int
		key         string
	}{
		"another office": {elsewhere, "nigar", "x", read, 1, "error.forbidden"},
		"oneself":        {self, "nigar", "x", read, 1, "error.account.oneself"},
		"a program":      {program, "vuqar", "x", read, 1, "error.token.person"},
		"nobody":         {boss, "nobody", "x", read, 1, "error.account.unknown"},
		"no name":        {boss, "nigar", " ", read, 1, "error.token.name"},
		"line in name":   {boss, "nigar", "a\nb", read, 1, "error.token.name"},
		"no scope":       {boss, "nigar", "x", nil, 1, "error.token.no_scope"},
		"no day":         {boss, "nigar", "x", read, 0, "error.token.days"},
		"too long":       {boss, "nigar", "x", read, 400, "error.token.days"},
	} {
		if _, _, err := s.CreateToken(t.Context(), c.actor, c.login, c.name, c.scopes, c.days); keyOf(err) != c.key {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := document.ParseScopes("acts:read act:sign"); keyOf(err) != "error.token.scope_unknown" {
		t.Errorf("%v", err)
	}
	if list, err := s.Tokens(t.Context(), boss); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := s.Tokens(t.Context(), nigar.Actor("")); keyOf(err) != "error.forbidden" {
		t.Errorf("%v", err)
	}
}

// TestNobodyGrantsToThemselves: the trail keeps that somebody asked.
func TestNobodyGrantsToThemselves(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	w.staff(s)
	ctx := t.Context()
	own := document.Account{Login: "boss", Name: "Boss", Post: "p", Office: "110", Profile: document.ProfileState, Grants: boss.Grants, CreatedAt: w.now()}
	if err := s.SaveAccount(ctx, document.Actor{Login: "first", Grants: boss.Grants}, own); err != nil {
		t.Fatal(err)
	}
	own.Post = "another post" // one may change what gives nothing
	if err := s.SaveAccount(ctx, boss, own); err != nil {
		t.Fatal(err)
	}
	more := own
	more.Grants = append(more.Grants[:1:1], document.Grant{Role: document.RoleHead, Office: "110"})
	if err := s.SaveAccount(ctx, boss, more); keyOf(err) != "error.account.oneself" {
		t.Errorf("%v", err)
	}
	if err := s.Sequence(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Follow(ctx); err != nil {
		t.Fatal(err)
	}
	list, err := s.AuditTrail(ctx, boss, document.TrailQuery{Kind: audit.GrantRefused})
	if err != nil || len(list) != 1 || list[0].Event.Subject != "boss" || list[0].Office != "110" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestWebhooks(t *testing.T) {
	w := newWorld(t)
	s := w.process()
	s.Secrets = fixedSecrets{}
	w.staff(s)
	ctx := t.Context()
	for name, address := range map[string]string{
		"http": "http://example.az/x", "no host": "https:///x", "user": "https://a:b@example.az", "fragment": "https://example.az/#x",
		"garbage": "https://exa mple", "file": "file:///etc/passwd", "long": "https://example.az/" + strings.Repeat("a", 500),
	} {
		if _, _, err := s.AddWebhook(ctx, boss, address, "*", document.EventTypes()); keyOf(err) != "error.webhook.url" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := s.AddWebhook(ctx, boss, "https://example.az", "*", []document.EventType{"x"}); keyOf(err) != "error.webhook.events" {
		t.Errorf("%v", err)
	}
	other := document.Actor{Login: "o", Grants: []document.Grant{{Role: document.RoleOperator, Office: "999"}}}
	if _, _, err := s.AddWebhook(ctx, other, "https://example.az", "*", document.EventTypes()); keyOf(err) != "error.forbidden" {
		t.Errorf("%v", err)
	}

	c := w.mustRegister(s, 1)
	before := w.mustArchive(s, c.Number, "1")
	follow(t, s)
	secret, all, err := s.AddWebhook(ctx, boss, "https://example.az/all", "*", document.EventTypes())
	if err != nil || !strings.HasPrefix(secret, "whsec_") {
		t.Fatal(secret, err)
	}
	_, voids, err := s.AddWebhook(ctx, boss, "https://example.az/voids", before.Office, []document.EventType{document.EventVoided})
	if err != nil {
		t.Fatal(err)
	}
	_, elsewhere, err := s.AddWebhook(ctx, boss, "https://example.az/elsewhere", "999", document.EventTypes())
	if err != nil {
		t.Fatal(err)
	}
	after := w.mustArchive(s, c.Number, "2")
	if _, err := s.ChangeStanding(ctx, actor("nigar"), before.Number, document.Annulled, after.Number, "səhv: Əliyev"); err != nil {
		t.Fatal(err)
	}
	follow(t, s)
	follow(t, s) // nothing is told twice
	types := func(id string) string {
		_, list, err := s.Messages(ctx, boss, id, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, d := range list {
			names = append(names, string(d.Type)+" "+d.Subject)
			if strings.Contains(string(d.Body), "Əliyev") || !json.Valid(d.Body) {
				t.Errorf("%s", d.Body)
			}
		}
		return strings.Join(names, ", ")
	}
	if got, want := types(all.ID), "standing.changed "+before.Number+", act.archived "+after.Number; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
	if got := types(voids.ID) + types(elsewhere.ID); got != "" {
		t.Errorf("told %q", got)
	}
	if _, _, err := s.Messages(ctx, other, all.ID, "", 0); keyOf(err) != "error.forbidden" {
		t.Errorf("%v", err)
	}
	if err := s.DisableWebhook(ctx, boss, all.ID); err != nil {
		t.Fatal(err)
	}
	_, list, err := s.Messages(ctx, boss, all.ID, "", 0)
	if err != nil || list[0].State != document.MessageFailed {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := s.RetryMessage(ctx, boss, all.ID, list[0].ID); keyOf(err) != "error.webhook.disabled" {
		t.Errorf("%v", err)
	}
}

// follow sequences what waits and takes it over.
func follow(t *testing.T, s *document.Service) {
	t.Helper()
	if err := errors.Join(s.Sequence(t.Context()), s.Follow(t.Context())); err != nil {
		t.Fatal(err)
	}
}
