// Package sqldbtest is the contract of [document.Store] as a test suite: any
// register that the core is to run on must pass it.
package sqldbtest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"docsvc/internal/document"
)

// Run tests the register that open makes. Each call of open must give a new and
// empty one, and see to its end with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) document.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, document.Store)
	}{
		{"update keeps all or nothing", testAtomic},
		{"update survives panic", testPanic},
		{"update ends with its context", testContext},
		{"engine error ends transaction", testPoisoned},
		{"view is one state and writes nothing", testView},
		{"concurrent updates", testConcurrentUpdates},
		{"times", testTimes},
		{"account", testAccount},
		{"account by subject", testSubject},
		{"failures", testFailures},
		{"factors", testFactors},
		{"factor is used once", testFactorOnce},
		{"sign-ins", testSignIns},
		{"case", testCase},
		{"forms", testForms},
		{"input of an act", testInput},
		{"act", testAct},
		{"act keys", testActKeys},
		{"act archived before", testActArchived},
		{"acts waiting", testActsWaiting},
		{"acts returned", testActsReturned},
		{"corrections", testCorrections},
		{"substitutions", testSubstitutions},
		{"proposals", testProposals},
		{"deliveries", testDeliveries},
		{"workload", testWorkload},
		{"count acts", testCountActs},
		{"find acts", testFindActs},
		{"find cases", testFindCases},
		{"find a word that begins many", testBroadWord},
		{"count states", testCountStates},
		{"advance", testAdvance},
		{"standing", testStanding},
		{"staged", testStaged},
		{"intents", testIntents},
		{"authorisation", testAuthorisation},
		{"authorisation is used once", testAuthorisationOnce},
		{"authorisation from many callers", testAuthorisationConcurrently},
		{"job", testJob},
		{"claim jobs", testClaimJobs},
		{"claim jobs from many owners", testClaimConcurrently},
		{"epoch fences", testEpochFences},
		{"jobs waiting", testJobsWaiting},
		{"hasten jobs", testHastenJobs},
		{"renditions", testRenditions},
		{"acts to renew", testActsToRenew},
		{"counter", testCounter},
		{"counter from many callers", testCounterConcurrently},
		{"outbox", testOutbox},
		{"audit", testAudit},
		{"audit of a subject", testAuditOf},
		{"ledger entries", testLedgerEntries},
		{"ledger head", testLedgerHead},
		{"ledger head from many sequencers", testLedgerHeadConcurrently},
		{"ledger hashes", testLedgerHashes},
		{"tokens", testTokens},
		{"kept requests", testKeptRequests},
		{"kept requests from many callers", testKeptRequestsConcurrently},
		{"webhooks and deliveries", testWebhooks},
		{"claim deliveries from many owners", testClaimDeliveriesConcurrently},
		{"follower", testFollower},
		{"audit index", testTrail},
		{"acts by day", testDays},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// noon is the time of the suite; it has more digits than a register keeps.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 123456789, time.FixedZone("Asia/Baku", 4*60*60))

// stored is t as a register gives it back.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func update(t *testing.T, s document.Store, fn func(document.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func view(t *testing.T, s document.Store, fn func(document.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), fn); err != nil {
		t.Fatalf("View: %v", err)
	}
}

// refuse runs fn in a transaction of its own and wants it to answer target.
func refuse(t *testing.T, s document.Store, target error, fn func(document.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); !errors.Is(err, target) {
		t.Errorf("got %v, want %v", err, target)
	}
}

func same[V any](t *testing.T, what string, got, want V) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// newCase returns case n as a register gives it back.
func newCase(n int) document.Case {
	return document.Case{
		ID: fmt.Sprintf("case-%04d", n), Number: fmt.Sprintf("EI26110000%05dT", n),
		Office: "011", Officer: "a.əliyev",
		Document: document.EnforcementDocument{
			Kind: "writ", Number: fmt.Sprintf("2(102)-%d/2026", n), Date: "2026-03-01",
			Issuer: "Bakı şəhəri Nəsimi rayon Məhkəməsi",
		},
		Data: []byte(`{"claim":"6180.45"}`), SearchKey: "ismayılov i̇lqar",
		RegisteredAt: stored(noon), RegisteredBy: "clerk",
	}
}

// newAct returns act n of case c, as issued and as a register gives it back.
func newAct(c document.Case, n int) document.Act {
	id := fmt.Sprintf("%s-act-%04d", c.ID, n)
	return document.Act{
		ID: id, CaseID: c.ID, Case: c.Number, Number: fmt.Sprintf("%s-%03d", c.Number, n), Index: n,
		Office: c.Office, Officer: c.Officer, Date: "2026-03-14",
		Template: "initiation", Version: "3",
		Data: []byte(`{"a":1}`), DataSHA256: []byte{1, 2, 3}, Summary: []byte(`{"office_name":"Ə"}`),
		SearchKey: "key", Code: "CODE-" + id, Evaluation: true, Level: "B-T", Certify: true,
		Signers: []document.Signer{
			{Login: "officer", Name: "Əliyev Əli", Post: "icra məmuru", Field: "s1"},
			{Login: "head", Name: "Ağayeva Günel", Post: "rəis", Field: "s2"},
		},
		IssuedAt:    stored(noon.Add(time.Duration(n) * time.Second)),
		RetainUntil: stored(noon.AddDate(75, 0, 0)),
		State:       document.Issued,
	}
}

// issue stores one case with n acts and a due job for each.
func issue(t *testing.T, s document.Store, n int) []document.Act {
	t.Helper()
	c := newCase(1)
	acts := make([]document.Act, n)
	update(t, s, func(tx document.Tx) error {
		if err := tx.InsertCase(t.Context(), c); err != nil {
			return err
		}
		for i := range acts {
			acts[i] = newAct(c, i+1)
			if err := tx.InsertAct(t.Context(), acts[i]); err != nil {
				return err
			}
			job := document.Job{ActID: acts[i].ID, RunAfter: noon.Add(time.Duration(i) * time.Microsecond)}
			if err := tx.InsertJob(t.Context(), job); err != nil {
				return err
			}
		}
		return nil
	})
	return acts
}

func actByID(t *testing.T, s document.Store, id string) document.Act {
	t.Helper()
	var a document.Act
	view(t, s, func(tx document.Tx) (err error) {
		a, err = tx.ActByID(t.Context(), id)
		return err
	})
	return a
}
