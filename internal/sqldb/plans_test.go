package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"docsvc/internal/auth"
	"docsvc/internal/document"
)

// recorder remembers the statements that pass through it.
type recorder struct {
	querier
	args map[string][]any
}

func (r recorder) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	r.args[query] = args
	return r.querier.ExecContext(ctx, query, args...)
}

func (r recorder) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	r.args[query] = args
	return r.querier.QueryContext(ctx, query, args...)
}

// recordingEngine remembers what this package's own transactions run.
type recordingEngine struct {
	engine
	args map[string][]any
}

func (e recordingEngine) update(ctx context.Context, fn func(querier) error) error {
	return e.engine.update(ctx, func(q querier) error { return fn(recorder{q, e.args}) })
}

func (e recordingEngine) single(ctx context.Context, writes bool, fn func(querier) error) error {
	return e.engine.single(ctx, writes, func(q querier) error { return fn(recorder{q, e.args}) })
}

// mayScan lists what reads a whole table: small ones, and figures for people.
var mayScan = map[string]bool{
	countToRenew: true, // what its own LIMIT has let through
}

// bounded are the lines of plans that read what a LIMIT, or the step before, has
// let through. The entries that a search has walked over may be sorted too.
var bounded = map[string]bool{"SCAN few": true, "SCAN CONSTANT ROW": true, "SCAN w": true, "SCAN alike": true}

// explain runs every method of Tx and of Register and gives the plan of each
// statement.
func explain(t *testing.T, r *Register, prefix string, check func(query, plan string)) {
	t.Helper()
	ctx := t.Context()
	fill(t, r)
	statements := map[string][]any{}
	recording := &Register{engine: recordingEngine{r.engine, statements}, now: time.Now, observe: r.observe}
	if err := ownLookUps(t, recording); err != nil {
		t.Fatal(err)
	}
	err := r.engine.update(ctx, func(q querier) error {
		x := &tx{q: recorder{q, statements}, writable: true, now: time.Now}
		if err := lookUps(t, x); err != nil {
			return err
		}
		for query, args := range statements {
			if mayScan[query] || strings.HasPrefix(query, "INSERT") {
				continue
			}
			rows, err := q.QueryContext(ctx, prefix+query, args...)
			if err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			check(query, planText(t, rows))
		}
		return errors.New("change nothing")
	})
	if err == nil || err.Error() != "change nothing" {
		t.Fatal(err)
	}
}

// ownLookUps calls the methods of Register that are not in a caller's
// transaction.
func ownLookUps(t *testing.T, r *Register) error {
	ctx := t.Context()
	id := auth.HashOf("s")
	_, err := r.remove(ctx, sweepQuery, noon)
	errs := []error{err, r.TouchSession(ctx, id, noon), r.EndSessions(ctx, auth.HashOf("another"))}
	_, err = r.SessionByID(ctx, id)
	errs = append(errs, err)
	_, err = r.SessionsOf(ctx, "x")
	errs = append(errs, err)
	_, err = r.TakeAttempt(ctx, id)
	errs = append(errs, err)
	_, err = r.Purge(ctx, noon, noon)
	return errors.Join(append(errs, err)...)
}

// searches are led by each source, and check each.
func searches() []document.Find {
	at := document.Place{Date: "2026-03-14", ID: "a2"}
	return []document.Find{
		{Everywhere: true, Limit: 10},
		{Everywhere: true, Limit: 10, At: at},
		{Everywhere: true, Limit: 10, At: document.Place{Date: "2026-03-01", ID: "a"}, Newer: true},
		{Officer: "əli", Everywhere: true, Limit: 10},
		{Offices: []string{"011", "012"}, Limit: 10, From: "2026-01-01", To: "2026-12-31"},
		{Words: []string{"ei", "ei1"}, Kind: "query", State: document.Archived, Offices: []string{"011"}, Limit: 10},
		{Words: []string{"ei1"}, Officer: "əli", State: document.Prepared, Standing: document.InForce, Everywhere: true, Limit: 10},
		{State: document.Signing, Everywhere: true, Limit: 10},
		{State: document.Voided, Officer: "əli", Everywhere: true, Limit: 10},
		{State: document.Prepared, Officer: "əli", Everywhere: true, Limit: 10, At: at},
		{Standing: document.Annulled, Everywhere: true, Limit: 10},
	}
}

// planText gives the last column of the rows, which is the text in both engines.
func planText(t *testing.T, rows *sql.Rows) string {
	t.Helper()
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		var line string
		dest := make([]any, len(columns))
		for i := range dest {
			dest[i] = new(any)
		}
		dest[len(dest)-1] = &line
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// lookUps calls every method that reads or changes rows.
func lookUps(t *testing.T, x document.Tx) error {
	ctx := t.Context()
	a := document.Act{ID: "a1", State: document.Archived, Standing: document.InForce, Seal: []byte("seal")}
	var errs []error
	call := func(_ any, err error) {
		if !errors.Is(err, document.ErrNotFound) && !errors.Is(err, document.ErrStale) {
			errs = append(errs, err)
		}
	}
	call(x.CaseByID(ctx, "c1"))
	call(x.CaseByNumber(ctx, "EI1"))
	call(x.CaseByDocument(ctx, document.EnforcementDocument{}))
	call(x.ActByID(ctx, "a1"))
	call(x.ActByNumber(ctx, "EI1-001"))
	call(x.ActByCode(ctx, "CODE"))
	call(x.ActByRequestKey(ctx, "əli", "r"))
	call(x.ActsOfCase(ctx, "c1"))
	call(x.ActsWaiting(ctx, "əli", 10))
	call(x.ActsReturned(ctx, "əli", noon, 10))
	call(x.Corrections(ctx, "EI1-001"))
	call(x.Substitutions(ctx, "2026-03-14"))
	call(nil, x.EndSubstitution(ctx, document.Substitution{ID: "s1", EndedBy: "əli", EndedAt: noon}))
	call(x.OpenProposal(ctx, "a1"))
	call(x.OpenProposals(ctx, 10))
	call(nil, x.DecideProposal(ctx, document.Proposal{ID: "p1", State: document.ProposalRejected, DecidedBy: "b", DecidedAt: noon}))
	call(x.Deliveries(ctx, "a1"))
	call(x.CountOpen(ctx, "011"))
	call(x.CountDated(ctx, "əli", "2026-03-14"))
	call(x.WaitingSince(ctx, "əli"))
	call(x.CountActs(ctx))
	for _, q := range searches() {
		call(x.FindActs(ctx, q))
		call(x.FindCases(ctx, q))
		call(x.CountStates(ctx, q))
	}
	call(x.ClaimJobs(ctx, "p", time.Now(), time.Now(), 10))
	call(x.ClaimJob(ctx, "a1", "p", time.Now(), time.Now()))
	call(nil, x.Advance(ctx, a, document.Prepared))
	call(nil, x.ChangeStanding(ctx, a))
	call(x.Staged(ctx, "a1"))
	call(nil, x.DeleteStaged(ctx, "a1"))
	call(nil, x.CloseIntent(ctx, document.SignIntent{ID: "i1", Outcome: document.OutcomeSigned}))
	call(x.Intents(ctx, "a1"))
	call(x.Authorisation(ctx, "u1"))
	call(x.AuthorisationsOf(ctx, "əli", 10))
	call(nil, x.UseAuthorisation(ctx, document.Authorisation{ID: "u1", TokenID: "another"}))
	call(nil, x.KeepToken(ctx, "a1", "i1", []byte{1}))
	call(nil, x.ReleaseJob(ctx, document.Job{ActID: "a1", Owner: "p", Attempts: 1}))
	for _, q := range []document.WaitingQuery{
		{Everywhere: true}, {Officer: "əli"}, {Officer: "əli", Offices: []string{"011", "012", "013"}},
	} {
		q.Limit = 10
		call(x.JobsWaiting(ctx, q))
		q.Reason = document.WaitsForArchive
		call(x.JobsWaiting(ctx, q))
	}
	call(x.CountWaiting(ctx))
	call(x.HastenJobs(ctx, []string{"a1"}, time.Now()))
	call(x.Renditions(ctx, "a1"))
	call(nil, x.PointTo(ctx, a, 1))
	call(x.ActsToRenew(ctx, time.Now(), document.RenewalCursor{}, 10))
	call(x.CountToRenew(ctx, time.Now(), 10))
	call(x.JobByAct(ctx, "a1"))
	call(x.OldestJob(ctx))
	_, _, err := x.CountJobs(ctx)
	call(nil, err)
	call(nil, x.DeleteJob(ctx, "a1"))
	call(x.AccountByLogin(ctx, "əli"))
	call(x.AccountBySubject(ctx, "5VBK5VR"))
	call(x.Accounts(ctx))
	_, _, err = x.Failures(ctx, "əli")
	call(nil, err)
	call(nil, x.SetFailures(ctx, "əli", 0, time.Time{}))
	call(x.Factors(ctx, "əli"))
	call(x.PasskeyByID(ctx, "k1"))
	call(nil, x.SwapFactor(ctx, document.Factor{Login: "əli", Kind: document.FactorPassword, Secret: []byte("$")}, document.Factor{Secret: []byte("$")}))
	call(nil, x.DeleteFactor(ctx, "əli", document.FactorTOTP, ""))
	call(x.SignIns(ctx, "əli", 10))
	call(x.Counter(ctx, "s"))
	call(x.Counters(ctx))
	call(x.NextNumber(ctx, "s"))
	call(x.Outbox(ctx, 10))
	call(nil, x.DeleteOutbox(ctx, "o1"))
	call(x.AuditOf(ctx, "EI1-001", 10))
	call(x.LastCopy(ctx, "EI1-001"))
	call(x.UnchainedAudit(ctx, 10))
	call(nil, x.InsertAuditLinks(ctx, []document.AuditLink{{Seq: 2, ID: "e2"}}))
	call(x.LastAuditLink(ctx))
	_, _, err = x.AuditChain(ctx, 1, 10)
	call(nil, err)
	call(x.UnsequencedEntries(ctx, 10))
	call(nil, x.SetPositions(ctx, []document.LedgerEntry{{ID: "l2", Position: 1}}))
	call(x.LedgerEntries(ctx, 0, 10))
	call(x.EntriesOfAct(ctx, "a1"))
	call(x.LedgerHashes(ctx, []int64{0, 1}))
	errs = append(errs, programLookUps(t, x))
	return errors.Join(errs...)
}

// programLookUps are lookUps for programs and what follows the trail.
func programLookUps(t *testing.T, x document.Tx) error {
	ctx := t.Context()
	var errs []error
	call := func(_ any, err error) {
		if !errors.Is(err, document.ErrNotFound) && !errors.Is(err, document.ErrStale) {
			errs = append(errs, err)
		}
	}
	call(x.TokenByHash(ctx, [32]byte{1}))
	call(x.TokenByID(ctx, "t1"))
	call(x.Tokens(ctx))
	call(nil, x.RevokeToken(ctx, document.Token{ID: "t1", RevokedAt: noon}))
	call(nil, x.TouchToken(ctx, document.Token{ID: "t1", LastUsed: noon}))
	call(x.RequestByKey(ctx, [32]byte{1}))
	call(nil, x.TakeRequest(ctx, document.KeptRequest{Key: [32]byte{1}, LeaseEnds: noon, Expires: noon}, noon, noon))
	call(nil, x.AnswerRequest(ctx, document.KeptRequest{Key: [32]byte{1}, LeaseEnds: noon}))
	call(nil, x.ForgetRequest(ctx, [32]byte{9}))
	call(x.PurgeRequests(ctx, noon, 10))
	call(x.Webhooks(ctx))
	call(x.WebhookByID(ctx, "w1"))
	call(x.ClaimMessages(ctx, noon, noon, 10))
	call(nil, x.SettleMessage(ctx, document.Message{ID: "d1", Attempts: 1, State: document.MessageFailed, NextAt: noon, DoneAt: noon}))
	call(x.MessageByID(ctx, "d1"))
	call(x.Messages(ctx, "w1", "", 10))
	call(nil, x.RetryMessage(ctx, "d1", noon))
	call(nil, x.DisableWebhook(ctx, "w1"))
	call(x.PurgeMessages(ctx, noon, 10))
	call(x.Followed(ctx))
	call(nil, x.MoveFollowed(ctx, 1, 2))
	call(x.ActFacts(ctx, []string{"EI1-001"}))
	call(x.CaseOffices(ctx, []string{"EI1"}))
	call(x.AccountOffices(ctx, []string{"əli"}))
	for _, q := range []document.TrailQuery{
		{Everywhere: true}, {Offices: []string{"011"}}, {Actor: "x", Everywhere: true}, {Kind: "act.issued", Offices: []string{"011", "012"}},
		{Subject: "EI1-001", From: noon, To: noon.Add(time.Hour), Everywhere: true}, {},
		{Everywhere: true, Before: document.TrailCursor{At: noon, Seq: 9}},
	} {
		q.Limit = 10
		call(x.Trail(ctx, q))
	}
	call(x.DayCounts(ctx, "2026-03-01", "2026-03-31", ""))
	call(x.DayTimes(ctx, "2026-03-01", "2026-03-31", "011"))
	return errors.Join(errs...)
}

// testSQLitePlans wants each statement to find its rows through an index, in
// order where it has one. An author's unfinished acts are led by their own.
func testSQLitePlans(t *testing.T, r *Register) {
	led := false
	explain(t, r, "EXPLAIN QUERY PLAN ", func(query, plan string) {
		led = led || strings.HasPrefix(query, "SELECT w.date, w.id FROM (") &&
			strings.Contains(plan, "act_open_officer (officer=? AND state=? AND ")
		for line := range strings.Lines(plan) {
			line = strings.TrimSpace(line)
			if bounded[line] || strings.HasPrefix(query, "SELECT w.date, w.id FROM (") && line == "USE TEMP B-TREE FOR ORDER BY" {
				continue
			}
			scans := strings.HasPrefix(line, "SCAN ") && !strings.Contains(line, " USING ")
			if scans || strings.Contains(line, "TEMP B-TREE") {
				t.Errorf("%s\nis run by\n%s", query, plan)
			}
		}
	})
	if !led {
		t.Error("no list is led by act_open_officer")
	}
}

// testPostgresPlans forbids what can be done otherwise, since in small tables
// PostgreSQL reads everything.
func testPostgresPlans(t *testing.T, r *Register) {
	forbid := func(q querier) error {
		_, err := q.ExecContext(t.Context(), "SET enable_seqscan = off")
		return err
	}
	r.engine.(*postgresEngine).db.SetMaxOpenConns(1)
	if err := r.engine.update(t.Context(), forbid); err != nil {
		t.Fatal(err)
	}
	explain(t, r, "EXPLAIN ", func(query, plan string) {
		if strings.Contains(plan, "Seq Scan") {
			t.Errorf("%s\nis run by\n%s", query, plan)
		}
	})
}
