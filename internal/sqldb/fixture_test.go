package sqldb

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 123456000, time.UTC)

// everything puts one row at least into every table.
func everything(t *testing.T, tx document.Tx) error {
	ctx := t.Context()
	c := document.Case{
		ID: "c1", Number: "EI1", Office: "011", Officer: "əli", Data: []byte("{}"), RegisteredAt: noon,
		Document: document.EnforcementDocument{Kind: "writ", Number: "7", Date: "2026-03-01", Issuer: "Məhkəmə"},
	}
	a := document.Act{
		ID: "a1", CaseID: "c1", Case: "EI1", Number: "EI1-001", Index: 1, Code: "CODE", Officer: "əli",
		RequestKey: "r", Data: []byte{0, 1}, Seal: []byte("seal"), Evaluation: true, IssuedAt: noon,
		Signers: []document.Signer{{Login: "əli"}}, State: document.Prepared, Rendition: 1,
	}
	consent := document.Authorisation{
		ID: "u1", Login: "əli", Nonce: "n", Begun: noon, Expires: noon, State: document.AuthorisationOpen,
		Items: []document.AuthorisedItem{{ActID: "a1", Digest: []byte{6}}},
	}
	used := consent
	used.ID, used.State, used.UsedAt, used.TokenID = "u2", document.AuthorisationUsed, noon, "token"
	intent := document.SignIntent{
		ID: "i1", ActID: "a1", Attempt: 1, Login: "əli", Outcome: document.OutcomeOpen, At: noon, Authorisation: "u1",
	}
	closed := document.SignIntent{ID: "i0", ActID: "a1", Login: "əli", Outcome: document.OutcomeUnknown, At: noon}
	substitution := document.Substitution{
		ID: "s1", Absent: "əli", Deputy: "b", Role: document.RoleHead, Office: "011", From: "2026-03-14", Until: "2026-03-20", AppointedAt: noon,
	}
	over := substitution
	over.ID, over.EndedBy, over.EndedAt = "s2", "əli", noon
	proposal := document.Proposal{
		ID: "p1", ActID: "a1", Standing: document.Annulled, By: "EI1-002", ProposedBy: "əli", ProposedAt: noon, State: document.ProposalOpen,
	}
	decided := proposal
	decided.ID, decided.State, decided.DecidedBy, decided.DecidedAt = "p2", document.ProposalRejected, "b", noon
	head := document.LedgerHead{Size: 1, Root: []byte{9}, AuditSeq: 1, Owner: "p", LeaseEnds: noon}
	return errors.Join(
		tx.PutAccount(ctx, document.Account{Login: "əli", Subject: "5VBK5VR", Name: `"Ə"`, CreatedAt: noon, Disabled: true}),
		tx.SetFailures(ctx, "əli", 3, noon),
		tx.PutFactor(ctx, document.Factor{Login: "əli", Kind: document.FactorPassword, Secret: []byte("$argon2id$"), CreatedAt: noon}),
		tx.InsertSignIn(ctx, document.SignIn{ID: "s1", Login: "əli", At: noon, Way: "password"}),
		tx.InsertCase(ctx, c),
		tx.InsertAct(ctx, a),
		tx.PutStaged(ctx, document.Staged{ActID: "a1", PDF: []byte("%PDF")}),
		tx.InsertRendition(ctx, document.Rendition{ActID: "a1", Sequence: 1, SHA256: []byte{7}, Path: "p", CreatedAt: noon}),
		tx.InsertAuthorisation(ctx, consent),
		tx.InsertAuthorisation(ctx, used),
		tx.InsertIntent(ctx, closed),
		tx.InsertIntent(ctx, intent),
		tx.InsertJob(ctx, document.Job{ActID: "a1", RunAfter: noon}),
		tx.InsertSubstitution(ctx, substitution),
		tx.InsertSubstitution(ctx, over),
		tx.InsertProposal(ctx, decided),
		tx.InsertProposal(ctx, proposal),
		tx.InsertDelivery(ctx, document.Delivery{ID: "d1", ActID: "a1", Recipient: "Ə", Way: "post", On: "2026-03-14", RecordedBy: "əli", RecordedAt: noon}),
		tx.RaiseHigh(ctx, "s", 4, 10),
		tx.InsertOutbox(ctx, document.OutboxItem{ID: "o1", Data: []byte("{}")}),
		tx.InsertAudit(ctx, document.AuditRow{ID: "e1", Data: []byte{0xff}}, document.AuditRow{ID: "e2"},
			document.AuditRow{ID: "e3", Data: []byte(`{"subject":"EI1-001","detail":{"copy":"3"}}`)}),
		tx.InsertAuditLinks(ctx, []document.AuditLink{{Seq: 1, ID: "e1", Hash: []byte{1}}}),
		tx.InsertLedgerEntry(ctx, document.LedgerEntry{ID: "l1", ActID: "a1", Leaf: []byte{2}}),
		tx.InsertLedgerEntry(ctx, document.LedgerEntry{ID: "l2", ActID: "a1", Leaf: []byte{3}}),
		tx.SetPositions(ctx, []document.LedgerEntry{{ID: "l1"}}),
		tx.InsertLedgerHashes(ctx, 0, [][]byte{{4}, {5}}),
		tx.SwapLedgerHead(ctx, document.LedgerHead{}, head),
		programs(t, tx),
	)
}

// programs puts a row into the tables of programs and of what follows the trail.
func programs(t *testing.T, tx document.Tx) error {
	ctx := t.Context()
	return errors.Join(
		tx.InsertToken(ctx, document.Token{
			ID: "t1", Hash: [32]byte{1}, Prefix: "docsvc_a", Login: "əli", Scopes: []document.Scope{document.ScopeReadActs},
			CreatedAt: noon, ExpiresAt: noon, RevokedAt: noon, RevokedBy: "x",
		}),
		tx.InsertRequest(ctx, document.KeptRequest{Key: [32]byte{1}, LeaseEnds: noon, Expires: noon}),
		tx.InsertWebhook(ctx, document.Webhook{
			ID: "w1", URL: "https://x", Office: "*", Events: document.EventTypes(), KID: "k", CreatedAt: noon,
		}),
		tx.InsertMessages(ctx, []document.Message{{
			ID: "d1", WebhookID: "w1", Body: []byte("{}"), CreatedAt: noon, State: document.MessageWaiting, NextAt: noon,
		}}),
		tx.MoveFollowed(ctx, 0, 1),
		tx.IndexAudit(ctx, []document.IndexedEvent{{Seq: 1, At: noon, Actor: "x", Kind: "act.issued", Subject: "EI1-001", Office: "011"}}),
		tx.AddDayCount(ctx, document.DayCount{Day: "2026-03-14", Office: "011", Template: "t", N: 1}),
		tx.AddDayTime(ctx, document.DayTime{Day: "2026-03-14", Step: 3, Office: "011", N: 1}),
	)
}

func fill(t *testing.T, r *Register) {
	t.Helper()
	ctx := t.Context()
	if err := r.Update(ctx, func(tx document.Tx) error { return everything(t, tx) }); err != nil {
		t.Fatal(err)
	}
	_, _, err := r.Allow(ctx, "x", 1, time.Minute)
	if err := errors.Join(err,
		r.PutAttempt(ctx, auth.Attempt{StateHash: auth.HashOf("s"), Begun: noon, Expires: noon}),
		r.PutSession(ctx, auth.Session{IDHash: auth.HashOf("s"), Login: "x", Begun: noon, LastSeen: noon, Expires: noon}),
	); err != nil {
		t.Fatal(err)
	}
}

func dump(t *testing.T, r *Register, tables ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Dump(t.Context(), &b, tables...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
