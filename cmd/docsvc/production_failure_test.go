package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"docsvc/internal/document"
	"docsvc/internal/testservers"
)

// failureRow is a server that fails while an act is on its way.
type failureRow struct {
	name, server string
	fault        testservers.Fault
	during       string // "issue" or "sign": what the officer asks for meanwhile
	// says is what the officer is told; empty: nothing is noticed.
	says string
	// calls is how often the officer's key may have been called until the act is
	// archived: 2 where the first answer was lost.
	calls int
}

// failureRows is the table of docs/operations.md: a server down, slow, refusing,
// full or lying.
func failureRows() []failureRow {
	const second = time.Second
	fault := func(mode testservers.Mode, on string, times int) testservers.Fault {
		return testservers.Fault{Mode: mode, On: on, Times: times, Wait: second, Bytes: 40}
	}
	busy := func(on string, status int, body string) testservers.Fault {
		return testservers.Fault{Mode: testservers.Answer, On: on, Status: status, Body: body}
	}
	const key, put, begin = "/v1/transit/sign/officer-", "PUT /docsvc/acts", "begin"
	return []failureRow{
		{"register down", "postgres", fault(testservers.Refuse, "", 0), "issue", "register cannot be reached", 1},
		{"register slow", "postgres", fault(testservers.Delay, "", 4), "issue", "", 1},
		{"register cut while a number is given", "postgres", fault(testservers.Cut, begin, 1), "issue", "?", 1},
		{"register gone at a commit", "postgres", fault(testservers.DropAnswer, "commit", 1), "issue", "?", 1},
		{"register gone at a commit while signing", "postgres", fault(testservers.DropAnswer, "commit", 1), "sign", "?", 2},

		{"archive down", "minio", fault(testservers.Refuse, "", 0), "sign", "archive", 1},
		{"archive slow", "minio", fault(testservers.Delay, "PUT", 3), "sign", "", 1},
		{"archive loses the answer of a put", "minio", fault(testservers.DropAnswer, put, 1), "sign", "", 1},
		{"archive gets a put twice", "minio", fault(testservers.Duplicate, put, 0), "sign", "", 1},
		{"archive cuts what is read back", "minio", fault(testservers.Cut, "GET /docsvc/acts", 1), "sign", "archive", 1},
		{"archive full", "minio", busy(put, http.StatusInsufficientStorage, storageFull), "sign", "archive", 1},
		{"archive says yes and keeps nothing", "minio", busy(put, http.StatusOK, ""), "sign", "could not prove", 1},
		{"archive busy", "minio", busy(put, http.StatusServiceUnavailable, ""), "sign", "archive", 1},

		{"keys down before the seal", "vault", fault(testservers.Refuse, "", 0), "issue", "service’s key does not answer", 1},
		{"keys down before the signature", "vault", fault(testservers.Refuse, "", 0), "sign", "could not be unlocked", 1},
		{"keys sealed", "vault", busy("/v1/", http.StatusServiceUnavailable, `{"errors":["Vault is sealed"]}`), "sign", "could not be unlocked", 1},
		{"keys refuse the login", "vault", busy("/login", http.StatusForbidden, `{"errors":["permission denied"]}`), "sign", "could not be unlocked", 1},
		{"keys refuse to sign", "vault", busy(key, http.StatusForbidden, `{"errors":["permission denied"]}`), "sign", "did not answer", 1},
		{"keys lose the answer of a signature", "vault", fault(testservers.DropAnswer, key, 1), "sign", "did not answer", 2},
		{"keys cut the answer of a signature", "vault", fault(testservers.Cut, key, 1), "sign", "did not answer", 2},
		{"keys answer with another signature", "vault", busy(key, http.StatusOK, otherSignature()), "sign", "did not answer", 1},
		{"keys slow", "vault", fault(testservers.Delay, key, 1), "sign", "", 1},

		{"login down", "oidc", fault(testservers.Refuse, "", 0), "sign", "login", 1},
	}
}

const storageFull = `<?xml version="1.0"?><Error><Code>XMinioStorageFull</Code><Message>Storage backend has reached its minimum free drive threshold.</Message></Error>`

// otherSignature is an answer of Transit with a signature of another key.
func otherSignature() string {
	digest := sha256.Sum256([]byte("another act"))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"request_id":"x","data":{"batch_results":[{"signature":"vault:v1:%s","key_version":1}]}}`,
		base64.StdEncoding.EncodeToString(signature))
}

// TestFailures: whatever fails, the act waits and goes on, the officer gets a
// sentence, no number is given twice, and the key is called once for a recorded
// intent.
func TestFailures(t *testing.T) {
	p := newProduction(t)
	p.open(func(a *app) {
		a.Service.Rules.Lease = 2 * time.Second
		clerk := p.sitDown(a)
		for _, row := range failureRows() {
			t.Run(row.name, func(t *testing.T) { clerk.row(t, row) })
		}
		clerk.afterwards(t)
	})
}

// clerk is an officer who goes on working whatever happens.
type clerk struct {
	p      *productionOffice
	a      *app
	e      env
	s      *session
	number string // of the case
	issued int
	report strings.Builder // what was seen, for docs/operations.md
}

func (p *productionOffice) sitDown(a *app) *clerk {
	p.t.Helper()
	c := &clerk{p: p, a: a, e: env{stderr: io.Discard, stdout: io.Discard}}
	var err error
	if c.s, err = a.authenticate(p.t.Context(), c.e, &officerFlags{login: "nigar", browser: os.Getenv("DOCSVC_BROWSER")}); err != nil {
		p.t.Fatal(err)
	}
	list, err := samples()
	if err != nil {
		p.t.Fatal(err)
	}
	kase, _, err := a.Service.RegisterCase(p.t.Context(), c.s.actor, "110", "nigar", list[0].Case)
	if err != nil && !errors.Is(err, document.ErrExists) {
		p.t.Fatal(err)
	}
	c.number = kase.Number
	return c
}

func (c *clerk) draft(n int) document.Draft {
	list, err := samples()
	if err != nil {
		c.p.t.Fatal(err)
	}
	act := list[0].Acts[0]
	return document.Draft{Case: c.number, Template: act.Template, Input: act.Input, Date: act.Date, RequestKey: fmt.Sprint("row/", n)}
}

// row runs one row: the fault, what the officer asks for, the fault's end, and
// then the act has to come to its end by the officer's asking again and the
// worker's going on.
func (c *clerk) row(t *testing.T, row failureRow) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	c.issued++
	calls := c.signCalls()
	var act document.Act
	var err error
	if row.during == "sign" {
		if act, err = c.prepare(ctx); err != nil {
			t.Fatal(err)
		}
	}
	proxy := c.p.proxies[row.server]
	proxy.Set(row.fault)
	began := time.Now()
	if row.during == "sign" {
		err = c.a.sign(ctx, c.e, c.s, []document.Act{act})[0].Err
	} else {
		_, err = c.prepare(ctx)
	}
	took := time.Since(began)
	hits := proxy.Hits()
	c.p.heal()
	c.judge(t, row, err, hits)
	fmt.Fprintf(&c.report, "%s: %d hits, %v: %v\n", row.name, hits, took.Round(10*time.Millisecond), err)
	act = c.toTheEnd(ctx, t)
	c.checkKey(t, row, act, c.signCalls()-calls)
}

// prepare issues the row's act as far as its signer.
func (c *clerk) prepare(ctx context.Context) (document.Act, error) {
	act, _, err := c.a.Service.Issue(ctx, c.s.actor, c.draft(c.issued))
	if err != nil {
		return act, err
	}
	return c.a.Service.Resume(ctx, act)
}

// judge compares what the officer was told with the table.
func (c *clerk) judge(t *testing.T, row failureRow, err error, hits int) {
	t.Helper()
	if hits == 0 && row.says != "" {
		t.Errorf("the fault was never met")
	}
	if row.says == "?" { // either way: the register may repeat what was not done
		return
	}
	text := ""
	if err != nil {
		text = faultText(err)
	}
	switch {
	case row.says == "" && err != nil:
		t.Errorf("the officer is told %q", text)
	case row.says != "" && !strings.Contains(text, row.says):
		t.Errorf("the officer is told %q, want %q", text, row.says)
	case strings.Contains(text, "eyJ") || strings.Contains(text, "hvs."):
		t.Errorf("a token is in %q", text)
	}
}

// toTheEnd goes on until the act is archived.
func (c *clerk) toTheEnd(ctx context.Context, t *testing.T) document.Act {
	t.Helper()
	worker := &document.Worker{Service: c.a.Service, Parallel: 2}
	for {
		worker.Once(ctx)
		act, err := c.prepare(ctx)
		if err == nil && act.State == document.Prepared {
			if r := c.a.sign(ctx, c.e, c.s, []document.Act{act})[0]; r.Err == nil {
				act = r.Act
			} else {
				err = r.Err
			}
		}
		if err == nil && act.State == document.Archived {
			return act
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the act is %s, and does not go on: %v", act.State, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// signCalls counts in Vault's own log how often an officer's key was used.
func (c *clerk) signCalls() int {
	data, err := os.ReadFile(c.p.set.Vault.AuditLog)
	if err != nil {
		c.p.t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		if strings.Contains(line, `"type":"request"`) && strings.Contains(line, `"path":"transit/sign/officer-`) &&
			!strings.Contains(line, `"error":"`) {
			n++
		}
	}
	return n
}

// checkKey: each call of the key has its intent, and one brought the signature.
func (c *clerk) checkKey(t *testing.T, row failureRow, act document.Act, calls int) {
	t.Helper()
	var intents []document.SignIntent
	err := c.a.Register.View(t.Context(), func(tx document.Tx) (err error) {
		intents, err = tx.Intents(t.Context(), act.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[document.Outcome]int{}
	for _, i := range intents {
		outcomes[i.Outcome]++
	}
	if outcomes[document.OutcomeSigned] != 1 || outcomes[document.OutcomeOpen] > 0 {
		t.Errorf("the intents ended as %v", outcomes)
	}
	if calls == 0 || calls > row.calls || calls > outcomes[document.OutcomeSigned]+outcomes[document.OutcomeUnknown] {
		t.Errorf("the key was used %d times, for intents that ended as %v", calls, outcomes)
	}
}

// afterwards: all numbers are given once, without a gap, each record has one
// version in the bucket, and nothing waits.
func (c *clerk) afterwards(t *testing.T) {
	t.Helper()
	k := &killer{t: t, cases: []string{c.number}, lines: c.issued, outcomes: map[document.Outcome]int{}, key: "row/", first: 1}
	acts := k.acts(c.a)
	k.checkLines(c.a, acts)
	k.checkNumbers(c.a, acts)
	for _, act := range acts {
		k.checkAct(c.a, act)
	}
	k.checkRecords(c.a, acts)
	k.checkNothingWaits(c.a)
	t.Logf("seen:\n%s", c.report.String())
}
